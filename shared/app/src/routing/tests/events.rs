//! Events: filters, quotas, tests, counts, and what a second routing does.

use bellhop_core::hook::HookStatus;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::task::TaskStatus;
use serde_json::json;

use super::stage::{Ringing, START, Stage, ends, hook};
use crate::ports::{EventCount, EventCounts as _, EventLog as _, HookWriter as _};

#[tokio::test]
async fn conditions_stand_beside_the_expression_and_say_which_failed() {
    let condition = |value: &str| json!([{"field": "payload.message", "operator": "equals", "value": value}]);
    let stage = Stage::new(&[
        hook("holds", "1", json!({"conditions": condition("at 5"), "when": "payload.message == 'at 5'"})),
        hook("plain", "1", json!({"conditions": condition("at 6")})),
        hook("cel", "1", json!({"conditions": condition("at 5"), "when": "payload.message == 'at 6'"})),
        hook("typed", "1", json!({"events": ["issue*"]})),
    ])
    .await;
    let tasks = stage.route(&Ringing::new(5, &["holds", "plain", "cel", "typed"])).await;
    let expected = [
        (TaskStatus::Skipped, "its condition does not hold"),
        (TaskStatus::Queued, ""),
        (TaskStatus::Skipped, "its condition on `payload.message` does not hold"),
        (TaskStatus::Skipped, "the hook does not take events of type `push`"),
    ];
    assert_eq!(ends(&tasks), expected);
    assert_eq!(stage.queued().len(), 1);
    let trace = stage.queued()[0].trace.clone().unwrap();
    assert!(trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && trace.ends_with("-01"), "{trace}");
}

#[tokio::test]
async fn a_hook_that_is_newer_than_the_rules_is_found_for_its_first_event() {
    let stage = Stage::new(&[hook("old", "1", json!({}))]).await;
    stage.route(&Ringing::new(0, &["old"])).await;
    // Another function makes it, so nothing is noticed here.
    stage.memory.write_hooks(&[hook("new", "2", json!({}))], &[], None).await.unwrap();
    stage.clock.set(START.plus_ms(5_000));
    let tasks = stage.route(&Ringing::new(5, &["new"])).await;
    assert_eq!(ends(&tasks), [(TaskStatus::Queued, "")]);
    // Rules that are newer than an event lack what was deleted, and are not read again for it.
    stage.clock.set(START.plus_ms(30_000));
    stage.change(&[], &["old"]).await;
    stage.route(&Ringing::new(30, &["new"])).await;
    stage.memory.write_hooks(&[hook("old", "1", json!({}))], &[], None).await.unwrap();
    assert_eq!(stage.route(&Ringing::new(10, &["old"])).await, []);
    assert_eq!(stage.route(&Ringing::new(31, &["old"])).await.len(), 1);
}

#[tokio::test]
async fn a_condition_that_another_version_saved_stops_its_own_hook_alone() {
    let plain = |field: &str, value| json!({"conditions": [{"field": field, "operator": "equals", "value": value}]});
    let stage = Stage::new(&[
        hook("unread", "1", json!({"when": "payload.message.startswith('at')"})),
        hook("never", "1", json!({"when": "headers['x-count'] > 3 || payload.message == 'at 5'"})),
        hook("nowhere", "1", plain("message", json!("at 5"))),
        hook("missing", "1", json!({"when": "payload.level > 3"})),
        hook("unclear", "1", json!({"when": "payload.message > 3"})),
        hook("good", "1", plain("payload.message", json!("at 5"))),
    ])
    .await;
    let tasks = stage.route(&Ringing::new(5, &["unread", "never", "nowhere", "missing", "unclear", "good"])).await;
    let mut ends = ends(&tasks);
    ends.sort_unstable_by_key(|(_, reason)| *reason);
    let expected = [
        (TaskStatus::Queued, ""),
        (TaskStatus::Queued, ""),
        (
            TaskStatus::Skipped,
            "its condition cannot be decided: `payload.message > 3`: `payload.message` is a text and `3` is a number; \
             `>` does not take these together",
        ),
        (
            TaskStatus::Skipped,
            "its condition cannot be read, so it holds for nothing: character 17: unknown method `startswith`; did you \
             mean `startsWith`?",
        ),
        (TaskStatus::Skipped, "its condition does not hold: `payload.level` is null or absent"),
        (
            TaskStatus::Skipped,
            "its condition on `message` cannot hold: `message` begins with no variable; did you mean \
             `payload.message`? A condition knows event, hook, payload, headers, body, webhook, cloudevent",
        ),
    ];
    assert_eq!(ends, expected);
}

