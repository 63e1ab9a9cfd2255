//! Ports in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{
    Bodies, BotMessage, Claim, Clock as _, Collection, Document, Documents, DoorReader, DryRun, EventLog, Fetch,
    HookReader, Inbox, Known, NewDocument, NewTurn, Orders, PortError, PortResult, Postponed, Receipts, Secrets,
    SettingsReader, TaskLog, WorkQueue, Written,
};
use bellhop_core::config::Settings;
use bellhop_core::event::Event;
use bellhop_core::hook::{DoorHook, Hook};
use bellhop_core::id::{EventId, Owner, TaskId};
use bellhop_core::inbox::Message;
use bellhop_core::order::{Order, RefusedRequest};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{Queued, Work};
use serde::de::DeserializeOwned;

/// A store that remembers what it was told.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) inbox: Mutex<Vec<String>>,
    pub(super) orders: Mutex<Vec<Order>>,
    pub(super) tasks: Mutex<HashMap<TaskId, Task>>,
    /// The work of each call.
    pub(super) queued: Mutex<Vec<Vec<Work>>>,
    pub(super) shown: Mutex<Vec<(String, String)>>,
    pub(super) postponed: Mutex<Vec<(String, u64)>>,
    /// The receipts of each call.
    pub(super) deleted: Mutex<Vec<Vec<String>>>,
    pub(super) inbox_broken: bool,
    pub(super) queue_broken: bool,
}

/// The path of the one hook that nothing else protects.
pub(super) const SECRET_PATH: &str = "in-0a1b2c3d4e5f6g7h8i9j0k";

/// The hooks that the recorded events ring at.
fn hooks<H: DeserializeOwned>() -> Vec<H> {
    let hook = |id: &str, path: &str, sender: &str| {
        serde_json::from_value(serde_json::json!({
            "id": id, "name": id, "path": path, "sender": sender, "secrets": ["stored:example"],
            "rate_per_minute": 100, "max_body_bytes": 4096, "status": "active", "origin": "file",
            "actions": [{"kind": "telegram", "chat": "1"}], "created_at": 0, "updated_at": 0,
        }))
    };
    let mut hooks = vec![hook("hk_github", "github", "github"), hook("hk_message", "", "shared-secret")];
    hooks.extend(["cloudevents", "dropbox", "microsoft-graph", "okta", "trello"].map(|name| hook(name, name, name)));
    hooks.push(hook("hk_open", SECRET_PATH, "none"));
    hooks.into_iter().map(Result::unwrap).collect()
}

#[async_trait]
impl HookReader for Memory {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        Ok((hooks(), Settings::default()))
    }
}

#[async_trait]
impl DoorReader for Memory {
    async fn doors_and_settings(&self) -> PortResult<(Vec<DoorHook>, Settings)> {
        Ok((hooks(), Settings::default()))
    }
}

#[async_trait]
impl SettingsReader for Memory {
    async fn settings(&self) -> PortResult<Settings> {
        Ok(Settings::default())
    }
}

#[async_trait]
impl Orders for Memory {
    async fn give(&self, order: &Order) -> PortResult<()> {
        self.orders.lock().unwrap().push(order.clone());
        Ok(())
    }

    async fn give_in(&self, orders: &[(Order, u64)]) -> PortResult<()> {
        self.orders.lock().unwrap().extend(orders.iter().map(|(order, _)| order.clone()));
        Ok(())
    }
}

#[async_trait]
impl Secrets for Memory {
    async fn resolve(&self, references: &[SecretRef]) -> PortResult<HashMap<SecretRef, Secret>> {
        let secret = Secret::new("bellhop-example-secret").unwrap();
        Ok(references.iter().map(|reference| (reference.clone(), secret.clone())).collect())
    }
}

#[async_trait]
impl Inbox for Memory {
    async fn put(&self, message: &Message<'_>) -> PortResult<()> {
        if self.inbox_broken {
            return Err(PortError::new("the inbox", "is broken"));
        }
        self.inbox.lock().unwrap().push(message.to_text());
        Ok(())
    }
}

#[async_trait]
impl Bodies for Memory {
    async fn get(&self, _: EventId) -> PortResult<Vec<u8>> {
        Err(PortError::new("the bucket", "is empty"))
    }
}

#[async_trait]
impl EventLog for Memory {
    async fn claim_delivery(&self, _: &Owner, _: &str, _: EventId, _: Timestamp) -> PortResult<Claim> {
        Ok(Claim::Ours)
    }

