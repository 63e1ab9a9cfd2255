//! Dead letters of every kind, over ports in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bellhop_core::config::Settings;
use bellhop_core::event::{Event, Proof};
use bellhop_core::hook::Hook;
use bellhop_core::id::{HookId, ReplayId, TaskId};
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::{Order, RefusedRequest};
use bellhop_core::time::Timestamp;
use bellhop_core::work::TelegramV1;

use super::*;
use crate::ports::{Claim, Page, RecordedEvent};

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

/// A store of events and tasks, which may be away.
#[derive(Default)]
struct Store {
    events: Mutex<BTreeMap<EventId, Vec<Task>>>,
    tasks: Mutex<BTreeMap<TaskId, Task>>,
    away: bool,
}

#[async_trait]
impl EventLog for Store {
    async fn claim_delivery(&self, _: &HookId, _: &str, _: EventId, _: Timestamp) -> PortResult<Claim> {
        Ok(Claim::Ours)
    }

    async fn record(&self, event: &Event, tasks: &[Task], _: Timestamp) -> PortResult<bool> {
        let mut events = self.events.lock().unwrap();
        match events.contains_key(&event.head.id) {
            _ if self.away => Err(PortError::new("the store", "is away")),
            true => Ok(false),
            false => Ok(events.insert(event.head.id, tasks.to_vec()).is_none()),
        }
    }

    async fn event(&self, _: EventId) -> PortResult<Option<Event>> {
        Ok(None)
    }

    async fn record_refused(&self, _: &RefusedRequest, _: Timestamp) -> PortResult<()> {
        Ok(())
    }
}

#[async_trait]
impl History for Store {
    async fn events(&self, _: Option<EventId>, _: Timestamp, _: usize) -> PortResult<Page<RecordedEvent>> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn recorded(&self, id: EventId) -> PortResult<Option<RecordedEvent>> {
        let tasks = self.events.lock().unwrap().get(&id).cloned();
        Ok(tasks.map(|tasks| RecordedEvent { head: event(id).head, tasks }))
    }

    async fn refused(&self, _: Option<EventId>, _: Timestamp, _: usize) -> PortResult<Page<RefusedRequest>> {
        Ok(Page { items: Vec::new(), next: None })
    }

    async fn erase(&self, _: EventId, _: Timestamp) -> PortResult<bool> {
        Ok(false)
    }

    async fn delete(&self, _: EventId) -> PortResult<()> {
        Ok(())
    }
}

#[async_trait]
impl TaskLog for Store {
    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Option<Task>>> {
        let tasks = self.tasks.lock().unwrap();
        Ok(ids.iter().map(|id| tasks.get(id).cloned()).collect())
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        self.tasks.lock().unwrap().extend(tasks.iter().map(|task| (task.id.clone(), task.clone())));
        Ok(())
    }

    async fn add(&self, _: &[Task]) -> PortResult<()> {
        Ok(())
    }
}

#[async_trait]
impl HookReader for Store {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        Ok((Vec::new(), Settings::default()))
    }

    async fn settings(&self) -> PortResult<Settings> {
        Ok(Settings::default())
    }
}

/// A clock that stands still.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(1_000)
    }

    fn random(&self, _: &mut [u8]) {}
}

fn event_id(number: u8) -> EventId {
    EventId::new(Timestamp::from_ms(500), &[number; 10])
}

/// An event of one hook.
fn event(id: EventId) -> Event {
    let hooks = [Proof { hook: hook(), secret: None }];
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
        hooks: event.head.hooks.clone(),
        body: &event.body,
        test: false,
    };
    message.to_text()
}

/// A task of an event, as it was made.
fn task(event: EventId, action: usize) -> Task {
    let (made, expires) = (Timestamp::from_ms(500), Timestamp::from_ms(9_000));
    Task::queued(TaskId::new(event, &hook(), action), event, hook(), "telegram", "1", made, expires)
}

/// The queue message of a task.
fn work(task: &Task) -> String {
    serde_json::to_string(&Work::TelegramV1(TelegramV1 { task: task.clone(), parts: Vec::new(), trace: None })).unwrap()
}

