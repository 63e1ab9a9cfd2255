use std::sync::{Arc, Mutex};

use bellhop_core::action::{Kind, Lane, QueueName};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::TaskStatus;
use bellhop_core::time::Timestamp;

use super::*;
use crate::delivery::{Engine, Turn, Worker};
use crate::ports::Written;
use crate::testing::memory::{AwsSeen, Memory, SetClock};

const NOW: Timestamp = Timestamp::from_seconds(1_795_244_400);
const BUS: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/default";
const THEIRS: &str = "arn:aws:events:us-east-1:444455556666:event-bus/orders";

/// The sink as the worker of a queue.
struct Alone(Eventbridge);

#[async_trait]
impl Worker for Alone {
    const QUEUE: QueueName = QueueName::Forward;

    fn fitting(&self, works: &[Work]) -> usize {
        self.0.fitting(works)
    }

    async fn operator_chat(&self) -> PortResult<Option<String>> {
        Ok(Some("999".to_owned()))
    }

    async fn attempt(&self, batch: &Batch<'_>, _: Option<&str>) -> PortResult<Attempted> {
        self.0.attempt(batch).await
    }
}

/// An engine whose events go to memory.
struct Stage {
    memory: Arc<Memory>,
    clock: Arc<SetClock>,
    engine: Engine<Alone>,
}

impl Stage {
    fn new(targets: &str) -> Self {
        let clock = Arc::new(SetClock::new(NOW));
        let memory = Arc::new(Memory::new(clock.clone()));
        let aws = Some(AwsReach::new(memory.clone(), targets));
        let worker = Alone(Eventbridge { aws, clock: clock.clone() });
        let engine = Engine::new(worker, memory.clone(), memory.clone(), memory.clone(), clock.clone());
        Self { memory, clock, engine }
    }

    /// EventBridge answers each event by the text in its detail: with an id, or with this code.
    fn answer(&self, codes: &'static [(&'static str, &'static str)]) {
        self.memory.answer_events(Box::new(move |seen: &[AwsSeen]| {
            let answer = |seen: &AwsSeen| match codes.iter().find(|(text, _)| seen.text.contains(text)) {
                Some((_, code)) => Err(refusal(code)),
                None => Ok(format!("id of {}", seen.text)),
            };
            Ok(seen.iter().map(answer).collect())
        }));
    }

    async fn turn(&self, works: &[Work]) -> Turn {
        self.engine.turn(works).await.unwrap()
    }

    /// Takes turns, each when it is due, until everything is settled.
    async fn finish(&self, works: &[Work]) {
        let mut settled = 0;
        while settled < works.len() {
            let turn = self.turn(&works[settled..]).await;
            settled += turn.settled;
            self.clock.set(turn.next.max(self.clock.now()));
        }
    }

    fn task(&self, work: &Work) -> Task {
        self.memory.task(&work.task.id).expect("it was written down")
    }

    fn statuses(&self, works: &[Work]) -> Vec<TaskStatus> {
        works.iter().map(|work| self.task(work).status).collect()
    }

    /// Which details each call carried.
    fn calls(&self) -> Vec<Vec<String>> {
        let mut calls: Vec<Vec<String>> = Vec::new();
        for AwsSeen { call, text, .. } in self.memory.asked_of_aws() {
            calls.resize(call.max(calls.len()), Vec::new());
            calls[call - 1].push(text);
        }
        calls
    }
}

fn refusal(code: &str) -> AwsRefusal {
    AwsRefusal { status: None, code: code.to_owned(), why: "why".to_owned() }
}

/// The detail of the so-many-th event.
fn detail(number: u8) -> String {
    format!("{{\"n\":\"<{number}>\"}}")
}

/// Work of the so-many-th event, for a bus.
fn to_bus(number: u8, bus: &str) -> Work {
    let id = TaskId::new(EventId::new(NOW, &[number; 10]), &HookId::from_text("hk_1"), 0);
    let task = Task::queued(id, Kind::Eventbridge, bus, NOW, NOW.plus_ms(90 * 24 * 60 * 60 * 1000));
    let (source, detail_type) = ("bellhop.github".to_owned(), "push".to_owned());
    let entry = Entry { bus: bus.to_owned(), source, detail_type, detail: detail(number), time: NOW };
    Work { task, payload: Payload::Eventbridge(entry), lane: Lane::Ordered, fallback: None, trace: None }
}

fn works(count: u8) -> Vec<Work> {
    (0..count).map(|number| to_bus(number, "default")).collect()
}

