//! Sets that grow.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A value of a set that newer servers have more of; one that this version does not know stays as it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Open<T> {
    /// A value that this version knows.
    Known(T),
    /// Another one, as JSON.
    Unknown(Value),
}

impl<T> From<T> for Open<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: Serialize> fmt::Display for Open<T> {
    /// Writes the word that stands for it, or all of it as JSON where it is no word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_value(self) {
            Ok(Value::String(word)) => f.pad(&word),
            Ok(other) => f.pad(&other.to_string()),
            Err(_) => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use bellhop_core::action::Kind;

    use super::*;

    #[test]
    fn what_is_not_known_stays_as_it_came() {
        let read = |text: &str| serde_json::from_str::<Open<Kind>>(text).unwrap();
        for (text, known, shown) in [
            (r#""telegram""#, Some(Kind::Telegram), "telegram  "),
            (r#""pigeon""#, None, "pigeon    "),
            (r#"{"a":1}"#, None, "{\"a\":1}   "),
        ] {
            let value = read(text);
            assert_eq!(value == Open::Unknown(serde_json::from_str(text).unwrap()), known.is_none(), "{text}");
            assert!(known.is_none_or(|known| value == Open::from(known)), "{text}");
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
            assert_eq!(format!("{value:10}"), shown);
        }
    }
}
