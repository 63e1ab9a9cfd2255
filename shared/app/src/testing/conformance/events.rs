//! Events with their tasks, refused requests, and counts.

use bellhop_core::event::{Duplicate, Event};
use bellhop_core::id::{EventId, Owner, ReplayId, TaskId};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use futures_util::future::join_all;

use super::made::{
    DAY_MS, attempt, event_id_at, fresh_event, fresh_event_id, fresh_hook_id, fresh_job, fresh_task, noise, now,
};
use crate::ports::{Claim, EventCount, EventCounts, EventLog, History, RecordedEvent, TaskLog, Written};

/// Of many copies of a delivery one event has it, at a hook or a job; a claim of its own it gets again.
pub async fn claims(log: &dyn EventLog) {
    for owner in [fresh_hook_id().into(), fresh_job()] {
        claims_of(log, &owner).await;
    }
}

/// Claims of one owner.
async fn claims_of(log: &dyn EventLog, owner: &Owner) {
    let events: Vec<_> = (0..50).map(|_| fresh_event_id()).collect();
    let expires = now().plus_ms(DAY_MS);
    let claim = |event| log.claim_delivery(owner, "delivery", event, expires);
    let claims = join_all(events.iter().map(|event| claim(*event))).await;
    let claims: Vec<_> = claims.into_iter().map(|claim| claim.expect("a claim is decided")).collect();
    let place = claims.iter().position(|claim| *claim == Claim::Ours).expect("one event has the delivery");
    let first = events[place];
    for (event, was) in events.iter().zip(&claims) {
        let expected = if *event == first { Claim::Ours } else { Claim::Duplicate(first) };
        assert_eq!(*was, expected, "among copies at the same time");
        assert_eq!(claim(*event).await.expect("a claim is decided"), expected, "when asked again");
    }
    let elsewhere = log.claim_delivery(&fresh_hook_id().into(), "delivery", events[1], expires).await;
    assert_eq!(elsewhere.expect("a claim is decided"), Claim::Ours, "at another owner");
}

/// A claim holds to the millisecond: measured from the first, whatever comes in between, and for one event alone after it.
pub async fn claims_end(log: &dyn EventLog) {
    let owner = fresh_hook_id().into();
    // In the middle of a second, which is as exact as some stores count by themselves.
    let begin = Timestamp::from_ms(now().as_ms() / 1000 * 1000 + 400);
    let at = |ms| event_id_at(begin.plus_ms(ms));
    for (window, delivery) in [(30_000, "seconds"), (1, "an instant"), (15 * DAY_MS, "days")] {
        let claim = async |event: EventId| {
            let expires = event.accepted_at().plus_ms(window);
            log.claim_delivery(&owner, delivery, event, expires).await.expect("a claim is decided")
        };
        let (first, last, next) = (at(0), at(window - 1), at(window));
        assert_eq!(claim(first).await, Claim::Ours);
        assert_eq!(claim(first).await, Claim::Ours, "its own claim is not a copy");
        if last != first {
            assert_eq!(claim(last).await, Claim::Duplicate(first), "{delivery}: the instant before its end");
        }
        let rivals: Vec<_> = (0..10).map(|_| at(window)).chain([next]).collect();
        let claims = join_all(rivals.iter().map(|event| claim(*event))).await;
        let won: Vec<_> = rivals.iter().zip(&claims).filter(|(_, claim)| **claim == Claim::Ours).collect();
        assert_eq!(won.len(), 1, "{delivery}: one of many has it again");
        let again = *won[0].0;
        assert_eq!(claim(first).await, Claim::Duplicate(again), "{delivery}: who had it before is told who has it now");
        assert_eq!(claim(at(2 * window - 1)).await, Claim::Duplicate(again), "{delivery}: measured from the new one");
        assert_eq!(claim(at(2 * window)).await, Claim::Ours, "{delivery}");
    }
}

