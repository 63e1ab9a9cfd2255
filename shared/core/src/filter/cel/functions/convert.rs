//! Conversions between the types.

use std::rc::Rc;

use jiff::Timestamp;

use super::super::kinds::Kinds;
use super::super::meter::Meter;
use super::super::value::{Bytes, Value};
use super::Form::Global;
use super::text::made;
use super::time::{duration_text, read_duration, read_time, within_years};
use super::{Function, OfNull, Trouble};

/// What may be written as a text.
const WRITTEN: Kinds =
    Kinds::BOOL.or(Kinds::NUMBER).or(Kinds::TEXT).or(Kinds::BYTES).or(Kinds::TIME).or(Kinds::DURATION);

/// A number, or a text that is one.
const NUMERIC: Kinds = Kinds::NUMBER.or(Kinds::TEXT);

pub(super) const ALL: &[Function] = &[
    Function::new("int", Global, &[NUMERIC.or(Kinds::TIME)], Kinds::INT, int),
    Function::new("uint", Global, &[NUMERIC], Kinds::UINT, uint),
    Function::new("double", Global, &[NUMERIC], Kinds::DOUBLE, double),
    Function::new("string", Global, &[WRITTEN], Kinds::TEXT, string),
    Function::new("bool", Global, &[Kinds::BOOL.or(Kinds::TEXT)], Kinds::BOOL, bool),
    Function::new("bytes", Global, &[Kinds::TEXT.or(Kinds::BYTES)], Kinds::BYTES, bytes),
    Function::new("timestamp", Global, &[Kinds::TEXT.or(Kinds::INT).or(Kinds::TIME)], Kinds::TIME, timestamp),
    Function::new("duration", Global, &[Kinds::TEXT.or(Kinds::DURATION)], Kinds::DURATION, duration),
    Function::new("type", Global, &[Kinds::ANY], Kinds::TYPE, type_of).of_null(OfNull::Seen),
    Function::new("dyn", Global, &[Kinds::ANY], Kinds::ANY, dynamic).of_null(OfNull::Seen),
];

/// What is said of a number that another type cannot hold.
const TOO_LARGE: Trouble = Trouble::Wrong("the number does not fit 64 bits");

/// What is said of a text that is no number.
const NO_NUMBER: Trouble = Trouble::Wrong("the text is not such a number");

/// `int(value)`; a fraction is cut off, a moment is seconds since 1970.
fn int<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let whole = match args.first() {
        Some(Value::Int(whole)) => *whole,
        Some(Value::Uint(whole)) => i64::try_from(*whole).map_err(|_| TOO_LARGE)?,
        Some(Value::Double(real)) => cut(*real, -(2f64.powi(63)), 2f64.powi(63)).ok_or(TOO_LARGE)?,
        Some(Value::Text(text)) => text.parse().map_err(|_| NO_NUMBER)?,
        Some(Value::Time(time)) => time.as_second(),
        _ => return Err(TOO_LARGE),
    };
    Ok(Value::Int(whole))
}

/// A number without its fraction, where it lies between two bounds, both outside.
fn cut(real: f64, above: f64, below: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds only the fraction goes")]
    (real > above && real < below).then_some(real as i64)
}

/// `uint(value)`
fn uint<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let whole = match args.first() {
        Some(Value::Int(whole)) => u64::try_from(*whole).map_err(|_| TOO_LARGE)?,
        Some(Value::Uint(whole)) => *whole,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within these bounds it fits")]
        Some(Value::Double(real)) if *real > -1.0 && *real < 2f64.powi(64) => *real as u64,
        Some(Value::Text(text)) => text.parse().map_err(|_| NO_NUMBER)?,
        _ => return Err(TOO_LARGE),
    };
    Ok(Value::Uint(whole))
}

/// `double(value)`
fn double<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    #[expect(clippy::cast_precision_loss, reason = "the nearest one is meant")]
    let real = match args.first() {
        Some(Value::Int(whole)) => *whole as f64,
        Some(Value::Uint(whole)) => *whole as f64,
        Some(Value::Double(real)) => *real,
        Some(Value::Big(number)) => number.as_f64().ok_or(TOO_LARGE)?,
        Some(Value::Text(text)) => {
            meter.read(text.len())?;
            text.parse().map_err(|_| NO_NUMBER)?
        }
        _ => return Err(TOO_LARGE),
    };
    Ok(Value::Double(real))
}

/// `string(value)`; a number is written as it was sent where it does not fit 64 bits.
fn string<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let text = match args.first() {
        Some(text @ Value::Text(_)) => return Ok(text.clone()),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Int(whole)) => whole.to_string(),
        Some(Value::Uint(whole)) => whole.to_string(),
        Some(Value::Double(real)) => real.to_string(),
        Some(Value::Big(number)) => number.to_string(),
        Some(Value::Time(time)) => time.to_string(),
        Some(Value::Duration(duration)) => duration_text(*duration),
        Some(Value::Bytes(bytes)) => {
            meter.has_room(bytes.len())?;
            String::from_utf8(bytes.to_vec()).map_err(|_| Trouble::Wrong("the bytes are no UTF-8"))?
        }
        _ => return Ok(Value::Null),
    };
    Ok(made(text, meter)?)
}

/// `bool(value)`, of the texts that Go's `ParseBool` knows, as the language's definition has it.
fn bool<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    match args.first() {
        Some(Value::Text(text)) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(Trouble::Wrong("the text is neither `true` nor `false`")),
        },
        Some(other) => Ok(other.clone()),
        None => Ok(Value::Null),
    }
}

/// `bytes(value)`
fn bytes<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    match args.first() {
        Some(Value::Text(text)) => {
            meter.has_room(text.len())?;
            Ok(Value::Bytes(Bytes::Made(Rc::new(meter.keep(text.as_bytes().to_vec(), text.len())?))))
        }
        Some(other) => Ok(other.clone()),
        None => Ok(Value::Null),
    }
}

/// `timestamp(value)`, of a text such as `2027-01-31T09:00:00Z` or of seconds since 1970.
fn timestamp<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    match args.first() {
        Some(Value::Text(text)) => read_time(text)
            .map(Value::Time)
            .ok_or(Trouble::Wrong("the text is no moment such as `2027-01-31T09:00:00Z`")),
        Some(Value::Int(seconds)) => {
            let time = Timestamp::from_second(*seconds).ok().and_then(within_years);
            time.map(Value::Time).ok_or(Trouble::Wrong("the moment lies outside the years 1 to 9999"))
        }
        Some(other) => Ok(other.clone()),
        None => Ok(Value::Null),
    }
}

/// `duration(value)`, of a text such as `1h30m`.
fn duration<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    match args.first() {
        Some(Value::Text(text)) => {
            let duration = read_duration(text).map(Value::Duration);
            duration.ok_or(Trouble::Wrong("the text is no duration such as `90s` or `1h30m`"))
        }
        Some(other) => Ok(other.clone()),
        None => Ok(Value::Null),
    }
}

/// `type(value)`
fn type_of<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    Ok(Value::Type(args.first().map_or(Kinds::NULL, Value::kind)))
}

/// `dyn(value)`: the value, of which nothing is said before it is there.
fn dynamic<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    Ok(args.first().cloned().unwrap_or(Value::Null))
}
