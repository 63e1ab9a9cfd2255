//! Worlds by the thousand: two of them in each run of the tests, ten with `BELLHOP_SEEDS=10000`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bellhop_core::action::{Kind, Lane, QueueName};
use bellhop_core::hook::Hook;
use bellhop_core::task::TaskStatus;
use serde_json::json;

use crate::bot::{Mood, base_text};
use crate::faults::Rates;
use crate::invariants;
use crate::people;
use crate::places::{self, Place};
use crate::pollers::{Function, poll};
use crate::quiet::{release, with_hours};
use crate::random::Random;
use crate::sim::{Removed, START, Sim, hook_id};

/// Until when a world must have come to rest.
const HORIZON: Duration = Duration::from_secs(40 * 24 * 3_600);

/// What became of a world.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    broken: Vec<String>,
    trace: u64,
    /// The kinds of its tasks, fallbacks as one, and those that were held as another, and how they ended.
    ends: BTreeSet<(&'static str, &'static str)>,
}

/// Runs the world of a seed.
fn run(seed: u64, removed: Removed) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(world(seed, removed))
}

async fn world(seed: u64, removed: Removed) -> Report {
    let random = Random::new(seed ^ 0x00be_1140);
    // A third of the worlds is kind, so that what they hide is not excused.
    let rough = |most: u64| random.below(most + 1) * u64::from(!seed.is_multiple_of(3));
    let rates = Rates {
        refused: rough(60),
        lost: rough(20),
        slow: rough(15),
        crash: rough(300),
        poison: u64::from(seed.is_multiple_of(4)) * 80,
    };
    let skew_ms = if random.chance(300) { rough(4_000) } else { 0 };
    let hooks: Vec<_> = (0..random.between(1, 3)).map(|place| hook(place, &random)).collect();
    let moods = places::all().map(|place| (place.name(), mood(&random))).collect();
    let sim = Sim::new(seed, rates, skew_ms, removed, hooks, moods).await;
    let events = sim.random.between(5, 30);
    (0..2).for_each(|_| sim.is_busy());
    let mut all: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> =
        vec![Box::pin(people::ring(Arc::clone(&sim), events)), Box::pin(people::meddle(Arc::clone(&sim)))];
    for function in [Function::Router, Function::Worker(QueueName::Telegram), Function::Worker(QueueName::Forward)] {
        for _ in 0..sim.random.between(1, 3) {
            all.push(Box::pin(poll(Arc::clone(&sim), function)));
        }
    }
    // What forgets its attempts tries for ever; it is not waited for as long.
    let horizon = if removed == Removed::TaskWrites { HORIZON / 500 } else { HORIZON };
    let _ = tokio::time::timeout(horizon, futures_util::future::join_all(all)).await;
    let (mut ends, keys) = (BTreeSet::new(), sim.memory.with_work(|queue| queue.put_keys.clone()));
    for task in sim.memory.all_tasks() {
        let kind = if task.id.is_fallback() { "fallback" } else { task.kind.as_str() };
        ends.insert((kind, task.status.as_str()));
        if keys.contains(&release(&task.id)) {
            ends.insert(("held", task.status.as_str()));
        }
        sim.note(&serde_json::to_string(&task).unwrap());
    }
    let broken = invariants::broken(&sim).await;
    let observed = sim.observed.lock().unwrap();
    if !broken.is_empty() {
        for line in &observed.log {
            println!("{line}");
        }
    }
    Report { broken, trace: observed.trace, ends }
}

/// A place of those in the world: a chat more often than another.
fn place(random: &Random) -> Place {
    match random.chance(250) {
        true => Place::new((Kind::Telegram, Lane::Ordered), usize::try_from(random.below(4)).unwrap()),
        false => Place::new(*random.pick(&places::ways()), usize::try_from(random.below(2)).unwrap()),
    }
}

/// A hook with one or two actions, some with a fallback, and now and then a cap, a cool-down or a condition.
fn hook(number: u64, random: &Random) -> Hook {
    let id = hook_id(number);
    let actions: Vec<_> = (0..random.between(1, 2))
        .map(|action| with_hours(place(random).action(&base_text(&id, action)), random))
        .collect();
    let with_fallback = (0..actions.len()).filter(|_| random.chance(500));
    let fallbacks: serde_json::Map<_, _> = with_fallback
        .map(|at| (at.to_string(), json!(place(random).action(&base_text(&id, format_args!("{at}f"))))))
        .collect();
    let mut fields = json!({"priority": random.below(3), "fallbacks": fallbacks});
    match random.below(8) {
        0 => fields["max_executions"] = random.between(1, 8).into(),
        1 => fields["cooldown_seconds"] = random.between(1, 60).into(),
        2 => fields["conditions"] = json!([{"field": "payload.odd", "operator": "equals", "value": true}]),
        _ => {}
    }
    let mut hook = places::hook(number, &actions, &fields);
    let places: Vec<_> = hook.actions.iter().map(|action| (action.kind(), action.destination())).collect();
    hook.fallbacks.retain(|at, fallback| places[*at] != (fallback.kind(), fallback.destination()));
    hook
}

