//! What a file, or an import, would change: worked out first, written afterwards or not at all.

use std::collections::HashMap;

use bellhop_core::config::Configured;
use bellhop_core::hook::Origin;
use serde_json::Value as Json;

use super::{Catalogue, secrets};
use crate::ports::PortResult;

/// What is to be written so that the things of a kind are those of a file.
#[derive(Debug)]
pub struct Plan<K> {
    /// What becomes of each thing that the file has, or had.
    pub changes: Vec<Change>,
    /// How many of each there are.
    pub applied: Applied,
    pub(crate) put: Vec<K>,
    pub(crate) delete: Vec<String>,
    pub(crate) values: Vec<secrets::Value>,
    pub(crate) unused: Vec<String>,
}

/// What becomes of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created(String),
    /// It is different: these of its fields are, a secret among them told by its fingerprint alone.
    Updated(String, Vec<String>),
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

impl<K: Configured> Catalogue<K> {
    /// What it takes to make the things of earlier files those of this one. Nothing is written.
    ///
    /// Things are told apart by name; those made through the API stay, unless the file takes over their name.
    pub async fn plan(&self, drafts: Vec<K::Draft>) -> PortResult<Plan<K>> {
        Ok(self.planned(self.things.all().await?, drafts, Origin::File))
    }

    /// What it takes to have these things besides those that there are: one of the same name becomes this one. Nothing is
    /// written.
    pub async fn plan_import(&self, drafts: Vec<K::Draft>) -> PortResult<Plan<K>> {
        Ok(self.planned(self.things.all().await?, drafts, Origin::Api))
    }

    /// Writes what was planned, all or nothing as far as the store can.
    pub async fn apply(&self, plan: Plan<K>) -> PortResult<Applied> {
        self.keep(&plan.values).await?;
        if !plan.put.is_empty() || !plan.delete.is_empty() {
            self.things.write(&plan.put, &plan.delete).await?;
            self.changes.note();
            self.forget(plan.unused).await;
        }
        Ok(plan.applied)
    }

    /// The plan for what there is.
    pub(crate) fn planned(&self, all: Vec<K>, drafts: Vec<K::Draft>, origin: Origin) -> Plan<K> {
        let mut existing: HashMap<String, K> = all.into_iter().map(|thing| (thing.name().to_owned(), thing)).collect();
        let (changes, put, delete) = (Vec::new(), Vec::new(), Vec::new());
        let mut plan =
            Plan { changes, applied: Applied::default(), put, delete, values: Vec::new(), unused: Vec::new() };
        for draft in drafts {
            let old = existing.remove(K::name_of(&draft));
            let (mut new, values) = self.completed(draft, old.as_ref(), origin);
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
                    plan.changes.push(Change::Updated(name, differing(&old, &new)));
                    plan.unused.extend(secrets::unused(&old, &new));
                    new.touch(old.version() + 1, self.clock.now());
                }
            }
            plan.put.push(new);
        }
        let mut gone: Vec<_> = existing.into_values().filter(|thing| thing.origin() == Origin::File).collect();
        gone.retain(|_| origin == Origin::File);
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

/// The fields in which two forms of a thing differ, by name.
fn differing<K: Configured>(old: &K, new: &K) -> Vec<String> {
    let fields = |thing: &K| match serde_json::to_value(thing) {
        Ok(Json::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (old, new) = (fields(old), fields(new));
    let mut names: Vec<_> = old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)).collect();
    names.sort();
    names.dedup();
    names.into_iter().cloned().collect()
}
