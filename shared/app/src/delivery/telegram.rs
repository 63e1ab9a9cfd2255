//! Messages to Telegram chats: in order, at the pace Telegram allows, several that waited in one.

mod bot;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bellhop_core::action::{QueueName, telegram::Message};
use bellhop_core::pace::{Pace, Scope};
use bellhop_core::task::MOST_ANSWER_BYTES;
use bellhop_core::telegram::{self, Sent, digest, html, read_answer};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{Payload, Queued, Work};

pub use bot::{BotCache, Outfit};

use super::destination;
use super::{Attempted, Batch, Destination, Engine, Failure, KeyedMessages, Worker, attempted};
use crate::ports::{Bot, BotAnswer, BotApi, BotMessage, Clock, Documents, DryRun, PortError, PortResult};

/// How much is remembered of the answer to a message that arrived: enough for its id in the chat.
const ARRIVED_ANSWER_BYTES: usize = 256;

/// A shorter word is part of no token that Telegram gives out.
const SHORTEST_SECRET: usize = 7;

/// The key of what is known of the whole bot.
const WHOLE_BOT: &str = "telegram:*";

/// The engine for Telegram.
pub type TelegramEngine = Engine<Telegram>;

/// Sends messages to chats.
pub struct Telegram {
    /// The bot, looked up and kept for a while.
    pub bot: BotCache,
    /// The Bot API.
    pub api: Arc<dyn BotApi>,
    /// Where messages go while there is no bot.
    pub dry_run: Arc<dyn DryRun>,
    /// What is remembered of the whole bot, and of messages that stand for keys.
    pub documents: Arc<dyn Documents>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The pace of the whole bot, as far as this process is concerned.
    pub bot_pace: Mutex<Pace>,
}

/// What came of one call.
struct Called {
    result: Result<Sent, telegram::Failure>,
    status: Option<u16>,
    answer: String,
}

#[async_trait]
impl Worker for Telegram {
    const QUEUE: QueueName = QueueName::Telegram;

    fn read(message: &str) -> serde_json::Result<Work> {
        Work::for_chat(message)
    }

    fn write(work: &Work) -> serde_json::Result<Queued> {
        work.queued_for_chat()
    }

    fn fitting(&self, works: &[Work]) -> usize {
        let style = works.first().and_then(message).map(|message| message.style);
        let together = works.iter().map_while(|work| match message(work) {
            Some(Message { parts, style: its_style, document: None, key: None }) if Some(*its_style) == style => {
                parts.first().filter(|_| parts.len() == 1).map(String::as_str)
            }
            _ => None,
        });
        let texts: Vec<_> = together.collect();
        if texts.is_empty() { 1 } else { digest(&texts).0 }
    }

    async fn operator_chat(&self) -> PortResult<Option<String>> {
        Ok(self.bot.bot().await?.operator_chat.clone())
    }

    async fn is_dry_run(&self) -> PortResult<bool> {
        Ok(self.bot.bot().await?.bot.is_none())
    }

    fn show(&self, batch: &Batch<'_>) {
        let chat = batch.destination();
        self.dry_run.show(&BotMessage { chat, text: &html::plain(&text(batch)), ..BotMessage::default() });
    }

    async fn not_before(&self, now: Timestamp) -> PortResult<Option<Timestamp>> {
        let told = destination::read(&*self.documents, WHOLE_BOT).await?.map_or(now, |bot| bot.pace.next(now));
        let mut bot = self.pace_of_bot();
        let next = told.max(bot.next(now));
        if next > now {
            return Ok(Some(next));
        }
        bot.sent(now);
        Ok(None)
    }

