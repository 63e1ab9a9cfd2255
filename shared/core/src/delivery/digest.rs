//! A digest of what a delivery says.

use ring::digest::Context;

use crate::event::Event;
use crate::json::Value;
use bellhop_senders::body::form;
use bellhop_senders::sender::{Part, Sender, Signed, text_at, values_at};

/// The fields of an SNS message that are signed and stay the same.
const SNS: &[&str] = &["Message", "MessageId", "Subject", "TopicArn", "Type"];

/// Adds an event's content to a hash: its exact bytes, or what of it counts where a row says that some does not.
pub(super) fn content(hash: &mut Context, event: &Event, payload: Option<&Value>, sender: &Sender) {
    if !counted(hash, event, payload, sender) {
        text(hash, &event.body);
    }
    for name in sender.repeat().headers {
        let found = event.head.headers.iter().find(|(found, _)| found == name);
        text(hash, found.map_or(&[][..], |(_, value)| value.as_bytes()));
    }
    if let Some(query) = event.head.query.as_deref().filter(|_| sender.proves_query()) {
        text(hash, query.as_bytes());
    }
}

/// Adds a text with its length, so that it ends where it ends.
pub(super) fn text(hash: &mut Context, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// Adds what counts of a payload; says whether it could: without a payload, or where all of it counts, it does not.
fn counted(hash: &mut Context, event: &Event, payload: Option<&Value>, sender: &Sender) -> bool {
    if let Some(signed) = sender.signs_fields() {
        let fields = signed_fields(event, payload, sender, signed);
        let Some(fields) = fields.filter(|fields| !fields.is_empty()) else { return false };
        fields.iter().for_each(|field| text(hash, field.as_bytes()));
        return true;
    }
    let changes: Vec<_> = sender.changing_fields().filter(|path| *path != "*").collect();
    let Some(payload) = payload.filter(|_| !changes.is_empty()) else { return false };
    let mut payload = payload.clone();
    for path in changes {
        without(&mut payload, &path.split('.').collect::<Vec<_>>());
    }
    value(hash, &payload);
    true
}

/// The texts of the fields that a signature covers, of each item that is signed on its own; `None` where it covers
/// something that cannot be found.
fn signed_fields(event: &Event, payload: Option<&Value>, sender: &Sender, signed: &Signed) -> Option<Vec<String>> {
    let items = match signed.each {
        Some(each) => values_at(payload?, each)?,
        None => payload.into_iter().collect(),
    };
    let changes: Vec<_> = sender.changing_fields().collect();
    let mut found = Vec::new();
    let mut add = |item: Option<&Value>, path: &str| {
        if !changes.contains(&path) {
            found.push(item.and_then(|item| text_at(item, path)).unwrap_or_default().into_owned());
        }
    };
    for part in signed.content {
        match part {
            Part::Field(path) | Part::OptionalField(path) => items.iter().for_each(|item| add(Some(item), path)),
            Part::Sns => SNS.iter().for_each(|path| add(payload, path)),
            _ => {}
        }
    }
    for part in signed.content {
        if let Part::FormField(name) = part {
            found.push(String::from_utf8_lossy(&form::only(&event.body, name)?).into_owned());
        }
    }
    Some(found)
}

/// Takes the field at a path out of a value; `*` is every item of a list.
fn without(value: &mut Value, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else { return };
    match (value, rest) {
        (Value::Object(fields), []) => {
            fields.remove(first);
        }
        (Value::Object(fields), rest) => {
            if let Some(field) = fields.get_mut(first) {
                without(field, rest);
            }
        }
        (Value::Array(items), rest) if *first == "*" => items.iter_mut().for_each(|item| without(item, rest)),
        (Value::Array(items), rest) => {
            if let Some(item) = first.parse::<usize>().ok().and_then(|at| items.get_mut(at)) {
                without(item, rest);
            }
        }
        _ => {}
    }
}

/// Adds a value, its fields in the order of their names, so that no other value adds the same.
fn value(hash: &mut Context, value: &Value) {
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(false) => hash.update(b"f"),
        Value::Bool(true) => hash.update(b"t"),
        Value::Number(number) => {
            hash.update(b"#");
            text(hash, number.to_string().as_bytes());
        }
        Value::String(string) => {
            hash.update(b"s");
            text(hash, string.as_bytes());
        }
        Value::Array(items) => {
            hash.update(b"[");
            hash.update(&(items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| self::value(hash, item));
        }
        Value::Object(fields) => {
            hash.update(b"{");
            hash.update(&(fields.len() as u64).to_be_bytes());
            for (name, field) in fields.iter() {
                text(hash, name.as_bytes());
                self::value(hash, field);
            }
        }
    }
}
