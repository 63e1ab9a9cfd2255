//! In which fields two forms of a thing differ.

use std::collections::BTreeSet;

use serde_json::Value;

/// What the store fills in, which nobody writes.
const BOOKKEEPING: [&str; 4] = ["id", "version", "created_at", "updated_at"];

/// A field in which two forms of a thing differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The field: `actions[0].chat`.
    pub field: String,
    /// What it was; `None` where it was not there.
    pub before: Option<Value>,
    /// What it is to be; `None` where it is gone.
    pub after: Option<Value>,
}

/// All fields in which two forms of a thing differ, by name, but for those that its store fills in.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found.retain(|difference| !BOOKKEEPING.contains(&difference.field.as_str()));
    found
}

/// Compares what stands at a place. Absent, null and empty are the same: nothing is there.
fn compare(place: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    let [before, after] = [before, after].map(|value| value.filter(|value| !is_nothing(value)));
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            for name in names {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                compare(&place, old.get(name), new.get(name), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                compare(&format!("{place}[{index}]"), old.get(index), new.get(index), found);
            }
        }
        (before, after) => {
            found.push(Difference { field: place.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}

/// Whether a value says nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_leaf_that_differs_is_named_with_both_of_its_values() {
        let before = json!({
            "id": "a", "version": 1, "name": "n", "list": ["x", "y"], "nested": {"a": 1, "b": {"c": 2}}, "gone": true,
            "empty": [], "same": {"a": [1, null]}, "kind": "text",
        });
        let after = json!({
            "id": "b", "version": 2, "name": "m", "list": ["x", "z", "w"], "nested": {"a": 1, "b": {"c": 3, "d": 4}},
            "empty": "", "same": {"a": [1, null]}, "kind": ["text"], "new": 0,
        });
        let found = differences(&before, &after);
        let found: Vec<_> = found.iter().map(|d| (d.field.as_str(), d.before.clone(), d.after.clone())).collect();
        let expected = [
            ("gone", Some(json!(true)), None),
            ("kind", Some(json!("text")), Some(json!(["text"]))),
            ("list[1]", Some(json!("y")), Some(json!("z"))),
            ("list[2]", None, Some(json!("w"))),
            ("name", Some(json!("n")), Some(json!("m"))),
            ("nested.b.c", Some(json!(2)), Some(json!(3))),
            ("nested.b.d", None, Some(json!(4))),
            ("new", None, Some(json!(0))),
        ];
        assert_eq!(found, expected);
        assert_eq!(differences(&before, &before), []);
    }
}
