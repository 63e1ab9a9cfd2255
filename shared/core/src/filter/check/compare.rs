//! How a field compares with the value of a plain condition: numbers exactly, and with texts that are numbers.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::cel::{Meter, Value as Found, order_numbers, same as equal};
use crate::json::{self, Number};

/// Whether a field is a value; a number is the same as a text that it may be written as.
pub(super) fn same(found: &Found<'_>, value: &Value) -> bool {
    match (found, value) {
        (Found::Bool(flag), Value::String(text)) => flag.to_string() == *text,
        (Found::Text(text), Value::Bool(flag)) => flag.to_string() == **text,
        (Found::Text(text), Value::String(value)) => **text == *value,
        (_, Value::Number(_) | Value::String(_)) => order(found, value) == Some(Ordering::Equal),
        (found, value) => {
            let value = json::Value::from(value.clone());
            equal(found, &Found::of(&value), &Meter::default()).unwrap_or(false)
        }
    }
}

/// How a field and a value are ordered, if they can be; a number and a text as two numbers.
pub(super) fn order(found: &Found<'_>, value: &Value) -> Option<Ordering> {
    if let (Found::Text(text), Value::String(value)) = (found, value) {
        return Some((**text).cmp(value));
    }
    let value = number(&match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    })?;
    let value = Found::of(&value);
    match found {
        Found::Text(text) => order_numbers(&Found::of(&number(text)?), &value),
        found => order_numbers(found, &value),
    }
}

/// The number that a text is.
fn number(text: &str) -> Option<json::Value> {
    /// The longest text that is taken for a number, in bytes.
    const LONGEST: usize = 1024;
    Number::parse(text.trim()).filter(|_| text.len() <= LONGEST).map(json::Value::from)
}
