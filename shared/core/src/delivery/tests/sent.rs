//! Requests as they come out of the inbox.

use serde_json::{Value, json};

use crate::delivery::{Deduplicate, Delivery, query_fingerprint};
use crate::event::{Event, EventHead};
use crate::time::Timestamp;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::{CustomScheme, Sender};
use bellhop_senders::sign::{Outline, post};

/// A request, as far as it tells deliveries apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) query: String,
}

impl Sent {
    /// One with a JSON body.
    pub(super) fn json(body: &Value) -> Self {
        Self { headers: Vec::new(), body: body.to_string().into_bytes(), query: String::new() }
            .header("content-type", "application/json")
    }

    /// The sample of a sender, with this delivery id where it has one.
    pub(super) fn sample(sender: &'static Sender, id: &str) -> Self {
        let url = Url::new("https://hooks.example.com", "/webhook/p");
        let outline = Outline {
            url,
            body: Some(&bellhop_senders::sign::with_id(sender, sender.sample().body.as_bytes(), id)),
            event_type: None,
            id,
        };
        let made = post(sender, None, outline, Timestamp::default()).unwrap();
        Self { headers: made.headers, body: made.body, query: String::new() }
    }

    /// The same with a header, in place of the one of this name.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(found, _)| found != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with another JSON body.
    pub(super) fn with(&self, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..self.clone() }
    }

    /// The body as JSON.
    pub(super) fn document(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What tells its delivery from others at a hook of this sender.
    pub(super) fn delivery(&self, sender: &str, own: Option<Deduplicate>) -> Option<Delivery> {
        self.delivery_at(Sender::named(sender).unwrap(), own)
    }

    /// The same for a sender that is in no table.
    pub(super) fn delivery_at(&self, sender: &'static Sender, own: Option<Deduplicate>) -> Option<Delivery> {
        let head = json!({
            "id": "0190a6e5-0000-7000-8000-000000000000", "path": "p", "sender": sender.name, "received_at": 0,
            "headers": self.headers, "hooks": [], "body_bytes": self.body.len(),
            "query": query_fingerprint(&self.query, sender.secret_parameter().into_iter()),
        });
        let head: EventHead = serde_json::from_value(head).unwrap();
        let mut event = Event { head, body: self.body.clone() };
        let payload = event.read(Some(sender)).payload;
        Delivery::of(&event, payload.as_ref(), sender, event.head.delivery_id.as_deref(), own)
    }

    /// Its key, by the row of its sender.
    pub(super) fn key(&self, sender: &str) -> String {
        self.key_at(Sender::named(sender).unwrap())
    }

    /// The same for a sender that is in no table.
    pub(super) fn key_at(&self, sender: &'static Sender) -> String {
        self.delivery_at(sender, None).unwrap().key
    }
}

/// The sender that options make of `hmac-sha256`.
pub(super) fn custom(options: Value) -> &'static Sender {
    let options: CustomScheme = serde_json::from_value(options).unwrap();
    options.sender(Sender::named("hmac-sha256").unwrap()).unwrap()
}
