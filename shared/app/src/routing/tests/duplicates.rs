//! Copies: what is one, for how long, and that it is seen.

use bellhop_core::event::Duplicate;
use bellhop_core::hook::Hook;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::order::Order;
use bellhop_core::replay::{Replay, Selection};
use bellhop_core::task::TaskStatus;
use serde_json::{Value, json};

use super::stage::{Ringing, START, Stage, hook};
use crate::ports::{Claim, Collection, Documents as _, EventCounts as _, EventLog as _, NewDocument};

const DAY: u64 = 86_400_000;

/// A hook of a sender.
fn of(id: &str, sender: &str, fields: Value) -> Hook {
    let mut all = json!({"sender": sender, "secrets": ["env:ONE"]});
    for (name, value) in fields.as_object().unwrap() {
        all[name] = value.clone();
    }
    hook(id, "1", all)
}

/// An event of a sender so many milliseconds after the start.
fn ringing(ms: u64, sender: &'static str, delivery: Option<&'static str>, body: Value) -> Ringing {
    Ringing { id: EventId::new(START.plus_ms(ms), &[7; 10]), sender, delivery, body, ..Ringing::new(0, &["h"]) }
}

/// Where and of what an event is a copy.
async fn copies(stage: &Stage, event: &Ringing) -> Vec<Duplicate> {
    stage.memory.event(event.id).await.unwrap().expect("every event is recorded").head.duplicates
}

#[tokio::test]
async fn content_without_an_id_is_a_copy_within_a_window_from_the_first() {
    for (sender, window, words) in [
        ("paystack", 300_000, "same content within 300 seconds"),
        ("home-assistant", 30_000, "same content within 30 seconds"),
    ] {
        let stage = Stage::new(&[of("h", sender, json!({}))]).await;
        let at = |ms| ringing(ms, sender, None, json!({"message": "hello"}));
        let (first, again) = (at(0), at(window));
        for (event, of) in [
            (at(0), None),
            (at(window / 2), Some(first.id)),
            (at(window - 1), Some(first.id)),
            (at(window), None),
            (at(2 * window - 1), Some(again.id)),
            (at(2 * window), None),
        ] {
            let tasks = stage.route(&event).await;
            assert_eq!(tasks.len(), usize::from(of.is_none()), "{sender}");
            let found = copies(&stage, &event).await;
            let expected = of.map(|first| Duplicate { owner: Owner::from_text("h"), first, cause: words.to_owned() });
            assert_eq!(found, Vec::from_iter(expected), "{sender}");
        }
        let other = ringing(1, sender, None, json!({"message": "other"}));
        assert_eq!(stage.route(&other).await.len(), 1, "other content is another event");
    }
}

#[tokio::test]
async fn a_delivery_is_remembered_for_as_long_as_its_sender_repeats_it() {
    for (sender, days, body) in [
        ("stripe", 7, json!({"id": "evt_1"})),
        ("github", 7, json!({"ref": "x"})),
        ("wise", 15, json!({"data": 1})),
        ("docusign", 16, json!({"event": "sent"})),
    ] {
        let stage = Stage::new(&[of("h", sender, json!({}))]).await;
        let id = matches!(sender, "github" | "wise").then_some("d-1");
        for (ms, tasks) in [(0, 1), (4 * DAY, 0), (days * DAY - 1, 0), (days * DAY, 1)] {
            let event = ringing(ms, sender, id, body.clone());
            assert_eq!(stage.route(&event).await.len(), tasks, "{sender} after {ms} ms");
        }
    }
}

#[tokio::test]
async fn an_event_that_is_routed_again_is_no_copy_even_of_one_that_has_its_claim_by_then() {
    let stage = Stage::new(&[of("h", "paystack", json!({}))]).await;
    let at = |ms| ringing(ms, "paystack", None, json!({"message": "hello"}));
    let (first, later) = (at(0), at(300_000));
    assert_eq!(stage.record(&first).await.work.len(), 1);
    assert_eq!(stage.record(&first).await.work.len(), 1, "its own claim is not a copy");
    assert_eq!(stage.route(&later).await.len(), 1);
    assert_eq!(stage.record(&first).await.work.len(), 1, "the window is over, and the later one has it");
    assert_eq!(copies(&stage, &first).await, []);

    // A router that died between the claim and the record: the event is routed for the first time after its window.
    let stage = Stage::new(&[of("h", "paystack", json!({}))]).await;
    assert_eq!(stage.route(&at(300_000)).await.len(), 1);
    assert_eq!(stage.route(&at(0)).await.len(), 1, "it came a whole window before");
    assert_eq!(stage.route(&at(1)).await.len(), 0, "this one did not");
}

