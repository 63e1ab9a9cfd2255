//! Batches of queue messages with every kind of trouble.

use std::sync::{Arc, Mutex};

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::delivery::telegram::{BotCache, Telegram};
use bellhop_app::delivery::{Attempted, Engine, Worker};
use bellhop_app::ports::{Bot, BotAnswer, BotApi, BotMessage, PortError, PortResult};
use bellhop_app::routing::{Routing, RuleCache};
use bellhop_app::testing::memory::Memory as Elsewhere;
use bellhop_core::action::{Kind, QueueName};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::pace::{Pace, Scope};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::ports::{Memory, clock, in_seconds};
use crate::batch::{Batch, Outcome, Record};
use crate::inbox::route;
use crate::work::Groups;

/// A Bot API that nobody should call.
struct NoBotApi;

#[async_trait::async_trait]
impl BotApi for NoBotApi {
    async fn send_message(&self, _: &Bot, _: &BotMessage<'_>) -> PortResult<BotAnswer> {
        Err(PortError::new("the Bot API", "is not to be called"))
    }
}

/// The worker of chats, but for what it reads: work of every kind, some of which may be done side by side.
struct AnyWork(Telegram);

#[async_trait::async_trait]
impl Worker for AnyWork {
    const QUEUE: QueueName = QueueName::Telegram;

    fn fitting(&self, works: &[Work]) -> usize {
        self.0.fitting(works)
    }

    async fn operator_chat(&self) -> PortResult<Option<String>> {
        self.0.operator_chat().await
    }

    async fn is_dry_run(&self) -> PortResult<bool> {
        self.0.is_dry_run().await
    }

    fn show(&self, batch: &bellhop_app::delivery::Batch<'_>) {
        self.0.show(batch);
    }

    async fn attempt(&self, batch: &bellhop_app::delivery::Batch<'_>, moved_to: Option<&str>) -> PortResult<Attempted> {
        self.0.attempt(batch, moved_to).await
    }
}

/// A worker without a bot.
fn worker(memory: &Arc<Memory>) -> Engine<AnyWork> {
    let worker = Telegram {
        bot: BotCache::new(memory.clone(), memory.clone(), Cache::new(clock(), Changes::default())),
        api: Arc::new(NoBotApi),
        dry_run: memory.clone(),
        documents: memory.clone(),
        clock: clock(),
        bot_pace: Mutex::new(Pace::new(Scope::Bot)),
    };
    Engine::new(AnyWork(worker), memory.clone(), memory.clone(), memory.clone(), clock())
}

/// A batch of messages, each a chat, an id and a body; its receipt is its id.
fn batch(messages: &[(&str, &str, String)]) -> Batch {
    let record = |(group, id, body): &(&str, &str, String)| serde_json::json!({"messageId": id, "receiptHandle": id, "body": body, "attributes": {"MessageGroupId": group}});
    let records: Vec<_> = messages.iter().map(record).collect();
    serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
}

/// Work whose task's id says what happens.
fn work(task: &str, parts: usize) -> String {
    let parts = (0..parts).map(|n| format!("part {n} of {task}")).collect();
    let event = EventId::new(Timestamp::from_ms(0), &[0; 10]);
    let (now, later) = (Timestamp::from_ms(0), in_seconds(3_600));
    let task = Task::queued(TaskId::new(event, &HookId::from_text(task), 0), Kind::Telegram, task, now, later);
    serde_json::to_string(&Work::telegram(task, parts)).unwrap()
}

/// What a batch comes to, and what was postponed.
async fn carry(memory: &Arc<Memory>, batch: &Batch, seconds: u64) -> (Outcome, Vec<(String, u64)>) {
    let worker = worker(memory);
    let chats = Groups { engine: &worker, receipts: memory.as_ref(), deadline: in_seconds(seconds) };
    let outcome = chats.work(batch).await;
    let postponed = std::mem::take(&mut *memory.postponed.lock().unwrap());
    (outcome, postponed)
}

fn named(ids: &[&str]) -> Outcome {
    Outcome::failed(ids.iter().map(|id| (*id).to_owned()))
}

