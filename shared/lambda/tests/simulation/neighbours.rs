//! Places in trouble beside healthy ones: the healthy ones do not feel them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::ports::Inbox as _;
use bellhop_core::action::QueueName;
use bellhop_core::event::Proof;
use bellhop_core::hook::Hook;
use bellhop_core::id::EventId;
use serde_json::{Value, json};

use crate::bot::{Mood, base_text};
use crate::faults::Rates;
use crate::invariants;
use crate::people::message;
use crate::pollers::{Function, poll};
use crate::sim::{Removed, Rung, START, Sim, hook_id};

/// How many events the healthy places have, and how far apart; the others have every twelfth.
const EVENTS: u64 = 480;
const APART: Duration = Duration::from_millis(250);
const RARE: u64 = 12;

/// As many functions as the template has at once.
const FUNCTIONS: [(Function, usize); 3] =
    [(Function::Router, 10), (Function::Worker(QueueName::Telegram), 2), (Function::Worker(QueueName::Forward), 50)];

/// Those that are well: addresses of either lane, and a chat, which has every twelfth event because of its pace.
const HEALTHY: [&str; 3] = ["https://p1.example/in", "https://o1.example/in", "1"];

/// Those that are not.
const TROUBLED: [(&str, Mood); 7] = [
    ("https://p2.example/in", Mood::Slow(9_000)),
    ("https://o2.example/in", Mood::Slow(9_000)),
    ("https://p3.example/in", Mood::DownUntil(START.plus_ms(u64::MAX / 4))),
    ("https://p4.example/in", Mood::Flaky(500)),
    ("https://p5.example/in", Mood::Flooded(400)),
    ("2", Mood::Flaky(500)),
    ("-3", Mood::DownUntil(START.plus_ms(u64::MAX / 4))),
];

#[test]
fn healthy_places_do_not_feel_those_in_trouble() {
    for seed in 0..seeds() {
        let (alone, among) = (run(seed, &[]), run(seed, &TROUBLED));
        for place in HEALTHY {
            let (alone, among) = (&alone[place], &among[place]);
            assert_eq!(alone.len(), among.len(), "seed {seed}: {place} has other events than alone");
            let (p99_alone, p99) = (p99(alone), p99(among));
            assert!(
                p99 * 2 <= p99_alone * 3,
                "seed {seed}: {place} has its events after {p99} ms, alone after {p99_alone} ms"
            );
        }
    }
}

/// How many worlds are looked at.
fn seeds() -> u64 {
    std::env::var("BELLHOP_SEEDS").ok().and_then(|count| count.parse().ok()).map_or(4, |count: u64| count.div_ceil(500))
}

/// Runs a world with these places beside the healthy ones; how long each healthy place waited for each of its events.
fn run(seed: u64, troubled: &[(&str, Mood)]) -> BTreeMap<String, Vec<u64>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let places = HEALTHY.into_iter().chain(troubled.iter().map(|(place, _)| *place));
        let hooks: Vec<_> = places.enumerate().map(|(number, place)| hook(number, place)).collect();
        let moods: HashMap<_, _> = troubled.iter().map(|(place, mood)| ((*place).to_owned(), *mood)).collect();
        let sim = Sim::new(seed, Rates::default(), 0, Removed::Nothing, hooks, moods).await;
        sim.is_busy();
        let mut all: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> = vec![Box::pin(ring(Arc::clone(&sim)))];
        for (function, count) in FUNCTIONS {
            all.extend((0..count).map(|_| Box::pin(poll(Arc::clone(&sim), function)) as _));
        }
        futures_util::future::join_all(all).await;
        assert_eq!(invariants::broken(&sim).await, [""; 0], "seed {seed}");
        waits(&sim)
    })
}

/// A hook with one action, which brings its events to a place.
fn hook(number: usize, place: &str) -> Hook {
    let id = hook_id(number as u64);
    let template = base_text(&id, 0);
    let action = match place.starts_with("https:") {
        true => json!({
            "kind": "forward", "url": place, "method": "POST", "body": template, "ordered": place.contains("//o"),
            "timeout_seconds": 10,
        }),
        false => json!({"kind": "telegram", "chat": place, "template": template}),
    };
    let hook: Value = json!({
        "id": id, "name": id, "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 100,
        "max_body_bytes": 4096, "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        "priority": 0, "actions": [action], "deduplicate": "id",
    });
    serde_json::from_value(hook).unwrap()
}

/// Sends the events in their rhythm.
async fn ring(sim: Arc<Sim>) {
    for number in 0..EVENTS {
        tokio::time::sleep(APART).await;
        let mut bytes = [0; 10];
        bytes.fill_with(|| sim.random.next().to_be_bytes()[0]);
        let id = EventId::new(sim.now(), &bytes);
        let rings = sim.hooks.iter().enumerate().filter(|(place, _)| *place < 2 || number.is_multiple_of(RARE));
        let hooks: Vec<_> = rings.map(|(_, hook)| Proof::new(hook.id.clone(), None)).collect();
        let body = json!({ "text": format!("[e{number}H.0] hello") }).to_string();
        let message = message(&sim, id, None, &hooks, body.as_bytes());
        sim.memory.put(&message).await.unwrap();
        sim.observed.lock().unwrap().rung.push(Rung { id, delivery: None, hooks, markers: 1, kills: None });
        sim.something_new.notify_waiters();
    }
    sim.is_quiet();
}

/// How long each healthy place waited for each of its events, in milliseconds.
fn waits(sim: &Sim) -> BTreeMap<String, Vec<u64>> {
    let observed = sim.observed.lock().unwrap();
    let wait = |at: &bellhop_core::time::Timestamp, marker: &String| {
        let number = marker.trim_start_matches('e').split('h').next().unwrap();
        at.ms_since(observed.rung[number.parse::<usize>().unwrap()].id.accepted_at())
    };
    let of = |place: &str| {
        observed.sends[place]
            .iter()
            .flat_map(|(at, markers)| markers.iter().map(move |marker| wait(at, marker)))
            .collect()
    };
    HEALTHY.into_iter().map(|place| (place.to_owned(), of(place))).collect()
}

/// What 99 of 100 are at most.
fn p99(waits: &[u64]) -> u64 {
    let mut sorted = waits.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() * 99 / 100]
}
