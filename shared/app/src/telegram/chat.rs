//! What the Telegram workers remember of chats, together.

use bellhop_core::breaker::Breaker;
use bellhop_core::telegram::{Pace, Scope};
use bellhop_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::{Collection, Documents, NewDocument, PortError, PortResult};

/// How long a chat that nothing is sent to is remembered: it may have moved, and would be looked for in vain.
const REMEMBERED_MS: u64 = 400 * 24 * 60 * 60 * 1000;

/// What is remembered of a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ChatEntry {
    /// The pace kept with it.
    pub(super) pace: Pace,
    /// How it has failed of late.
    #[serde(default)]
    pub(super) breaker: Breaker,
    /// Where it has moved to, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<String>,
}

impl ChatEntry {
    /// An entry of which nothing is known but its pace.
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, breaker: Breaker::default(), moved_to: None }
    }

    /// When the chat may have its next message: `now` or later.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        self.pace.next(now).max(self.breaker.next(now))
    }
}

/// What is remembered of a chat; a fresh entry where nothing is.
pub(super) async fn entry(documents: &dyn Documents, chat: &str) -> PortResult<ChatEntry> {
    match documents.document(Collection::Destination, &key(chat)).await? {
        Some(document) => serde_json::from_str(&document.text).map_err(|e| PortError::unreadable("a chat's note", &e)),
        None => Ok(ChatEntry::new(Pace::new(Scope::of_chat(chat)))),
    }
}

/// Remembers it.
pub(super) async fn set_entry(
    documents: &dyn Documents,
    chat: &str,
    entry: &ChatEntry,
    now: Timestamp,
) -> PortResult<()> {
    let text = serde_json::to_string(entry).map_err(|e| PortError::new("a chat's document cannot be written", e))?;
    let expires = Some(now.plus_ms(REMEMBERED_MS));
    documents.write(&NewDocument { collection: Collection::Destination, key: &key(chat), text: &text, expires }).await
}

/// A chat's key among the destinations.
fn key(chat: &str) -> String {
    format!("telegram:{chat}")
}
