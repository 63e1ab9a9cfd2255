//! Orders: refused requests, and tasks done again.

use std::collections::BTreeSet;

use bellhop_core::action::Kind;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::inbox::{self, Read};
use bellhop_core::order::{Order, RefusedRequest};
use bellhop_core::replay::Selection;
use bellhop_core::task::{Task, TaskStatus};
use serde_json::json;

use super::replays;
use super::stage::{Ringing, START, Stage, hook};
use crate::ports::{EventLog as _, History as _, HookWriter as _, TaskLog as _};
use crate::testing::memory::Queue;

fn retry(task: &Task) -> Order {
    Order::RetryV1 { task: task.id.clone(), retries: task.retries }
}

#[tokio::test]
async fn refused_requests_are_recorded() {
    let stage = Stage::new(&[]).await;
    let refused = RefusedRequest {
        id: EventId::new(START, &[1; 10]),
        received_at: START,
        hook: None,
        path: Some("nowhere".to_owned()),
        source_ip: None,
        status: 404,
        cause: "no such path".to_owned(),
        body_bytes: 3,
    };
    stage.obey(&Order::RefusedV1(refused.clone())).await;
    assert_eq!(stage.memory.refused(None, START, 10).await.unwrap().items, [refused]);
}

/// In another process a change is not noticed, and who has just made one and gives an order means what he wrote.
#[tokio::test]
async fn an_order_and_a_test_go_by_what_was_written_before_them() {
    let stage = Stage::new(&[hook("a", "1", json!({}))]).await;
    let task = stage.route(&Ringing::new(1, &["a"])).await.remove(0);
    stage.end(&task, TaskStatus::Dead).await;
    let changed = async |chat: &str| {
        stage.clock.advance_ms(1);
        stage.memory.write_hooks(&[hook("a", chat, json!({}))], &[], None).await.unwrap();
        stage.memory.with_work(Queue::take_all);
    };
    let lines = || stage.queued().iter().map(|work| work.line().into_owned()).collect::<Vec<_>>();
    changed("2").await;
    stage.obey(&retry(&task)).await;
    assert_eq!(lines(), ["2"]);
    changed("3").await;
    replays::ask(&stage, Selection::Events(vec![task.event]), None).await;
    assert_eq!(lines(), ["3"]);
    changed("4").await;
    let route = Task { kind: Kind::Route, ..stage.memory.task(&task.id).unwrap() };
    stage.end(&route, TaskStatus::Dead).await;
    stage.obey(&retry(&route)).await;
    assert_eq!(lines(), ["4"]);
    changed("5").await;
    stage.route(&Ringing { test: true, ..Ringing::new(2, &["a"]) }).await;
    assert_eq!(lines(), ["5"]);
}

#[tokio::test]
async fn a_dead_task_is_done_anew_once_with_today_s_text_for_today_s_chat() {
    let stage = Stage::new(&[hook("a", "1", json!({}))]).await;
    let task = stage.route(&Ringing::new(1, &["a"])).await.remove(0);
    stage.memory.with_work(Queue::take_all);
    stage.obey(&retry(&task)).await;
    assert_eq!(stage.queued().len(), 0, "it has not ended");
    stage.end(&task, TaskStatus::Dead).await;
    let action = json!([{"kind": "telegram", "chat": "2", "template": "new {{ payload.message }}"}]);
    stage.change(&[hook("a", "1", json!({"actions": action}))], &[]).await;
    for _ in 0..3 {
        stage.obey(&retry(&task)).await;
    }
    let work = stage.queued();
    assert_eq!(work.len(), 1);
    assert_eq!((work[0].group().as_ref(), work[0].parts()), ("2", &["new at 1".to_owned()][..]));
    let saved = stage.memory.task(&task.id).unwrap();
    assert_eq!((saved.status, saved.retries, saved.reason.as_deref()), (TaskStatus::Queued, 1, None));
    // It is done; a late copy of the order must not do it again.
    stage.end(&saved, TaskStatus::Succeeded).await;
    stage.obey(&retry(&task)).await;
    assert_eq!(stage.memory.task(&task.id).unwrap().status, TaskStatus::Succeeded);
    stage.obey(&retry(&saved)).await;
    assert_eq!(stage.memory.task(&task.id).unwrap().retries, 2, "asked for again it is done again");
}

#[tokio::test]
async fn an_order_that_was_cut_short_after_saving_queues_the_work_when_it_comes_again() {
    let stage = Stage::new(&[hook("a", "1", json!({}))]).await;
    let task = stage.route(&Ringing::new(1, &["a"])).await.remove(0);
    stage.end(&task, TaskStatus::Dead).await;
    stage.memory.with_work(Queue::take_all);
    let mut saved = task.clone();
    saved.status = TaskStatus::Dead;
    saved.retry(1, START);
    stage.memory.save(std::slice::from_ref(&saved)).await.unwrap();
    stage.obey(&retry(&task)).await;
    assert_eq!(stage.queued()[0].task, saved);
}

