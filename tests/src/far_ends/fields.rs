//! Fields of a JSON object, checked against what the far end's documentation names.

use serde_json::{Map, Value};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Whole,
    List,
    Object,
}

impl Kind {
    /// Whether a value is of this kind.
    fn holds(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Whole => value.is_i64() || value.is_u64(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// No field of this name is known.
    Unknown(String),
    /// The field holds something of another kind.
    Kind(String, Kind),
}

impl Wrong {
    /// The name of the field.
    pub(super) fn field(&self) -> &str {
        match self {
            Self::Unknown(name) | Self::Kind(name, _) => name,
        }
    }
}

/// The first field that is not among the known ones, or not of its kind.
pub(super) fn check(object: &Map<String, Value>, known: &[(&str, Kind)]) -> Result<(), Wrong> {
    for (name, value) in object {
        let Some((_, kind)) = known.iter().find(|(known, _)| known == name) else {
            return Err(Wrong::Unknown(name.clone()));
        };
        if !kind.holds(value) {
            return Err(Wrong::Kind(name.clone(), *kind));
        }
    }
    Ok(())
}

/// A field's text; empty where it is absent.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text's length in UTF-16 units: where a far end does not say what a character is, the longest of the usual counts
/// that are not bytes.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
