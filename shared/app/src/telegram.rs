//! Carries messages to Telegram chats: in order, at the pace Telegram allows, each once.
//!
//! A worker has one chat's messages at a time. In one turn it sends one message, which may join several that waited, and
//! says when the next may follow.

mod bot;
mod outcome;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bellhop_core::task::Task;
use bellhop_core::telegram::{Failure, Pace, Scope, digest, html, read_answer};
use bellhop_core::time::Timestamp;
use bellhop_core::work::TelegramV1;

pub use bot::BotCache;

use crate::ports::{Bot, BotApi, BotMessage, ChatBook, ChatEntry, Clock, DryRun, PortResult, Start, TaskLog};
use outcome::Attempted;

/// How long a worker may take over one turn; a task whose worker died is free again after it.
const LEASE_MS: u64 = 60_000;

/// The entry of the chat book that speaks of the whole bot.
const WHOLE_BOT: &str = "*";

/// The Telegram worker.
pub struct TelegramWorker {
    /// The bot, looked up and kept for a while.
    pub bot: BotCache,
    /// The record of tasks.
    pub tasks: Arc<dyn TaskLog>,
    /// What is remembered of chats.
    pub book: Arc<dyn ChatBook>,
    /// The Bot API.
    pub api: Arc<dyn BotApi>,
    /// Where messages go while there is no bot.
    pub dry_run: Arc<dyn DryRun>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The pace of the whole bot, as far as this process is concerned.
    pub bot_pace: Mutex<Pace>,
}

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// How many of the first messages are settled and can be forgotten.
    pub settled: usize,
    /// When the rest may have their turn.
    pub next: Timestamp,
}

/// Messages that are sent as one, and their tasks, which are ours until their lease ends.
struct Batch {
    tasks: Vec<Task>,
    text: String,
    /// How many parts the one task of a split message has.
    parts: usize,
    /// How many messages before these had nothing left to do.
    already_settled: usize,
}

/// What was found of the first messages' tasks.
enum Gathered {
    Batch(Batch),
    /// Nothing to send now: the first are settled already, or another worker has them.
    Nothing(Turn),
}

impl TelegramWorker {
    /// Takes a turn with messages of one chat, given in order.
    pub async fn turn(&self, works: &[TelegramV1]) -> PortResult<Turn> {
        let now = self.clock.now();
        let Some(first) = works.first() else {
            return Ok(Turn { settled: 0, next: now });
        };
        let bot = self.bot.bot().await?;
        let mut entry = self.entry(&first.chat).await?;
        if bot.is_some()
            && let Some(next) = self.not_before(&entry, now).await?
        {
            return Ok(Turn { settled: 0, next });
        }
        let batch = match self.gather(works, now).await? {
            Gathered::Batch(batch) => batch,
            Gathered::Nothing(turn) => return Ok(turn),
        };
        let started_at = self.clock.now();
        let result = match bot.as_ref() {
            Some(bot) => self.send(bot, &first.chat, &mut entry, &batch.text).await?,
            None => {
                self.dry_run.show(&BotMessage { chat: &first.chat, text: &html::plain(&batch.text), html: false });
                Ok(())
            }
        };
        let attempted = Attempted { started_at, ended_at: self.clock.now(), luck: self.luck() };
        let next = if bot.is_some() { entry.pace.next(attempted.ended_at) } else { attempted.ended_at };
        self.conclude(batch, &attempted, &result, next).await
    }

    /// When the chat or the bot may have its next message, if that is not now; else one of the bot's is taken.
    async fn not_before(&self, entry: &ChatEntry, now: Timestamp) -> PortResult<Option<Timestamp>> {
        let told = self.book.entry(WHOLE_BOT).await?.map_or(now, |bot| bot.pace.next(now));
        let chat = entry.pace.next(now).max(told);
        let mut bot = self.bot_pace();
        let next = chat.max(bot.next(now));
        if next > now {
            return Ok(Some(next));
        }
        bot.sent(now);
        Ok(None)
    }

