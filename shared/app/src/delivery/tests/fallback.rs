//! What takes the place of a task that is dead: it is queued once, however the task came to its end.

use std::sync::Arc;

use bellhop_core::event::Event;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::work::{Fallback, Work};

use super::stage::{BLOCKED, DOWN, Stage, WELL, again, work};
use crate::cache::Changes;
use crate::delivery::tests::keyed::KilledAt;
use crate::ports::EventLog as _;

/// Work for a blocked chat, in whose place another chat is told.
fn with_fallback(number: u8) -> Work {
    let mut main = work(number, "5", &["text"]);
    let task = Task::queued(main.task.id.fallback(), main.task.kind, "6", main.task.created_at, main.task.expires_at);
    main.fallback = Some(Fallback::new(&Work::telegram(task, vec!["instead".to_owned()])).unwrap());
    main
}

/// What is queued for the other chat.
fn queued(stage: &Stage) -> Vec<Work> {
    stage.notices().into_iter().filter(|work| work.task.id.is_fallback()).collect()
}

#[tokio::test]
async fn a_task_that_is_dead_has_its_place_taken_once_and_the_other_says_why() {
    let stage = Stage::new(None).await;
    let main = with_fallback(1);
    stage.answer(BLOCKED);
    stage.finish(std::slice::from_ref(&main)).await;
    let queued = queued(&stage);
    assert_eq!((stage.status(&main), queued.len()), (TaskStatus::Dead, 1));
    let reason = queued[0].task.reason.clone().unwrap();
    assert!(reason.starts_with("in place of telegram 5, which is dead: ") && reason.contains("blocked"), "{reason}");
    assert_eq!(stage.memory.task(&queued[0].task.id).map(|task| task.destination), Some("6".to_owned()));
    stage.answer(WELL);
    stage.finish(&queued).await;
    assert_eq!(stage.status(&queued[0]), TaskStatus::Succeeded);
    // Somebody wants the first to be tried again, in vain: its place was taken already.
    stage.answer(BLOCKED);
    let retried = Work { fallback: main.fallback.clone(), ..again(&stage, &main).await };
    stage.finish(std::slice::from_ref(&retried)).await;
    stage.finish(&self::queued(&stage)).await;
    assert_eq!(stage.seen("6").len(), 1, "it is done once");
}

#[tokio::test]
async fn what_passes_takes_no_place() {
    let stage = Stage::new(None).await;
    let main = with_fallback(1);
    stage.answer(DOWN);
    stage.turn(std::slice::from_ref(&main)).await;
    assert_eq!((stage.status(&main), queued(&stage).len()), (TaskStatus::Retrying, 0));
    stage.answer(WELL);
    stage.finish(std::slice::from_ref(&main)).await;
    assert_eq!((stage.status(&main), queued(&stage).len()), (TaskStatus::Succeeded, 0));
}

#[tokio::test]
async fn an_end_that_was_cut_short_takes_the_place_all_the_same_and_once() {
    for killed_at in ["send", "add", "end_turn"] {
        let mut stage = Stage::new(None).await;
        let main = with_fallback(1);
        stage.answer(BLOCKED);
        let dying = stage.memory.entrance(stage.clock.clone(), Arc::new(KilledAt(killed_at)));
        dying.telegram(Changes::default()).turn(std::slice::from_ref(&main)).await.unwrap_err();
        stage.clock.advance_ms(60_000);
        stage.restart();
        stage.finish(std::slice::from_ref(&main)).await;
        let queued = queued(&stage);
        assert_eq!((stage.status(&main), queued.len()), (TaskStatus::Dead, 1), "{killed_at}");
        assert!(stage.memory.task(&queued[0].task.id).is_some(), "{killed_at}");
    }
}

/// The ways in which work comes to a dead end.
#[derive(Debug, Clone, Copy)]
enum End {
    Refused,
    OutOfRetries,
    Gone,
    Disabled,
    SetAside,
    DeadLetter,
    Unreadable,
}

/// Brings work to its end.
async fn end(stage: &Stage, way: End, main: &Work) {
    let works = std::slice::from_ref(main);
    let poison = stage.memory.routing(Changes::default()).poison();
    match way {
        End::Refused => {
            stage.answer(BLOCKED);
            stage.finish(works).await;
        }
        End::OutOfRetries => {
            stage.answer(DOWN);
            stage.finish(works).await;
        }
        // The first failure for which the destination is given up is its own.
        End::Gone | End::Disabled => {
            stage.answer(DOWN);
            stage.finish(&[work(9, "5", &["for five days"])]).await;
            stage.clock.advance_ms(6 * 24 * 3_600_000);
            if matches!(way, End::Disabled) {
                stage.finish(&[work(8, "5", &["and more"])]).await;
            }
            stage.finish(works).await;
        }
        End::SetAside => stage.worker.set_aside(main, "it ended the process").await.unwrap(),
        End::DeadLetter => poison.work(main, "a worker failed on it too often").await.unwrap(),
        End::Unreadable => {
            let head = serde_json::json!({
                "id": main.task.event, "path": "p", "sender": "none", "received_at": 0, "headers": [], "hooks": [],
                "body_bytes": 0,
            });
            let event = Event { head: serde_json::from_value(head).unwrap(), body: Vec::new() };
            stage.memory.record(&event, std::slice::from_ref(&main.task), main.task.expires_at).await.unwrap();
            poison.task(&main.task.id, main.fallback.as_ref(), "its message is unreadable").await.unwrap();
        }
    }
}

#[tokio::test]
async fn whatever_way_work_comes_to_a_dead_end_its_place_is_taken_once() {
    use End::{DeadLetter, Disabled, Gone, OutOfRetries, Refused, SetAside, Unreadable};
    for way in [Refused, OutOfRetries, Gone, Disabled, SetAside, DeadLetter, Unreadable] {
        let stage = Stage::new(None).await;
        let main = with_fallback(2);
        for _ in 0..2 {
            end(&stage, way, &main).await;
            let queued = queued(&stage);
            assert_eq!((stage.status(&main), queued.len()), (TaskStatus::Dead, 1), "{way:?}: {}", stage.reason(&main));
            let reason = queued[0].task.reason.clone().unwrap_or_default();
            assert_eq!(reason, format!("in place of telegram 5, which is dead: {}", stage.reason(&main)), "{way:?}");
            assert_eq!(stage.memory.task(&queued[0].task.id).map(|task| task.reason), Some(Some(reason)), "{way:?}");
        }
        // Nothing comes in the place of work that has no fallback.
        let stage = Stage::new(None).await;
        let bare = work(2, "5", &["text"]);
        end(&stage, way, &bare).await;
        assert_eq!((stage.status(&bare), queued(&stage).len()), (TaskStatus::Dead, 0), "{way:?}");
    }
}

#[tokio::test]
async fn work_that_was_done_is_not_replaced_by_whoever_sets_it_aside_later() {
    use End::{DeadLetter, SetAside, Unreadable};
    for way in [SetAside, DeadLetter, Unreadable] {
        let stage = Stage::new(None).await;
        let main = with_fallback(1);
        stage.answer(WELL);
        stage.finish(std::slice::from_ref(&main)).await;
        end(&stage, way, &main).await;
        assert_eq!((stage.status(&main), queued(&stage).len()), (TaskStatus::Succeeded, 0), "{way:?}");
    }
}
