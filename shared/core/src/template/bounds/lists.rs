//! What is made of lists and maps, and by the operators on any values.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::super::filters::at;
use super::super::measure::{ENTRY, count, weigh, weigh_all};
use super::texts::largest;
use super::{PAIR, look_up};
use crate::budget::{Budget, Exceeded};

/// What an `Ask` comes to.
type Room = Result<usize, Exceeded>;

/// Whether a value has entries in an order.
fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// `a + b`.
pub(in super::super) fn add(budget: &Budget, args: &[Value]) -> Room {
    let [a, b] = args else { return Ok(0) };
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => Ok(a.len() + b.len()),
        _ if is_list(a) || is_list(b) => Ok((count(budget, a)? + count(budget, b)?).saturating_mul(2 * ENTRY)),
        _ => Ok(0),
    }
}

/// `a * b`, of which one may be a text or a list.
pub(in super::super) fn multiply(budget: &Budget, args: &[Value]) -> Room {
    let [a, b] = args else { return Ok(0) };
    for (of, times) in [(a, b), (b, a)] {
        let times = times.as_usize().unwrap_or_default();
        if let Some(text) = of.as_str() {
            return Ok(text.len().saturating_mul(times));
        }
        if is_list(of) {
            let entries = count(budget, of)?.saturating_mul(times);
            budget.step(entries)?;
            return Ok(entries.saturating_mul(2 * ENTRY));
        }
    }
    Ok(0)
}

/// `a[b]`, which counts a text's characters.
pub(in super::super) fn item(budget: &Budget, args: &[Value]) -> Room {
    let [of, key] = args else { return Ok(0) };
    match of.as_str() {
        Some(text) => budget.read(text.len())?,
        None if of.kind() == ValueKind::Iterable => budget.step(count(budget, of)?)?,
        None => look_up(budget, std::slice::from_ref(key))?,
    }
    Ok(0)
}

/// `a[b:c:d]`.
pub(in super::super) fn slice(budget: &Budget, args: &[Value]) -> Room {
    let Some(of) = args.first() else { return Ok(0) };
    match of.as_str() {
        Some(text) => {
            budget.read(text.len())?;
            Ok(text.len().saturating_mul(1 + size_of::<char>()))
        }
        None => Ok(count(budget, of)?.saturating_mul(2 * ENTRY)),
    }
}

/// `a in b`.
pub(in super::super) fn contains(budget: &Budget, args: &[Value]) -> Room {
    let [value, of] = args else { return Ok(0) };
    match of.kind() {
        ValueKind::Map => look_up(budget, std::slice::from_ref(value)).map(|()| 0),
        ValueKind::String => {
            let size = weigh_all(budget, args)?;
            Ok(if value.as_str().is_some() { 0 } else { size.text })
        }
        _ => weigh_all(budget, args).map(|_| 0),
    }
}

/// `reverse`, of a text or a list.
pub(in super::super) fn reverse(budget: &Budget, args: &[Value]) -> Room {
    let Some(of) = args.first() else { return Ok(0) };
    match of.as_str() {
        Some(text) => budget.read(text.len()).map(|()| text.len()),
        None => Ok(count(budget, of)?.saturating_mul(2 * ENTRY)),
    }
}

/// `batch`, which fills the last list up.
pub(in super::super) fn divide(budget: &Budget, args: &[Value]) -> Room {
    let entries = args.first().map_or(Ok(0), |list| count(budget, list))?;
    let lists = args.get(1).and_then(Value::as_usize).unwrap_or_default();
    budget.step(lists.min(entries))?;
    let filled = if args.len() > 2 { lists.saturating_mul(2 * ENTRY) } else { 0 };
    Ok(entries.saturating_mul(PAIR).saturating_add(filled).saturating_add(1024 * ENTRY))
}

/// `slice`, which makes so many lists.
pub(in super::super) fn portions(budget: &Budget, args: &[Value]) -> Room {
    let entries = args.first().map_or(Ok(0), |list| count(budget, list))?;
    let lists = args.get(1).and_then(Value::as_usize).unwrap_or_default();
    budget.step(lists)?;
    Ok(entries.saturating_mul(2 * ENTRY).saturating_add(lists.saturating_mul(PAIR)))
}

/// `flat`, which makes one list of many.
pub(in super::super) fn flat(budget: &Budget, args: &[Value]) -> Room {
    let size = args.first().map_or(Ok(0), |list| weigh(budget, list).map(|size| size.nodes))?;
    Ok(size.saturating_mul(2 * ENTRY))
}

/// `chain`, `zip` and `dict`, which put lists and maps together.
pub(in super::super) fn together(budget: &Budget, args: &[Value]) -> Room {
    let mut entries: usize = 0;
    for list in args {
        entries = entries.saturating_add(count(budget, list)?);
    }
    Ok(entries.saturating_mul(PAIR))
}

/// `map`, `selectattr` and `rejectattr`, which look into each entry and keep what they found beside it.
pub(in super::super) fn looked(budget: &Budget, args: &[Value]) -> Room {
    /// The bytes of an entry beside what was found in it.
    const LOOKED: usize = 640;
    Ok(args.first().map_or(Ok(0), |list| count(budget, list))?.saturating_mul(LOOKED))
}

/// `sum`, which makes texts and lists longer one by one.
pub(in super::super) fn sum(budget: &Budget, args: &[Value]) -> Room {
    let [list, others @ ..] = args else { return Ok(0) };
    let named = others.last().filter(|last| last.is_kwargs());
    let path = others.first().filter(|first| !first.is_kwargs()).cloned();
    let path = path.or_else(|| named.and_then(|named| named.get_attr("attribute").ok()));
    let (mut grown, mut whole) = (1usize, weigh_all(budget, others)?.bytes);
    for entry in list.try_iter().into_iter().flatten() {
        budget.step(1)?;
        let found = path.as_ref().and_then(Value::as_str).map_or(entry.clone(), |path| at(&entry, path));
        let length = match found.as_str() {
            Some(text) => text.len(),
            None if is_list(&found) => count(budget, &found)?.saturating_mul(2 * ENTRY),
            None => continue,
        };
        grown += 1;
        whole = whole.saturating_add(length);
    }
    budget.read(grown.saturating_mul(whole))?;
    Ok(whole.saturating_mul(2))
}

/// `round`, which writes a number to so many digits.
pub(in super::super) fn round(budget: &Budget, args: &[Value]) -> Room {
    budget.read(largest(args.get(1..).unwrap_or_default()).min(1_100))?;
    Ok(2_200)
}
