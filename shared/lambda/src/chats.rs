//! The Telegram worker's batches: each chat's messages in their order, chats side by side.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bellhop_app::ports::{Postponed, Receipts};
use bellhop_app::telegram::TelegramWorker;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::batch::{Batch, Outcome, Record, panic_text};
use crate::metrics::flush;

/// A wait up to this long is slept through; during a longer one the function may end.
const SHORT_WAIT_MS: u64 = 2_500;

/// A turn is begun only with this much time left: a call of the Bot API may take 15 s, and be made twice.
const TURN_MS: u64 = 32_000;

/// After how many seconds a message comes again whose turn failed in the store, and one that cannot be read or made us
/// panic: a thousand receipts later it is dead, after some hours of the former and one of the latter.
const TROUBLE_SECONDS: u64 = 30;
const POISON_SECONDS: u64 = 5;

/// What one invocation works with.
pub struct Chats<'a> {
    /// The worker.
    pub worker: &'a TelegramWorker,
    /// The queue the messages came from.
    pub receipts: &'a dyn Receipts,
    /// When the invocation must have ended.
    pub deadline: Timestamp,
}

/// A message, or why it is none.
type Parcel<'r> = (&'r Record, Result<TelegramV1, String>);

impl Chats<'_> {
    /// Works through a batch, and says which messages must come again.
    pub async fn work(&self, batch: &Batch) -> Outcome {
        let mut chats: Vec<Vec<Parcel<'_>>> = Vec::new();
        for record in &batch.records {
            let group = &record.attributes.message_group_id;
            let chat = chats
                .iter_mut()
                .find(|chat| chat.first().is_some_and(|(first, _)| first.attributes.message_group_id == *group));
            let parcel = (record, read(&record.body));
            match chat {
                Some(chat) => chat.push(parcel),
                None => chats.push(vec![parcel]),
            }
        }
        let left = join_all(chats.iter().map(|chat| self.work_chat(chat))).await;
        flush();
        Outcome::failed(left.into_iter().flatten())
    }

    /// Works through one chat's messages, has those that are left come again, and names them.
    async fn work_chat(&self, chat: &[Parcel<'_>]) -> Vec<String> {
        let readable = chat.iter().map_while(|(_, work)| work.as_ref().ok().cloned());
        let mut works: Vec<TelegramV1> = readable.collect();
        let wait = loop {
            let place = chat.len() - works.len() - unreadable(chat);
            if works.is_empty() {
                let Some((record, Err(reason))) = chat.get(place) else { return Vec::new() };
                log::error!(message_id = record.message_id.as_str(), reason = reason.as_str(); "not work for Telegram");
                break POISON_SECONDS;
            }
            match self.turn(&mut works, chat[place].0).await {
                Ok(_) if works.is_empty() => {}
                Ok(wait_ms) if wait_ms <= SHORT_WAIT_MS && self.has_time(wait_ms) => {
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                }
                Ok(wait_ms) => break wait_ms.div_ceil(1000),
                Err(seconds) => break seconds,
            }
        };
        let left = &chat[chat.len() - works.len() - unreadable(chat)..];
        self.give_back(left, wait).await;
        left.iter().map(|(record, _)| record.message_id.clone()).collect()
    }

    /// Takes one turn and drops what is settled; how many milliseconds to wait for the next one, or after how many
    /// seconds to come again where the turn failed.
    async fn turn(&self, works: &mut Vec<TelegramV1>, first: &Record) -> Result<u64, u64> {
        let message = first.message_id.as_str();
        let event = works.first().map(|work| work.task.event.to_string()).unwrap_or_default();
        let turn = match AssertUnwindSafe(self.worker.turn(works)).catch_unwind().await {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => {
                log::error!(event, message_id = message, error:%; "no turn for the chat");
                return Err(TROUBLE_SECONDS);
            }
            Err(panic) => {
                log::error!(event, message_id = message, reason = panic_text(panic.as_ref()); "panic at a turn for the chat");
                return Err(POISON_SECONDS);
            }
        };
        works.drain(..turn.settled.min(works.len()));
        let wait = turn.next.ms_since(self.worker.clock.now());
        // Nothing settled and no wait would be a circle.
        Ok(if turn.settled == 0 { wait.max(50) } else { wait })
    }

    /// Whether there is time for a turn after a wait.
    fn has_time(&self, wait_ms: u64) -> bool {
        self.deadline.ms_since(self.worker.clock.now()) >= wait_ms + TURN_MS
    }

    /// Has the first message come again after a wait, and the others right behind it.
    ///
    /// The queue holds a chat back as long as any of its messages is out of sight, so none may be left out.
    async fn give_back(&self, left: &[Parcel<'_>], wait: u64) {
        let postponed: Vec<_> = left
            .iter()
            .enumerate()
            .map(|(place, (record, _))| Postponed {
                receipt: &record.receipt_handle,
                seconds: if place == 0 { wait } else { 0 },
            })
            .collect();
        if let Err(error) = self.receipts.postpone(&postponed).await {
            log::warn!(error:%; "the chat's messages come again later than they could");
        }
    }
}

/// How many messages there are from the first unreadable one on.
fn unreadable(chat: &[Parcel<'_>]) -> usize {
    chat.iter().position(|(_, work)| work.is_err()).map_or(0, |place| chat.len() - place)
}

/// Reads a message.
fn read(body: &str) -> Result<TelegramV1, String> {
    match serde_json::from_str(body) {
        Ok(Work::TelegramV1(work)) => Ok(work),
        // Where it went wrong, not what stood there.
        Err(error) => Err(format!("unreadable at column {}", error.column())),
    }
}
