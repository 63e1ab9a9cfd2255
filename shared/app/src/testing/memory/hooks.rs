//! Hooks, settings and secrets in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_core::config::Settings;
use bellhop_core::hook::{DoorHook, Hook};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::time::Timestamp;

use super::{Memory, World};
use crate::ports::{
    ConfigChange, ConfigWriter, DoorReader, HookReader, HookWriter, NewDocument, PortResult, Secrets, SettingsReader,
    Vault,
};
use crate::testing::as_door;

#[async_trait]
impl HookReader for Memory {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        self.call("hooks", |world, _| (world.hooks.values().cloned().collect(), world.settings.clone())).await
    }
}

#[async_trait]
impl DoorReader for Memory {
    async fn doors_and_settings(&self) -> PortResult<(Vec<DoorHook>, Settings)> {
        self.call("hooks", |world, _| (world.hooks.values().map(as_door).collect(), world.settings.clone())).await
    }
}

#[async_trait]
impl SettingsReader for Memory {
    async fn settings(&self) -> PortResult<Settings> {
        self.call("settings", |world, _| world.settings.clone()).await
    }
}

impl World {
    /// Makes one change.
    fn make(&mut self, change: ConfigChange, now: Timestamp) {
        match change {
            ConfigChange::Hook(hook) => drop(self.hooks.insert(hook.id.clone(), *hook)),
            ConfigChange::NoHook(id) => drop(self.hooks.remove(&id)),
            ConfigChange::Settings(settings) => self.settings = settings,
            ConfigChange::Document { collection, key, text } => {
                self.overwrite(&NewDocument { collection, key: &key, text: &text, expires: None }, now);
            }
            ConfigChange::NoDocument { collection, key } => drop(self.documents.remove(&(collection, key))),
            ConfigChange::Due(time) => self.add_due(&time),
        }
    }
}

#[async_trait]
impl ConfigWriter for Memory {
    async fn write_together(&self, changes: Vec<ConfigChange>) -> PortResult<()> {
        self.call("write_together", |world, now| changes.into_iter().for_each(|change| world.make(change, now))).await
    }

    async fn swap_together(
        &self,
        swap: &NewDocument<'_>,
        version: Option<u64>,
        changes: Vec<ConfigChange>,
    ) -> PortResult<bool> {
        self.call("swap_together", |world, now| {
            let swapped = world.swap(swap, version, now);
            if swapped {
                changes.into_iter().for_each(|change| world.make(change, now));
            }
            swapped
        })
        .await
    }
}

#[async_trait]
impl HookWriter for Memory {
    async fn replace_hook(&self, hook: &Hook, version: u64) -> PortResult<bool> {
        self.call("replace_hook", |world, _| match world.hooks.get_mut(&hook.id) {
            Some(kept) if kept.version == version => {
                *kept = hook.clone();
                true
            }
            _ => false,
        })
        .await
    }
}

#[async_trait]
impl Secrets for Memory {
    async fn resolve(&self, references: &[SecretRef]) -> PortResult<HashMap<SecretRef, Secret>> {
        self.call("resolve", |world, _| {
            let found = references.iter().filter_map(|reference| match reference {
                SecretRef::Stored(_) => Some((reference.clone(), world.vault.get(reference.stored_name()?)?.clone())),
                _ => None,
            });
            found.collect()
        })
        .await
    }
}

#[async_trait]
impl Vault for Memory {
    async fn keep(&self, name: &str, value: &Secret) -> PortResult<()> {
        self.call("keep", |world, _| {
            world.vault.insert(name.to_owned(), value.clone());
        })
        .await
    }

    async fn forget(&self, names: &[String]) -> PortResult<()> {
        self.call("forget", |world, _| world.vault.retain(|name, _| !names.contains(name))).await
    }
}
