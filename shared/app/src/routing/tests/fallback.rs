//! What takes the place of tasks that are dead: it is made with their work, or where there can be none.

use bellhop_core::action::Kind;
use bellhop_core::hook::Hook;
use bellhop_core::id::{HookId, TaskId};
use bellhop_core::inbox::{self, Read};
use bellhop_core::order::Order;
use bellhop_core::replay::Selection;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::work::Work;
use serde_json::json;

use super::replays;
use super::stage::{Ringing, START, Stage, ends, hook};
use crate::ports::EventLog as _;
use crate::testing::memory::Queue;

/// A hook whose action's work can be made where an event's `zero` is not 0, and in whose place a chat is told.
fn divides() -> Hook {
    let body = "{{ payload.n // payload.zero }}";
    let forward = json!({"kind": "forward", "url": "https://example.com/in", "method": "POST", "body": body, "timeout_seconds": 9});
    let telegram = json!({"kind": "telegram", "chat": "2", "template": "{{ payload.message }}"});
    hook("h", "1", json!({"actions": [forward], "fallbacks": {"0": telegram}}))
}

/// An event of which the work can be made.
fn well(second: u64) -> Ringing {
    Ringing { body: json!({"message": "well", "n": 4, "zero": 2, "second": second}), ..Ringing::new(second, &["h"]) }
}

/// One of which it cannot.
fn ill(second: u64) -> Ringing {
    Ringing { body: json!({"message": "ill", "n": 4, "zero": 0, "second": second}), ..Ringing::new(second, &["h"]) }
}

/// What is queued in the places of an event's tasks.
fn queued(stage: &Stage, event: &Ringing) -> Vec<Work> {
    stage.queued().into_iter().filter(|work| work.task.event == event.id && work.task.id.is_fallback()).collect()
}

/// Asserts that the one task of an event is dead, and that another that is recorded and queued once takes its place.
fn assert_replaced(stage: &Stage, event: &Ringing, what: &str) {
    let (others, main): (Vec<_>, Vec<_>) = stage.tasks(event.id).into_iter().partition(|task| task.id.is_fallback());
    let work = queued(stage, event);
    assert_eq!((main.len(), main[0].status, others.len(), work.len()), (1, TaskStatus::Dead, 1, 1), "{what}");
    assert_eq!((&work[0].task.id, others[0].status), (&main[0].id.fallback(), TaskStatus::Queued), "{what}");
    let reason = others[0].reason.as_deref().unwrap_or_default();
    assert!(reason.starts_with("in place of forward https://example.com/in, which is dead: "), "{what}: {reason}");
    assert_eq!(work[0].parts(), ["Instead of forward https://example.com/in: ill"], "{what}");
}

#[tokio::test]
async fn work_carries_what_takes_its_place() {
    let stage = Stage::new(&[divides()]).await;
    let tasks = stage.route(&well(1)).await;
    assert_eq!(ends(&tasks), [(TaskStatus::Queued, "")]);
    let carried = stage.queued()[0].fallback.clone().unwrap();
    let (task, queued) = carried.in_place_of(&tasks[0]).unwrap();
    assert_eq!((&task.id, task.destination.as_str()), (&tasks[0].id.fallback(), "2"));
    let work: Work = serde_json::from_str(&queued.message).unwrap();
    assert_eq!((work.task, work.fallback), (task, None));
    let test = Ringing { test: true, ..well(2) };
    let test = stage.route(&test).await;
    let carried = stage.queued()[1].fallback.clone().unwrap();
    assert!(carried.in_place_of(&test[0]).unwrap().0.test, "what a test makes says so");
}

#[tokio::test]
async fn a_task_of_which_no_work_can_be_made_has_its_place_taken_at_once() {
    let stage = Stage::new(&[divides()]).await;
    for _ in 0..2 {
        stage.route(&ill(1)).await;
        assert_replaced(&stage, &ill(1), "routed");
    }
    // Recorded by a run that was cut short before it queued anything.
    stage.record(&ill(2)).await;
    assert_eq!(queued(&stage, &ill(2)).len(), 0);
    stage.route(&ill(2)).await;
    assert_replaced(&stage, &ill(2), "recorded, then routed");
    // Recorded as open, and its hook is another by the time its work is made.
    let healthy = json!([{"kind": "forward", "url": "https://example.com/in", "method": "POST", "timeout_seconds": 9}]);
    stage.change(&[hook("h", "1", json!({"actions": healthy}))], &[]).await;
    stage.record(&ill(3)).await;
    stage.change(&[divides()], &[]).await;
    stage.route(&ill(3)).await;
    assert_replaced(&stage, &ill(3), "dead when its work was to be made");
}

#[tokio::test]
async fn a_task_that_is_retried_in_vain_has_its_place_taken_and_not_twice() {
    let stage = Stage::new(&[hook("h", "1", json!({"actions": divides().actions}))]).await;
    let task = stage.route(&ill(1)).await.remove(0);
    assert_eq!((task.status, queued(&stage, &ill(1)).len()), (TaskStatus::Dead, 0));
    stage.change(&[divides()], &[]).await;
    for retries in 0..3 {
        for _ in 0..2 {
            stage.obey(&Order::RetryV1 { task: task.id.clone(), retries }).await;
            assert_replaced(&stage, &ill(1), "retried");
        }
    }
}

