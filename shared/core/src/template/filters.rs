//! The filters and tests of templates: ours, and those that every Jinja has.

mod document;
mod items;
mod markup;
mod money;
mod rows;
mod slack;
mod wording;

use std::borrow::Cow;

use minijinja::value::ValueKind;
use minijinja::{State, Value};

pub(super) use self::items::at;
pub(super) use self::rows::{add, has_filter, has_test};
use super::engine::written_in;
use super::numbers::{self, Writings};
use super::tree;
use super::written;
use crate::json;

/// A value as text: nothing for what is missing, JSON for lists and maps.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Cow::Borrowed(""),
        ValueKind::Bool => Cow::Borrowed(if value.is_true() { "true" } else { "false" }),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            Cow::Owned(serde_json::to_string(value).unwrap_or_default())
        }
        _ => value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed),
    }
}

/// A value as text, with numbers as they were sent.
pub(super) fn sent<'a>(state: &State<'_, '_>, value: &'a Value) -> Cow<'a, str> {
    let sent = numbers::as_sent(state, value).or_else(|| written::whole(state, value).map(Cow::Owned));
    sent.unwrap_or_else(|| text(value))
}

/// A value's text without any markup that a filter has put there, so that it can be cut and changed.
fn shown<'a>(state: &State<'_, '_>, value: &'a Value) -> Cow<'a, str> {
    if value.is_safe() { Cow::Owned(written_in(state).unmarked(&text(value))) } else { text(value) }
}

/// The JSON in a text, with its fields at hand; missing where the text is something else.
fn from_json(state: &State<'_, '_>, value: &Value) -> Value {
    let json = json::read(text(value).as_bytes()).ok();
    let known = state.lookup(numbers::NAME);
    let writings = known.as_ref().and_then(Value::downcast_object_ref::<Writings>);
    json.map_or(Value::UNDEFINED, |json| tree::copied(&json, writings.unwrap_or(&Writings::default())))
}
