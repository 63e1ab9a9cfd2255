//! What batches come to is what steps come to: the same events, tasks, work and counts, in the same order.

use std::collections::BTreeMap;
use std::path::Path;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use serde_json::Value;

use super::*;

/// What one way made of the messages, but for the times at which it did, and for which of the events that came together
/// had the last turns of a quota.
#[derive(Debug, PartialEq)]
struct Made {
    events: BTreeMap<EventId, Value>,
    work: Vec<Value>,
    counts: BTreeMap<String, u64>,
    /// How often the hook with a quota acted.
    turns: usize,
    /// Messages left in the inbox.
    left: usize,
}

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// An engine's parts with hooks of each sort: plain, with a quota, with a condition, with two actions.
async fn parts_with_hooks(folder: &Path) -> EngineParts {
    let parts = engine(folder);
    let chat = |chat: &str| json!({"kind": "telegram", "chat": chat});
    let forward = json!({
        "kind": "forward", "url": "https://example.com/in", "method": "POST", "timeout_seconds": 10, "ordered": true,
    });
    let condition = json!([{"field": "payload.odd", "operator": "equals", "value": true}]);
    let hooks = [
        json!({"id": "hk_0", "actions": [chat("5"), forward], "max_body_bytes": 4096}),
        json!({"id": "hk_1", "actions": [chat("5")], "max_executions": 7, "max_body_bytes": 4096}),
        json!({"id": "hk_2", "actions": [chat("6")], "conditions": condition, "max_body_bytes": 4096}),
        json!({"id": "hk_3", "actions": [chat("6")], "deduplicate": "off", "max_body_bytes": 4096}),
    ];
    let hooks: Vec<_> = hooks.iter().map(hook).collect();
    parts.database.write_hooks(&hooks, &[], None).await.unwrap();
    parts
}

/// The messages of one round: some come twice, some are copies of others for some hooks, some are nonsense.
fn messages(round: u64, numbers: &mut Numbers, now: Timestamp, earlier: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for number in 0..40 {
        match numbers.below(12) {
            0 => all.push(b"nonsense".to_vec()),
            1 if !all.is_empty() => all.push(all[usize::try_from(numbers.below(all.len() as u64)).unwrap()].clone()),
            2 if !earlier.is_empty() => {
                all.push(earlier[usize::try_from(numbers.below(earlier.len() as u64)).unwrap()].clone());
            }
            _ => {
                let body = json!({"odd": numbers.below(2) == 0, "of": numbers.below(6)}).to_string();
                let delivery = format!("d{}", numbers.below(9));
                let rung = (0..4).filter(|_| numbers.below(2) == 0);
                let owners: Vec<_> = rung.map(|n| Proof::new(HookId::from_text(format!("hk_{n}")), None)).collect();
                let message = Message {
                    id: EventId::new(now.plus_ms(round * 1_000 + number), &[7; 10]),
                    path: "p",
                    sender: "none",
                    event_type: None,
                    delivery_id: (numbers.below(4) > 0).then_some(delivery.as_str()),
                    received_at: now,
                    source_ip: None,
                    query: None,
                    headers: Vec::new(),
                    owners,
                    body: body.as_bytes(),
                    test: numbers.below(9) == 0,
                };
                all.push(message.to_text().into_bytes());
            }
        }
    }
    all
}

/// Takes two rounds of messages in, between which some events are deleted.
async fn made(seed: u64, now: Timestamp, in_batches: bool) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts_with_hooks(folder.path()).await;
    let (database, mut numbers) = (&parts.database, Numbers(seed));
    let mut earlier = Vec::new();
    for round in 0..2 {
        let round = messages(round, &mut numbers, now, &earlier);
        for message in &round {
            database.put_bytes(message.clone()).await.unwrap();
        }
        match in_batches {
            true => route_until(&parts, async || database.oldest_messages(1).unwrap().is_empty()).await,
            false => {
                for (place, message) in database.oldest_messages(usize::MAX / 2).unwrap() {
                    let (crashes, mut panics) = (Crashes::none(), Panics::default());
                    assert!(route(&parts, &crashes, &[(place, message)], &mut panics).await.unwrap());
                }
            }
        }
        for message in round.iter().step_by(5) {
            if let Some(id) = event_of(message) {
                database.delete(id).await.unwrap();
            }
        }
        earlier = round;
    }
    let (mut events, mut work, mut turns) = (BTreeMap::new(), Vec::new(), 0);
    for mut recorded in database.events(None, Timestamp::from_ms(0), 1_000).await.unwrap().items {
        for task in recorded.tasks.iter_mut().filter(|task| has_quota(task)) {
            turns += usize::from(task.status == TaskStatus::Queued);
            (task.status, task.reason) = (TaskStatus::Skipped, None);
        }
        let tasks = recorded.tasks.iter().map(timeless).collect::<Vec<_>>();
        events.insert(recorded.head.id, json!({"head": recorded.head, "tasks": tasks}));
    }
    for queue in ["telegram", "forward"] {
        for group in database.groups(queue).unwrap() {
            for mut row in database.group_work(queue, &group, 1_000).unwrap() {
                let Work { task, payload, .. } = row.work().unwrap();
                if !has_quota(&task) {
                    work.push(json!([group, row.key, timeless(&task), format!("{payload:?}")]));
                }
            }
        }
    }
    let counts = database.counts().await.unwrap();
    let counts = counts.into_iter().map(|(owner, count)| (owner.to_string(), count.events)).collect();
    Made { events, work, counts, turns, left: database.oldest_messages(99).unwrap().len() }
}

/// Whether a task is of the hook with a quota.
fn has_quota(task: &Task) -> bool {
    task.owner.as_str() == "hk_1"
}

/// A task without the times at which it was made and is due.
fn timeless(task: &Task) -> Value {
    let mut task = serde_json::to_value(task).unwrap();
    for time in ["created_at", "due_at", "expires_at"] {
        task[time] = Value::Null;
    }
    task
}

#[tokio::test]
async fn batches_come_to_what_steps_come_to() {
    let now = SystemClock.now();
    let (mut copies, mut skipped) = (0, 0);
    for seed in 0..6 {
        let (steps, batches) = (made(seed, now, false).await, made(seed, now, true).await);
        assert_eq!(batches, steps, "seed {seed}");
        assert!(steps.left == 0 && !steps.work.is_empty(), "seed {seed}");
        for event in steps.events.values() {
            copies += event["head"]["duplicates"].as_array().map_or(0, Vec::len);
            skipped += event["tasks"].as_array().unwrap().iter().filter(|task| task["status"] == "skipped").count();
        }
    }
    assert!(copies > 10 && skipped > 10, "{copies} copies and {skipped} skipped tasks are too few to prove much");
}
