//! One message a key: it is edited as events come, and never goes back to what an older event said.

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::action::Key;
use bellhop_core::action::telegram::{Document, Message, Style};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::TaskStatus;
use bellhop_core::work::{Payload, Work};

use super::stage::{BLOCKED, START, Stage, WELL, again, work};
use crate::cache::Changes;
use crate::ports::{BotAnswer, PortError, PortResult};
use crate::testing::memory::{Faults, Seen};

const NOT_MODIFIED: (u16, &str) = (
    400,
    r#"{"ok":false,"error_code":400,"description":"Bad Request: message is not modified: specified new message content and reply markup are exactly the same"}"#,
);
const NOT_FOUND: (u16, &str) =
    (400, r#"{"ok":false,"error_code":400,"description":"Bad Request: message to edit not found"}"#);
const TOO_OLD: (u16, &str) =
    (400, r#"{"ok":false,"error_code":400,"description":"Bad Request: message can't be edited"}"#);

/// Work of a key whose event is the so-many-th.
fn keyed(number: u8, key: &str, text: &str) -> Work {
    let mut work = work(number, "5", &[text]);
    let event = EventId::new(START.plus_ms(u64::from(number)), &[number; 10]);
    work.task.id = TaskId::new(event, &HookId::from_text("hk_1"), 0);
    work.task.event = event;
    with(work, |message| message.key = Some(Key { digest: key.to_owned(), seconds: 3_600 }))
}

/// Work with something else about its message.
fn with(mut work: Work, change: impl FnOnce(&mut Message)) -> Work {
    if let Payload::Telegram(message) = &mut work.payload {
        change(message);
    }
    work
}

/// What the chat has seen: the text, and which message it took the place of.
fn shown(stage: &Stage) -> Vec<(String, Option<i64>)> {
    stage.memory.seen().into_iter().filter(|seen| seen.chat == "5").map(|seen| (seen.text, seen.edits)).collect()
}

#[tokio::test]
async fn the_message_of_a_key_is_edited_and_another_keys_is_not() {
    let stage = Stage::new(None).await;
    let works = [keyed(1, "a", "firing"), keyed(2, "b", "other"), keyed(3, "a", "resolved")];
    stage.finish(&works).await;
    let expected = [("firing", None), ("other", None), ("resolved", Some(7))];
    assert_eq!(shown(&stage), expected.map(|(text, edits)| (text.to_owned(), edits)));
    assert!(works.iter().all(|work| stage.status(work) == TaskStatus::Succeeded));
}

#[tokio::test]
async fn a_message_that_cannot_be_edited_is_sent_anew_and_edited_from_then_on() {
    for (refusal, calls) in [(NOT_FOUND, 2), (TOO_OLD, 2), (NOT_MODIFIED, 1)] {
        let stage = Stage::new(None).await;
        stage.finish(&[keyed(1, "a", "one")]).await;
        stage.memory.answer(move |seen: &Seen| {
            let (status, body) = if seen.edits == Some(7) { refusal } else { WELL_8 };
            Ok(BotAnswer { status, body: body.as_bytes().to_vec() })
        });
        let second = keyed(2, "a", "two");
        stage.finish(std::slice::from_ref(&second)).await;
        assert_eq!((shown(&stage).len(), stage.status(&second)), (1 + calls, TaskStatus::Succeeded), "{refusal:?}");
        stage.memory.answer(|_: &Seen| Ok(BotAnswer { status: 200, body: WELL_8.1.as_bytes().to_vec() }));
        stage.finish(&[keyed(3, "a", "three")]).await;
        assert_eq!(shown(&stage).last().unwrap().1, Some(if calls == 2 { 8 } else { 7 }), "{refusal:?}");
    }
}

const WELL_8: (u16, &str) = (200, r#"{"ok":true,"result":{"message_id":8}}"#);

#[tokio::test]
async fn an_older_event_never_takes_the_place_of_a_newer_one() {
    let mut stage = Stage::new(None).await;
    let (first, second, third) = (keyed(1, "a", "one"), keyed(2, "a", "two"), keyed(3, "a", "three"));
    stage.finish(std::slice::from_ref(&first)).await;
    // The second dies, the third is shown, and then somebody wants the second to be tried once more.
    stage.answer(BLOCKED);
    stage.finish(std::slice::from_ref(&second)).await;
    assert_eq!(stage.status(&second), TaskStatus::Dead);
    stage.memory.answer(|_: &Seen| Ok(BotAnswer { status: 200, body: WELL.1.as_bytes().to_vec() }));
    stage.finish(std::slice::from_ref(&third)).await;
    stage.restart();
    let calls = shown(&stage).len();
    let retried = again(&stage, &second).await;
    stage.finish(std::slice::from_ref(&retried)).await;
    assert_eq!((stage.status(&retried), shown(&stage).len()), (TaskStatus::Skipped, calls));
    assert!(stage.reason(&retried).contains("newer event"), "{}", stage.reason(&retried));
    // The newest may be said once more.
    let newest = again(&stage, &third).await;
    stage.finish(std::slice::from_ref(&newest)).await;
    assert_eq!(shown(&stage).last(), Some(&("three".to_owned(), Some(7))));
}

/// Ends the process at the first call of this name, before it has its effect.
pub(super) struct KilledAt(pub(super) &'static str);

#[async_trait]
impl Faults for KilledAt {
    async fn before(&self, call: &'static str) -> PortResult<()> {
        if call == self.0 { Err(PortError::new("killed", call)) } else { Ok(()) }
    }

    async fn after(&self, _: &'static str) -> PortResult<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_attempt_that_was_cut_short_is_made_again_before_what_came_after_it() {
    for killed_at in ["send_message", "write", "end_turn"] {
        let mut stage = Stage::new(None).await;
        let works = [keyed(1, "a", "one"), keyed(2, "a", "two"), keyed(3, "a", "three")];
        stage.finish(&works[..1]).await;
        stage.clock.advance_ms(60_000);
        let dying = stage.memory.entrance(stage.clock.clone(), Arc::new(KilledAt(killed_at)));
        let ended = dying.telegram(Changes::default()).turn(&works[1..]).await;
        assert_eq!(ended.is_err(), killed_at != "send_message", "a call without an answer is a failed attempt");
        stage.clock.advance_ms(60_000);
        stage.restart();
        stage.finish(&works).await;
        let shown = shown(&stage);
        assert_eq!(shown.last(), Some(&("three".to_owned(), Some(7))), "{killed_at}");
        let news = shown.iter().filter(|(_, edits)| edits.is_none()).count();
        assert_eq!(news, 1, "{killed_at}: {shown:?}");
    }
}

#[tokio::test]
async fn a_key_is_forgotten_when_its_time_is_over() {
    let stage = Stage::new(None).await;
    stage.finish(&[keyed(1, "a", "one")]).await;
    stage.clock.set(START.plus_ms(3_600_000 + 60_000));
    stage.finish(&[keyed(2, "a", "two")]).await;
    assert_eq!(shown(&stage).last(), Some(&("two".to_owned(), None)));
}

#[tokio::test]
async fn messages_that_differ_in_more_than_their_text_are_never_one() {
    let stage = Stage::new(None).await;
    let styled = |number, style: Style| with(work(number, "5", &["text"]), |message| message.style = style);
    let silent = Style { silent: true, ..Style::default() };
    let document = Document { name: "a.txt".to_owned(), text: "all of it".to_owned() };
    let works = [
        styled(1, Style::default()),
        styled(2, Style::default()),
        styled(3, silent),
        styled(4, Style { topic: Some(3), ..Style::default() }),
        styled(5, Style { topic: Some(4), ..Style::default() }),
        styled(6, Style { link_preview: true, ..Style::default() }),
        with(work(7, "5", &["caption"]), |message| message.document = Some(document)),
        keyed(8, "a", "text"),
        styled(9, Style::default()),
    ];
    stage.finish(&works).await;
    let seen = stage.memory.seen();
    let styles: Vec<_> = seen.iter().map(|seen| (seen.style, seen.document.as_deref(), seen.text.as_str())).collect();
    assert_eq!(styles.len(), 8, "the first two alone are one: {styles:?}");
    assert_eq!(styles[0].2, "text\n\ntext");
    assert_eq!((styles[1].0, styles[5].1), (silent, Some("all of it")));
}
