//! Messages on the workers' queues: tagged and versioned, so that old ones are still understood after an update.

use serde::{Deserialize, Serialize};

use crate::id::{EventId, TaskId};

/// A task on its way to a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Work {
    /// A message for a Telegram chat.
    TelegramV1(TelegramV1),
}

/// A message for a Telegram chat, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelegramV1 {
    /// The task.
    pub task: TaskId,
    /// The event it is for.
    pub event: EventId,
    /// The chat.
    pub chat: String,
    /// The message in Telegram's HTML, split to its length limit.
    pub parts: Vec<String>,
}

impl Work {
    /// The task's id.
    pub const fn task(&self) -> &TaskId {
        match self {
            Self::TelegramV1(work) => &work.task,
        }
    }

    /// What must stay in order among itself: the chat.
    pub fn group(&self) -> &str {
        match self {
            Self::TelegramV1(work) => &work.chat,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn messages_carry_their_type() {
        let work = Work::TelegramV1(TelegramV1 {
            task: TaskId::from_text("t"),
            event: EventId::new(Timestamp::from_ms(0), &[0; 10]),
            chat: "1".to_owned(),
            parts: vec!["hi".to_owned()],
        });
        let json = serde_json::to_string(&work).unwrap();
        assert!(json.starts_with(r#"{"type":"TelegramV1","#), "{json}");
        assert_eq!(serde_json::from_str::<Work>(&json).unwrap(), work);
        assert!(serde_json::from_str::<Work>(r#"{"type":"TelegramV9"}"#).is_err());
    }
}