/// Events come back whole, and recording them again changes nothing.
pub async fn records(log: &dyn EventLog, history: &dyn History, tasks: &dyn TaskLog) {
    let expires = now().plus_ms(DAY_MS);
    let bodies = [Vec::new(), (0..=255).collect(), br#"{"a":"b"}"#.repeat(20_000), noise(250_000)];
    for body in bodies {
        let event = fresh_event(body);
        assert!(log.record(&event, &[], expires).await.expect("an event is recorded"));
        assert_eq!(log.event(event.head.id).await.expect("an event is read"), Some(event));
    }
    assert_eq!(log.event(fresh_event_id()).await.expect("an event is looked for"), None);

    let mut event = fresh_event(b"first".to_vec());
    let (owner, first) = (fresh_job(), fresh_event_id());
    event.head.duplicates = vec![Duplicate { owner, first, cause: "same content".to_owned() }];
    let mut task = fresh_task(event.head.id);
    assert!(log.record(&event, std::slice::from_ref(&task), expires).await.expect("an event is recorded"));
    task.status = TaskStatus::Retrying;
    tasks.save(std::slice::from_ref(&task)).await.expect("a task is saved");
    let again = Event { body: b"second".to_vec(), ..event.clone() };
    let more = Task { destination: "other".to_owned(), ..task.clone() };
    let new = log.record(&again, &[more, fresh_task(event.head.id)], expires).await;
    assert!(!new.expect("recording again succeeds"), "it was recorded before");
    assert_eq!(log.event(event.head.id).await.expect("an event is read"), Some(event.clone()));
    let recorded = history.recorded(event.head.id).await.expect("an event is read").expect("it is there");
    assert_eq!(recorded, RecordedEvent { head: event.head, tasks: vec![task] });
}

/// What workers write down of tasks is read back; what has expired stays gone.
pub async fn tasks(log: &dyn EventLog, history: &dyn History, tasks: &dyn TaskLog) {
    let event = fresh_event(b"{}".to_vec());
    let mut made: Vec<_> = (0..4).map(|_| fresh_task(event.head.id)).collect();
    made.sort_by(|a, b| a.id.cmp(&b.id));
    log.record(&event, &made, now().plus_ms(DAY_MS)).await.expect("an event is recorded");
    let recorded = history.recorded(event.head.id).await.expect("an event is read").expect("it is there");
    assert_eq!(recorded.tasks, made);

    let ids: Vec<_> = made.iter().map(|task| task.id.clone()).collect();
    for (place, status) in [TaskStatus::Retrying, TaskStatus::Dead, TaskStatus::Succeeded].into_iter().enumerate() {
        let task = &mut made[place];
        task.status = status;
        task.reason = Some("because".to_owned());
        task.note(attempt());
        task.parts_done = 2;
        task.retries = 1;
        task.due_at = now().plus_ms(5_000);
    }
    tasks.save(&made[..3]).await.expect("tasks are saved");
    tasks.save(&[]).await.expect("saving nothing succeeds");
    let [first, second, third] = [0, 1, 2].map(|place: usize| is(&made[place]));
    let written = tasks.written(&ids).await.expect("tasks are read");
    assert_eq!(written, [first, second, third, Written::Nothing], "of an untouched task nothing is written down");
    let recorded = history.recorded(event.head.id).await.expect("an event is read").expect("it is there");
    assert_eq!(recorded.tasks, made);

    let replay = ReplayId::from_text("rp_1");
    let mut replayed = fresh_task(event.head.id);
    replayed.owner = fresh_job();
    replayed.id = TaskId::replayed(event.head.id, &replayed.owner, 0, &replay);
    replayed.replay = Some(replay);
    tasks.add(std::slice::from_ref(&replayed)).await.expect("a task is added");
    let other = Task { destination: "other".to_owned(), ..replayed.clone() };
    tasks.add(&[other]).await.expect("adding again succeeds");
    let written = tasks.written(std::slice::from_ref(&replayed.id)).await.expect("tasks are read");
    assert_eq!(written, [is(&replayed)]);
    let recorded = history.recorded(event.head.id).await.expect("an event is read").expect("it is there");
    assert_eq!(recorded.tasks.len(), 5);
    assert!(recorded.tasks.contains(&replayed) && recorded.tasks.is_sorted_by(|a, b| a.id < b.id));

    let nobodys = fresh_task(fresh_event_id());
    let foreign = TaskId::new(fresh_event_id(), &fresh_hook_id(), 0);
    let written = tasks.written(&[nobodys.id.clone(), foreign]).await.expect("tasks are looked for");
    assert_eq!(written, [Written::Nothing, Written::Nothing]);
    tasks.save(std::slice::from_ref(&nobodys)).await.expect("a task is saved, whether its event is there or not");
    let written = tasks.written(std::slice::from_ref(&nobodys.id)).await.expect("a task is read");
    assert_eq!(written, [is(&nobodys)]);

    let expired = Task { expires_at: now(), ..fresh_task(fresh_event_id()) };
    tasks.save(std::slice::from_ref(&expired)).await.expect("saving what is gone succeeds");
    tasks.add(std::slice::from_ref(&expired)).await.expect("adding what is gone succeeds");
    let written = tasks.written(&[expired.id]).await.expect("a task is looked for");
    assert_eq!(written, [Written::Nothing], "what is gone stays gone");
}

/// What is written down of a task that is.
fn is(task: &Task) -> Written {
    Written::Task(Box::new(task.clone()))
}

/// A deleted event and its tasks stay deleted, whoever comes late: a worker that has one in hand, an order, a copy of the
/// event's message.
pub async fn deleted(log: &dyn EventLog, history: &dyn History, tasks: &dyn TaskLog) {
    let (event, other) = (fresh_event(b"{}".to_vec()), fresh_event(b"{}".to_vec()));
    let (id, expires) = (event.head.id, now().plus_ms(DAY_MS));
    let made: Vec<_> = (0..2).map(|_| fresh_task(id)).collect();
    let added = fresh_task(id);
    let stays = fresh_task(other.head.id);
    log.record(&event, &made, expires).await.expect("an event is recorded");
    log.record(&other, std::slice::from_ref(&stays), expires).await.expect("an event is recorded");
    tasks.save(&made[..1]).await.expect("a task is saved");
    tasks.add(std::slice::from_ref(&added)).await.expect("a task is added");
    history.delete(id).await.expect("an event is deleted");

    let all = [made[0].clone(), made[1].clone(), added];
    let ids = all.clone().map(|task| task.id);
    let gone = [Written::Deleted, Written::Deleted, Written::Deleted];
    assert_eq!(tasks.written(&ids).await.expect("tasks are looked for"), gone);
    tasks.save(&all).await.expect("saving what is deleted succeeds");
    tasks.add(&all).await.expect("adding what is deleted succeeds");
    assert_eq!(tasks.written(&ids).await.expect("tasks are looked for"), gone, "nobody revives a task");
    let new = log.record(&event, &made, expires).await.expect("recording what is deleted succeeds");
    assert!(!new, "nobody brings an event back");
    assert_eq!(tasks.written(&ids).await.expect("tasks are looked for"), gone);
    assert_eq!(log.event(id).await.expect("an event is looked for"), None);
    assert_eq!(history.recorded(id).await.expect("an event is looked for"), None);
    let page = history.events(None, id.accepted_at(), 100).await.expect("events are listed");
    assert!(page.items.iter().all(|recorded| recorded.head.id != id), "what was deleted is not listed");
    assert!(!history.erase(id, now()).await.expect("an event is looked for"), "nothing is left to erase");
    history.delete(id).await.expect("deleting again succeeds");
    assert_eq!(tasks.written(&ids).await.expect("tasks are looked for"), gone);
    let recorded = history.recorded(other.head.id).await.expect("an event is read").expect("it is there");
    assert_eq!(recorded.tasks, [stays], "another event's tasks are not touched");
}

/// Events are listed newest first, page by page, over days, with their tasks as they stand; those that expired are not.
///
/// The store may hold other events as long as none is from the year 2031.
pub async fn history(log: &dyn EventLog, history: &dyn History, tasks: &dyn TaskLog) {
    // A year of its own, so that other events in the store are not in the way.
    let begin = Timestamp::from_seconds(1_924_992_000 + now().as_ms() % 10_000_000);
    let expires = begin.plus_ms(90 * DAY_MS);
    let mut made = Vec::new();
    for place in 0..7u64 {
        let mut event = fresh_event(noise(usize::try_from(place).unwrap_or_default() * 1_000));
        event.head.id = event_id_at(begin.plus_ms(place * DAY_MS / 2));
        let mut task = Task { expires_at: expires, ..fresh_task(event.head.id) };
        log.record(&event, std::slice::from_ref(&task), expires).await.expect("an event is recorded");
        if place % 2 == 0 {
            task.status = TaskStatus::Dead;
            tasks.save(std::slice::from_ref(&task)).await.expect("a task is saved");
        }
        made.push(RecordedEvent { head: event.head, tasks: vec![task] });
    }
    made.reverse();
    for most in [1, 3, 100] {
        let (mut listed, mut older_than) = (Vec::new(), Some(event_id_at(begin.plus_ms(30 * DAY_MS))));
        while older_than.is_some() {
            let page = history.events(older_than, begin, most).await.expect("events are listed");
            assert!(page.items.len() <= most, "a page has at most so many");
            if let Some(next) = page.next {
                assert!(Some(next) < older_than, "the list goes on");
            }
            listed.extend(page.items);
            older_than = page.next;
        }
        assert_eq!(listed, made, "{most} at a time");
    }
    let since = made[2].head.id.accepted_at();
    let page = history.events(Some(made[0].head.id), since, 100).await.expect("events are listed");
    assert_eq!((page.items.as_slice(), page.next), (&made[1..3], None), "from the second to the third");

    let erased = made[3].head.id;
    let when = now();
    assert!(history.erase(erased, when).await.expect("an event is erased"));
    assert!(!history.erase(fresh_event_id(), when).await.expect("an event is looked for"));
    let event = log.event(erased).await.expect("an event is read").expect("its head stays");
    assert_eq!((event.body.len(), event.head.headers.len(), event.head.erased_at), (0, 0, Some(when)));
    let recorded = history.recorded(erased).await.expect("an event is read").expect("it is there");
    assert_eq!((recorded.head.body_bytes, recorded.tasks), (made[3].head.body_bytes, made[3].tasks.clone()));

    history.delete(erased).await.expect("an event is deleted");
    history.delete(erased).await.expect("deleting again succeeds");
    assert_eq!(log.event(erased).await.expect("an event is looked for"), None);
    assert_eq!(history.recorded(erased).await.expect("an event is looked for"), None);

    let gone = fresh_event(b"gone".to_vec());
    log.record(&gone, &[fresh_task(gone.head.id)], now()).await.expect("an event is recorded");
    let page = history.events(None, gone.head.id.accepted_at(), 100).await.expect("events are listed");
    assert!(page.items.iter().all(|recorded| recorded.head.id != gone.head.id), "what expired is not listed");
    assert_eq!(history.recorded(gone.head.id).await.expect("an event is looked for"), None);
}

/// Events with a task that is under way again or has failed for good are found among any number of others, newest first.
///
/// The store may hold other events as long as none is from the year 2029.
pub async fn events_with_task(log: &dyn EventLog, history: &dyn History, tasks: &dyn TaskLog) {
    let begin = Timestamp::from_seconds(1_861_920_000 + now().as_ms() % 10_000_000);
    let expires = begin.plus_ms(90 * DAY_MS);
    let statuses = [
        TaskStatus::Dead,
        TaskStatus::Retrying,
        TaskStatus::Running,
        TaskStatus::Succeeded,
        TaskStatus::Skipped,
        TaskStatus::Queued,
    ];
    let mut made = Vec::new();
    for place in 0..18u64 {
        let mut event = fresh_event(b"{}".to_vec());
        event.head.id = event_id_at(begin.plus_ms(place * DAY_MS / 3));
        let mut own: Vec<_> = (0..2).map(|_| Task { expires_at: expires, ..fresh_task(event.head.id) }).collect();
        // Some are so from the start, the others become so.
        let status = statuses[usize::try_from(place % 6).unwrap_or_default()];
        if place >= 6 {
            own[0].status = status;
        }
        log.record(&event, &own, expires).await.expect("an event is recorded");
        if place < 6 {
            own[0].status = status;
            tasks.save(&own[..1]).await.expect("a task is saved");
        }
        own.sort_by(|a, b| a.id.cmp(&b.id));
        made.push(RecordedEvent { head: event.head, tasks: own });
    }
    made.reverse();
    let listed = async |status: TaskStatus, most: usize| {
        let (mut listed, mut older_than) = (Vec::new(), Some(event_id_at(begin.plus_ms(30 * DAY_MS))));
        while older_than.is_some() {
            let page = history.events_with_task(status, older_than, begin, most).await.expect("events are listed")?;
            assert!(page.items.len() <= most, "a page has at most so many");
            listed.extend(page.items);
            older_than = page.next;
        }
        Some(listed)
    };
    let standing = |made: &[RecordedEvent], status| -> Vec<_> {
        made.iter().filter(|one| one.tasks.iter().any(|task| task.status == status)).cloned().collect()
    };
    for status in statuses {
        for most in [1, 2, 100] {
            let Some(found) = listed(status, most).await else {
                let kept = [TaskStatus::Dead, TaskStatus::Retrying].contains(&status);
                assert!(!kept, "{status:?} is not listed");
                continue;
            };
            assert_eq!(found, standing(&made, status), "{status:?}, {most} at a time");
        }
    }
    // What moves on is listed where it stands now, and what is deleted is not listed at all.
    for (was, is) in [
        (TaskStatus::Retrying, TaskStatus::Succeeded),
        (TaskStatus::Running, TaskStatus::Retrying),
        (TaskStatus::Dead, TaskStatus::Queued),
    ] {
        for one in made.iter_mut().flat_map(|one| &mut one.tasks).filter(|task| task.status == was) {
            one.status = is;
            tasks.save(std::slice::from_ref(one)).await.expect("a task is saved");
        }
    }
    assert_eq!(listed(TaskStatus::Dead, 100).await, Some(Vec::new()));
    let retrying = standing(&made, TaskStatus::Retrying);
    assert_eq!((listed(TaskStatus::Retrying, 2).await, retrying.len()), (Some(retrying.clone()), 3));
    history.delete(retrying[0].head.id).await.expect("an event is deleted");
    assert_eq!(listed(TaskStatus::Retrying, 100).await, Some(retrying[1..].to_vec()));
    let since = retrying[1].head.id.accepted_at();
    let page = history.events_with_task(TaskStatus::Retrying, None, since, 100).await.expect("events are listed");
    assert_eq!(page.map(|page| page.items), Some(retrying[1..2].to_vec()), "from then on");
}

/// Refused requests are listed newest first.
pub async fn refused(log: &dyn EventLog, history: &dyn History) {
    let begin = Timestamp::from_seconds(1_956_528_000 + now().as_ms() % 10_000_000);
    let mut made: Vec<_> = (0..5u64)
        .map(|place| RefusedRequest {
            id: event_id_at(begin.plus_ms(place * DAY_MS)),
            received_at: begin,
            hook: (place % 2 == 0).then(fresh_hook_id),
            path: (place % 2 == 1).then(|| "no\"where".to_owned()),
            source_ip: Some(std::net::Ipv4Addr::LOCALHOST.into()),
            status: 401,
            cause: "the header x is missing".to_owned(),
            body_bytes: place,
        })
        .collect();
    for request in &made {
        log.record_refused(request, begin.plus_ms(90 * DAY_MS)).await.expect("a refusal is recorded");
        log.record_refused(request, begin.plus_ms(90 * DAY_MS)).await.expect("recording again succeeds");
    }
    made.reverse();
    let (mut listed, mut older_than) = (Vec::new(), Some(event_id_at(begin.plus_ms(30 * DAY_MS))));
    while older_than.is_some() {
        let page = history.refused(older_than, begin, 2).await.expect("refusals are listed");
        listed.extend(page.items);
        older_than = page.next;
    }
    assert_eq!(listed, made);
}

/// Counts add up.
pub async fn counts(counts: &dyn EventCounts) {
    let (busy, quiet) = (fresh_hook_id().into(), fresh_job());
    let begin = now();
    for n in 1..=20 {
        counts.add(&busy, n, begin.plus_ms(n)).await.expect("events are counted");
    }
    counts.add(&quiet, 1, begin).await.expect("an event is counted");
    let all = counts.counts().await.expect("counts are read");
    assert_eq!(all.get(&busy).map(|count| count.events), Some(210));
    assert_eq!(all.get(&quiet), Some(&EventCount { events: 1, last: begin }));
    assert_eq!(all.get(&fresh_job()), None);
}

/// Counts that are added at the same time add up too.
pub async fn counts_together(counts: &dyn EventCounts) {
    let (busy, begin) = (fresh_job(), now());
    let adding = (1..=20).map(|n| counts.add(&busy, n, begin.plus_ms(n)));
    for added in join_all(adding).await {
        added.expect("events are counted");
    }
    let all = counts.counts().await.expect("counts are read");
    assert_eq!(all.get(&busy), Some(&EventCount { events: 210, last: begin.plus_ms(20) }));
}
