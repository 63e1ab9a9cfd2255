//! Dead letters of every kind, over ports in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bellhop_core::action::Kind;
use bellhop_core::event::{Event, Proof};
use bellhop_core::id::{EventId, HookId, ReplayId, TaskId};
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::*;
use crate::cache::Changes;
use crate::ports::{DeadLetter, EventLog as _, History as _, PortError, TaskLog as _};
use crate::testing::memory::{Faults, Memory, SetClock};

/// A queue of letters, by their ids; it gives one at a time, each once.
#[derive(Default)]
struct Letters(Mutex<(Vec<String>, BTreeMap<String, String>)>);

impl Letters {
    fn of(letters: &[(&str, String)]) -> Arc<Self> {
        let waiting = letters.iter().map(|(id, _)| (*id).to_owned()).collect();
        let bodies = letters.iter().map(|(id, body)| ((*id).to_owned(), body.clone())).collect();
        Arc::new(Self(Mutex::new((waiting, bodies))))
    }

    fn left(&self) -> Vec<String> {
        self.0.lock().unwrap().1.keys().cloned().collect()
    }
}

#[async_trait]
impl DeadLetters for Letters {
    async fn receive(&self) -> PortResult<Vec<DeadLetter>> {
        let mut letters = self.0.lock().unwrap();
        let Some(id) = letters.0.pop() else { return Ok(Vec::new()) };
        let body = letters.1[&id].clone();
        Ok(vec![DeadLetter { receipt: id.clone(), id, body }])
    }

    async fn delete(&self, receipts: &[String]) -> PortResult<()> {
        self.0.lock().unwrap().1.retain(|id, _| !receipts.contains(id));
        Ok(())
    }
}

/// A store that may be away.
#[derive(Default)]
struct Away(std::sync::atomic::AtomicBool);

#[async_trait]
impl Faults for Away {
    async fn before(&self, call: &'static str) -> PortResult<()> {
        match call == "record" && self.0.load(std::sync::atomic::Ordering::Relaxed) {
            true => Err(PortError::new("the store", "is away")),
            false => Ok(()),
        }
    }

    async fn after(&self, _: &'static str) -> PortResult<()> {
        Ok(())
    }
}

const NOW: Timestamp = Timestamp::from_ms(1_000);

/// A store, and whether it is away.
fn store(away: bool) -> Arc<Memory> {
    let clock = Arc::new(SetClock::new(NOW));
    let faults = Arc::new(Away(away.into()));
    Arc::new(Memory::new(clock.clone()).entrance(clock, faults))
}

fn event_id(number: u8) -> EventId {
    EventId::new(Timestamp::from_ms(500), &[number; 10])
}

/// An event of one hook.
fn event(id: EventId) -> Event {
    let hooks = [Proof::new(hook(), None)];
    let head = serde_json::json!({
        "id": id, "path": "p", "sender": "github", "received_at": 500, "headers": [], "hooks": hooks, "body_bytes": 2,
    });
    Event { head: serde_json::from_value(head).unwrap(), body: b"{}".to_vec() }
}

fn hook() -> HookId {
    HookId::from_text("hk_1")
}

/// The inbox message of an event.
fn message(id: EventId) -> String {
    let event = event(id);
    let message = Message {
        id,
        path: "p",
        sender: "github",
        event_type: None,
        delivery_id: None,
        received_at: Timestamp::from_ms(500),
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: event.head.owners.clone(),
        body: &event.body,
        test: false,
    };
    message.to_text()
}

/// A task of an event, as it was made.
fn task(event: EventId, action: usize) -> Task {
    let (made, expires) = (Timestamp::from_ms(500), Timestamp::from_ms(9_000));
    Task::queued(TaskId::new(event, &hook(), action), Kind::Telegram, "1", made, expires)
}

/// The queue message of a task.
fn work(task: &Task) -> String {
    serde_json::to_string(&Work::telegram(task.clone(), Vec::new())).unwrap()
}

