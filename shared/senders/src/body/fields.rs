//! Fields by name, several of one name as a list.

use std::collections::BTreeMap;

use crate::json::{self, Map, Value};

/// The fields of a form, or what stands in an element.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, Vec<Value>>);

impl Fields {
    /// Adds a field.
    pub(super) fn add(&mut self, name: String, value: Value) {
        self.0.entry(name).or_default().push(value);
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether there is none at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All fields as an object.
    pub(super) fn into_map(self) -> Map {
        let fields = self.0.into_iter().map(|(name, mut values)| match values.pop() {
            Some(only) if values.is_empty() => (name, only),
            last => {
                values.extend(last);
                (name, Value::Array(values))
            }
        });
        fields.collect()
    }

    /// What a form says: its fields, or the JSON in its field `payload`; `None` where it is empty.
    pub(super) fn into_payload(self) -> Option<Value> {
        let fields = self.into_map();
        let wrapped = fields.get("payload").and_then(Value::as_str).and_then(|text| json::read(text.as_bytes()).ok());
        match wrapped {
            Some(payload @ (Value::Object(_) | Value::Array(_))) => Some(payload),
            _ => (!fields.is_empty()).then(|| fields.into()),
        }
    }
}
