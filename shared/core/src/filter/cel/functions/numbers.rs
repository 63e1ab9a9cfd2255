//! Functions of numbers.

use std::cmp::Ordering;

use super::super::compare::order_numbers;
use super::super::kinds::Kinds;
use super::super::meter::Meter;
use super::super::value::Value;
use super::Form::Global;
use super::{Function, Trouble};

/// How many arguments a function takes that takes any number of them.
const MANY: usize = 64;

pub(super) const ALL: &[Function] = &[
    Function::new("math.greatest", Global, &[Kinds::NUMBER.or(Kinds::LIST)], Kinds::NUMBER, greatest).up_to(MANY),
    Function::new("math.least", Global, &[Kinds::NUMBER.or(Kinds::LIST)], Kinds::NUMBER, least).up_to(MANY),
    Function::new("math.abs", Global, &[Kinds::NUMBER], Kinds::NUMBER, abs),
    Function::new("math.ceil", Global, &[Kinds::NUMBER], Kinds::NUMBER, |_, args| rounded(args, f64::ceil)),
    Function::new("math.floor", Global, &[Kinds::NUMBER], Kinds::NUMBER, |_, args| rounded(args, f64::floor)),
    Function::new("math.round", Global, &[Kinds::NUMBER], Kinds::NUMBER, |_, args| rounded(args, f64::round)),
];

/// `math.greatest(a, b, …)`, `math.greatest(list)`
fn greatest<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    outermost(meter, args, Ordering::Greater)
}

/// `math.least(a, b, …)`, `math.least(list)`
fn least<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    outermost(meter, args, Ordering::Less)
}

/// The number that is greater, or less, than all others.
fn outermost<'a>(meter: &'a Meter, args: &[Value<'a>], wanted: Ordering) -> Result<Value<'a>, Trouble> {
    let mut found: Option<Value<'a>> = None;
    let mut take = |value: Value<'a>| -> Result<(), Trouble> {
        meter.step(1)?;
        if !value.kind().meets(Kinds::NUMBER) {
            return Err(Trouble::Wrong("one of the entries is no number"));
        }
        if found.as_ref().is_none_or(|found| order_numbers(&value, found) == Some(wanted)) {
            found = Some(value);
        }
        Ok(())
    };
    match args {
        [Value::List(list)] => list.iter().try_for_each(&mut take)?,
        args => args.iter().cloned().try_for_each(&mut take)?,
    }
    found.ok_or(Trouble::Wrong("the list is empty"))
}

/// `math.abs(number)`
fn abs<'a>(_: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    match args.first() {
        Some(Value::Int(whole)) => {
            whole.checked_abs().map(Value::Int).ok_or(Trouble::Wrong("the result does not fit 64 bits"))
        }
        Some(Value::Double(real)) => Ok(Value::Double(real.abs())),
        Some(Value::Uint(whole)) => Ok(Value::Uint(*whole)),
        _ => Err(Trouble::Wrong("the number does not fit 64 bits")),
    }
}

/// A number without its fraction; whole ones stay as they are.
fn rounded<'a>(args: &[Value<'a>], round: fn(f64) -> f64) -> Result<Value<'a>, Trouble> {
    match args.first() {
        Some(Value::Double(real)) => Ok(Value::Double(round(*real))),
        Some(other) => Ok(other.clone()),
        None => Ok(Value::Null),
    }
}
