//! Applying a whole configuration.

use bellhop_core::config::{CheckedConfig, Settings};
use bellhop_core::hook::Origin;

use super::{Hooks, ids};
use crate::catalogue::Applied;
use crate::catalogue::secrets::referred;
use crate::ports::PortResult;

impl Hooks {
    /// Makes the hooks of earlier configurations those of this one, and its settings the settings, all or nothing.
    ///
    /// Hooks are told apart by name; those made through the API stay, unless the configuration takes over their name.
    pub async fn apply(&self, config: CheckedConfig) -> PortResult<Applied> {
        let (hooks, before) = self.reader.hooks_and_settings().await?;
        let plan = self.catalogue.planned(hooks, config.hooks, Origin::File);
        let token = config.telegram_token.map(|token| ("telegram-token".to_owned(), token));
        let (mut kept, values) = referred(token.into_iter().collect());
        let settings = Settings { telegram_token: kept.pop(), ..config.settings };
        self.catalogue.keep(&plan.values).await?;
        self.catalogue.keep(&values).await?;
        let settings = (settings != before).then_some(settings);
        if !plan.put.is_empty() || !plan.delete.is_empty() || settings.is_some() {
            self.writer.write_hooks(&plan.put, &ids(&plan.delete), settings.as_ref()).await?;
            self.catalogue.changes.note();
            self.catalogue.forget(plan.unused).await;
        }
        Ok(plan.applied)
    }
}
