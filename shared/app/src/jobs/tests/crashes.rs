//! The scheduler and the router cut short at each call of a port: nothing that is due is lost, and nothing runs twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bellhop_core::job::Job;
use bellhop_core::order::Order;
use bellhop_core::time::Timestamp;
use serde_json::json;

use super::super::*;
use super::stage::{Stage, at};
use crate::ports::{Clock as _, DueTime, DueTimes, PortError, PortResult, SendWork as _};
use crate::schedule::Scheduler;
use crate::testing::memory::{Faults, Memory};

/// Ends whoever makes the call of this number, before its effect or after it.
struct EndsAt {
    call: usize,
    after: bool,
    calls: AtomicUsize,
}

impl EndsAt {
    fn new(call: usize, after: bool) -> Arc<Self> {
        Arc::new(Self { call, after, calls: AtomicUsize::new(0) })
    }

    /// Whether it ended anybody.
    fn did(&self) -> bool {
        self.calls.load(Ordering::Relaxed) > self.call
    }

    /// What a call says of a process that has ended, or not.
    fn answer(has_ended: bool) -> PortResult<()> {
        if has_ended { Err(PortError::new("the process", "has ended")) } else { Ok(()) }
    }
}

#[async_trait]
impl Faults for EndsAt {
    async fn before(&self, _: &'static str) -> PortResult<()> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        Self::answer(call > self.call || (call == self.call && !self.after))
    }

    async fn after(&self, _: &'static str) -> PortResult<()> {
        Self::answer(self.after && self.calls.load(Ordering::Relaxed) - 1 == self.call)
    }
}

/// Does all that is due as a process that meets these faults; it may end anywhere.
async fn work(stage: &Stage, faults: &Arc<EndsAt>, steps: impl Fn(Memory) -> Arc<dyn DueTimes>) {
    let memory = stage.memory.entrance(stage.clock.clone(), faults.clone());
    let store = Arc::new(memory.clone());
    let scheduler = Scheduler {
        due: steps(memory.clone()),
        jobs: store.clone(),
        orders: store.clone(),
        clock: stage.clock.clone(),
        ahead_ms: 0,
    };
    if scheduler.run().await.is_err() {
        return;
    }
    let routing = memory.routing(Changes::default());
    let now = stage.clock.now();
    for message in stage.memory.with_inbox(|inbox| inbox.receive(10, now, |_| 0)) {
        let Ok(recorded) = routing.record(message.body.as_bytes()).await else { return };
        if routing.queue.send(&recorded.work).await.is_err() {
            return;
        }
        stage.memory.with_inbox(|inbox| inbox.delete(&message.receipt, now));
    }
}

/// How many calls there are to end at, and of what comes of a job at each place; `steps` is how the index is written.
async fn at_every_place(steps: impl Fn(Memory) -> Arc<dyn DueTimes> + Copy) -> (usize, Vec<(Vec<String>, usize)>) {
    let (mut outcomes, mut places) = (Vec::new(), 0);
    for after in [false, true] {
        for call in 0.. {
            let stage = Stage::new().await;
            let telegram = json!([{"kind": "telegram", "chat": "1"}]);
            let job: Job = stage.made(json!({"schedule": {"once": "2027-03-01T00:01:00Z"}, "actions": telegram})).await;
            stage.clock.set(at("2027-03-01T00:01:00Z"));
            let faults = EndsAt::new(call, after);
            work(&stage, &faults, steps).await;
            if !faults.did() {
                break;
            }
            places += 1;
            // Another process goes on, once what the former had in hand is in sight again.
            stage.clock.advance_ms(4 * 60_000);
            stage.work().await;
            stage.clock.advance_ms(4 * 60_000);
            stage.take_in().await;
            outcomes.push((stage.dues(&job).await, stage.memory.with_work(|queue| queue.len())));
        }
    }
    (places, outcomes)
}

#[tokio::test]
async fn what_is_due_when_a_process_ends_runs_once_wherever_that_was() {
    let (places, outcomes) = at_every_place(|memory| Arc::new(memory)).await;
    assert!(places > 20, "it ended at {places} places");
    for (dues, queued) in outcomes {
        assert_eq!((dues, queued), (vec!["2027-03-01T00:01:00.000Z".to_owned()], 1));
    }
}

/// An index that moves on before anything else is done, which must not be.
struct MovesOnFirst(Memory);

#[async_trait]
impl DueTimes for MovesOnFirst {
    async fn due(&self, until: Timestamp, most: usize) -> PortResult<Vec<DueTime>> {
        let due = self.0.due(until, most).await?;
        self.0.step(&[], &due).await?;
        Ok(due)
    }

    async fn earliest(&self) -> PortResult<Option<Timestamp>> {
        self.0.earliest().await
    }

    async fn step(&self, add: &[DueTime], remove: &[DueTime]) -> PortResult<()> {
        self.0.step(add, remove).await
    }
}

/// The control: an index that moves on before the order is given loses what was due, and the same run sees it.
#[tokio::test]
async fn an_index_that_moves_on_too_soon_is_caught() {
    let (_, outcomes) = at_every_place(|memory| Arc::new(MovesOnFirst(memory))).await;
    assert!(outcomes.iter().any(|(dues, _)| dues.is_empty()), "nothing was lost: the test cannot see a loss");
}

/// Orders come to the router in any order, and late.
#[tokio::test]
async fn orders_that_come_in_the_wrong_order_run_once_each() {
    let stage = Stage::new().await;
    let job = stage.made(json!({"schedule": {"every_seconds": 60}, "overlap": "allow"})).await;
    let ahead = Scheduler {
        due: stage.memory.clone(),
        jobs: stage.memory.clone(),
        orders: stage.memory.clone(),
        clock: stage.clock.clone(),
        ahead_ms: 300_000,
    };
    ahead.run().await.unwrap();
    let bodies = stage.memory.with_inbox(|inbox| inbox.bodies());
    assert_eq!(bodies.len(), 5);
    stage.clock.set(at("2027-03-01T01:00:00Z"));
    for body in bodies.iter().rev().chain(&bodies) {
        stage.routing.record(body.as_bytes()).await.unwrap();
    }
    let standing = stage.jobs.standing(&job, 0).await.unwrap();
    assert_eq!((stage.dues(&job).await.len(), standing.runs), (5, 5));
    // The next is the one after the last of them, whichever came last.
    let (runs, _) = runs(&*stage.memory, &job.id).await.unwrap();
    let next = job.next_due(&runs).unwrap();
    assert_eq!(next.at, at("2027-03-01T00:06:00Z"));
    assert!(matches!(
        bellhop_core::inbox::read(bodies[0].as_bytes()),
        Ok(bellhop_core::inbox::Read::Order(Order::DueV1(_)))
    ));
}
