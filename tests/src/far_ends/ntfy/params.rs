//! What is said of a message, in JSON or in headers and the query.
//! Source: <https://docs.ntfy.sh/publish/#list-of-all-parameters>.

use std::str::from_utf8;

use serde_json::{Map, Value};

use super::{Refusal, Said, actions};
use crate::far_ends::encoded_words;
use crate::far_ends::fields::{self, Kind};
use crate::sink::Came;

/// The parameters, each with all its names.
const NAMES: &[(&str, &[&str])] = &[
    ("title", &["x-title", "title", "ti", "t"]),
    ("message", &["x-message", "message", "m"]),
    ("priority", &["x-priority", "priority", "prio", "p"]),
    ("tags", &["x-tags", "tags", "tag", "ta"]),
    ("click", &["x-click", "click"]),
    ("actions", &["x-actions", "actions", "action"]),
    ("markdown", &["x-markdown", "markdown", "md"]),
];

/// Headers of HTTP itself.
const OF_HTTP: &[&str] = &[
    "host",
    "user-agent",
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "authorization",
    "transfer-encoding",
    "traceparent",
    "tracestate",
    "sec-fetch-mode",
];

/// The topic and the message of a JSON body.
pub(super) fn json(body: &[u8]) -> Result<(String, Said), Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|_| Refusal::plain(40024))?;
    let Value::Object(object) = value else { return Err(Refusal::plain(40017)) };
    let known = [
        ("topic", Kind::Text),
        ("message", Kind::Text),
        ("title", Kind::Text),
        ("priority", Kind::Whole),
        ("tags", Kind::List),
        ("click", Kind::Text),
        ("actions", Kind::List),
        ("markdown", Kind::Flag),
    ];
    fields::check(&object, &known).map_err(|wrong| Refusal(40017, format!("{wrong:?}")))?;
    let priority = match object.get("priority").map(Value::as_u64) {
        None => 3,
        Some(Some(number @ 1..=5)) => u8::try_from(number).unwrap_or_default(),
        Some(_) => return Err(Refusal::plain(40007)),
    };
    let said = Said {
        title: fields::text(&object, "title").to_owned(),
        message: said_or_triggered(fields::text(&object, "message")),
        priority,
        tags: tags(&object)?,
        click: address(fields::text(&object, "click"))?,
        actions: match object.get("actions") {
            None => Vec::new(),
            Some(list) => actions::of_json(list)?,
        },
        markdown: object.get("markdown") == Some(&Value::Bool(true)),
    };
    Ok((fields::text(&object, "topic").to_owned(), said))
}

/// The tags of a JSON body.
fn tags(object: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let list = object.get("tags").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let tag = |tag: &Value| tag.as_str().map(str::to_owned).ok_or_else(|| Refusal(40017, "tags".to_owned()));
    list.iter().map(tag).collect()
}

/// The message of a request to a topic: its text is the body.
pub(super) fn headers(came: &Came, query: &str) -> Result<Said, Refusal> {
    let mut given = Map::new();
    for (name, value) in &came.headers {
        let name = name.as_str();
        if OF_HTTP.contains(&name) {
            continue;
        }
        let value = from_utf8(value.as_bytes()).map_err(|_| Refusal::plain(40011))?.trim();
        let value = encoded_words::decode(value).map_err(|wrong| Refusal(40011, wrong))?;
        take(&mut given, name, value)?;
    }
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        take(&mut given, &name, value.trim().to_owned())?;
    }
    let content_type = came.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = from_utf8(&came.body).map_err(|_| Refusal::plain(40014))?.trim();
    let text = |name: &str| fields::text(&given, name);
    let message = if body.is_empty() { text("message").replace("\\n", "\n") } else { body.to_owned() };
    let flag = match text("markdown").to_lowercase().as_str() {
        "" | "0" | "no" | "false" => false,
        "1" | "yes" | "true" => true,
        other => return Err(Refusal(40017, format!("markdown={other}"))),
    };
    Ok(Said {
        title: text("title").to_owned(),
        message: said_or_triggered(&message),
        priority: priority(text("priority"))?,
        tags: text("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        click: address(text("click"))?,
        actions: actions::of_text(text("actions"))?,
        markdown: flag || content_type.starts_with("text/markdown"),
    })
}

/// Takes a parameter under any of its names, once.
fn take(given: &mut Map<String, Value>, name: &str, value: String) -> Result<(), Refusal> {
    let found = NAMES.iter().find(|(_, names)| names.contains(&name.to_ascii_lowercase().as_str()));
    let (known, _) = found.ok_or_else(|| Refusal(40017, format!("unknown parameter: {name}")))?;
    match given.insert((*known).to_owned(), Value::String(value)) {
        None => Ok(()),
        Some(_) => Err(Refusal(40017, format!("{known} is there twice"))),
    }
}

/// A priority by its number or name.
fn priority(text: &str) -> Result<u8, Refusal> {
    match text.to_lowercase().as_str() {
        "1" | "min" => Ok(1),
        "2" | "low" => Ok(2),
        "" | "3" | "default" => Ok(3),
        "4" | "high" => Ok(4),
        "5" | "max" | "urgent" => Ok(5),
        _ => Err(Refusal::plain(40007)),
    }
}

/// The text, or what the server says where there is none.
fn said_or_triggered(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() { "triggered".to_owned() } else { text.to_owned() }
}

/// An address that a telephone can open.
fn address(text: &str) -> Result<String, Refusal> {
    let scheme = text.split(':').next().unwrap_or_default();
    let letters = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let good = text.contains(':') && scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) && letters(scheme);
    if text.is_empty() || good && !text.contains(char::is_whitespace) {
        return Ok(text.to_owned());
    }
    Err(Refusal(40017, format!("click is no address: {text}")))
}
