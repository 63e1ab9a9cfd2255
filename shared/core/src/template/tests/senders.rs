//! Every sender's message: on its sample and on cases of ours as snapshots, and on what is left of them when fields are
//! missing, hostile or endless.

use std::path::{Path, PathBuf};

use super::*;
use bellhop_senders::body::Body;
use bellhop_senders::sender::Sender;
use bellhop_senders::texts::default_text;

/// One payload of a sender and what it is called.
#[derive(serde::Deserialize)]
pub(super) struct Case {
    case: String,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    pub(super) payload: Value,
}

impl Case {
    /// What it is called.
    pub(super) fn title(&self) -> String {
        let event = self.event.as_ref().filter(|_| self.case != "the sample").map(|event| format!("{event}: "));
        event.unwrap_or_default() + &self.case
    }

    /// The message for the payload, or for another in its place; made by the sender's own text.
    pub(super) fn message(&self, sender: &Sender, payload: &Value) -> String {
        self.made(sender, payload).unwrap_or_else(|failure| panic!("{} {payload}: {failure}", sender.name))
    }

    /// The message for the payload, or for another in its place; or why the sender's own text cannot make one.
    fn made(&self, sender: &Sender, payload: &Value) -> Result<String, String> {
        self.delivered(sender, payload, |delivery| {
            let own = default_text(sender.name, self.event.as_deref());
            let made = compiled(own).render(&delivery.context()).map_err(|failure| failure.to_string())?;
            if made.trim().is_empty() { Err("no text".to_owned()) } else { Ok(delivery.message()) }
        })
    }

    /// What is made of a delivery of the payload.
    fn delivered<T>(&self, sender: &Sender, payload: &Value, make: impl FnOnce(Delivery<'_>) -> T) -> T {
        let body = payload.to_string();
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        make(Delivery {
            sender: sender.name,
            event_type: self.event.as_deref(),
            headers: &headers,
            body: body.as_bytes(),
        })
    }
}

/// A text, compiled once.
fn compiled(source: &'static str) -> Template {
    thread_local!(static COMPILED: std::cell::RefCell<std::collections::HashMap<&'static str, Template>> = Default::default());
    COMPILED.with_borrow_mut(|all| {
        all.entry(source).or_insert_with(|| Template::compile(source, Escape::Html).unwrap()).clone()
    })
}

/// The folder of the table.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../senders/table")
}

/// The senders that have texts, of their own or another's.
pub(super) fn with_texts() -> impl Iterator<Item = &'static Sender> {
    Sender::all().iter().filter(|sender| default_text(sender.name, None) != default_text("", None))
}

/// The sample of a sender and the cases of ours.
pub(super) fn cases(sender: &'static Sender) -> Vec<Case> {
    let sample = sender.sample();
    let payload = Body::new(sample.headers, sample.body.as_bytes()).read(Some(sender)).payload.expect(sender.name);
    let delivery = Delivery { sender: sender.name, event_type: sample.event_type, headers: sample.headers, body: &[] };
    let mut head = delivery.head();
    head.read_fields(None, Some(&payload));
    let mut all = vec![Case {
        case: "the sample".to_owned(),
        event: head.event_type,
        headers: vec![],
        payload: serde_json::to_value(payload).unwrap(),
    }];
    let file = format!("../senders/cases/{}.json", sender.name);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if let Ok(text) = std::fs::read_to_string(file) {
        all.extend(serde_json::from_str::<Vec<Case>>(&text).unwrap_or_else(|error| panic!("{}: {error}", sender.name)));
    }
    all
}

#[test]
fn every_sender_reads_as_its_snapshot() {
    for sender in with_texts().filter(|sender| sender.name != "github") {
        let mut all = String::new();
        for case in cases(sender) {
            all += &format!("## {}\n{}\n\n", case.title(), case.message(sender, &case.payload));
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(sender.name, all);
        });
    }
}

#[test]
fn every_folder_belongs_to_a_sender() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(!path.is_dir() || Sender::named(&name).is_some(), "senders/{name} has no row: senders/{name}.toml");
    }
    assert!(with_texts().count() >= 30);
}

