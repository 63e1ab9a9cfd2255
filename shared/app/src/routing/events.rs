//! Records events with the tasks made of them.

use bellhop_core::event::{Duplicate, Event};
use bellhop_core::hook::Hook;
use bellhop_core::id::{HookId, TaskId};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::trace::Trace;
use bellhop_core::work::Work;

use super::gate::Undone;
use super::making::{self, Making};
use super::text::Words;
use super::{Recorded, Routing, Rule, Rules, gate};
use crate::metrics::METRICS;
use crate::ports::{Claim, PortResult};
use crate::spans;

/// What is made of an event.
#[derive(Default)]
struct Made {
    tasks: Vec<Task>,
    /// The hooks that have it.
    hooks: Vec<HookId>,
    /// The hooks at which it is another copy of a delivery.
    duplicates: Vec<Duplicate>,
}

impl Routing {
    /// Drops duplicates, filters, and records an event with its tasks.
    pub(super) async fn record_event(&self, mut event: Event) -> PortResult<Recorded> {
        let rules = self.rules.rules().await?;
        let words = Words::of(&mut event, &rules);
        let id = event.head.id;
        let now = self.clock.now();
        let expires = rules.expires(now);
        let made = self.make_tasks(&event, &words, &rules, expires).await?;
        event.head.duplicates = made.duplicates;
        self.tell_of_dead(&made.tasks, &rules).await?;
        let new = self.events.record(&event, &made.tasks, expires).await?;
        if new && !event.head.duplicates.is_empty() {
            METRICS.duplicates.add(1);
        }
        for Duplicate { hook, first, cause } in &event.head.duplicates {
            log::info!(event:% = id, hook = hook.as_str(), first:%, cause; "duplicate");
        }
        let making = Making { event: &event, words: &words };
        let work = match new {
            true => made.tasks.iter().filter_map(|task| making.work(&rules, task)).collect(),
            false => self.open_work(&making, &rules).await?,
        };
        let counts = new && !event.head.test;
        let counted = made.hooks.into_iter().filter(|_| counts).map(|hook| (hook, event.head.received_at)).collect();
        spans::routed(&event.head, made.tasks.len(), now, || self.clock.now());
        let trace = Trace::of_event(&event.head).id_beside(id);
        log::info!(event:% = id, trace, kind = event.head.event_type.as_deref().unwrap_or(""), tasks = made.tasks.len(), queued = work.len(), new; "routed");
        Ok(Recorded { event: Some(id), work, counted })
    }

    /// Makes an event's tasks, hook by hook.
    async fn make_tasks(&self, event: &Event, words: &Words, rules: &Rules, expires: Timestamp) -> PortResult<Made> {
        let mut made = Made::default();
        for rule in rules.of(event) {
            match self.make_for(rule, event, words, expires).await? {
                Ok(tasks) => {
                    made.tasks.extend(tasks);
                    made.hooks.push(rule.hook.id.clone());
                }
                Err(duplicate) => made.duplicates.push(duplicate),
            }
        }
        Ok(made)
    }

    /// Claims an event for a hook, asks whether it acts on it, and makes a task for each of its actions; or says of which
    /// event it is a copy.
    pub(super) async fn make_for(
        &self,
        rule: &Rule,
        event: &Event,
        words: &Words,
        expires: Timestamp,
    ) -> PortResult<Result<Vec<Task>, Duplicate>> {
        let now = self.clock.now();
        if let Some(duplicate) = self.claim(event, words, &rule.hook).await? {
            return Ok(Err(duplicate));
        }
        let undone = self.undone(rule, event, words).await?;
        let tasks = rule.hook.actions.iter().enumerate().map(|(index, action)| {
            let id = TaskId::new(event.head.id, &rule.hook.id, index);
            let mut task = making::task(id, event, &rule.hook.id, action, now, expires);
            let told = || gate::told_elsewhere(rule, action, event, words).map(Undone::skipped);
            if let Some(Undone { status, reason }) = undone.clone().or_else(told) {
                task.status = status;
                task.reason = Some(reason);
            }
            task
        });
        Ok(Ok(tasks.collect()))
    }

    /// The work of an event's own tasks, as they were recorded before, that are still open.
    ///
    /// What was recorded counts, not what the hooks say today: the record and the work must not part.
    async fn open_work(&self, making: &Making<'_>, rules: &Rules) -> PortResult<Vec<Work>> {
        let id = making.event.head.id;
        let recorded = self.history.recorded(id).await?.map(|recorded| recorded.tasks).unwrap_or_default();
        let (mut work, mut orphans) = (Vec::new(), Vec::new());
        for mut task in recorded.into_iter().filter(|task| is_own(task) && !task.status.is_final()) {
            match making.work(rules, &task) {
                Some(its_work) => work.push(its_work),
                None => {
                    task.status = TaskStatus::Dead;
                    task.reason = Some("its hook or action was deleted before its message was made".to_owned());
                    orphans.push(task);
                }
            }
        }
        if !orphans.is_empty() {
            self.tell_of_dead(&orphans, rules).await?;
            self.tasks.save(&orphans).await?;
        }
        Ok(work)
    }

    /// Claims the event's delivery for a hook; says of which event it is a copy, if it is one. An event for a test is
    /// nobody's copy.
    async fn claim(&self, event: &Event, words: &Words, hook: &Hook) -> PortResult<Option<Duplicate>> {
        let delivery = if event.head.test { None } else { words.delivery(event, hook) };
        let Some(delivery) = delivery else { return Ok(None) };
        let (id, accepted) = (event.head.id, event.head.id.accepted_at());
        let ends = accepted.plus_ms(delivery.remembered_ms);
        let claim = self.events.claim_delivery(&hook.id, &delivery.key, id, ends).await?;
        // Who came so much later has claimed it again; this event had its own turn before.
        let Claim::Duplicate(first) = claim else { return Ok(None) };
        Ok((first.accepted_at() < ends).then(|| {
            let cause = delivery.cause(accepted.ms_since(first.accepted_at()));
            Duplicate { hook: hook.id.clone(), first, cause }
        }))
    }
}

/// Whether a task was made with its event and waits for its first round, which no order has queued.
fn is_own(task: &Task) -> bool {
    let made_of = task.id.parts().map(|(event, hook, action)| TaskId::new(event, &hook, action));
    made_of.as_ref() == Some(&task.id) && task.retries == 0
}
