//! Those outside: senders, who ring, and a person, who has tasks and events done again.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::ports::{Collection, Documents as _, Inbox as _, NewDocument, Orders as _};
use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, ReplayId};
use bellhop_core::inbox::Message;
use bellhop_core::order::Order;
use bellhop_core::replay::{Replay, Selection};

use crate::faults::{KILLS_ROUTER, KILLS_WORKER};
use crate::sim::{Rung, START, Sim};

/// The replay that a person may ask for.
pub(crate) const REPLAY: &str = "rp_simulated";

/// Rings so many times, now quickly, now slowly; some deliveries come twice, some messages too.
pub(crate) async fn ring(sim: Arc<Sim>, events: u64) {
    for number in 0..events {
        let pause_ms = *sim.random.pick(&[0, 0, 10, 400, 3_000, 60_000]);
        tokio::time::sleep(Duration::from_millis(sim.random.below(pause_ms + 1))).await;
        ring_once(&sim, number).await;
    }
    sim.is_quiet();
}

async fn ring_once(sim: &Sim, number: u64) {
    let random = &sim.random;
    let mut bytes = [0; 10];
    bytes.fill_with(|| random.next().to_be_bytes()[0]);
    let id = EventId::new(sim.now(), &bytes);
    let first = random.below(sim.hooks.len() as u64);
    let rung = sim.hooks.iter().enumerate().filter(|(at, _)| *at as u64 == first || random.chance(600));
    let hooks: Vec<_> = rung.map(|(_, hook)| Proof::new(hook.id.clone(), None)).collect();
    let earlier: Vec<_> = sim.observed.lock().unwrap().rung.iter().filter_map(|rung| rung.delivery.clone()).collect();
    let delivery = match random.below(10) {
        0..3 => None,
        3..5 if !earlier.is_empty() => Some(random.pick(&earlier).clone()),
        _ => Some(format!("delivery {number}")),
    };
    // Long enough for two parts, now and then.
    let markers = if random.chance(60) { 5 } else { 1 };
    // What stands for a key is one message, so it has one marker.
    let key = (markers == 1 && random.chance(600)).then(|| *random.pick(&["k1", "k2"]));
    let short = key.map_or("hello ".to_owned(), |key| format!("key={key} "));
    let filler = if markers > 1 { "word ".repeat(180) } else { short };
    let kills = random.chance(sim.rates.poison).then(|| *random.pick(&[KILLS_ROUTER, KILLS_WORKER]));
    let filler = kills.map_or(filler, str::to_owned);
    let key = key.filter(|_| kills.is_none());
    let mut text = String::new();
    for marker in 0..markers {
        let _ = write!(text, "[e{number}H.{marker}] {filler}");
    }
    let odd = random.chance(500);
    let body = serde_json::json!({ "text": text, "odd": odd, "key": key }).to_string();
    let message = message(sim, id, delivery.as_deref(), &hooks, body.as_bytes());
    for _ in 0..if random.chance(100) { 2 } else { 1 } {
        sim.memory.put(&message).await.unwrap();
    }
    sim.note(&format!("event {number} {id}"));
    sim.observed.lock().unwrap().rung.push(Rung { id, delivery, hooks, markers, odd, kills });
    sim.something_new.notify_waiters();
}

/// An event that hooks take now, as it is put into the inbox.
pub(crate) fn message<'a>(
    sim: &Sim,
    id: EventId,
    delivery_id: Option<&'a str>,
    hooks: &[Proof],
    body: &'a [u8],
) -> Message<'a> {
    Message {
        id,
        path: "p",
        sender: "none",
        event_type: Some("push"),
        delivery_id,
        received_at: sim.now(),
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: hooks.to_vec(),
        body,
        test: false,
    }
}

/// Has ended tasks done again, and now and then everything of a while.
pub(crate) async fn meddle(sim: Arc<Sim>) {
    for _ in 0..sim.random.below(4) {
        let hours = *sim.random.pick(&[0, 1, 20, 30]);
        tokio::time::sleep(Duration::from_secs(sim.random.between(10, 3_000) + hours * 3_600)).await;
        let ended: Vec<_> = sim.memory.all_tasks().into_iter().filter(|task| task.status.is_final()).collect();
        if ended.is_empty() {
            continue;
        }
        let task = sim.random.pick(&ended);
        sim.note(&format!("retry {}", task.id));
        let order = Order::RetryV1 { task: task.id.clone(), retries: task.retries };
        give(&sim, &order).await;
    }
    if sim.random.chance(300) {
        tokio::time::sleep(Duration::from_secs(2 * 3_600)).await;
        let id = ReplayId::from_text(REPLAY);
        let replay = Replay {
            id: id.clone(),
            selection: Selection::Range { from: START, to: sim.now(), sender: None, events: Vec::new() },
            owner: None,
            created_at: sim.now(),
            seen: 0,
            replayed: 0,
            tasks: 0,
            older_than: None,
            finished_at: None,
        };
        let text = serde_json::to_string(&replay).unwrap();
        let expires = Some(replay.expires());
        let document = NewDocument { collection: Collection::Replay, key: id.as_str(), text: &text, expires };
        assert!(sim.memory.swap(&document, None).await.unwrap());
        sim.note("replay");
        give(&sim, &Order::ReplayV1 { replay: id }).await;
    }
    sim.is_quiet();
}

/// Gives an order, which may come twice.
async fn give(sim: &Sim, order: &Order) {
    for _ in 0..if sim.random.chance(200) { 2 } else { 1 } {
        sim.memory.give(order).await.unwrap();
        sim.something_new.notify_waiters();
        tokio::time::sleep(Duration::from_secs(sim.random.below(2) * 300)).await;
    }
}
