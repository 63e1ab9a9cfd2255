//! Changes of things of several kinds, made together or not at all.

use bellhop_core::config::{Configured, Settings};

use super::{Applied, Catalogue, Plan, secrets};
use crate::ports::{ConfigChange, PortResult};

/// What is to be written together, with the secrets that it needs and those that nothing needs afterwards.
#[derive(Default)]
pub struct Together {
    pub(super) changes: Vec<ConfigChange>,
    pub(super) values: Vec<secrets::Value>,
    pub(super) unused: Vec<String>,
}

impl Together {
    /// Adds what was planned for the things of a kind; says what it will have done.
    pub async fn add<K: Configured>(&mut self, catalogue: &Catalogue<K>, plan: Plan<K>) -> PortResult<Applied> {
        let Plan { applied, put, delete, values, unused, .. } = plan;
        self.write(catalogue, put, delete).await?;
        self.values.extend(values);
        self.unused.extend(unused);
        Ok(applied)
    }

    /// Adds what holds for all hooks from now on, where that is new, with the values of secrets that it refers to.
    pub(crate) fn settings(&mut self, settings: Option<Settings>, values: Vec<secrets::Value>) {
        self.changes.extend(settings.map(ConfigChange::Settings));
        self.values.extend(values);
    }

    /// Adds things of a kind that are to be written, and the ids of those that are to be deleted.
    pub(super) async fn write<K: Configured>(
        &mut self,
        catalogue: &Catalogue<K>,
        put: Vec<K>,
        delete: Vec<String>,
    ) -> PortResult<()> {
        self.changes.extend(catalogue.things.changes(put, delete).await?);
        Ok(())
    }
}

impl<K> Catalogue<K> {
    /// Makes all changes, of whatever kinds, or none; secrets are kept before and forgotten afterwards.
    pub async fn carry_out(&self, together: Together) -> PortResult<()> {
        self.keep(&together.values).await?;
        if !together.changes.is_empty() {
            self.writer.write_together(together.changes).await?;
            self.changes.note();
        }
        self.forget(together.unused).await;
        Ok(())
    }
}
