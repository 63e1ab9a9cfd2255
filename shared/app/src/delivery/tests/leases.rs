//! Attempts that take long.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::task::TaskStatus;
use futures_util::future::join;

use super::stage::{START, Stage, work};
use crate::cache::Changes;
use crate::delivery::lease::LEASE_MS;
use crate::delivery::telegram::TelegramEngine;
use crate::ports::PortResult;
use crate::testing::memory::Faults;

/// Telegram answers after ten seconds.
struct Slow;

#[async_trait]
impl Faults for Slow {
    async fn before(&self, call: &'static str) -> PortResult<()> {
        if call == "send_message" {
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        Ok(())
    }

    async fn after(&self, _: &'static str) -> PortResult<()> {
        Ok(())
    }
}

/// A worker on the stage to which Telegram is slow.
fn slow(stage: &Stage) -> TelegramEngine {
    stage.memory.entrance(stage.clock.clone(), Arc::new(Slow)).telegram(Changes::default())
}

#[tokio::test(start_paused = true)]
async fn a_long_attempt_is_running_and_nobody_else_makes_it() {
    let stage = Stage::new(None).await;
    let works = [work(1, "5", &["hello"])];
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(stage.status(&works[0]), TaskStatus::Queued, "what ends soon costs no write more");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(stage.status(&works[0]), TaskStatus::Running);
        let other = stage.turn(&works).await;
        assert_eq!((other.settled, other.next), (0, START.plus_ms(LEASE_MS)));
    };
    let slow = slow(&stage);
    let (turn, ()) = join(slow.turn(&works), meanwhile).await;
    assert_eq!((turn.unwrap().settled, stage.status(&works[0])), (1, TaskStatus::Succeeded));
    assert_eq!(stage.seen("5"), [(0, "hello".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_worker_had_running_is_done_when_its_lease_ends() {
    let stage = Stage::new(None).await;
    let works = [work(1, "5", &["hello"])];
    let slow = slow(&stage);
    assert!(tokio::time::timeout(Duration::from_secs(5), slow.turn(&works)).await.is_err(), "killed in the middle");
    let turn = stage.turn(&works).await;
    assert_eq!((turn.settled, turn.next), (0, START.plus_ms(LEASE_MS)));
    stage.clock.set(turn.next);
    assert_eq!((stage.turn(&works).await.settled, stage.status(&works[0])), (1, TaskStatus::Succeeded));
    assert_eq!(stage.seen("5").len(), 1);
}
