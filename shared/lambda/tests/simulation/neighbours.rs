//! Places in trouble beside healthy ones: the healthy ones do not feel them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::ports::Inbox as _;
use bellhop_core::action::{Kind, QueueName};
use bellhop_core::event::Proof;
use bellhop_core::id::EventId;
use serde_json::json;

use crate::bot::{Mood, base_text};
use crate::faults::Rates;
use crate::invariants;
use crate::people::message;
use crate::places::{self, Place, hook};
use crate::pollers::{Function, poll};
use crate::sim::{Removed, Rung, START, Sim, hook_id};

/// How many events the healthy places have, and how far apart; those that have a pace, and the troubled ones, have every
/// twelfth.
const EVENTS: u64 = 480;
const APART: Duration = Duration::from_millis(250);
const RARE: u64 = 12;

/// As many functions as the template has at once.
const FUNCTIONS: [(Function, usize); 3] =
    [(Function::Router, 10), (Function::Worker(QueueName::Telegram), 2), (Function::Worker(QueueName::Forward), 50)];

/// How places are in trouble: slow, dead, flapping and rate-limited.
const TROUBLE: [Mood; 4] =
    [Mood::Slow(9_000), Mood::DownUntil(START.plus_ms(u64::MAX / 4)), Mood::Flaky(500), Mood::Flooded(400)];

#[test]
fn healthy_places_do_not_feel_those_in_trouble() {
    for seed in 0..seeds() {
        let alone = run(seed, None);
        for mood in TROUBLE {
            let among = run(seed, Some(mood));
            for place in healthy() {
                let (alone, among) = (&alone[&place.name()], &among[&place.name()]);
                assert_eq!(alone.len(), among.len(), "seed {seed}: {place:?} has other events than alone");
                let (p99_alone, p99) = (p99(alone), p99(among));
                assert!(
                    p99 * 2 <= p99_alone * 3 || is_stopped(place, mood),
                    "seed {seed}: among {mood:?} {place:?} has its events after {p99} ms, alone after {p99_alone} ms"
                );
            }
        }
    }
}

/// Those that are well, one of each way.
fn healthy() -> impl Iterator<Item = Place> {
    places::ways().into_iter().map(|way| Place::new(way, 0))
}

/// Those that may be in trouble, one of each way.
fn troubled() -> impl Iterator<Item = Place> {
    places::ways().into_iter().map(|way| Place::new(way, 1))
}

/// Whether trouble elsewhere stops a place, too: what Telegram says of too many messages may be meant for the whole bot.
fn is_stopped(place: Place, mood: Mood) -> bool {
    place.kind == Kind::Telegram && matches!(mood, Mood::Flooded(_))
}

/// How many worlds are looked at.
fn seeds() -> u64 {
    std::env::var("BELLHOP_SEEDS")
        .ok()
        .and_then(|count| count.parse().ok())
        .map_or(2, |count: u64| count.div_ceil(1_000))
}

/// Runs a world with the healthy places, and beside them some that are in trouble; how long each healthy place waited for
/// each of its events.
fn run(seed: u64, mood: Option<Mood>) -> BTreeMap<String, Vec<u64>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let beside = || troubled().filter(|_| mood.is_some());
        let hook =
            |(number, place): (u64, Place)| hook(number, &[place.action(&base_text(&hook_id(number), 0))], &json!({}));
        let hooks: Vec<_> = (0..).zip(healthy().chain(beside())).map(hook).collect();
        let moods: HashMap<_, _> =
            beside().zip(mood.into_iter().cycle()).map(|(place, mood)| (place.name(), mood)).collect();
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

/// Sends the events in their rhythm.
async fn ring(sim: Arc<Sim>) {
    let often: Vec<_> = healthy().map(|place| !place.has_pace()).chain(troubled().map(|_| false)).collect();
    for number in 0..EVENTS {
        tokio::time::sleep(APART).await;
        let mut bytes = [0; 10];
        bytes.fill_with(|| sim.random.next().to_be_bytes()[0]);
        let id = EventId::new(sim.now(), &bytes);
        let rings = sim.hooks.iter().zip(&often).filter(|(_, often)| **often || number.is_multiple_of(RARE));
        let hooks: Vec<_> = rings.map(|(hook, _)| Proof::new(hook.id.clone(), None)).collect();
        let body = json!({ "text": format!("[e{number}H.0] hello") }).to_string();
        let message = message(&sim, id, None, &hooks, body.as_bytes());
        sim.memory.put(&message).await.unwrap();
        sim.observed.lock().unwrap().rung.push(Rung { id, delivery: None, hooks, markers: 1, odd: false, kills: None });
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
    healthy().map(|place| (place.name(), of(&place.name()))).collect()
}

/// What 99 of 100 are at most.
fn p99(waits: &[u64]) -> u64 {
    let mut sorted = waits.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() * 99 / 100]
}
