//! How much the values of a template weigh, and the budget that they are charged to.

use std::cell::Cell;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::numbers::{self, LONGEST_WRITING, Writings};
use super::tree;
use crate::budget::{Budget, Exceeded};
use crate::json;

/// How deep a template's values may nest: a payload as deep as JSON may be, and some levels around it.
pub(super) const DEEPEST: usize = json::DEEPEST + 32;

/// The bytes that an entry of a list holds.
pub(super) const ENTRY: usize = size_of::<Value>();

/// The bytes that a value takes in a tree of JSON.
const NODE: usize = 64;

/// The most bytes that a double is written in, as a plain decimal number.
const LONGEST_DOUBLE: usize = 340;

thread_local! {
    /// The budget of the template that this thread fills in. The engine has no place of ours that filters could reach at
    /// the price of a step, and an evaluation never leaves its thread.
    static BUDGET: Budget = const { Budget::new() };

    /// How many bytes that template has written, and how many it may write.
    static WRITTEN: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// What a value weighs, all that is within it counted each time it is met.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// How many values it is of.
    pub nodes: usize,
    /// The bytes of its texts.
    pub bytes: usize,
    /// The most bytes of it in writing, as the engine writes it.
    pub text: usize,
    /// The most bytes of the tree that is made of it on the way to JSON.
    pub tree: usize,
    /// The most bytes of it as JSON, its marks of HTML escaped too.
    pub json: usize,
    /// How deep it nests.
    pub depth: usize,
}

/// Begins the evaluation of a template on this thread, which may write so many bytes.
pub(super) fn begin(most: usize) {
    BUDGET.with(Budget::reset);
    WRITTEN.set((0, most));
}

/// Charges text that is written.
pub(super) fn write(budget: &Budget, bytes: usize) -> Result<(), Exceeded> {
    let (written, most) = WRITTEN.get();
    let written = written.saturating_add(bytes);
    WRITTEN.set((written, most));
    budget.hold(bytes)?;
    if written > most { Err(budget.exceed(Exceeded::Output(most))) } else { Ok(()) }
}

/// Ends the evaluation on this thread at a bound.
pub(super) fn exceed(bound: Exceeded) {
    BUDGET.with(|budget| budget.exceed(bound));
}

/// The bound that the evaluation on this thread reached.
pub(super) fn exceeded() -> Option<Exceeded> {
    BUDGET.with(Budget::exceeded)
}

/// Charges the evaluation on this thread. Once a bound is reached, everything fails.
pub(super) fn charge<T>(with: impl FnOnce(&Budget) -> Result<T, Exceeded>) -> Result<T, Error> {
    let charged = BUDGET.with(|budget| budget.exceeded().map_or_else(|| with(budget), Err));
    charged.map_err(|exceeded| Error::new(ErrorKind::OutOfFuel, exceeded.to_string()))
}

/// Weighs a value, a step for each value in it.
pub(super) fn weigh(budget: &Budget, value: &Value) -> Result<Size, Exceeded> {
    let mut size = Size::default();
    add(budget, value, 0, &mut size)?;
    Ok(size)
}

/// Weighs several values.
pub(super) fn weigh_all(budget: &Budget, values: &[Value]) -> Result<Size, Exceeded> {
    let mut size = Size::default();
    values.iter().try_for_each(|value| add(budget, value, 0, &mut size))?;
    Ok(size)
}

/// How many entries a list has, or characters a text may have; a step for each that has to be counted one by one.
pub(super) fn count(budget: &Budget, value: &Value) -> Result<usize, Exceeded> {
    if let Some(text) = value.as_str() {
        budget.step(text.len())?;
        return Ok(text.len());
    }
    match value.as_object().and_then(|object| object.enumerator_len()) {
        Some(length) => budget.step(length).map(|()| length),
        None => {
            let mut entries = 0;
            for _ in value.try_iter().into_iter().flatten() {
                budget.step(1)?;
                entries += 1;
            }
            Ok(entries)
        }
    }
}

/// Charges a value that was made, and turns one that would be made again whenever it is looked at into a list.
pub(super) fn made(budget: &Budget, value: Value) -> Result<Value, Exceeded> {
    if let Some(text) = value.as_str() {
        budget.hold(text.len())?;
        return Ok(value);
    }
    match value.kind() {
        ValueKind::Iterable => listed(budget, &value),
        ValueKind::Seq | ValueKind::Map => {
            let entries = value.as_object().and_then(|object| object.enumerator_len()).unwrap_or_default();
            budget.hold(entries.saturating_mul(2 * ENTRY))?;
            Ok(value)
        }
        _ => Ok(value),
    }
}

/// A list or a map with entries of its own; what is neither stays as it is.
pub(super) fn listed(budget: &Budget, value: &Value) -> Result<Value, Exceeded> {
    match value.kind() {
        ValueKind::Map => {
            let fields = value.as_object().and_then(|object| object.try_iter_pairs()).into_iter().flatten();
            Ok(Value::from_pairs(
                fields.map(|field| hold_entry(budget, field)).collect::<Result<Vec<(Value, Value)>, _>>()?,
            ))
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let entries = value.try_iter().into_iter().flatten();
            Ok(Value::from(entries.map(|entry| hold_entry(budget, entry)).collect::<Result<Vec<Value>, _>>()?))
        }
        _ => Ok(value.clone()),
    }
}

