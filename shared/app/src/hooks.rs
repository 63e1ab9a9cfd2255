//! Managing hooks: listing, creating one, and applying a whole configuration, all or nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bellhop_core::config::{CheckedConfig, HookDraft, SecretInput, Settings};
use bellhop_core::hook::{Hook, Origin};
use bellhop_core::id::{HookId, random_word};
use bellhop_core::secret::{Secret, SecretRef};
use sha2::{Digest, Sha256};

use crate::cache::Changes;
use crate::ports::{Clock, HookReader, HookWriter, PortResult, Vault};

/// The hooks, as people manage them.
pub struct HookBook {
    /// For reading.
    pub reader: Arc<dyn HookReader>,
    /// For changing.
    pub writer: Arc<dyn HookWriter>,
    /// Where secrets given by value are kept.
    pub vault: Arc<dyn Vault>,
    /// The time, and luck.
    pub clock: Arc<dyn Clock>,
    /// Where this process's caches learn of a change.
    pub changes: Changes,
}

/// A hook was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// There is a hook of that name.
    #[error("another hook is called `{0}` already")]
    NameTaken(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::ports::PortError),
}

/// What applying a configuration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Applied {
    /// Hooks that are new.
    pub created: usize,
    /// Hooks that are different now.
    pub updated: usize,
    /// Hooks that are as they were.
    pub unchanged: usize,
    /// Hooks that are gone because the configuration no longer has them.
    pub deleted: usize,
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
        Ok(hook)
    }

    /// Makes the hooks of earlier configurations those of this one, and its settings the settings.
    ///
    /// Hooks are told apart by name; those made through the API stay, unless the configuration takes over their name.
    pub async fn apply(&self, config: CheckedConfig) -> PortResult<Applied> {
        let (hooks, before) = self.reader.hooks_and_settings().await?;
        let mut existing: HashMap<String, Hook> = hooks.into_iter().map(|hook| (hook.name.clone(), hook)).collect();
        let mut applied = Applied { created: 0, updated: 0, unchanged: 0, deleted: 0 };
        let mut put = Vec::new();
        for draft in config.hooks {
            let old = existing.remove(&draft.name);
            let new = self.complete(draft, old.as_ref(), Origin::File).await?;
            match old {
                None => applied.created += 1,
                Some(old) if old == new => {
                    applied.unchanged += 1;
                    continue;
                }
                Some(_) => applied.updated += 1,
            }
            put.push(new);
        }
        let gone = existing.into_values().filter(|hook| hook.origin == Origin::File);
        let delete: Vec<_> = gone.map(|hook| hook.id).collect();
        applied.deleted = delete.len();
        let mut settings = Settings { telegram_token: None, ..config.settings };
        if let Some(token) = config.telegram_token {
            settings.telegram_token = Some(self.keep("telegram-token", token).await?);
        }
        let settings = (settings != before).then_some(settings);
        if !put.is_empty() || !delete.is_empty() || settings.is_some() {
            self.writer.write_hooks(&put, &delete, settings.as_ref()).await?;
            self.changes.note();
        }
        Ok(applied)
    }

    /// Gives a draft what only the store knows: id, path and times, those of the hook it replaces where there is one.
    async fn complete(&self, draft: HookDraft, old: Option<&Hook>, origin: Origin) -> PortResult<Hook> {
        let id = old.map_or_else(|| HookId::from_random(&self.random()), |old| old.id.clone());
        let minted = || old.map(|old| old.path.clone()).filter(|path| is_minted(path));
        let path = draft.path.clone().or_else(minted).unwrap_or_else(|| mint_path(&self.random()));
        let mut secrets = Vec::with_capacity(draft.secrets.len());
        let mut seen = HashSet::new();
        for secret in draft.secrets.clone() {
            let reference = self.keep(id.as_str(), secret).await?;
            if seen.insert(reference.clone()) {
                secrets.push(reference);
            }
        }
        let mut hook = draft.into_hook(id, path, secrets, origin, self.clock.now());
        if let Some(old) = old {
            hook.created_at = old.created_at;
            hook.status = old.status;
            // Nothing but the time differs: then it is the same hook.
            hook.updated_at = old.updated_at;
            if hook != *old {
                hook.updated_at = self.clock.now();
            }
        }
        Ok(hook)
    }

    /// Keeps a secret given by value under a name of its own, so that one being rotated in does not replace the other.
    async fn keep(&self, owner: &str, secret: SecretInput) -> PortResult<SecretRef> {
        match secret {
            SecretInput::Reference(reference) => Ok(reference),
            SecretInput::Value(value) => {
                let name = format!("{owner}-{}", fingerprint(&value));
                self.vault.keep(&name, &value).await?;
                Ok(SecretRef::Stored(name))
            }
        }
    }

    /// Random bytes for an id or a path.
    fn random(&self) -> [u8; 22] {
        let mut random = [0; 22];
        self.clock.random(&mut random);
        random
    }
}

/// The first eight digits of a secret's SHA-256: enough to tell secrets apart, useless to find one out.
pub fn fingerprint(secret: &Secret) -> String {
    hex::encode(&Sha256::digest(secret.expose())[..4])
}

/// A path nobody can guess.
fn mint_path(random: &[u8; 22]) -> String {
    format!("in-{}", random_word(random))
}

/// Whether a path was made by us.
fn is_minted(path: &str) -> bool {
    path.len() == 25 && path.starts_with("in-")
}
