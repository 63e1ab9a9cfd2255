//! Addresses with moods, to which events are forwarded, those of Slack, Discord and ntfy among them.

use async_trait::async_trait;
use bellhop_app::ports::{Outbound, OutboundAnswer, OutboundError, OutboundFailure, OutboundRequest};
use serde_json::{Value, json};

use crate::bot::markers;
use crate::outside::Outside;
use crate::places::{SLACK, name_of_kept};
use crate::sim::Sim;

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
    Ntfy,
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
        let word = request.url.strip_prefix("https://").and_then(|rest| rest.split('.').next()).unwrap_or_default();
        match word.chars().next() {
            Some('d') => {
                let before =
                    request.url.split_once("/messages/").map(|(_, rest)| rest.trim_end_matches('?').to_owned());
                Self { place: name_of_kept(word), text: shown("content"), before, kind: Api::Discord }
            }
            Some('n') => Self { place: name_of_kept(word), text: shown("message"), before: None, kind: Api::Ntfy },
            _ => Self { place: request.url.to_owned(), text: body, before: None, kind: Api::Plain },
        }
    }

    /// The status and the body of the answer that means this status.
    fn answer(&self, status: u16, id: u64, seconds: u64) -> (u16, String) {
        let id = self.before.clone().unwrap_or_else(|| format!("{id}.000100"));
        let ntfy = |status: u16, code: u64| (status, json!({"code": code, "http": status}).to_string());
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
            (Api::Ntfy, 200) => json!({"id": id, "event": "message"}),
            // A topic that is reserved for others, and a message that is none.
            (Api::Ntfy, 410) => return ntfy(403, 40_301),
            (Api::Ntfy, 422) => return ntfy(400, 40_024),
            (Api::Ntfy, 429) => return ntfy(429, 42_901),
            (Api::Ntfy, _) => return ntfy(status, 50_001),
        };
        (status, body.to_string())
    }

    /// What an answer asks for in its header; ntfy asks for nothing.
    fn retry_after(&self, status: u16, seconds: u64) -> Option<String> {
        (status == 429 && self.kind != Api::Ntfy).then(|| seconds.to_string())
    }
}

#[async_trait]
impl Outbound for Outside {
    async fn send(&self, request: OutboundRequest<'_>) -> Result<OutboundAnswer, OutboundError> {
        let lost = || OutboundError::new(OutboundFailure::TimedOut, "no answer in time");
        let said = Said::of(&request);
        let seconds = self.sim.random.between(1, 60);
        let taken = self.bring(&said.place, &[&said.text], None).await.ok_or_else(lost)?;
        let status = taken[0].status;
        let id = self.sim.see_message(&said, status);
        if !self.is_heard(&taken).await {
            return Err(lost());
        }
        match said.answer(status, id, seconds) {
            (0, _) => Err(lost()),
            (status, body) => Ok(OutboundAnswer {
                status,
                retry_after: said.retry_after(status, seconds),
                headers: Vec::new(),
                body,
                is_whole: true,
            }),
        }
    }
}

impl Sim {
    /// Observes a message, and which one is shown for its key; its id.
    fn see_message(&self, said: &Said, status: u16) -> u64 {
        let mut observed = self.observed.lock().unwrap();
        observed.messages += 1;
        let id = observed.messages;
        if status == 200
            && matches!(said.kind, Api::Slack | Api::Discord)
            && let (Some(key), Some(marker)) = (key_of(&said.text), markers(&said.text).into_iter().next())
        {
            let place = format!("{} {key}", said.place);
            let message = said.before.clone().unwrap_or_else(|| format!("{id}.000100"));
            observed.keyed.entry(place).or_default().push((message, marker, said.kind == Api::Discord));
        }
        id
    }
}

/// The key that a text speaks of.
fn key_of(text: &str) -> Option<&str> {
    text.split_once("key=")?.1.split_whitespace().next()
}
