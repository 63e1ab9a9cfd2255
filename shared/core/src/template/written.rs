//! JSON of a template's values, with their numbers as they were sent.

use std::io::{self, Write};

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};
use serde::Serialize as _;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::engine::written_in;
use super::numbers;
use crate::json::{self, Map, Number};
use crate::markup::Markup;

/// The most spaces that a level may be indented by.
const WIDEST: usize = 16;

/// The filter `tojson`, as the engine has it but for numbers: safe within HTML, in one line or indented.
pub(super) fn to_json(
    state: &State<'_, '_>,
    value: &Value,
    indent: Option<Value>,
    args: Kwargs,
) -> Result<Value, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => args.get("indent")?,
    };
    args.assert_all_used()?;
    let spaces = match indent.map(|indent| (bool::try_from(indent.clone()), indent)) {
        None | Some((Ok(false), _)) => None,
        Some((Ok(true), _)) => Some(2),
        Some((Err(_), indent)) => Some(usize::try_from(indent)?.min(WIDEST)),
    };
    let sent = sent(state, value);
    let mut bytes = Vec::new();
    match spaces {
        None => sent.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced)),
        Some(spaces) => {
            let indent = vec![b' '; spaces];
            sent.serialize(&mut Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(&indent)))
        }
    }
    .map_err(|_| Error::new(ErrorKind::InvalidOperation, "cannot be written as JSON"))?;
    let mut safe = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(&bytes).chars() {
        match c {
            '<' | '>' | '&' | '\'' => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            other => safe.push(other),
        }
    }
    // What is no markup in HTML may be some elsewhere.
    Ok(match written_in(state) {
        Markup::Html | Markup::Plain => Value::from_safe_string(safe),
        Markup::Mrkdwn | Markup::Markdown => Value::from(safe),
    })
}

/// A list or a map as JSON in one piece; `None` for other values.
pub(super) fn whole(state: &State<'_, '_>, value: &Value) -> Option<String> {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable)
        .then(|| sent(state, value).to_string())
}

/// A template's value as it came in.
fn sent(state: &State<'_, '_>, value: &Value) -> json::Value {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => json::Value::Null,
        ValueKind::Bool => value.is_true().into(),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().into_iter().flatten();
            json::Value::Array(items.map(|item| sent(state, &item)).collect())
        }
        ValueKind::Map => {
            let names = value.try_iter().into_iter().flatten();
            let fields = names.map(|name| {
                (name.to_string(), value.get_item(&name).map_or(json::Value::Null, |item| sent(state, &item)))
            });
            fields.collect::<Map>().into()
        }
        _ => {
            let number = numbers::as_sent(state, value).or_else(|| value.is_number().then(|| value.to_string().into()));
            let number = number.map(|text| Number::parse(&text).map_or(json::Value::Null, json::Value::Number));
            number.unwrap_or_else(|| value.as_str().map_or_else(|| value.to_string(), str::to_owned).into())
        }
    }
}

/// JSON in one line, with a space after each comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { out.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }
}