#[tokio::test]
async fn a_condition_on_a_body_that_is_no_json_says_where_it_is_none() {
    let condition = json!([{"field": "payload.level", "operator": "equals", "value": "high"}]);
    let typed = json!([{"field": "event.type", "operator": "equals", "value": "pull"}]);
    let stage = Stage::new(&[
        hook("plain", "1", json!({"conditions": condition})),
        hook("cel", "1", json!({"when": "payload.level == 'high'"})),
        hook("head", "1", json!({"conditions": typed})),
    ])
    .await;
    let broken = Ringing { text: Some("{\"level\": \"high\""), ..Ringing::new(1, &["plain", "cel", "head"]) };
    let tasks = stage.route(&broken).await;
    let why = "; the body has no fields: it is no JSON at byte 16: it ends where `,` or `}` should follow";
    let reasons: Vec<_> = ends(&tasks).into_iter().map(|(_, reason)| reason).collect();
    assert!(reasons.contains(&format!("its condition on `payload.level` does not hold{why}").as_str()), "{reasons:?}");
    assert_eq!(reasons.iter().filter(|reason| reason.ends_with(why)).count(), 2, "{reasons:?}");
    assert!(reasons.contains(&"its condition on `event.type` does not hold"), "{reasons:?}");
    let odd = r#"{"level": "high", "name": "cut \ud83d", "value": 1e400}"#;
    let tasks = stage.route(&Ringing { text: Some(odd), ..Ringing::new(2, &["plain", "cel"]) }).await;
    assert!(tasks.iter().all(|task| task.status == TaskStatus::Queued), "{tasks:?}");
}

#[tokio::test]
async fn the_higher_priority_goes_first() {
    let stage = Stage::new(&[
        hook("a", "1", json!({"priority": -5})),
        hook("b", "1", json!({})),
        hook("c", "1", json!({"priority": 9})),
        hook("d", "1", json!({})),
    ])
    .await;
    stage.route(&Ringing::new(1, &["a", "b", "c", "d"])).await;
    let order: Vec<_> = stage.queued().into_iter().map(|work| work.task.owner.to_string()).collect();
    assert_eq!(order, ["c", "b", "d", "a"]);
}

#[tokio::test]
async fn a_cap_and_a_cool_down_say_so_and_decide_the_same_again() {
    let stage = Stage::new(&[
        hook("cap", "1", json!({"max_executions": 2})),
        hook("cool", "2", json!({"cooldown_seconds": 60})),
        hook("free", "3", json!({})),
    ])
    .await;
    let events: Vec<_> = [0, 30, 60, 90].iter().map(|second| Ringing::new(*second, &["cap", "cool", "free"])).collect();
    for _ in 0..2 {
        for (event, (caps, cools)) in events.iter().zip([(true, true), (true, false), (false, true), (false, false)]) {
            let tasks = stage.route(event).await;
            let reasons: Vec<_> = ends(&tasks).into_iter().map(|(_, reason)| reason.to_owned()).collect();
            assert_eq!(reasons[0].contains("max_executions"), !caps, "{reasons:?}");
            assert_eq!(reasons[1].contains("cooldown_seconds"), !cools, "{reasons:?}");
            assert_eq!(reasons[2], "");
        }
    }
    assert_eq!(stage.queued().len(), 2 + 2 + 4);
}

#[tokio::test]
async fn a_hundred_events_at_once_pass_a_cap_of_three_exactly() {
    let stage = Stage::new(&[hook("cap", "1", json!({"max_executions": 3}))]).await;
    let events: Vec<_> = (0..100).map(|second| Ringing::new(second, &["cap"])).collect();
    futures_util::future::join_all(events.iter().map(|event| stage.route(event))).await;
    assert_eq!(stage.queued().len(), 3);
}

#[tokio::test]
async fn a_test_is_marked_and_passes_claims_and_quotas() {
    let stage =
        Stage::new(&[hook("cap", "1", json!({"max_executions": 1})), hook("typed", "1", json!({"events": ["x"]}))])
            .await;
    stage.route(&Ringing { delivery: Some("d"), ..Ringing::new(1, &["cap"]) }).await;
    for second in 2..5 {
        let test = Ringing { delivery: Some("d"), test: true, ..Ringing::new(second, &["cap", "typed"]) };
        let tasks = stage.route(&test).await;
        assert_eq!((tasks[0].status, tasks[0].test), (TaskStatus::Queued, true));
        assert_eq!(tasks[1].status, TaskStatus::Skipped, "filters hold for tests too");
    }
    let texts: Vec<_> = stage.queued().into_iter().map(|work| work.parts().concat()).collect();
    assert_eq!(texts, ["at 1", "Test: at 2", "Test: at 3", "Test: at 4"]);
    let counts = stage.memory.counts().await.unwrap();
    assert_eq!(counts[&Owner::from_text("cap")].events, 1, "tests are not counted");
}

