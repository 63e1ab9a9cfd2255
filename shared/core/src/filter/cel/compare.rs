//! Whether two values are equal, and which comes first.

use std::cmp::Ordering;

use crate::json::Number;

use super::kinds::Kinds;
use super::meter::{Exceeded, Kept, Meter};
use super::value::{List, Map, Value};

/// Whether two values are equal; values of different kinds never are, numbers by what they are worth.
pub(in crate::filter) fn same(a: &Value<'_>, b: &Value<'_>, meter: &Meter) -> Result<bool, Exceeded> {
    meter.step(1)?;
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => {
            meter.read(if a.len() == b.len() { a.len() } else { 0 })?;
            **a == **b
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            meter.read(if a.len() == b.len() { a.len() } else { 0 })?;
            **a == **b
        }
        (Value::List(a), Value::List(b)) => same_lists(a, b, meter)?,
        (Value::Map(a), Value::Map(b)) => same_maps(a, b, meter)?,
        (Value::Time(a), Value::Time(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (a, b) => {
            weigh(a, b, meter)?;
            order_numbers(a, b) == Some(Ordering::Equal)
        }
    })
}

/// Counts what it takes to compare two values that may be very long numbers.
pub(in crate::filter) fn weigh(a: &Value<'_>, b: &Value<'_>, meter: &Meter) -> Result<(), Exceeded> {
    /// How much slower digits are compared than texts are.
    const SLOWER: usize = 16;
    for value in [a, b] {
        if let Value::Big(number) = value {
            let length = number.to_string().len();
            meter.read(length.saturating_mul(SLOWER))?;
            meter.has_room(length.saturating_mul(3))?;
        }
    }
    Ok(())
}

/// Whether two lists are equal, entry by entry.
fn same_lists(a: &List<'_>, b: &List<'_>, meter: &Meter) -> Result<bool, Exceeded> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !same(&a, &b, meter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two maps have the same keys with equal values.
fn same_maps(a: &Map<'_>, b: &Map<'_>, meter: &Meter) -> Result<bool, Exceeded> {
    let (keys, others) = (keys(a, meter)?, keys(b, meter)?);
    if keys.len() != others.len() {
        return Ok(false);
    }
    for key in keys.iter() {
        match (get(a, key, meter)?, get(b, key, meter)?) {
            (Some(a), Some(b)) if same(&a, &b, meter)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// A map's keys.
pub(super) fn keys<'a, 'm>(map: &Map<'a>, meter: &'m Meter) -> Result<Kept<'m, Vec<Value<'a>>>, Exceeded> {
    let bytes = map.most() * size_of::<Value<'_>>();
    meter.step(map.most())?;
    meter.has_room(bytes)?;
    meter.keep(map.keys(), bytes)
}

/// The value of a map's key; numbers are the same key whatever their kind.
pub(super) fn get<'a>(map: &Map<'a>, key: &Value<'_>, meter: &Meter) -> Result<Option<Value<'a>>, Exceeded> {
    let Map::Made(entries) = map else {
        meter.step(if matches!(map, Map::Headers(_)) { map.most() } else { 1 })?;
        return Ok(key.as_str().and_then(|name| map.field(name)));
    };
    for (known, value) in entries.iter() {
        if same(known, key, meter)? {
            return Ok(Some(value.clone()));
        }
    }
    Ok(None)
}

/// Whether a list has an entry, or a map a key.
pub(super) fn has(of: &Value<'_>, wanted: &Value<'_>, meter: &Meter) -> Result<Option<bool>, Exceeded> {
    match of {
        Value::Null => Ok(Some(false)),
        Value::Map(map) => Ok(Some(get(map, wanted, meter)?.is_some())),
        Value::List(list) => {
            for entry in list.iter() {
                if same(&entry, wanted, meter)? {
                    return Ok(Some(true));
                }
            }
            Ok(Some(false))
        }
        _ => Ok(None),
    }
}

/// Which of two values comes first; `Err` where they cannot be ordered, `Ok(None)` where one is not a number at all.
pub(super) fn order(a: &Value<'_>, b: &Value<'_>) -> Result<Option<Ordering>, ()> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(Some((**a).cmp(&**b))),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Some((**a).cmp(&**b))),
        (Value::Bool(a), Value::Bool(b)) => Ok(Some(a.cmp(b))),
        (Value::Time(a), Value::Time(b)) => Ok(Some(a.cmp(b))),
        (Value::Duration(a), Value::Duration(b)) => Ok(Some(a.cmp(b))),
        (a, b) if a.kind().meets(Kinds::NUMBER) && b.kind().meets(Kinds::NUMBER) => Ok(order_numbers(a, b)),
        _ => Err(()),
    }
}

/// Which of two numbers is smaller, exactly; `None` where one is none.
pub(in crate::filter) fn order_numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), Value::Int(b)) => order_real(*a, i128::from(*b)),
        (Value::Double(a), Value::Uint(b)) => order_real(*a, i128::from(*b)),
        (Value::Int(_) | Value::Uint(_), Value::Double(_)) => order_numbers(b, a).map(Ordering::reverse),
        (Value::Big(_), Value::Double(real)) | (Value::Double(real), Value::Big(_)) if !real.is_finite() => {
            let order = real.partial_cmp(&0.0)?;
            Some(if matches!(a, Value::Big(_)) { order.reverse() } else { order })
        }
        (Value::Big(a), b) => Some(a.compare(&written(b)?)),
        (a, Value::Big(b)) => Some(written(a)?.compare(b)),
        (a, b) => Some(whole(a)?.cmp(&whole(b)?)),
    }
}

/// A whole number.
pub(super) fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(whole) => Some(i128::from(*whole)),
        Value::Uint(whole) => Some(i128::from(*whole)),
        _ => None,
    }
}

/// Which of a number with a fraction and a whole one is smaller, without rounding either.
fn order_real(real: f64, whole: i128) -> Option<Ordering> {
    /// Beyond every whole number of 64 bits, and far below what `i128` holds.
    const BEYOND: f64 = 1e30;
    if real.is_nan() {
        return None;
    }
    if real.abs() > BEYOND {
        return Some(if real > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    #[expect(clippy::cast_possible_truncation, reason = "its fraction is compared next, and its size was before")]
    let cut = real.trunc() as i128;
    Some(cut.cmp(&whole).then(real.fract().partial_cmp(&0.0)?))
}

/// A number as JSON writes it.
fn written(value: &Value<'_>) -> Option<Number> {
    let text = match value {
        Value::Int(whole) => whole.to_string(),
        Value::Uint(whole) => whole.to_string(),
        Value::Double(real) if real.is_finite() => real.to_string(),
        Value::Big(number) => return Some((*number).clone()),
        _ => return None,
    };
    Number::parse(&text)
}
