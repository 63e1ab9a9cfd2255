//! Events that are taken in side by side, as those are that need steps.

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use futures_util::future::join_all;
use serde_json::json;

use super::stage::{Ringing, Stage, hook};
use crate::ports::{Claim, EventLog, PortResult};
use crate::testing::memory::Memory;

/// A log whose answers to the claims of one event take their time.
struct Slow {
    memory: Arc<Memory>,
    to: EventId,
}

#[async_trait]
impl EventLog for Slow {
    async fn claim_delivery(&self, owner: &Owner, key: &str, event: EventId, ends: Timestamp) -> PortResult<Claim> {
        let claim = self.memory.claim_delivery(owner, key, event, ends).await;
        for _ in 0..if event == self.to { 9 } else { 0 } {
            tokio::task::yield_now().await;
        }
        claim
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        self.memory.record(event, tasks, expires).await
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        self.memory.event(id).await
    }

    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()> {
        self.memory.record_refused(refused, expires).await
    }
}

#[tokio::test]
async fn of_equal_deliveries_the_first_is_the_first_for_every_hook() {
    let names = ["a", "b", "c"];
    for slow in 0..3 {
        let mut stage = Stage::new(&names.map(|name| hook(name, "1", json!({"sender": "github"})))).await;
        let same = |second, hooks: &[&'static str]| Ringing {
            delivery: Some("d"),
            body: json!({"message": "same"}),
            sender: "github",
            ..Ringing::new(second, hooks)
        };
        let events = [same(0, &names), same(1, &["b", "c"]), same(2, &names)];
        stage.routing.events = Arc::new(Slow { memory: stage.memory.clone(), to: events[slow].id });
        let [first, second, third] = &events;
        join_all(events.iter().map(|event| stage.record(event))).await;
        for (event, copies) in [(first, &names[..0]), (second, &names[1..]), (third, &names[..])] {
            let head = stage.memory.event(event.id).await.unwrap().unwrap().head;
            let found: Vec<_> = head.duplicates.iter().map(|copy| (copy.owner.as_str(), copy.first)).collect();
            let wanted: Vec<_> = copies.iter().map(|name| (*name, first.id)).collect();
            assert_eq!(found, wanted, "slow is the answer to event {slow}");
        }
    }
}
