//! Quiet hours: what waits, what does not, and that people see why.

use bellhop_core::hook::Hook;
use bellhop_core::order::Order;
use bellhop_core::replay::Selection;
use bellhop_core::task::TaskStatus;
use bellhop_core::time::Timestamp;
use serde_json::json;

use super::replays;
use super::stage::{Ringing, START, Stage, ends, hook};
use crate::ports::Clock as _;

/// A hook with these quiet hours, which are ten minutes old when all begins, and what is urgent in them.
fn quiet_hook(id: &str, from: i16, unless: Option<&str>) -> Hook {
    let quiet = json!({"from": from, "to": 7 * 60, "timezone": "UTC", "rule": "UTC0", "unless": unless});
    let action = json!({"kind": "telegram", "chat": "5", "template": "{{ payload.message }}", "quiet": quiet});
    hook(id, "5", json!({"actions": [action]}))
}

const TEN: i16 = 22 * 60;
const END: Timestamp = Timestamp::from_seconds(1_700_031_600);

#[tokio::test]
async fn what_is_not_urgent_waits_for_the_end_and_what_is_urgent_does_not() {
    let urgent = |event: &mut Ringing| event.body = json!({"message": "fire", "severity": "critical"});
    for (from, unless, is_urgent, due, reason) in [
        (TEN, None, false, END, "quiet hours: it waits until 07:00 UTC"),
        (TEN, None, true, END, "quiet hours: it waits until 07:00 UTC"),
        (TEN, Some("payload.severity == 'critical'"), false, END, "quiet hours: it waits until 07:00 UTC"),
        (TEN, Some("payload.severity == 'critical'"), true, START, ""),
        (
            TEN,
            Some("payload.message > 3"),
            false,
            START,
            "it does not wait for the end of quiet hours: `quiet.unless` was not decided, `payload.message > 3`: \
             `payload.message` is a text and `3` is a number; `>` does not take these together",
        ),
        (
            TEN,
            Some("payload.severity =="),
            false,
            START,
            "it does not wait for the end of quiet hours: `quiet.unless` was not decided, character 20: \
             the condition ends where a value such as `payload.action` or `'text'` should follow",
        ),
        (TEN + 30, None, false, START, ""),
    ] {
        let stage = Stage::new(&[quiet_hook("h", from, unless)]).await;
        let mut event = Ringing::new(0, &["h"]);
        if is_urgent {
            urgent(&mut event);
        }
        let tasks = stage.route(&event).await;
        let told = tasks[0].reason.as_deref().unwrap_or_default();
        assert_eq!((tasks[0].status, tasks[0].due_at), (TaskStatus::Queued, due), "{unless:?} {told}");
        assert_eq!(told, reason);
        let queued = stage.queued();
        assert_eq!(queued[0].task, tasks[0], "the record and the work say the same");
        assert_eq!(queued[0].group() == "5", due == START);
    }
}

#[tokio::test]
async fn what_people_ask_for_comes_at_once() {
    let stage = Stage::new(&[quiet_hook("h", TEN, None)]).await;
    let test = stage.route(&Ringing { test: true, ..Ringing::new(1, &["h"]) }).await;
    assert_eq!((test[0].due_at, ends(&test)), (START, vec![(TaskStatus::Queued, "")]));
    let event = Ringing::new(2, &["h"]);
    let waits = stage.route(&event).await;
    assert_eq!(waits[0].due_at, END);
    // It died in the night, and somebody asks for it again.
    stage.end(&waits[0], TaskStatus::Dead).await;
    stage.obey(&Order::RetryV1 { task: waits[0].id.clone(), retries: 0 }).await;
    assert_eq!(stage.tasks(event.id)[0].due_at, stage.clock.now());
    let id = replays::ask(&stage, Selection::Events(vec![event.id]), None).await;
    stage.obey(&Order::ReplayV1 { replay: id }).await;
    let dues: Vec<_> = stage.queued().iter().map(|work| (work.group().into_owned(), work.task.due_at)).collect();
    let at_once = |due: &&(String, Timestamp)| due.0 == "5" && due.1 == START;
    assert_eq!((dues.len(), dues.iter().filter(at_once).count()), (4, 3), "{dues:?}");
}

#[tokio::test]
async fn routed_twice_an_event_waits_for_the_same_moment() {
    let stage = Stage::new(&[quiet_hook("h", TEN, None)]).await;
    let event = Ringing::new(3, &["h"]);
    let first = stage.record(&event).await.work;
    // The process was killed before the work was queued, and the quiet hours were over when it began again.
    stage.clock.set(END.plus_ms(60_000));
    let second = stage.record(&event).await.work;
    assert_eq!((first[0].task.due_at, &second[0].task, second[0].group()), (END, &first[0].task, first[0].group()));
}
