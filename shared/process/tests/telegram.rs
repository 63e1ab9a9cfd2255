//! The Telegram worker on a real database, a clock we set and a Bot API that answers as it is told.
#![expect(clippy::unwrap_used, reason = "a failed call is a failed test")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bellhop_app::cache::{Cache, Changes};
use bellhop_app::delivery::telegram::{BotCache, Telegram, TelegramEngine};
use bellhop_app::delivery::{Engine, Turn};
use bellhop_app::ports::{
    Bot, BotAnswer, BotApi, BotMessage, Clock, DryRun, EventLog, History as _, HookWriter, PortError, PortResult,
    TaskLog, Vault,
};
use bellhop_core::action::Kind;
use bellhop_core::config::Settings;
use bellhop_core::event::{Event, EventHead};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::pace::{Pace, Scope};
use bellhop_core::retry::WAITS_SECONDS;
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use bellhop_sqlite::{Database, LocalSecrets};

const START: u64 = 1_700_000_000_000;
const OK: &str = r#"{"ok":true,"result":{"message_id":7}}"#;
const BLOCKED: &str = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
const BAD_HTML: &str = r#"{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: x"}"#;
const WAIT_41: &str =
    r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":41}}"#;
const MOVED: &str = r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1009}}"#;

/// A clock that stands where it is put.
struct SetClock(Mutex<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.fill(127);
    }
}

/// What the Bot API does next: answers, or is not reached. It answers well when nothing is scripted.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Option<(u16, &'static str)>>>,
    down: Mutex<bool>,
    seen: Mutex<Vec<(String, String, bool)>>,
}

#[async_trait]
impl BotApi for Script {
    async fn send_message(&self, bot: &Bot, message: &BotMessage<'_>) -> PortResult<BotAnswer> {
        assert_eq!(bot.token.expose(), "1:token");
        if *self.down.lock().unwrap() {
            return Err(PortError::new("the Bot API was not reached", "no connection"));
        }
        self.seen.lock().unwrap().push((message.chat.to_owned(), message.text.to_owned(), message.html));
        let next = self.answers.lock().unwrap().pop_front().unwrap_or(Some((200, OK)));
        let (status, body) = next.ok_or_else(|| PortError::new("the Bot API was not reached", "no answer in time"))?;
        Ok(BotAnswer { status, body: body.as_bytes().to_vec() })
    }
}

impl DryRun for Script {
    fn show(&self, message: &BotMessage<'_>) {
        self.seen.lock().unwrap().push((message.chat.to_owned(), message.text.to_owned(), message.html));
    }
}

