//! The adapters pass the suite of the ports, on MiniStack and on moto.

mod actions;
mod due;
mod far_end;
mod resources;
mod scripted;
mod stand_in;
mod strict;

use std::sync::Arc;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{
    Bodies as _, Claim, Clock as _, Collection, ConfigChange, ConfigWriter as _, DeadLetters as _, Documents as _,
    DueTime, DueTimes as _, EventLog as _, History as _, HookReader as _, HookWriter as _, Inbox as _, Mailer as _,
    NewDocument, NewTurn, Orders as _, OutboundMail, Postponed, Receipts as _, RecordedEvent, SendWork as _,
    TaskLog as _, Written,
};
use bellhop_app::testing::conformance;

use bellhop_core::event::Event;
use bellhop_core::id::{EventId, HookId, JobId, Owner, TaskId};
use bellhop_core::inbox::Message;
use bellhop_core::order::Order;
use bellhop_core::task::{Attempt, AttemptOutcome, Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use crate::events::event_row;
use crate::record::pack_event;
use crate::table::{Key, seconds, text};
use crate::tasks::task_row;
use crate::{Aws, Events, Table};
use resources::{BUCKET, TABLE};
use stand_in::{Kind, StandIn};

#[tokio::test]
async fn the_adapters_conform_on_ministack() {
    conform(Kind::MiniStack).await;
}

#[tokio::test]
async fn the_adapters_conform_on_moto() {
    conform(Kind::Moto).await;
}

/// Runs the whole suite on one stand-in.
async fn conform(kind: Kind) {
    let stand_in = StandIn::start(kind);
    let aws = stand_in.aws();
    resources::table(&aws).await;
    resources::bucket(&aws).await;
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    let bucket = aws.bucket(BUCKET);
    let events = aws.events(table.clone(), bucket.clone());
    conformance::hooks(&table, &table).await;
    conformance::together(&table, &table, &table).await;
    too_many_hooks_change_nothing(&table).await;
    conformance::due_times(&table).await;
    conformance::due_time_identity(&table).await;
    conformance::due_steps_together(&table).await;
    conformance::swaps_with_changes(&table, &table, &table).await;
    too_many_changes_beside_a_swap_change_nothing(&table).await;
    if kind == Kind::MiniStack {
        conformance::swaps_together(&table, &table, &table).await;
    }
    conformance::claims(&events).await;
    conformance::claims_end(&events).await;
    claims_of_the_former_version_end_too(&table, &events).await;
    conformance::records(&events, &events, &table).await;
    conformance::tasks(&events, &events, &table).await;
    conformance::deleted(&events, &events, &table).await;
    conformance::turns(&events, &events, &table).await;
    conformance::history(&events, &events, &table).await;
    conformance::events_with_task(&events, &events, &table).await;
    rows_of_the_former_version_are_read(&table, &events).await;
    a_destination_of_the_former_version_is_known_until_its_next_turn(&table).await;
    what_is_out_of_date_is_not_listed_as_trouble(&table, &events).await;
    conformance::refused(&events, &events).await;
    conformance::counts(&table).await;
    // Moto adds in several threads without a lock, and loses some.
    if kind == Kind::MiniStack {
        conformance::counts_together(&table).await;
    }
    conformance::documents(&table).await;
    large_bodies_are_deleted_with_their_events(&aws, &events).await;
    long_gaps_are_crossed_in_several_pages(&events).await;
    let prefix = "/bellhop/test".to_owned();
    conformance::secrets(&aws.secrets(prefix.clone()), &aws.vault(prefix)).await;

    let url = resources::queue(&aws, "telegram.fifo").await;
    let queue = aws.work_queues(vec![(bellhop_core::action::QueueName::Telegram, url.clone())]);
    let work = async || {
        let bodies = resources::drain(&aws, &url).await;
        bodies.iter().map(|body| serde_json::from_str(body).expect("work is readable")).collect()
    };
    conformance::queue(&queue, work).await;
    postponed_messages_come_again_in_order(&aws, &url).await;

    let url = resources::queue(&aws, "inbox").await;
    let inbox = aws.inbox(url.clone(), bucket.clone());
    let messages = async || resources::drain(&aws, &url).await.into_iter().map(String::into_bytes).collect();
    conformance::inbox(&inbox, &bucket, messages).await;
    conformance::orders(&inbox, messages).await;
    dead_letters_are_deleted_by_their_receipts(&aws).await;
    aws.warm_sqs().await;
}

/// More hooks than one transaction takes are refused as a whole.
async fn too_many_hooks_change_nothing(table: &Table) {
    let hooks: Vec<_> = (0..101).map(|n| HookId::from_text(format!("hk_{n}"))).collect();
    let error = table.write_hooks(&[], &hooks, None).await.unwrap_err();
    assert!(error.is_too_much() && error.to_string().contains("101 changes"), "{error}");
    assert!(table.hooks_and_settings().await.unwrap().0.is_empty());
}

/// A swap is one of the changes that a transaction takes, and one too many is refused with all others.
async fn too_many_changes_beside_a_swap_change_nothing(table: &Table) {
    let (at, job) = (Timestamp::from_ms(5), JobId::from_random(&[7; 22]));
    let time = |version| DueTime { at, job: job.clone(), version, due: at, local: None, count: 0 };
    let times: Vec<_> = (0..100).map(time).collect();
    let changes: Vec<_> = times.iter().cloned().map(ConfigChange::Due).collect();
    let swap = NewDocument { collection: Collection::Job, key: "many", text: "1", expires: None };
    let error = table.swap_together(&swap, None, changes.clone()).await.unwrap_err();
    assert!(error.is_too_much() && error.to_string().contains("101 changes"), "{error}");
    assert_eq!((table.document(Collection::Job, "many").await.unwrap(), table.earliest().await.unwrap()), (None, None));
    assert!(table.swap_together(&swap, None, changes[1..].to_vec()).await.unwrap());
    assert_eq!(table.due(at, 1_000).await.unwrap(), times[1..]);
    table.step(&[], &times).await.unwrap();
    assert!(table.delete_document(Collection::Job, "many").await.unwrap());
}

/// Messages of a chat that are given back come again in their order, and none is kept back by another's longer wait, nor
/// by one that is deleted.
async fn postponed_messages_come_again_in_order(aws: &Aws, url: &str) {
    let (event, hook, now) = (event_id(1), HookId::from_text("hk"), Timestamp::from_ms(1));
    let mut work: Vec<_> = (0..4)
        .map(|n| {
            let task = TaskId::new(event, &hook, n);
            let task = Task::queued(task, bellhop_core::action::Kind::Telegram, "7", now, now);
            Work::telegram(task, Vec::new())
        })
        .collect();
    let behind = work.split_off(3);
    aws.work_queues(vec![(bellhop_core::action::QueueName::Telegram, url.to_owned())]).send(&work).await.unwrap();
    let first = resources::receive(aws, url).await;
    assert_eq!(first.len(), 3);
    assert!(resources::receive(aws, url).await.is_empty());
    let postponed: Vec<_> = first.iter().map(|(_, receipt)| Postponed { receipt, seconds: 0 }).collect();
    aws.receipts(url.to_owned()).postpone(&postponed).await.unwrap();
    let again = resources::receive(aws, url).await;
    let bodies =
        |received: &[(String, String)]| -> Vec<String> { received.iter().map(|(body, _)| body.clone()).collect() };
    assert_eq!(bodies(&again), bodies(&first));
    // What is deleted lets those behind it through.
    let receipts: Vec<_> = again.iter().map(|(_, receipt)| receipt.as_str()).collect();
    aws.work_queues(vec![(bellhop_core::action::QueueName::Telegram, url.to_owned())]).send(&behind).await.unwrap();
    assert!(resources::receive(aws, url).await.is_empty());
    aws.receipts(url.to_owned()).delete(&receipts).await.unwrap();
    assert_eq!(resources::receive(aws, url).await.len(), 1);
}

/// A claim of the former version, which has no time but the one in whole seconds, holds until then.
async fn claims_of_the_former_version_end_too(table: &Table, events: &Events) {
    let (owner, begin) = (Owner::from_text("hk_former"), Timestamp::from_seconds(1_900_000_000));
    let first = EventId::new(begin, &[1; 10]);
    let mut row = Key::claim(&owner, "former").row();
    row.insert("event".to_owned(), text(&first.to_string()));
    row.insert("expires_at".to_owned(), seconds(begin.plus_ms(60_000)));
    table.put(row).await.unwrap();
    let claim = async |ms| {
        let moment = begin.plus_ms(ms);
        events.claim_delivery(&owner, "former", EventId::new(moment, &[2; 10]), moment.plus_ms(1)).await.unwrap()
    };
    assert_eq!(claim(59_000).await, Claim::Duplicate(first));
    assert_eq!(claim(60_000).await, Claim::Ours);
}

/// Rows that a version before shards wrote are shown, erased and deleted, and are not recorded again.
async fn rows_of_the_former_version_are_read(table: &Table, events: &Events) {
    let now = SystemClock.now();
    let begin = Timestamp::from_ms(now.as_ms() - 30 * 24 * 60 * 60 * 1000);
    let expires = now.plus_ms(60_000);
    let hook = HookId::from_text("hk_former");
    let mut made = Vec::new();
    for ms in 0..3 {
        let event = event(begin.plus_ms(ms), b"{}".to_vec());
        let id = event.head.id;
        let task = TaskId::new(id, &hook, 0);
        let task = Task::queued(task, bellhop_core::action::Kind::Telegram, "7", begin, expires);
        if ms < 2 {
            let record = pack_event(&event, std::slice::from_ref(&task)).unwrap();
            table.put(event_row(&Key::event(id).former(), record, expires)).await.unwrap();
            let mut row = task_row(&Task { status: TaskStatus::Retrying, ..task.clone() }).unwrap();
            row.insert("pk".to_owned(), text(&Key::task(&task.id).former().pk));
            table.put(row).await.unwrap();
        } else {
            events.record(&event, std::slice::from_ref(&task), expires).await.unwrap();
        }
        made.push((event, task));
    }
    let shown: Vec<_> = made.iter().rev().map(|(event, _)| event.head.id).collect();
    let listed: Vec<_> = list_at(events, begin).await;
    assert_eq!(listed.iter().map(|one| one.head.id).collect::<Vec<_>>(), shown, "old and new, in order");
    assert_eq!(listed[2].tasks[0].status, TaskStatus::Retrying, "as it was written down");
    let (event, task) = &made[0];
    let id = event.head.id;
    let written = table.written(std::slice::from_ref(&task.id)).await.unwrap();
    assert_eq!(written[0].clone().task().map(|task| task.status), Some(TaskStatus::Retrying));
    table.save(&[Task { status: TaskStatus::Succeeded, ..task.clone() }]).await.unwrap();
    let recorded = events.recorded(id).await.unwrap().unwrap();
    assert_eq!(recorded.tasks[0].status, TaskStatus::Succeeded, "what was written since overrules it");
    assert!(!events.record(event, &[], expires).await.unwrap(), "it is there already");
    assert!(events.erase(id, begin).await.unwrap());
    assert_eq!(events.event(id).await.unwrap().unwrap().head.erased_at, Some(begin));
    for (event, task) in &made {
        events.delete(event.head.id).await.unwrap();
        assert_eq!(events.recorded(event.head.id).await.unwrap(), None);
        assert_eq!(table.written(std::slice::from_ref(&task.id)).await.unwrap(), [Written::Deleted]);
        assert!(!events.record(event, &[], expires).await.unwrap(), "nobody brings it back");
    }
    assert!(list_at(events, begin).await.is_empty());
}

/// What a version before turns knew of a destination is read until a turn says more, and a plain turn is its row alone.
async fn a_destination_of_the_former_version_is_known_until_its_next_turn(table: &Table) {
    let now = SystemClock.now();
    let (key, expires) = ("telegram:former", now.plus_ms(60_000));
    let destination =
        |text, expires| NewDocument { collection: Collection::Destination, key, text, expires: Some(expires) };
    table.write(&destination("{\"n\":1}", now.plus_ms(120_000))).await.unwrap();
    let known = table.destination(key, &[]).await.unwrap();
    assert_eq!(known.text.as_deref(), Some("{\"n\":1}"));
    let id = TaskId::new(EventId::new(now, &[9; 10]), &HookId::from_text("hk_former"), 0);
    let mut task = Task::queued(id.clone(), bellhop_core::action::Kind::Telegram, "former", now, expires);
    task.succeed(Attempt {
        started_at: now,
        duration_ms: 3,
        outcome: AttemptOutcome::Succeeded,
        detail: String::new(),
        response_status: Some(200),
        answer: String::new(),
    });
    let destination = destination("{\"n\":2}", expires);
    let turn = NewTurn { destination, place: &known.place, tasks: std::slice::from_ref(&task), unwritten: &[true] };
    table.end_turn(&turn).await.unwrap();
    let known = table.destination(key, std::slice::from_ref(&id)).await.unwrap();
    assert_eq!(known.text.as_deref(), Some("{\"n\":2}"));
    assert_eq!(known.succeeded, [(id.clone(), task.plain_success().unwrap().clone())]);
    assert!(table.row(&Key::task(&id)).await.unwrap().is_none(), "the task has no row of its own");
    let former = table.document(Collection::Destination, key).await.unwrap().unwrap();
    assert_eq!(former.text, "{\"n\":2}", "what is known later outlives what was known before");
}

/// The events of the hour from a moment on.
async fn list_at(events: &Events, begin: Timestamp) -> Vec<RecordedEvent> {
    let end = EventId::new(begin.plus_ms(60 * 60 * 1000), &[0; 10]);
    events.events(Some(end), begin, 10).await.unwrap().items
}

/// A row of trouble whose task is out of it, as a crash leaves it, shows nothing, and no other is missed because of it.
async fn what_is_out_of_date_is_not_listed_as_trouble(table: &Table, events: &Events) {
    let begin = Timestamp::from_seconds(1_835_000_000);
    let (expires, hook) = (begin.plus_ms(60_000), HookId::from_text("hk_trouble"));
    let mut dead = Vec::new();
    for ms in 0..6 {
        let event = event(begin.plus_ms(ms), b"{}".to_vec());
        let task = TaskId::new(event.head.id, &hook, 0);
        let task = Task::queued(task, bellhop_core::action::Kind::Telegram, "7", begin, expires);
        let task = Task { status: TaskStatus::Dead, ..task };
        match ms % 2 {
            0 => {
                events.record(&event, std::slice::from_ref(&task), expires).await.unwrap();
                dead.push(event.head.id);
            }
            _ => table.list_trouble(&[task]).await.unwrap(),
        }
    }
    dead.reverse();
    let (mut found, mut older_than) = (Vec::new(), Some(EventId::new(expires, &[0; 10])));
    while older_than.is_some() {
        let page = events.events_with_task(TaskStatus::Dead, older_than, begin, 2).await.unwrap().unwrap();
        found.extend(page.items.into_iter().map(|one| one.head.id));
        older_than = page.next;
    }
    assert_eq!(found, dead);
}

/// The body of a large event is in the bucket until its content is deleted.
async fn large_bodies_are_deleted_with_their_events(aws: &Aws, events: &Events) {
    let now = SystemClock.now();
    let body = br#"{"large":true}"#.repeat(60_000);
    let event = event(now, body);
    let inbox = aws.inbox(resources::queue(aws, "large").await, aws.bucket(BUCKET));
    inbox.put(&message(&event)).await.unwrap();
    events.record(&event, &[], now.plus_ms(60_000)).await.unwrap();
    assert!(events.event(event.head.id).await.unwrap().unwrap() == event);
    assert!(events.erase(event.head.id, now).await.unwrap());
    assert_eq!(events.event(event.head.id).await.unwrap().unwrap().body, b"");
    assert!(aws.bucket(BUCKET).get(event.head.id).await.is_err(), "nothing is left in the bucket");
}

/// A call looks at so many days and no more; then it says where to go on.
async fn long_gaps_are_crossed_in_several_pages(events: &Events) {
    let early = Timestamp::from_seconds(2_000_000_000);
    let late = early.plus_ms(250 * 24 * 60 * 60 * 1000);
    let event = event(early, Vec::new());
    events.record(&event, &[], late.plus_ms(1000)).await.unwrap();
    let (mut pages, mut older_than, mut found) = (0, Some(EventId::new(late, &[0; 10])), Vec::new());
    while older_than.is_some() {
        let page = events.events(older_than, early, 10).await.unwrap();
        found.extend(page.items.into_iter().map(|recorded| recorded.head.id));
        older_than = page.next;
        pages += 1;
    }
    assert_eq!((found, pages), (vec![event.head.id], 3));
}

/// What a queue has put aside is received until it is deleted.
async fn dead_letters_are_deleted_by_their_receipts(aws: &Aws) {
    let url = resources::queue(aws, "dead").await;
    for hook in ["hk_1", "hk_2"] {
        let task = TaskId::new(event_id(1), &HookId::from_text(hook), 0);
        aws.inbox(url.clone(), aws.bucket(BUCKET)).give(&Order::RetryV1 { task, retries: 0 }).await.unwrap();
    }
    let queue = aws.dead_letters(url);
    let mut letters = queue.receive().await.unwrap();
    letters.extend(queue.receive().await.unwrap());
    let bodies: Vec<_> = letters.iter().map(|letter| letter.body.contains("hk_1")).collect();
    assert_eq!((bodies.len(), bodies.contains(&true), bodies.contains(&false)), (2, true, true));
    let receipts: Vec<_> = letters.into_iter().map(|letter| letter.receipt).collect();
    queue.delete(&receipts).await.unwrap();
    queue.delete(&[]).await.unwrap();
    assert!(queue.receive().await.unwrap().is_empty());
    assert!(queue.delete(&["nobody's".to_owned()]).await.is_err());
}

/// An event id.
fn event_id(ms: u64) -> EventId {
    EventId::new(Timestamp::from_ms(ms), &[1; 10])
}

/// An event of a moment with this body.
fn event(now: Timestamp, body: Vec<u8>) -> Event {
    let head = serde_json::json!({
        "id": EventId::new(now, &[7; 10]), "path": "", "sender": "none", "received_at": now, "headers": [],
        "hooks": [], "body_bytes": body.len(),
    });
    Event { head: serde_json::from_value(head).unwrap(), body }
}

/// The inbox message that becomes an event.
fn message(event: &Event) -> Message<'_> {
    Message {
        id: event.head.id,
        path: &event.head.path,
        sender: "none",
        event_type: None,
        delivery_id: None,
        received_at: event.head.received_at,
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: Vec::new(),
        body: &event.body,
        test: false,
    }
}