    async fn record(&self, event: &Event, tasks: &[Task], _: Timestamp) -> PortResult<bool> {
        assert_ne!(event.head.delivery_id.as_deref(), Some("panic"), "as this test wants it");
        self.tasks.lock().unwrap().extend(tasks.iter().map(|task| (task.id.clone(), task.clone())));
        Ok(true)
    }

    async fn event(&self, _: EventId) -> PortResult<Option<Event>> {
        Ok(None)
    }

    async fn record_refused(&self, _: &RefusedRequest, _: Timestamp) -> PortResult<()> {
        Ok(())
    }
}

#[async_trait]
impl WorkQueue for Memory {
    async fn send_queued(&self, messages: Vec<Queued>) -> PortResult<()> {
        if self.queue_broken {
            return Err(PortError::new("the queue", "is broken"));
        }
        let work = messages.iter().map(|queued| serde_json::from_str(&queued.message).unwrap());
        self.queued.lock().unwrap().push(work.collect());
        Ok(())
    }
}

/// A task's id says what is to happen when it is looked up.
#[async_trait]
impl TaskLog for Memory {
    async fn destination(&self, _: &str, _: &[TaskId]) -> PortResult<Known> {
        Ok(Known::default())
    }

    async fn end_turn(&self, turn: &NewTurn<'_>) -> PortResult<()> {
        self.save(turn.tasks).await
    }

    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>> {
        for id in ids {
            match id.owner().as_str().split('-').next() {
                Some("error") => return Err(PortError::new("the table", "is away")),
                Some("panic") => panic!("as this test wants it"),
                Some("slow") => tokio::time::sleep(std::time::Duration::from_secs(9)).await,
                _ => {}
            }
        }
        let tasks = self.tasks.lock().unwrap();
        let written = |id| tasks.get(id).map_or(Written::Nothing, |task| Written::Task(Box::new(task.clone())));
        Ok(ids.iter().map(written).collect())
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        self.tasks.lock().unwrap().extend(tasks.iter().map(|task| (task.id.clone(), task.clone())));
        Ok(())
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        self.save(tasks).await
    }
}

/// A documents that is always empty.
#[async_trait]
impl Documents for Memory {
    async fn document(&self, _: Collection, _: &str) -> PortResult<Option<Document>> {
        Ok(None)
    }

    async fn documents(&self, _: Collection) -> PortResult<Vec<(String, Document)>> {
        Ok(Vec::new())
    }

    async fn write(&self, _: &NewDocument<'_>) -> PortResult<()> {
        Ok(())
    }

    async fn swap(&self, _: &NewDocument<'_>, _: Option<u64>) -> PortResult<bool> {
        Ok(true)
    }

    async fn delete_document(&self, _: Collection, _: &str) -> PortResult<bool> {
        Ok(false)
    }
}

#[async_trait]
impl Receipts for Memory {
    async fn postpone(&self, messages: &[Postponed<'_>]) -> PortResult<()> {
        let messages = messages.iter().map(|message| (message.receipt.to_owned(), message.seconds));
        self.postponed.lock().unwrap().extend(messages);
        Ok(())
    }

    async fn delete(&self, receipts: &[&str]) -> PortResult<()> {
        self.deleted.lock().unwrap().push(receipts.iter().map(|receipt| (*receipt).to_owned()).collect());
        Ok(())
    }
}

impl DryRun for Memory {
    fn show(&self, message: &BotMessage<'_>) {
        self.shown.lock().unwrap().push((message.chat.to_owned(), message.text.to_owned()));
    }
}

impl Memory {
    /// How many tasks succeeded.
    pub(super) fn succeeded(&self) -> usize {
        self.tasks.lock().unwrap().values().filter(|task| task.status == TaskStatus::Succeeded).count()
    }
}

/// The machine's clock.
pub(super) fn clock() -> Arc<SystemClock> {
    Arc::new(SystemClock)
}

/// The moment so many seconds from now.
pub(super) fn in_seconds(seconds: u64) -> Timestamp {
    SystemClock.now().plus_ms(seconds * 1000)
}

#[async_trait]
impl Fetch for Memory {
    async fn fetch(&self, url: &str, _: Option<&str>) -> PortResult<Vec<u8>> {
        Err(PortError::new(url, "nothing is there"))
    }
}
