//! What a file would change: worked out first, written afterwards or not at all.

use std::collections::HashMap;

use bellhop_core::config::Configured;
use bellhop_core::hook::Origin;

use super::{Difference, completed, differences, secrets};
use crate::ports::Clock;

/// What is to be written so that the things of a kind are those of a file.
#[derive(Debug)]
pub struct Plan<K> {
    /// What becomes of each thing that the file has, or had.
    pub changes: Vec<Change>,
    /// How many of each there are.
    pub applied: Applied,
    pub(super) put: Vec<K>,
    pub(super) delete: Vec<String>,
    pub(super) values: Vec<secrets::Value>,
    pub(super) unused: Vec<String>,
}

/// What becomes of a thing.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is new.
    Created(String),
    /// It is different in these fields; of a secret that is kept, the fingerprint alone is told.
    Updated(String, Vec<Difference>),
    /// It is as it was.
    Unchanged(String),
    /// It is gone because the file no longer has it.
    Deleted(String),
}

/// What applying a configuration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Things that are new.
    pub created: usize,
    /// Things that are different now.
    pub updated: usize,
    /// Things that are as they were.
    pub unchanged: usize,
    /// Things that are gone because the configuration no longer has them.
    pub deleted: usize,
}

impl<K: Configured> Plan<K> {
    /// What it takes to make the things of earlier files those of this one, of all that there are. Nothing is written.
    ///
    /// Things are told apart by name; those made through the API stay, unless the file takes over their name.
    pub fn new(clock: &dyn Clock, all: Vec<K>, drafts: Vec<K::Draft>) -> Self {
        let mut existing: HashMap<String, K> = all.into_iter().map(|thing| (thing.name().to_owned(), thing)).collect();
        let (changes, put, delete) = (Vec::new(), Vec::new(), Vec::new());
        let mut plan =
            Self { changes, applied: Applied::default(), put, delete, values: Vec::new(), unused: Vec::new() };
        for draft in drafts {
            let old = existing.remove(K::name_of(&draft));
            let (mut new, values) = completed(clock, draft, old.as_ref(), Origin::File);
            plan.values.extend(values);
            let name = new.name().to_owned();
            match old {
                None => {
                    plan.applied.created += 1;
                    plan.changes.push(Change::Created(name));
                }
                Some(old) if old == new => {
                    plan.applied.unchanged += 1;
                    plan.changes.push(Change::Unchanged(name));
                    continue;
                }
                Some(old) => {
                    plan.applied.updated += 1;
                    plan.changes.push(Change::Updated(name, differences(&old.shown(), &new.shown())));
                    plan.unused.extend(secrets::unused(&old, &new));
                    new.touch(old.version() + 1, clock.now());
                }
            }
            plan.put.push(new);
        }
        let mut gone: Vec<_> = existing.into_values().filter(|thing| thing.origin() == Origin::File).collect();
        gone.sort_by(|a, b| a.name().cmp(b.name()));
        plan.applied.deleted = gone.len();
        for thing in gone {
            plan.unused.extend(secrets::stored(&thing));
            plan.delete.push(thing.id().to_owned());
            plan.changes.push(Change::Deleted(thing.name().to_owned()));
        }
        plan
    }
}

impl std::ops::Add for Applied {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            created: self.created + other.created,
            updated: self.updated + other.updated,
            unchanged: self.unchanged + other.unchanged,
            deleted: self.deleted + other.deleted,
        }
    }
}
