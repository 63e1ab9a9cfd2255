//! Managing hooks: the first kind in the catalogue, and what hooks alone have: secrets that are replaced, settings beside
//! them, and being tried out.

mod rotate;
mod trial;

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::config::Settings;
use bellhop_core::hook::{Hook, HookStatus};
use bellhop_core::id::HookId;

pub use rotate::{NotRotated, Rotated, Rotation};
pub use trial::{NotTried, Trials};

use crate::cache::Changes;
use crate::catalogue::{Catalogue, Edit, NotMade};
use crate::ports::{Clock, ConfigChange, Configurations, HookReader, HookWriter, PortResult, Vault};

/// The hooks, as people manage them.
pub struct Hooks {
    /// What all kinds have in common.
    pub catalogue: Catalogue<Hook>,
    reader: Arc<dyn HookReader>,
}

/// The hooks where they are kept, beside the settings.
struct Kept {
    reader: Arc<dyn HookReader>,
    writer: Arc<dyn HookWriter>,
}

#[async_trait]
impl Configurations<Hook> for Kept {
    async fn all(&self) -> PortResult<Vec<Hook>> {
        self.reader.hooks_and_settings().await.map(|(hooks, _)| hooks)
    }

    async fn changes(&self, put: Vec<Hook>, delete: Vec<String>) -> PortResult<Vec<ConfigChange>> {
        let put = put.into_iter().map(|hook| ConfigChange::Hook(Box::new(hook)));
        let delete = delete.into_iter().map(|id| ConfigChange::NoHook(HookId::from_text(id)));
        Ok(put.chain(delete).collect())
    }

    async fn replace(&self, hook: &Hook, version: u64) -> PortResult<bool> {
        self.writer.replace_hook(hook, version).await
    }
}

impl Hooks {
    /// The hooks behind these ports; `changes` tells this process's caches of what is changed.
    pub fn new(
        reader: Arc<dyn HookReader>,
        writer: Arc<dyn HookWriter>,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
        changes: Changes,
    ) -> Self {
        let things = Arc::new(Kept { reader: Arc::clone(&reader), writer: Arc::clone(&writer) });
        Self { catalogue: Catalogue { things, writer, vault, clock, changes }, reader }
    }

    /// The hooks as they are stored, and what holds for all of them.
    pub(crate) async fn stored(&self) -> PortResult<(Vec<Hook>, Settings)> {
        self.reader.hooks_and_settings().await
    }

    /// Disables a hook that is active, and the other way round.
    pub async fn toggle(&self, id: &str, expected: Option<&[u64]>) -> Result<Hook, NotMade> {
        let toggled = |old: &Hook, _| {
            let status = match old.status {
                HookStatus::Active => HookStatus::Disabled,
                HookStatus::Disabled => HookStatus::Active,
            };
            Hook { status, ..old.clone() }
        };
        self.catalogue.change(id, expected, &Edit::With(&toggled, &[])).await
    }
}

#[cfg(test)]
mod tests;
