//! Attempts: which messages are sent, what is remembered of it, and what it costs.

use bellhop_core::task::{MOST_ANSWER_BYTES, TaskStatus};

use super::stage::{DOWN, START, Stage, TOKEN, WELL, again, work};
use crate::ports::BotAnswer;

#[tokio::test]
async fn a_turn_costs_two_documents_one_look_up_and_two_writes() {
    let stage = Stage::new(None).await;
    let works: Vec<_> = (0..5).map(|number| work(number, "5", &["hello"])).collect();
    stage.turn(&works[..1]).await;
    stage.calls.0.lock().unwrap().clear();
    stage.clock.advance_ms(1_000);
    assert_eq!(stage.turn(&works[1..]).await.settled, 4);
    assert_eq!(*stage.calls.0.lock().unwrap(), ["destination", "document", "written", "send_message", "end_turn"]);
}

#[tokio::test]
async fn the_same_work_twice_in_a_batch_is_one_message() {
    let stage = Stage::new(None).await;
    let (once, other) = (work(1, "5", &["once"]), work(2, "5", &["other"]));
    stage.finish(&[once.clone(), once.clone(), other.clone(), once, other]).await;
    assert_eq!(stage.seen("5"), [(0, "once\n\nother".to_owned())]);
}

#[tokio::test]
async fn a_task_that_waits_for_its_next_attempt_waits_through_a_restart() {
    let mut stage = Stage::new(None).await;
    let works = [work(1, "5", &["first"]), work(2, "5", &["second"])];
    stage.answer(DOWN);
    let due = stage.turn(&works[..1]).await.next;
    assert!((4_000..=6_000).contains(&due.ms_since(START)), "{due:?}");
    stage.restart();
    stage.answer(WELL);
    // The queue may bring it back too soon, with others behind it.
    stage.clock.advance_ms(2_000);
    let turn = stage.turn(&works).await;
    assert_eq!((turn.settled, turn.next), (0, due));
    assert_eq!(stage.seen("5").len(), 1);
    stage.finish(&works).await;
    assert_eq!(stage.seen("5").last().unwrap().1, "first\n\nsecond");
}

#[tokio::test]
async fn an_attempt_remembers_the_answer_but_never_the_token() {
    let stage = Stage::new(None).await;
    let works = [work(1, "5", &["refused"]), work(2, "5", &["taken"])];
    let page = format!("<html>not found: /bot{TOKEN}/sendMessage {}</html>", "ü".repeat(4_000));
    let mut answers =
        vec![BotAnswer { status: 200, body: WELL.1.into() }, BotAnswer { status: 502, body: page.into_bytes() }];
    stage.memory.answer(move |_| Ok(answers.pop().unwrap()));
    stage.finish(&works[..1]).await;
    let task = stage.memory.task(&works[0].task.id).unwrap();
    let (failed, arrived) = (&task.attempts[0], &task.attempts[1]);
    assert_eq!((failed.response_status, arrived.response_status), (Some(502), Some(200)));
    assert!(failed.answer.starts_with("<html>not found: /bot[redacted]/"), "{}", failed.answer);
    assert!((MOST_ANSWER_BYTES - 1..=MOST_ANSWER_BYTES).contains(&failed.answer.len()));
    assert_eq!(arrived.answer, WELL.1);
    let stored = serde_json::to_string(&stage.memory.all_tasks()).unwrap();
    assert!(!stored.contains("nobody-may-see"), "{stored}");
}

#[tokio::test]
async fn a_task_done_anew_has_the_whole_table_before_it_and_leaves_old_work_behind() {
    let stage = Stage::new(None).await;
    let first = work(1, "5", &["hello"]);
    stage.answer(DOWN);
    stage.finish(std::slice::from_ref(&first)).await;
    assert_eq!(stage.status(&first), TaskStatus::Dead);
    let second = again(&stage, &first).await;
    // The old work is still about, and has nothing to do any more.
    assert_eq!(stage.turn(std::slice::from_ref(&first)).await.settled, 1);
    stage.finish(std::slice::from_ref(&second)).await;
    let task = stage.memory.task(&first.task.id).unwrap();
    assert_eq!((task.status, task.attempts.len(), task.retries), (TaskStatus::Dead, 16, 1));
    stage.answer(WELL);
    let third = again(&stage, &second).await;
    stage.finish(&[third]).await;
    assert_eq!(stage.status(&first), TaskStatus::Succeeded);
    assert_eq!(stage.seen("5").len(), 17);
}

#[tokio::test]
async fn parts_that_arrived_before_a_task_died_do_not_go_out_again() {
    let stage = Stage::new(None).await;
    let first = work(1, "5", &["one", "two", "three"]);
    stage.turn(std::slice::from_ref(&first)).await;
    stage.clock.advance_ms(1_000);
    stage.answer(super::stage::BLOCKED);
    stage.finish(std::slice::from_ref(&first)).await;
    assert_eq!(stage.status(&first), TaskStatus::Dead);
    stage.answer(WELL);
    stage.clock.advance_ms(60_000);
    stage.finish(&[again(&stage, &first).await]).await;
    let texts: Vec<_> = stage.seen("5").into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["one", "two", "two", "three"]);
}
