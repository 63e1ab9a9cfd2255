//! The filters and tests of ours, besides those that every Jinja has.

use std::borrow::Cow;

use minijinja::value::{Rest, ValueKind};
use minijinja::{AutoEscape, Environment, State, Value, filters};

use super::pretty::pretty;
use crate::telegram::html::escape;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_filter("truncate", |value: &Value, length: usize| truncate(&text(value), length));
    env.add_filter("firstline", |value: &Value| first_line(&text(value)).to_owned());
    env.add_filter("short", |value: &Value| text(value).chars().take(7).collect::<String>());
    env.add_filter("pretty", |value: &Value| pretty(&text(value)));
    env.add_filter("verdict", |value: &Value| verdict(&text(value)));
    env.add_filter("link", link);
    env.add_filter("escape", escaped);
    env.add_filter("e", escaped);
    for (name, filter, empty) in lenient() {
        let lenient = move |state: &mut State<'_, '_>, args: Rest<Value>| match args.first() {
            Some(value) if value.is_undefined() => Ok(empty.clone()),
            _ => filter.call(state, &args),
        };
        env.add_filter(name, lenient);
    }
    // A null in a payload counts as missing, so both names must find it.
    env.add_test("none", |value: &Value| value.is_none() || value.is_undefined());
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

/// At most `length` characters, the last of them `…` where something was cut off.
fn truncate(text: &str, length: usize) -> String {
    if text.chars().nth(length).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(length.saturating_sub(1)).collect();
    kept.trim_end().to_owned() + "…"
}

/// The outcome of a build or a deployment in words that follow its name.
fn verdict(outcome: &str) -> String {
    let words = match outcome {
        "success" => "succeeded ✅",
        "passed" => "passed ✅",
        "failure" | "failed" | "error" => "failed ❌",
        "timed_out" => "timed out ❌",
        "startup_failure" => "could not start ❌",
        "cancelled" | "canceled" => "was cancelled",
        "skipped" => "was skipped",
        "stale" | "neutral" | "completed" => "ended",
        "action_required" => "needs someone ⚠️",
        "in_progress" | "running" => "is running",
        "queued" | "requested" | "pending" | "waiting" => "is waiting",
        _ => return outcome.replace('_', " "),
    };
    words.to_owned()
}

/// The first line that says something.
fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// A link around a text, or the bare text where the address is missing or not one to click.
fn link(state: &State<'_, '_>, label: &Value, url: &Value) -> Value {
    let (shown, url) = (text(label), text(url));
    if *state.auto_escape() == AutoEscape::None {
        return Value::from(shown.into_owned());
    }
    let shown = if label.is_safe() { shown } else { escape(&shown) };
    let goes_somewhere = ["https://", "http://", "tg://"].iter().any(|scheme| url.starts_with(scheme));
    if shown.trim().is_empty() || !goes_somewhere || url.contains(char::is_whitespace) {
        return Value::from_safe_string(shown.into_owned());
    }
    Value::from_safe_string(format!("<a href=\"{}\">{shown}</a>", escape(&url)))
}

/// The value with `&`, `<`, `>` and `"` escaped, once.
fn escaped(value: &Value) -> Value {
    if value.is_safe() { value.clone() } else { Value::from_safe_string(escape(&text(value)).into_owned()) }
}
