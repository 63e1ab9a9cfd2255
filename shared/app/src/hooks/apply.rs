//! Applying a whole configuration.

use std::collections::HashMap;

use bellhop_core::config::{CheckedConfig, Settings};
use bellhop_core::hook::{Hook, Origin};

use super::{HookBook, keep};
use crate::ports::PortResult;

/// What applying a configuration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Makes the hooks of earlier configurations those of this one, and its settings the settings.
    ///
    /// Hooks are told apart by name; those made through the API stay, unless the configuration takes over their name.
    pub async fn apply(&self, config: CheckedConfig) -> PortResult<Applied> {
        let (hooks, before) = self.reader.hooks_and_settings().await?;
        let mut existing: HashMap<String, Hook> = hooks.into_iter().map(|hook| (hook.name.clone(), hook)).collect();
        let mut applied = Applied { created: 0, updated: 0, unchanged: 0, deleted: 0 };
        let (mut put, mut unused) = (Vec::new(), Vec::new());
        for draft in config.hooks {
            let old = existing.remove(&draft.name);
            let new = self.complete(draft, old.as_ref(), Origin::File).await?;
            match old {
                None => applied.created += 1,
                Some(old) if old == new => {
                    applied.unchanged += 1;
                    continue;
                }
                Some(old) => {
                    applied.updated += 1;
                    unused.extend(keep::unused(&old, &new));
                }
            }
            put.push(new);
        }
        let gone: Vec<_> = existing.into_values().filter(|hook| hook.origin == Origin::File).collect();
        unused.extend(gone.iter().flat_map(keep::stored));
        let delete: Vec<_> = gone.into_iter().map(|hook| hook.id).collect();
        applied.deleted = delete.len();
        let mut settings = Settings { telegram_token: None, ..config.settings };
        if let Some(token) = config.telegram_token {
            settings.telegram_token = Some(self.keep("telegram-token", token).await?);
        }
        let settings = (settings != before).then_some(settings);
        if !put.is_empty() || !delete.is_empty() || settings.is_some() {
            self.writer.write_hooks(&put, &delete, settings.as_ref()).await?;
            self.changes.note();
            self.forget(unused).await;
        }
        Ok(applied)
    }
}
