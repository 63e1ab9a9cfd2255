//! Every way in which a task can die, and the notice of each.

use std::path::Path;
use std::sync::Arc;

use bellhop_core::config::Settings;
use bellhop_core::event::Proof;
use bellhop_core::id::ReplayId;
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;
use bellhop_core::time::Timestamp;

use super::*;
use crate::cache::Changes;
use crate::delivery::poison::Poison;
use crate::ports::{BotAnswer, EventLog as _, HookWriter as _, Vault as _};
use crate::testing::memory::{Memory, SetClock};

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
const OPERATOR: &str = "999";

/// A world with an operator, and a bot that is refused everywhere.
async fn world() -> (Arc<Memory>, Arc<SetClock>) {
    let clock = Arc::new(SetClock::new(START));
    let memory = Arc::new(Memory::new(clock.clone()));
    memory.keep("bot", &bellhop_core::secret::Secret::new("1:token-of-a-test").unwrap()).await.unwrap();
    let settings = Settings {
        telegram_token: Some(bellhop_core::secret::SecretRef::Stored("bot".to_owned())),
        operator_chat: Some(OPERATOR.to_owned()),
        ..Settings::default()
    };
    memory.write_hooks(&[], &[], Some(&settings)).await.unwrap();
    memory.answer(|_| {
        let body = br#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
        Ok(BotAnswer { status: 403, body: body.to_vec() })
    });
    (memory, clock)
}

/// What sets poison aside in this world.
fn poison(memory: &Arc<Memory>) -> Poison {
    memory.routing(Changes::default()).poison()
}

fn event_id(number: u8) -> EventId {
    EventId::new(START.plus_ms(number.into()), &[number; 10])
}

fn hook() -> HookId {
    HookId::from_text("hk_1")
}

fn task(number: u8, chat: &str) -> Task {
    let (id, expires) = (event_id(number), START.plus_ms(1 << 40));
    Task::queued(TaskId::new(id, &hook(), 0), Kind::Telegram, chat, START, expires)
}

fn work(task: &Task) -> Work {
    Work::telegram(task.clone(), vec!["text".to_owned()])
}

/// An event's inbox message.
fn message(number: u8) -> Message<'static> {
    Message {
        id: event_id(number),
        path: "p",
        sender: "github",
        event_type: None,
        delivery_id: None,
        received_at: START,
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: vec![Proof::new(hook(), None)],
        body: b"{}",
        test: false,
    }
}

/// Records an event with a task that waits.
async fn record(memory: &Memory, number: u8, task: &Task) {
    let bellhop_core::inbox::Read::Whole(event) = bellhop_core::inbox::read(&message(number).to_bytes()).unwrap()
    else {
        unreachable!("it has its body")
    };
    memory.record(&event, std::slice::from_ref(task), START.plus_ms(1 << 40)).await.unwrap();
}

/// The texts on the operator's queue, which is emptied.
fn told(memory: &Memory) -> Vec<String> {
    let works = memory.with_work(crate::testing::memory::Queue::take_all);
    let works = works.iter().map(|body| serde_json::from_str::<Work>(body).unwrap());
    works.filter(|work| work.group() == OPERATOR).map(|work| work.parts().concat()).collect()
}

/// One way to die: what kills a task, and how the notice of it begins.
async fn die(way: usize, memory: &Arc<Memory>) -> Option<&'static str> {
    const ARRIVED_NOT: &str = "<b>A message did not arrive</b>";
    let (poison, routing) = (poison(memory), memory.routing(Changes::default()));
    let number = u8::try_from(way + 1).unwrap();
    let task = task(number, &format!("chat {number}"));
    Some(match way {
        // A worker's attempt is refused for good.
        0 => {
            let works = [Work::telegram(task, vec!["text".to_owned()])];
            memory.telegram(Changes::default()).turn(&works).await.unwrap();
            ARRIVED_NOT
        }
        // A worker's process ended over it again and again.
        1 => {
            let works = Work::telegram(task, vec!["text".to_owned()]);
            memory.telegram(Changes::default()).set_aside(&works, "because").await.unwrap();
            ARRIVED_NOT
        }
        // A dead letter of the workers' queue.
        2 => {
            poison.work(&work(&task), "because").await.unwrap();
            ARRIVED_NOT
        }
        // Work of which the key alone can be read.
        3 => {
            record(memory, number, &task).await;
            poison.task(&task.id, None, "because").await.unwrap();
            ARRIVED_NOT
        }
        // An event that was recorded, and whose router failed before it had queued the work.
        4 => {
            record(memory, number, &task).await;
            assert!(poison.message(&message(number).to_bytes(), "because").await.unwrap());
            ARRIVED_NOT
        }
        // An event that was recorded, and whose hook was deleted before its message was made.
        5 => {
            record(memory, number, &task).await;
            routing.record(&message(number).to_bytes()).await.unwrap();
            ARRIVED_NOT
        }
        // An event that cannot be routed.
        6 => {
            assert!(routing.set_aside(&message(number).to_bytes(), "because").await.unwrap());
            "<b>An event could not be routed</b>"
        }
        // Orders, and what is not ours.
        7 => {
            let order = Order::ReplayV1 { replay: ReplayId::from_text("rp_1") };
            assert!(!routing.set_aside(order_text(&order).as_bytes(), "because").await.unwrap());
            "<b>A message of the inbox was set aside</b>, an order to go on with the replay rp_1"
        }
        8 => {
            assert!(!poison.message(b"nonsense", "because").await.unwrap());
            "<b>A message of the inbox was set aside</b>, one that is not Bellhop's"
        }
        9 => {
            poison.unread("because").await.unwrap();
            "<b>A message of the inbox was set aside</b>, one that cannot even be read"
        }
        _ => return None,
    })
}

