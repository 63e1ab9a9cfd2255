//! The suite that every adapter must pass: what the use cases count on, port by port.
//!
//! Each function needs a store that others may use at the same time, except [`hooks`], which needs one of its own.
//! They panic where an adapter falls short.
#![expect(clippy::expect_used, reason = "a failed call is a failed test")]

use std::collections::{HashMap, HashSet};

use bellhop_core::config::Settings;
use bellhop_core::event::{Event, EventHead, Proof};
use bellhop_core::hook::{Action, Hook, HookStatus, Origin};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::inbox::{Message, Read, read};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::{Attempt, AttemptOutcome, Task, TaskStatus};
use bellhop_core::telegram::{Pace, Scope};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};
use futures_util::future::join_all;

use crate::clock::SystemClock;
use crate::ports::{
    Bodies, ChatBook, ChatEntry, Claim, Clock as _, EventLog, HookReader, HookWriter, Inbox, Secrets, Start, TaskLog,
    Vault, WorkQueue,
};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Of many copies of a delivery one event has it; a claim of its own it gets again, and another's once that has expired.
pub async fn claims(log: &dyn EventLog) {
    let hook = fresh_hook_id();
    let events: Vec<_> = (0..50).map(|_| fresh_event_id()).collect();
    let expires = now().plus_ms(DAY_MS);
    let claim = |event| log.claim_delivery(&hook, "delivery", event, expires);
    let claims = join_all(events.iter().map(|event| claim(*event))).await;
    let claims: Vec<_> = claims.into_iter().map(|claim| claim.expect("a claim is decided")).collect();
    let place = claims.iter().position(|claim| *claim == Claim::Ours).expect("one event has the delivery");
    let first = events[place];
    for (event, was) in events.iter().zip(&claims) {
        let expected = if *event == first { Claim::Ours } else { Claim::Duplicate(first) };
        assert_eq!(*was, expected, "among copies at the same time");
        assert_eq!(claim(*event).await.expect("a claim is decided"), expected, "when asked again");
    }
    let elsewhere = log.claim_delivery(&fresh_hook_id(), "delivery", events[1], expires).await;
    assert_eq!(elsewhere.expect("a claim is decided"), Claim::Ours, "at another hook");

    let early = now();
    let (first, soon) = (event_id_at(early), event_id_at(early.plus_ms(5_000)));
    let late = event_id_at(early.plus_ms(60_000));
    let claim = |event, expires| log.claim_delivery(&hook, "expiring", event, expires);
    let short = early.plus_ms(30_000);
    assert_eq!(claim(first, short).await.expect("a claim is decided"), Claim::Ours);
    assert_eq!(claim(soon, short).await.expect("a claim is decided"), Claim::Duplicate(first), "before it expires");
    assert_eq!(claim(late, expires).await.expect("a claim is decided"), Claim::Ours, "after it has expired");
}

