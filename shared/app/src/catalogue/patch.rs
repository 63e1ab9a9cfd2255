//! Fields laid over a thing.

use bellhop_core::config::{Configured, Problem, SecretsAs, field_problem_in};
use serde_json::{Map, Value};

use super::{NotMade, checks};

/// The draft of a thing with fields laid over its own.
pub(super) async fn patched<K: Configured>(
    old: &K,
    fields: &Map<String, Value>,
    secrets: SecretsAs,
) -> Result<K::Draft, NotMade> {
    let stored = |error: serde_json::Error| {
        NotMade::Invalid(vec![Problem { field: format!("the stored {}", K::KIND), message: error.to_string() }])
    };
    let mut merged = serde_json::to_value(old.spec()).map_err(stored)?;
    merge(&mut merged, fields);
    let read = serde_path_to_error::deserialize(&merged);
    let spec: K::Spec = read.map_err(|error| NotMade::Invalid(vec![field_problem_in(&error, &merged)]))?;
    checks::change(spec, secrets, old.clone(), fields.clone()).await.map_err(NotMade::Invalid)
}

/// Lays fields over an object, after RFC 7386.
fn merge(target: &mut Value, fields: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else {
        return;
    };
    for (name, value) in fields {
        match value {
            Value::Null => {
                object.remove(name);
            }
            Value::Object(inner) => merge(object.entry(name.clone()).or_insert(Value::Null), inner),
            other => {
                object.insert(name.clone(), other.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_laid_over_an_object() {
        for (mut target, fields, expected) in [
            (json!({"a": 1, "b": {"c": 2, "d": 3}}), json!({"b": {"c": null}}), json!({"a": 1, "b": {"d": 3}})),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]})),
            (json!({"a": 1}), json!({"a": null, "b": {"c": {"d": 1, "e": null}}}), json!({"b": {"c": {"d": 1}}})),
            (json!({"a": 1}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
        ] {
            merge(&mut target, fields.as_object().unwrap());
            assert_eq!(target, expected);
        }
    }
}
