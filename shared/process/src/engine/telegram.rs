//! Gives every chat its turns, several chats at a time.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::ports::PortResult;
use bellhop_app::telegram::Turn;
use bellhop_core::id::TaskId;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::crashes::Crashes;
use super::{AFTER_FAILURE, EngineParts};
use bellhop_sqlite::Subject;
use bellhop_sqlite::Waiting;

/// How many chats have a turn at once.
const CHATS_AT_ONCE: usize = 32;

/// How many of a chat's messages are looked at in one turn: more than one digest has room for.
const MESSAGES_AT_ONCE: usize = 100;

/// How long to look away at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Delivers messages until told to stop; then lets the turns at hand finish.
pub(super) async fn deliver_all(parts: Arc<EngineParts>, crashes: Arc<Crashes>, mut stopped: watch::Receiver<bool>) {
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
                        turns.spawn(take_turn(Arc::clone(&parts), Arc::clone(&crashes), chat));
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
async fn take_turn(parts: Arc<EngineParts>, crashes: Arc<Crashes>, chat: String) -> (String, Timestamp) {
    let turn = AssertUnwindSafe(one_turn(&parts, &crashes, &chat)).catch_unwind().await;
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

/// Gives a chat one turn with the first of its messages; what may have ended a former process goes alone.
async fn one_turn(parts: &EngineParts, crashes: &Crashes, chat: &str) -> PortResult<Timestamp> {
    let mut rows = parts.database.group_work("telegram", chat, MESSAGES_AT_ONCE)?;
    let together = rows.iter().take_while(|row| !crashes.suspects(Subject::one_work(row.place))).count();
    rows.truncate(together.max(1));
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(parts.clock.now()) };
    if let Some(reason) = crashes.condemns(Subject::one_work(first.place)) {
        bury(parts, first, &reason).await?;
        crashes.clear([Subject::one_work(first.place)]);
        return Ok(parts.clock.now());
    }
    let (places, turn) = crashes.at(Subject::Work(first.place, last.place), take(parts, chat, &rows)).await?;
    crashes.clear(places.iter().copied().map(Subject::one_work));
    if !places.is_empty() {
        parts.database.forget_work(places).await?;
    }
    Ok(turn.next)
}

/// Takes a turn with these messages; the places of those that are settled.
async fn take(parts: &EngineParts, chat: &str, rows: &[Waiting]) -> PortResult<(Vec<i64>, Turn)> {
    let (mut places, works) = read_work(parts, chat, rows).await?;
    let turn = parts.telegram.turn(&works).await?;
    places.truncate(turn.settled);
    Ok((places, turn))
}

/// The work in these rows, with its places on the queue; what is unreadable is dropped.
async fn read_work(parts: &EngineParts, chat: &str, rows: &[Waiting]) -> PortResult<(Vec<i64>, Vec<TelegramV1>)> {
    let (mut places, mut works) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        match serde_json::from_str(&row.message) {
            Ok(Work::TelegramV1(work)) => {
                places.push(row.place);
                works.push(work);
            }
            Err(error) => {
                log::error!(chat, key = row.key.as_str(), column = error.column(); "work on the queue is unreadable");
                bury(parts, row, "its message on the queue is unreadable").await?;
            }
        }
    }
    Ok((places, works))
}

/// Marks the task of work that can never be done as dead, where it has not ended, and drops the work.
async fn bury(parts: &EngineParts, row: &Waiting, reason: &str) -> PortResult<()> {
    // The key is the task's id, and which time it is done again.
    let id = TaskId::from_text(row.key.rsplit_once('#').map_or(row.key.as_str(), |(id, _)| id));
    parts.routing.poison().task(&id, reason).await?;
    parts.database.forget_work(vec![row.place]).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::made::engine;
    use bellhop_app::ports::{History as _, WorkQueue as _};
    use bellhop_core::event::Event;
    use bellhop_core::id::{EventId, HookId};
    use bellhop_core::task::{Task, TaskStatus};

    #[tokio::test]
    async fn unreadable_work_is_dropped_and_its_task_is_dead() {
        use bellhop_app::ports::EventLog as _;
        let folder = tempfile::tempdir().unwrap();
        let parts = engine(folder.path());
        let database = &parts.database;
        let (now, hook) = (parts.clock.now(), HookId::from_text("hk_1"));
        let id = EventId::new(now, &[1; 10]);
        let task = |action| {
            let task = TaskId::new(id, &hook, action);
            Task::queued(task, id, hook.clone(), "telegram", "5", now, now.plus_ms(60_000))
        };
        let done = Task { status: TaskStatus::Succeeded, ..task(1) };
        let tasks = [task(0), done, task(2)];
        let head = serde_json::json!({
            "id": id, "path": "", "sender": "github", "received_at": 0, "headers": [], "hooks": [], "body_bytes": 0,
        });
        let event = Event { head: serde_json::from_value(head).unwrap(), body: Vec::new() };
        database.record(&event, &tasks, now.plus_ms(60_000)).await.unwrap();
        let work: Vec<_> = tasks
            .iter()
            .map(|task| Work::TelegramV1(TelegramV1 { task: task.clone(), parts: Vec::new(), trace: None }))
            .collect();
        database.send(&work).await.unwrap();
        let spoil = "UPDATE work SET message = 'no JSON' WHERE seq < 3";
        database.write(|connection| connection.execute(spoil, [])).await.unwrap();

        let rows = database.group_work("telegram", "5", 9).unwrap();
        let (places, works) = read_work(&parts, "5", &rows).await.unwrap();
        let tasks_left: Vec<_> = works.iter().map(|work| work.task.clone()).collect();
        assert_eq!((places, tasks_left), (vec![3], vec![task(2)]));
        assert_eq!(database.group_work("telegram", "5", 9).unwrap().len(), 1);
        let recorded = database.recorded(id).await.unwrap().unwrap().tasks;
        let ends: Vec<_> = recorded.into_iter().map(|task| (task.status, task.reason)).collect();
        let reason = Some("its message on the queue is unreadable".to_owned());
        let expected = [(TaskStatus::Dead, reason), (TaskStatus::Succeeded, None), (TaskStatus::Queued, None)];
        assert_eq!(ends, expected);
    }
}