/// Events come back whole, and recording them again changes nothing.
pub async fn records(log: &dyn EventLog, tasks: &dyn TaskLog) {
    let expires = now().plus_ms(DAY_MS);
    let bodies = [Vec::new(), (0..=255).collect(), br#"{"a":"b"}"#.repeat(20_000), noise(250_000)];
    for body in bodies {
        let event = fresh_event(body);
        log.record(&event, &[], expires).await.expect("an event is recorded");
        assert_eq!(log.event(event.head.id).await.expect("an event is read"), Some(event));
    }
    assert_eq!(log.event(fresh_event_id()).await.expect("an event is looked for"), None);

    let event = fresh_event(b"first".to_vec());
    let task = fresh_task(event.head.id);
    log.record(&event, std::slice::from_ref(&task), expires).await.expect("an event is recorded");
    let lease = now().plus_ms(60_000);
    tasks.start(&task.id, now(), lease).await.expect("a task is taken");
    let again = Event { body: b"second".to_vec(), ..event.clone() };
    let more = Task { destination: "other".to_owned(), ..task.clone() };
    log.record(&again, &[more, fresh_task(event.head.id)], expires).await.expect("recording again succeeds");
    assert_eq!(log.event(event.head.id).await.expect("an event is read"), Some(event));
    let kept = tasks.task(&task.id).await.expect("a task is read").expect("the task is there");
    assert_eq!((kept.status, kept.destination), (TaskStatus::Running, task.destination));
}

/// One worker has a task at a time; what it saved comes back; a task that is done stays done.
pub async fn tasks(log: &dyn EventLog, tasks: &dyn TaskLog) {
    let event = fresh_event(b"{}".to_vec());
    let mut task = fresh_task(event.head.id);
    log.record(&event, std::slice::from_ref(&task), now().plus_ms(DAY_MS)).await.expect("an event is recorded");
    let (begin, lease) = (now(), now().plus_ms(60_000));
    let starts = join_all((0..50).map(|_| tasks.start(&task.id, begin, lease))).await;
    let starts: Vec<_> = starts.into_iter().map(|start| start.expect("a start is decided")).collect();
    let (taken, refused): (Vec<_>, Vec<_>) = starts.iter().partition(|start| matches!(start, Start::Go(_)));
    assert_eq!(taken.len(), 1, "one of fifty workers has the task");
    assert!(refused.iter().all(|start| **start == Start::Held(lease)), "the others learn until when: {refused:?}");

    let later = lease.plus_ms(1);
    let start = tasks.start(&task.id, later, later.plus_ms(60_000)).await.expect("a start is decided");
    let Start::Go(taken) = start else { panic!("a dead worker's task is free: {start:?}") };
    assert_eq!((taken.status, taken.due_at), (TaskStatus::Running, later.plus_ms(60_000)));

    task.status = TaskStatus::Retrying;
    task.note(Attempt { started_at: begin, duration_ms: 7, outcome: AttemptOutcome::Failed, detail: "502".to_owned() });
    task.parts_done = 2;
    task.due_at = later.plus_ms(5_000);
    tasks.save(&task).await.expect("a task is saved");
    assert_eq!(tasks.task(&task.id).await.expect("a task is read"), Some(task.clone()));
    let again = tasks.start(&task.id, later, lease).await.expect("a start is decided");
    let Start::Go(taken) = again else { panic!("a task to be tried again can be taken: {again:?}") };
    assert_eq!((&taken.attempts, taken.parts_done), (&task.attempts, 2));

    for status in [TaskStatus::Succeeded, TaskStatus::Dead, TaskStatus::Skipped] {
        task.status = status;
        task.reason = Some("because".to_owned());
        tasks.save(&task).await.expect("a task is saved");
        let start = tasks.start(&task.id, later.plus_ms(DAY_MS / 2), later.plus_ms(DAY_MS)).await;
        assert_eq!(start.expect("a start is decided"), Start::Done, "{status:?}");
    }
    let nobodys = fresh_task(fresh_event_id()).id;
    assert_eq!(tasks.task(&nobodys).await.expect("a task is looked for"), None);
    assert_eq!(tasks.start(&nobodys, begin, lease).await.expect("a start is decided"), Start::Done);
    let unrecorded = fresh_task(fresh_event_id());
    tasks.save(&unrecorded).await.expect("saving what is gone succeeds");
    assert_eq!(tasks.task(&unrecorded.id).await.expect("a task is looked for"), None, "what is gone stays gone");
}

/// A chat's entry is what was last set.
pub async fn chats(book: &dyn ChatBook) {
    let chat = format!("-{}", now().as_ms());
    assert_eq!(book.entry(&chat).await.expect("an entry is looked for"), None);
    let mut pace = Pace::new(Scope::Group);
    for moved_to in [None, Some("-100123".to_owned())] {
        pace.sent(now());
        let entry = ChatEntry { pace: pace.clone(), moved_to };
        book.set_entry(&chat, &entry).await.expect("an entry is set");
        assert_eq!(book.entry(&chat).await.expect("an entry is read"), Some(entry));
    }
}

/// Hooks and settings are written together and read together. The store must have none yet.
pub async fn hooks(reader: &dyn HookReader, writer: &dyn HookWriter) {
    let empty = reader.hooks_and_settings().await.expect("hooks are read");
    assert_eq!(empty, (Vec::new(), Settings::default()));
    assert_eq!(reader.settings().await.expect("settings are read"), Settings::default());

    let mut hooks: Vec<_> = (0..40).map(|_| fresh_hook()).collect();
    let settings =
        Settings { retention_days: 7, telegram_token: Some(SecretRef::Stored("t".to_owned())), ..Settings::default() };
    writer.write_hooks(&hooks, &[], Some(&settings)).await.expect("hooks are written");
    assert_eq!(sorted(reader.hooks_and_settings().await.expect("hooks are read").0), sorted(hooks.clone()));

    let gone = hooks.split_off(30);
    let gone: Vec<_> = gone.into_iter().map(|hook| hook.id).collect();
    hooks[0].description = "changed".repeat(2_000);
    hooks.push(fresh_hook());
    let put = [hooks[0].clone(), hooks[30].clone()];
    writer.write_hooks(&put, &gone, None).await.expect("hooks are changed");
    let (read, kept) = reader.hooks_and_settings().await.expect("hooks are read");
    assert_eq!(sorted(read), sorted(hooks.clone()));
    assert_eq!((&kept, &reader.settings().await.expect("settings are read")), (&settings, &settings));
    writer.write_hooks(&[], &[], None).await.expect("writing nothing succeeds");

    let all: Vec<_> = hooks.into_iter().map(|hook| hook.id).collect();
    writer.write_hooks(&[], &all, Some(&Settings::default())).await.expect("hooks are deleted");
    assert_eq!(reader.hooks_and_settings().await.expect("hooks are read"), (Vec::new(), Settings::default()));
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
            Work::TelegramV1(TelegramV1 { task, event, chat, parts: vec![part(place % 3)] })
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
        };
        let id = event.head.id;
        assert!(sent.get(&id) == Some(&event), "event {id} came back otherwise than it was put");
        seen.insert(id);
    }
    assert_eq!(seen.len(), sent.len(), "every message comes");
    assert!(bodies.get(fresh_event_id()).await.is_err(), "nobody's body is an error, not an empty one");
}

