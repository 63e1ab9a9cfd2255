//! What the fake knows.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

/// For how many seconds GitHub keeps a delivery.
const KEPT: u64 = 3 * 24 * 60 * 60;

/// A webhook: where it sends to, and what it has sent.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it sends to.
    pub target: String,
    /// What it signs with.
    pub secret: String,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// The bodies of its deliveries.
    pub(super) bodies: HashMap<String, Vec<u8>>,
}

/// One attempt at a delivery.
#[derive(Debug, Clone, Serialize)]
pub struct Attempt {
    /// Its number.
    pub id: u64,
    /// The delivery's id.
    pub guid: String,
    /// Seconds since 1970.
    pub at: u64,
    /// The status it was answered with.
    pub status: u16,
    /// The event's type.
    pub event: String,
    /// Whether it was asked for.
    pub redelivery: bool,
}

impl Attempt {
    /// Whether its receiver took it.
    pub fn accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// As the API lists it.
    pub(super) fn listed(&self) -> Value {
        let moment = jiff::Timestamp::from_second(i64::try_from(self.at).unwrap_or_default()).unwrap_or_default();
        json!({
            "id": self.id,
            "guid": self.guid,
            "delivered_at": moment.to_string(),
            "redelivery": self.redelivery,
            "duration": 0.27,
            "status": if self.accepted() { "OK" } else { "failed to connect to host" },
            "status_code": self.status,
            "event": self.event,
            "action": null,
            "installation_id": null,
            "repository_id": 456,
            "throttled_at": null,
        })
    }
}

/// How a request over the limit is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// 429 with `Retry-After`, in seconds.
    RetryAfter(u64),
    /// 403 with `X-RateLimit-Remaining: 0` and `X-RateLimit-Reset` so many seconds from now.
    Reset(u64),
    /// 403 that only says so in words.
    Words,
}

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// The status it was answered with.
    pub status: u16,
}

/// Everything behind the fake's one lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) webhooks: HashMap<String, Webhook>,
    pub(super) requests: Vec<Request>,
    pub(super) mistakes: Vec<String>,
    pub(super) limit: Option<(usize, Limit)>,
    pub(super) meta: Value,
    last_id: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            webhooks: HashMap::new(),
            requests: Vec::new(),
            mistakes: Vec::new(),
            limit: None,
            meta: json!(["192.30.252.0/22", "2a0a:a440::/29"]),
            last_id: 12_000_000_000,
        }
    }
}

impl State {
    /// Sets a webhook up, or moves it.
    pub(super) fn put_webhook(&mut self, place: &str, target: &str, secret: &str) {
        let (target, secret) = (target.to_owned(), secret.to_owned());
        match self.webhooks.get_mut(place) {
            Some(webhook) => (webhook.target, webhook.secret) = (target, secret),
            None => {
                let webhook = Webhook { target, secret, attempts: Vec::new(), bodies: HashMap::new() };
                self.webhooks.insert(place.to_owned(), webhook);
            }
        }
    }

    /// A delivery's id that no other has.
    pub(super) fn new_guid(&mut self) -> String {
        self.last_id += 1;
        format!("0b989ba4-242f-11e5-81e1-{:012x}", self.last_id)
    }

    /// Keeps an attempt under a number of its own.
    pub(super) fn keep(&mut self, place: &str, mut attempt: Attempt, body: Vec<u8>) {
        self.last_id += 1;
        attempt.id = self.last_id;
        if let Some(webhook) = self.webhooks.get_mut(place) {
            webhook.bodies.insert(attempt.guid.clone(), body);
            webhook.attempts.push(attempt);
        }
    }

    /// The attempts that are still kept, newest first.
    pub(super) fn kept(&self, place: &str, now: u64) -> Option<Vec<Attempt>> {
        let webhook = self.webhooks.get(place)?;
        let mut kept: Vec<_> = webhook.attempts.iter().filter(|attempt| attempt.at + KEPT > now).cloned().collect();
        kept.sort_by_key(|attempt| std::cmp::Reverse((attempt.at, attempt.id)));
        Some(kept)
    }
}
