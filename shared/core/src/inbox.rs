//! Inbox messages: what ingress writes down, once, before it answers.
//!
//! A message is its version, one line of JSON with the event's head, and the body. The body stands there as it came,
//! so that it is escaped by nobody but the queue's own protocol.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::event::{Event, EventHead, Proof};
use crate::id::EventId;
use crate::order::Order;
use crate::time::Timestamp;

/// The version written first, so that a later one can tell messages apart.
const VERSION: u8 = b'1';

/// What is written first where an order follows as JSON.
const ORDER: u8 = b'o';

/// A message about to be written.
#[derive(Debug)]
pub struct Message<'a> {
    /// The event's id.
    pub id: EventId,
    /// The hook path it came in at.
    pub path: &'a str,
    /// The name of its sender.
    pub sender: &'static str,
    /// The event type, where a header carries it.
    pub event_type: Option<&'a str>,
    /// The sender's delivery id, where a header carries it.
    pub delivery_id: Option<&'a str>,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// Where it came from.
    pub source_ip: Option<IpAddr>,
    /// The fingerprint of its query, where it had one ([`query_fingerprint`](crate::delivery::query_fingerprint)).
    pub query: Option<String>,
    /// The headers to keep.
    pub headers: Vec<(&'a str, String)>,
    /// Whose it is.
    pub owners: Vec<Proof>,
    /// The body to keep.
    pub body: &'a [u8],
    /// Whether it was made to try a hook out.
    pub test: bool,
}

/// How a message carries its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// The bytes themselves.
    Raw,
    /// In base64.
    Base64,
    /// Not at all: it is kept elsewhere under the event's id.
    Elsewhere,
}

/// The first line's JSON; borrowed on the way out.
#[derive(Serialize)]
struct HeadLine<'a> {
    form: Form,
    id: EventId,
    path: &'a str,
    sender: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_id: Option<&'a str>,
    received_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    headers: &'a [(&'a str, String)],
    #[serde(rename = "hooks")]
    owners: &'a [Proof],
    body_bytes: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

/// What the first line's JSON says besides the head. Flattened into one with it, both would be read by way of a copy.
#[derive(Deserialize)]
struct Carried {
    form: Form,
}

/// A message read back.
#[derive(Debug, PartialEq)]
pub enum Read {
    /// The whole event.
    Whole(Event),
    /// The event's head; its body is kept elsewhere under its id.
    Claim(EventHead),
    /// Something else for the router to do.
    Order(Order),
}

/// The message is not one of ours, or it was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an inbox message: {0}")]
pub struct BadMessage(&'static str);

impl Message<'_> {
    /// The message for a carrier that takes any bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.first_line(Form::Raw, self.body.len());
        out.extend_from_slice(self.body);
        out
    }

    /// The message for a carrier that takes only the characters XML allows, as SQS does.
    ///
    /// Facts: Amazon SQS `SendMessage` takes `#x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD | #x10000-#x10FFFF`.
    pub fn to_text(&self) -> String {
        let (form, body) = match std::str::from_utf8(self.body) {
            Ok(text) if is_xml_text(text) => (Form::Raw, Cow::Borrowed(text)),
            _ => (Form::Base64, Cow::Owned(STANDARD.encode(self.body))),
        };
        let mut out = self.first_line(form, body.len());
        out.extend_from_slice(body.as_bytes());
        // Both parts are UTF-8; were they not, the message would be refused when read, not lost.
        String::from_utf8(out).unwrap_or_default()
    }

    /// The message without its body, which is kept elsewhere under the event's id.
    pub fn to_claim(&self) -> String {
        String::from_utf8(self.first_line(Form::Elsewhere, 0)).unwrap_or_default()
    }

    /// The version and the head, with room for `body` more bytes.
    fn first_line(&self, form: Form, body: usize) -> Vec<u8> {
        let head = HeadLine {
            form,
            id: self.id,
            path: self.path,
            sender: self.sender,
            event_type: self.event_type,
            delivery_id: self.delivery_id,
            received_at: self.received_at,
            source_ip: self.source_ip,
            query: self.query.as_deref(),
            headers: &self.headers,
            owners: &self.owners,
            body_bytes: self.body.len(),
            test: self.test,
        };
        let mut out = Vec::with_capacity(1536 + body);
        out.push(VERSION);
        // Writing strings and numbers to memory cannot fail; a cut line would be refused when read.
        let _ = serde_json::to_writer(&mut out, &head);
        out.push(b'\n');
        out
    }
}

