//! The world in memory, held to the suite that every adapter passes.

use bellhop_core::id::{JobId, ReplayId};
use bellhop_core::order::Order;

use super::*;
use crate::clock::SystemClock;
use crate::ports::{DueTimes as _, Orders as _, PortError};
use crate::testing::conformance;

fn world() -> Memory {
    Memory::new(Arc::new(SystemClock))
}

#[tokio::test]
async fn it_passes_the_suite_of_the_adapters() {
    let world = world();
    conformance::hooks(&world, &world).await;
    conformance::claims(&world).await;
    conformance::claims_end(&world).await;
    conformance::records(&world, &world, &world).await;
    conformance::tasks(&world, &world, &world).await;
    conformance::deleted(&world, &world, &world).await;
    conformance::turns(&world, &world, &world).await;
    conformance::history(&world, &world, &world).await;
    conformance::events_with_task(&world, &world, &world).await;
    conformance::refused(&world, &world).await;
    conformance::counts(&world).await;
    conformance::counts_together(&world).await;
    conformance::documents(&world).await;
    conformance::secrets(&world, &world).await;
}

#[tokio::test]
async fn its_due_times_pass_it_too() {
    let world = world();
    conformance::due_times(&world).await;
    conformance::due_time_identity(&world).await;
    conformance::due_steps_together(&world).await;
    conformance::swaps_with_changes(&world, &world, &world).await;
    conformance::swaps_together(&world, &world, &world).await;
}

/// Is away at one of the places of a step.
struct AwayAt(&'static str, &'static str);

#[async_trait]
impl Faults for AwayAt {
    async fn before(&self, call: &'static str) -> PortResult<()> {
        if (self.0, self.1) == ("before", call) { Err(PortError::new("the store", "is away")) } else { Ok(()) }
    }

    async fn after(&self, call: &'static str) -> PortResult<()> {
        if (self.0, self.1) == ("after", call) { Err(PortError::new("the store", "is away")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_step_that_ends_half_way_loses_nothing_and_made_again_is_whole() {
    let at = Timestamp::from_ms;
    let job = JobId::from_random(&[7; 22]);
    let time = |ms| DueTime { at: at(ms), job: job.clone(), version: 1, due: at(ms), local: None, count: ms };
    let (old, new) = (time(1), time(2));
    let places: [(AwayAt, &[DueTime]); 4] = [
        (AwayAt("before", "add_due"), std::slice::from_ref(&old)),
        (AwayAt("after", "add_due"), &[old.clone(), new.clone()]),
        (AwayAt("before", "remove_due"), &[old.clone(), new.clone()]),
        (AwayAt("after", "remove_due"), std::slice::from_ref(&new)),
    ];
    for (fault, left) in places {
        let world = world();
        world.step(std::slice::from_ref(&old), &[]).await.unwrap();
        let place = format!("{} {}", fault.0, fault.1);
        let hit = world.entrance(Arc::new(SystemClock), Arc::new(fault));
        assert!(hit.step(std::slice::from_ref(&new), std::slice::from_ref(&old)).await.is_err(), "{place}");
        assert_eq!(world.due(at(9), 9).await.unwrap(), left, "{place}");
        world.step(std::slice::from_ref(&new), std::slice::from_ref(&old)).await.unwrap();
        assert_eq!(world.due(at(9), 9).await.unwrap(), std::slice::from_ref(&new), "{place}");
    }
}

#[tokio::test]
async fn orders_come_into_sight_when_their_time_has_come() {
    let world = Memory::new(Arc::new(SetClock::new(Timestamp::from_ms(5))));
    let order = |name: &str| Order::ReplayV1 { replay: ReplayId::from_text(name) };
    world.give_in(&[(order("late"), 900), (order("now"), 0), (order("soon"), 7)]).await.unwrap();
    let visible_at = world.with_inbox(|inbox| inbox.visible_at());
    let told: Vec<_> = visible_at.iter().map(|(body, at)| (body.contains("late"), at.as_ms())).collect();
    assert_eq!(told, [(true, 900_005), (false, 5), (false, 7_005)]);
    let received = world.with_inbox(|inbox| inbox.receive(9, Timestamp::from_ms(7_004), |_| 0));
    assert!(received.len() == 1 && received[0].body.contains("now"), "{received:?}");
}

#[tokio::test]
async fn its_queues_pass_it_too() {
    let world = world();
    let inbox = || async { world.with_inbox(Queue::take_all).into_iter().map(String::into_bytes).collect() };
    conformance::inbox(&world, &world, inbox).await;
    conformance::orders(&world, inbox).await;
    let work = || async {
        let bodies = world.with_work(Queue::take_all);
        bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    };
    conformance::queue(&world, work).await;
}

#[test]
fn a_queue_gives_a_group_to_one_at_a_time_and_a_message_until_it_is_deleted() {
    let mut queue = Queue::fifo();
    (queue.visibility_ms, queue.most_receipts) = (1_000, 2);
    let at = Timestamp::from_ms;
    for (body, group) in [("a1", "a"), ("b1", "b"), ("a2", "a"), ("a1", "a")] {
        queue.put(body.to_owned(), group, body, at(0));
    }
    let bodies = |received: &[Received]| received.iter().map(|m| m.body.clone()).collect::<Vec<_>>();
    let first = queue.receive(1, at(0), |_| 0);
    assert_eq!(bodies(&first), ["a1"]);
    let second = queue.receive(10, at(0), |_| 0);
    assert_eq!(bodies(&second), ["b1"], "the group of a1 is held back");
    queue.delete(&second[0].receipt, at(1));
    queue.postpone(&first[0].receipt, 5, at(1));
    assert_eq!(queue.receive(10, at(5_000), |_| 0), []);
    let again = queue.receive(10, at(5_001), |_| 0);
    assert_eq!(bodies(&again), ["a1", "a2"]);
    queue.delete(&first[0].receipt, at(5_002));
    queue.delete(&again[1].receipt, at(5_002));
    assert_eq!(queue.bodies(), ["a1"], "an old receipt deletes nothing");
    assert_eq!(queue.receive(10, at(7_000), |_| 0), []);
    assert_eq!(queue.dead, ["a1"], "it was received too often");
}
