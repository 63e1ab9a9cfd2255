//! Records events with the tasks made of them.

use bellhop_core::event::{Duplicate, Event};
use bellhop_core::id::TaskId;
use bellhop_core::inbox::{self, BadMessage, Read};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::trace::Trace;
use bellhop_core::work::Work;
use futures_util::future::try_join_all;

use super::gate::Undone;
use super::making::{self, Making, Prepared};
use super::record::{self, NewClaim, NewRecord, Part};
use super::text::Words;
use super::{Recorded, Routing, Rule, Rules, gate};
use crate::metrics::METRICS;
use crate::ports::{Claim, PortResult};
use crate::spans;

impl Routing {
    /// Makes of an inbox message what is to be recorded, where nothing but the rules is needed for that; `None` where the
    /// message has to be taken in step by step, by [`Routing::record`].
    ///
    /// Whoever writes it down does so for all of it at once, claims first ([`NewRecord::claimed`]), and then calls
    /// [`Routing::tell`].
    pub fn prepare(&self, rules: &Rules, message: &[u8]) -> Result<Option<NewRecord>, BadMessage> {
        let Read::Whole(event) = inbox::read(message)? else { return Ok(None) };
        let (record, _) = self.make(event, rules);
        Ok((!record.needs_steps()).then_some(record))
    }

    /// Drops duplicates, filters, and records an event with its tasks.
    pub(super) async fn record_event(&self, event: Event) -> PortResult<Recorded> {
        let rules = self.rules.rules_for(&event.head).await?;
        Ok(self.record_by(event, &rules, None).await?.0)
    }

    /// The same by rules that are at hand; nothing of it is done where there is a reason not to. Says also whether all of it
    /// is skipped.
    pub(super) async fn record_by(
        &self,
        event: Event,
        rules: &Rules,
        undone: Option<&str>,
    ) -> PortResult<(Recorded, bool)> {
        let (mut record, words) = self.make(event, rules);
        if let Some(reason) = undone {
            record.skip_all(reason);
        }
        let id = record.event.head.id;
        // All at once, so that no event claims before one that is taken in beside it and came first.
        let claims =
            record.claims().map(|(owner, claim)| self.events.claim_delivery(owner, claim.key(), id, claim.expires));
        let claims = try_join_all(claims).await?;
        record.claimed(&claims);
        self.turn_away(&mut record, rules).await?;
        self.tell_of_dead(&record.tasks, rules).await?;
        let new = self.events.record(&record.event, &record.tasks, record.expires).await?;
        if !new {
            let making = Making { event: &record.event, words: &words };
            let work = self.open_work(&making, rules).await?;
            record = NewRecord { work, ..record };
        }
        self.tell(&record, new);
        let is_skipped = record.tasks.iter().all(|task| task.status == TaskStatus::Skipped);
        let received = record.event.head.received_at;
        let counted = record.counted().filter(|_| new).map(|owner| (owner.clone(), received)).collect();
        Ok((Recorded { event: Some(id), work: record.work, counted }, is_skipped))
    }

    /// Tells of an event that was routed; `new` where it was not recorded before.
    pub fn tell(&self, record: &NewRecord, new: bool) {
        let head = &record.event.head;
        if new && !head.duplicates.is_empty() {
            METRICS.duplicates.add(1);
        }
        for Duplicate { owner, first, cause } in &head.duplicates {
            log::info!(event:% = head.id, owner = owner.as_str(), first:%, cause; "duplicate");
        }
        let (tasks, queued) = (record.tasks.len(), record.work.len());
        spans::routed(head, tasks, record.made_at, || self.clock.now());
        let trace = Trace::of_event(head).id_beside(head.id);
        // Nearly all are new, and the line is paid by its length.
        let new = if new { "" } else { "false" };
        log::info!(event:% = head.id, trace, kind = head.event_type.as_deref().unwrap_or(""), tasks, queued, new; "routed");
    }

