//! Messages on the workers' queues: tagged and versioned, so that old ones are still understood after an update.

use serde::{Deserialize, Serialize};

use crate::task::Task;

/// A task on its way to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Work {
    /// A message for a Telegram chat.
    TelegramV1(TelegramV1),
}

/// A message for a Telegram chat, ready to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TelegramV1 {
    /// The task as it was when it was queued; what workers have written down since overrules it.
    pub task: Task,
    /// The message in Telegram's HTML, split to its length limit.
    pub parts: Vec<String>,
    /// The W3C trace context behind the span in which the event was routed, as a `traceparent` header has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

impl TelegramV1 {
    /// The chat.
    pub fn chat(&self) -> &str {
        &self.task.destination
    }
}

impl Work {
    /// The task.
    pub const fn task(&self) -> &Task {
        match self {
            Self::TelegramV1(work) => &work.task,
        }
    }

    /// What must stay in order among itself: the chat.
    pub fn group(&self) -> &str {
        match self {
            Self::TelegramV1(work) => work.chat(),
        }
    }

    /// What tells this work from every other: the task, and which time it is done again.
    pub fn key(&self) -> String {
        let task = self.task();
        format!("{}#{}", task.id, task.retries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EventId, HookId, TaskId};
    use crate::time::Timestamp;

    #[test]
    fn messages_carry_their_type() {
        let (event, hook, now) =
            (EventId::new(Timestamp::from_ms(0), &[0; 10]), HookId::from_text("hk_1"), Timestamp::from_ms(0));
        let task = Task::queued(TaskId::new(event, &hook, 0), event, hook, "telegram", "1", now, now);
        let work = Work::TelegramV1(TelegramV1 { task, parts: vec!["hi".to_owned()], trace: None });
        let json = serde_json::to_string(&work).unwrap();
        assert!(json.starts_with(r#"{"type":"TelegramV1","#), "{json}");
        assert_eq!(serde_json::from_str::<Work>(&json).unwrap(), work);
        assert!(serde_json::from_str::<Work>(r#"{"type":"TelegramV9"}"#).is_err());
    }
}
