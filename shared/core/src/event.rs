//! Events: accepted requests, immutable.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{EventId, HookId};
use crate::inbound::Headers;
use crate::sender::{Place, Sender};
use crate::time::Timestamp;

/// What stands in a stored event instead of a credential.
pub const REDACTED: &str = "[redacted]";

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What is known of it besides the body.
    #[serde(flatten)]
    pub head: EventHead,
    /// The body's exact bytes.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// What is known of an event besides its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventHead {
    /// Its id.
    pub id: EventId,
    /// The hook path it came in at.
    pub path: String,
    /// The name of its sender.
    pub sender: String,
    /// The sender's type for it: `push`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The sender's id for the delivery, the same when it is delivered again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<String>,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<IpAddr>,
    /// Its headers, by lower-case name, without credentials.
    pub headers: Vec<(String, String)>,
    /// The hooks it proved itself to.
    pub hooks: Vec<Proof>,
    /// The body's length in bytes.
    pub body_bytes: usize,
    /// Whether it was made to try a hook out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// When its content was deleted on request; headers and body are gone since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
}

/// A hook that an event proved itself to, and by which of its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The hook.
    pub hook: HookId,
    /// Which of its secrets matched, counted from 0; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<usize>,
}

impl Event {
    /// The body as JSON, or the JSON in the field `payload` of a form; `None` where there is neither, or where it is
    /// nested too deep to be anything sane.
    pub fn payload(&self) -> Option<Value> {
        let form = "application/x-www-form-urlencoded";
        let content_type = self.head.headers.iter().find(|(name, _)| name == "content-type");
        if content_type.is_some_and(|(_, value)| value.trim_start().to_ascii_lowercase().starts_with(form)) {
            let field = form_urlencoded::parse(&self.body).find(|(name, _)| name == "payload");
            if let Some((_, json)) = field {
                return serde_json::from_str(&json).ok();
            }
        }
        serde_json::from_slice(&self.body).ok()
    }
}

impl EventHead {
    /// Fills in what the sender puts into its body's fields rather than into headers.
    pub fn read_fields(&mut self, payload: Option<&Value>) {
        let Some(sender) = Sender::named(&self.sender) else {
            return;
        };
        let field = |place: Place| match (place, payload) {
            (Place::Field(name), Some(payload)) => match payload.get(name)? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            },
            _ => None,
        };
        self.event_type = self.event_type.take().or_else(|| field(sender.event_type));
        self.delivery_id = self.delivery_id.take().or_else(|| field(sender.delivery_id));
    }
}

/// The headers to keep of a request: all but the connection's own, credentials replaced by [`REDACTED`].
pub fn kept_headers<'a>(sender: &Sender, headers: Headers<'a>) -> Vec<(&'a str, String)> {
    let kept = headers.iter().filter(|(name, _)| !CONNECTION_HEADERS.contains(name));
    kept.map(|(name, value)| {
        let value = if is_credential(sender, name) { REDACTED.to_owned() } else { printable(value) };
        (name, value)
    })
    .collect()
}

/// Headers that speak of one connection, not of the request.
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-amzn-trace-id",
];

/// Whether a header's value is a secret, by its name or because the sender proves itself with it.
fn is_credential(sender: &Sender, name: &str) -> bool {
    const WORDS: &[&str] = &[
        "authorization",
        "cookie",
        "token",
        "secret",
        "password",
        "api-key",
        "apikey",
        "credential",
        "x-amz-security",
    ];
    sender.credential_header() == Some(name) || WORDS.iter().any(|word| name.contains(word))
}

/// A header's value as text that every carrier takes: no control characters, no non-characters.
fn printable(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_found_in_json_and_in_forms() {
        let payload = |content_type: &str, body: &str| {
            let head = serde_json::json!({
                "id": EventId::new(Timestamp::from_ms(0), &[0; 10]), "path": "", "sender": "github", "received_at": 0,
                "headers": [["content-type", content_type]], "hooks": [], "body_bytes": body.len(),
            });
            Event { head: serde_json::from_value(head).unwrap(), body: body.as_bytes().to_vec() }.payload()
        };
        let form = "Application/x-www-form-urlencoded; charset=utf-8";
        let expected = Some(serde_json::json!({"a": "b c"}));
        assert_eq!(payload("application/json", r#"{"a":"b c"}"#), expected);
        assert_eq!(payload("", r#"{"a":"b c"}"#), expected);
        assert_eq!(payload(form, "x=1&payload=%7B%22a%22%3A%22b+c%22%7D"), expected);
        assert_eq!(payload(form, "payload=nonsense"), None);
        assert_eq!(payload("application/json", &"[".repeat(100_000)), None);
    }

    #[test]
    fn credentials_are_not_kept() {
        let sender = Sender::named("shared-secret").unwrap();
        let pairs: &[(&str, &[u8])] = &[
            ("x-webhook-secret", b"canary"),
            ("authorization", b"Bearer canary"),
            ("cookie", b"canary"),
            ("x-gitlab-token", b"canary"),
            ("connection", b"close"),
            ("user-agent", b"curl"),
            ("x-odd", b"a\x01b\xffc"),
        ];
        let kept = kept_headers(sender, Headers::new(pairs));
        assert!(!format!("{kept:?}").contains("canary"));
        assert_eq!(kept.len(), 6);
        assert!(kept.contains(&("user-agent", "curl".to_owned())));
        assert!(kept.contains(&("x-odd", "a b\u{fffd}c".to_owned())));
    }
}
