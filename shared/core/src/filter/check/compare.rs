//! How a field compares with the value of a plain condition: numbers exactly, and with texts that are numbers.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::cel::{Exceeded, Meter, Value as Found, order_numbers, same as equal, weigh};
use crate::json::{self, Number};

/// Whether a field is a value; a number is the same as a text that it may be written as.
pub(super) fn same(found: &Found<'_>, value: &Value, meter: &Meter) -> Result<bool, Exceeded> {
    meter.step(1)?;
    match (found, value) {
        (Found::Bool(flag), Value::String(text)) => Ok(flag.to_string() == *text),
        (Found::Text(text), Value::Bool(flag)) => Ok(flag.to_string() == **text),
        (Found::Text(text), Value::String(value)) => {
            meter.read(text.len().min(value.len()))?;
            Ok(**text == *value)
        }
        (_, Value::Number(_) | Value::String(_)) => Ok(order(found, value, meter)? == Some(Ordering::Equal)),
        (found, value) => {
            meter.step(nodes(value))?;
            let value = json::Value::from(value.clone());
            equal(found, &Found::of(&value), meter)
        }
    }
}

/// How a field and a value are ordered, if they can be; a number and a text as two numbers.
pub(super) fn order(found: &Found<'_>, value: &Value, meter: &Meter) -> Result<Option<Ordering>, Exceeded> {
    if let (Found::Text(text), Value::String(value)) = (found, value) {
        meter.read(text.len().min(value.len()))?;
        return Ok(Some((**text).cmp(value)));
    }
    let value = match value {
        Value::Number(value) => number(&value.to_string()),
        Value::String(text) => number(text),
        _ => None,
    };
    let Some(value) = value else { return Ok(None) };
    let value = Found::of(&value);
    weigh(found, &value, meter)?;
    Ok(match found {
        Found::Text(text) => number(text).and_then(|found| order_numbers(&Found::of(&found), &value)),
        found => order_numbers(found, &value),
    })
}

/// How many values a value is of, and how many pieces its texts are.
fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        Value::Object(fields) => {
            1 + fields.iter().map(|(name, value)| 1 + name.len() / 64 + nodes(value)).sum::<usize>()
        }
        Value::String(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

/// The number that a text is.
fn number(text: &str) -> Option<json::Value> {
    /// The longest text that is taken for a number, in bytes.
    const LONGEST: usize = 1024;
    Number::parse(text.trim()).filter(|_| text.len() <= LONGEST).map(json::Value::from)
}
