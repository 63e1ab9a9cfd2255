//! The catalogue of configured things: one way to check, change, list, plan and apply them, whatever their kind.
//!
//! A kind says in its room what it is (`core::config::Configured`); where it is kept is a [`Configurations`].

pub mod checks;
mod difference;
mod documents;
mod patch;
mod plan;
pub(crate) mod secrets;
mod together;

use std::cmp::Reverse;
use std::sync::Arc;

use bellhop_core::config::{Configured, Problem, SecretsAs, Stamp};
use bellhop_core::hook::Origin;
use bellhop_core::time::Timestamp;
use serde_json::{Map, Value};

pub use difference::Difference;
pub use documents::InDocuments;
pub use plan::{Applied, Change, Plan};
pub use secrets::fingerprint;
pub use together::Together;

pub(crate) use difference::differences;

use crate::cache::Changes;
use crate::ports::{Clock, ConfigWriter, Configurations, PortError, PortResult, Vault};

/// How often a change is tried that others get in the way of.
const TRIES: usize = 5;

/// The configured things of a kind, as people manage them.
pub struct Catalogue<K> {
    /// Where they are kept.
    pub things: Arc<dyn Configurations<K>>,
    /// Where they are written, together with those of other kinds.
    pub writer: Arc<dyn ConfigWriter>,
    /// Where secrets given by value are kept.
    pub vault: Arc<dyn Vault>,
    /// The time, and randomness.
    pub clock: Arc<dyn Clock>,
    /// Where this process's caches learn of a change.
    pub changes: Changes,
}

