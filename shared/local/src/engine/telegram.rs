//! Gives every chat its turns, several chats at a time.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::metrics::METRICS;
use bellhop_app::ports::{PortResult, TaskLog as _};
use bellhop_core::id::TaskId;
use bellhop_core::task::TaskStatus;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{AFTER_FAILURE, EngineParts};
use crate::database::Database;

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
    let (mut places, works) = first_work(&parts.database, chat).await?;
    let turn = parts.telegram.turn(&works).await?;
    places.truncate(turn.settled);
    if !places.is_empty() {
        parts.database.forget_work(places).await?;
    }
    Ok(turn.next)
}

/// The first work of a chat, with its places on the queue; what is unreadable is dropped.
async fn first_work(database: &Database, chat: &str) -> PortResult<(Vec<i64>, Vec<TelegramV1>)> {
    let rows = database.group_work("telegram", chat, MESSAGES_AT_ONCE)?;
    let (mut places, mut works) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        match serde_json::from_str(&row.message) {
            Ok(Work::TelegramV1(work)) => {
                places.push(row.place);
                works.push(work);
            }
            Err(error) => {
                // The key is the task's, whose id begins with the event's.
                let event = row.key.split('.').next().unwrap_or_default();
                log::error!(event, chat, key = row.key.as_str(), error:%; "work on the queue is unreadable; its task is dead");
                bury(database, &row.key).await?;
                database.forget_work(vec![row.place]).await?;
            }
        }
    }
    Ok((places, works))
}

/// Marks the task of unreadable work as dead, where the work's key tells it and it has not ended.
async fn bury(database: &Database, key: &str) -> PortResult<()> {
    let id = TaskId::from_text(key.rsplit_once('#').map_or(key, |(id, _)| id));
    let mut tasks: Vec<_> = database.written(&[id]).await?.into_iter().flatten().collect();
    tasks.retain(|task| !task.status.is_final());
    for task in &mut tasks {
        task.status = TaskStatus::Dead;
        task.reason = Some("its message on the queue is unreadable".to_owned());
        METRICS.dead.add(1);
    }
    database.save(&tasks).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_app::clock::SystemClock;
    use bellhop_app::ports::{Clock as _, WorkQueue as _};
    use bellhop_core::id::{EventId, HookId};
    use bellhop_core::task::Task;

    #[tokio::test]
    async fn unreadable_work_is_dropped_and_its_task_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let (now, hook) = (SystemClock.now(), HookId::from_text("hk_1"));
        let event = EventId::new(now, &[1; 10]);
        let task = |action| {
            let id = TaskId::new(event, &hook, action);
            Task::queued(id, event, hook.clone(), "telegram", "5", now, now.plus_ms(60_000))
        };
        let done = Task { status: TaskStatus::Succeeded, ..task(1) };
        let tasks = [task(0), done, task(2)];
        database.add(&tasks).await.unwrap();
        let work: Vec<_> = tasks
            .iter()
            .map(|task| Work::TelegramV1(TelegramV1 { task: task.clone(), parts: Vec::new(), trace: None }))
            .collect();
        database.send(&work).await.unwrap();
        let spoil = "UPDATE work SET message = 'no JSON' WHERE seq < 3";
        database.write(|connection| connection.execute(spoil, [])).await.unwrap();

        let (places, works) = first_work(&database, "5").await.unwrap();
        let tasks_left: Vec<_> = works.iter().map(|work| work.task.clone()).collect();
        assert_eq!((places, tasks_left), (vec![3], vec![task(2)]));
        assert_eq!(database.group_work("telegram", "5", 9).unwrap().len(), 1);
        let written = database.written(&tasks.map(|task| task.id)).await.unwrap();
        let written: Vec<_> = written.into_iter().flatten().map(|task| (task.status, task.reason)).collect();
        let reason = Some("its message on the queue is unreadable".to_owned());
        let expected = [(TaskStatus::Dead, reason), (TaskStatus::Succeeded, None), (TaskStatus::Queued, None)];
        assert_eq!(written, expected);
    }
}
