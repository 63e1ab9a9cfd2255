//! What an event's body says: JSON, forms, bodies of several parts, XML and `CloudEvents`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::media::Media;
use super::unpack::unpacked;
use super::{Event, EventHead, form, multipart, proved, xml};
use crate::json::{self, Map, Unreadable, Value};
use crate::percent;
use crate::sender::{ProvedAs, Sender};

/// The prefix of the headers that describe an event in `CloudEvents`' binary mode.
const BINARY: &str = "ce-";

/// What an event's body says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// The body with its fields at hand; `None` where it is plain text or bytes.
    pub payload: Option<Value>,
    /// The envelope around the payload where the event is a `CloudEvent`: `type`, `source`, `id`, `subject`, `time`.
    pub cloudevent: Option<Value>,
    /// Why there is no payload: where the body stops being JSON.
    pub unreadable: Option<Unreadable>,
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

    /// Reads the body; what it cannot be is no payload, never an error.
    fn content(&self) -> Content {
        let sender = Sender::named(&self.head.sender);
        let steps = sender.map_or(&[][..], |sender| sender.unpack);
        if let Some(proved) = sender.and_then(Sender::proved_as) {
            let written = self.head.header("content-type").unwrap_or_default();
            if let Some(read) = proved::payload(proved, &self.head.media(), written, &self.body) {
                let whole = matches!(proved, ProvedAs::Field(_) | ProvedAs::AnyField(_));
                // The field that holds the whole is unpacked already.
                let steps = if whole { &[][..] } else { steps };
                let (payload, unreadable) = match read {
                    Ok(payload) => (payload.map(|payload| unpacked(steps, payload)), None),
                    Err(unreadable) => (None, Some(unreadable)),
                };
                return Content { payload, cloudevent: self.head.binary_envelope(), unreadable };
            }
        }
        let read = match self.head.is_structured() {
            true => structured(&self.body),
            false => payload(self.head.media(), &self.body).map(|payload| Content {
                payload: payload.map(|payload| unpacked(steps, payload)),
                cloudevent: self.head.binary_envelope(),
                unreadable: None,
            }),
        };
        read.unwrap_or_else(|unreadable| Content {
            payload: None,
            cloudevent: self.head.binary_envelope().filter(|_| !self.head.is_structured()),
            unreadable: Some(unreadable),
        })
    }
}

impl EventHead {
    /// The envelope of a `CloudEvent`, from its headers or from the body's exact bytes.
    pub fn cloudevent(&self, body: &[u8]) -> Option<Value> {
        if self.is_structured() { structured(body).ok()?.cloudevent } else { self.binary_envelope() }
    }

    /// The body as text, in the charset of its content type and without a byte order mark.
    pub fn text<'a>(&self, body: &'a [u8]) -> Cow<'a, str> {
        self.media().text(body)
    }

    /// What the body is said to be.
    fn media(&self) -> Media {
        Media::of(self.header("content-type").unwrap_or_default())
    }

    /// Whether the body is a whole `CloudEvent`.
    fn is_structured(&self) -> bool {
        self.media().name == "application/cloudevents+json"
    }

    /// The envelope that the headers make, if they make one.
    fn binary_envelope(&self) -> Option<Value> {
        let attributes = self.headers.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(BINARY)?;
            Some((name, String::from_utf8_lossy(&percent::decoded(value.as_bytes())).into_owned()))
        });
        let envelope: Map = attributes.collect();
        let is_whole = ["specversion", "type", "source", "id"].iter().all(|name| envelope.contains_key(name));
        is_whole.then(|| envelope.into())
    }

    /// The first value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// The payload that a body of this type is; the error where it is none and no JSON either. A form without fields has none.
///
/// A content type is often wrong: `curl -d` calls everything a form. So what is JSON from its first bracket to its last
/// is JSON whatever it is called, and what is nothing else is tried as JSON.
fn payload(media: Media, body: &[u8]) -> Result<Option<Value>, Unreadable> {
    let otherwise = match media.name.as_str() {
        _ if media.is_form() => {
            let json = media.json(body).ok().filter(|value| value.is_object() || value.is_array());
            return match json {
                Some(json) => Ok(Some(json)),
                None if form::has_too_many(body) => Err(Unreadable::fields()),
                None => Ok(form::read(body, media.get("charset"))),
            };
        }
        name if name.starts_with("multipart/") => multipart::read(body, &media),
        _ if media.is_xml() => xml::read(&media.xml(body)),
        _ => None,
    };
    otherwise.map_or_else(|| media.json(body), Ok).map(Some)
}

/// A whole `CloudEvent`, taken apart into its data and what stands around it.
fn structured(body: &[u8]) -> Result<Content, Unreadable> {
    let Value::Object(mut envelope) = json::read(body)? else {
        return Ok(Content::default());
    };
    let (data, encoded) = (envelope.remove("data"), envelope.remove("data_base64"));
    let payload = data.or_else(|| {
        let bytes = STANDARD.decode(encoded.as_ref()?.as_str()?).ok()?;
        let media = Media::of(envelope.get("datacontenttype").and_then(Value::as_str).unwrap_or_default());
        let text = || std::str::from_utf8(&bytes).ok().map(Value::from);
        payload(media, &bytes).ok().flatten().or_else(text)
    });
    Ok(Content { payload, cloudevent: Some(envelope.into()), unreadable: None })
}

#[cfg(test)]
mod tests;
