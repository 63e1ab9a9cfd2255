//! The messages that stand for keys at destinations, so that later events go on with them.

use bellhop_core::action::Key;
use bellhop_core::id::EventId;
use bellhop_core::task::Task;
use serde::{Deserialize, Serialize};

use crate::ports::{Clock, Collection, Documents, NewDocument, PortError, PortResult};

/// The message that stands for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// Its id, in the destination's own words.
    pub(super) id: String,
    /// The newest event that it shows.
    pub(super) event: EventId,
}

/// Remembers which message stands for a key, over these ports.
pub(super) struct KeyedMessages<'a> {
    pub(super) documents: &'a dyn Documents,
    pub(super) clock: &'a dyn Clock,
}

impl Standing {
    /// Whether it shows an event that came in later: what an older one says must not take its place.
    pub(super) fn is_newer_than(&self, task: &Task) -> bool {
        self.event > task.event
    }
}

impl KeyedMessages<'_> {
    /// The message that stands for a key where a task goes; `None` where there is none, or it was too long ago.
    pub(super) async fn of(&self, task: &Task, key: &Key) -> PortResult<Option<Standing>> {
        let document = self.documents.document(Collection::Message, &name(task, key)).await?;
        let read = |text: &str| serde_json::from_str(text).map_err(|e| PortError::unreadable("a key's message", &e));
        document.map(|document| read(&document.text)).transpose()
    }

    /// Remembers that a message stands for a key since this task.
    pub(super) async fn note(&self, task: &Task, key: &Key, id: String) -> PortResult<()> {
        let standing = Standing { id, event: task.event };
        let text =
            serde_json::to_string(&standing).map_err(|e| PortError::new("a key's message cannot be written", e))?;
        let expires = Some(self.clock.now().plus_ms(key.seconds.saturating_mul(1000)));
        let (name, collection) = (name(task, key), Collection::Message);
        self.documents.write(&NewDocument { collection, key: &name, text: &text, expires }).await
    }
}

/// What a key is called among those of all destinations.
fn name(task: &Task, key: &Key) -> String {
    format!("{}:{}:{}", task.kind, task.destination, key.digest)
}