#[tokio::test]
async fn events_are_counted_once_and_in_a_batch_once_a_hook() {
    let stage = Stage::new(&[hook("a", "1", json!({})), hook("b", "1", json!({}))]).await;
    let mut batch = Vec::new();
    for second in [3, 1, 2] {
        batch.push(stage.record(&Ringing::new(second, &["a", "b"])).await);
    }
    batch.push(stage.record(&Ringing { delivery: Some("x"), ..Ringing::new(4, &["a"]) }).await);
    let copy = Ringing { body: Ringing::new(4, &[]).body, delivery: Some("x"), ..Ringing::new(5, &["a"]) };
    batch.push(stage.record(&copy).await);
    batch.push(stage.record(&Ringing::new(1, &["a", "b"])).await);
    stage.routing.count(&batch).await;
    let counts = stage.memory.counts().await.unwrap();
    let count = |events, second: u64| Some(EventCount { events, last: START.plus_ms(second * 1_000) });
    assert_eq!(counts.get(&Owner::from_text("a")).copied(), count(4, 4));
    assert_eq!(counts.get(&Owner::from_text("b")).copied(), count(3, 3));
}

#[tokio::test]
async fn a_second_routing_queues_what_the_first_recorded_whatever_the_hooks_say_today() {
    let stage = Stage::new(&["on", "off", "gone"].map(|id| hook(id, "1", json!({})))).await;
    let off = hook("late", "1", json!({"status": "disabled"}));
    stage.change(std::slice::from_ref(&off), &[]).await;
    let event = Ringing::new(1, &["on", "off", "gone", "late"]);
    // The first routing dies before it queues anything; then the hooks change.
    assert_eq!(stage.record(&event).await.work.len(), 3);
    let disabled = hook("off", "1", json!({"status": "disabled"}));
    stage.change(&[disabled, hook("late", "1", json!({}))], &["gone"]).await;
    let tasks = stage.route(&event).await;
    let hooks: Vec<_> = stage.queued().into_iter().map(|work| work.task.owner.to_string()).collect();
    assert_eq!(hooks, ["off", "on"]);
    let status = |id: &str| tasks.iter().find(|task| task.owner.as_str() == id).map(|task| task.status);
    assert_eq!(status("gone"), Some(TaskStatus::Dead));
    assert_eq!(status("late"), Some(TaskStatus::Skipped));
    assert_eq!(off.status, HookStatus::Disabled);
}

#[tokio::test]
async fn the_type_and_id_of_a_hooks_own_scheme_are_read_from_the_body() {
    let scheme = json!({"event_type_field": "kind", "delivery_id_field": "delivery.id"});
    let own = json!({"sender": "hmac-sha256", "secrets": ["env:ONE"], "scheme": scheme, "events": ["door.*"]});
    let stage = Stage::new(&[hook("own", "1", own.clone())]).await;
    let ringing = |second, kind: &str| {
        let body = json!({"kind": kind, "delivery": {"id": 7}, "message": "hello"});
        Ringing { body, sender: "hmac-sha256", event_type: None, ..Ringing::new(second, &["own"]) }
    };
    let first = ringing(1, "door.opened");
    assert_eq!(ends(&stage.route(&first).await), [(TaskStatus::Queued, "")]);
    let event = stage.memory.event(first.id).await.unwrap().unwrap();
    assert_eq!(event.head.event_type.as_deref(), Some("door.opened"));
    assert_eq!(event.head.delivery_id.as_deref(), Some("7"));
    assert_eq!(stage.route(&ringing(2, "door.opened")).await, [], "the same delivery has no second effect");

    let another = json!({"sender": "none", "secrets": []});
    stage.change(&[hook("own", "1", another)], &[]).await;
    let tasks = stage.route(&ringing(3, "door.opened")).await;
    assert_eq!(ends(&tasks), [(TaskStatus::Queued, "")], "a hook of another sender by now reads nothing of it");
    let head = stage.memory.event(EventId::new(START.plus_ms(3_000), &[7; 10])).await.unwrap().unwrap().head;
    assert_eq!((head.event_type, head.delivery_id), (None, None));
}

#[tokio::test]
async fn an_event_of_an_owner_that_is_no_hook_is_recorded_and_does_nothing_at_hooks_of_the_path() {
    let stage = Stage::new(&[hook("a", "1", json!({}))]).await;
    let tick = Ringing { delivery: Some("2026-11-30T09:00:00Z"), ..Ringing::new(1, &["jb_1"]) };
    assert_eq!(stage.route(&tick).await, []);
    let both = Ringing::new(2, &["jb_1", "a"]);
    let tasks = stage.route(&both).await;
    assert_eq!(tasks.iter().map(|task| task.owner.as_str()).collect::<Vec<_>>(), ["a"]);
    let head = stage.memory.event(tick.id).await.unwrap().unwrap().head;
    assert_eq!((head.is_of(&Owner::from_text("jb_1")), head.hooks().count()), (true, 0));
    assert!(!stage.memory.counts().await.unwrap().contains_key(&Owner::from_text("jb_1")), "nobody's rule took it");
}
