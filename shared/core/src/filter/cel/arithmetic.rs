//! `+ - * / %` on two values. What does not fit its type is an error, never another number.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use super::ast::Operator;
use super::compare::whole;
use super::functions::{Trouble, between, within_years};
use super::kinds::Kinds;
use super::meter::Meter;
use super::value::{Bytes, List, Text, Value};

/// What is said of a result that its type cannot hold.
const OVERFLOW: Trouble = Trouble::Wrong("the result does not fit 64 bits");

/// What is said of a moment or a length of time beyond the years that there are.
const OUT_OF_TIME: Trouble = Trouble::Wrong("the result lies outside the years 1 to 9999");

/// What two values make; `None` where the operator does not take such values.
pub(super) fn combine<'a>(
    operator: Operator,
    a: &Value<'a>,
    b: &Value<'a>,
    meter: &'a Meter,
) -> Result<Option<Value<'a>>, Trouble> {
    use Operator::{Add, Subtract};
    Ok(Some(match (operator, a, b) {
        (_, a, b) if a.kind().meets(Kinds::NUMBER) && b.kind().meets(Kinds::NUMBER) => numbers(operator, a, b)?,
        (Add, Value::Text(a), Value::Text(b)) => {
            meter.has_room(a.len() + b.len())?;
            let joined = [&**a, &**b].concat();
            let bytes = joined.len();
            Value::Text(Text::Made(Rc::new(meter.keep(joined, bytes)?)))
        }
        (Add, Value::Bytes(a), Value::Bytes(b)) => {
            meter.has_room(a.len() + b.len())?;
            let joined = [&**a, &**b].concat();
            let bytes = joined.len();
            Value::Bytes(Bytes::Made(Rc::new(meter.keep(joined, bytes)?)))
        }
        (Add, Value::List(a), Value::List(b)) => {
            let mut joined = meter.keep(Vec::new(), 0)?;
            for entry in a.iter().chain(b.iter()) {
                joined.push(entry)?;
            }
            Value::List(List::Made(Rc::new(joined)))
        }
        (Add, Value::Time(time), Value::Duration(span)) | (Add, Value::Duration(span), Value::Time(time)) => {
            moved(*time, *span)?
        }
        (Subtract, Value::Time(time), Value::Duration(span)) => moved(*time, span.checked_neg().ok_or(OUT_OF_TIME)?)?,
        (Subtract, Value::Time(a), Value::Time(b)) => Value::Duration(a.duration_since(*b)),
        (Add, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(between(a.as_nanos() + b.as_nanos()).ok_or(OUT_OF_TIME)?)
        }
        (Subtract, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(between(a.as_nanos() - b.as_nanos()).ok_or(OUT_OF_TIME)?)
        }
        _ => return Ok(None),
    }))
}

/// What kinds of values an operator may make of these; none where it takes no such values.
pub(super) fn kinds(operator: Operator, a: Kinds, b: Kinds) -> Kinds {
    use Operator::{Add, Subtract};
    const JOINED: [Kinds; 3] = [Kinds::TEXT, Kinds::BYTES, Kinds::LIST];
    const TIMED: [(Operator, Kinds, Kinds, Kinds); 6] = [
        (Add, Kinds::TIME, Kinds::DURATION, Kinds::TIME),
        (Add, Kinds::DURATION, Kinds::TIME, Kinds::TIME),
        (Add, Kinds::DURATION, Kinds::DURATION, Kinds::DURATION),
        (Subtract, Kinds::TIME, Kinds::DURATION, Kinds::TIME),
        (Subtract, Kinds::TIME, Kinds::TIME, Kinds::DURATION),
        (Subtract, Kinds::DURATION, Kinds::DURATION, Kinds::DURATION),
    ];
    let numbers = if a.meets(Kinds::NUMBER) && b.meets(Kinds::NUMBER) { Kinds::NUMBER } else { Kinds::NONE };
    let joined = JOINED.into_iter().filter(|kind| operator == Add && a.meets(*kind) && b.meets(*kind));
    let timed = TIMED.iter().filter(|(of, left, right, _)| *of == operator && a.meets(*left) && b.meets(*right));
    joined.chain(timed.map(|row| row.3)).fold(numbers, Kinds::or)
}

/// A moment, so much later.
fn moved<'a>(time: Timestamp, span: SignedDuration) -> Result<Value<'a>, Trouble> {
    time.checked_add(span).ok().and_then(within_years).map(Value::Time).ok_or(OUT_OF_TIME)
}

/// What two numbers make: whole ones a whole number, others a double.
fn numbers<'a>(operator: Operator, a: &Value<'a>, b: &Value<'a>) -> Result<Value<'a>, Trouble> {
    let (Some(left), Some(right)) = (whole(a), whole(b)) else {
        return reals(operator, real(a)?, real(b)?);
    };
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide | Operator::Remainder if right == 0 => return Err(Trouble::Wrong("it divides by zero")),
        Operator::Divide => left.checked_div(right),
        _ => left.checked_rem(right),
    };
    let result = result.ok_or(OVERFLOW)?;
    let (signed, unsigned) = (i64::try_from(result).map(Value::Int), u64::try_from(result).map(Value::Uint));
    match (a, b) {
        (Value::Uint(_), Value::Uint(_)) => unsigned.map_err(|_| OVERFLOW),
        (Value::Int(_), Value::Int(_)) => signed.map_err(|_| OVERFLOW),
        _ => signed.or(unsigned).map_err(|_| OVERFLOW),
    }
}

/// What two numbers make of which one has a fraction.
fn reals<'a>(operator: Operator, a: f64, b: f64) -> Result<Value<'a>, Trouble> {
    Ok(Value::Double(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        _ => return Err(Trouble::Wrong("`%` takes whole numbers")),
    }))
}

/// A number as a double.
fn real(value: &Value<'_>) -> Result<f64, Trouble> {
    #[expect(clippy::cast_precision_loss, reason = "the nearest one is meant")]
    match value {
        Value::Int(whole) => Ok(*whole as f64),
        Value::Uint(whole) => Ok(*whole as f64),
        Value::Double(real) => Ok(*real),
        _ => Err(Trouble::Wrong("a number beyond 64 bits can be compared, not worked with")),
    }
}