#[tokio::test]
async fn a_copy_is_an_event_that_did_nothing_is_not_counted_and_can_be_replayed() {
    let stage = Stage::new(&[of("h", "stripe", json!({}))]).await;
    let body = |left| json!({"id": "evt_1", "type": "invoice.paid", "pending_webhooks": left, "message": "paid"});
    let (first, copy) = (ringing(0, "stripe", None, body(2)), ringing(60_000, "stripe", None, body(1)));
    assert_eq!(stage.route(&first).await.len(), 1);
    for _ in 0..2 {
        assert_eq!(stage.route(&copy).await, []);
    }
    let head = stage.memory.event(copy.id).await.unwrap().unwrap();
    assert_eq!(head.head.duplicates[0].cause, "same delivery id and content");
    assert_eq!(head.body, copy.body.to_string().as_bytes(), "it can be looked at, and done by hand");
    assert_eq!(stage.memory.counts().await.unwrap()[&Owner::from_text("h")].events, 1);

    let replay = Replay {
        id: bellhop_core::id::ReplayId::from_text("rp_1"),
        selection: Selection::Events(vec![copy.id]),
        owner: None,
        created_at: START,
        seen: 0,
        replayed: 0,
        tasks: 0,
        older_than: None,
        finished_at: None,
    };
    let text = serde_json::to_string(&replay).unwrap();
    stage
        .memory
        .write(&NewDocument { collection: Collection::Replay, key: "rp_1", text: &text, expires: None })
        .await
        .unwrap();
    stage.obey(&Order::ReplayV1 { replay: replay.id }).await;
    let tasks = stage.tasks(copy.id);
    assert_eq!((tasks.len(), tasks[0].status), (1, TaskStatus::Queued), "asked for, it acts");
}

#[tokio::test]
async fn a_copy_at_one_hook_may_be_new_at_another_and_both_are_seen() {
    let hooks = [of("h", "stripe", json!({})), of("all", "stripe", json!({"deduplicate": "off"}))];
    let stage = Stage::new(&hooks).await;
    let event = |ms| Ringing { hooks: vec!["h", "all"], ..ringing(ms, "stripe", None, json!({"id": "evt_1"})) };
    assert_eq!(stage.route(&event(0)).await.len(), 2);
    let tasks = stage.route(&event(5)).await;
    assert_eq!(tasks.iter().map(|task| task.owner.as_str()).collect::<Vec<_>>(), ["all"]);
    let copies = copies(&stage, &event(5)).await;
    assert_eq!(copies.iter().map(|copy| copy.owner.as_str()).collect::<Vec<_>>(), ["h"]);
}

#[tokio::test]
async fn a_hook_says_what_makes_a_copy() {
    let same_id = [("a", 1), ("a", 2)];
    let same_content = [("a", 1), ("b", 1)];
    for (own, pair, tasks) in [
        (json!({}), same_id, 1),
        (json!({}), same_content, 1),
        (json!({"deduplicate": "id"}), same_id, 0),
        (json!({"deduplicate": "id"}), same_content, 1),
        (json!({"deduplicate": "content"}), same_id, 1),
        (json!({"deduplicate": "content"}), same_content, 0),
        (json!({"deduplicate": "off"}), [("a", 1), ("a", 1)], 1),
    ] {
        let stage = Stage::new(&[of("h", "shared-secret", own.clone())]).await;
        let [one, two] = [0, 1].map(|place: usize| {
            let (id, n) = pair[place];
            ringing(place as u64, "shared-secret", Some(id), json!({"n": n}))
        });
        assert_eq!(stage.route(&one).await.len(), 1);
        assert_eq!(stage.route(&two).await.len(), tasks, "{own} {pair:?}");
    }
}

#[tokio::test]
async fn the_claim_is_of_one_length_whatever_the_sender_calls_its_delivery() {
    let stage = Stage::new(&[of("h", "shared-secret", json!({}))]).await;
    let long: &'static str = "x".repeat(3_000).leak();
    for id in ["a", long] {
        stage.route(&ringing(0, "shared-secret", Some(id), json!({}))).await;
    }
    let owner = Owner::from_text("h");
    let other = EventId::new(START, &[9; 10]);
    assert_eq!(
        stage.memory.claim_delivery(&owner, long, other, START).await.unwrap(),
        Claim::Ours,
        "no raw id is kept"
    );
}
