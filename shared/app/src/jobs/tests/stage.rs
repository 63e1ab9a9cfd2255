//! A world with jobs in it, and time that passes.

use std::sync::Arc;

use bellhop_core::config::{JobSpec, Settings};
use bellhop_core::event::EventHead;
use bellhop_core::id::EventId;
use bellhop_core::job::Job;
use bellhop_core::task::{Task, TaskStatus};
use serde_json::Value;

use super::super::*;
use crate::ports::{Clock as _, EventLog as _, HookWriter as _, RecordedEvent, SendWork as _, TaskLog as _};
use crate::routing::Routing;
use crate::schedule::Scheduler;
use crate::testing::memory::{Memory, SetClock};
use bellhop_core::config::SecretsAs;
use bellhop_core::time::Timestamp;

/// A Monday, at midnight UTC.
pub(super) const START: &str = "2027-03-01T00:00:00Z";

/// A world with jobs in it.
pub(super) struct Stage {
    pub(super) memory: Arc<Memory>,
    pub(super) clock: Arc<SetClock>,
    pub(super) jobs: Jobs,
    pub(super) scheduler: Scheduler,
    pub(super) routing: Routing,
}

/// A moment.
pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

impl Stage {
    /// A world without jobs, whose settings have a zone and a chat.
    pub(super) async fn new() -> Self {
        let clock = Arc::new(SetClock::new(at(START)));
        let memory = Arc::new(Memory::new(clock.clone()));
        let zone = Some("Europe/Berlin".to_owned());
        let settings = Settings { timezone: zone, retention_days: 3650, ..Settings::default() };
        memory.write_hooks(&[], &[], Some(&settings)).await.unwrap();
        let changes = Changes::default();
        let jobs = Jobs::new(JobPorts {
            documents: memory.clone(),
            writer: memory.clone(),
            vault: memory.clone(),
            history: memory.clone(),
            orders: memory.clone(),
            settings: memory.clone(),
            clock: clock.clone(),
            changes: changes.clone(),
            shortest_seconds: 1,
        });
        let scheduler = Scheduler {
            due: memory.clone(),
            jobs: memory.clone(),
            orders: memory.clone(),
            clock: clock.clone(),
            ahead_ms: 0,
        };
        let routing = memory.routing(changes);
        Self { memory, clock, jobs, scheduler, routing }
    }

    /// Makes a job.
    pub(super) async fn made(&self, spec: Value) -> Job {
        self.make(spec).await.unwrap()
    }

    /// Tries to make a job; a name and an action are there where none is given.
    pub(super) async fn make(&self, spec: Value) -> Result<Job, NotMade> {
        let mut whole =
            serde_json::json!({"name": "job", "actions": [{"kind": "forward", "url": "https://example.com/in"}]});
        whole.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        let spec: JobSpec = serde_json::from_value(whole).unwrap();
        self.jobs.create(spec, SecretsAs::Values).await
    }

    /// Lays fields over a job's.
    pub(super) async fn changed(&self, job: &Job, fields: Value) -> Result<Job, NotMade> {
        self.jobs.change(job.id.as_str(), None, fields.as_object().unwrap(), SecretsAs::Values).await
    }

    /// Does what is due, and all that is in the inbox.
    pub(super) async fn work(&self) {
        self.scheduler.run().await.unwrap();
        self.take_in().await;
    }

    /// Does all that is in the inbox.
    pub(super) async fn take_in(&self) {
        loop {
            let now = self.clock.now();
            let received = self.memory.with_inbox(|inbox| inbox.receive(10, now, |_| 0));
            if received.is_empty() {
                return;
            }
            for message in received {
                let recorded = self.routing.record(message.body.as_bytes()).await.unwrap();
                self.routing.queue.send(&recorded.work).await.unwrap();
                self.memory.with_inbox(|inbox| inbox.delete(&message.receipt, now));
            }
        }
    }

    /// Lets time pass, second by second where something is due; at each moment all that is due is done.
    pub(super) async fn pass(&self, until: &str) {
        let until = at(until);
        while self.clock.now() < until {
            let next = self.scheduler.run().await.unwrap();
            self.take_in().await;
            self.clock.set(next.map_or(until, |next| next.clamp(self.clock.now().plus_ms(1), until)));
        }
        self.work().await;
    }

    /// Everything that happened, the oldest first.
    pub(super) async fn history(&self) -> Vec<RecordedEvent> {
        let (mut all, mut older_than) = (Vec::new(), None);
        loop {
            let page = self.memory.events(older_than, Timestamp::default(), 1000).await.unwrap();
            all.extend(page.items);
            match page.next {
                Some(next) => older_than = Some(next),
                None => break,
            }
        }
        all.reverse();
        all
    }

    /// The events of a job, the oldest first.
    pub(super) async fn events(&self, job: &Job) -> Vec<EventHead> {
        let heads = self.history().await.into_iter().map(|recorded| recorded.head);
        heads.filter(|head| head.is_of(&job.owner())).collect()
    }

    /// When a job was due, as its events say, the oldest first.
    pub(super) async fn dues(&self, job: &Job) -> Vec<String> {
        let heads = self.events(job).await;
        heads.into_iter().map(|head| head.delivery_id.unwrap_or_else(|| "asked".to_owned())).collect()
    }

    /// An event's payload.
    pub(super) async fn payload(&self, event: EventId) -> Value {
        let event = self.memory.event(event).await.unwrap().unwrap();
        serde_json::from_slice(&event.body).unwrap()
    }

    /// The tasks of a job, by event.
    pub(super) fn tasks(&self, job: &Job) -> Vec<Task> {
        self.memory.all_tasks().into_iter().filter(|task| task.owner == job.owner()).collect()
    }

    /// Ends the open tasks of a job as a worker would.
    pub(super) async fn end(&self, job: &Job, status: TaskStatus) {
        let open = self.tasks(job).into_iter().filter(|task| !task.status.is_final());
        let ended: Vec<_> = open.map(|task| Task { status, reason: Some("because".to_owned()), ..task }).collect();
        self.memory.save(&ended).await.unwrap();
    }
}
