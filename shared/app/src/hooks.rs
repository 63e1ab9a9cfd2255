//! Managing hooks: making, changing and deleting one, and applying a whole configuration, all or nothing.

mod apply;
mod change;
pub mod checks;
mod keep;
mod trial;

use std::sync::Arc;

use bellhop_core::config::{HookDraft, Problem};
use bellhop_core::hook::{Hook, Origin};
use bellhop_core::id::{HookId, random_word};

pub use apply::Applied;
pub use change::{Rotated, Rotation};
pub use keep::fingerprint;
pub use trial::{NotTried, Trials};

use crate::cache::Changes;
use crate::ports::{Clock, HookReader, HookWriter, PortError, PortResult, Vault};

/// The hooks, as people manage them.
pub struct HookBook {
    /// For reading.
    pub reader: Arc<dyn HookReader>,
    /// For changing.
    pub writer: Arc<dyn HookWriter>,
    /// Where secrets given by value are kept.
    pub vault: Arc<dyn Vault>,
    /// The time, and randomness.
    pub clock: Arc<dyn Clock>,
    /// Where this process's caches learn of a change.
    pub changes: Changes,
}

/// A hook was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// No hook has this id.
    #[error("no hook has this id")]
    Gone,
    /// There is a hook of that name.
    #[error("another hook is called `{0}` already")]
    NameTaken(String),
    /// The hook has changed since the version that the change was meant for.
    #[error("the hook has been changed since; read it again")]
    Outdated,
    /// The hook was changed by others each time this change was about to be written.
    #[error("the hook is being changed by others; try again")]
    Busy,
    /// Its sender proves nothing, so there is no secret to replace.
    #[error("the hook's sender checks no secret, so there is none to replace")]
    Unsigned,
    /// Fields of it are wrong.
    #[error("fields are wrong")]
    Invalid(Vec<Problem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] PortError),
}

impl HookBook {
    /// Every hook, by name.
    pub async fn list(&self) -> PortResult<Vec<Hook>> {
        let (mut hooks, _) = self.reader.hooks_and_settings().await?;
        hooks.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(hooks)
    }

    /// The hook of this id.
    pub async fn get(&self, id: &HookId) -> PortResult<Option<Hook>> {
        let (hooks, _) = self.reader.hooks_and_settings().await?;
        Ok(hooks.into_iter().find(|hook| hook.id == *id))
    }

    /// Makes a hook.
    pub async fn create(&self, draft: HookDraft) -> Result<Hook, NotMade> {
        let (hooks, _) = self.reader.hooks_and_settings().await?;
        if hooks.iter().any(|hook| hook.name == draft.name) {
            return Err(NotMade::NameTaken(draft.name));
        }
        let hook = self.complete(draft, None, Origin::Api).await?;
        self.writer.write_hooks(std::slice::from_ref(&hook), &[], None).await?;
        self.changes.note();
        log::info!(hook = hook.id.as_str(); "hook made");
        Ok(hook)
    }

    /// Deletes a hook and the secrets kept for it; its path is free at once, and its events stay until they expire.
    pub async fn delete(&self, id: &HookId, expected: Option<&[u64]>) -> Result<(), NotMade> {
        let hook = self.get(id).await?.ok_or(NotMade::Gone)?;
        if let Some(expected) = expected {
            // Taking the version first lets of two changes at the same time only one happen.
            let taken = Hook { version: hook.version + 1, ..hook.clone() };
            if !expected.contains(&hook.version) || !self.writer.replace_hook(&taken, hook.version).await? {
                return Err(NotMade::Outdated);
            }
        }
        self.writer.write_hooks(&[], std::slice::from_ref(id), None).await?;
        self.changes.note();
        log::info!(hook = id.as_str(); "hook deleted");
        self.forget(keep::stored(&hook)).await;
        Ok(())
    }

    /// Gives a draft what only the store knows: id, path and times, those of the hook it replaces where there is one.
    async fn complete(&self, draft: HookDraft, old: Option<&Hook>, origin: Origin) -> PortResult<Hook> {
        let id = old.map_or_else(|| HookId::from_random(&self.random()), |old| old.id.clone());
        let minted = || old.map(|old| old.path.clone()).filter(|path| is_minted(path));
        let path = draft.path.clone().or_else(minted).unwrap_or_else(|| mint_path(&self.random()));
        let secrets = self.keep_all(id.as_str(), draft.secrets.clone()).await?;
        let reconcile = match draft.reconcile.clone() {
            Some(reconcile) => {
                // Not under the name of the hook's secrets: who looks for deliveries need not know those.
                let token = self.keep(&format!("reconcile-{id}"), reconcile.token.clone()).await?;
                Some(reconcile.kept(token))
            }
            None => None,
        };
        let mut actions = Vec::with_capacity(draft.actions.len());
        for action in draft.actions.clone() {
            // Neither are those of its actions, which their workers read.
            actions.push(self.keep_action(&format!("action-{id}"), action).await?);
        }
        let (status, now) = (draft.status, self.clock.now());
        let mut hook = draft.into_hook(id, path, secrets, actions, origin, now);
        hook.reconcile = reconcile;
        if let Some(old) = old {
            hook.created_at = old.created_at;
            hook.status = status.unwrap_or(old.status);
            hook.retiring.clone_from(&old.retiring);
            // Nothing but the time differs: then it is the same hook.
            (hook.updated_at, hook.version) = (old.updated_at, old.version);
            if hook != *old {
                (hook.updated_at, hook.version) = (now, old.version + 1);
            }
        }
        Ok(hook)
    }

    /// Random bytes for an id or a path.
    fn random(&self) -> [u8; 22] {
        let mut random = [0; 22];
        self.clock.random(&mut random);
        random
    }
}

/// A path nobody can guess.
fn mint_path(random: &[u8; 22]) -> String {
    format!("in-{}", random_word(random))
}

/// Whether a path was made by us.
fn is_minted(path: &str) -> bool {
    path.len() == 25 && path.starts_with("in-")
}

#[cfg(test)]
mod tests;
