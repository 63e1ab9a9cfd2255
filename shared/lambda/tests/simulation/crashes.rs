//! One crash at each point of an invocation with ten messages.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::ports::Inbox as _;
use bellhop_core::action::{Kind, Lane};
use bellhop_core::event::Proof;
use bellhop_core::id::EventId;
use bellhop_core::inbox::Message;
use bellhop_core::task::TaskStatus;
use bellhop_lambda::batch::Outcome;

use crate::bot::base_text;
use crate::faults::{Rates, Side};
use crate::places::{self, Place, hook};
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

/// Gives ten messages, for so many places of a way, to an invocation that dies, and after that to others until the queue is
/// empty.
fn run(function: Function, way: (Kind, Lane), places: u8, removed: Removed, crash: Crash) -> End {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let sim = Sim::new(1, Rates::default(), 0, removed, hooks(way, places), HashMap::new()).await;
        ring(&sim, places).await;
        if function != Function::Router {
            route(&sim).await;
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

/// A hook for each place.
fn hooks(way: (Kind, Lane), places: u8) -> Vec<bellhop_core::hook::Hook> {
    let hook = |number: u8| {
        let template = base_text(&hook_id(number.into()), 0);
        hook(number.into(), &[Place::new(way, number.into()).action(&template)], &serde_json::json!({}))
    };
    (0..places).map(hook).collect()
}

fn event(number: u8) -> EventId {
    EventId::new(START.plus_ms(u64::from(number)), &[number; 10])
}

/// Puts ten events into the inbox, each with a delivery id, and so long that chats get no two of them in one message.
async fn ring(sim: &Sim, places: u8) {
    for number in 0..TEN {
        let text = format!("[e{number}H.0] {}", "x".repeat(2_100));
        let (delivery, body) = (format!("delivery {number}"), serde_json::json!({ "text": text }).to_string());
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
            owners: vec![Proof::new(hook_id(u64::from(number % places)), None)],
            body: body.as_bytes(),
            test: false,
        };
        sim.memory.put(&message).await.unwrap();
    }
}

/// Has all events routed by a function that does not die.
async fn route(sim: &Arc<Sim>) {
    let received = sim.memory.with_inbox(|queue| queue.receive(10, sim.now(), |_| 0));
    let outcome = Sandbox::new(sim).route(&received).await.unwrap();
    assert_eq!(outcome.batch_item_failures.len(), 0);
}

/// Every point at which an invocation can die.
fn points(function: Function, way: (Kind, Lane), places: u8, removed: Removed) -> impl Iterator<Item = Crash> {
    let calls = run(function, way, places, removed, None).calls;
    // What is said of a place, what is known of its tasks, a call and what came of it, at the least.
    assert!(calls >= 4, "{calls} calls for ten messages");
    (1..=calls).flat_map(|call| [Some((call, Side::Before)), Some((call, Side::After))])
}

/// How many of ten messages for so many places may arrive once more when their worker dies.
fn most_repeated((kind, lane): (Kind, Lane), places: u8) -> u64 {
    match (kind, lane) {
        // A call has ten events, and nobody knows of any of them whether it arrived.
        (Kind::Eventbridge, _) => TEN.into(),
        // None waits for another: all may be on their way.
        (_, Lane::Parallel) => TEN.into(),
        // The next one goes when it is written down that this one has arrived.
        (_, Lane::Ordered) => places.into(),
    }
}

#[test]
fn a_worker_that_dies_anywhere_loses_nothing_and_repeats_what_was_on_its_way_at_most() {
    for (way, places) in places::ways().into_iter().flat_map(|way| [(way, 1), (way, TEN)]) {
        let function = Function::Worker(way.0.queue());
        let mut most = 0;
        for crash in points(function, way, places, Removed::Nothing) {
            let end = run(function, way, places, Removed::Nothing, crash);
            let tasks = end.sim.memory.all_tasks();
            let all_done = tasks.iter().all(|task| task.kind == way.0 && task.status == TaskStatus::Succeeded);
            assert!(tasks.len() == 10 && all_done, "{way:?} {crash:?}");
            assert_eq!(end.sim.observed.lock().unwrap().effects.len(), 10, "{way:?} {crash:?}");
            most = most.max(end.duplicates());
            let repeated = end.sim.observed.lock().unwrap().effects.values().filter(|times| **times > 2).count();
            assert_eq!(repeated, 0, "{way:?} {crash:?}");
            assert!(end.took < Duration::from_secs(360 + 60), "{way:?} {crash:?}: {:?}", end.took);
        }
        let bound = most_repeated(way, places);
        assert!((1..=bound).contains(&most), "{way:?}: {most} are repeated at {places} places, not 1 to {bound}");
    }
}

/// Ten messages for one chat.
const CHAT: (Kind, Lane) = (Kind::Telegram, Lane::Ordered);

#[test]
fn a_worker_that_forgets_what_it_did_repeats_more_which_is_seen() {
    let function = Function::Worker(CHAT.0.queue());
    let crashes = points(function, CHAT, 1, Removed::TaskWrites);
    let most = crashes.map(|crash| run(function, CHAT, 1, Removed::TaskWrites, crash).duplicates()).max();
    assert!(most > Some(1), "{most:?}");
}

#[test]
fn a_router_that_dies_anywhere_makes_every_task_once_and_frees_its_claims() {
    for crash in points(Function::Router, CHAT, 1, Removed::Nothing) {
        let end = run(Function::Router, CHAT, 1, Removed::Nothing, crash);
        assert_eq!(end.sim.memory.all_tasks().len(), 10, "{crash:?}");
        let keys = end.sim.memory.with_work(|queue| queue.put_keys.clone());
        assert_eq!((keys.len(), keys.iter().collect::<HashSet<_>>().len()), (10, 10), "{crash:?}");
        assert!(end.took < Duration::from_secs(180 + 30), "{crash:?}: {:?}", end.took);
    }
}

#[test]
fn a_router_that_forgets_what_it_recorded_is_seen() {
    let end = run(Function::Router, CHAT, 1, Removed::EventWrites, None);
    assert_eq!(end.sim.memory.all_tasks().len(), 0);
}
