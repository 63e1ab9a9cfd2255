//! Does recorded events again, some with each order, until the replay is finished.

use std::sync::Arc;

use bellhop_core::event::{Event, EventHead};
use bellhop_core::id::{EventId, ReplayId, TaskId};
use bellhop_core::order::Order;
use bellhop_core::replay::{Progress, Replay, Selection};
use bellhop_core::task::Task;
use bellhop_core::work::Work;

use super::making::{self, Making};
use super::text::Words;
use super::{Routing, Rules, gate};
use crate::ports::{Collection, NewDocument, PortError, PortResult, SendWork as _};

/// What an order of a replay makes.
#[derive(Default)]
struct Made {
    tasks: Vec<Task>,
    work: Vec<Work>,
    fallbacks: Vec<Work>,
    progress: Progress,
}

impl Routing {
    /// Goes on with a replay.
    ///
    /// Its place moves only once the tasks are added and their work is queued, so none is skipped; and tasks of the same
    /// replay have the same ids, so none is made twice.
    pub(super) async fn replay(&self, id: &ReplayId) -> PortResult<()> {
        let Some(document) = self.documents.document(Collection::Replay, id.as_str()).await? else {
            log::warn!(replay = id.as_str(); "there is no such replay, or it has expired");
            return Ok(());
        };
        let mut replay: Replay =
            serde_json::from_str(&document.text).map_err(|e| PortError::unreadable("a replay's note", &e))?;
        if replay.finished_at.is_some() {
            return Ok(());
        }
        let rules = self.rules.rules_of_now().await?;
        let (events, older_than) = self.next_events(&replay).await?;
        let mut made = Made::default();
        // Lists are newest first; within an order, what came first goes first.
        for event in events.into_iter().rev() {
            made.progress.seen += 1;
            if let Some(event) = self.event_of(event, &replay).await? {
                let rules = self.rules.with_job(Arc::clone(&rules), &event.head).await?;
                self.make_again(event, &replay, &rules, &mut made);
            }
        }
        if !made.tasks.is_empty() {
            self.tell_of_dead(&made.tasks, &rules).await?;
            self.fall_back(&made.fallbacks).await?;
            self.tasks.add(&made.tasks).await?;
            self.queue.send(&made.work).await?;
        }
        replay.advance(made.progress, older_than, self.clock.now());
        let text = serde_json::to_string(&replay).map_err(|e| PortError::new("a replay cannot be written", e))?;
        let new = NewDocument {
            collection: Collection::Replay,
            key: id.as_str(),
            text: &text,
            expires: Some(replay.expires()),
        };
        if !self.documents.swap(&new, Some(document.version)).await? {
            // Another copy of the order was quicker, and gives the next.
            return Ok(());
        }
        log::info!(replay = id.as_str(), seen = replay.seen, tasks = replay.tasks, finished = replay.finished_at.is_some(); "replayed");
        if replay.finished_at.is_none() {
            self.orders.give(&Order::ReplayV1 { replay: id.clone() }).await?;
        }
        Ok(())
    }

    /// The events that are next, newest first, and where the list goes on after them; of named ones the heads are not
    /// known yet.
    async fn next_events(&self, replay: &Replay) -> PortResult<(Vec<Next>, Option<EventId>)> {
        let Selection::Range { from, to, .. } = &replay.selection else {
            return Ok((replay.next_named().iter().rev().copied().map(Next::Named).collect(), None));
        };
        let older_than = replay.older_than.unwrap_or_else(|| EventId::new(*to, &[0; 10]));
        let page = self.history.events(Some(older_than), *from, Replay::AT_ONCE).await?;
        Ok((page.items.into_iter().map(|recorded| Next::Listed(Box::new(recorded.head))).collect(), page.next))
    }

    /// An event with its body, where it is there, is not erased, and is asked for.
    async fn event_of(&self, next: Next, replay: &Replay) -> PortResult<Option<Event>> {
        let id = match next {
            Next::Named(id) => id,
            Next::Listed(head) if !replay.takes(&head) => return Ok(None),
            Next::Listed(head) => head.id,
        };
        let event = self.events.event(id).await?;
        Ok(event.filter(|event| replay.takes(&event.head) && event.head.erased_at.is_none()))
    }

    /// Makes an event's tasks again, of those that take it today.
    fn make_again(&self, mut event: Event, replay: &Replay, rules: &Rules, made: &mut Made) {
        let words = Words::of(&mut event, rules);
        let (now, before) = (self.clock.now(), made.tasks.len());
        let expires = rules.expires(now);
        let making = Making { event: &event, words: &words };
        let wanted = rules.of(&event).into_iter();
        for rule in wanted.filter(|rule| replay.owner.as_ref().is_none_or(|owner| *owner == rule.definition.owner())) {
            if gate::filtered(rule, &event, &words).is_some() {
                continue;
            }
            for (index, action) in rule.definition.actions().iter().enumerate() {
                // Who names an event wants to see it.
                let is_listed = matches!(replay.selection, Selection::Range { .. });
                if is_listed && gate::told_elsewhere(rule, action, &event, &words).is_some() {
                    continue;
                }
                let id = TaskId::replayed(event.head.id, &rule.definition.owner(), index, &replay.id);
                let mut task = making::task(id, &event, action, now, expires);
                task.replay = Some(replay.id.clone());
                let prepared = making.prepare(rules, std::slice::from_mut(&mut task));
                made.tasks.push(task);
                made.work.extend(prepared.work);
                made.fallbacks.extend(prepared.fallbacks);
            }
        }
        let tasks = u64::try_from(made.tasks.len() - before).unwrap_or(u64::MAX);
        made.progress.tasks += tasks;
        made.progress.replayed += u64::from(tasks > 0);
    }
}

/// An event that a replay is to look at.
enum Next {
    /// One that was named.
    Named(EventId),
    /// One of a range.
    Listed(Box<EventHead>),
}
