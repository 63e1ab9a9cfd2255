//! Gives every chat its turns, several chats at a time.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::ports::PortResult;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{AFTER_FAILURE, EngineParts};

/// How many chats have a turn at once.
const CHATS_AT_ONCE: usize = 32;

/// How many of a chat's messages are looked at in one turn: more than one digest has room for.
const MESSAGES_AT_ONCE: usize = 100;

/// How long to look away at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Delivers messages until told to stop; then lets the turns at hand finish.
pub(super) async fn deliver_all(parts: Arc<EngineParts>, mut stopped: watch::Receiver<bool>) {
    let arrived = parts.database.arrived.work.clone();
    let mut turns: JoinSet<(String, Timestamp)> = JoinSet::new();
    let mut busy: HashSet<String> = HashSet::new();
    let mut waits: HashMap<String, Timestamp> = HashMap::new();
    while !*stopped.borrow() {
        let now = parts.clock.now();
        waits.retain(|_, until| *until > now);
        match parts.database.groups("telegram") {
            Ok(chats) => {
                for chat in chats.into_iter().filter(|chat| !waits.contains_key(chat)) {
                    if busy.len() < CHATS_AT_ONCE && busy.insert(chat.clone()) {
                        turns.spawn(take_turn(Arc::clone(&parts), chat));
                    }
                }
            }
            Err(error) => log::error!(error:%; "the queue could not be read"),
        }
        let first = waits.values().min().map(|until| Duration::from_millis(until.ms_since(now)));
        tokio::select! {
            Some(turn) = turns.join_next() => {
                if let Ok((chat, next)) = turn {
                    busy.remove(&chat);
                    waits.insert(chat, next);
                }
            }
            () = arrived.notified() => {}
            () = tokio::time::sleep(first.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)) => {}
            _ = stopped.changed() => {}
        }
    }
    while turns.join_next().await.is_some() {}
}

/// Gives a chat one turn; says when it may have the next.
async fn take_turn(parts: Arc<EngineParts>, chat: String) -> (String, Timestamp) {
    let turn = AssertUnwindSafe(one_turn(&parts, &chat)).catch_unwind().await;
    let later = parts.clock.now().plus_ms(u64::try_from(AFTER_FAILURE.as_millis()).unwrap_or(u64::MAX));
    let next = match turn {
        Ok(Ok(next)) => next,
        Ok(Err(error)) => {
            log::error!(chat = chat.as_str(), error:%; "a turn failed; it is taken again");
            later
        }
        Err(_) => {
            log::error!(chat = chat.as_str(); "a turn panicked; it is taken again in a minute");
            later.plus_ms(60_000)
        }
    };
    (chat, next)
}

/// Gives a chat one turn with the first of its messages.
async fn one_turn(parts: &EngineParts, chat: &str) -> PortResult<Timestamp> {
    let rows = parts.database.group_work("telegram", chat, MESSAGES_AT_ONCE)?;
    let mut places = Vec::with_capacity(rows.len());
    let mut works: Vec<TelegramV1> = Vec::with_capacity(rows.len());
    for (place, message) in rows {
        match serde_json::from_str(&message) {
            Ok(Work::TelegramV1(work)) => {
                places.push(place);
                works.push(work);
            }
            Err(error) => {
                log::error!(chat, error:%; "work on the queue is unreadable; it is dropped, its task stays as it is");
                parts.database.forget_work(vec![place]).await?;
            }
        }
    }
    let turn = parts.telegram.turn(&works).await?;
    places.truncate(turn.settled);
    if !places.is_empty() {
        parts.database.forget_work(places).await?;
    }
    Ok(turn.next)
}