/// A kept value is found until it is forgotten; what leads nowhere is absent, and takes nothing with it.
pub async fn secrets(secrets: &dyn Secrets, vault: &dyn Vault) {
    let tag = now().as_ms();
    let names: Vec<_> = (0..23).map(|n| format!("conformance-{tag}-{n}")).collect();
    let value = |n: usize| Secret::new(format!(" value {n} äöü\n")).expect("the value is not empty");
    for (n, name) in names.iter().enumerate() {
        vault.keep(name, &value(n + 1)).await.expect("a value is kept");
        vault.keep(name, &value(n)).await.expect("a value is replaced");
        vault.keep(name, &value(n)).await.expect("a value is kept as it is");
    }
    let mut references: Vec<_> = names.iter().cloned().map(SecretRef::Stored).collect();
    references.push(SecretRef::Stored(format!("conformance-{tag}-missing")));
    references.push(SecretRef::Env("BELLHOP_CONFORMANCE_UNSET".to_owned()));
    references.push(SecretRef::Ssm(format!("/conformance/{tag}/missing")));
    references.push(references[0].clone());
    let found = secrets.resolve(&references).await.expect("secrets are looked up");
    assert_eq!(found.len(), names.len());
    for (n, reference) in references.iter().take(names.len()).enumerate() {
        assert!(found.get(reference) == Some(&value(n)), "secret {n} is another");
    }
    vault.forget(&names).await.expect("values are forgotten");
    vault.forget(&[]).await.expect("forgetting nothing succeeds");
    assert!(secrets.resolve(&references).await.expect("secrets are looked up").is_empty());
    assert!(secrets.resolve(&[]).await.expect("nothing is looked up").is_empty());
}

/// The present moment.
fn now() -> Timestamp {
    SystemClock.now()
}

/// An event id of this moment.
fn fresh_event_id() -> EventId {
    event_id_at(now())
}

/// An event id of a moment.
fn event_id_at(moment: Timestamp) -> EventId {
    let mut random = [0; 10];
    SystemClock.random(&mut random);
    EventId::new(moment, &random)
}

/// A hook id.
fn fresh_hook_id() -> HookId {
    let mut random = [0; 22];
    SystemClock.random(&mut random);
    HookId::from_random(&random)
}

/// Bytes that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SystemClock.random(&mut bytes);
    bytes
}

/// An event of this moment with this body.
fn fresh_event(body: Vec<u8>) -> Event {
    let head = EventHead {
        id: fresh_event_id(),
        path: "github".to_owned(),
        sender: "github".to_owned(),
        event_type: Some("push".to_owned()),
        delivery_id: Some("d\"1".to_owned()),
        received_at: now(),
        source_ip: Some(std::net::Ipv6Addr::LOCALHOST.into()),
        headers: vec![("user-agent".to_owned(), "GitHub-Hookshot/ü".to_owned())],
        hooks: vec![Proof { hook: fresh_hook_id(), secret: Some(0) }, Proof { hook: fresh_hook_id(), secret: None }],
        body_bytes: body.len(),
    };
    Event { head, body }
}

/// The inbox message that becomes an event.
fn message(event: &Event) -> Message<'_> {
    let head = &event.head;
    Message {
        id: head.id,
        path: &head.path,
        sender: "github",
        event_type: head.event_type.as_deref(),
        delivery_id: head.delivery_id.as_deref(),
        received_at: head.received_at,
        source_ip: head.source_ip,
        headers: head.headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
        hooks: head.hooks.clone(),
        body: &event.body,
    }
}

/// A task of an event.
fn fresh_task(event: EventId) -> Task {
    let hook = fresh_hook_id();
    Task::queued(TaskId::new(event, &hook, 0), event, hook, "telegram", "123", now())
}

/// A hook with something in every field.
fn fresh_hook() -> Hook {
    let id = fresh_hook_id();
    Hook {
        name: format!("name of {id}"),
        description: "what it is for".to_owned(),
        path: id.as_str().to_lowercase(),
        sender: "github".to_owned(),
        secrets: vec![SecretRef::Stored(format!("{id}-1")), SecretRef::Ssm("/a/b".to_owned())],
        events: vec!["push".to_owned()],
        when: Some("payload.a == 'ä'".to_owned()),
        rate_per_minute: 5,
        allowed_ips: Vec::new(),
        max_body_bytes: 4096,
        actions: vec![Action::Telegram { chat: "-1".to_owned(), template: Some("<b>{{ a }}</b>".to_owned()) }],
        status: HookStatus::Disabled,
        origin: Origin::File,
        created_at: now(),
        updated_at: now(),
        id,
    }
}

/// Hooks in an order of their own.
fn sorted(mut hooks: Vec<Hook>) -> Vec<Hook> {
    hooks.sort_by(|a, b| a.id.cmp(&b.id));
    hooks
}