/// Work whose detail has so many bytes.
fn large(number: u8, bytes: usize) -> Work {
    let mut work = to_bus(number, "default");
    let Payload::Eventbridge(entry) = &mut work.payload else { panic!("it is an event") };
    entry.detail = format!("{{\"n\":\"{}\"}}", "x".repeat(bytes - entry.bytes() + entry.detail.len() - 8));
    assert_eq!(entry.bytes(), bytes);
    work
}

#[tokio::test]
async fn events_that_wait_for_a_bus_go_ten_at_a_time_in_their_order() {
    let stage = Stage::new(BUS);
    let works = works(23);
    stage.finish(&works).await;
    let calls = stage.calls();
    assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);
    assert_eq!(calls.concat(), (0..23).map(detail).collect::<Vec<_>>());
    let seen = stage.memory.asked_of_aws().remove(0);
    assert_eq!((seen.region.as_str(), seen.place.as_str()), ("eu-central-1", BUS));
    assert_eq!(seen.words, ["bellhop.github", "push"]);
    for (place, work) in works.iter().enumerate() {
        let attempt = stage.task(work).attempts.remove(0);
        let id = format!("id-{}-{}", place / 10 + 1, place % 10);
        assert_eq!((attempt.response_status, attempt.answer), (Some(200), id), "each has its own answer");
    }
}

#[test]
fn a_call_carries_no_more_bytes_than_one_may() {
    let sink = Stage::new(BUS).engine.worker;
    for (sizes, fitting) in [
        (vec![MOST_BYTES], 1),
        (vec![MOST_BYTES, 100], 1),
        (vec![MOST_BYTES - 100, 100, 100], 2),
        (vec![MOST_BYTES / 2, MOST_BYTES / 2, 100], 2),
        (vec![100; 12], MOST_EVENTS),
    ] {
        let works: Vec<_> = sizes.iter().zip(0..).map(|(bytes, number)| large(number, *bytes)).collect();
        assert_eq!(sink.fitting(&works), fitting, "{sizes:?}");
    }
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_alone_and_what_was_taken_never() {
    let stage = Stage::new(BUS);
    let works = works(6);
    stage.answer(&[("<0>", "InternalFailure"), ("<3>", "ThrottlingException"), ("<4>", "MalformedDetail")]);
    let turn = stage.turn(&works).await;
    assert_eq!(turn.settled, 0, "the first is still to be done");
    use TaskStatus::{Dead, Retrying, Succeeded};
    assert_eq!(stage.statuses(&works), [Retrying, Succeeded, Succeeded, Retrying, Dead, Succeeded]);
    assert_eq!(stage.task(&works[1]).attempts[0].answer, format!("id of {}", detail(1)));
    assert_eq!(stage.task(&works[4]).reason.unwrap(), "EventBridge: MalformedDetail: why");
    assert_eq!(stage.task(&works[3]).attempts[0].answer, "ThrottlingException: why");
    assert_eq!(stage.turn(&works).await.settled, 0, "they wait for their time");
    stage.answer(&[]);
    stage.finish(&works).await;
    assert_eq!(stage.calls()[1..], [vec![detail(0), detail(3)]]);
    assert_eq!(stage.statuses(&works), [Succeeded, Succeeded, Succeeded, Succeeded, Dead, Succeeded]);
    let notices = stage.memory.with_work(|queue| queue.bodies());
    assert_eq!(notices.len(), 1, "one event is dead, and one notice tells of it");
    assert!(notices[0].contains("MalformedDetail"), "{}", notices[0]);
}

#[tokio::test]
async fn nothing_that_arrived_is_sent_again_whatever_fails_in_whatever_order() {
    // Each event's fate in its first calls, by the bits of a number.
    for pattern in 0..64_u32 {
        let stage = Stage::new(BUS);
        let works = works(6);
        let arrived: Arc<Mutex<Vec<String>>> = Arc::default();
        let (heard, mut call) = (Arc::clone(&arrived), 0);
        stage.memory.answer_events(Box::new(move |seen: &[AwsSeen]| {
            call += 1;
            let answer = |(place, seen): (usize, &AwsSeen)| match call <= 2 && (pattern >> (place % 6)) & 1 == 1 {
                true => Err(refusal(if place % 2 == 0 { "InternalFailure" } else { "ThrottlingException" })),
                false => {
                    heard.lock().unwrap().push(seen.text.clone());
                    Ok("id".to_owned())
                }
            };
            Ok(seen.iter().enumerate().map(answer).collect())
        }));
        stage.finish(&works).await;
        let mut arrived = arrived.lock().unwrap().clone();
        arrived.sort();
        assert_eq!(arrived, (0..6).map(detail).collect::<Vec<_>>(), "{pattern:06b}");
        assert!(stage.statuses(&works).iter().all(|status| *status == TaskStatus::Succeeded), "{pattern:06b}");
    }
}

#[tokio::test]
async fn one_that_fails_for_itself_is_given_up_and_holds_the_others_up_no_longer() {
    let stage = Stage::new(BUS);
    let mut works = works(1);
    stage.answer(&[("<0>", "InternalFailure")]);
    for number in 1..=4 {
        works.push(to_bus(number, "default"));
        let turn = stage.turn(&works).await;
        stage.clock.set(turn.next);
    }
    let first = stage.task(&works[0]);
    assert_eq!((first.status, first.attempts.len()), (TaskStatus::Dead, 4));
    assert!(first.reason.unwrap().contains("while others arrived"));
    assert!(stage.clock.now().ms_since(NOW) < 10 * 60 * 1000);
    assert!(stage.statuses(&works[1..]).iter().all(|status| *status == TaskStatus::Succeeded));
    // Alone, it says nothing of itself: the service may be down for all, and it has all its attempts.
    let alone = Stage::new(BUS);
    alone.answer(&[("<0>", "InternalFailure")]);
    alone.finish(&works[..1]).await;
    assert_eq!(alone.task(&works[0]).attempts.len(), 8);
}

#[tokio::test]
async fn events_that_are_refused_for_themselves_say_nothing_of_their_bus() {
    let stage = Stage::new(BUS);
    let works = works(40);
    stage.answer(&[("n", "MalformedDetail")]);
    stage.finish(&works).await;
    assert_eq!(stage.calls().len(), 4, "the breaker stayed closed");
    assert!(stage.statuses(&works).iter().all(|status| *status == TaskStatus::Dead));
}

#[tokio::test]
async fn a_call_that_is_not_answered_is_made_again_with_all_its_events() {
    let stage = Stage::new(BUS);
    let works = works(3);
    let mut calls = 0;
    stage.memory.answer_events(Box::new(move |seen: &[AwsSeen]| {
        calls += 1;
        match calls {
            1 => Err(AwsRefusal { status: None, code: String::new(), why: "no answer in time".to_owned() }),
            2 => Err(AwsRefusal { status: Some(500), ..refusal("InternalException") }),
            // One that says too little has not said that the rest arrived.
            3 => Ok(vec![Ok("id".to_owned())]),
            _ => Ok(seen.iter().map(|_| Ok("id".to_owned())).collect()),
        }
    }));
    stage.finish(&works).await;
    assert_eq!(stage.calls().iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 3, 2]);
    let attempts = stage.task(&works[0]).attempts;
    let said: Vec<_> = attempts.iter().map(|one| (one.response_status, one.answer.as_str())).collect();
    assert_eq!(said, [(None, ""), (Some(500), "InternalException: why"), (Some(200), "id")]);
    assert!(attempts[0].detail.contains("no answer in time"), "{}", attempts[0].detail);
}

