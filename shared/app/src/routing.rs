//! Turns inbox messages into tasks: once per event, however often a message comes.

mod rules;
mod text;

use std::sync::Arc;

use bellhop_core::event::Event;
use bellhop_core::filter::type_passes;
use bellhop_core::hook::{Action, HookStatus};
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::inbox::{self, BadMessage, Read};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};

pub use rules::{Rule, RuleCache, Rules};

use crate::ports::{Bodies, Claim, Clock, EventLog, PortError, PortResult, WorkQueue};
use text::Words;

/// How long a delivery is remembered, so that another copy of it has no effect.
const CLAIM_DAYS: u64 = 7;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// The router.
pub struct Routing {
    /// The hooks' rules.
    pub rules: RuleCache,
    /// The record of events.
    pub events: Arc<dyn EventLog>,
    /// Bodies that did not fit their inbox messages.
    pub bodies: Arc<dyn Bodies>,
    /// The workers' queues.
    pub queue: Arc<dyn WorkQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// An event that is recorded with its tasks.
#[derive(Debug)]
pub struct Recorded {
    /// The event.
    pub event: EventId,
    /// The work to queue; queueing it again does no harm.
    pub work: Vec<Work>,
}

/// Why a message was not routed.
#[derive(Debug, thiserror::Error)]
pub enum Unrouted {
    /// It will never be: it is not one of ours, or it was cut.
    #[error(transparent)]
    Poison(#[from] BadMessage),
    /// It may be, later.
    #[error(transparent)]
    Again(#[from] PortError),
}

impl Routing {
    /// Routes one inbox message: records it and queues its tasks' work.
    pub async fn route(&self, message: &[u8]) -> Result<EventId, Unrouted> {
        let recorded = self.record(message).await?;
        if !recorded.work.is_empty() {
            self.queue.send(&recorded.work).await?;
        }
        Ok(recorded.event)
    }

    /// Drops duplicates, filters, and records an inbox message's event and its tasks, whose work is then to be queued.
    ///
    /// Poison is told from trouble: a message that cannot be read never will be, so it must not be tried again for ever.
    pub async fn record(&self, message: &[u8]) -> Result<Recorded, Unrouted> {
        let mut event = match inbox::read(message)? {
            Read::Whole(event) => event,
            Read::Claim(head) => Event { body: self.bodies.get(head.id).await?, head },
        };
        let rules = self.rules.rules().await?;
        let words = Words::of(&mut event);
        let now = self.clock.now();
        let (mut tasks, mut work, mut duplicate_of) = (Vec::new(), Vec::new(), None);
        for rule in event.head.hooks.iter().filter_map(|proof| rules.get(&proof.hook)) {
            if let Claim::Duplicate(first) = self.claim(&event, rule, now).await? {
                duplicate_of = Some(first);
                continue;
            }
            let skipped = skip_reason(rule, &event, &words);
            for (index, action) in rule.hook.actions.iter().enumerate() {
                let (task, its_work) = make_task(rule, index, action, &event, &words, skipped.as_deref(), now);
                tasks.push(task);
                work.extend(its_work);
            }
        }
        let id = event.head.id;
        if let (true, Some(first)) = (tasks.is_empty(), duplicate_of) {
            log::info!(event:% = id, first:%; "duplicate");
            return Ok(Recorded { event: id, work });
        }
        let expires = now.plus_ms(u64::from(rules.retention_days) * DAY_MS);
        self.events.record(&event, &tasks, expires).await?;
        log::info!(event:% = id, kind = event.head.event_type.as_deref().unwrap_or(""), tasks = tasks.len(), queued = work.len(); "routed");
        Ok(Recorded { event: id, work })
    }

    /// Claims the event's delivery for a hook; an event without a delivery id is nobody's copy.
    async fn claim(&self, event: &Event, rule: &Rule, now: Timestamp) -> PortResult<Claim> {
        match &event.head.delivery_id {
            Some(delivery) => {
                let expires = now.plus_ms(CLAIM_DAYS * DAY_MS);
                self.events.claim_delivery(&rule.hook.id, delivery, event.head.id, expires).await
            }
            None => Ok(Claim::Ours),
        }
    }
}

/// Why a hook's actions are not to be done for an event, if they are not.
fn skip_reason(rule: &Rule, event: &Event, words: &Words) -> Option<String> {
    if rule.hook.status == HookStatus::Disabled {
        return Some("the hook was disabled after the event came in".to_owned());
    }
    let event_type = event.head.event_type.as_deref();
    if !type_passes(&rule.hook.events, event_type) {
        return Some(format!("the hook does not take events of type `{}`", event_type.unwrap_or_default()));
    }
    let holds = match rule.condition.as_ref()? {
        Ok(condition) => condition.holds(words.variables(event, &rule.hook)),
        Err(error) => Err(error.clone()),
    };
    match holds {
        Ok(true) => None,
        Ok(false) => Some("its condition does not hold".to_owned()),
        Err(error) => Some(format!("its condition cannot be decided: {error}")),
    }
}

/// The task of one action, and the work to queue for it.
fn make_task(
    rule: &Rule,
    index: usize,
    action: &Action,
    event: &Event,
    words: &Words,
    skipped: Option<&str>,
    now: Timestamp,
) -> (Task, Option<Work>) {
    let head = &event.head;
    let id = TaskId::new(head.id, &rule.hook.id, index);
    let Action::Telegram { chat, .. } = action;
    let mut task = Task::queued(id.clone(), head.id, rule.hook.id.clone(), "telegram", chat, now);
    if let Some(reason) = skipped {
        task.status = TaskStatus::Skipped;
        task.reason = Some(reason.to_owned());
        return (task, None);
    }
    let parts = words.telegram_parts(event, &rule.hook, rule.templates.get(index).and_then(Option::as_ref));
    (task, Some(Work::TelegramV1(TelegramV1 { task: id, event: head.id, chat: chat.clone(), parts })))
}
