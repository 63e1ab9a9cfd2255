//! Messages that end the function: counted from the second time they come, and set aside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::cache::Changes;
use bellhop_app::ports::{Collection, Documents as _, HookWriter as _, PortError, PortResult, Vault as _};
use bellhop_app::testing::memory::{Faults, Memory, SetClock};
use bellhop_core::action::Kind;
use bellhop_core::config::Settings;
use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::inbox::Message;
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use crate::batch::{Batch, Outcome};
use crate::inbox::route;
use crate::work::Groups;

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
const OPERATOR: &str = "900";

/// What becomes of calls: some end the function, which is a call that never comes back, some fail; all are noted.
#[derive(Default)]
struct Trouble {
    ends_at: Mutex<Option<&'static str>>,
    fails: AtomicBool,
    calls: Mutex<Vec<&'static str>>,
}

#[async_trait]
impl Faults for Trouble {
    async fn before(&self, call: &'static str) -> PortResult<()> {
        self.calls.lock().unwrap().push(call);
        if *self.ends_at.lock().unwrap() == Some(call) {
            std::future::pending::<()>().await;
        }
        match call == "record" && self.fails.load(Ordering::Relaxed) {
            true => Err(PortError::new("the store", "fails")),
            false => Ok(()),
        }
    }

    async fn after(&self, _: &'static str) -> PortResult<()> {
        Ok(())
    }
}

/// A world with a hook and an operator, and what goes wrong in it.
async fn world() -> (Arc<Memory>, Arc<Trouble>) {
    let (clock, trouble) = (Arc::new(SetClock::new(START)), Arc::new(Trouble::default()));
    let memory = Memory::new(clock.clone()).entrance(clock, trouble.clone());
    memory.keep("bot", &Secret::new("1:a-token-of-a-test").unwrap()).await.unwrap();
    let settings = Settings {
        telegram_token: Some(SecretRef::Stored("bot".to_owned())),
        operator_chat: Some(OPERATOR.to_owned()),
        ..Settings::default()
    };
    let hook = serde_json::json!({
        "id": "hk_1", "name": "h", "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 100,
        "max_body_bytes": 4096, "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        "actions": [{"kind": "telegram", "chat": "1", "template": "{{ payload.n }}"}],
    });
    memory.write_hooks(&[serde_json::from_value(hook).unwrap()], &[], Some(&settings)).await.unwrap();
    (Arc::new(memory), trouble)
}

/// A batch of messages: each an id, how often it was received, and a body.
fn batch(messages: &[(&str, u32, String)]) -> Batch {
    let record = |(id, receives, body): &(&str, u32, String)| {
        serde_json::json!({
            "messageId": id, "receiptHandle": id, "body": body,
            "attributes": {"MessageGroupId": "5", "ApproximateReceiveCount": receives.to_string()},
        })
    };
    let records: Vec<_> = messages.iter().map(record).collect();
    serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
}

fn event(number: u8) -> EventId {
    EventId::new(START, &[number; 10])
}

/// An event's inbox message.
fn message(number: u8) -> String {
    let message = Message {
        id: event(number),
        path: "p",
        sender: "none",
        event_type: None,
        delivery_id: None,
        received_at: START,
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: vec![Proof::new(HookId::from_text("hk_1"), None)],
        body: br#"{"n":"text"}"#,
        test: false,
    };
    message.to_text()
}

/// Work for one chat, too long to be joined with other.
fn work(number: u8, text: &str) -> (TaskId, String) {
    let (hook, expires) = (HookId::from_text("hk_1"), START.plus_ms(1 << 40));
    let id = TaskId::new(event(number), &hook, 0);
    let task = Task::queued(id.clone(), Kind::Telegram, "5", START, expires);
    let work = Work::telegram(task, vec![text.to_owned()]);
    (id, serde_json::to_string(&work).unwrap())
}

/// Runs the router once; `None` where the function ended.
async fn run_router(memory: &Memory, batch: &Batch) -> Option<Outcome> {
    let routing = memory.routing(Changes::default());
    let deadline = routing.clock.now().plus_ms(29_000);
    tokio::time::timeout(Duration::from_millis(200), route(&routing, batch, deadline)).await.ok()
}

/// Runs the worker once, for so many seconds; `None` where the function ended.
async fn run_worker(memory: &Memory, batch: &Batch, seconds: u64) -> Option<Outcome> {
    let worker = memory.telegram(Changes::default());
    let chats = Groups { engine: &worker, receipts: memory, deadline: START.plus_ms(seconds * 1_000) };
    tokio::time::timeout(Duration::from_millis(200), chats.work(batch)).await.ok()
}

/// The notices on the queue.
fn notices(memory: &Memory) -> usize {
    let works = memory.with_work(|queue| queue.bodies());
    let works = works.iter().map(|body| serde_json::from_str(body).unwrap());
    works.filter(|work: &Work| work.group() == OPERATOR).count()
}

