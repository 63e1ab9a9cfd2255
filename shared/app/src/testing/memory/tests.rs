//! The world in memory, held to the suite that every adapter passes.

use super::*;
use crate::clock::SystemClock;
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
