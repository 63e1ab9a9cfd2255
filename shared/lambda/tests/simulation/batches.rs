//! Ten thousand batches of good, failing, panicking and garbage records for each function.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Once};

use async_trait::async_trait;
use bellhop_app::ports::{Claim, EventLog, Known, NewTurn, PortError, PortResult, TaskLog, Written};
use bellhop_app::testing::memory::{Memory, Received};

use bellhop_core::event::{Event, Proof};
use bellhop_core::id::{EventId, HookId, Owner, TaskId};
use bellhop_core::inbox::Message;
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use crate::faults::Rates;
use crate::random::Random;
use crate::sandbox::Sandbox;
use crate::sim::{Removed, START, Sim, hook_id};

const BATCHES: u64 = 10_000;

/// What a panic says that a test wants.
const WANTED: &str = "as this test wants it";

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Failing,
    Panicking,
    Garbage,
}

impl Kind {
    fn pick(random: &Random) -> Self {
        *random.pick(&[Self::Good, Self::Good, Self::Good, Self::Failing, Self::Panicking, Self::Garbage])
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Failing => "failing",
            Self::Panicking => "panicking",
            Self::Garbage => "garbage",
        }
    }
}

/// A store that fails or panics over what says so.
struct Touchy(Memory);

impl Touchy {
    fn touch(what: &str) -> PortResult<()> {
        if what.contains(Kind::Panicking.word()) {
            std::panic::panic_any(WANTED);
        }
        match what.contains(Kind::Failing.word()) {
            true => Err(PortError::new("the store", "fails")),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl TaskLog for Touchy {
    async fn destination(&self, key: &str, tasks: &[TaskId]) -> PortResult<Known> {
        self.0.destination(key, tasks).await
    }

    async fn end_turn(&self, turn: &NewTurn<'_>) -> PortResult<()> {
        self.0.end_turn(turn).await
    }

    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>> {
        ids.iter().try_for_each(|id| Self::touch(id.as_str()))?;
        self.0.written(ids).await
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        self.0.save(tasks).await
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        TaskLog::add(&self.0, tasks).await
    }
}

#[async_trait]
impl EventLog for Touchy {
    async fn claim_delivery(
        &self,
        owner: &Owner,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        self.0.claim_delivery(owner, delivery, event, expires).await
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        Self::touch(event.head.delivery_id.as_deref().unwrap_or_default())?;
        self.0.record(event, tasks, expires).await
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        self.0.event(id).await
    }

    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()> {
        self.0.record_refused(refused, expires).await
    }
}

/// A world without trouble of its own, and a sandbox whose store is touchy.
async fn stage(seed: u64) -> (Arc<Sim>, Sandbox) {
    // Panics that are wanted need not be told of.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&WANTED) {
                tell(panic);
            }
        }));
    });
    let hook = serde_json::json!({
        "id": hook_id(0), "name": "h", "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 100,
        "max_body_bytes": 4096, "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        "actions": [{"kind": "telegram", "chat": "1", "template": "{{ payload.n }}"}],
    });
    let hooks = vec![serde_json::from_value(hook).unwrap()];
    let sim = Sim::new(seed, Rates::default(), 0, Removed::Nothing, hooks, HashMap::new()).await;
    let mut sandbox = Sandbox::new(&sim);
    let touchy = Arc::new(Touchy(sim.memory.clone()));
    sandbox.routing.events = touchy.clone();
    sandbox.worker.tasks = touchy;
    (sim, sandbox)
}

/// A record as a queue hands it over.
fn record(number: u64, body: String, group: Option<String>) -> Received {
    Received { id: format!("m{number}"), receipt: format!("m{number}/1"), body, group, receipts: 1 }
}

fn garbage(random: &Random) -> String {
    let whole =
        ["", "o", "o{}", "1", "1{}\n", "{}", "\n", "null", r#"{"type":"TelegramV9"}"#, r#"o{"type":"RetryV1"}"#];
    let mut text = (*random.pick(&whole)).to_owned();
    (0..random.below(30)).for_each(|_| text.push(char::from(u8::try_from(random.between(32, 126)).unwrap())));
    text
}

fn event(number: u64) -> EventId {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_be_bytes());
    EventId::new(START, &random)
}

