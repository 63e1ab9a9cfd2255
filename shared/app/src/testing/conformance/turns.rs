//! Turns at destinations that keep one pace: what is known of the destination, and what became of its tasks.

use bellhop_core::action::Kind;
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, ReplayId, TaskId};
use bellhop_core::task::{Attempt, AttemptOutcome, Task, TaskStatus};
use bellhop_core::time::Timestamp;

use super::made::{DAY_MS, attempt, event_id_at, fresh_event, fresh_hook_id, now};
use crate::ports::{Collection, EventLog, History, NewDocument, NewTurn, TaskLog, Written};

/// A destination of its own, in a store.
struct Stage<'a> {
    log: &'a dyn EventLog,
    history: &'a dyn History,
    tasks: &'a dyn TaskLog,
    chat: String,
}

/// What a turn writes down is found by the next turn, and by whoever looks at an event.
///
/// Whatever else is written down of a task overrules it, and nobody finds it once the event is deleted.
pub async fn turns(log: &dyn EventLog, history: &dyn History, tasks: &dyn TaskLog) {
    let stage = Stage { log, history, tasks, chat: fresh_hook_id().to_string() };
    let begin = now();
    let at = |ms: u64| Timestamp::from_ms(begin.as_ms() - 600_000 + ms);
    assert_eq!(stage.known(&[]).await, None, "nothing is known of a destination that was never called");

    // Two events that went out together.
    let (first, second) = (stage.recorded(at(0)).await, stage.recorded(at(10)).await);
    assert_eq!(stage.stands(&first).await, None);
    let (done, mut also) = (succeeded(&first), second.clone());
    also.succeed(done.attempts[0].clone());
    stage.end("{\"n\":1}", &[done.clone(), also.clone()], &[true, true]).await;
    assert_eq!(stage.known(&[]).await.as_deref(), Some("{\"n\":1}"));
    stage.expect(&[&done, &also]).await;
    let untouched = stage.recorded(at(11)).await;
    assert_eq!(stage.stands(&untouched).await, None, "of another task nothing is written down");

    // The same turn ended twice, as where an answer was lost.
    stage.end_from("", "{\"n\":2}", &[done.clone(), also.clone()], &[true, true]).await;
    stage.expect(&[&done, &also]).await;

    // One that failed and will be tried again, and then succeeds.
    let third = stage.recorded(at(20)).await;
    let mut trouble = third.clone();
    trouble.note(attempt());
    trouble.status = TaskStatus::Retrying;
    stage.end("{\"n\":3}", std::slice::from_ref(&trouble), &[true]).await;
    assert_eq!(stage.known(&[]).await.as_deref(), Some("{\"n\":3}"));
    stage.expect(&[&trouble, &done]).await;
    trouble.succeed(plain_attempt());
    stage.end("{\"n\":4}", std::slice::from_ref(&trouble), &[false]).await;
    assert_eq!(stage.known(&[]).await.as_deref(), Some("{\"n\":4}"));
    stage.expect(&[&trouble]).await;

    // One that is older than what went out before, and one that waited for long.
    let late = succeeded(&stage.recorded(at(5)).await);
    stage.end("{\"n\":5}", std::slice::from_ref(&late), &[true]).await;
    let (old, new) = (succeeded(&stage.recorded(at(30)).await), succeeded(&stage.recorded(at(300_000)).await));
    stage.end("{\"n\":6}", &[old.clone(), new.clone()], &[true, true]).await;
    assert_eq!(stage.known(&[]).await.as_deref(), Some("{\"n\":6}"));
    stage.expect(&[&late, &old, &new]).await;

    // One that was written down when it was made.
    let replay = ReplayId::from_text("rp_1");
    let mut added = stage.made(new.event);
    added.id = TaskId::replayed(new.event, &added.owner, 0, &replay);
    added.replay = Some(replay);
    tasks.add(std::slice::from_ref(&added)).await.expect("a task is added");
    added.succeed(plain_attempt());
    stage.end("{\"n\":7}", std::slice::from_ref(&added), &[false]).await;
    stage.expect(&[&added, &new]).await;

    // Many, one after the other.
    let mut many = Vec::new();
    for n in 0..12 {
        let task = succeeded(&stage.recorded(at(310_000 + n * 1_000)).await);
        stage.end(&format!("{{\"n\":{}}}", 10 + n), std::slice::from_ref(&task), &[true]).await;
        many.push(task);
    }
    assert_eq!(stage.known(&[]).await.as_deref(), Some("{\"n\":21}"));
    stage.expect(&many.iter().collect::<Vec<_>>()).await;
    let page = history.events(None, at(310_000), 1_000).await.expect("events are listed");
    for task in &many {
        let listed = page.items.iter().find(|one| one.head.id == task.event).expect("it is listed");
        assert_eq!(listed.tasks, std::slice::from_ref(task));
    }

    // Asked for again after it had succeeded.
    let mut again = many[3].clone();
    again.retry(1, now());
    tasks.save(std::slice::from_ref(&again)).await.expect("a task is saved");
    stage.expect(&[&again, &many[2]]).await;

    // Deleted, of two that went out together.
    history.delete(first.event).await.expect("an event is deleted");
    assert_eq!(history.recorded(first.event).await.expect("an event is looked for"), None);
    assert_eq!(stage.tasks.written(&[first.id]).await.expect("a task is read"), [Written::Deleted]);
    stage.expect(&[&also]).await;
    let gone = stage.tasks.destination(&stage.key(), &[done.id]).await.expect("a destination is read");
    assert_eq!(gone.succeeded, []);
}

