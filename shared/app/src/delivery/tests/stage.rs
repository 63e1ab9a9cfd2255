//! A worker, what it works on and what it meets.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bellhop_core::action::Kind;
use bellhop_core::config::Settings;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use crate::cache::Changes;
use crate::delivery::Turn;
use crate::delivery::telegram::TelegramEngine;
use crate::ports::{BotAnswer, Clock as _, HookWriter as _, PortError, PortResult, Vault as _};
use crate::testing::memory::{Faults, Memory, Seen, SetClock};

pub(super) const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
pub(super) const TOKEN: &str = "12345:a-bot-token-that-nobody-may-see";
pub(super) const OPERATOR: &str = "999";
pub(super) const BLOCKED: (u16, &str) =
    (403, r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#);
pub(super) const DOWN: (u16, &str) = (502, "<html>bad gateway</html>");
pub(super) const WELL: (u16, &str) = (200, r#"{"ok":true,"result":{"message_id":7}}"#);

/// Notes the calls that are made.
#[derive(Default)]
pub(super) struct Calls(pub(super) Mutex<Vec<&'static str>>);

#[async_trait]
impl Faults for Calls {
    async fn before(&self, call: &'static str) -> PortResult<()> {
        self.0.lock().unwrap().push(call);
        Ok(())
    }

    async fn after(&self, _: &'static str) -> PortResult<()> {
        Ok(())
    }
}

pub(super) struct Stage {
    pub(super) memory: Memory,
    pub(super) clock: Arc<SetClock>,
    pub(super) calls: Arc<Calls>,
    pub(super) worker: TelegramEngine,
}

impl Stage {
    /// A stage whose operator, if there is one, has a chat of their own.
    pub(super) async fn new(operator_chat: Option<&str>) -> Self {
        let clock = Arc::new(SetClock::new(START));
        let memory = Memory::new(clock.clone());
        memory.keep("bot", &Secret::new(TOKEN).unwrap()).await.unwrap();
        let settings = Settings {
            telegram_token: Some(SecretRef::Stored("bot".to_owned())),
            operator_chat: operator_chat.map(str::to_owned),
            ..Settings::default()
        };
        memory.write_hooks(&[], &[], Some(&settings)).await.unwrap();
        let calls = Arc::new(Calls::default());
        let worker = memory.entrance(clock.clone(), calls.clone()).telegram(Changes::default());
        Self { memory, clock, calls, worker }
    }

    /// A worker that has just been started on the same store.
    pub(super) fn restart(&mut self) {
        let entrance = self.memory.entrance(self.clock.clone(), self.calls.clone());
        self.worker = entrance.telegram(Changes::default());
    }

    /// The Bot API answers so from now on, for every chat but the operator's.
    pub(super) fn answer(&self, (status, body): (u16, &'static str)) {
        self.memory.answer(move |seen: &Seen| {
            let (status, body) = if seen.chat == OPERATOR { WELL } else { (status, body) };
            match status {
                0 => Err(PortError::new("the Bot API was not reached", body)),
                _ => Ok(BotAnswer { status, body: body.as_bytes().to_vec() }),
            }
        });
    }

    pub(super) async fn turn(&self, works: &[Work]) -> Turn {
        self.worker.turn(works).await.unwrap()
    }

    /// Takes turns, each when it is due, until everything is settled or it is `until`.
    pub(super) async fn run(&self, works: &[Work], until: Timestamp) -> usize {
        let mut settled = 0;
        while settled < works.len() && self.clock.now() < until {
            let turn = self.turn(&works[settled..]).await;
            settled += turn.settled;
            self.clock.set(turn.next.max(self.clock.now()).min(until));
        }
        settled
    }

    /// Takes turns until everything is settled.
    pub(super) async fn finish(&self, works: &[Work]) {
        assert_eq!(self.run(works, Timestamp::from_ms(u64::MAX)).await, works.len());
    }

    pub(super) fn status(&self, work: &Work) -> TaskStatus {
        self.memory.task(&work.task.id).map_or(TaskStatus::Queued, |task| task.status)
    }

    pub(super) fn reason(&self, work: &Work) -> String {
        self.memory.task(&work.task.id).and_then(|task| task.reason).unwrap_or_default()
    }

    /// The notices on the queue.
    pub(super) fn notices(&self) -> Vec<Work> {
        let bodies = self.memory.with_work(|queue| queue.bodies());
        bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// The texts that a chat has seen, and how many seconds from the start.
    pub(super) fn seen(&self, chat: &str) -> Vec<(u64, String)> {
        let seen = self.memory.seen().into_iter().filter(|seen| seen.chat == chat);
        seen.map(|seen| (seen.at.ms_since(START) / 1000, seen.text)).collect()
    }
}

/// Work for a chat, of an event of its own.
pub(super) fn work(number: u8, chat: &str, parts: &[&str]) -> Work {
    let event = EventId::new(START, &[number; 10]);
    let hook = HookId::from_text("hk_1");
    let expires = START.plus_ms(90 * 24 * 60 * 60 * 1000);
    let task = Task::queued(TaskId::new(event, &hook, 0), Kind::Telegram, chat, START, expires);
    Work::telegram(task, parts.iter().map(|part| (*part).to_owned()).collect())
}

/// Work that does a task again, as an order queues it.
pub(super) async fn again(stage: &Stage, work: &Work) -> Work {
    use crate::ports::TaskLog as _;
    let mut task = stage.memory.task(&work.task.id).unwrap();
    task.retry(work.parts().len(), stage.clock.now());
    stage.memory.save(std::slice::from_ref(&task)).await.unwrap();
    Work { task, ..work.clone() }
}
