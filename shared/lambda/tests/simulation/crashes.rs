//! One crash at each point of an invocation with ten messages.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::ports::{Inbox as _, SendWork as _};
use bellhop_core::action::{Kind, QueueName};
use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::inbox::Message;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::work::Work;
use bellhop_lambda::batch::Outcome;

use crate::faults::{Rates, Side};
use crate::pollers::Function;
use crate::sandbox::Sandbox;
use crate::sim::{Removed, START, Sim, hook_id};

const TEN: u8 = 10;

/// Where and how an invocation dies, if it does.
type Crash = Option<(u64, Side)>;

/// What came of ten messages.
struct End {
    sim: Arc<Sim>,
    /// How many calls the first invocation made.
    calls: u64,
    /// How long it all took.
    took: Duration,
}

impl End {
    /// How often messages arrived that had arrived before.
    fn duplicates(&self) -> u64 {
        self.sim.observed.lock().unwrap().effects.values().map(|times| times - 1).sum()
    }
}

/// Gives ten messages to an invocation that dies, and after that to others until the queue is empty.
fn run(function: Function, chats: u8, removed: Removed, crash: Crash) -> End {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let sim = Sim::new(1, Rates::default(), 0, removed, hooks(chats), HashMap::new()).await;
        match function {
            Function::Router => ring(&sim).await,
            Function::Worker(_) => queue(&sim, chats).await,
        }
        let begin = sim.begin;
        let mut calls = None;
        while !function.with(&sim.memory, |queue| queue.is_empty()) {
            let received = function.with(&sim.memory, |queue| queue.receive(10, sim.now(), |_| 0));
            if received.is_empty() {
                tokio::time::sleep(Duration::from_millis(100)).await;
                assert!(begin.elapsed() < Duration::from_secs(3_600), "it never ends: {crash:?}");
                continue;
            }
            let sandbox = Sandbox::new(&sim);
            sandbox.plan.begin_with(if calls.is_none() { crash } else { None });
            let outcome = match function {
                Function::Router => sandbox.route(&received).await,
                Function::Worker(name) => sandbox.carry(name, &received).await,
            };
            assert_eq!(outcome.is_none(), calls.is_none() && crash.is_some(), "{crash:?}");
            calls.get_or_insert(sandbox.plan.calls());
            if let Some(Outcome { batch_item_failures }) = outcome {
                assert_eq!(batch_item_failures.len(), 0, "{crash:?}");
                let now = sim.now();
                function.with(&sim.memory, |queue| received.iter().for_each(|one| queue.delete(&one.receipt, now)));
            }
        }
        End { calls: calls.unwrap(), took: begin.elapsed(), sim }
    })
}

/// A hook for each chat, or one for all.
fn hooks(chats: u8) -> Vec<bellhop_core::hook::Hook> {
    let hook = |place: u8| {
        serde_json::json!({
            "id": hook_id(u64::from(place)), "name": place.to_string(), "path": "p", "sender": "none", "secrets": [],
            "rate_per_minute": 100, "max_body_bytes": 4096, "status": "active", "origin": "api", "created_at": 0,
            "updated_at": 0, "actions": [{"kind": "telegram", "chat": (place + 1).to_string()}],
        })
    };
    (0..chats).map(|place| serde_json::from_value(hook(place)).unwrap()).collect()
}

fn event(number: u8) -> EventId {
    EventId::new(START.plus_ms(u64::from(number)), &[number; 10])
}

/// Puts ten events into the inbox, each with a delivery id.
async fn ring(sim: &Sim) {
    for number in 0..TEN {
        let (delivery, body) = (format!("delivery {number}"), format!(r#"{{"n":{number}}}"#));
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
        sim.memory.put(&message).await.unwrap();
    }
}

/// Puts ten messages on the workers' queue, each as long as one may be, for one chat or for several.
async fn queue(sim: &Sim, chats: u8) {
    for number in 0..TEN {
        let (event, hook) = (event(number), hook_id(u64::from(number % chats)));
        let chat = (number % chats + 1).to_string();
        let expires = START.plus_ms(1 << 40);
        let task = Task::queued(TaskId::new(event, &hook, 0), Kind::Telegram, &chat, START, expires);
        let parts = vec![format!("[m{number}] {}", "x".repeat(4_000))];
        sim.memory.send(&[Work::telegram(task, parts)]).await.unwrap();
    }
}

/// Every point at which an invocation can die.
fn points(function: Function, chats: u8, removed: Removed) -> impl Iterator<Item = Crash> {
    let calls = run(function, chats, removed, None).calls;
    assert!(calls > 20, "{calls} calls for ten messages");
    (1..=calls).flat_map(|call| [Some((call, Side::Before)), Some((call, Side::After))])
}

#[test]
fn a_worker_that_dies_anywhere_loses_nothing_and_repeats_one_message_of_a_chat_at_most() {
    for chats in [1, 10] {
        for crash in points(Function::Worker(QueueName::Telegram), chats, Removed::Nothing) {
            let end = run(Function::Worker(QueueName::Telegram), chats, Removed::Nothing, crash);
            let tasks = end.sim.memory.all_tasks();
            assert!(tasks.len() == 10 && tasks.iter().all(|task| task.status == TaskStatus::Succeeded), "{crash:?}");
            assert_eq!(end.sim.observed.lock().unwrap().effects.len(), 10, "{crash:?}");
            assert!(end.duplicates() <= u64::from(chats), "{crash:?}: {} duplicates", end.duplicates());
            let repeated = end.sim.observed.lock().unwrap().effects.values().filter(|times| **times > 2).count();
            assert_eq!(repeated, 0, "{crash:?}");
            assert!(end.took < Duration::from_secs(360 + 60), "{crash:?}: {:?}", end.took);
        }
    }
}

#[test]
fn a_worker_that_forgets_what_it_did_repeats_more_which_is_seen() {
    let crashes = points(Function::Worker(QueueName::Telegram), 1, Removed::TaskWrites);
    let most = crashes
        .map(|crash| run(Function::Worker(QueueName::Telegram), 1, Removed::TaskWrites, crash).duplicates())
        .max();
    assert!(most > Some(1), "{most:?}");
}

#[test]
fn a_router_that_dies_anywhere_makes_every_task_once_and_frees_its_claims() {
    for crash in points(Function::Router, 1, Removed::Nothing) {
        let end = run(Function::Router, 1, Removed::Nothing, crash);
        assert_eq!(end.sim.memory.all_tasks().len(), 10, "{crash:?}");
        let keys = end.sim.memory.with_work(|queue| queue.put_keys.clone());
        assert_eq!((keys.len(), keys.iter().collect::<HashSet<_>>().len()), (10, 10), "{crash:?}");
        assert!(end.took < Duration::from_secs(180 + 30), "{crash:?}: {:?}", end.took);
    }
}

#[test]
fn a_router_that_forgets_what_it_recorded_is_seen() {
    let end = run(Function::Router, 1, Removed::EventWrites, None);
    assert_eq!(end.sim.memory.all_tasks().len(), 0);
}
