//! The filters and tests of ours, besides those that every Jinja has.

mod document;
mod items;
mod markup;
mod money;
mod slack;
mod wording;

use std::borrow::Cow;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, State, Value, filters};

use self::money::money;
use super::context::to_value;
use super::numbers::{self, Writings};
use super::pretty::pretty;
use super::written;
use crate::json;
use crate::telegram::{beginning, shows_nothing};

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    items::add(env);
    env.add_filter("truncate", |value: &Value, length: usize| wording::truncate(&shown(value), length));
    env.add_filter("firstline", |value: &Value| wording::first_line(&shown(value)).to_owned());
    env.add_filter("short", |value: &Value| beginning(&shown(value), 7).to_owned());
    env.add_filter("words", |value: &Value| wording::words(&shown(value)));
    env.add_filter("verdict", |value: &Value| wording::verdict(&shown(value)));
    env.add_filter("plural", wording::plural);
    env.add_filter("when", wording::when);
    env.add_filter("unix_seconds", wording::unix_seconds);
    env.add_filter("without_prefix", wording::without_prefix);
    env.add_filter("money", money);
    env.add_filter("urlencode", |value: &Value| wording::url_encoded(&shown(value)));
    env.add_filter("pretty", |state: &State<'_, '_>, value: &Value| pretty(&sent(state, value)));
    env.add_filter("tojson", written::to_json);
    env.add_filter("fromjson", from_json);
    env.add_filter("link", markup::link);
    env.add_filter("bold", markup::bold);
    env.add_filter("around", markup::around);
    env.add_filter("joined", markup::joined);
    env.add_filter("line", markup::line);
    env.add_filter("quote", markup::quote);
    env.add_filter("untag", |value: &Value| markup::untag(&shown(value)));
    env.add_filter("slack_text", |value: &Value| slack::plain(&shown(value)));
    env.add_filter("document_text", document::plain);
    env.add_filter("escape", markup::escaped);
    env.add_filter("e", markup::escaped);
    for (name, filter, empty) in lenient() {
        let lenient = move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
            let args = args.into_values();
            let is_missing = args.first().is_some_and(Value::is_undefined);
            if is_missing { Ok(empty.clone()) } else { filter.call(state, &args) }
        };
        env.add_filter(name, lenient);
    }
    // A null in a payload counts as missing, so both names must find it.
    env.add_test("none", |value: &Value| value.is_none() || value.is_undefined());
    env.add_test("blank", |value: &Value| shows_nothing(&text(value)));
}

/// Filters of the engine that refuse a missing value, and what they make of it here.
fn lenient() -> [(&'static str, Value, Value); 11] {
    let no_items = || Value::from(Vec::<Value>::new());
    [
        ("abs", Value::from_function(filters::abs), Value::UNDEFINED),
        ("count", Value::from_function(filters::length), Value::from(0)),
        ("dictsort", Value::from_function(filters::dictsort), no_items()),
        ("first", Value::from_function(filters::first), Value::UNDEFINED),
        ("items", Value::from_function(filters::items), no_items()),
        ("last", Value::from_function(filters::last), Value::UNDEFINED),
        ("length", Value::from_function(filters::length), Value::from(0)),
        ("lines", Value::from_function(filters::lines), no_items()),
        ("reverse", Value::from_function(filters::reverse), Value::UNDEFINED),
        ("round", Value::from_function(filters::round), Value::UNDEFINED),
        ("split", Value::from_function(filters::split), no_items()),
    ]
}

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
fn shown(value: &Value) -> Cow<'_, str> {
    if value.is_safe() { Cow::Owned(crate::telegram::html::plain(&text(value))) } else { text(value) }
}

/// The JSON in a text, with its fields at hand; missing where the text is something else.
fn from_json(state: &State<'_, '_>, value: &Value) -> Value {
    let json = json::read(text(value).as_bytes()).ok();
    let known = state.lookup(numbers::NAME);
    let writings = known.as_ref().and_then(Value::downcast_object_ref::<Writings>);
    json.map_or(Value::UNDEFINED, |json| to_value(&json, writings.unwrap_or(&Writings::default())))
}