#[test]
fn missing_fields_leave_no_holes() {
    let mut troubles = Vec::new();
    for sender in with_texts() {
        for case in cases(sender) {
            let mut payloads = vec![json!({}), case.payload.clone(), nulls(&case.payload)];
            let mut paths = Vec::new();
            paths_of(&case.payload, &mut Vec::new(), &mut paths);
            for path in &paths {
                payloads.push(without(&case.payload, path));
                payloads.extend(emptied(&case.payload, path));
            }
            for payload in payloads {
                let trouble = match case.made(sender, &payload) {
                    Ok(html) => hole(&html, &case.payload).map(|hole| format!("{hole}\n{html}")),
                    Err(failure) => Some(failure),
                };
                if let Some(trouble) = trouble {
                    let (sender, event, case) = (sender.name, &case.event, &case.case);
                    troubles.push(format!("{sender} {event:?} ({case}): {trouble}\nof {payload}"));
                }
            }
        }
    }
    assert!(troubles.is_empty(), "{} troubles:\n{}", troubles.len(), troubles.join("\n\n"));
}

#[test]
fn an_event_without_type_or_with_a_new_one_is_told_too() {
    for sender in with_texts() {
        for event in [None, Some("brand_new.kind")] {
            for Case { case, payload, headers, .. } in cases(sender) {
                let case = Case { case, event: event.map(str::to_owned), headers, payload };
                let html = case.message(sender, &case.payload);
                assert_eq!(hole(&html, &case.payload), None, "{} {}: {html}", sender.name, case.case);
            }
        }
    }
}

#[test]
fn hostile_values_show_as_text_and_long_ones_are_cut() {
    let hostile = "</b></a><script>\u{202e}&amp;\"'\n{{ payload }}";
    let long = "x".repeat(5_000);
    let mut troubles = Vec::new();
    for sender in with_texts() {
        for case in cases(sender) {
            let html = case.message(sender, &replaced(&case.payload, hostile));
            assert!(!html.contains("<script"), "{}: {html}", sender.name);
            let html = case.message(sender, &replaced(&case.payload, "<o>"));
            let is_twice = ["&amp;lt;", "&lt;a ", "&lt;b&gt;", "&lt;/"].iter().any(|twice| html.contains(twice));
            assert!(!is_twice, "{}: escaped twice: {html}", sender.name);
            let mut endless = replaced(&case.payload, &long);
            endless = repeated(&endless);
            let shown = html::plain(&case.message(sender, &endless));
            // The generic one shows all there is.
            let is_generic = default_text(sender.name, None) == default_text("standard-webhooks", None);
            if units(&shown) > MESSAGE_UNITS && !is_generic {
                troubles.push(format!(
                    "{} {}: {} units\n{}",
                    sender.name,
                    case.case,
                    units(&shown),
                    shown.replace(&"x".repeat(100), "X")
                ));
            }
            for odd in [
                json!(7),
                json!("text"),
                json!([[], {}, 7]),
                json!({"event": 7, "data": [], "payload": "x", "action": {}}),
            ] {
                case.delivered(sender, &odd, |delivery| delivery.message());
            }
        }
    }
    assert!(troubles.is_empty(), "{} texts are too long: {}", troubles.len(), troubles.join("\n\n"));
}

