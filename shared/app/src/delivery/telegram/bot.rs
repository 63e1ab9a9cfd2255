//! The bot to send with, kept for a while.

use std::sync::Arc;

use bellhop_core::secret::SecretRef;

use crate::cache::Cache;
use crate::ports::{Bot, PortError, PortResult, Secrets, SettingsReader};

/// What a worker goes out with.
#[derive(Debug, Clone, Default)]
pub struct Outfit {
    /// The bot; `None` where no token is set, or its variable is unset: then messages are shown, not sent.
    pub bot: Option<Bot>,
    /// The chat that is told of trouble.
    pub operator_chat: Option<String>,
}

/// Looks the bot up and keeps it for at most a minute.
pub struct BotCache {
    settings: Arc<dyn SettingsReader>,
    secrets: Arc<dyn Secrets>,
    cache: Cache<Outfit>,
}

impl BotCache {
    /// A cache that has read nothing yet.
    pub fn new(settings: Arc<dyn SettingsReader>, secrets: Arc<dyn Secrets>, cache: Cache<Outfit>) -> Self {
        Self { settings, secrets, cache }
    }

    /// The bot, and the chat that is told of trouble.
    ///
    /// A token that was stored and cannot be found is an error: messages must not pass for sent because of it.
    pub async fn bot(&self) -> PortResult<Arc<Outfit>> {
        self.cache
            .get(|| async {
                let settings = self.settings.settings().await?;
                let operator_chat = settings.operator_chat;
                let Some(reference) = settings.telegram_token else {
                    return Ok(Outfit { bot: None, operator_chat });
                };
                let mut values = self.secrets.resolve(std::slice::from_ref(&reference)).await?;
                let bot = match (values.remove(&reference), &reference) {
                    (Some(token), _) => Some(Bot { token, api_base: settings.telegram_api_base }),
                    (None, SecretRef::Env(_)) => None,
                    (None, _) => return Err(PortError::new("the bot's token cannot be read", reference)),
                };
                Ok(Outfit { bot, operator_chat })
            })
            .await
    }
}
