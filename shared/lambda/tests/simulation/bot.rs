//! A Bot API with moods.

use std::fmt::Display;
use std::sync::Arc;

use async_trait::async_trait;
use bellhop_app::ports::{Bot, BotAnswer, BotApi, BotMessage, PortError, PortResult};
use bellhop_app::testing::memory::Faults as _;
use bellhop_core::id::HookId;
use bellhop_core::time::Timestamp;

use crate::faults::{KILLS_WORKER, Plan};
use crate::sim::Sim;

/// How a chat, or another place, is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mood {
    Well,
    /// So many in a thousand messages fail.
    Flaky(u64),
    /// Nothing arrives before this moment.
    DownUntil(Timestamp),
    /// Nothing ever arrives.
    Blocked,
    /// So many in a thousand messages are answered with 429.
    Flooded(u64),
    /// So many in a thousand messages are refused for their formatting.
    Picky(u64),
    /// What it answers takes so many milliseconds.
    Slow(u64),
}

/// The Bot API as one sandbox reaches it.
pub(crate) struct SimBot {
    pub(crate) sim: Arc<Sim>,
    pub(crate) plan: Arc<Plan>,
}

#[async_trait]
impl BotApi for SimBot {
    async fn send_message(&self, _: &Bot, message: &BotMessage<'_>) -> PortResult<BotAnswer> {
        self.plan.before("send_message").await?;
        if message.text.contains(KILLS_WORKER) {
            self.plan.kill().await;
        }
        self.sim.linger(message.chat).await;
        let markers = markers(message.text);
        let retry_after = self.sim.random.between(1, 60);
        let (status, body) = self.sim.answer(message, retry_after);
        self.sim.see(message.chat, &markers, status, retry_after);
        if status == 200 {
            self.plan.open_window(&markers);
        }
        if let Err(error) = self.plan.after("send_message").await {
            // The worker takes it for a failure.
            if status == 200 {
                self.plan.end();
            }
            self.sim.observed.lock().unwrap().pace_excuses += 1;
            return Err(error);
        }
        match status {
            0 => Err(PortError::new("the Bot API was not reached", "no answer in time")),
            _ => Ok(BotAnswer { status, body: body.into_bytes() }),
        }
    }
}

impl Sim {
    /// What the Bot API answers.
    fn answer(&self, message: &BotMessage<'_>, retry_after: u64) -> (u16, String) {
        let (code, description) = match self.moods.get(message.chat).copied().unwrap_or(Mood::Well) {
            Mood::Flaky(share) if self.random.chance(share) => match self.random.below(3) {
                0 => return (0, String::new()),
                1 => return (504, "<html>".to_owned()),
                _ => (502, "Bad Gateway"),
            },
            Mood::DownUntil(end) if self.now() < end => (500, "Internal Server Error"),
            Mood::Blocked => (403, "Forbidden: bot was blocked by the user"),
            Mood::Flooded(share) if self.random.chance(share) => {
                let told = r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":"#;
                return (429, format!(r#"{told}{{"retry_after":{retry_after}}}}}"#));
            }
            Mood::Picky(share) if message.html && self.random.chance(share) => {
                (400, "Bad Request: can't parse entities")
            }
            _ => return (200, r#"{"ok":true,"result":{"message_id":7}}"#.to_owned()),
        };
        (code, format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"}}"#))
    }

    /// Observed a message, and whether it came too soon.
    fn see(&self, chat: &str, markers: &[String], status: u16, retry_after: u64) {
        self.note(&format!("{chat} {status} {markers:?}"));
        let now = self.now();
        let mut observed = self.observed.lock().unwrap();
        let sends = observed.sends.entry(chat.to_owned()).or_default();
        let ago = |place: usize| sends.len().checked_sub(place).map(|at| now.ms_since(sends[at].0));
        let mut breaks = Vec::new();
        if ago(1).is_some_and(|ms| ms < 1_000) {
            breaks.push(format!("{chat} was sent two messages in a second at {now:?}"));
        }
        if chat.starts_with('-') && ago(20).is_some_and(|ms| ms < 60_000) {
            breaks.push(format!("{chat} was sent 21 messages in a minute at {now:?}"));
        }
        // A message that is refused for its formatting is no message; it is sent once more at once.
        if status != 400 {
            sends.push((now, markers.to_vec()));
        }
        for blocked in [chat, "*"] {
            // Others may have been about to send when the answer came.
            let grace_ms = if blocked == "*" { 90_000 } else { 0 };
            if let Some((since, until)) = observed.blocked.get(blocked)
                && now < *until
                && now.ms_since(*since) > grace_ms
            {
                breaks.push(format!("{chat} was sent a message while {blocked} was blocked, at {now:?}"));
            }
        }
        if status == 429 {
            let until = now.plus_ms(retry_after * 1_000);
            observed.blocked.insert(chat.to_owned(), (now, until));
            observed.blocked.insert("*".to_owned(), (now, until));
        }
        if status == 200 {
            for marker in markers {
                *observed.effects.entry(marker.clone()).or_default() += 1;
            }
        }
        observed.pace_breaks.extend(breaks);
    }
}

/// The markers in a text, in their order.
pub(crate) fn markers(text: &str) -> Vec<String> {
    let pieces = text.split('[').skip(1).filter_map(|piece| piece.split_once(']'));
    pieces.map(|(marker, _)| marker.to_owned()).collect()
}

/// The template of an action that names its hook and its place in every marker; a fallback's place ends with `f`.
pub(crate) fn base_text(hook: &HookId, action: impl Display) -> String {
    format!("{{{{ payload.text | replace('H', '{hook}a{action}') }}}}")
}