    /// Takes the tasks of the first message and of as many after it as one message has room for.
    async fn gather(&self, works: &[TelegramV1], now: Timestamp) -> PortResult<Gathered> {
        let together = works.iter().take_while(|work| work.parts.len() == 1).count().max(1);
        let texts: Vec<_> =
            works[..together].iter().map(|work| work.parts.first().map_or("", String::as_str)).collect();
        let fitting = digest(&texts).0;
        let ids: Vec<_> = works[..fitting].iter().map(|work| work.task.clone()).collect();
        let starts = self.tasks.start_all(&ids, now, now.plus_ms(LEASE_MS)).await?;
        let (mut tasks, mut taken, mut already_settled, mut held) = (Vec::new(), Vec::new(), 0, now);
        for (start, text) in starts.into_iter().zip(&texts) {
            match start {
                Start::Go(task) => {
                    tasks.push(*task);
                    taken.push(*text);
                }
                Start::Done if tasks.is_empty() => already_settled += 1,
                Start::Done => {}
                Start::Held(until) => held = until,
            }
        }
        let Some(first) = tasks.first() else {
            let next = if already_settled > 0 { now } else { held };
            return Ok(Gathered::Nothing(Turn { settled: already_settled, next }));
        };
        let work = &works[already_settled];
        let text = match work.parts.len() {
            1 => digest(&taken).1,
            _ => work.parts.get(first.parts_done).cloned().unwrap_or_default(),
        };
        Ok(Gathered::Batch(Batch { tasks, text, parts: work.parts.len(), already_settled }))
    }

    /// Sends a text to a chat, once more as plain text where its HTML is refused, once more to where the chat has moved.
    async fn send(&self, bot: &Bot, chat: &str, entry: &mut ChatEntry, text: &str) -> PortResult<Result<(), Failure>> {
        let mut plain = None;
        let mut moves_left = 1;
        loop {
            let to = entry.moved_to.clone().unwrap_or_else(|| chat.to_owned());
            let message = BotMessage { chat: &to, text: plain.as_deref().unwrap_or(text), html: plain.is_none() };
            let result = match self.api.send_message(bot, &message).await {
                Ok(answer) => read_answer(answer.status, &answer.body).map(|_| ()),
                Err(error) => Err(Failure::Unavailable { code: 0, description: error.to_string() }),
            };
            let now = self.clock.now();
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
                    let until = now.plus_ms(seconds.saturating_mul(1000));
                    entry.pace.block(until);
                    self.block_bot(until).await?;
                }
                _ => entry.pace.sent(now),
            }
            self.book.set_entry(chat, entry).await?;
            return Ok(result);
        }
    }

    /// Writes down what came of a batch's tasks, and says how many of the first messages are settled.
    async fn conclude(
        &self,
        mut batch: Batch,
        attempted: &Attempted,
        result: &Result<(), Failure>,
        next: Timestamp,
    ) -> PortResult<Turn> {
        for task in &mut batch.tasks {
            outcome::apply(task, attempted, result, batch.parts);
        }
        self.tasks.save_all(&batch.tasks).await?;
        batch.tasks.iter().for_each(outcome::log);
        // Settled or not, the messages were one, so they end alike, but for failures that some had before.
        let open = batch.tasks.iter().position(|task| !task.status.is_final());
        let due_at = batch.tasks.iter().filter(|task| !task.status.is_final()).map(|task| task.due_at).max();
        let settled = batch.already_settled + open.unwrap_or(batch.tasks.len());
        Ok(Turn { settled, next: next.max(due_at.unwrap_or_default()) })
    }

    /// What is remembered of a chat; a fresh entry where nothing is.
    async fn entry(&self, chat: &str) -> PortResult<ChatEntry> {
        let entry = self.book.entry(chat).await?;
        Ok(entry.unwrap_or_else(|| ChatEntry { pace: Pace::new(Scope::of_chat(chat)), moved_to: None }))
    }

    /// Lets nobody send anything until then: a flood answer may speak of the whole bot.
    async fn block_bot(&self, until: Timestamp) -> PortResult<()> {
        self.bot_pace().block(until);
        let mut pace = Pace::new(Scope::Bot);
        pace.block(until);
        self.book.set_entry(WHOLE_BOT, &ChatEntry { pace, moved_to: None }).await
    }

    /// The bot's pace; nothing panics while it is held.
    fn bot_pace(&self) -> MutexGuard<'_, Pace> {
        self.bot_pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number from 0 to 1 that places a wait inside its jitter.
    fn luck(&self) -> f64 {
        let mut byte = [0];
        self.clock.random(&mut byte);
        f64::from(byte[0]) / 255.0
    }
}