#[tokio::test]
async fn what_is_routed_again_or_replayed_has_its_places_taken() {
    let stage = Stage::new(&[divides()]).await;
    let event = ill(1);
    let Read::Whole(whole) = inbox::read(event.message().as_bytes()).unwrap() else { panic!("the event is whole") };
    let id = TaskId::new(event.id, &HookId::from_text("h"), 0);
    let mut route = Task::queued(id.clone(), Kind::Route, "router", START, START.plus_ms(1 << 40));
    route.die("too often");
    stage.memory.record(&whole, std::slice::from_ref(&route), route.expires_at).await.unwrap();
    for _ in 0..2 {
        stage.obey(&Order::RetryV1 { task: id.clone(), retries: 0 }).await;
        assert_replaced(&stage, &event, "routed again");
    }
    stage.memory.with_work(Queue::take_all);
    let all = Selection::Range { from: START, to: START.plus_ms(1 << 40), sender: None, events: Vec::new() };
    let replay = replays::ask(&stage, all, None).await;
    let replayed = TaskId::replayed(event.id, &HookId::from_text("h"), 0, &replay);
    let work = queued(&stage, &event);
    assert_eq!((work.len(), &work[0].task.id), (1, &replayed.fallback()));
    assert_eq!(work[0].task.replay, Some(replay));
    assert_eq!(stage.memory.task(&replayed).map(|task| task.status), Some(TaskStatus::Dead));
    assert_eq!(stage.memory.task(&replayed.fallback()).map(|task| task.status), Some(TaskStatus::Queued));
}

#[tokio::test]
async fn a_fallback_that_is_dead_is_retried_like_any_task_and_has_no_place_taken() {
    let stage = Stage::new(&[divides()]).await;
    stage.route(&ill(1)).await;
    let other = queued(&stage, &ill(1)).remove(0).task;
    stage.memory.with_work(Queue::take_all);
    stage.end(&other, TaskStatus::Dead).await;
    stage.obey(&Order::RetryV1 { task: other.id.clone(), retries: 0 }).await;
    let work = stage.queued();
    assert_eq!((work.len(), &work[0].task.id, work[0].task.retries, &work[0].fallback), (1, &other.id, 1, &None));
    assert_eq!(work[0].parts(), ["Instead of forward https://example.com/in: ill"]);
    // Where the hook has it no more, there is nothing to retry.
    stage.end(&work[0].task, TaskStatus::Dead).await;
    stage.memory.with_work(Queue::take_all);
    stage.change(&[hook("h", "1", json!({"actions": divides().actions}))], &[]).await;
    stage.obey(&Order::RetryV1 { task: other.id.clone(), retries: 1 }).await;
    assert_eq!((stage.queued().len(), stage.memory.task(&other.id).unwrap().retries), (0, 1));
}

#[tokio::test]
async fn nothing_takes_the_place_of_what_was_never_wanted_for_sure() {
    let stage = Stage::new(&[divides()]).await;
    // Its hook is gone by the time its work is made.
    stage.record(&well(1)).await;
    stage.change(&[], &["h"]).await;
    let tasks = stage.route(&well(1)).await;
    assert_eq!((tasks.len(), tasks[0].status, queued(&stage, &well(1)).len()), (1, TaskStatus::Dead, 0));
    // Nobody knows whether the hook takes it.
    let endless = "[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, [1,2,3,4,5,6,7,8,9].all(f, a + b + c + d + e + f > 0))))))";
    stage.change(&[Hook { when: Some(endless.to_owned()), ..divides() }], &[]).await;
    let tasks = stage.route(&ill(2)).await;
    let [(status, reason)] = ends(&tasks)[..] else { panic!("one task: {tasks:?}") };
    assert!(status == TaskStatus::Dead && reason.starts_with("its condition was not decided"), "{status:?} {reason}");
    assert_eq!(queued(&stage, &ill(2)).len(), 0);
    // What is skipped is not dead.
    stage.change(&[Hook { when: Some("false".to_owned()), ..divides() }], &[]).await;
    assert_eq!(stage.route(&ill(3)).await.len(), 1);
    assert_eq!(queued(&stage, &ill(3)).len(), 0);
}

#[tokio::test]
async fn a_fallback_that_is_too_long_to_travel_is_left_behind_and_the_task_says_so() {
    let forward = |path: &str| {
        json!({"kind": "forward", "url": format!("https://example.com/{path}"), "method": "POST",
               "body": "{{ payload.message }}", "timeout_seconds": 9})
    };
    let stage =
        Stage::new(&[hook("h", "1", json!({"actions": [forward("a")], "fallbacks": {"0": forward("b")}}))]).await;
    for (second, bytes, fits) in [(1, 490_000, true), (2, 510_000, false)] {
        let long = Ringing { body: json!({"message": "x".repeat(bytes)}), ..Ringing::new(second, &["h"]) };
        stage.route(&long).await;
        let work = stage.queued().pop().unwrap();
        assert_eq!((work.task.event, work.fallback.is_some()), (long.id, fits), "{bytes}");
        let reason = work.task.reason.unwrap_or_default();
        assert_eq!(reason.contains("its fallback is too long"), !fits, "{reason}");
    }
}