/// An attempt that succeeded, with something in every field.
fn plain_attempt() -> Attempt {
    Attempt { outcome: AttemptOutcome::Succeeded, detail: String::new(), response_status: Some(200), ..attempt() }
}

/// A task whose first attempt succeeded.
fn succeeded(made: &Task) -> Task {
    let mut task = made.clone();
    task.succeed(Attempt { started_at: Timestamp::from_ms(made.created_at.as_ms() + 9), ..plain_attempt() });
    task
}

impl Stage<'_> {
    /// The key of the destination.
    fn key(&self) -> String {
        format!("telegram:{}", self.chat)
    }

    /// A task of an event for the destination.
    fn made(&self, event: EventId) -> Task {
        let id = TaskId::new(event, &fresh_hook_id(), 0);
        Task::queued(id, Kind::Telegram, &self.chat, now(), now().plus_ms(DAY_MS))
    }

    /// The task of an event that was accepted at a moment and is recorded.
    async fn recorded(&self, moment: Timestamp) -> Task {
        let mut event: Event = fresh_event(b"{}".to_vec());
        event.head.id = event_id_at(moment);
        let task = self.made(event.head.id);
        let expires = now().plus_ms(DAY_MS);
        self.log.record(&event, std::slice::from_ref(&task), expires).await.expect("an event is recorded");
        task
    }

    /// Ends a turn that began now.
    async fn end(&self, text: &str, tasks: &[Task], unwritten: &[bool]) {
        let place = self.tasks.destination(&self.key(), &[]).await.expect("a destination is read").place;
        self.end_from(&place, text, tasks, unwritten).await;
    }

    /// Ends a turn that began when what is known of the destination was there.
    async fn end_from(&self, place: &str, text: &str, tasks: &[Task], unwritten: &[bool]) {
        let (key, expires) = (self.key(), Some(now().plus_ms(DAY_MS)));
        let destination = NewDocument { collection: Collection::Destination, key: &key, text, expires };
        let turn = NewTurn { destination, place, tasks, unwritten };
        self.tasks.end_turn(&turn).await.expect("a turn is written down");
    }

    /// What is known of the destination.
    async fn known(&self, tasks: &[TaskId]) -> Option<String> {
        self.tasks.destination(&self.key(), tasks).await.expect("a destination is read").text
    }

    /// How a task stands, as a worker learns it; `None` where nothing is written down.
    async fn stands(&self, task: &Task) -> Option<Task> {
        let ids = std::slice::from_ref(&task.id);
        let known = self.tasks.destination(&self.key(), ids).await.expect("a destination is read");
        let written = self.tasks.written(ids).await.expect("a task is read").pop().expect("an answer each");
        written.task().or_else(|| {
            let (_, attempt) = known.succeeded.into_iter().find(|(id, _)| *id == task.id)?;
            let mut made = Task { status: TaskStatus::Queued, attempts: Vec::new(), parts_done: 0, ..task.clone() };
            made.succeed(attempt);
            Some(made)
        })
    }

    /// Holds that these tasks stand so, whoever looks.
    async fn expect(&self, tasks: &[&Task]) {
        for task in tasks {
            assert_eq!(self.stands(task).await.as_ref(), Some(*task), "to a worker");
            let recorded = self.history.recorded(task.event).await.expect("an event is read").expect("it is there");
            let found = recorded.tasks.iter().find(|found| found.id == task.id);
            assert_eq!(found, Some(*task), "to people");
        }
    }
}
