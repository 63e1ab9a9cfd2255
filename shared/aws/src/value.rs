//! Rows of the table as DynamoDB writes them: texts, numbers and bytes, by name.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A row, or a part of one.
pub(crate) type Row = BTreeMap<String, Value>;

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text.
    S(String),
    /// A number, in its digits.
    N(String),
    /// Bytes.
    B(Vec<u8>),
    /// What we never write.
    Other,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::S(text) => map.serialize_entry("S", text)?,
            Self::N(digits) => map.serialize_entry("N", digits)?,
            Self::B(bytes) => map.serialize_entry("B", &STANDARD.encode(bytes))?,
            Self::Other => map.serialize_entry("NULL", &true)?,
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneType)
    }
}

/// Reads a value: an object with one member, named after the type.
struct OneType;

impl<'de> Visitor<'de> for OneType {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute's value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let value = match map.next_key::<&str>()? {
            Some("S") => Value::S(map.next_value()?),
            Some("N") => Value::N(map.next_value()?),
            Some("B") => {
                let text: String = map.next_value()?;
                Value::B(STANDARD.decode(text).map_err(|_| A::Error::custom("no Base64"))?)
            }
            Some(_) => map.next_value::<IgnoredAny>().map(|_| Value::Other)?,
            None => return Err(A::Error::custom("a value without a type")),
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("a value of two types")),
        }
    }
}

/// The size of a row as the service counts it.
///
/// Facts: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
#[cfg(test)]
pub(crate) fn size(row: &Row) -> usize {
    let value = |value: &Value| match value {
        Value::S(text) => text.len(),
        Value::B(bytes) => bytes.len(),
        Value::N(digits) => digits.len() / 2 + 1,
        Value::Other => panic!("another type"),
    };
    row.iter().map(|(name, content)| name.len() + value(content)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_written_and_foreign_types_are_passed_over() {
        let row = Row::from([
            ("a".to_owned(), Value::S("\"ü\n".to_owned())),
            ("b".to_owned(), Value::N("-7".to_owned())),
            ("c".to_owned(), Value::B(vec![0, 255, 7])),
        ]);
        let json = serde_json::to_string(&row).unwrap();
        assert_eq!(json, r#"{"a":{"S":"\"ü\n"},"b":{"N":"-7"},"c":{"B":"AP8H"}}"#);
        assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
        let foreign = r#"{"x":{"BOOL":true},"y":{"L":[{"S":"a"}]},"z":{"M":{"q":{"N":"1"}}}}"#;
        assert!(serde_json::from_str::<Row>(foreign).unwrap().values().all(|value| *value == Value::Other));
        for bad in ["{}", r#"{"B":"_"}"#, r#"{"S":1}"#, r#"{"S":"a","N":"1"}"#, "[]", "7"] {
            assert!(serde_json::from_str::<Value>(bad).is_err(), "{bad}");
        }
    }
}
