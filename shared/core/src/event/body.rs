//! What an event's body says: JSON, forms, XML and `CloudEvents`.

use serde_json::{Map, Value};

use super::unpack::unpacked;
use super::{Event, EventHead, xml};
use crate::sender::Sender;

/// The prefix of the headers that describe an event in `CloudEvents`' binary mode.
const BINARY: &str = "ce-";

/// What an event's body says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// The body with its fields at hand; `None` where it is plain text or bytes.
    pub payload: Option<Value>,
    /// The envelope around the payload where the event is a `CloudEvent`: `type`, `source`, `id`, `subject`, `time`.
    pub cloudevent: Option<Value>,
}

impl Event {
    /// Reads the body, and fills in what the sender says there rather than in headers; a hook's own sender where one is
    /// given.
    pub fn read(&mut self, own: Option<&Sender>) -> Content {
        let content = self.content();
        let fields = match &content.cloudevent {
            Some(envelope) if self.head.is_structured() => Some(envelope),
            _ => content.payload.as_ref(),
        };
        self.head.read_fields(own, fields);
        if let (None, Some(envelope)) = (&self.head.event_type, &content.cloudevent) {
            self.head.event_type = envelope["type"].as_str().map(str::to_owned);
        }
        content
    }

    /// The body with its fields at hand: JSON, a form's fields, XML, or the data of a `CloudEvent`.
    pub fn payload(&self) -> Option<Value> {
        self.content().payload
    }

    /// Reads the body by its content type; what it cannot be is `None`, never an error.
    fn content(&self) -> Content {
        if self.head.is_structured() {
            return structured(&self.body).unwrap_or_default();
        }
        let content_type = self.head.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
        let media_type = content_type.split(';').next().unwrap_or_default().trim_end();
        let payload = match media_type {
            "application/x-www-form-urlencoded" => form(&self.body),
            _ if media_type.ends_with("/xml") || media_type.ends_with("+xml") => xml::read(&self.body),
            _ => None,
        };
        let payload = payload.or_else(|| serde_json::from_slice(&self.body).ok());
        let steps = Sender::named(&self.head.sender).map_or(&[][..], |sender| sender.unpack);
        let payload = payload.map(|payload| unpacked(steps, payload));
        Content { payload, cloudevent: self.head.binary_envelope() }
    }
}

impl EventHead {
    /// The envelope of a `CloudEvent`, from its headers or from the body's exact bytes.
    pub fn cloudevent(&self, body: &[u8]) -> Option<Value> {
        if self.is_structured() { structured(body)?.cloudevent } else { self.binary_envelope() }
    }

    /// Whether the body is a whole `CloudEvent`.
    fn is_structured(&self) -> bool {
        let content_type = self.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
        content_type.starts_with("application/cloudevents+json")
    }

    /// The envelope that the headers make, if they make one.
    fn binary_envelope(&self) -> Option<Value> {
        let attributes = self.headers.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(BINARY)?;
            Some((name.to_owned(), Value::String(percent_decoded(value))))
        });
        let envelope: Map<String, Value> = attributes.collect();
        let is_whole = ["specversion", "type", "source", "id"].iter().all(|name| envelope.contains_key(*name));
        is_whole.then(|| envelope.into())
    }

    /// The first value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// A whole `CloudEvent`, taken apart into its data and what stands around it.
fn structured(body: &[u8]) -> Option<Content> {
    let Value::Object(mut envelope) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let payload = envelope.remove("data");
    Some(Content { payload, cloudevent: Some(envelope.into()) })
}

/// A form's fields, one that stands there several times as a list; or the JSON in its field `payload`.
fn form(body: &[u8]) -> Option<Value> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        let value = Value::String(value.into_owned());
        match fields.get_mut(name.as_ref()) {
            None => {
                fields.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    let wrapped = fields.get("payload").and_then(Value::as_str).and_then(|json| serde_json::from_str(json).ok());
    match wrapped {
        Some(payload @ (Value::Object(_) | Value::Array(_))) => Some(payload),
        _ => (!fields.is_empty()).then(|| fields.into()),
    }
}

/// A header's value with the bytes that `%` stands for, as `CloudEvents` writes other than ASCII.
fn percent_decoded(value: &str) -> String {
    if !value.contains('%') {
        return value.to_owned();
    }
    // A form would read `+` as a space, a header means it.
    let value = format!("x={}", value.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(value.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
