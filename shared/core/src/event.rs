//! Events: accepted requests, immutable.

mod body;
mod redact;

pub use redact::{hide_parameters, kept_body};

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{EventId, HookId, Owner};
use crate::json::Value;
use crate::time::Timestamp;
use bellhop_senders::inbound::{Headers, names_credential};
use bellhop_senders::sender::Sender;

/// What stands in a stored event instead of a credential.
pub const REDACTED: &str = "[redacted]";

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What is known of it besides the body.
    #[serde(flatten)]
    pub head: EventHead,
    /// The body's exact bytes, but for tokens in it that proved it, which are [`REDACTED`].
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// What is known of an event besides its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventHead {
    /// Its id.
    pub id: EventId,
    /// The hook path it came in at; `job/` and the job's id where it is a due time, which comes in nowhere.
    pub path: String,
    /// The name of its sender; `job` where it is a due time.
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
    /// The fingerprint of its query, where it had one ([`query_fingerprint`](crate::delivery::query_fingerprint)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Its headers, by lower-case name, without credentials.
    pub headers: Vec<(String, String)>,
    /// Whose it is: the hooks that it proved itself to, or the job whose due time it is.
    ///
    /// It is written under the name from when hooks alone had events, which older routers read during an update.
    #[serde(rename = "hooks", alias = "owners")]
    pub owners: Vec<Proof>,
    /// The body's length in bytes.
    pub body_bytes: usize,
    /// Whether it was made to try a hook out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// When its content was deleted on request; headers and body are gone since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
    /// The owners at which it is another copy of a delivery, and so did nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Duplicate>,
}

/// An owner at which an event is another copy of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The owner.
    #[serde(rename = "hook", alias = "owner")]
    pub owner: Owner,
    /// The event that had the delivery first.
    pub first: EventId,
    /// Why they are one delivery, in words.
    pub cause: String,
}

/// Whose an event is, and what proved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The owner.
    #[serde(rename = "hook", alias = "owner")]
    pub owner: Owner,
    /// Which of a hook's secrets matched, counted from 0; `None` where it has none, and at a job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<usize>,
}

impl Proof {
    /// An event's proof to an owner, by one of its secrets where it has some.
    pub fn new(owner: impl Into<Owner>, secret: Option<usize>) -> Self {
        Self { owner: owner.into(), secret }
    }
}

impl EventHead {
    /// Whether it is this owner's.
    pub fn is_of(&self, owner: &Owner) -> bool {
        self.owners.iter().any(|proof| proof.owner == *owner)
    }

    /// The hooks that it proved itself to.
    pub fn hooks(&self) -> impl Iterator<Item = &HookId> {
        self.owners.iter().filter_map(|proof| proof.owner.hook())
    }

    /// Fills in what the sender puts into its body's fields, or into several places at once; a hook's own sender where
    /// one is given.
    pub fn read_fields(&mut self, own: Option<&Sender>, payload: Option<&Value>) {
        let Some(sender) = own.or_else(|| Sender::named(&self.sender)) else {
            return;
        };
        let event_type = sender.event_type.read(&|name| self.kept_header(name), payload).map(Cow::into_owned);
        let delivery_id = self.id_of(sender, payload);
        self.event_type = self.event_type.take().or(event_type);
        self.delivery_id = self.delivery_id.take().or(delivery_id);
    }

    /// The delivery id where a sender puts it, as far as that was kept.
    pub fn id_of(&self, sender: &Sender, payload: Option<&Value>) -> Option<String> {
        sender.delivery_id.read_id(&|name| self.kept_header(name), payload).map(Cow::into_owned)
    }

    /// The first value of a header, unless it is a credential.
    fn kept_header(&self, name: &str) -> Option<Cow<'_, str>> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.filter(|(_, value)| value != REDACTED).map(|(_, value)| Cow::Borrowed(value.as_str()))
    }
}

/// The headers to keep of a request to hooks of these senders: all but the connection's own, credentials replaced by
/// [`REDACTED`].
pub fn kept_headers<'a>(
    senders: impl Iterator<Item = &'static Sender>,
    headers: Headers<'a>,
) -> Vec<(&'a str, String)> {
    let credentials: Vec<_> = senders.filter_map(Sender::credential_header).collect();
    let kept = headers.iter().filter(|(name, _)| !CONNECTION_HEADERS.contains(name));
    kept.map(|(name, value)| {
        let is_secret = credentials.contains(&name) || names_credential(name);
        let value = if is_secret { REDACTED.to_owned() } else { printable(value) };
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

/// A header's value as text that every carrier takes: no control characters, no non-characters.
fn printable(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_senders::sender::CustomScheme;
    use serde_json::json;

    #[test]
    fn owners_are_read_as_former_versions_wrote_them_and_written_so_that_those_read_them() {
        let [first, second, job] = ["hk_1", "hk_2", "jb_1"].map(Owner::from_text);
        for (field, owners, expected) in [
            (
                "hooks",
                json!([{"hook": "hk_1", "secret": 0}, {"hook": "hk_2"}]),
                vec![(&first, Some(0)), (&second, None)],
            ),
            ("hooks", json!([{"hook": "jb_1"}]), vec![(&job, None)]),
            (
                "owners",
                json!([{"owner": "jb_1"}, {"owner": "hk_2", "secret": 1}]),
                vec![(&job, None), (&second, Some(1))],
            ),
        ] {
            let mut stored = json!({
                "id": "00000000-0000-7000-8000-000000000000", "path": "p", "sender": "s", "received_at": 0, "headers": [],
                "body_bytes": 0, "duplicates": [{"hook": "jb_1", "first": "00000000-0000-7000-8000-000000000001", "cause": "c"}],
            });
            stored[field] = owners;
            let head: EventHead = serde_json::from_value(stored).unwrap();
            let expected: Vec<_> =
                expected.into_iter().map(|(owner, secret)| Proof::new(owner.clone(), secret)).collect();
            assert_eq!((&head.owners, &head.duplicates[0].owner), (&expected, &job));
            assert!(expected.iter().all(|proof| head.is_of(&proof.owner)) && !head.is_of(&Owner::from_text("hk_3")));
            assert_eq!(head.hooks().count(), expected.iter().filter(|proof| proof.owner.job().is_none()).count());
            let written = serde_json::to_value(&head).unwrap();
            let named = |place: usize| written["hooks"][place]["hook"].as_str().map(Owner::from_text);
            assert_eq!(named(0).as_ref(), Some(&expected[0].owner), "{written}");
            assert_eq!(serde_json::from_value::<EventHead>(written).unwrap(), head);
        }
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
        let kept = kept_headers(std::iter::once(sender), Headers::new(pairs));
        assert!(!format!("{kept:?}").contains("canary"));
        assert_eq!(kept.len(), 6);
        assert!(kept.contains(&("user-agent", "curl".to_owned())));
        assert!(kept.contains(&("x-odd", "a b\u{fffd}c".to_owned())));
    }

    #[test]
    fn a_token_in_a_header_of_ones_own_is_not_kept() {
        let made = |header: &str| {
            let options: CustomScheme = serde_json::from_value(serde_json::json!({"header": header})).unwrap();
            options.sender(Sender::named("header-token").unwrap()).unwrap()
        };
        let pairs: &[(&str, &[u8])] = &[("x-acme", b"canary"), ("x-octo", b"canary"), ("x-else", b"kept")];
        let kept = kept_headers([made("X-Acme"), made("x-octo")].into_iter(), Headers::new(pairs));
        assert!(!format!("{kept:?}").contains("canary"));
        assert_eq!(kept.len(), 3);
    }
}