fn statuses(memory: &Memory, number: u8) -> Vec<(TaskStatus, String)> {
    let tasks = memory.event_tasks(event(number)).into_iter().filter(|task| !task.id.as_str().contains("notice"));
    tasks.map(|task| (task.status, task.reason.unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_message_that_ends_the_router_is_set_aside_after_two_counted_ends_and_told_of_once() {
    let (memory, trouble) = world().await;
    *trouble.ends_at.lock().unwrap() = Some("record");
    assert_eq!(run_router(&memory, &batch(&[("m1", 1, message(1))])).await, None);
    assert!(!trouble.calls.lock().unwrap().contains(&"write"), "the first time costs no write");
    for receives in [2, 3] {
        assert_eq!(run_router(&memory, &batch(&[("m1", receives, message(1))])).await, None);
    }
    *trouble.ends_at.lock().unwrap() = None;
    assert_eq!(run_router(&memory, &batch(&[("m1", 4, message(1))])).await, Some(Outcome::default()));
    let dead = (TaskStatus::Dead, "handling it ended the function again and again".to_owned());
    assert_eq!((statuses(&memory, 1), notices(&memory)), (vec![dead], 1));
    // Deleting it may have been lost.
    assert_eq!(run_router(&memory, &batch(&[("m1", 5, message(1))])).await, Some(Outcome::default()));
    assert_eq!((statuses(&memory, 1).len(), notices(&memory)), (1, 1));
}

#[tokio::test]
async fn those_that_come_for_the_first_time_are_done_before_those_that_come_again() {
    let (memory, trouble) = world().await;
    let both = batch(&[("m1", 2, message(1)), ("m2", 1, message(2))]);
    *trouble.ends_at.lock().unwrap() = Some("write");
    assert_eq!(run_router(&memory, &both).await, None);
    assert_eq!((statuses(&memory, 1).len(), statuses(&memory, 2).len()), (0, 1));
}

#[tokio::test]
async fn a_message_that_only_fails_is_never_set_aside() {
    let (memory, trouble) = world().await;
    trouble.fails.store(true, Ordering::Relaxed);
    for receives in 1..=4 {
        let outcome = run_router(&memory, &batch(&[("m1", receives, message(1))])).await.unwrap();
        assert_eq!(outcome, Outcome::failed(["m1".to_owned()]));
        assert_eq!(memory.document(Collection::Crash, "m1").await.unwrap(), None, "its count is taken back");
    }
    trouble.fails.store(false, Ordering::Relaxed);
    assert_eq!(run_router(&memory, &batch(&[("m1", 5, message(1))])).await, Some(Outcome::default()));
    assert_eq!(statuses(&memory, 1), [(TaskStatus::Queued, String::new())]);
}

#[tokio::test]
async fn what_holds_no_event_is_left_to_the_dead_letters_and_told_of() {
    let (memory, trouble) = world().await;
    *trouble.ends_at.lock().unwrap() = Some("document");
    let order = r#"o{"type":"ReplayV1","replay":"rp_1"}"#.to_owned();
    assert_eq!(run_router(&memory, &batch(&[("m1", 1, order.clone())])).await, None);
    *trouble.ends_at.lock().unwrap() = None;
    // As the third receive leaves it.
    let crashes = crate::crashes::Crashes { documents: &*memory, clock: &SetClock::new(START) };
    crashes.begin(&batch(&[("m1", 2, order.clone())]).records[0], 1).await.unwrap();
    for receives in [4, 5] {
        let outcome = run_router(&memory, &batch(&[("m1", receives, order.clone())])).await;
        assert_eq!(outcome, Some(Outcome::failed(["m1".to_owned()])));
        assert_eq!(notices(&memory), 1, "{receives}");
    }
}

#[tokio::test]
async fn work_that_ends_the_worker_is_set_aside_and_what_waits_behind_it_goes_on() {
    let (memory, trouble) = world().await;
    let works = [(1, "first"), (2, "second")].map(|(number, text)| work(number, text));
    let all = |receives| batch(&[("w1", receives, works[0].1.clone()), ("w2", receives, works[1].1.clone())]);
    *trouble.ends_at.lock().unwrap() = Some("send_message");
    for receives in 1..=3 {
        assert_eq!(run_worker(&memory, &all(receives), 59).await, None);
    }
    *trouble.ends_at.lock().unwrap() = None;
    assert_eq!(run_worker(&memory, &all(4), 59).await, Some(Outcome::default()));
    let ends: Vec<_> = works.iter().map(|(id, _)| memory.task(id).unwrap().status).collect();
    assert_eq!(ends, [TaskStatus::Dead, TaskStatus::Succeeded]);
    assert_eq!(notices(&memory), 1);
    let seen: Vec<_> = memory.seen().into_iter().map(|seen| seen.text).collect();
    assert_eq!(seen, ["second"]);
}

#[tokio::test]
async fn waiting_for_a_chat_is_no_end() {
    let (memory, trouble) = world().await;
    let works = [(1, "first"), (2, "second")].map(|(number, text)| work(number, text));
    // Its store fails each time, so it comes again and again.
    trouble.fails.store(true, Ordering::Relaxed);
    for receives in 2..=9 {
        let flood = batch(&[("w1", receives, works[0].1.clone()), ("w2", receives, works[1].1.clone())]);
        memory.answer(|_| Err(PortError::new("the Bot API was not reached", "no answer in time")));
        run_worker(&memory, &flood, 10).await.unwrap();
        assert_eq!(memory.document(Collection::Crash, "w1").await.unwrap(), None, "after {receives}");
    }
    assert_eq!(memory.task(&works[0].0).unwrap().status, TaskStatus::Retrying);
}