/// Charges an entry of a list or a map that is made.
fn hold_entry<T>(budget: &Budget, entry: T) -> Result<T, Exceeded> {
    budget.step(1)?;
    budget.hold(2 * ENTRY)?;
    Ok(entry)
}

/// Weighs a value and adds it to a size.
fn add(budget: &Budget, value: &Value, depth: usize, size: &mut Size) -> Result<(), Exceeded> {
    if let Some(added) = tree::within(value, |json, writings| add_json(budget, json, writings, depth, size)) {
        return added;
    }
    begin_node(budget, depth, size)?;
    let (text, json) = match value.kind() {
        ValueKind::Undefined | ValueKind::None | ValueKind::Bool => WORD,
        ValueKind::Number => {
            let bytes = longest_number(value);
            (bytes, bytes)
        }
        ValueKind::String | ValueKind::Bytes => {
            let text = value.as_bytes().unwrap_or_default();
            add_text(budget, text, depth == 0 && value.kind() == ValueKind::String, depth, size)?
        }
        ValueKind::Map => {
            for (name, field) in value.as_object().and_then(|object| object.try_iter_pairs()).into_iter().flatten() {
                add(budget, &name, depth + 1, size)?;
                add(budget, &field, depth + 1, size)?;
            }
            BRACKETS
        }
        ValueKind::Seq | ValueKind::Iterable => {
            for entry in value.try_iter().into_iter().flatten() {
                add(budget, &entry, depth + 1, size)?;
            }
            BRACKETS
        }
        _ => {
            let bytes = numbers::length(value).unwrap_or(64);
            budget.read(bytes)?;
            (bytes, bytes)
        }
    };
    end_node(text, json, size);
    Ok(())
}

/// The same for JSON, as if its values had been made.
fn add_json(
    budget: &Budget,
    json: &json::Value,
    writings: &Writings,
    depth: usize,
    size: &mut Size,
) -> Result<(), Exceeded> {
    if let json::Value::Number(number) = json {
        return add(budget, &writings.value(number), depth, size);
    }
    begin_node(budget, depth, size)?;
    let (text, written) = match json {
        json::Value::String(text) => add_text(budget, text.as_bytes(), depth == 0, depth, size)?,
        json::Value::Array(items) => {
            items.iter().try_for_each(|item| add_json(budget, item, writings, depth + 1, size))?;
            BRACKETS
        }
        json::Value::Object(fields) => {
            for (name, field) in fields.iter() {
                begin_node(budget, depth + 1, size)?;
                let (text, written) = add_text(budget, name.as_bytes(), false, depth + 1, size)?;
                end_node(text, written, size);
                add_json(budget, field, writings, depth + 1, size)?;
            }
            BRACKETS
        }
        _ => WORD,
    };
    end_node(text, written, size);
    Ok(())
}

/// The most bytes that a word takes in writing and as JSON, and the brackets of a list or a map.
const WORD: (usize, usize) = (9, 5);
const BRACKETS: (usize, usize) = (2, 2);

/// Charges a value, before what is within it.
fn begin_node(budget: &Budget, depth: usize, size: &mut Size) -> Result<(), Exceeded> {
    if depth > DEEPEST {
        return Err(budget.exceed(Exceeded::Depth(DEEPEST)));
    }
    budget.step(1)?;
    size.nodes += 1;
    size.depth = size.depth.max(depth);
    Ok(())
}

/// Adds a text; the most bytes that it takes in writing and as JSON. Within a list or a map it is written as a literal.
fn add_text(
    budget: &Budget,
    text: &[u8],
    is_bare: bool,
    depth: usize,
    size: &mut Size,
) -> Result<(usize, usize), Exceeded> {
    let bytes = text.len();
    budget.read(bytes)?;
    size.bytes = size.bytes.saturating_add(bytes);
    size.tree = size.tree.saturating_add(bytes);
    Ok((
        if is_bare { bytes } else { bytes.saturating_mul(8) },
        if depth == 0 { bytes.saturating_mul(6) } else { escaped(text) },
    ))
}

/// Adds a value that takes at most so many bytes by itself in writing and as JSON.
const fn end_node(text: usize, json: usize, size: &mut Size) {
    size.text = size.text.saturating_add(text).saturating_add(4);
    size.tree = size.tree.saturating_add(NODE);
    size.json = size.json.saturating_add(json).saturating_add(4);
}

/// The most bytes of a text as JSON.
fn escaped(text: &[u8]) -> usize {
    /// What each byte grows by: control characters and marks are written as `\u003c`.
    const GROWN: [u8; 256] = {
        let (mut grown, mut byte) = ([0; 256], 0);
        while byte < 256 {
            if byte < 0x20 || matches!(byte, 0x22 | 0x26 | 0x27 | 0x3c | 0x3e | 0x5c) {
                grown[byte] = 5;
            }
            byte += 1;
        }
        grown
    };
    text.len() + text.iter().map(|byte| usize::from(GROWN[usize::from(*byte)])).sum::<usize>()
}

/// The most bytes that a number is written in.
fn longest_number(value: &Value) -> usize {
    if value.is_integer() {
        return if value.as_i64().is_some() { 20 } else { 40 };
    }
    let is_short = f64::try_from(value.clone()).is_ok_and(|real| real == 0.0 || (1e-16..1e21).contains(&real.abs()));
    if is_short { LONGEST_WRITING } else { LONGEST_DOUBLE }
}
