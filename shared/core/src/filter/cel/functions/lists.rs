//! Functions of lists and maps.

use super::super::compare;
use super::super::kinds::Kinds;
use super::super::meter::Meter;
use super::super::value::{Map, Value};
use super::Form::{Both, Method};
use super::text::{length, made};
use super::{Function, OfNull, Trouble};

/// What has a size.
const SIZED: Kinds = Kinds::TEXT.or(Kinds::BYTES).or(Kinds::LIST).or(Kinds::MAP);

pub(super) const ALL: &[Function] = &[
    Function::new("size", Both, &[SIZED], Kinds::INT, size).of_null(OfNull::Zero),
    Function::new("join", Method, &[Kinds::LIST, Kinds::TEXT], Kinds::TEXT, join).optional(1),
];

/// `size(value)`, `value.size()`: characters of a text, bytes, entries of a list, keys of a map.
fn size<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let size = match args.first() {
        Some(Value::Text(text)) => {
            meter.read(text.len())?;
            return Ok(Value::Int(length(text)));
        }
        Some(Value::Bytes(bytes)) => bytes.len(),
        Some(Value::List(list)) => list.len(),
        Some(Value::Map(map @ Map::Headers(_))) => compare::keys(map, meter)?.len(),
        Some(Value::Map(map)) => map.most(),
        _ => 0,
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}

/// `list.join()`, `list.join(mark)`: its texts in one.
fn join<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let mark = args.get(1).and_then(Value::as_str).unwrap_or_default();
    let mut joined = String::new();
    let Some(Value::List(list)) = args.first() else {
        return Ok(Value::Null);
    };
    for (at, entry) in list.iter().enumerate() {
        let Some(text) = entry.as_str() else {
            return Err(Trouble::Wrong("one of the entries is no text"));
        };
        let mark = if at == 0 { "" } else { mark };
        meter.step(1)?;
        meter.has_room((joined.len() + mark.len() + text.len()).saturating_mul(2))?;
        joined.push_str(mark);
        joined.push_str(text);
    }
    Ok(made(joined, meter)?)
}
