//! What is to be recorded of an event, made before anything is written, so that many can be written together.

use bellhop_core::delivery::Delivery;
use bellhop_core::event::{Duplicate, Event};
use bellhop_core::id::{EventId, Owner};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use crate::ports::Claim;

/// An event about to be recorded, with all that is written down together with it.
///
/// It is made as if the event had all its deliveries. [`NewRecord::claimed`] takes out what another event had first, so
/// the claims can be asked for inside the transaction that records the event.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRecord {
    /// The event.
    pub event: Event,
    /// What its owners make of it, the highest priority first.
    pub parts: Vec<Part>,
    /// The tasks of all parts, in their order.
    pub tasks: Vec<Task>,
    /// The work of those tasks that are to be done.
    pub work: Vec<Work>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When the record may be deleted.
    pub expires: Timestamp,
}

/// What one owner makes of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The owner.
    pub owner: Owner,
    /// The delivery to claim; `None` where nothing tells the event's delivery from others.
    pub claim: Option<NewClaim>,
    /// Whether the owner's quota decides besides.
    pub(super) turns: bool,
}

/// A delivery that an event claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClaim {
    pub(super) delivery: Delivery,
    /// From when on another event may claim it.
    pub expires: Timestamp,
}

impl NewClaim {
    /// The key of the delivery.
    pub fn key(&self) -> &str {
        &self.delivery.key
    }

    /// That an event is a copy of the one that had the delivery first, unless that came so much later that it has claimed
    /// the delivery again: then this event had its own turn before.
    pub(super) fn copy_of(&self, owner: &Owner, event: EventId, first: EventId) -> Option<Duplicate> {
        (first.accepted_at() < self.expires).then(|| {
            let cause = self.delivery.cause(event.accepted_at().ms_since(first.accepted_at()));
            Duplicate { owner: owner.clone(), first, cause }
        })
    }
}

impl NewRecord {
    /// The deliveries to claim, by owner; [`NewRecord::claimed`] wants what became of them in this order.
    pub fn claims(&self) -> impl Iterator<Item = (&Owner, &NewClaim)> {
        self.parts.iter().filter_map(|part| Some((&part.owner, part.claim.as_ref()?)))
    }

    /// Takes out what the owners make of it at which another event had the delivery first; says whether there are any.
    pub fn claimed(&mut self, claims: &[Claim]) -> bool {
        let id = self.event.head.id;
        let duplicates = self.claims().zip(claims).filter_map(|((owner, claim), became)| match became {
            Claim::Ours => None,
            Claim::Duplicate(first) => claim.copy_of(owner, id, *first),
        });
        let duplicates: Vec<_> = duplicates.collect();
        for Duplicate { owner, .. } in &duplicates {
            self.parts.retain(|part| part.owner != *owner);
            self.tasks.retain(|task| task.owner != *owner);
            self.work.retain(|work| work.task.owner != *owner);
        }
        let any = !duplicates.is_empty();
        self.event.head.duplicates.extend(duplicates);
        any
    }

    /// The owners at whose counts the event is added.
    pub fn counted(&self) -> impl Iterator<Item = &Owner> {
        self.parts.iter().map(|part| &part.owner).filter(|_| !self.event.head.test)
    }

    /// Whether more than claims decides about it, or somebody has to be told first, so that it is recorded step by step.
    pub(super) fn needs_steps(&self) -> bool {
        self.parts.iter().any(|part| part.turns) || self.tasks.iter().any(|task| task.status == TaskStatus::Dead)
    }

    /// Skips all its tasks.
    pub(super) fn skip_all(&mut self, reason: &str) {
        self.tasks.iter_mut().for_each(|task| skip(task, reason));
        self.work.clear();
    }

    /// Skips the tasks of one owner.
    pub(super) fn skip(&mut self, owner: &Owner, reason: &str) {
        self.tasks.iter_mut().filter(|task| task.owner == *owner).for_each(|task| skip(task, reason));
        self.work.retain(|work| work.task.owner != *owner);
    }
}

/// Skips a task.
pub(super) fn skip(task: &mut Task, reason: &str) {
    task.status = TaskStatus::Skipped;
    task.reason = Some(reason.to_owned());
}
