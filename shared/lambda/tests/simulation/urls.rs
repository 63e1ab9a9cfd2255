//! Addresses with moods, to which events are forwarded, Slack's and Discord's among them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Outbound, OutboundAnswer, OutboundError, OutboundFailure, OutboundRequest};
use bellhop_app::testing::memory::Faults as _;
use serde_json::{Value, json};

use crate::bot::{Mood, markers};
use crate::faults::{KILLS_WORKER, Plan};
use crate::sim::Sim;

/// Those at which events arrive one at a time, in their order, and those at which they arrive side by side.
pub(crate) const ORDERED: [&str; 2] = ["https://o1.example/in", "https://o2.example/in"];
pub(crate) const PARALLEL: [&str; 5] = [
    "https://p1.example/in",
    "https://p2.example/in",
    "https://p3.example/in",
    "https://p4.example/in",
    "https://p5.example/in",
];

/// Slack's channels, where a bot writes, and Discord's webhooks: what is kept of their addresses, and where they are.
pub(crate) const CHANNELS: [&str; 2] = ["C1", "C2"];
pub(crate) const WEBHOOKS: [(&str, &str); 2] = [("d1", "https://d1.example/api"), ("d2", "https://d2.example/api")];
pub(crate) const SLACK: &str = "https://slack.example/api";

/// A webhook's place, as its tasks name it.
pub(crate) fn webhook_place(name: &str) -> String {
    format!("a kept address {name}{name}")
}

/// What a request says, and where.
struct Said {
    /// The place, as tasks name it.
    place: String,
    /// The text, as people read it.
    text: String,
    /// The message that it goes on with: its own id where it is edited, its first where it answers in a thread.
    before: Option<String>,
    kind: Api,
}

/// Whose way to answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Api {
    Plain,
    Slack,
    Discord,
}

impl Said {
    /// Reads a request.
    fn of(request: &OutboundRequest<'_>) -> Self {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let json: Value = serde_json::from_str(&body).unwrap_or_default();
        let shown = |field: &str| {
            let text = json[field].as_str().unwrap_or_default();
            text.chars().filter(|c| !matches!(c, '\\' | '\u{2060}' | '\u{200b}')).collect::<String>()
        };
        if request.url.starts_with(SLACK) {
            let before = json["thread_ts"].as_str().map(str::to_owned);
            let place = json["channel"].as_str().unwrap_or_default().to_owned();
            return Self { place, text: shown("text"), before, kind: Api::Slack };
        }
        match WEBHOOKS.iter().find(|(_, url)| request.url.starts_with(url)) {
            Some((name, _)) => {
                let before =
                    request.url.split_once("/messages/").map(|(_, rest)| rest.trim_end_matches('?').to_owned());
                Self { place: webhook_place(name), text: shown("content"), before, kind: Api::Discord }
            }
            None => Self { place: request.url.to_owned(), text: body, before: None, kind: Api::Plain },
        }
    }

    /// The status and the body of the answer that means this status.
    fn answer(&self, status: u16, id: u64, seconds: u64) -> (u16, String) {
        let id = self.before.clone().unwrap_or_else(|| format!("{id}.000100"));
        let body = match (self.kind, status) {
            (Api::Plain, _) | (_, 0) => return (status, String::new()),
            (Api::Slack, 200) => json!({"ok": true, "ts": id}),
            (Api::Slack, 410) => return (200, json!({"ok": false, "error": "is_archived"}).to_string()),
            (Api::Slack, 422) => return (200, json!({"ok": false, "error": "invalid_blocks"}).to_string()),
            (Api::Slack, 429) => json!({"ok": false, "error": "ratelimited"}),
            (Api::Slack, _) => json!({"ok": false, "error": "internal_error"}),
            (Api::Discord, 200) => json!({"id": id, "channel_id": "1"}),
            (Api::Discord, 410) => return (404, json!({"message": "Unknown Webhook", "code": 10_015}).to_string()),
            (Api::Discord, 422) => return (400, json!({"message": "Invalid Form Body", "code": 50_035}).to_string()),
            (Api::Discord, 429) => json!({"message": "limited", "retry_after": seconds, "global": false}),
            (Api::Discord, _) => json!({"message": "trouble", "code": 0}),
        };
        (status, body.to_string())
    }
}

/// The addresses as one sandbox reaches them.
pub(crate) struct SimUrls {
    pub(crate) sim: Arc<Sim>,
    pub(crate) plan: Arc<Plan>,
}

#[async_trait]
impl Outbound for SimUrls {
    async fn send(&self, request: OutboundRequest<'_>) -> Result<OutboundAnswer, OutboundError> {
        let lost = || OutboundError::new(OutboundFailure::TimedOut, "no answer in time");
        self.plan.before("request").await.map_err(|_| lost())?;
        let said = Said::of(&request);
        if said.text.contains(KILLS_WORKER) {
            self.plan.kill().await;
        }
        let (markers, seconds) = (markers(&said.text), self.sim.random.between(1, 60));
        if let Some(Mood::Slow(ms)) = self.sim.moods.get(&said.place) {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
        let status = self.sim.status_of(&said.place);
        let id = self.sim.see_request(&said, &markers, status);
        if status == 200 {
            self.plan.open_window(&markers);
        }
        if self.plan.after("request").await.is_err() {
            // The worker takes it for a failure.
            if status == 200 {
                self.plan.end();
            }
            return Err(lost());
        }
        match said.answer(status, id, seconds) {
            (0, _) => Err(lost()),
            (status, body) => Ok(OutboundAnswer {
                status,
                retry_after: (status == 429).then(|| seconds.to_string()),
                headers: Vec::new(),
                body,
                is_whole: true,
            }),
        }
    }
}

impl Sim {
    /// What an address answers; 0 where it does not.
    pub(crate) fn status_of(&self, url: &str) -> u16 {
        match self.moods.get(url).copied().unwrap_or(Mood::Well) {
            Mood::Flaky(share) if self.random.chance(share) => *self.random.pick(&[0, 408, 500, 502, 504]),
            Mood::DownUntil(end) if self.now() < end => 503,
            Mood::Blocked => 410,
            Mood::Flooded(share) if self.random.chance(share) => 429,
            Mood::Picky(share) if self.random.chance(share) => 422,
            _ => 200,
        }
    }

    /// Observes a request; the id of the message that it makes.
    fn see_request(&self, said: &Said, markers: &[String], status: u16) -> u64 {
        self.note(&format!("{} {status} {markers:?}", said.place));
        let now = self.now();
        let mut observed = self.observed.lock().unwrap();
        observed.sends.entry(said.place.clone()).or_default().push((now, markers.to_vec()));
        observed.messages += 1;
        let id = observed.messages;
        if status == 200 {
            for marker in markers {
                *observed.effects.entry(marker.clone()).or_default() += 1;
            }
            if let (Some(key), Some(marker)) = (key_of(&said.text), markers.first()) {
                let place = format!("{} {key}", said.place);
                let message = said.before.clone().unwrap_or_else(|| format!("{id}.000100"));
                observed.keyed.entry(place).or_default().push((message, marker.clone(), said.kind == Api::Discord));
            }
        }
        id
    }
}

/// The key that a text speaks of.
fn key_of(text: &str) -> Option<&str> {
    text.split_once("key=")?.1.split_whitespace().next()
}
