//! Carries messages to Telegram chats: in order, at the pace Telegram allows, each once.
//!
//! A worker has one chat's messages at a time. In one turn it sends one message, which may join several that waited, and
//! says when the next may follow.

mod batch;
mod bot;
mod chat;
mod conclusion;
mod outcome;
mod sending;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bellhop_core::telegram::{Pace, html};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};

pub use bot::{BotCache, Outfit};

use crate::notices::Notices;
use crate::poison::bury;
use crate::ports::{BotApi, BotMessage, Clock, Documents, DryRun, PortResult, TaskLog, WorkQueue, Written};
use batch::Batch;
use chat::ChatEntry;

/// The entry of the chat documents that speaks of the whole bot.
const WHOLE_BOT: &str = "*";

/// The Telegram worker.
pub struct TelegramWorker {
    /// The bot, looked up and kept for a while.
    pub bot: BotCache,
    /// The record of tasks.
    pub tasks: Arc<dyn TaskLog>,
    /// What is remembered of chats.
    pub documents: Arc<dyn Documents>,
    /// Where notices to the operator are queued.
    pub queue: Arc<dyn WorkQueue>,
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

impl TelegramWorker {
    /// Takes a turn with messages of one chat, given in order.
    pub async fn turn(&self, works: &[TelegramV1]) -> PortResult<Turn> {
        let now = self.clock.now();
        let Some(first) = works.first() else {
            return Ok(Turn { settled: 0, next: now });
        };
        let outfit = self.bot.bot().await?;
        let Some(bot) = &outfit.bot else {
            return self.show(works, now).await;
        };
        let chat = first.chat();
        let mut entry = chat::entry(&*self.documents, chat).await?;
        let disabled = entry.breaker.is_disabled();
        if disabled && let Some(turn) = self.give_up(works, now).await? {
            return Ok(turn);
        }
        if let Some(next) = self.not_before(&entry, now).await? {
            return Ok(Turn { settled: 0, next });
        }
        let mut batch = self.gather(works, now).await?;
        if disabled {
            batch.truncate(1);
        }
        if batch.tasks.is_empty() {
            return Ok(Turn { settled: batch.settled(), next: batch.due_at.unwrap_or(now) });
        }
        let sending = self.send(bot, chat, &mut entry, &batch.text()).await?;
        self.conclude(chat, batch, entry, sending, outfit.operator_chat.as_deref()).await
    }

    /// Writes down that work is dead which can never be done, and tells of it.
    pub async fn set_aside(&self, work: &TelegramV1, reason: &str) -> PortResult<()> {
        let outfit = self.bot.bot().await?;
        bury(&self.notices(outfit.operator_chat.as_deref()), &Work::TelegramV1(work.clone()), reason).await
    }

    /// The notices of this moment.
    fn notices<'a>(&'a self, operator_chat: Option<&'a str>) -> Notices<'a> {
        Notices {
            tasks: &*self.tasks,
            documents: &*self.documents,
            queue: &*self.queue,
            clock: &*self.clock,
            operator_chat,
        }
    }

    /// Shows messages instead of sending them, where there is no bot.
    async fn show(&self, works: &[TelegramV1], now: Timestamp) -> PortResult<Turn> {
        let mut batch = self.gather(works, now).await?;
        if !batch.tasks.is_empty() {
            let chat = works.first().map_or("", TelegramV1::chat);
            self.dry_run.show(&BotMessage { chat, text: &html::plain(&batch.text()), html: false });
            let parts = batch.parts;
            batch.tasks.iter_mut().for_each(|task| outcome::shown(task, parts, now));
            self.tasks.save(&batch.tasks).await?;
            batch.tell();
        }
        Ok(Turn { settled: batch.settled(), next: batch.due_at.unwrap_or(now) })
    }

    /// When the chat or the bot may have its next message, if that is not now; else one of the bot's is taken.
    async fn not_before(&self, entry: &ChatEntry, now: Timestamp) -> PortResult<Option<Timestamp>> {
        let told = chat::entry(&*self.documents, WHOLE_BOT).await?.pace.next(now);
        let chat = entry.next(now).max(told);
        let mut bot = self.bot_pace();
        let next = chat.max(bot.next(now));
        if next > now {
            return Ok(Some(next));
        }
        bot.sent(now);
        Ok(None)
    }

    /// Looks up the tasks of the first message and of as many after it as one message has room for.
    ///
    /// Nobody else has them: the queue gives a chat to one worker at a time.
    async fn gather<'w>(&self, works: &'w [TelegramV1], now: Timestamp) -> PortResult<Batch<'w>> {
        let fitting = batch::fitting(works);
        let ids: Vec<_> = fitting.iter().map(|work| work.task.id.clone()).collect();
        let mut written = self.tasks.written(&ids).await?;
        // What has expired is as good as deleted, whether it was yet or not.
        let today = self.clock.now();
        for (work, written) in fitting.iter().zip(&mut written).filter(|(work, _)| work.task.expires_at <= today) {
            log::info!(event:% = work.task.event, task = work.task.id.as_str(); "its event has expired");
            *written = Written::Deleted;
        }
        Ok(Batch::new(fitting, written, now))
    }

    /// Ends the tasks for a chat that is disabled, without an attempt, unless the first is to be tried all the same.
    async fn give_up(&self, works: &[TelegramV1], now: Timestamp) -> PortResult<Option<Turn>> {
        let mut batch = self.gather(works, Timestamp::from_ms(u64::MAX)).await?;
        let given_up = batch.tasks.iter().take_while(|task| !outcome::is_probe(task)).count();
        if given_up == 0 && !batch.tasks.is_empty() {
            return Ok(None);
        }
        batch.truncate(given_up);
        batch.tasks.iter_mut().for_each(outcome::give_up);
        self.tasks.save(&batch.tasks).await?;
        batch.tell();
        Ok(Some(Turn { settled: batch.settled(), next: now }))
    }

    /// The bot's pace; nothing panics while it is held.
    fn bot_pace(&self) -> MutexGuard<'_, Pace> {
        self.bot_pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number from 0 to 1 that places a wait inside its jitter.
    fn jitter(&self) -> f64 {
        let mut byte = [0];
        self.clock.random(&mut byte);
        f64::from(byte[0]) / 255.0
    }
}
