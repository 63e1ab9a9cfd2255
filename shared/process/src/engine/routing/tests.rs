//! The router's batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bellhop_app::ports::{Bodies, EventCounts as _, History as _, HookWriter as _, Inbox as _, PortError};
use bellhop_app::testing::front::hook;
use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, HookId, Owner};
use bellhop_core::inbox::{Message, read};
use bellhop_core::work::Work;
use serde_json::json;

use super::*;
use crate::engine::made::engine;

mod steps;

/// The message of a delivery at the hook, by which its body is told from others; `number` tells its event.
fn message(number: u8, delivery: &'static str, parts: &EngineParts) -> Message<'static> {
    let now = parts.clock.now();
    Message {
        id: EventId::new(now, &[number; 10]),
        path: "p",
        sender: "github",
        event_type: Some("ping"),
        delivery_id: Some(delivery),
        received_at: now,
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: vec![Proof::new(HookId::from_text("hk_1"), None)],
        body: delivery.as_bytes(),
        test: false,
    }
}

/// An engine's parts with one hook, which sends to a chat.
async fn parts_with_a_hook(folder: &std::path::Path) -> EngineParts {
    let parts = engine(folder);
    let actions = json!([{"kind": "telegram", "chat": "5"}]);
    let hook = hook(&json!({"id": "hk_1", "sender": "github", "actions": actions}));
    parts.database.write_hooks(&[hook], &[], None).await.unwrap();
    parts
}

/// Runs the router until `done`, or for ten seconds.
async fn route_until(parts: &EngineParts, done: impl AsyncFn() -> bool) {
    let (stop, stopped) = watch::channel(false);
    let watching = async {
        for _ in 0..1_000 {
            if done().await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.send(true).unwrap();
    };
    let crashes = Crashes::none();
    tokio::join!(route_all(parts, &crashes, stopped), watching);
}

#[tokio::test]
async fn what_came_together_is_recorded_together_each_once_and_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let parts = parts_with_a_hook(folder.path()).await;
    let database = &parts.database;
    let deliveries = [r#"{"zen":"1"}"#, r#"{"zen":"1"}"#, r#"{"zen":"2"}"#, r#"{"zen":"3"}"#];
    let all: Vec<_> = (1..).zip(deliveries).map(|(number, delivery)| message(number, delivery, &parts)).collect();
    // The first comes a second time, and nonsense in between goes step by step.
    for message in [&all[0], &all[1], &all[0], &all[2]] {
        database.put(message).await.unwrap();
    }
    database.put_bytes(b"nonsense".to_vec()).await.unwrap();
    database.put(&all[3]).await.unwrap();
    route_until(&parts, async || database.oldest_messages(9).unwrap().is_empty()).await;
    assert_eq!(database.oldest_messages(9).unwrap(), []);

    let mut recorded = Vec::new();
    for message in &all {
        let event = database.recorded(message.id).await.unwrap().unwrap();
        recorded.push((event.tasks.len(), event.head.duplicates.first().map(|copy| copy.first)));
    }
    assert_eq!(recorded, [(1, None), (0, Some(all[0].id)), (1, None), (1, None)]);
    let mut rows = database.group_work("telegram", "5", 9).unwrap();
    let work: Vec<Work> = rows.iter_mut().map(|row| row.work().unwrap()).collect();
    let events: Vec<_> = work.iter().map(|work| work.task.event).collect();
    assert_eq!(events, [all[0].id, all[2].id, all[3].id], "in the order in which they came");
    let counts = database.counts().await.unwrap();
    assert_eq!(counts[&Owner::from_text("hk_1")].events, 3);
}

#[tokio::test]
async fn what_is_stuck_is_tried_again_while_others_come() {
    struct Elsewhere(AtomicUsize);
    #[async_trait]
    impl Bodies for Elsewhere {
        async fn get(&self, _: EventId) -> PortResult<Vec<u8>> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 | 1 => Err(PortError::new("the body", "is not there yet")),
                _ => Ok(br#"{"zen":"z"}"#.to_vec()),
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut parts = parts_with_a_hook(folder.path()).await;
    parts.routing.bodies = Arc::new(Elsewhere(AtomicUsize::new(0)));
    let (database, stuck) = (&parts.database, message(1, r#"{"zen":"z"}"#, &parts));
    database.put_bytes(stuck.to_claim().into_bytes()).await.unwrap();
    let others: Vec<_> = (0..1_000_u32).map(|number| format!(r#"{{"zen":"{number}"}}"#)).collect();
    let others = (2_u64..).zip(&others).map(|(number, body)| {
        let id = EventId::new(stuck.received_at.plus_ms(number), &[2; 10]);
        let other = Message { id, body: body.as_bytes(), delivery_id: None, ..message(2, "", &parts) };
        async move { database.put(&other).await.unwrap() }
    });
    join_all(others).await;
    route_until(&parts, async || database.recorded(stuck.id).await.unwrap().is_some()).await;
    assert!(database.recorded(stuck.id).await.unwrap().is_some(), "never tried again");
    assert!(!database.oldest_messages(1).unwrap().is_empty(), "only tried again once nothing else was left");
}

#[tokio::test]
async fn a_panic_is_told_from_trouble_and_from_poison() {
    assert!(matches!(outcome(b"", async { panic!("over a message") }).await, Outcome::Panicked));
    let trouble = Unrouted::Again(PortError::new("the store", "is down"));
    assert!(matches!(outcome(b"", async { Err(trouble) }).await, Outcome::Later));
    let poison = Unrouted::Poison(read(b"").unwrap_err());
    assert!(
        matches!(outcome(b"", async { Err(poison) }).await, Outcome::Never(reason) if reason.contains("not an inbox"))
    );
}

#[tokio::test]
async fn a_batch_that_takes_several_commits_lets_messages_pass_and_comes_to_the_same() {
    const MESSAGES: usize = 600;
    let folder = tempfile::tempdir().unwrap();
    let parts = parts_with_a_hook(folder.path()).await;
    let (database, crashes, now) = (&parts.database, Crashes::none(), parts.clock.now());
    let delivery = |number: usize| format!("delivery-{number}");
    for number in 0..MESSAGES {
        let (id, delivery) = (EventId::new(now.plus_ms(number as u64), &[1; 10]), delivery(number));
        let message = Message { id, delivery_id: Some(&delivery), body: delivery.as_bytes(), ..message(1, "", &parts) };
        database.put(&message).await.unwrap();
    }
    let messages = database.oldest_messages(MESSAGES).unwrap();
    let places: Vec<_> = messages.iter().map(|(place, _)| *place).collect();
    let mut runs = prepare(&parts, &crashes, messages).await.unwrap();
    let (Some(Run::Records(records)), true) = (runs.pop(), runs.is_empty()) else { panic!("they are one batch") };
    assert_eq!(records.iter().map(PackedRecord::place).collect::<Vec<_>>(), places);

    let recorded = || {
        let count = "SELECT count(*) FROM events";
        let count = database.read(|connection| connection.query_row(count, [], |row| row.get::<_, i64>(0)));
        usize::try_from(count.unwrap()).unwrap()
    };
    let passing = async {
        let mut seen = Vec::new();
        for _ in 0..9 {
            database.put_bytes(b"1 later".to_vec()).await.unwrap();
            seen.push(recorded());
        }
        seen
    };
    let (committed, seen) = tokio::join!(database.commit(records), passing);
    assert!(committed.unwrap().iter().all(|committed| matches!(committed, Committed::New(..))));
    assert!(seen.iter().any(|count| (1..MESSAGES).contains(count)), "all was one commit: {seen:?}");
    assert_eq!(recorded(), MESSAGES);
    assert_eq!(database.oldest_messages(MESSAGES).unwrap().len(), 9, "those are gone that were recorded");
    let counts = database.counts().await.unwrap();
    assert_eq!(counts.values().map(|count| count.events).collect::<Vec<_>>(), [MESSAGES as u64]);
    let work = database.group_work("telegram", "5", 2 * MESSAGES).unwrap();
    let ids: Vec<_> = work.into_iter().map(|mut row| row.work().unwrap().task.id.event()).collect();
    let expected: Vec<_> = (0..MESSAGES).map(|number| EventId::new(now.plus_ms(number as u64), &[1; 10])).collect();
    assert_eq!(ids, expected, "in the order in which they came");
}