#[tokio::test]
async fn every_way_to_die_is_told_of_once() {
    for way in 0.. {
        let (memory, _) = world().await;
        let Some(begins) = die(way, &memory).await else { break };
        let told = told(&memory);
        assert!(told.len() == 1 && told[0].starts_with(begins), "way {way}: {told:?}");
        let dead =
            memory.all_tasks().into_iter().filter(|task| task.status == TaskStatus::Dead && task.reason.is_some());
        assert_eq!(dead.count(), usize::from(way < 7), "way {way}: what is told of is written down");
    }
}

#[tokio::test]
async fn of_one_kind_and_destination_one_is_told_of_within_an_hour() {
    let (memory, clock) = world().await;
    let poison = poison(&memory);
    let mut counts = Vec::new();
    for (number, chat, wait_ms) in
        [(1, "5", 0), (2, "5", 0), (3, "6", 0), (4, "5", QUIET_MS - 1), (5, "5", 1), (6, "6", 0), (7, "6", 0)]
    {
        clock.advance_ms(wait_ms);
        poison.work(&work(&task(number, chat)), "because").await.unwrap();
        counts.push(told(&memory).len());
    }
    assert_eq!(counts, [1, 0, 1, 0, 1, 1, 0]);
    for number in [11, 12] {
        assert!(poison.message(&message(number).to_bytes(), "because").await.unwrap());
    }
    assert_eq!(told(&memory).len(), 1, "an event that cannot be routed is of another kind");
}

#[tokio::test]
async fn a_notice_that_was_cut_short_is_given_again_and_is_one() {
    let (memory, _) = world().await;
    let task = Task { status: TaskStatus::Dead, ..task(1, "5") };
    let notices = Notices {
        tasks: &*memory,
        documents: &*memory,
        queue: &*memory,
        clock: &SetClock::new(START),
        operator_chat: Some(OPERATOR),
    };
    for _ in 0..2 {
        notices.died(std::slice::from_ref(&task)).await.unwrap();
    }
    assert_eq!(told(&memory).len(), 1);
    let none = Notices { operator_chat: None, ..notices };
    none.died(&[Task { destination: "7".to_owned(), ..task.clone() }]).await.unwrap();
    assert!(told(&memory).is_empty(), "nobody is there to be told");
}

/// The files that make a task dead, and in how many places. Each of them tells of it, as the tests above show, and has the
/// task's place taken, as `delivery/tests/fallback.rs` and `routing/tests/fallback.rs` do: but for a condition that was not
/// decided, where nobody knows whether the event is wanted.
const DEADLY: [(&str, usize); 5] = [
    ("delivery/outcome.rs", 2),
    ("delivery/poison.rs", 1),
    ("routing/gate.rs", 1),
    ("routing/making.rs", 2),
    ("routing/retries.rs", 1),
];

#[test]
fn nothing_else_makes_a_task_dead() {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let root = folders[0].clone();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            if name.contains("tests") || name.starts_with("testing") {
                continue;
            }
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let text = std::fs::read_to_string(&entry).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            assert!(!code.contains("status = TaskStatus::Dead;"), "{name}: `Task::die` is what ends a task");
            let places = [".die(", "status: TaskStatus::Dead"].map(|word| code.matches(word).count());
            let places = places.iter().sum::<usize>();
            if places > 0 {
                found.push((name, places));
            }
        }
    }
    found.sort();
    assert_eq!(found, DEADLY.map(|(name, places)| (name.to_owned(), places)));
}