#[tokio::test]
async fn each_chat_stops_at_its_own_trouble_and_keeps_its_order() {
    let memory = Arc::new(Memory::default());
    let batch = batch(&[
        ("well", "w1", work("ok-1", 1)),
        ("well", "w2", work("ok-2", 1)),
        ("poison", "p1", work("ok-4", 1)),
        ("poison", "p2", r#"{"type":"TelegramV9"}"#.to_owned()),
        ("poison", "p3", work("ok-5", 1)),
        ("panic", "c1", work("panic-1", 1)),
        ("error", "e1", work("error-1", 1)),
        ("error", "e2", work("ok-6", 1)),
    ]);
    let (outcome, mut postponed) = carry(&memory, &batch, 60).await;
    assert_eq!(outcome, named(&["p2", "p3", "c1", "e1", "e2"]));
    postponed.sort();
    let expected = [("c1", 5), ("e1", 30), ("e2", 0), ("p2", 5), ("p3", 0)];
    assert_eq!(postponed, expected.map(|(id, seconds)| (id.to_owned(), seconds)));
    assert_eq!(memory.succeeded(), 3);
}

/// While a group takes long, what others have settled is deleted: their next messages must not wait for it. Those whose
/// order is not kept have nothing behind them.
#[tokio::test(start_paused = true)]
async fn settled_groups_do_not_wait_for_a_slow_one() {
    let mut parallel: serde_json::Value = serde_json::from_str(&work("ok-4", 1)).unwrap();
    parallel["type"] = "ForwardV1".into();
    parallel["request"] = serde_json::json!({"url": "https://example.com/", "method": "POST", "headers": [], "body": "original", "timeout_seconds": 10});
    let parallel = parallel.to_string();
    let memory = Arc::new(Memory::default());
    let batch = batch(&[
        ("well", "w1", work("ok-1", 1)),
        ("half", "h1", work("ok-2", 1)),
        ("half", "h2", r#"{"type":"TelegramV9"}"#.to_owned()),
        ("slow", "s1", work("slow-1", 1)),
        ("alone", "a1", parallel),
        ("slow", "s2", work("ok-3", 1)),
    ]);
    let (outcome, postponed) = carry(&memory, &batch, 60).await;
    assert_eq!((outcome, postponed), (named(&["h2"]), vec![("h2".to_owned(), 5)]));
    assert_eq!(*memory.deleted.lock().unwrap(), [["w1", "h1"]]);
}

#[tokio::test(start_paused = true)]
async fn groups_that_end_together_are_deleted_by_the_end_of_their_batch_alone() {
    let memory = Arc::new(Memory::default());
    let batch = batch(&[("1", "a", work("ok-1", 1)), ("2", "b", work("ok-2", 1)), ("3", "c", work("slow-1", 1))]);
    let (fast, slow) = (batch.records[..2].to_vec(), batch.records[2..].to_vec());
    for records in [fast, slow] {
        assert_eq!(carry(&memory, &Batch { records }, 60).await.0, Outcome::default());
    }
    assert!(memory.deleted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_message_in_parts_is_finished_while_there_is_time() {
    let memory = Arc::new(Memory::default());
    let batch = batch(&[("1", "a", work("ok-1", 3)), ("1", "b", work("ok-2", 1))]);
    assert_eq!(carry(&memory, &batch, 60).await, (Outcome::default(), Vec::new()));
    assert_eq!(memory.shown.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn without_time_for_another_turn_the_rest_comes_again_at_once() {
    let memory = Arc::new(Memory::default());
    let batch = batch(&[("1", "a", work("ok-1", 3)), ("1", "b", work("ok-2", 1))]);
    let (outcome, postponed) = carry(&memory, &batch, 10).await;
    assert_eq!(outcome, named(&["a", "b"]));
    assert_eq!(postponed, [("a".to_owned(), 1), ("b".to_owned(), 0)]);
    // What was done of it is not done again.
    assert_eq!(carry(&memory, &batch, 60).await.0, Outcome::default());
    let texts: Vec<_> = memory.shown.lock().unwrap().iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(texts, ["part 0 of ok-1", "part 1 of ok-1", "part 2 of ok-1", "part 0 of ok-2"]);
}

#[tokio::test]
async fn recorded_messages_are_carried() {
    let memory = Arc::new(Memory::default());
    let recorded = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/telegram-batch.json")).unwrap();
    let batch: Batch = serde_json::from_slice(&recorded).unwrap();
    assert_eq!(carry(&memory, &batch, 60).await.0, Outcome::default());
    assert_eq!(memory.succeeded(), 3);
}

/// The router over ports in memory.
fn routing(memory: &Arc<Memory>) -> Routing {
    Routing {
        rules: RuleCache::new(
            memory.clone(),
            Arc::new(Elsewhere::new(clock())),
            Cache::new(clock(), Changes::default()),
        ),
        events: memory.clone(),
        bodies: memory.clone(),
        queue: memory.clone(),
        clock: clock(),
        ..Elsewhere::new(clock()).routing(Changes::default())
    }
}

/// The recorded inbox batch, with its hooks those in memory: two messages that are routed, and one that never will be.
fn inbox_batch() -> Batch {
    let recorded = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/inbox-batch.json"));
    serde_json::from_str(&recorded.unwrap().replace("hk_abcdefghijkmnpqrstuvwx", "hk_github")).unwrap()
}

/// A copy of a message with another delivery id.
fn copy(record: &Record, id: &str, delivery: &str) -> Record {
    let (line, body) = record.body.split_once('\n').unwrap();
    let mut head: serde_json::Value = serde_json::from_str(&line[1..]).unwrap();
    head["delivery_id"] = delivery.into();
    Record { message_id: id.to_owned(), body: format!("1{head}\n{body}"), ..record.clone() }
}

#[tokio::test]
async fn one_message_s_trouble_is_its_own() {
    let memory = Arc::new(Memory::default());
    let mut batch = inbox_batch();
    batch.records.insert(0, copy(&batch.records[0], "panics", "panic"));
    let poison = batch.records[3].message_id.clone();
    let outcome = route(&routing(&memory), &batch, in_seconds(30)).await;
    assert_eq!(outcome, named(&["panics", &poison]));
}

#[tokio::test]
async fn a_batch_s_work_is_sent_at_once_in_the_order_of_its_events() {
    let memory = Arc::new(Memory::default());
    let mut batch = inbox_batch();
    batch.records.swap(0, 1);
    route(&routing(&memory), &batch, in_seconds(30)).await;
    let queued = memory.queued.lock().unwrap();
    let [work] = queued.as_slice() else { panic!("{} calls", queued.len()) };
    assert_eq!(work.len(), 2);
    assert!(work[0].task.event < work[1].task.event);
}

#[tokio::test]
async fn what_was_not_sent_comes_again() {
    let memory = Arc::new(Memory { queue_broken: true, ..Memory::default() });
    let mut batch = inbox_batch();
    // Of a hook that is gone nothing is left to send.
    let gone = batch.records[0].body.replace("hk_github", "hk_gone");
    batch.records.push(Record { message_id: "nothing to send".to_owned(), body: gone, ..batch.records[0].clone() });
    let ids: Vec<_> = batch.records[..3].iter().map(|record| record.message_id.as_str()).collect();
    assert_eq!(route(&routing(&memory), &batch, in_seconds(30)).await, named(&ids));
}
