//! What an event's body says, and what the sender says there rather than in headers.

use std::borrow::Cow;

use crate::json::Value;
use bellhop_senders::body::{Body, Content};
use bellhop_senders::sender::Sender;

use super::{Event, EventHead};

impl Event {
    /// Reads the body, and fills in what the sender says there rather than in headers; a hook's own sender where one is
    /// given.
    pub fn read(&mut self, own: Option<&Sender>) -> Content {
        let content = self.content();
        let fields = match &content.cloudevent {
            Some(envelope) if self.head.body(&self.body).is_structured() => Some(envelope),
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

    /// Reads the body as its sender writes it.
    fn content(&self) -> Content {
        self.head.body(&self.body).read(Sender::named(&self.head.sender))
    }
}

impl EventHead {
    /// The envelope of a `CloudEvent`, from its headers or from the body's exact bytes.
    pub fn cloudevent(&self, body: &[u8]) -> Option<Value> {
        self.body(body).cloudevent()
    }

    /// The body as text, in the charset of its content type and without a byte order mark.
    pub fn text<'a>(&'a self, body: &'a [u8]) -> Cow<'a, str> {
        self.body(body).text()
    }

    /// The body with what the headers say of it.
    fn body<'a>(&'a self, bytes: &'a [u8]) -> Body<'a, String> {
        Body::new(&self.headers, bytes)
    }
}

#[cfg(test)]
mod tests;
