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
    ("icon", &["x-icon", "icon"]),
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

/// The topic and the message of a JSON body; what it does not say, headers and the query may.
pub(super) fn json(came: &Came, query: &str) -> Result<(String, Said), Refusal> {
    let value: Value = serde_json::from_slice(&came.body).map_err(|_| Refusal::plain(40024))?;
    let Value::Object(mut object) = value else { return Err(Refusal::plain(40017)) };
    let known = [
        ("topic", Kind::Text),
        ("message", Kind::Text),
        ("title", Kind::Text),
        ("priority", Kind::Whole),
        ("tags", Kind::List),
        ("click", Kind::Text),
        ("icon", Kind::Text),
        ("actions", Kind::List),
        ("markdown", Kind::Flag),
    ];
    fields::check(&object, &known).map_err(|wrong| Refusal(40017, format!("{wrong:?}")))?;
    let topic = object.remove("topic");
    let mut given = around(came, query)?;
    for (name, value) in object {
        if given.insert(name.clone(), value).is_some() {
            return Err(Refusal(40017, format!("{name} is there twice")));
        }
    }
    let topic = topic.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((topic, said(&given)?))
}

/// The message of a request to a topic: its text is the body.
pub(super) fn headers(came: &Came, query: &str) -> Result<Said, Refusal> {
    let mut given = around(came, query)?;
    let body = from_utf8(&came.body).map_err(|_| Refusal::plain(40014))?.trim();
    if !body.is_empty() {
        given.insert("message".to_owned(), body.into());
    } else if let Some(text) = given.get("message").and_then(Value::as_str) {
        // A header has one line alone.
        let text = text.replace("\\n", "\n");
        given.insert("message".to_owned(), text.into());
    }
    said(&given)
}

/// What headers and the query say.
fn around(came: &Came, query: &str) -> Result<Map<String, Value>, Refusal> {
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
    if content_type.starts_with("text/markdown") {
        given.entry("markdown").or_insert_with(|| "yes".into());
    }
    Ok(given)
}

/// The message of parameters, each as JSON has it or as text.
fn said(given: &Map<String, Value>) -> Result<Said, Refusal> {
    let text = |name: &str| fields::text(given, name);
    Ok(Said {
        title: text("title").to_owned(),
        message: Some(text("message").trim()).filter(|text| !text.is_empty()).unwrap_or("triggered").to_owned(),
        priority: priority(given.get("priority"))?,
        tags: tags(given.get("tags"))?,
        click: address(text("click"))?,
        icon: match text("icon") {
            icon if icon.is_empty() || icon.starts_with("https://") || icon.starts_with("http://") => icon.to_owned(),
            _ => return Err(Refusal::plain(40021)),
        },
        actions: match given.get("actions") {
            Some(Value::String(text)) => actions::of_text(text)?,
            Some(list) => actions::of_json(list)?,
            None => Vec::new(),
        },
        markdown: match given.get("markdown") {
            Some(Value::String(text)) => match text.to_lowercase().as_str() {
                "" | "0" | "no" | "false" => false,
                "1" | "yes" | "true" => true,
                other => return Err(Refusal(40017, format!("markdown={other}"))),
            },
            flag => flag == Some(&Value::Bool(true)),
        },
    })
}

/// Tags in a list, or with commas between them.
fn tags(given: Option<&Value>) -> Result<Vec<String>, Refusal> {
    match given {
        Some(Value::Array(list)) => {
            let tag = |tag: &Value| tag.as_str().map(str::to_owned).ok_or_else(|| Refusal(40017, "tags".to_owned()));
            list.iter().map(tag).collect()
        }
        text => {
            let text = text.and_then(Value::as_str).unwrap_or_default();
            Ok(text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
        }
    }
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
fn priority(given: Option<&Value>) -> Result<u8, Refusal> {
    let name = match given {
        None => return Ok(3),
        Some(Value::String(name)) => name.to_lowercase(),
        Some(number) => number.to_string(),
    };
    match name.as_str() {
        "1" | "min" => Ok(1),
        "2" | "low" => Ok(2),
        "" | "3" | "default" => Ok(3),
        "4" | "high" => Ok(4),
        "5" | "max" | "urgent" => Ok(5),
        _ => Err(Refusal::plain(40007)),
    }
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
