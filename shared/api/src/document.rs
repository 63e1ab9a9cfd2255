//! The `OpenAPI` document: what the routes and the doors say of themselves, and what holds for all of them.

mod common;
mod doors;

use bellhop_core::config::HookSpec;
use bellhop_core::token::Scope;
use serde_json::{Value, json};
use utoipa::openapi::content::Content;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{PathItem, Ref, RefOr, SecurityRequirement};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::Api;

#[cfg(test)]
pub(crate) use doors::path;

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut document = common::base();
    document["paths"] = doors::paths().into();
    let open = std::iter::once((None, super::open_routes()));
    let guarded = super::routes().into_iter().map(|(scope, routes)| (Some(scope), routes));
    for (scope, routes) in open.chain(guarded) {
        add_routes(&mut document, scope.as_ref(), routes);
    }
    let schemas = &mut document["components"]["schemas"];
    close(schemas, "ActionSpec");
    add_fallback(schemas, "ActionSpec", "FallbackAction");
    document
}

/// Adds what routes say of themselves, and what the scope that opens them makes of it.
fn add_routes(document: &mut Value, scope: Option<&Scope>, routes: OpenApiRouter<Api>) {
    let mut routes = routes.into_openapi();
    for operation in routes.paths.paths.values_mut().flat_map(operations) {
        match scope {
            Some(scope) => guard(operation, scope),
            None => operation.security = Some(Vec::new()),
        }
    }
    let schemas = routes.components.map(|components| components.schemas);
    // A path may have an operation under one scope and another under another.
    for (path, item) in routes.paths.paths {
        let known = &mut document["paths"][path];
        match known.is_null() {
            true => *known = json!(item),
            false => add(known, json!(item)),
        }
    }
    add(&mut document["components"]["schemas"], json!(schemas));
}

/// Has a choice of kinds refuse unknown fields as a whole: the fields of a kind must let `kind` beside them.
fn close(schemas: &mut Value, name: &str) {
    let mut parts = Vec::new();
    for choice in schemas[name]["oneOf"].as_array_mut().into_iter().flatten() {
        choice["unevaluatedProperties"] = false.into();
        let named = choice["allOf"].as_array().into_iter().flatten().filter_map(|part| part["$ref"].as_str());
        parts.extend(named.filter_map(|path| path.rsplit('/').next()).map(str::to_owned));
    }
    for part in parts {
        if let Some(part) = schemas[part].as_object_mut() {
            part.remove("additionalProperties");
        }
    }
}

/// Lets each kind of action name another action beside its fields, one level deep.
fn add_fallback(schemas: &mut Value, actions: &str, fallback: &str) {
    let mut inner = schemas[actions].clone();
    inner["description"] = "An action that takes the place of another; it has no fallback of its own.".into();
    schemas[fallback] = inner;
    let field = json!({
        "description": "What is done once, and says instead of what, where the action's task is dead.",
        "oneOf": [{"$ref": format!("#/components/schemas/{fallback}")}, {"type": "null"}],
    });
    for choice in schemas[actions]["oneOf"].as_array_mut().into_iter().flatten() {
        if let Some(parts) = choice["allOf"].as_array_mut() {
            parts.push(json!({"type": "object", "properties": {"fallback": field}}));
        }
    }
}

/// Adds the fields of an object to another's.
fn add(target: &mut Value, fields: Value) {
    if let (Value::Object(target), Value::Object(fields)) = (target, fields) {
        target.extend(fields);
    }
}

/// Adds to an operation what its scope and the error body make of it.
fn guard(operation: &mut Operation, scope: &Scope) {
    for response in operation.responses.responses.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
        if let (_, RefOr::T(response)) = response
            && response.content.is_empty()
        {
            let error = Content::new(Some(Ref::from_schema_name(common::ERROR)));
            response.content.insert("application/json".to_owned(), error.into());
        }
    }
    for (status, name) in common::GUARDED {
        let response = RefOr::Ref(Ref::from_response_name(name));
        operation.responses.responses.entry(status.to_string()).or_insert(response);
    }
    let required = |scheme: &str| SecurityRequirement::new(scheme, [scope.to_string()]);
    operation.security = Some(vec![required("bearer"), required("older_clients")]);
}

/// The operations of a path.
fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch].into_iter().flatten()
}

/// A hook about to be made: a [`HookSpec`] of which some fields must be there.
pub(super) struct NewHook;

impl PartialSchema for NewHook {
    fn schema() -> RefOr<Schema> {
        let mut schema = HookSpec::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required = ["actions", "name", "sender"].map(str::to_owned).to_vec();
        }
        schema
    }
}

impl ToSchema for NewHook {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        HookSpec::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The document as it is kept beside the other documents.
    const KEPT: &str = "../../docs/openapi.json";

    #[test]
    fn the_kept_document_is_this_one() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(KEPT);
        let now = format!("{:#}\n", document());
        if std::env::var_os("RENEW").is_some() {
            std::fs::write(&file, &now).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let renew = "RENEW=1 cargo test -p bellhop-api --lib the_kept_document_is_this_one";
        assert!(kept == now, "docs/openapi.json is not what the routes say; renew it by\n    {renew}");
    }
}