    /// Makes all that is to be recorded of an event, as if it had all its deliveries.
    fn make(&self, mut event: Event, rules: &Rules) -> (NewRecord, Words) {
        let words = Words::of(&mut event, rules);
        let made_at = self.clock.now();
        let expires = rules.expires(made_at);
        let (mut parts, mut tasks) = (Vec::new(), Vec::new());
        for rule in rules.of(&event) {
            let (part, its_tasks) = self.part(rule, &event, &words, expires);
            parts.push(part);
            tasks.extend(its_tasks);
        }
        let making = Making { event: &event, words: &words };
        let Prepared { mut work, fallbacks } = making.prepare(rules, &mut tasks);
        // They are recorded with the tasks whose place they take.
        tasks.extend(fallbacks.iter().map(|work| work.task.clone()));
        work.extend(fallbacks);
        (NewRecord { event, parts, tasks, work, made_at, expires }, words)
    }

    /// What a hook makes of an event, with the tasks of its actions.
    fn part(&self, rule: &Rule, event: &Event, words: &Words, expires: Timestamp) -> (Part, Vec<Task>) {
        let (now, hook) = (self.clock.now(), rule.definition.hook());
        // An event for a test is nobody's copy, and a due time is one event whatever comes twice: its id is made of it.
        let delivery = hook.filter(|_| !event.head.test).and_then(|hook| words.delivery(event, hook));
        let ends = |remembered_ms| event.head.id.accepted_at().plus_ms(remembered_ms);
        let claim = delivery.map(|delivery| NewClaim { expires: ends(delivery.remembered_ms), delivery });
        let undone = gate::filtered(rule, event, words);
        let turns = undone.is_none() && hook.is_some_and(gate::has_quota) && !event.head.test;
        let owner = rule.definition.owner();
        let tasks = rule.definition.actions().iter().enumerate().map(|(index, action)| {
            let id = TaskId::new(event.head.id, &owner, index);
            let mut task = making::task(id, event, action, now, expires);
            let told = || gate::told_elsewhere(rule, action, event, words).map(Undone::skipped);
            if let Some(Undone { status, reason }) = undone.clone().or_else(told) {
                task.status = status;
                task.reason = Some(reason);
            }
            task
        });
        let tasks = tasks.collect();
        (Part { owner, claim, turns }, tasks)
    }

    /// Skips what the quotas of the hooks do not let through.
    async fn turn_away(&self, record: &mut NewRecord, rules: &Rules) -> PortResult<()> {
        let turns = record.parts.iter().filter(|part| part.turns).map(|part| part.owner.clone());
        for owner in turns.collect::<Vec<_>>() {
            let Some(hook) = rules.get(&owner).and_then(|rule| rule.definition.hook()) else { continue };
            if let Some(reason) = self.turned_away(hook, record.event.head.id).await? {
                record.skip(&owner, &reason);
            }
        }
        Ok(())
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
        let (part, mut tasks) = self.part(rule, event, words, expires);
        let id = event.head.id;
        if let Some(claim) = &part.claim
            && let Claim::Duplicate(first) =
                self.events.claim_delivery(&part.owner, claim.key(), id, claim.expires).await?
            && let Some(duplicate) = claim.copy_of(&part.owner, id, first)
        {
            return Ok(Err(duplicate));
        }
        if part.turns
            && let Some(hook) = rule.definition.hook()
            && let Some(reason) = self.turned_away(hook, id).await?
        {
            tasks.iter_mut().for_each(|task| record::skip(task, &reason));
        }
        Ok(Ok(tasks))
    }

    /// The work of an event's own tasks, as they were recorded before, that are still open.
    ///
    /// What was recorded counts, not what the hooks say today: the record and the work must not part.
    async fn open_work(&self, making: &Making<'_>, rules: &Rules) -> PortResult<Vec<Work>> {
        let id = making.event.head.id;
        let recorded = self.history.recorded(id).await?.map(|recorded| recorded.tasks).unwrap_or_default();
        // A fallback may have been recorded with the event as well, instead of a task that could not be done.
        let is_own = |task: &Task| task.id.is_own() || (task.id.is_fallback() && task.replay.is_none());
        let open = |task: &Task| is_own(task) && task.retries == 0 && !task.status.is_final();
        let mut open: Vec<_> = recorded.into_iter().filter(open).collect();
        let Prepared { work, fallbacks } = making.prepare(rules, &mut open);
        open.retain(|task| task.status == TaskStatus::Dead);
        if !open.is_empty() {
            self.tell_of_dead(&open, rules).await?;
            self.fall_back(&fallbacks).await?;
            self.tasks.save(&open).await?;
        }
        Ok(work)
    }
}