    /// Sends a text to a chat, once more as plain text where its HTML is refused, once more to where the chat has moved, and
    /// as a new message where the one it was to take the place of cannot be edited.
    async fn attempt(&self, batch: &Batch<'_>, moved_to: Option<&str>) -> PortResult<Attempted> {
        let outfit = self.bot.bot().await?;
        let Some(bot) = &outfit.bot else {
            return Err(PortError::new("the bot's token was taken away", "the turn is taken again"));
        };
        let (started_at, chat, text) = (self.clock.now(), batch.destination(), text(batch));
        let sent = batch.works.first().copied().and_then(message);
        let keyed = sent.and_then(|sent| sent.key.as_ref()).zip(batch.tasks.first());
        let standing = match keyed {
            Some((key, task)) => self.keyed().of(task, key).await?,
            None => None,
        };
        if let Some((_, task)) = keyed
            && standing.as_ref().is_some_and(|standing| standing.is_newer_than(task))
        {
            return Ok(attempted(started_at, started_at, Err(Failure::overtaken())));
        }
        let mut edits = standing.and_then(|standing| standing.id.parse().ok());
        let (mut plain, mut moved_to, mut moves_left) = (None, moved_to.map(str::to_owned), 1);
        loop {
            let message = BotMessage {
                chat: moved_to.as_deref().unwrap_or(chat),
                text: plain.as_deref().unwrap_or(&text),
                html: plain.is_none(),
                style: sent.map(|sent| sent.style).unwrap_or_default(),
                edits,
                document: sent.and_then(|sent| sent.document.as_ref()),
            };
            let Called { result, status, answer } = self.call(bot, &message).await;
            match &result {
                Err(telegram::Failure::BadEntities { .. }) if plain.is_none() => {
                    plain = Some(html::plain(&text));
                    continue;
                }
                Err(telegram::Failure::Migrated { chat: new }) if moves_left > 0 => {
                    moves_left -= 1;
                    log::warn!(chat, new; "the chat has moved; its messages go to the new one");
                    moved_to = Some(new.to_string());
                    continue;
                }
                Err(telegram::Failure::NotEditable { .. }) if edits.is_some() => {
                    edits = None;
                    continue;
                }
                _ => {}
            }
            let ended_at = self.clock.now();
            let blocked_until = match &result {
                Err(telegram::Failure::RetryAfter { seconds }) => Some(ended_at.plus_ms(seconds.saturating_mul(1000))),
                _ => None,
            };
            if let Some(until) = blocked_until {
                self.block_bot(until).await?;
            }
            let shown = match (&result, edits) {
                (Ok(sent), _) => Some(sent.message_id),
                (Err(telegram::Failure::Unchanged), edits) => edits,
                (Err(_), _) => None,
            };
            if let (Some((key, task)), Some(id)) = (keyed, shown) {
                self.keyed().note(task, key, id.to_string()).await?;
            }
            let result = if shown.is_some() { Ok(()) } else { result.map(drop).map_err(|failure| read(&failure)) };
            return Ok(Attempted {
                status,
                answer,
                blocked_until,
                moved_to,
                ..attempted(started_at, ended_at, result)
            });
        }
    }
}

impl Telegram {
    /// Makes one call.
    async fn call(&self, bot: &Bot, message: &BotMessage<'_>) -> Called {
        match self.api.send_message(bot, message).await {
            Ok(answer) => {
                let result = read_answer(answer.status, &answer.body);
                let text = remembered(&answer, bot, result.is_ok());
                Called { result, status: Some(answer.status), answer: text }
            }
            Err(error) => {
                let failure = telegram::Failure::Unavailable { code: 0, description: error.to_string() };
                Called { result: Err(failure), status: None, answer: String::new() }
            }
        }
    }

    /// Lets nobody send anything until then: a flood answer may speak of the whole bot.
    async fn block_bot(&self, until: Timestamp) -> PortResult<()> {
        self.pace_of_bot().block(until);
        let mut pace = Pace::new(Scope::Bot);
        pace.block(until);
        destination::write(&*self.documents, WHOLE_BOT, &Destination::new(pace), self.clock.now()).await
    }

    /// The messages that stand for keys.
    fn keyed(&self) -> KeyedMessages<'_> {
        KeyedMessages { documents: &*self.documents, clock: &*self.clock }
    }

    /// The bot's pace; nothing panics while it is held.
    fn pace_of_bot(&self) -> MutexGuard<'_, Pace> {
        self.bot_pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What follows from a failure.
fn read(failure: &telegram::Failure) -> Failure {
    let why = failure.to_string();
    match failure {
        telegram::Failure::RetryAfter { seconds } => Failure::Throttled { why, seconds: *seconds },
        telegram::Failure::Refused { .. } | telegram::Failure::Unchanged | telegram::Failure::NotEditable { .. } => {
            Failure::Refused(why)
        }
        telegram::Failure::BadEntities { .. } => Failure::Passing { why, seconds: None, counts: false },
        telegram::Failure::Migrated { .. } | telegram::Failure::Unavailable { .. } => {
            Failure::Passing { why, seconds: None, counts: true }
        }
        telegram::Failure::ChatNotFound | telegram::Failure::Blocked { .. } | telegram::Failure::Unauthorized => {
            Failure::Closed(why)
        }
    }
}

/// A message's text: the next part of one that has several, or all that go out as one.
fn text<'w>(batch: &Batch<'w>) -> Cow<'w, str> {
    if batch.steps > 1 {
        let (work, task) = (batch.works.first(), batch.tasks.first());
        let done = task.map_or(0, |task| task.parts_done);
        let part = work.copied().and_then(message).and_then(|message| message.parts.get(done));
        return Cow::Borrowed(part.map_or("", String::as_str));
    }
    let texts = batch.works.iter().filter_map(|work| message(work)?.parts.first());
    Cow::Owned(digest(&texts.map(String::as_str).collect::<Vec<_>>()).1)
}

/// The message that work carries.
const fn message(work: &Work) -> Option<&Message> {
    if let Payload::Telegram(message) = &work.payload { Some(message) } else { None }
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
