//! Six days of a destination that fails.

use bellhop_core::retry::{JITTER, WAITS_SECONDS};
use bellhop_core::task::TaskStatus;

use super::stage::{DOWN, OPERATOR, START, Stage, WELL, again, work};
use crate::ports::Clock as _;

const HOUR_MS: u64 = 60 * 60 * 1000;

/// Whether the moments, in seconds, are those that the table of waits says, each within its jitter.
fn follows_the_table(moments: &[u64]) -> bool {
    let waits = moments.windows(2).map(|pair| pair[1] - pair[0]);
    waits.zip(WAITS_SECONDS).all(|(wait, table)| {
        #[expect(clippy::cast_precision_loss, reason = "waits are small")]
        let (wait, table) = (wait as f64, table as f64);
        (wait - table).abs() <= table * JITTER + 1.0
    })
}

#[tokio::test]
async fn a_failing_chat_follows_the_table_is_given_up_and_raises_one_notice_of_each_kind() {
    let stage = Stage::new(Some(OPERATOR)).await;
    stage.answer(DOWN);
    let mut works = Vec::new();
    let mut attempts = Vec::new();
    // A message every fifteen hours, so that each has the chat to itself; another chat is well all the time.
    for number in 0..10u8 {
        let begin = START.plus_ms(u64::from(number) * 15 * HOUR_MS);
        stage.clock.set(begin.max(stage.clock.now()));
        let before = stage.seen("5").len();
        works.push(work(number, "5", &["hello"]));
        let last = works.len() - 1;
        stage.finish(&works[last..]).await;
        assert!(stage.clock.now() < begin.plus_ms(15 * HOUR_MS), "it takes less than fifteen hours to die");
        attempts.push(stage.seen("5").split_off(before));
        assert_eq!(stage.status(&works[last]), TaskStatus::Dead);
        let told = if number < 8 { 1 } else { 2 };
        assert_eq!(stage.notices().len(), told, "after message {number}");
    }
    // Five days are 120 hours: the first attempt of the ninth message is the first failure after them.
    let tried: Vec<_> = attempts.iter().map(Vec::len).collect();
    assert_eq!(tried, [8, 8, 8, 8, 8, 8, 8, 8, 1, 0]);
    for attempts in &attempts[..8] {
        let moments: Vec<_> = attempts.iter().map(|(second, _)| *second).collect();
        assert!(follows_the_table(&moments), "{moments:?}");
    }
    assert!(stage.reason(&works[0]).contains("502") && stage.reason(&works[9]).contains("is disabled"));
    // The notices themselves arrive, once each.
    stage.finish(&stage.notices()).await;
    let told: Vec<_> = stage.seen(OPERATOR);
    assert_eq!(told.len(), 1, "both waited and go out as one: {told:?}");
    assert_eq!(told[0].1.matches("did not arrive").count(), 2);
    assert_eq!(told[0].1.matches("is disabled").count(), 1);
    // The chat is mended.
    stage.answer(WELL);
    stage.clock.advance_ms(60_000);
    stage.finish(&[again(&stage, &works[9]).await, work(30, "5", &["next"])]).await;
    assert_eq!(stage.status(&works[9]), TaskStatus::Succeeded);
    assert_eq!(stage.seen("5").len(), 65 + 1 + 1);
}

#[test]
fn the_control_tells_a_table_from_none() {
    assert!(follows_the_table(&[0, 5, 35, 155]));
    assert!(!follows_the_table(&[0, 5, 10, 15]));
    assert!(!follows_the_table(&[0, 5, 35, 182]));
}
