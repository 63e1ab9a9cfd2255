//! Replays: every event asked for once, however often an order comes.

use bellhop_core::id::{Owner, ReplayId};
use bellhop_core::order::Order;
use bellhop_core::replay::{Replay, Selection};
use serde_json::json;

use super::stage::{Ringing, START, Stage, hook};
use crate::ports::{Collection, Documents as _, History as _, NewDocument};
use crate::testing::memory::Queue;

/// A stage with so many routed events at two hooks, one of which takes every other event, capped at three.
async fn stage(events: u64) -> (Stage, Vec<Ringing>) {
    let odd = json!([{"field": "payload.odd", "operator": "equals", "value": true}]);
    let hooks = [hook("all", "1", json!({"max_executions": 3})), hook("odd", "2", json!({"conditions": odd}))];
    let stage = Stage::new(&hooks).await;
    let mut rung = Vec::new();
    for second in 0..events {
        let delivery = Some(if second == 0 { "first" } else { "other" }).filter(|_| second < 2);
        let body = json!({"message": format!("at {second}"), "odd": second % 2 == 1});
        let event = Ringing { delivery, body, ..Ringing::new(second, &["all", "odd"]) };
        stage.route(&event).await;
        rung.push(event);
    }
    stage.memory.with_work(Queue::take_all);
    stage.clock.set(START.plus_ms(1_000_000));
    (stage, rung)
}

/// Writes a replay down and gives its order.
pub(super) async fn ask(stage: &Stage, selection: Selection, owner: Option<&str>) -> ReplayId {
    let id = ReplayId::from_text("rp_1");
    let replay = Replay {
        id: id.clone(),
        selection,
        owner: owner.map(Owner::from_text),
        created_at: START,
        seen: 0,
        replayed: 0,
        tasks: 0,
        older_than: None,
        finished_at: None,
    };
    let text = serde_json::to_string(&replay).unwrap();
    let document =
        NewDocument { collection: Collection::Replay, key: id.as_str(), text: &text, expires: Some(replay.expires()) };
    assert!(stage.memory.swap(&document, None).await.unwrap());
    stage.obey(&Order::ReplayV1 { replay: id.clone() }).await;
    id
}

async fn progress(stage: &Stage, id: &ReplayId) -> Replay {
    let document = stage.memory.document(Collection::Replay, id.as_str()).await.unwrap().unwrap();
    serde_json::from_str(&document.text).unwrap()
}

/// Does the orders in the inbox until there are none, each so many times at once.
async fn do_orders(stage: &Stage, copies: usize) -> usize {
    let mut done = 0;
    loop {
        let mut orders = stage.memory.with_inbox(Queue::take_all);
        orders.dedup();
        if orders.is_empty() {
            return done;
        }
        for order in orders {
            futures_util::future::join_all((0..copies).map(|_| stage.handle(order.as_bytes()))).await;
            done += 1;
        }
    }
}

fn range(from: u64, to: u64) -> Selection {
    let (from, to) = (START.plus_ms(from * 1_000), START.plus_ms(to * 1_000));
    Selection::Range { from, to, sender: None, events: Vec::new() }
}

#[tokio::test]
async fn a_range_is_done_once_each_though_every_order_comes_three_times() {
    let (stage, rung) = stage(70).await;
    let id = ask(&stage, range(2, 64), None).await;
    let orders = 1 + do_orders(&stage, 3).await;
    let replay = progress(&stage, &id).await;
    assert_eq!((replay.seen, replay.replayed, replay.tasks), (62, 62, 62 + 31));
    assert!(replay.finished_at.is_some() && (3..=4).contains(&orders), "{orders} orders: {replay:?}");
    let mut texts: Vec<_> =
        stage.queued().into_iter().map(|work| (work.task.owner.clone(), work.parts().concat())).collect();
    assert_eq!(texts.len(), 93, "the cap does not hold for a replay, filters do");
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 93);
    for (second, event) in rung.iter().enumerate() {
        let recorded = stage.memory.recorded(event.id).await.unwrap().unwrap();
        let replayed = recorded.tasks.iter().filter(|task| task.replay.as_ref() == Some(&id)).count();
        let expected = if (2..64).contains(&second) { 1 + second % 2 } else { 0 };
        assert_eq!(replayed, expected, "event {second}");
    }
    stage.obey(&Order::ReplayV1 { replay: id }).await;
    assert_eq!(stage.queued().len(), 93, "it is finished");
}

#[tokio::test]
async fn named_events_are_done_for_the_hook_that_is_asked_for() {
    let (stage, rung) = stage(40).await;
    let mut named: Vec<_> = rung.iter().map(|event| event.id).collect();
    stage.memory.erase(named[5], START).await.unwrap();
    named.push(Ringing::new(999, &[]).id);
    let id = ask(&stage, Selection::Events(named), Some("odd")).await;
    do_orders(&stage, 1).await;
    let replay = progress(&stage, &id).await;
    assert_eq!((replay.seen, replay.replayed, replay.tasks), (41, 19, 19), "one is erased, one was never there");
    assert!(stage.queued().iter().all(|work| work.task.owner.as_str() == "odd" && work.group() == "2"));
}

#[tokio::test]
async fn a_replay_that_nobody_knows_is_left() {
    let stage = Stage::new(&[]).await;
    stage.obey(&Order::ReplayV1 { replay: ReplayId::from_text("rp_gone") }).await;
    assert_eq!(stage.memory.with_inbox(|inbox| inbox.len()), 0);
}