/// A thing was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// None of the kind has this id.
    #[error("no {0} has this id")]
    Gone(&'static str),
    /// There is one of that name.
    #[error("another {0} is called `{1}` already")]
    NameTaken(&'static str, String),
    /// It has changed since the version that the change was meant for.
    #[error("the {0} has been changed since; read it again")]
    Outdated(&'static str),
    /// It was changed by others each time this change was about to be written.
    #[error("the {0} is being changed by others; try again")]
    Busy(&'static str),
    /// Fields of it are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Problem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] PortError),
}

/// What is to become of a thing.
pub enum Edit<'a, K> {
    /// Fields laid over its own, after RFC 7386, with the rights of whoever wrote them.
    Patch(&'a Map<String, Value>, SecretsAs),
    /// The thing that this makes of it at the moment of the change, and the secrets that are kept for it.
    With(&'a (dyn Fn(&K, Timestamp) -> K + Send + Sync), &'a [secrets::Value]),
}

/// A place in a list: when the last thing before it was made, and its id.
pub type Place = (u64, String);

impl<K: Configured> Catalogue<K> {
    /// All of them, by name.
    pub async fn list(&self) -> PortResult<Vec<K>> {
        let mut things = self.things.all().await?;
        things.sort_by(|a, b| a.name().cmp(b.name()));
        Ok(things)
    }

    /// At most so many, newest first, after a place in the list; and the place that the list goes on from, if it does.
    pub async fn page(&self, after: Option<&Place>, limit: usize) -> PortResult<(Vec<K>, Option<Place>)> {
        let place = |thing: &K| (thing.created_at().as_ms(), thing.id().to_owned());
        let mut things = self.things.all().await?;
        things.sort_by_key(|thing| Reverse(place(thing)));
        things.retain(|thing| after.is_none_or(|after| place(thing) < *after));
        let more = things.len() > limit;
        things.truncate(limit);
        let next = things.last().filter(|_| more).map(place);
        Ok((things, next))
    }

    /// The one of this id.
    pub async fn get(&self, id: &str) -> PortResult<Option<K>> {
        Ok(self.things.all().await?.into_iter().find(|thing| thing.id() == id))
    }

    /// Makes one, with the rights of whoever wrote it.
    pub async fn create(&self, spec: K::Spec, secrets: SecretsAs) -> Result<K, NotMade> {
        let draft = checks::new::<K>(spec, secrets).await.map_err(NotMade::Invalid)?;
        let name = K::name_of(&draft);
        if self.things.all().await?.iter().any(|thing| thing.name() == name) {
            return Err(NotMade::NameTaken(K::KIND, name.to_owned()));
        }
        let (thing, values) = completed::<K>(&*self.clock, draft, None, Origin::Api);
        self.fits(&thing, None)?;
        let mut together = Together { values, ..Together::default() };
        together.write(self, vec![thing.clone()], Vec::new()).await?;
        self.carry_out(together).await?;
        log::info!(id = thing.id(); "{} made", K::KIND);
        Ok(thing)
    }

    /// Changes one: only where it has one of the expected versions, or else again and again until nobody is in the way.
    pub async fn change(&self, id: &str, expected: Option<&[u64]>, edit: &Edit<'_, K>) -> Result<K, NotMade> {
        for _ in 0..TRIES {
            let all = self.things.all().await?;
            let old = all.iter().find(|thing| thing.id() == id).ok_or(NotMade::Gone(K::KIND))?;
            if expected.is_some_and(|expected| !expected.contains(&old.version())) {
                return Err(NotMade::Outdated(K::KIND));
            }
            let new = self.edited(old, edit).await?;
            if all.iter().any(|thing| thing.name() == new.name() && thing.id() != id) {
                return Err(NotMade::NameTaken(K::KIND, new.name().to_owned()));
            }
            if new == *old {
                return Ok(new);
            }
            if self.things.replace(&new, old.version()).await? {
                self.changes.note();
                log::info!(id, version = new.version(); "{} changed", K::KIND);
                self.forget(secrets::unused(old, &new)).await;
                return Ok(new);
            }
            if expected.is_some() {
                return Err(NotMade::Outdated(K::KIND));
            }
        }
        Err(NotMade::Busy(K::KIND))
    }

    /// Deletes one and the secrets kept for it.
    pub async fn delete(&self, id: &str, expected: Option<&[u64]>) -> Result<(), NotMade> {
        let thing = self.get(id).await?.ok_or(NotMade::Gone(K::KIND))?;
        if let Some(expected) = expected {
            // Taking the version first lets of two changes at the same time only one happen.
            let (version, mut taken) = (thing.version(), thing.clone());
            taken.touch(version + 1, self.clock.now());
            if !expected.contains(&version) || !self.things.replace(&taken, version).await? {
                return Err(NotMade::Outdated(K::KIND));
            }
        }
        let mut together = Together { unused: secrets::stored(&thing), ..Together::default() };
        together.write(self, Vec::new(), vec![id.to_owned()]).await?;
        self.carry_out(together).await?;
        log::info!(id; "{} deleted", K::KIND);
        Ok(())
    }

    /// Checks a thing for what can only be seen where it is kept.
    fn fits(&self, thing: &K, old: Option<&K>) -> Result<(), NotMade> {
        let problems = self.things.problems(thing, old);
        if problems.is_empty() { Ok(()) } else { Err(NotMade::Invalid(problems)) }
    }

    /// The thing as it is after a change.
    async fn edited(&self, old: &K, edit: &Edit<'_, K>) -> Result<K, NotMade> {
        let now = self.clock.now();
        let mut new = match edit {
            Edit::Patch(fields, secrets) => {
                let draft = patch::patched(old, fields, *secrets).await?;
                let (new, values) = completed(&*self.clock, draft, Some(old), Origin::Api);
                self.fits(&new, Some(old))?;
                self.keep(&values).await?;
                new
            }
            Edit::With(make, values) => {
                self.keep(values).await?;
                make(old, now)
            }
        };
        new.tidy(now);
        if new != *old {
            new.touch(old.version() + 1, now);
        }
        Ok(new)
    }
}

/// Gives a draft what only the store knows, those of the thing it replaces where there is one; and the values that are to be
/// kept for it.
fn completed<K: Configured>(
    clock: &dyn Clock,
    draft: K::Draft,
    old: Option<&K>,
    origin: Origin,
) -> (K, Vec<secrets::Value>) {
    let random = || {
        let mut random = [0; 22];
        clock.random(&mut random);
        random
    };
    let id = old.map_or_else(|| K::new_id(&random()), |old| old.id().to_owned());
    let stamp = Stamp { id, random: random(), origin, now: clock.now() };
    let mut values = Vec::new();
    let thing = K::complete(draft, old, &stamp, &mut |name, secret| secrets::referred(name, secret, &mut values));
    (thing, values)
}

#[cfg(test)]
mod tests;