/// A worker, what it works on and what it meets.
struct Stage {
    database: Arc<Database>,
    clock: Arc<SetClock>,
    script: Arc<Script>,
    worker: TelegramEngine,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(with_bot: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(Mutex::new(Timestamp::from_ms(START))));
        let database = Arc::new(Database::with_clock(folder.path(), clock.clone()).unwrap());
        if with_bot {
            database.keep("bot", &Secret::new("1:token").unwrap()).await.unwrap();
            let settings =
                Settings { telegram_token: Some(SecretRef::Stored("bot".to_owned())), ..Settings::default() };
            database.write_hooks(&[], &[], Some(&settings)).await.unwrap();
        }
        let script = Arc::new(Script::default());
        let secrets = Arc::new(LocalSecrets::new(Database::clone(&database)));
        let telegram = Telegram {
            bot: BotCache::new(database.clone(), secrets, Cache::new(clock.clone(), Changes::default())),
            api: script.clone(),
            dry_run: script.clone(),
            documents: database.clone(),
            clock: clock.clone(),
            bot_pace: Mutex::new(Pace::new(Scope::Bot)),
        };
        let (tasks, documents, queue) = (database.clone(), database.clone(), database.clone());
        let worker = Engine::new(telegram, tasks, documents, queue, clock.clone());
        Self { database, clock, script, worker, _folder: folder }
    }

    /// Records a task for a chat and returns its work.
    async fn task(&self, number: u8, chat: &str, parts: &[&str]) -> Work {
        let now = self.clock.now();
        let event = EventId::new(now, &[number; 10]);
        let hook = HookId::from_text("hk_1");
        let id = TaskId::new(event, &hook, 0);
        let head = EventHead {
            id: event,
            path: "p".to_owned(),
            sender: "github".to_owned(),
            event_type: None,
            delivery_id: None,
            received_at: now,
            source_ip: None,
            query: None,
            headers: Vec::new(),
            owners: Vec::new(),
            body_bytes: 0,
            test: false,
            erased_at: None,
            duplicates: Vec::new(),
        };
        let expires = now.plus_ms(1 << 40);
        let task = Task::queued(id, Kind::Telegram, chat, now, expires);
        let event = Event { head, body: Vec::new() };
        self.database.record(&event, std::slice::from_ref(&task), expires).await.unwrap();
        Work::telegram(task, parts.iter().map(|part| (*part).to_owned()).collect())
    }

    fn answer(&self, answers: &[(u16, &'static str)]) {
        self.script.answers.lock().unwrap().extend(answers.iter().map(|answer| Some(*answer)));
    }

    async fn turn(&self, works: &[Work]) -> Turn {
        self.worker.turn(works).await.unwrap()
    }

    /// Takes turns, each when it is due, until everything is settled; the moments of the turns, in ms from the start.
    async fn run(&self, mut works: &[Work]) -> Vec<u64> {
        let mut moments = Vec::new();
        while !works.is_empty() {
            assert!(moments.len() < 2000, "it never ends");
            moments.push(self.clock.now().as_ms() - START);
            let turn = self.turn(works).await;
            works = &works[turn.settled..];
            *self.clock.0.lock().unwrap() = turn.next;
        }
        moments
    }

    async fn status(&self, work: &Work) -> (TaskStatus, String) {
        let task = self.written(work).await;
        (task.status, task.reason.unwrap_or_default())
    }

    async fn written(&self, work: &Work) -> Task {
        let recorded = self.database.recorded(work.task.event).await.unwrap().unwrap();
        recorded.tasks.into_iter().find(|task| task.id == work.task.id).unwrap()
    }

    fn seen(&self) -> Vec<String> {
        self.script.seen.lock().unwrap().iter().map(|(_, text, _)| text.clone()).collect()
    }
}

#[tokio::test]
async fn messages_that_waited_go_out_as_one() {
    let stage = Stage::new(true).await;
    let works = [stage.task(1, "5", &["a"]).await, stage.task(2, "5", &["b"]).await, stage.task(3, "5", &["c"]).await];
    let turn = stage.turn(&works).await;
    assert_eq!((turn.settled, turn.next.as_ms() - START), (3, 1000));
    assert_eq!(stage.seen(), ["a\n\nb\n\nc"]);
    for work in &works {
        assert_eq!(stage.status(work).await.0, TaskStatus::Succeeded);
    }
}

#[tokio::test]
async fn a_chat_gets_one_message_a_second_and_a_group_twenty_a_minute() {
    let stage = Stage::new(true).await;
    let long = "x".repeat(4000);
    let mut works = Vec::new();
    for number in 0..22 {
        works.push(stage.task(number, "-5", &[&long]).await);
    }
    let moments = stage.run(&works).await;
    assert_eq!((moments[1], moments[19], moments[20]), (1000, 19_000, 60_000));
    assert_eq!(stage.seen().len(), 22);
}

#[tokio::test]
async fn an_hour_without_telegram_loses_nothing_and_keeps_the_order() {
    let stage = Stage::new(true).await;
    let works = [stage.task(1, "5", &["first"]).await, stage.task(2, "5", &["second"]).await];
    *stage.script.down.lock().unwrap() = true;
    let mut moments = Vec::new();
    loop {
        let now = stage.clock.now().as_ms() - START;
        if now > 3_600_000 {
            break;
        }
        moments.push(now / 1000);
        let turn = stage.turn(&works).await;
        assert_eq!(turn.settled, 0);
        *stage.clock.0.lock().unwrap() = turn.next;
    }
    // 5 s, 30 s, 2 min and 10 min apart, each within a fifth.
    assert_eq!(moments.len(), 5, "{moments:?}");
    for (pair, wait) in moments.windows(2).zip(WAITS_SECONDS) {
        assert!((pair[1] - pair[0]).abs_diff(wait) <= wait / 5 + 1, "{moments:?}");
    }
    *stage.script.down.lock().unwrap() = false;
    stage.run(&works).await;
    assert_eq!(stage.seen().join("\n\n"), "first\n\nsecond");
}

#[tokio::test]
async fn after_eight_failures_a_task_is_dead_and_the_next_has_its_turn() {
    let stage = Stage::new(true).await;
    let first = stage.task(1, "5", &["first"]).await;
    stage.answer(&[(502, "<html>bad gateway</html>"); 8]);
    let moments = stage.run(std::slice::from_ref(&first)).await;
    assert_eq!(moments.len(), 8);
    let (status, reason) = stage.status(&first).await;
    assert_eq!(status, TaskStatus::Dead);
    assert!(reason.contains("502"), "{reason}");
    assert_eq!(stage.written(&first).await.attempts.len(), 8);
    let second = stage.task(2, "5", &["second"]).await;
    stage.run(std::slice::from_ref(&second)).await;
    assert_eq!(stage.status(&second).await.0, TaskStatus::Succeeded);
}

#[tokio::test]
async fn a_blocked_bot_is_final() {
    let stage = Stage::new(true).await;
    let work = stage.task(1, "5", &["hello"]).await;
    stage.answer(&[(403, BLOCKED)]);
    assert_eq!(stage.turn(std::slice::from_ref(&work)).await.settled, 1);
    let (status, reason) = stage.status(&work).await;
    assert_eq!(status, TaskStatus::Dead);
    assert!(reason.contains("blocked"), "{reason}");
}

#[tokio::test]
async fn a_flood_answer_is_obeyed_exactly_and_wears_no_task_out() {
    let stage = Stage::new(true).await;
    let (mine, other) = (stage.task(1, "5", &["mine"]).await, stage.task(2, "6", &["other"]).await);
    stage.answer(&[(429, WAIT_41); 20]);
    let turn = stage.turn(std::slice::from_ref(&mine)).await;
    assert_eq!((turn.settled, turn.next.as_ms() - START), (0, 41_000));
    // The whole bot waits, not just this chat.
    let turn = stage.turn(std::slice::from_ref(&other)).await;
    assert_eq!((turn.settled, turn.next.as_ms() - START), (0, 41_000));
    let moments = stage.run(std::slice::from_ref(&mine)).await;
    assert!(moments.contains(&(20 * 41_000)), "{moments:?}");
    assert_eq!(stage.status(&mine).await.0, TaskStatus::Succeeded);
}

#[tokio::test]
async fn html_that_telegram_refuses_goes_once_as_plain_text() {
    let stage = Stage::new(true).await;
    let work = stage.task(1, "5", &["<b>1 &lt; 2</b>"]).await;
    stage.answer(&[(400, BAD_HTML)]);
    assert_eq!(stage.turn(std::slice::from_ref(&work)).await.settled, 1);
    let seen = stage.script.seen.lock().unwrap().clone();
    assert_eq!(seen[0], ("5".to_owned(), "<b>1 &lt; 2</b>".to_owned(), true));
    assert_eq!(seen[1], ("5".to_owned(), "1 < 2".to_owned(), false));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_chat_that_moved_is_followed_and_remembered() {
    let stage = Stage::new(true).await;
    let works = [stage.task(1, "-4", &["one"]).await, stage.task(2, "-4", &["two"]).await];
    stage.answer(&[(400, MOVED)]);
    stage.run(&works[..1]).await;
    stage.run(&works[1..]).await;
    let chats: Vec<_> = stage.script.seen.lock().unwrap().iter().map(|(chat, _, _)| chat.clone()).collect();
    assert_eq!(chats, ["-4", "-1009", "-1009"]);
}

#[tokio::test]
async fn parts_that_arrived_are_not_sent_again() {
    let stage = Stage::new(true).await;
    let work = stage.task(1, "5", &["part one", "part two", "part three"]).await;
    stage.answer(&[(200, OK), (500, "oops")]);
    stage.run(std::slice::from_ref(&work)).await;
    assert_eq!(stage.seen(), ["part one", "part two", "part two", "part three"]);
    assert_eq!(stage.status(&work).await.0, TaskStatus::Succeeded);
}

#[tokio::test]
async fn a_task_is_done_once_however_often_its_work_comes() {
    let stage = Stage::new(true).await;
    let work = stage.task(1, "5", &["once"]).await;
    stage.run(&[work.clone(), work.clone(), work]).await;
    assert_eq!(stage.seen(), ["once"]);
}

#[tokio::test]
async fn a_task_that_ended_while_its_work_waited_is_not_sent() {
    let stage = Stage::new(true).await;
    for (number, status) in (1..).zip([TaskStatus::Succeeded, TaskStatus::Dead, TaskStatus::Skipped]) {
        let work = stage.task(number, "5", &["too late"]).await;
        stage.database.save(&[Task { status, ..work.task.clone() }]).await.unwrap();
        assert_eq!(stage.run(std::slice::from_ref(&work)).await.len(), 1);
        assert_eq!(stage.status(&work).await.0, status);
    }
    assert_eq!(stage.seen(), [""; 0]);
}

#[tokio::test]
async fn a_killed_process_holds_no_task() {
    let stage = Stage::new(true).await;
    let work = stage.task(1, "5", &["one", "two"]).await;
    stage.turn(std::slice::from_ref(&work)).await;
    // Opening is what a process does when it starts; the one before it is gone then.
    let again = Database::with_clock(stage._folder.path(), stage.clock.clone()).unwrap();
    let written = again.written(std::slice::from_ref(&work.task.id)).await.unwrap();
    assert_eq!(written[0].clone().task().map(|task| task.parts_done), Some(1));
    *stage.clock.0.lock().unwrap() = Timestamp::from_ms(START + 1000);
    assert_eq!(stage.run(std::slice::from_ref(&work)).await, [1000]);
    assert_eq!(stage.seen(), ["one", "two"]);
}

#[tokio::test]
async fn a_digest_passes_over_what_is_done() {
    let stage = Stage::new(true).await;
    let mut works = Vec::new();
    for (number, text) in (1..).zip(["done", "a", "done too", "b"]) {
        works.push(stage.task(number, "5", &[text]).await);
    }
    for done in [0, 2] {
        stage.run(&works[done..=done]).await;
    }
    let turn = stage.turn(&works).await;
    assert_eq!(stage.seen(), ["done", "done too", "a\n\nb"]);
    stage.run(&works[turn.settled..]).await;
    assert_eq!(stage.seen().len(), 3);
}

#[tokio::test]
async fn without_a_bot_messages_are_shown() {
    let stage = Stage::new(false).await;
    let work = stage.task(1, "5", &["<b>bold</b>"]).await;
    assert_eq!(stage.turn(std::slice::from_ref(&work)).await.settled, 1);
    assert_eq!(stage.seen(), ["bold"]);
}

#[tokio::test]
async fn a_stored_token_that_is_gone_is_trouble_and_no_dry_run() {
    let stage = Stage::new(true).await;
    stage.database.forget(&["bot".to_owned()]).await.unwrap();
    let work = stage.task(1, "5", &["hello"]).await;
    assert!(stage.worker.turn(std::slice::from_ref(&work)).await.is_err());
    assert_eq!(stage.seen(), [""; 0]);
    assert_eq!(stage.status(&work).await.0, TaskStatus::Queued);
}
