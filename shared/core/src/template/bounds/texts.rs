//! What is made of texts, and of values that are written as text.

use minijinja::Value;

use super::super::measure::{ENTRY, weigh, weigh_all};
use super::super::pretty;
use super::PAIR;
use crate::budget::{Budget, Exceeded};
use crate::markup::MOST_ESCAPED;

/// What an `Ask` comes to.
type Room = Result<usize, Exceeded>;

/// The first argument's text, read, or how long it would be.
fn first_text<'a>(budget: &Budget, args: &'a [Value]) -> Result<(&'a str, usize), Exceeded> {
    let Some(first) = args.first() else { return Ok(("", 0)) };
    let size = weigh(budget, first)?;
    Ok((first.as_str().unwrap_or_default(), size.text))
}

/// The largest whole number among arguments, named ones included.
pub(super) fn largest(args: &[Value]) -> usize {
    let of = |value: &Value| value.as_i64().map_or(0, i64::unsigned_abs);
    let named = args.last().filter(|last| last.is_kwargs()).and_then(|named| named.as_object());
    let named = named.and_then(|named| named.try_iter_pairs()).into_iter().flatten().map(|(_, value)| of(&value));
    let most = args.iter().map(of).chain(named).max().unwrap_or_default();
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// `replace`: as many replacements as there are places for them.
pub(in super::super) fn replace(budget: &Budget, args: &[Value]) -> Room {
    let (text, length) = first_text(budget, args)?;
    let others = weigh_all(budget, args.get(1..).unwrap_or_default())?;
    let places = match args.get(1).and_then(Value::as_str) {
        Some(from) if !text.is_empty() && !from.is_empty() => text.matches(from).count(),
        _ => length + 1,
    };
    budget.read(length)?;
    budget.step(places)?;
    let replaced = length.saturating_add(places.saturating_mul(others.text));
    Ok(if args.iter().any(Value::is_safe) { replaced.saturating_mul(MOST_ESCAPED) } else { replaced })
}

/// `trim`, which looks for each character among those that it takes off.
pub(in super::super) fn trim(budget: &Budget, args: &[Value]) -> Room {
    let (_, length) = first_text(budget, args)?;
    let marks = weigh_all(budget, args.get(1..).unwrap_or_default())?.bytes;
    budget.read(length.saturating_mul(marks))?;
    Ok(length.saturating_add(marks.saturating_mul(size_of::<char>())))
}

/// `join` and `joined`: the entries, and what stands between them.
pub(in super::super) fn join(budget: &Budget, args: &[Value]) -> Room {
    let [list, others @ ..] = args else { return Ok(0) };
    let between = weigh_all(budget, others)?.text;
    let (mut room, mut is_safe) = (0usize, others.iter().any(Value::is_safe));
    for entry in list.try_iter().into_iter().flatten() {
        let size = weigh(budget, &entry)?;
        is_safe |= entry.is_safe();
        room = room.saturating_add(size.text).saturating_add(between);
    }
    Ok(if is_safe { room.saturating_mul(MOST_ESCAPED) } else { room })
}

/// `joined`, which escapes.
pub(in super::super) fn joined(budget: &Budget, args: &[Value]) -> Room {
    join(budget, args).map(|room| room.saturating_mul(MOST_ESCAPED))
}

/// `split`: a text for each part.
pub(in super::super) fn split(budget: &Budget, args: &[Value]) -> Room {
    let (text, length) = first_text(budget, args)?;
    weigh_all(budget, args.get(1..).unwrap_or_default())?;
    let parts = match args.get(1).and_then(Value::as_str) {
        Some("") => text.chars().count() + 2,
        Some(mark) => text.matches(mark).count() + 1,
        None => text.split_whitespace().count(),
    };
    parted(budget, length, parts)
}

/// `lines`.
pub(in super::super) fn lines(budget: &Budget, args: &[Value]) -> Room {
    let (text, length) = first_text(budget, args)?;
    parted(budget, length, text.matches('\n').count() + 1)
}

/// A text of so many bytes in so many parts.
fn parted(budget: &Budget, length: usize, parts: usize) -> Room {
    budget.step(parts)?;
    Ok(length.saturating_mul(2).saturating_add(parts.saturating_mul(2 * ENTRY + 24)))
}

/// `indent`: so many spaces for each line.
pub(in super::super) fn indent(budget: &Budget, args: &[Value]) -> Room {
    let (text, length) = first_text(budget, args)?;
    let width = largest(args.get(1..).unwrap_or_default()).max(4);
    Ok(length.saturating_add((text.matches('\n').count() + 1).saturating_mul(width.saturating_add(2))))
}

/// `format`: the numbers in the pattern are widths, and a `*` takes one from the arguments.
pub(in super::super) fn format(budget: &Budget, args: &[Value]) -> Room {
    /// More than a number takes without a width.
    const NUMBER: usize = 512;
    let (pattern, length) = first_text(budget, args)?;
    let others = args.get(1..).unwrap_or_default();
    let filled = weigh_all(budget, others)?.text;
    let widths = pattern.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let widths = widths.fold(0usize, |sum, digits| sum.saturating_add(digits.parse().unwrap_or(usize::MAX)));
    let stars = if pattern.contains('*') { largest(others) } else { 0 };
    let each = filled.saturating_add(NUMBER).saturating_add(stars.saturating_mul(2));
    let places = pattern.matches('%').count();
    budget.step(places)?;
    let made = length.saturating_add(widths.saturating_mul(2)).saturating_add(places.saturating_mul(each));
    Ok(if args.first().is_some_and(Value::is_safe) { made.saturating_mul(MOST_ESCAPED) } else { made })
}

/// `pprint`: a line for each value, indented by how deep it is.
pub(in super::super) fn pprint(budget: &Budget, args: &[Value]) -> Room {
    let size = weigh_all(budget, args)?;
    let written = if args.first().is_some_and(|first| first.as_str().is_some()) { 8 } else { 1 };
    Ok(size.text.saturating_mul(written).saturating_add(size.nodes.saturating_mul(4 * size.depth + 8)))
}

/// `tojson`: the tree, its text, and that text once more with its marks escaped.
pub(in super::super) fn to_json(budget: &Budget, args: &[Value]) -> Room {
    let Some((first, others)) = args.split_first() else { return Ok(0) };
    let size = weigh(budget, first)?;
    let indented = if others.is_empty() { 0 } else { size.nodes.saturating_mul(16 * size.depth + 8) };
    Ok(size.tree.saturating_add(size.json.saturating_add(indented).saturating_mul(2)))
}

/// `pretty`: JSON, and no more laid out than a template may make.
pub(in super::super) fn pretty(budget: &Budget, args: &[Value]) -> Room {
    let Some(first) = args.first() else { return Ok(0) };
    let size = weigh(budget, first)?;
    let (held, length) = match first.as_str() {
        Some(text) => (0, text.len()),
        None => (size.tree.saturating_add(size.json), size.json),
    };
    budget.read(length.saturating_mul(4))?;
    Ok(held.saturating_add(length.saturating_mul(pretty::WIDEST).min(pretty::MOST)))
}

/// `fromjson`: a value for each mark that a value may follow.
pub(in super::super) fn from_json(budget: &Budget, args: &[Value]) -> Room {
    let (text, length) = first_text(budget, args)?;
    let values = text.bytes().filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{')).count() + 1;
    budget.step(values)?;
    budget.read(length.saturating_mul(4))?;
    Ok(length.saturating_mul(2).saturating_add(values.saturating_mul(PAIR + 2 * ENTRY)))
}

/// `document_text`: cells within cells are written as often as they nest.
pub(in super::super) fn document(budget: &Budget, args: &[Value]) -> Room {
    let size = weigh_all(budget, args)?;
    budget.step(size.bytes)?;
    Ok(size.bytes.saturating_mul(3).saturating_add(size.nodes.saturating_mul(40)))
}