/// Runs once over these letters; which are left, of the inbox and of the Telegram queue.
async fn drain(store: &Arc<Memory>, inbox: &[(&str, String)], telegram: &[(&str, String)]) -> (bool, Vec<String>) {
    let (inbox, telegram) = (Letters::of(inbox), Letters::of(telegram));
    let poison = store.routing(Changes::default()).poison();
    let drain = Drain { inbox: inbox.clone(), work: vec![telegram.clone()], poison };
    let well = drain.run().await.is_ok();
    (well, [inbox.left(), telegram.left()].concat())
}

#[tokio::test]
async fn an_event_is_recorded_with_dead_tasks_and_what_cannot_be_read_stays() {
    let store = store(false);
    let replay = order_text(&Order::ReplayV1 { replay: ReplayId::from_text("rp_1") });
    let letters = [("a", message(event_id(1))), ("b", "nonsense".to_owned()), ("c", replay)];
    assert_eq!(drain(&store, &letters, &[]).await, (true, vec!["b".to_owned(), "c".to_owned()]));
    let tasks = store.event_tasks(event_id(1));
    let [task] = tasks.as_slice() else { panic!("one task of one hook") };
    assert_eq!((task.status, task.reason.as_deref()), (TaskStatus::Dead, Some(ROUTER_FAILED)));
    assert_eq!(task.expires_at.ms_since(NOW), 90 * bellhop_core::time::DAY_MS);
}

#[tokio::test]
async fn of_an_event_that_was_recorded_before_only_what_nobody_has_begun_ends() {
    let store = store(false);
    let id = event_id(1);
    let begun = Task { status: TaskStatus::Retrying, ..task(id, 1) };
    let done = Task { status: TaskStatus::Succeeded, ..task(id, 2) };
    let again = Task { retries: 1, ..task(id, 3) };
    let replayed = Task { replay: Some(ReplayId::from_text("rp_1")), ..task(id, 4) };
    let all = [task(id, 0), begun, done, again, replayed];
    store.record(&event(id), &all, Timestamp::from_ms(9_000)).await.unwrap();
    assert_eq!(drain(&store, &[("a", message(id))], &[]).await, (true, Vec::new()));
    let expected =
        [TaskStatus::Dead, TaskStatus::Retrying, TaskStatus::Succeeded, TaskStatus::Queued, TaskStatus::Queued];
    assert_eq!(store.event_tasks(id).into_iter().map(|task| task.status).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_task_that_crashed_its_worker_is_dead_unless_it_has_ended_was_asked_for_anew_or_is_deleted() {
    let store = store(false);
    let (id, gone) = (event_id(1), event_id(2));
    let attempted = Task { status: TaskStatus::Retrying, parts_done: 1, ..task(id, 1) };
    let done = Task { status: TaskStatus::Succeeded, ..task(id, 2) };
    let again = Task { retries: 1, ..task(id, 3) };
    store.save(&[attempted.clone(), done.clone(), again.clone()]).await.unwrap();
    store.record(&event(gone), &[task(gone, 0)], Timestamp::from_ms(9_000)).await.unwrap();
    store.delete(gone).await.unwrap();
    let works = [0, 1, 2, 3].map(|action| work(&task(id, action)));
    let mut letters: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(works).collect();
    letters.push(("e", r#"{"type":"TelegramV9"}"#.to_owned()));
    letters.push(("f", work(&task(gone, 0))));
    assert_eq!(drain(&store, &[], &letters).await, (true, vec!["e".to_owned()]));
    let dead =
        |task: Task| Task { status: TaskStatus::Dead, reason: Some(WORKER_FAILED.to_owned()), due_at: NOW, ..task };
    assert_eq!(store.all_tasks(), [dead(task(id, 0)), dead(attempted), done, again]);
}

#[tokio::test]
async fn nothing_is_deleted_that_could_not_be_recorded() {
    let letters = [("a", message(event_id(1)))];
    assert_eq!(drain(&store(true), &letters, &[]).await, (false, vec!["a".to_owned()]));
}