/// Where nothing answers, the error comes in time to tell the sender.
#[tokio::test]
async fn a_store_that_does_not_answer_is_given_up_within_three_seconds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let aws = Aws::from_variables(|name| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        _ => None,
    });
    let aws = aws.unwrap();
    let begin = std::time::Instant::now();
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    assert!(table.hooks_and_settings().await.is_err());
    assert!(begin.elapsed().as_millis() < 2_900, "{:?}", begin.elapsed());
    let event = event(Timestamp::from_ms(1), Vec::new());
    let begin = std::time::Instant::now();
    let inbox = aws.inbox(format!("{endpoint}/0/inbox"), aws.bucket(BUCKET));
    assert!(inbox.put(&message(&event)).await.is_err());
    assert!(begin.elapsed().as_millis() < 2_900, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn mails_are_taken_by_ses_on_ministack_once_their_sender_is_verified() {
    let stand_in = StandIn::start(Kind::MiniStack);
    let to = ["me@example.com".to_owned()];
    let raw = b"From: desk@bellhop.example\r\nTo: me@example.com\r\nSubject: a\r\n\r\nb\r\n";
    let mail = OutboundMail { relay: None, from: "desk@bellhop.example", to: &to, raw };
    let ses = stand_in.aws().ses();
    let error = ses.send(mail).await.unwrap_err();
    assert!(error.text.contains("MessageRejected") && error.text.contains("verify the address"), "{error}");
    ses.verify(mail.from).await;
    let answer = ses.send(mail).await.unwrap();
    assert!(answer.code == 200 && !answer.text.is_empty(), "{answer:?}");
}
