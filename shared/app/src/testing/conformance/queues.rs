//! The inbox, with its orders, and the workers' queue.

use std::collections::{HashMap, HashSet};

use bellhop_core::action::Kind;
use bellhop_core::event::Event;
use bellhop_core::id::{ReplayId, TaskId};
use bellhop_core::inbox::{Read, read};
use bellhop_core::order::Order;
use bellhop_core::task::Task;
use bellhop_core::work::Work;

use super::made::{fresh_event, fresh_event_id, fresh_hook_id, fresh_task, message, noise, now};
use crate::ports::{Bodies, Inbox, Orders, SendWork as _, WorkQueue};

/// Every body that is put comes back whole, small or large. `received` takes everything out of the inbox.
pub async fn inbox(inbox: &dyn Inbox, bodies: &dyn Bodies, received: impl AsyncFn() -> Vec<Vec<u8>>) {
    let mut sent = HashMap::new();
    let every_byte: Vec<u8> = (0..=255).collect();
    let odd = "text \u{1}\u{ffff}\r\n\u{1f980}".as_bytes().to_vec();
    let json = br#"{"quoted":"\"\\"}"#.to_vec();
    let large = br#"{"repository":"octo"}"#.repeat(200_000);
    for body in [Vec::new(), every_byte, odd, json, large, noise(300_000), noise(4 * 1024 * 1024)] {
        let event = fresh_event(body);
        inbox.put(&message(&event)).await.expect("a message is put");
        sent.insert(event.head.id, event);
    }
    // A queue may give a message twice.
    let mut seen = HashSet::new();
    for message in received().await {
        let event = match read(&message).expect("a message is readable") {
            Read::Whole(event) => event,
            Read::Claim(head) => Event { body: bodies.get(head.id).await.expect("the body is kept"), head },
            Read::Order(order) => panic!("an order that nobody gave: {order:?}"),
        };
        let id = event.head.id;
        assert!(sent.get(&id) == Some(&event), "event {id} came back otherwise than it was put");
        seen.insert(id);
    }
    assert_eq!(seen.len(), sent.len(), "every message comes");
    assert!(bodies.get(fresh_event_id()).await.is_err(), "nobody's body is an error, not an empty one");
}

/// Orders come out of the inbox as they were given. `received` takes everything out of it.
pub async fn orders(orders: &dyn Orders, received: impl AsyncFn() -> Vec<Vec<u8>>) {
    let mut given = vec![
        Order::RetryV1 { task: fresh_task(fresh_event_id()).id, retries: 3 },
        Order::ReplayV1 { replay: ReplayId::from_text("rp_\u{1}\u{ffff}ü") },
    ];
    for order in &given {
        orders.give(order).await.expect("an order is given");
    }
    let more = (0..23).map(|n| Order::ReplayV1 { replay: ReplayId::from_text(format!("rp_{n}\u{1}\u{ffff}ü")) });
    let more: Vec<_> = more.map(|order| (order, 0)).collect();
    orders.give_in(&more).await.expect("orders are given");
    orders.give_in(&[]).await.expect("giving none succeeds");
    assert!(orders.give_in(&[more[0].clone(), (given[0].clone(), 901)]).await.is_err(), "no order waits for so long");
    given.extend(more.into_iter().map(|(order, _)| order));
    let messages = received().await;
    let mut read: Vec<_> = messages
        .iter()
        .map(|message| match read(message).expect("a message is readable") {
            Read::Order(order) => order,
            other => panic!("no order: {other:?}"),
        })
        .collect();
    // A queue may give a message twice, and in another order.
    read.sort_by_key(|order| given.iter().position(|one| one == order));
    read.dedup();
    assert_eq!(read, given);
}

/// Work comes once, and each chat's in its order, though it was put twice. `received` takes everything off the queue.
pub async fn queue(queue: &dyn WorkQueue, received: impl AsyncFn() -> Vec<Work>) {
    let tag = now().as_ms();
    let part = |kind: usize| match kind {
        0 => "x".repeat(150_000),
        1 => "odd \u{1}\u{ffff} characters".to_owned(),
        _ => "text".to_owned(),
    };
    let work: Vec<_> = (0..25usize)
        .map(|place| {
            let event = fresh_event_id();
            let (task, chat) = (TaskId::new(event, &fresh_hook_id(), place), format!("{tag}{}", place % 2));
            let task = Task::queued(task, Kind::Telegram, &chat, now(), now());
            Work::telegram(task, vec![part(place % 3)])
        })
        .collect();
    queue.send(&work).await.expect("work is queued");
    queue.send(&work[..12]).await.expect("work is queued again");
    queue.send(&[]).await.expect("queueing nothing succeeds");
    let of_chat =
        |work: &[Work], chat: &str| -> Vec<_> { work.iter().filter(|w| w.group() == chat).cloned().collect() };
    let received = received().await;
    assert_eq!(received.len(), work.len(), "each work comes once");
    for chat in [format!("{tag}0"), format!("{tag}1")] {
        assert!(of_chat(&received, &chat) == of_chat(&work, &chat), "chat {chat} is out of order");
    }
}