/// Runs once over these letters; which are left, of the inbox and of the Telegram queue.
async fn drain(store: &Arc<Store>, inbox: &[(&str, String)], telegram: &[(&str, String)]) -> (bool, Vec<String>) {
    let (inbox, telegram) = (Letters::of(inbox), Letters::of(telegram));
    let drain = Drain {
        inbox: inbox.clone(),
        telegram: telegram.clone(),
        events: store.clone(),
        history: store.clone(),
        tasks: store.clone(),
        hooks: store.clone(),
        clock: Arc::new(Stopped),
    };
    let well = drain.run().await.is_ok();
    (well, [inbox.left(), telegram.left()].concat())
}

#[tokio::test]
async fn an_event_is_recorded_with_dead_tasks_and_what_cannot_be_read_stays() {
    let store = Arc::new(Store::default());
    let replay = order_text(&Order::ReplayV1 { replay: ReplayId::from_text("rp_1") });
    let letters = [("a", message(event_id(1))), ("b", "nonsense".to_owned()), ("c", replay)];
    assert_eq!(drain(&store, &letters, &[]).await, (true, vec!["b".to_owned(), "c".to_owned()]));
    let events = store.events.lock().unwrap();
    let [task] = events[&event_id(1)].as_slice() else { panic!("one task of one hook") };
    assert_eq!((task.status, task.reason.as_deref()), (TaskStatus::Dead, Some(ROUTER_FAILED)));
    assert_eq!(task.expires_at.ms_since(Stopped.now()), 90 * bellhop_core::time::DAY_MS);
}

#[tokio::test]
async fn of_an_event_that_was_recorded_before_only_what_nobody_has_begun_ends() {
    let store = Arc::new(Store::default());
    let id = event_id(1);
    let begun = Task { status: TaskStatus::Retrying, ..task(id, 1) };
    let done = Task { status: TaskStatus::Succeeded, ..task(id, 2) };
    let anew = Task { retries: 1, ..task(id, 3) };
    let replayed = Task { replay: Some(ReplayId::from_text("rp_1")), ..task(id, 4) };
    store.events.lock().unwrap().insert(id, vec![task(id, 0), begun, done, anew, replayed]);
    assert_eq!(drain(&store, &[("a", message(id))], &[]).await, (true, Vec::new()));
    let saved = store.tasks.lock().unwrap();
    let saved: Vec<_> = saved.values().map(|task| (task.id.clone(), task.status)).collect();
    assert_eq!(saved, [(task(id, 0).id, TaskStatus::Dead)]);
}

#[tokio::test]
async fn a_task_that_crashed_its_worker_is_dead_unless_it_has_ended_or_was_asked_for_anew() {
    let store = Arc::new(Store::default());
    let id = event_id(1);
    let attempted = Task { status: TaskStatus::Retrying, parts_done: 1, ..task(id, 1) };
    let done = Task { status: TaskStatus::Succeeded, ..task(id, 2) };
    let anew = Task { retries: 1, ..task(id, 3) };
    store.save(&[attempted.clone(), done.clone(), anew.clone()]).await.unwrap();
    let works = [0, 1, 2, 3].map(|action| work(&task(id, action)));
    let mut letters: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(works).collect();
    letters.push(("e", r#"{"type":"TelegramV9"}"#.to_owned()));
    assert_eq!(drain(&store, &[], &letters).await, (true, vec!["e".to_owned()]));
    let dead = |task: Task| Task {
        status: TaskStatus::Dead,
        reason: Some(WORKER_FAILED.to_owned()),
        due_at: Stopped.now(),
        ..task
    };
    let saved: Vec<_> = store.tasks.lock().unwrap().values().cloned().collect();
    assert_eq!(saved, [dead(task(id, 0)), dead(attempted), done, anew]);
}

#[tokio::test]
async fn nothing_is_deleted_that_could_not_be_recorded() {
    let store = Arc::new(Store { away: true, ..Store::default() });
    let letters = [("a", message(event_id(1)))];
    assert_eq!(drain(&store, &letters, &[]).await, (false, vec!["a".to_owned()]));
}
