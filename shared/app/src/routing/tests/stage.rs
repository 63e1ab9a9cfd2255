//! A router, hooks and events.

use std::sync::Arc;

use bellhop_core::config::Settings;
use bellhop_core::event::Proof;
use bellhop_core::hook::{Hook, HookStatus};
use bellhop_core::id::{EventId, HookId, Owner};
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use serde_json::{Value, json};

use crate::cache::Changes;
use crate::ports::{Clock as _, HookWriter as _, SendWork as _, TaskLog as _};
use crate::routing::{Recorded, Routing};
use crate::testing::memory::{Memory, SetClock};

pub(super) const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub(super) struct Stage {
    pub(super) memory: Arc<Memory>,
    pub(super) clock: Arc<SetClock>,
    pub(super) routing: Routing,
    pub(super) changes: Changes,
}

impl Stage {
    pub(super) async fn new(hooks: &[Hook]) -> Self {
        let clock = Arc::new(SetClock::new(START));
        let memory = Arc::new(Memory::new(clock.clone()));
        memory.write_hooks(hooks, &[], Some(&Settings::default())).await.unwrap();
        let changes = Changes::default();
        let routing = memory.routing(changes.clone());
        Self { memory, clock, routing, changes }
    }

    /// Changes hooks, which the router notices at once.
    pub(super) async fn change(&self, put: &[Hook], delete: &[&str]) {
        let delete: Vec<_> = delete.iter().map(|id| HookId::from_text(*id)).collect();
        self.memory.write_hooks(put, &delete, None).await.unwrap();
        self.changes.note();
    }

    /// Routes an event's message.
    pub(super) async fn route(&self, event: &Ringing) -> Vec<Task> {
        self.handle(event.message().as_bytes()).await;
        self.tasks(event.id)
    }

    /// Takes a message in without queueing anything.
    pub(super) async fn record(&self, event: &Ringing) -> Recorded {
        self.routing.record(event.message().as_bytes()).await.unwrap()
    }

    /// Does an order.
    pub(super) async fn obey(&self, order: &Order) {
        self.handle(order_text(order).as_bytes()).await;
    }

    /// Takes a message in and queues its work, as the engines do.
    pub(super) async fn handle(&self, message: &[u8]) {
        let recorded = self.routing.record(message).await.unwrap();
        self.routing.queue.send(&recorded.work).await.unwrap();
        self.routing.count([&recorded]).await;
    }

    /// An event's tasks as they stand.
    pub(super) fn tasks(&self, event: EventId) -> Vec<Task> {
        self.memory.all_tasks().into_iter().filter(|task| task.event == event).collect()
    }

    /// The work on the queue.
    pub(super) fn queued(&self) -> Vec<Work> {
        let bodies = self.memory.with_work(|queue| queue.bodies());
        bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// Ends a task as a worker would.
    pub(super) async fn end(&self, task: &Task, status: TaskStatus) {
        let now = self.clock.now();
        let ended = Task { status, due_at: now, reason: Some("because".to_owned()), ..task.clone() };
        self.memory.save(&[ended]).await.unwrap();
    }
}

/// An event that comes in.
pub(super) struct Ringing {
    pub(super) id: EventId,
    pub(super) sender: &'static str,
    pub(super) event_type: Option<&'static str>,
    pub(super) delivery: Option<&'static str>,
    pub(super) test: bool,
    pub(super) hooks: Vec<&'static str>,
    pub(super) body: Value,
    /// The body's text, where it is no JSON.
    pub(super) text: Option<&'static str>,
}

impl Ringing {
    /// An event so many seconds after the start.
    pub(super) fn new(second: u64, hooks: &[&'static str]) -> Self {
        let id = EventId::new(START.plus_ms(second * 1_000), &[7; 10]);
        Self {
            id,
            sender: "none",
            event_type: Some("push"),
            delivery: None,
            test: false,
            hooks: hooks.to_vec(),
            body: json!({"message": format!("at {second}")}),
            text: None,
        }
    }

    /// Its inbox message.
    pub(super) fn message(&self) -> String {
        let body = self.text.map_or_else(|| self.body.to_string(), str::to_owned);
        let message = Message {
            id: self.id,
            path: "p",
            sender: self.sender,
            event_type: self.event_type,
            delivery_id: self.delivery,
            received_at: self.id.accepted_at(),
            source_ip: None,
            query: None,
            headers: vec![("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned())],
            owners: self.hooks.iter().map(|hook| Proof::new(Owner::from_text(*hook), None)).collect(),
            body: body.as_bytes(),
            test: self.test,
        };
        message.to_text()
    }
}

/// A hook with a Telegram action for a chat, and fields of its own.
pub(super) fn hook(id: &str, chat: &str, fields: Value) -> Hook {
    let mut hook = json!({
        "id": id, "name": id, "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 100,
        "max_body_bytes": 4096, "status": HookStatus::Active, "origin": "api", "created_at": 0, "updated_at": 0,
        "actions": [{"kind": "telegram", "chat": chat, "template": "{{ payload.message }}"}],
    });
    for (name, value) in fields.as_object().cloned().unwrap_or_default() {
        hook[name] = value;
    }
    serde_json::from_value(hook).unwrap()
}

/// The status and the reason of each task.
pub(super) fn ends(tasks: &[Task]) -> Vec<(TaskStatus, &str)> {
    tasks.iter().map(|task| (task.status, task.reason.as_deref().unwrap_or(""))).collect()
}