/// An order as an inbox message, for a carrier that takes only the characters XML allows.
pub fn order_text(order: &Order) -> String {
    let json = serde_json::to_string(order).unwrap_or_default();
    // JSON escapes control characters; of those that SQS refuses, two are left.
    let json = json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
    format!("{}{json}", char::from(ORDER))
}

/// Reads a message back.
pub fn read(message: &[u8]) -> Result<Read, BadMessage> {
    if let Some((&ORDER, json)) = message.split_first() {
        return serde_json::from_slice(json).map(Read::Order).map_err(|_| BadMessage("it is not an order"));
    }
    let line_end = message.iter().position(|byte| *byte == b'\n').ok_or(BadMessage("it has no first line"))?;
    let (line, rest) = message.split_at(line_end);
    let (version, json) = line.split_first().ok_or(BadMessage("it is empty"))?;
    if *version != VERSION {
        return Err(BadMessage("its version is unknown"));
    }
    let no_head = |_| BadMessage("its first line is not an event's head");
    let Carried { form } = serde_json::from_slice(json).map_err(no_head)?;
    let head: EventHead = serde_json::from_slice(json).map_err(no_head)?;
    let body = match form {
        Form::Raw => rest[1..].to_vec(),
        Form::Base64 => STANDARD.decode(&rest[1..]).map_err(|_| BadMessage("its body is not base64"))?,
        Form::Elsewhere => return Ok(Read::Claim(head)),
    };
    if body.len() != head.body_bytes {
        return Err(BadMessage("its body was cut"));
    }
    Ok(Read::Whole(Event { head, body }))
}

/// The event that a message is about, for the log; `None` where it cannot be told.
pub fn event_of(message: &[u8]) -> Option<EventId> {
    #[derive(Deserialize)]
    struct Named {
        id: EventId,
    }
    let line = message.strip_prefix(&[VERSION])?.split(|byte| *byte == b'\n').next()?;
    serde_json::from_slice::<Named>(line).ok().map(|named| named.id)
}

/// Whether a text has only characters that XML 1.0 allows.
fn is_xml_text(text: &str) -> bool {
    // Bytes first: nearly every body passes without decoding a single character.
    let controls = text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'));
    let non_characters = || text.contains('\u{fffe}') || text.contains('\u{ffff}');
    !controls && !non_characters()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::HookId;
    use proptest::prelude::*;

    fn message<'a>(body: &'a [u8]) -> Message<'a> {
        Message {
            id: EventId::new(Timestamp::from_ms(5), &[3; 10]),
            path: "github",
            sender: "github",
            event_type: Some("push"),
            delivery_id: None,
            received_at: Timestamp::from_ms(5),
            source_ip: Some("::1".parse().unwrap()),
            query: None,
            headers: vec![("user-agent", "a\"b\\".to_owned())],
            owners: vec![Proof::new(HookId::from_text("hk_1"), Some(1))],
            body,
            test: false,
        }
    }

    fn whole(read: Result<Read, BadMessage>) -> Event {
        match read.unwrap() {
            Read::Whole(event) => event,
            other => panic!("no whole event: {other:?}"),
        }
    }

    #[test]
    fn a_text_body_stands_in_the_message_as_it_came() {
        let text = message(br#"{"a":"b"}"#).to_text();
        assert!(text.ends_with("\n{\"a\":\"b\"}"), "{text}");
    }

    #[test]
    fn a_claim_carries_no_body() {
        let text = message(&[7; 1000]).to_claim();
        let Read::Claim(head) = read(text.as_bytes()).unwrap() else { panic!("a body came along") };
        assert_eq!(head.body_bytes, 1000);
    }

    #[test]
    fn foreign_and_cut_messages_are_refused() {
        let good = message(b"body").to_bytes();
        for bad in [&b""[..], b"1", b"\n", b"2{}\n", b"1{}\n", &good[..good.len() - 1]] {
            assert!(read(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(event_of(&good[..good.len() - 1]), Some(message(b"body").id), "a cut message has its first line");
        assert_eq!(event_of(b"1{}\n"), None);
    }

    proptest! {
        #[test]
        fn every_body_comes_back_whole(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let message = message(&body);
            let text = message.to_text();
            prop_assert!(is_xml_text(&text));
            prop_assert_eq!(&whole(read(text.as_bytes())).body, &body);
            prop_assert_eq!(&whole(read(&message.to_bytes())).body, &body);
        }
    }
}