fn mood(random: &Random) -> Mood {
    match random.below(12) {
        0..3 => Mood::Flaky(random.between(50, 600)),
        3 => Mood::DownUntil(START.plus_ms(random.between(1, 90_000) * 1_000)),
        4 => Mood::DownUntil(START.plus_ms(random.between(1, 7) * 24 * 3_600_000)),
        5 => Mood::Blocked,
        6 => Mood::Flooded(random.between(50, 400)),
        7 => Mood::Picky(random.between(100, 1_000)),
        _ => Mood::Well,
    }
}

/// Runs the worlds of some seeds on two threads; those whose invariants broke.
fn run_all(seeds: std::ops::Range<u64>, removed: Removed) -> HashMap<u64, Report> {
    let half = |odd: u64| {
        let seeds = seeds.clone();
        move || {
            let mine = seeds.filter(|seed| seed % 2 == odd);
            mine.map(|seed| (seed, run(seed, removed))).filter(|(_, report)| !report.broken.is_empty()).collect()
        }
    };
    let threads = [0, 1].map(|odd| std::thread::spawn(half(odd)));
    threads.into_iter().flat_map(|thread| -> Vec<_> { thread.join().unwrap() }).collect()
}

#[test]
fn worlds_keep_every_promise() {
    let count = std::env::var("BELLHOP_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let broken = run_all(0..count, Removed::Nothing);
    let mut seeds: Vec<_> = broken.iter().map(|(seed, report)| (seed, &report.broken)).collect();
    seeds.sort();
    seeds.truncate(5);
    assert!(
        broken.is_empty(),
        "{} worlds broke: {seeds:#?}\nsee one with BELLHOP_SEED=… BELLHOP_SEED_LOG=1 cargo test -p bellhop-lambda --test \
         simulation one_world -- --nocapture",
        broken.len(),
    );
}

#[test]
fn one_world() {
    let seed = std::env::var("BELLHOP_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    assert_eq!(run(seed, Removed::Nothing).broken, [""; 0], "seed {seed}");
}

#[test]
fn a_seed_runs_the_same_each_time() {
    for seed in [1, 2, 77] {
        let first = run(seed, Removed::Nothing);
        for _ in 0..10 {
            assert_eq!(run(seed, Removed::Nothing), first, "seed {seed}");
        }
    }
    assert_ne!(run(1, Removed::Nothing).trace, run(2, Removed::Nothing).trace);
}

#[test]
fn without_its_safety_steps_the_engine_breaks_its_promises() {
    let steps = [
        (Removed::FailureLists, ["is retrying and on no queue", "is queued and on no queue"]),
        (Removed::TaskWrites, ["arrived at https://", "arrived at -"]),
        (Removed::EventWrites, ["0 have tasks of hk_0", "0 have tasks of hk_1"]),
        (Removed::Groups, ["https://o1.example/in got", "-3 got"]),
    ];
    for (removed, expected) in steps {
        let broken = run_all(0..60, removed);
        let named =
            |expected: &str| broken.values().flat_map(|report| &report.broken).any(|what| what.contains(expected));
        for expected in expected {
            assert!(named(expected), "{removed:?}: {} worlds of 60 broke, none so: {expected}", broken.len());
        }
    }
}

/// Each kind of work comes to each of its ends, or the worlds would prove less than they say.
#[test]
fn the_worlds_hold_every_kind_and_every_end() {
    let mut seen = BTreeSet::new();
    for seed in 0..120 {
        seen.extend(run(seed, Removed::Nothing).ends);
    }
    for kind in Kind::WITH_WORKERS {
        for status in [TaskStatus::Succeeded, TaskStatus::Dead, TaskStatus::Skipped] {
            assert!(seen.contains(&(kind.as_str(), status.as_str())), "no {kind:?} of these worlds is {status:?}");
        }
    }
    for status in [TaskStatus::Succeeded, TaskStatus::Dead] {
        for what in ["fallback", "held"] {
            assert!(seen.contains(&(what, status.as_str())), "no {what} of these worlds is {status:?}");
        }
    }
}
