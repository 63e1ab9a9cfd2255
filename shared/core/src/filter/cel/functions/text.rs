//! Functions of texts. Places are counted in characters (Unicode code points), from 0.

use std::rc::Rc;

use super::super::kinds::Kinds;
use super::super::meter::{Exceeded, Meter};
use super::super::value::{List, Text, Value};
use super::Form::Method;
use super::{Function, OfNull, Pattern, Trouble};

/// A text, twice, and three times over: what most of these take.
const TEXT: Kinds = Kinds::TEXT;

pub(super) const ALL: &[Function] = &[
    Function::new("contains", Method, &[TEXT, TEXT], Kinds::BOOL, contains).of_null(OfNull::False),
    Function::new("startsWith", Method, &[TEXT, TEXT], Kinds::BOOL, starts_with).of_null(OfNull::False),
    Function::new("endsWith", Method, &[TEXT, TEXT], Kinds::BOOL, ends_with).of_null(OfNull::False),
    Function::new("matches", super::Form::Both, &[TEXT, TEXT], Kinds::BOOL, matches).of_null(OfNull::False),
    Function::new("lowerAscii", Method, &[TEXT], TEXT, lower),
    Function::new("upperAscii", Method, &[TEXT], TEXT, upper),
    Function::new("trim", Method, &[TEXT], TEXT, trim),
    Function::new("reverse", Method, &[TEXT], TEXT, reverse),
    Function::new("charAt", Method, &[TEXT, Kinds::NUMBER], TEXT, char_at),
    Function::new("indexOf", Method, &[TEXT, TEXT, Kinds::NUMBER], Kinds::INT, index_of).optional(1),
    Function::new("lastIndexOf", Method, &[TEXT, TEXT, Kinds::NUMBER], Kinds::INT, last_index_of).optional(1),
    Function::new("substring", Method, &[TEXT, Kinds::NUMBER, Kinds::NUMBER], TEXT, substring).optional(1),
    Function::new("replace", Method, &[TEXT, TEXT, TEXT, Kinds::NUMBER], TEXT, replace).optional(1),
    Function::new("split", Method, &[TEXT, TEXT, Kinds::NUMBER], Kinds::LIST, split).optional(1),
];

/// What is said where a place lies beyond a text.
const BEYOND: Trouble = Trouble::Wrong("the place lies outside the text");

/// The text that an argument is.
fn text<'v>(args: &'v [Value<'_>], at: usize) -> &'v str {
    args.get(at).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number that an argument is, where it is given.
fn number(args: &[Value<'_>], at: usize) -> Result<Option<i64>, Trouble> {
    match args.get(at) {
        None => Ok(None),
        Some(Value::Int(whole)) => Ok(Some(*whole)),
        Some(Value::Uint(whole)) => i64::try_from(*whole).map(Some).map_err(|_| BEYOND),
        Some(_) => Err(Trouble::Wrong("a place in a text is a whole number")),
    }
}

/// A text that was made.
pub(super) fn made<'a>(text: String, meter: &'a Meter) -> Result<Value<'a>, Exceeded> {
    let bytes = text.capacity();
    Ok(Value::Text(Text::Made(Rc::new(meter.keep(text, bytes)?))))
}

/// A part of a text: borrowed where the text was, else a copy.
fn part<'a>(args: &[Value<'a>], from: usize, to: usize, meter: &'a Meter) -> Result<Value<'a>, Exceeded> {
    match args.first() {
        Some(Value::Text(Text::Borrowed(whole))) => Ok(Value::text(whole.get(from..to).unwrap_or_default())),
        _ => {
            meter.has_room(to - from)?;
            made(text(args, 0).get(from..to).unwrap_or_default().to_owned(), meter)
        }
    }
}

/// Where the character at a place begins, in bytes; the place behind the last is the end.
fn byte_at(text: &str, place: i64) -> Option<usize> {
    let place = usize::try_from(place).ok()?;
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(place)
}

/// How many characters a text has.
pub(super) fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// `text.contains(part)`
fn contains<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    meter.read(text(args, 0).len())?;
    Ok(Value::Bool(text(args, 0).contains(text(args, 1))))
}

/// `text.startsWith(part)`
fn starts_with<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    meter.read(text(args, 1).len())?;
    Ok(Value::Bool(text(args, 0).starts_with(text(args, 1))))
}

/// `text.endsWith(part)`
fn ends_with<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    meter.read(text(args, 1).len())?;
    Ok(Value::Bool(text(args, 0).ends_with(text(args, 1))))
}

/// `text.matches(pattern)` with a pattern that is not written out.
fn matches<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let found = Pattern::once(text(args, 1), text(args, 0), meter)?;
    found.map(Value::Bool).ok_or(Trouble::Wrong("its pattern is no regular expression, or too large"))
}

