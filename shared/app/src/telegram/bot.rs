//! The bot to send with, kept for a while.

use std::sync::Arc;

use bellhop_core::secret::SecretRef;

use crate::cache::Cache;
use crate::ports::{Bot, HookReader, PortError, PortResult, Secrets};

/// Looks the bot up and keeps it for at most a minute.
pub struct BotCache {
    hooks: Arc<dyn HookReader>,
    secrets: Arc<dyn Secrets>,
    cache: Cache<Option<Bot>>,
}

impl BotCache {
    /// A cache that has read nothing yet.
    pub fn new(hooks: Arc<dyn HookReader>, secrets: Arc<dyn Secrets>, cache: Cache<Option<Bot>>) -> Self {
        Self { hooks, secrets, cache }
    }

    /// The bot; `None` where no token is set, or its variable is unset: then messages are shown, not sent.
    ///
    /// A token that was stored and cannot be found is an error: messages must not pass for sent because of it.
    pub async fn bot(&self) -> PortResult<Arc<Option<Bot>>> {
        self.cache
            .get(|| async {
                let settings = self.hooks.settings().await?;
                let Some(reference) = settings.telegram_token else {
                    return Ok(None);
                };
                let mut values = self.secrets.resolve(std::slice::from_ref(&reference)).await?;
                match (values.remove(&reference), &reference) {
                    (Some(token), _) => Ok(Some(Bot { token, api_base: settings.telegram_api_base })),
                    (None, SecretRef::Env(_)) => Ok(None),
                    (None, _) => Err(PortError::new("the bot's token cannot be read", reference)),
                }
            })
            .await
    }
}
