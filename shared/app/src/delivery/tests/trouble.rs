//! Breakers and notices.

use bellhop_core::task::TaskStatus;
use bellhop_core::work::Work;

use crate::ports::{SendWork as _, TaskLog as _};

use super::stage::{BLOCKED, DOWN, OPERATOR, START, Stage, WELL, again, work};

/// Messages that come in one by one, too long to be joined.
fn stream(count: u8, chat: &str) -> Vec<Work> {
    (0..count).map(|number| work(number, chat, &[&"x".repeat(4_000)])).collect()
}

#[tokio::test]
async fn a_chat_that_refuses_everything_is_left_alone_and_probed_each_minute() {
    let stage = Stage::new(Some(OPERATOR)).await;
    let works = stream(16, "5");
    stage.answer(BLOCKED);
    let settled = stage.run(&works, START.plus_ms(9_500)).await;
    assert_eq!(settled, 10, "ten messages failed, one a second");
    // While the breaker is open nothing is tried, and the tasks that wait are not touched.
    stage.calls.0.lock().unwrap().clear();
    let turn = stage.turn(&works[10..]).await;
    assert_eq!((turn.settled, turn.next), (0, START.plus_ms(69_000)));
    assert_eq!(*stage.calls.0.lock().unwrap(), ["destination"]);
    assert_eq!(stage.memory.task(&works[10].task.id), None);
    let mut settled = 10 + stage.run(&works[10..], START.plus_ms(200_000)).await;
    let probes: Vec<_> = stage.seen("5").into_iter().map(|(second, _)| second).skip(10).collect();
    assert_eq!(probes, [69, 129, 189]);
    assert_eq!(settled, 13);
    // One success closes it.
    stage.answer(WELL);
    settled += stage.run(&works[13..], START.plus_ms(400_000)).await;
    let moments: Vec<_> = stage.seen("5").into_iter().map(|(second, _)| second).skip(13).collect();
    assert_eq!((moments.as_slice(), settled), (&[249, 250, 251][..], 16));
}

#[tokio::test]
async fn the_first_death_since_the_last_success_is_told_of() {
    let stage = Stage::new(Some(OPERATOR)).await;
    let works = stream(5, "5");
    stage.answer(BLOCKED);
    stage.finish(&works[..3]).await;
    let notices = stage.notices();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].group(), OPERATOR);
    assert_eq!(notices[0].task.id.as_str(), format!("{}.notice", works[0].task.id));
    assert!(notices[0].parts()[0].contains("bot was blocked"), "{}", notices[0].parts()[0]);
    assert_eq!(stage.memory.task(&notices[0].task.id).unwrap().status, TaskStatus::Queued);
    stage.answer(WELL);
    stage.finish(&works[3..4]).await;
    stage.answer(BLOCKED);
    stage.finish(&works[4..]).await;
    assert_eq!(stage.notices().len(), 2, "there was a success in between");
}

#[tokio::test]
async fn notices_have_no_notices_and_are_not_sent_to_the_chat_they_are_about() {
    let stage = Stage::new(Some("5")).await;
    stage.answer(BLOCKED);
    stage.finish(&stream(1, "5")).await;
    assert_eq!(stage.notices().len(), 0, "the operator's chat itself is the trouble");
    stage.finish(&[work(9, "6", &["hello"])]).await;
    let notices = stage.notices();
    assert_eq!(notices.len(), 1);
    stage.clock.advance_ms(60_000);
    stage.finish(&notices).await;
    assert_eq!(stage.status(&notices[0]), TaskStatus::Dead);
    assert_eq!(stage.notices().len(), 1);
    let silent = Stage::new(None).await;
    silent.answer(BLOCKED);
    silent.finish(&stream(1, "5")).await;
    assert_eq!((silent.notices().len(), silent.seen("5").len()), (0, 1));
}

#[tokio::test]
async fn a_notice_that_a_crash_cut_short_is_queued_again_and_is_one() {
    let stage = Stage::new(Some(OPERATOR)).await;
    let works = stream(1, "5");
    stage.answer(BLOCKED);
    stage.finish(&works).await;
    let notice = stage.notices().remove(0);
    // As if the process had died after queueing the notice: neither the task nor the chat's note was written.
    let fresh = Stage::new(Some(OPERATOR)).await;
    fresh.answer(BLOCKED);
    fresh.memory.add(std::slice::from_ref(&notice.task)).await.unwrap();
    fresh.memory.send(&[notice]).await.unwrap();
    fresh.finish(&works).await;
    assert_eq!(fresh.notices().len(), 1);
}

#[tokio::test]
async fn a_disabled_chat_gets_one_attempt_for_a_person_and_none_for_others() {
    let stage = Stage::new(Some(OPERATOR)).await;
    let works = stream(9, "5");
    stage.answer(DOWN);
    stage.turn(&works[..1]).await;
    // Nothing came for five days; the next failure disables the chat.
    stage.clock.advance_ms(5 * 24 * 60 * 60 * 1000);
    stage.turn(&works[..1]).await;
    assert_eq!((stage.status(&works[0]), stage.notices().len()), (TaskStatus::Dead, 1));
    stage.finish(&works[1..4]).await;
    assert_eq!((stage.seen("5").len(), stage.notices().len()), (2, 1));
    assert!(stage.reason(&works[2]).contains("retry this task"), "{}", stage.reason(&works[2]));
    // A person tries one: in vain, and it is dead at once; then with success.
    stage.clock.advance_ms(60_000);
    let probe = again(&stage, &works[1]).await;
    stage.finish(&[works[4].clone(), probe, works[5].clone()]).await;
    assert_eq!((stage.seen("5").len(), stage.status(&works[1])), (3, TaskStatus::Dead));
    assert!(stage.reason(&works[1]).starts_with("Telegram cannot be used now"), "{}", stage.reason(&works[1]));
    stage.answer(WELL);
    stage.clock.advance_ms(60_000);
    let probe = again(&stage, &works[1]).await;
    stage.finish(&[works[6].clone(), probe, works[7].clone()]).await;
    let statuses: Vec<_> = [1, 6, 7].map(|place| stage.status(&works[place])).into();
    assert_eq!(statuses, [TaskStatus::Succeeded, TaskStatus::Dead, TaskStatus::Succeeded]);
    assert_eq!(stage.notices().len(), 1);
}

#[tokio::test]
async fn messages_that_are_refused_for_themselves_say_nothing_of_their_chat() {
    let stage = Stage::new(Some(OPERATOR)).await;
    let works = stream(20, "5");
    stage.answer((400, r#"{"ok":false,"error_code":400,"description":"Bad Request: message is too long"}"#));
    stage.run(&works, START.plus_ms(60_000)).await;
    assert_eq!(stage.seen("5").len(), 20, "the breaker stayed closed");
    assert_eq!(stage.notices().len(), 1);
}