/// `text.lowerAscii()`
fn lower<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    meter.has_room(text(args, 0).len())?;
    Ok(made(text(args, 0).to_ascii_lowercase(), meter)?)
}

/// `text.upperAscii()`
fn upper<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    meter.has_room(text(args, 0).len())?;
    Ok(made(text(args, 0).to_ascii_uppercase(), meter)?)
}

/// `text.reverse()`
fn reverse<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    meter.has_room(text(args, 0).len())?;
    Ok(made(text(args, 0).chars().rev().collect(), meter)?)
}

/// `text.trim()`: without the spaces around it, as Unicode has them.
fn trim<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let whole = text(args, 0);
    meter.read(whole.len())?;
    let from = whole.len() - whole.trim_start().len();
    Ok(part(args, from, from + whole.trim().len(), meter)?)
}

/// `text.charAt(place)`: the character there, nothing behind the last.
fn char_at<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let whole = text(args, 0);
    meter.read(whole.len())?;
    let from = byte_at(whole, number(args, 1)?.unwrap_or_default()).ok_or(BEYOND)?;
    let length = whole[from..].chars().next().map_or(0, char::len_utf8);
    Ok(part(args, from, from + length, meter)?)
}

/// `text.indexOf(part)`, `text.indexOf(part, from)`: the place where the part is first found, else -1.
fn index_of<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let whole = text(args, 0);
    meter.read(whole.len().saturating_mul(2))?;
    let from = byte_at(whole, number(args, 2)?.unwrap_or_default()).ok_or(BEYOND)?;
    let found = whole[from..].find(text(args, 1));
    Ok(Value::Int(found.map_or(-1, |at| length(&whole[..from + at]))))
}

/// `text.lastIndexOf(part)`, `text.lastIndexOf(part, to)`: the place where the part is last found, else -1.
fn last_index_of<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let (whole, wanted) = (text(args, 0), text(args, 1));
    meter.read(whole.len().saturating_mul(2))?;
    let latest = number(args, 2)?.map_or(Some(whole.len()), |place| byte_at(whole, place)).ok_or(BEYOND)?;
    let to = latest.saturating_add(wanted.len()).min(whole.len());
    let within = (to..=whole.len()).find_map(|to| whole.get(..to)).unwrap_or(whole);
    let found = within.rfind(wanted).filter(|at| *at <= latest);
    Ok(Value::Int(found.map_or(-1, |at| length(&whole[..at]))))
}

/// `text.substring(from)`, `text.substring(from, to)`
fn substring<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let whole = text(args, 0);
    meter.read(whole.len().saturating_mul(2))?;
    let from = byte_at(whole, number(args, 1)?.unwrap_or_default()).ok_or(BEYOND)?;
    let to = number(args, 2)?.map_or(Some(whole.len()), |place| byte_at(whole, place)).ok_or(BEYOND)?;
    if to < from {
        return Err(Trouble::Wrong("the part would end before it begins"));
    }
    Ok(part(args, from, to, meter)?)
}

/// How many times something may be done: all where nothing, or less than nothing, is said.
fn limit(args: &[Value<'_>], at: usize) -> Result<usize, Trouble> {
    Ok(number(args, at)?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX))
}

/// `text.replace(old, new)`, `text.replace(old, new, times)`
fn replace<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let (whole, old, new) = (text(args, 0), text(args, 1), text(args, 2));
    let limit = limit(args, 3)?;
    meter.read(whole.len())?;
    let count = whole.matches(old).take(limit).count();
    meter.step(count)?;
    meter.has_room(whole.len().saturating_add(count.saturating_mul(new.len())))?;
    Ok(made(whole.replacen(old, new, limit), meter)?)
}

/// `text.split(mark)`, `text.split(mark, most)`: the parts between the marks; between all characters where it is empty.
fn split<'a>(meter: &'a Meter, args: &[Value<'a>]) -> Result<Value<'a>, Trouble> {
    let (whole, mark) = (text(args, 0), text(args, 1));
    let limit = limit(args, 2)?;
    meter.read(whole.len())?;
    let mut parts = meter.keep(Vec::new(), 0)?;
    let mut from = 0;
    while parts.len().saturating_add(1) < limit {
        let left = &whole[from..];
        let found = match mark {
            "" => left.chars().next().map(char::len_utf8).filter(|length| *length < left.len()),
            mark => left.find(mark),
        };
        let Some(at) = found else { break };
        parts.push(part(args, from, from + at, meter)?)?;
        from += at + mark.len();
    }
    if limit > 0 && !(mark.is_empty() && whole.is_empty()) {
        parts.push(part(args, from, whole.len(), meter)?)?;
    }
    Ok(Value::List(List::Made(Rc::new(parts))))
}
