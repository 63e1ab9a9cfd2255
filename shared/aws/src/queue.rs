//! The workers' queues: an SQS FIFO queue for each worker, with a group for each destination whose order is kept, and one for
//! each task on the parallel lane. So the queue gives a task to one worker at a time, whatever its lane.

use async_trait::async_trait;
use bellhop_app::ports::{PortError, PortResult, WorkQueue};
use bellhop_core::action::{Lane, QueueName};
use bellhop_core::work::Queued;
use sha2::{Digest, Sha256};

use crate::sqs::{Entry, MOST_BYTES, MOST_ENTRIES, Queue, SEND};

/// The queues, for sending.
#[derive(Clone)]
pub struct WorkQueues {
    /// By name.
    queues: Vec<(QueueName, Queue)>,
}

impl WorkQueues {
    /// These queues.
    pub(crate) const fn new(queues: Vec<(QueueName, Queue)>) -> Self {
        Self { queues }
    }

    /// Sends messages of one queue.
    ///
    /// A batch is accepted entry by entry. Sent again, those already there are known by their deduplication ids.
    async fn send_to(&self, queue: &Queue, messages: Vec<Queued>) -> PortResult<()> {
        let what = "work could not be queued";
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for Queued { lane, group, key, message, .. } in messages {
            let body = body(message);
            if batch.len() == MOST_ENTRIES || (bytes + body.len() > MOST_BYTES && !batch.is_empty()) {
                queue.batch(what, SEND, &std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes += body.len();
            let group = match lane {
                Lane::Ordered => &group,
                Lane::Parallel => &key,
            };
            batch.push(Entry {
                id: batch.len().to_string(),
                message_group_id: Some(queue_word(group)),
                message_deduplication_id: Some(queue_word(&key)),
                message_body: Some(body),
                ..Entry::default()
            });
        }
        if batch.is_empty() { Ok(()) } else { queue.batch(what, SEND, &batch).await }
    }
}

#[async_trait]
impl WorkQueue for WorkQueues {
    async fn send_queued(&self, mut messages: Vec<Queued>) -> PortResult<()> {
        for (name, queue) in &self.queues {
            let its_own;
            (its_own, messages) = messages.into_iter().partition(|message| message.queue == *name);
            self.send_to(queue, its_own).await?;
        }
        // Which queues a function may send to is a matter of its environment.
        match messages.first() {
            None => Ok(()),
            Some(message) => Err(PortError::new("work cannot be queued here", message.queue.as_str())),
        }
    }
}

/// JSON that has only characters XML allows, as the service wants it.
fn body(json: String) -> String {
    // JSON escapes control characters, and leaves these two.
    match json.contains(['\u{fffe}', '\u{ffff}']) {
        true => json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"),
        false => json,
    }
}

/// A word that may be a group or a deduplication id: itself, or its digest where the service would refuse it.
fn queue_word(word: &str) -> String {
    match (1..=128).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => word.to_owned(),
        false => hex::encode(Sha256::digest(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_core::action::Kind;
    use bellhop_core::id::{EventId, HookId, TaskId};
    use bellhop_core::task::Task;
    use bellhop_core::time::Timestamp;
    use bellhop_core::work::Work;

    #[test]
    fn chats_are_their_own_groups_where_they_may_be() {
        assert_eq!(queue_word("-100123"), "-100123");
        assert_eq!(queue_word("@news"), "@news");
        for odd in ["", "two words", "ü", &"1".repeat(129)] {
            assert_eq!(queue_word(odd).len(), 64);
        }
    }

    #[test]
    fn characters_that_the_service_refuses_are_escaped() {
        let (event, hook, now) =
            (EventId::new(Timestamp::from_ms(0), &[0; 10]), HookId::from_text("hk"), Timestamp::from_ms(0));
        let task = Task::queued(TaskId::new(event, &hook, 0), Kind::Telegram, "1", now, now);
        let work = Work::telegram(task, vec!["a\u{ffff}b\u{fffe}\u{1}".to_owned()]);
        let body = body(work.queued().unwrap().message);
        assert!(body.contains(r"a\uffffb\ufffe\u0001"), "{body}");
        assert_eq!(serde_json::from_str::<Work>(&body).unwrap(), work);
    }
}
