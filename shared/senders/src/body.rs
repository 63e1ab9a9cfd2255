//! What a request's body says: JSON, forms, bodies of several parts, XML and `CloudEvents`.

mod fields;
pub mod form;
pub(crate) mod media;
mod multipart;
mod proved;
mod unpack;
mod xml;

pub(crate) use multipart::field as part_text;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use media::Media;
use unpack::unpacked;

use crate::json::{self, Map, Unreadable, Value};
use crate::percent;
use crate::sender::{ProvedAs, Sender};

/// The prefix of the headers that describe an event in `CloudEvents`' binary mode.
const BINARY: &str = "ce-";

/// A request's body, with the headers that say what it is.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a, S> {
    headers: &'a [(S, S)],
    bytes: &'a [u8],
}

/// What a body says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// The body with its fields at hand; `None` where it is plain text or bytes.
    pub payload: Option<Value>,
    /// The envelope around the payload where the event is a `CloudEvent`: `type`, `source`, `id`, `subject`, `time`.
    pub cloudevent: Option<Value>,
    /// Why there is no payload: where the body stops being JSON.
    pub unreadable: Option<Unreadable>,
}

impl<'a, S: AsRef<str>> Body<'a, S> {
    /// A body with the headers of its request, by lower-case name.
    pub const fn new(headers: &'a [(S, S)], bytes: &'a [u8]) -> Self {
        Self { headers, bytes }
    }

    /// Reads the body as its sender writes it; what it cannot be is no payload, never an error.
    pub fn read(&self, sender: Option<&Sender>) -> Content {
        let steps = sender.map_or(&[][..], |sender| sender.unpack);
        if let Some(proved) = sender.and_then(Sender::proved_as) {
            let written = self.header("content-type").unwrap_or_default();
            if let Some(read) = proved::payload(proved, &self.media(), written, self.bytes) {
                let whole = matches!(proved, ProvedAs::Field(_) | ProvedAs::AnyField(_));
                // The field that holds the whole is unpacked already.
                let steps = if whole { &[][..] } else { steps };
                let (payload, unreadable) = match read {
                    Ok(payload) => (payload.map(|payload| unpacked(steps, payload)), None),
                    Err(unreadable) => (None, Some(unreadable)),
                };
                return Content { payload, cloudevent: self.binary_envelope(), unreadable };
            }
        }
        let read = match self.is_structured() {
            true => structured(self.bytes),
            false => payload(self.media(), self.bytes).map(|payload| Content {
                payload: payload.map(|payload| unpacked(steps, payload)),
                cloudevent: self.binary_envelope(),
                unreadable: None,
            }),
        };
        read.unwrap_or_else(|unreadable| Content {
            payload: None,
            cloudevent: self.binary_envelope().filter(|_| !self.is_structured()),
            unreadable: Some(unreadable),
        })
    }

    /// The envelope of a `CloudEvent`, from its headers or from the body's exact bytes.
    pub fn cloudevent(&self) -> Option<Value> {
        if self.is_structured() { structured(self.bytes).ok()?.cloudevent } else { self.binary_envelope() }
    }

    /// The body as text, in the charset of its content type and without a byte order mark.
    pub fn text(&self) -> Cow<'a, str> {
        self.media().text(self.bytes)
    }

    /// Whether the body is a whole `CloudEvent`.
    pub fn is_structured(&self) -> bool {
        self.media().name == "application/cloudevents+json"
    }

    /// What the body is said to be.
    fn media(&self) -> Media {
        Media::of(self.header("content-type").unwrap_or_default())
    }

    /// The envelope that the headers make, if they make one.
    fn binary_envelope(&self) -> Option<Value> {
        let attributes = self.headers.iter().filter_map(|(name, value)| {
            let name = name.as_ref().strip_prefix(BINARY)?;
            Some((name, String::from_utf8_lossy(&percent::decoded(value.as_ref().as_bytes())).into_owned()))
        });
        let envelope: Map = attributes.collect();
        let is_whole = ["specversion", "type", "source", "id"].iter().all(|name| envelope.contains_key(name));
        is_whole.then(|| envelope.into())
    }

    /// The first value of a header.
    fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(found, _)| found.as_ref() == name).map(|(_, value)| value.as_ref())
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
