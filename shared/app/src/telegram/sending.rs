//! Sends one text, as far as it takes several calls.

use bellhop_core::task::MOST_ANSWER_BYTES;
use bellhop_core::telegram::{Failure, Pace, Scope, html, read_answer};
use bellhop_core::time::Timestamp;

use super::chat::{self, ChatEntry};
use super::{TelegramWorker, WHOLE_BOT};
use crate::ports::{Bot, BotAnswer, BotMessage, PortResult};

/// How much is remembered of the answer to a message that arrived: enough for its id in the chat.
const ARRIVED_ANSWER_BYTES: usize = 256;

/// A shorter word is part of no token that Telegram gives out.
const SHORTEST_SECRET: usize = 7;

/// What came of sending a text.
pub(super) struct Sending {
    /// When it began.
    pub(super) started_at: Timestamp,
    /// When the last answer was there.
    pub(super) ended_at: Timestamp,
    /// Whether it arrived.
    pub(super) result: Result<(), Failure>,
    /// The last answer's HTTP status, where one came.
    pub(super) status: Option<u16>,
    /// The beginning of the last answer.
    pub(super) answer: String,
}

impl TelegramWorker {
    /// Sends a text to a chat, once more as plain text where its HTML is refused, once more to where the chat has moved.
    ///
    /// The chat's entry says afterwards when the next may follow; it is for the caller to write down.
    pub(super) async fn send(&self, bot: &Bot, chat: &str, entry: &mut ChatEntry, text: &str) -> PortResult<Sending> {
        let started_at = self.clock.now();
        let mut plain = None;
        let mut moves_left = 1;
        loop {
            let to = entry.moved_to.clone().unwrap_or_else(|| chat.to_owned());
            let message = BotMessage { chat: &to, text: plain.as_deref().unwrap_or(text), html: plain.is_none() };
            let (result, status, answer) = match self.api.send_message(bot, &message).await {
                Ok(answer) => {
                    let result = read_answer(answer.status, &answer.body).map(|_| ());
                    let text = remembered(&answer, bot, result.is_ok());
                    (result, Some(answer.status), text)
                }
                Err(error) => {
                    (Err(Failure::Unavailable { code: 0, description: error.to_string() }), None, String::new())
                }
            };
            let ended_at = self.clock.now();
            match &result {
                Err(Failure::BadEntities { .. }) if plain.is_none() => {
                    plain = Some(html::plain(text));
                    continue;
                }
                Err(Failure::Migrated { chat: new }) if moves_left > 0 => {
                    moves_left -= 1;
                    log::warn!(chat, new; "the chat has moved; its messages go to the new one");
                    entry.moved_to = Some(new.to_string());
                    continue;
                }
                Err(Failure::RetryAfter { seconds }) => {
                    let until = ended_at.plus_ms(seconds.saturating_mul(1000));
                    entry.pace.block(until);
                    self.block_bot(until).await?;
                }
                _ => entry.pace.sent(ended_at),
            }
            return Ok(Sending { started_at, ended_at, result, status, answer });
        }
    }

    /// Lets nobody send anything until then: a flood answer may speak of the whole bot.
    async fn block_bot(&self, until: Timestamp) -> PortResult<()> {
        self.bot_pace().block(until);
        let mut pace = Pace::new(Scope::Bot);
        pace.block(until);
        chat::set_entry(&*self.documents, WHOLE_BOT, &ChatEntry::new(pace), self.clock.now()).await
    }
}

/// The beginning of an answer as text, without the bot's token, should some proxy have put it there.
fn remembered(answer: &BotAnswer, bot: &Bot, arrived: bool) -> String {
    let most = if arrived { ARRIVED_ANSWER_BYTES } else { MOST_ANSWER_BYTES };
    let mut text = String::from_utf8_lossy(&answer.body).into_owned();
    let token = bot.token.expose();
    let secret = token.split_once(':').map_or("", |(_, secret)| secret);
    for canary in [token, secret].into_iter().filter(|word| word.len() >= SHORTEST_SECRET) {
        text = text.replace(canary, "[redacted]");
    }
    text.truncate(text.floor_char_boundary(most));
    text
}