fn inbox_body(kind: Kind, number: u64, random: &Random) -> String {
    let (delivery, body) = (format!("{} {number}", kind.word()), format!(r#"{{"n":{number}}}"#));
    let message = Message {
        id: event(number),
        path: "p",
        sender: "none",
        event_type: None,
        delivery_id: Some(&delivery),
        received_at: START,
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: vec![Proof::new(hook_id(0), None)],
        body: body.as_bytes(),
        test: false,
    };
    match kind {
        Kind::Garbage => garbage(random),
        _ => message.to_text(),
    }
}

fn work_body(kind: Kind, number: u64, chat: &str, random: &Random) -> String {
    let event = event(number);
    let id = TaskId::new(event, &HookId::from_text(kind.word()), 0);
    let task = Task::queued(id, bellhop_core::action::Kind::Telegram, chat, START, START.plus_ms(1 << 40));
    // Too long for two of them to be joined.
    let parts = vec![format!("[m{number}] {}", "x".repeat(2_100))];
    match kind {
        Kind::Garbage => garbage(random),
        _ => serde_json::to_string(&Work::telegram(task, parts)).unwrap(),
    }
}

fn on_a_paused_clock<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(test)
}

#[test]
fn the_router_reports_exactly_what_it_did_not_do() {
    on_a_paused_clock(async {
        let (sim, sandbox) = stage(3).await;
        let mut number = 0;
        for batch in 0..BATCHES {
            let mut records = Vec::new();
            let mut failing = HashSet::new();
            let mut good = Vec::new();
            for _ in 0..sim.random.between(1, 10) {
                number += 1;
                let kind = Kind::pick(&sim.random);
                records.push(record(number, inbox_body(kind, number, &sim.random), None));
                match kind {
                    Kind::Good => good.push(number),
                    _ => _ = failing.insert(format!("m{number}")),
                }
            }
            let outcome = sandbox.route(&records).await.unwrap();
            let reported: Vec<_> = outcome.batch_item_failures.into_iter().map(|one| one.item_identifier).collect();
            assert_eq!(reported.len(), failing.len(), "batch {batch}: {records:?}");
            assert_eq!(reported.into_iter().collect::<HashSet<_>>(), failing, "batch {batch}: {records:?}");
            let queued = sim.memory.with_work(|queue| queue.take_all());
            assert_eq!(queued.len(), good.len(), "batch {batch}: the good ones are done once");
            for number in good {
                assert_eq!(sim.memory.event_tasks(event(number)).len(), 1);
            }
        }
    });
}

#[test]
fn the_worker_reports_exactly_what_it_did_not_do() {
    on_a_paused_clock(async {
        let (sim, sandbox) = stage(4).await;
        let mut number = 0;
        for batch in 0..BATCHES {
            let mut records = Vec::new();
            let (mut failing, mut stopped, mut good) = (HashSet::new(), HashSet::new(), HashSet::new());
            for _ in 0..sim.random.between(1, 10) {
                number += 1;
                // Chats of their own, so that no batch waits for the pace of another.
                let (kind, chat) = (Kind::pick(&sim.random), format!("{batch}{}", sim.random.below(4)));
                records.push(record(number, work_body(kind, number, &chat, &sim.random), Some(chat.clone())));
                // A chat stops at its first trouble, and what is behind that comes again as well.
                if kind != Kind::Good || stopped.contains(&chat) {
                    stopped.insert(chat);
                    failing.insert(format!("m{number}"));
                } else {
                    good.insert(format!("m{number}"));
                }
            }
            let outcome = sandbox.carry(bellhop_core::action::QueueName::Telegram, &records).await.unwrap();
            let reported: Vec<_> = outcome.batch_item_failures.into_iter().map(|one| one.item_identifier).collect();
            assert_eq!(reported.len(), failing.len(), "batch {batch}");
            assert_eq!(reported.into_iter().collect::<HashSet<_>>(), failing, "batch {batch}");
            let effects = std::mem::take(&mut sim.observed.lock().unwrap().effects);
            assert!(effects.values().all(|times| *times == 1), "batch {batch}: {effects:?}");
            assert_eq!(effects.into_keys().collect::<HashSet<_>>(), good, "batch {batch}");
        }
    });
}
