//! What holds for all of the API: its name, its groups, the error body, and how tokens are sent.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::view::{Accepted, ErrorBody};

/// The names of the schemas that the doors refer to.
pub(super) const ERROR: &str = "Error";
pub(super) const ACCEPTED: &str = "Accepted";

/// The answers that every operation under a token may give, by the names of their responses.
pub(super) const GUARDED: [(u16, &str); 4] =
    [(401, "Unauthorized"), (403, "Forbidden"), (429, "TooManyAttempts"), (503, "Unavailable")];

/// The groups of operations.
const TAGS: [(&str, &str); 7] = [
    ("doors", "Where senders ring"),
    ("hooks", "Hooks; scope `hooks`"),
    ("jobs", "Jobs; scope `jobs`"),
    ("events", "Events and replays; scope `events:read` to see them, `events` to do more"),
    ("tasks", "Tasks; scope `events:read` to see them, `events` to do more"),
    ("tokens", "Tokens; scope `admin`"),
    ("config", "The configuration; scope `admin`"),
];

/// A document without operations.
pub(super) fn base() -> Value {
    let license = "MIT OR Apache-2.0";
    let tags: Vec<_> =
        TAGS.iter().map(|(name, description)| json!({"name": name, "description": description})).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bellhop",
            "version": "1",
            "license": {"name": license, "identifier": license},
            "description": "A front desk for webhooks. Times are RFC 3339 in UTC, durations are seconds with the unit in \
                the name, ids are opaque.",
        },
        "tags": tags,
        "components": {"schemas": schemas(), "responses": responses(), "securitySchemes": security_schemes()},
    })
}

/// The schemas of what the doors answer, each with those that it refers to.
fn schemas() -> Map<String, Value> {
    let mut inner = Vec::new();
    ErrorBody::schemas(&mut inner);
    Accepted::schemas(&mut inner);
    let own = [(ERROR.to_owned(), ErrorBody::schema()), (ACCEPTED.to_owned(), Accepted::schema())];
    inner.into_iter().chain(own).map(|(name, schema)| (name, json!(schema))).collect()
}

/// What operations under a token may answer, whatever they do.
fn responses() -> Map<String, Value> {
    let said = |(status, name): (u16, &str)| {
        let description = match status {
            401 => "There is no token, or it is wrong, expired or revoked",
            403 => "The token lacks the scope",
            429 => "Too many wrong tokens came from this address",
            _ => "The store did not answer; nothing was changed",
        };
        (name.to_owned(), refusal(status, description))
    };
    let mut all: Map<_, _> = GUARDED.into_iter().map(said).collect();
    all["Unauthorized"]["headers"] = json!({"WWW-Authenticate": header("`Bearer`", json!({"type": "string"}))});
    all
}

/// A refusal: the error body, with the headers that go with its status.
pub(super) fn refusal(status: u16, description: &str) -> Value {
    let mut refusal = json!({"description": description, "content": content("application/json", &schema(ERROR))});
    let headers = match status {
        405 => json!({"Allow": header("What is taken", json!({"type": "string"}))}),
        429 | 503 => {
            let seconds = json!({"type": "integer", "minimum": 1});
            json!({"Retry-After": header("In how many seconds to come back", seconds)})
        }
        _ => return refusal,
    };
    refusal["headers"] = headers;
    refusal
}

/// A header of an answer.
fn header(description: &str, schema: Value) -> Value {
    json!({"description": description, "schema": schema})
}

/// A body of one type.
pub(super) fn content(media_type: &str, schema: &Value) -> Value {
    json!({media_type: {"schema": schema}})
}

/// A reference to a schema.
pub(super) fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// How tokens are sent.
fn security_schemes() -> Value {
    json!({
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token, `bh_…`"},
        "older_clients": {
            "type": "apiKey", "in": "header", "name": "X-Webhook-Secret",
            "description": "A token, as older clients send it; never a hook's secret",
        },
    })
}
