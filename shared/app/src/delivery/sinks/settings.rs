//! What holds for all hooks, kept for a while.

use std::sync::Arc;

use bellhop_core::config::Settings;

use crate::cache::Cache;
use crate::ports::{PortResult, SettingsReader};

/// Reads the settings and keeps them for at most a minute.
pub struct SettingsCache {
    settings: Arc<dyn SettingsReader>,
    cache: Cache<Settings>,
}

impl SettingsCache {
    /// A cache that has read nothing yet.
    pub fn new(settings: Arc<dyn SettingsReader>, cache: Cache<Settings>) -> Self {
        Self { settings, cache }
    }

    /// What holds for all hooks, none of it older than a minute.
    pub async fn settings(&self) -> PortResult<Arc<Settings>> {
        self.cache.get(|| self.settings.settings()).await
    }
}
