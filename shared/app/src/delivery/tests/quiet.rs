//! What waits for the end of quiet hours: it holds nobody up, and comes as one message.

use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::stage::{BLOCKED, START, Stage, WELL, again, work};
use crate::ports::BotAnswer;
use crate::testing::memory::Seen;

const END: Timestamp = START.plus_ms(8 * 60 * 60 * 1000);

/// Work that waits for the end.
fn quiet(number: u8, text: &str) -> Work {
    let work = work(number, "5", &[text]);
    Work { task: Task { due_at: END, held_until: Some(END), ..work.task }, ..work }
}

/// What held work of one line becomes at its end: work of the chat's own line.
async fn released(stage: &Stage, waiting: &[Work]) -> Vec<Work> {
    let turn = stage.turn(waiting).await;
    assert_eq!(turn.settled, waiting.len());
    let released = stage.memory.with_work(|queue| queue.bodies());
    let released: Vec<Work> = released.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert!(released.iter().all(|work| work.group() == "5"));
    released
}

#[tokio::test]
async fn what_waits_comes_as_one_message_when_it_may_and_what_is_urgent_before_it() {
    let mut stage = Stage::new(None).await;
    let waiting = [quiet(1, "a disk is rather full"), quiet(3, "a certificate ends soon")];
    let turn = stage.turn(&waiting).await;
    assert_eq!((turn.settled, turn.next, stage.seen("5").len()), (0, END, 0));
    // The urgent one has another line, as those of later nights have.
    let urgent = work(2, "5", &["it burns"]);
    let tomorrow = Task { held_until: Some(END.plus_ms(1)), ..waiting[0].task.clone() };
    assert_eq!(waiting[0].group(), waiting[1].group());
    assert!(
        urgent.group() != waiting[0].group()
            && waiting[0].group() != Work { task: tomorrow, ..waiting[0].clone() }.group()
    );
    stage.finish(std::slice::from_ref(&urgent)).await;
    assert_eq!(stage.seen("5"), [(0, "it burns".to_owned())]);
    stage.clock.set(END.plus_ms(61_000));
    stage.restart();
    let released = released(&stage, &waiting).await;
    stage.finish(&released).await;
    let seen = stage.seen("5");
    assert_eq!(seen[1].1, "a disk is rather full\n\na certificate ends soon");
    assert_eq!(seen.len(), 2);
    assert!(waiting.iter().all(|work| stage.status(work) == TaskStatus::Succeeded));
}

#[tokio::test]
async fn a_line_that_waited_fails_and_goes_on_like_any_other() {
    let stage = Stage::new(None).await;
    let waiting = quiet(1, "a disk is rather full");
    stage.answer(BLOCKED);
    stage.clock.set(END);
    let released = released(&stage, std::slice::from_ref(&waiting)).await;
    stage.finish(&released).await;
    assert_eq!(stage.status(&waiting), TaskStatus::Dead);
    stage.memory.answer(|_: &Seen| Ok(BotAnswer { status: WELL.0, body: WELL.1.as_bytes().to_vec() }));
    let retried = again(&stage, &waiting).await;
    assert_eq!(retried.group(), "5");
    stage.finish(std::slice::from_ref(&retried)).await;
    assert_eq!(stage.status(&retried), TaskStatus::Succeeded);
}

#[tokio::test]
async fn what_was_held_keeps_the_pace_of_the_chat_and_is_released_once() {
    let stage = Stage::new(None).await;
    let waiting = [quiet(1, "a disk is rather full"), quiet(3, "a certificate ends soon")];
    stage.clock.set(END);
    let released_first = released(&stage, &waiting).await;
    // Whoever released it was cut short, and does so once more.
    assert_eq!(released(&stage, &waiting).await, released_first);
    assert_eq!(stage.turn(&[work(2, "5", &["it burns"])]).await.settled, 1);
    let turn = stage.turn(&released_first).await;
    assert_eq!((turn.settled, turn.next), (0, END.plus_ms(1_000)));
    // A copy that came so late that the queue had forgotten the first finds all of it done.
    stage.finish(&released_first).await;
    stage.finish(&released_first).await;
    assert_eq!(stage.seen("5").len(), 2);
}