/// What is wrong with a message that a field is missing from; `None` where it reads well.
fn hole(html: &str, whole: &Value) -> Option<String> {
    for tag in ["<b></b>", "<code></code>", "<blockquote></blockquote>", "<pre></pre>", "<b> ", " </b>"] {
        if html.contains(tag) {
            return Some(format!("{tag} in it"));
        }
    }
    for href in html.split("href=\"").skip(1).map(|rest| html::plain(&rest[..rest.find('"').unwrap()])) {
        let is_given = whole.to_string().contains(&href) || href.ends_with("/details/");
        let path = href.split_once("://").map_or("", |(_, path)| path);
        if !is_given && (path.contains("//") || href.ends_with(['/', '=', ':', '#']) || path.starts_with('/')) {
            return Some(format!("a link to {href}"));
        }
    }
    let told = html.split("<blockquote>").map(|part| part.split_once("</blockquote>").map_or(part, |(_, rest)| rest));
    let told: String = told.collect::<Vec<_>>().join("…");
    let told = told.split("<pre>").map(|part| part.split_once("</pre>").map_or(part, |(_, rest)| rest));
    for line in html::plain(&told.collect::<Vec<_>>().join("…")).lines() {
        let ends = [
            " by", " on", " in", " and", " or", " to", " of", " the", " from", " into", " at", " with", " for", " a",
            " an", " is", "·", ":", "→", "#", ",", "(", "“", "×",
        ];
        let starts = ["·", ":", "→", ",", ")", ".", "”", "by ", "on ", "to "];
        let inner = [
            "  ",
            "()",
            "“”",
            "[]",
            " ,",
            " .",
            "· ·",
            "( ",
            " )",
            "{{",
            "undefined",
            "None",
            ": :",
            "# ",
            "#,",
            "\u{201c} ",
        ];
        let found = ends
            .iter()
            .find(|end| line.ends_with(*end) && !line.ends_with(":bell:") && !line.ends_with(" sent in"))
            .or(starts.iter().find(|start| line.starts_with(*start)));
        let found = found.or(inner.iter().find(|part| line.contains(*part)));
        if line.trim() != line || line.is_empty() {
            return Some(format!("the line {line:?}"));
        }
        if let Some(found) = found {
            return Some(format!("{found:?} in {line:?}"));
        }
    }
    None
}

/// All paths of a payload but of list entries after the second.
fn paths_of(value: &Value, at: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    let entries: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().take(2).enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in entries {
        at.push(name);
        all.push(at.clone());
        paths_of(value, at, all);
        at.pop();
    }
}

/// The payload without what is at a path.
fn without(payload: &Value, path: &[String]) -> Value {
    let mut payload = payload.clone();
    let (last, parents) = path.split_last().unwrap();
    let parent =
        payload.pointer_mut(&parents.iter().map(|step| format!("/{}", step.replace('/', "~1"))).collect::<String>());
    match parent {
        Some(Value::Object(fields)) => drop(fields.remove(last)),
        Some(Value::Array(items)) => drop(items.remove(last.parse().unwrap())),
        _ => panic!("no {path:?} in {payload}"),
    }
    payload
}

/// The payload with an empty value at a path, of the kind that stands there, and with null.
fn emptied(payload: &Value, path: &[String]) -> Vec<Value> {
    let pointer: String = path.iter().map(|step| format!("/{}", step.replace('/', "~1"))).collect();
    let with = |value: Value| {
        let mut payload = payload.clone();
        *payload.pointer_mut(&pointer).unwrap() = value;
        payload
    };
    match payload.pointer(&pointer).unwrap() {
        Value::String(_) => vec![with(json!("")), with(Value::Null)],
        Value::Array(_) => vec![with(json!([])), with(Value::Null)],
        Value::Object(_) => vec![with(json!({})), with(Value::Null)],
        _ => vec![with(Value::Null)],
    }
}

/// The payload with null for all its texts, numbers and truths.
fn nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), nulls(value))).collect(),
        Value::Array(items) => items.iter().map(nulls).collect(),
        _ => Value::Null,
    }
}

/// The payload with one text for all of its own that name no kind of thing.
pub(super) fn replaced(value: &Value, text: &str) -> Value {
    const KINDS: [&str; 14] = [
        "type",
        "event",
        "object_kind",
        "object",
        "action",
        "status",
        "state",
        "event_type",
        "eventCode",
        "RecordType",
        "Type",
        "Message",
        "webhookEvent",
        "kind",
    ];
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let kept = KINDS.contains(&name.as_str()) && value.is_string();
                (name.clone(), if kept { value.clone() } else { replaced(value, text) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| replaced(item, text)).collect(),
        Value::String(_) => text.into(),
        _ => value.clone(),
    }
}

/// The payload with twelve copies of each entry of its outermost lists.
fn repeated(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), repeated(value))).collect(),
        Value::Array(items) => items.iter().flat_map(|item| std::iter::repeat_n(item.clone(), 12)).collect(),
        _ => value.clone(),
    }
}
