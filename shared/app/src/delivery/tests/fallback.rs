//! What takes the place of a task that is dead: it is queued once, however the task came to its end.

use std::sync::Arc;

use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::work::Work;

use super::stage::{BLOCKED, DOWN, Stage, again, work};
use crate::cache::Changes;
use crate::delivery::tests::keyed::KilledAt;

/// Work for a blocked chat, in whose place another chat is told.
fn with_fallback(number: u8) -> Work {
    let mut main = work(number, "5", &["text"]);
    let task = Task::queued(main.task.id.fallback(), main.task.kind, "6", main.task.created_at, main.task.expires_at);
    main.fallback = Some(Box::new(Work::telegram(task, vec!["instead".to_owned()])));
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
    stage
        .memory
        .answer(|_| Ok(crate::ports::BotAnswer { status: 200, body: super::stage::WELL.1.as_bytes().to_vec() }));
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
    stage
        .memory
        .answer(|_| Ok(crate::ports::BotAnswer { status: 200, body: super::stage::WELL.1.as_bytes().to_vec() }));
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

#[tokio::test]
async fn what_is_given_up_or_set_aside_has_its_place_taken_too() {
    let stage = Stage::new(None).await;
    let main = with_fallback(1);
    stage.worker.set_aside(&main, "it ended the process").await.unwrap();
    assert_eq!((stage.status(&main), queued(&stage).len()), (TaskStatus::Dead, 1));
    let stage = Stage::new(None).await;
    stage.answer(DOWN);
    stage.finish(&[work(9, "5", &["for five days"])]).await;
    stage.clock.advance_ms(6 * 24 * 3_600_000);
    stage.finish(&[work(8, "5", &["and more"])]).await;
    let main = with_fallback(2);
    stage.finish(std::slice::from_ref(&main)).await;
    assert_eq!((stage.status(&main), queued(&stage).len()), (TaskStatus::Dead, 1), "{}", stage.reason(&main));
}