#[tokio::test]
async fn a_bus_that_is_not_listed_is_not_asked_and_the_reason_says_where_to_list_it() {
    for (targets, bus, asked) in [
        ("", "default", None),
        ("", BUS, None),
        (THEIRS, "default", None),
        (THEIRS, "orders", None),
        ("arn:aws:events:eu-central-1:111122223333:event-bus/*", "default", None),
        (BUS, "default", Some(("eu-central-1", BUS))),
        (THEIRS, THEIRS, Some(("us-east-1", THEIRS))),
    ] {
        let stage = Stage::new(targets);
        let work = to_bus(1, bus);
        stage.finish(std::slice::from_ref(&work)).await;
        let seen = stage.memory.asked_of_aws();
        let found = seen.first().map(|seen| (seen.region.as_str(), seen.place.as_str()));
        assert_eq!(found, asked, "{targets} {bus}");
        let task = stage.task(&work);
        assert_eq!(task.status == TaskStatus::Succeeded, asked.is_some());
        assert_eq!(task.reason.is_some_and(|reason| reason.contains("ActionTargets")), asked.is_none());
    }
}

#[tokio::test]
async fn without_credentials_the_reason_says_what_to_set() {
    let clock = Arc::new(SetClock::new(NOW));
    let sink = Eventbridge { aws: None, clock };
    let work = to_bus(1, "default");
    let batch = Batch::new(std::slice::from_ref(&work), vec![Written::Nothing], NOW);
    let attempted = sink.attempt(&batch).await.unwrap();
    let Err(Failure::Closed(why)) = attempted.result else { panic!("{attempted:?}") };
    assert!(why.contains("AWS_ACCESS_KEY_ID") && why.contains("AWS_REGION"), "{why}");
}