#[tokio::test]
async fn what_cannot_be_made_any_more_stays_as_it_is() {
    let stage = Stage::new(&["a", "b"].map(|id| hook(id, "1", json!({})))).await;
    let (gone, erased) = (Ringing::new(1, &["a"]), Ringing::new(2, &["b"]));
    let tasks = [stage.route(&gone).await.remove(0), stage.route(&erased).await.remove(0)];
    for task in &tasks {
        stage.end(task, TaskStatus::Dead).await;
    }
    stage.memory.with_work(Queue::take_all);
    stage.change(&[], &["a"]).await;
    stage.memory.erase(erased.id, START).await.unwrap();
    let foreign = Task { id: TaskId::new(tasks[0].event, &HookId::from_text("nobody"), 0), ..tasks[0].clone() };
    let unknown =
        Task { id: TaskId::new(EventId::new(START, &[9; 10]), &HookId::from_text("h"), 0), ..tasks[0].clone() };
    for task in tasks.iter().chain([&foreign, &unknown]) {
        stage.obey(&retry(task)).await;
    }
    assert_eq!(stage.queued().len(), 0);
    assert!(tasks.iter().all(|task| stage.memory.task(&task.id).unwrap().status == TaskStatus::Dead));
}

#[tokio::test]
async fn a_notice_is_done_anew_with_what_its_task_says() {
    let stage = Stage::new(&[hook("a", "1", json!({}))]).await;
    let task = stage.route(&Ringing::new(1, &["a"])).await.remove(0);
    stage.end(&task, TaskStatus::Dead).await;
    stage.memory.with_work(Queue::take_all);
    let notice = task.id.notice(0);
    let notice = Task { id: notice, destination: "9".to_owned(), status: TaskStatus::Dead, ..task.clone() };
    stage.memory.add(std::slice::from_ref(&notice)).await.unwrap();
    stage.obey(&retry(&notice)).await;
    let work = stage.queued().remove(0);
    assert_eq!((work.group().as_ref(), work.task.retries), ("9", 1));
    assert!(work.parts()[0].contains("because"), "{}", work.parts()[0]);
}

#[tokio::test]
async fn an_event_that_could_not_be_routed_is_routed_anew_hook_by_hook() {
    let action = |chat: &str| json!({"kind": "telegram", "chat": chat});
    let both = json!({"actions": [action("1"), action("2")]});
    let stage = Stage::new(&[hook("a", "1", both), hook("b", "3", json!({}))]).await;
    let event = Ringing { delivery: Some("d"), ..Ringing::new(1, &["a", "b"]) };
    // What the drain of the dead-letter queue leaves: the event, and for each hook a dead task that stands for its routing.
    let Read::Whole(whole) = inbox::read(event.message().as_bytes()).unwrap() else { panic!("the event is whole") };
    let route = |hook: &str| {
        let hook = HookId::from_text(hook);
        let id = TaskId::new(event.id, &hook, 0);
        let task = Task::queued(id, Kind::Route, "router", START, START.plus_ms(1 << 40));
        Task { status: TaskStatus::Dead, reason: Some("too often".to_owned()), ..task }
    };
    let (a, b) = (route("a"), route("b"));
    stage.memory.record(&whole, &[a.clone(), b.clone()], a.expires_at).await.unwrap();
    for _ in 0..3 {
        stage.obey(&retry(&a)).await;
    }
    let chats: BTreeSet<_> = stage.queued().iter().map(|work| work.group().into_owned()).collect();
    assert_eq!((stage.queued().len(), chats), (2, BTreeSet::from(["1".to_owned(), "2".to_owned()])));
    let kinds: Vec<_> = stage.tasks(event.id).into_iter().map(|task| (task.kind, task.status)).collect();
    let telegram = || (Kind::Telegram, TaskStatus::Queued);
    assert_eq!(kinds, [telegram(), telegram(), (Kind::Route, TaskStatus::Dead)]);
    // A copy of the delivery that comes now is a duplicate at this hook, and has the other first.
    let copy = Ringing { delivery: Some("d"), body: event.body.clone(), ..Ringing::new(2, &["a", "b"]) };
    stage.route(&copy).await;
    assert_eq!(stage.queued().len(), 3);
    stage.obey(&retry(&b)).await;
    let b = stage.memory.task(&b.id).unwrap();
    assert_eq!((stage.queued().len(), b.status, b.retries), (3, TaskStatus::Skipped, 1));
    assert!(b.reason.unwrap().contains("done before"));
}
