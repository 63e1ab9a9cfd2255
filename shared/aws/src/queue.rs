//! The Telegram workers' queue: an SQS FIFO queue, with a group for each chat.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use bellhop_app::ports::{PortError, PortResult, WorkQueue};
use bellhop_core::work::Work;
use sha2::{Digest, Sha256};

use crate::error::failed;

/// How much one call may send: entries, and bytes of them together (the service takes 1 MiB).
const MOST_ENTRIES: usize = 10;
const MOST_BYTES: usize = 1_000_000;

/// The queue, for sending.
#[derive(Clone)]
pub struct TelegramQueue {
    client: Client,
    queue_url: String,
}

impl TelegramQueue {
    /// The queue at this URL.
    pub(crate) const fn new(client: Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }

    /// Sends what fits one call.
    async fn send_batch(&self, entries: Vec<SendMessageBatchRequestEntry>) -> PortResult<()> {
        let request = self.client.send_message_batch().queue_url(&self.queue_url).set_entries(Some(entries));
        let answer = request.send().await.map_err(failed("work could not be queued"))?;
        // A batch is accepted entry by entry. Sent again, those already there are known by their deduplication ids.
        match answer.failed().first() {
            None => Ok(()),
            Some(entry) => {
                let why = format!(
                    "{} of a batch, first {}: {}",
                    answer.failed().len(),
                    entry.code(),
                    entry.message().unwrap_or("")
                );
                Err(PortError::new("work could not be queued", why))
            }
        }
    }
}

#[async_trait]
impl WorkQueue for TelegramQueue {
    async fn send(&self, work: &[Work]) -> PortResult<()> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for work in work {
            let body = body(work)?;
            if batch.len() == MOST_ENTRIES || (bytes + body.len() > MOST_BYTES && !batch.is_empty()) {
                self.send_batch(std::mem::take(&mut batch)).await?;
                bytes = 0;
            }
            bytes += body.len();
            let entry = SendMessageBatchRequestEntry::builder()
                .id(batch.len().to_string())
                .message_group_id(queue_word(work.group()))
                .message_deduplication_id(queue_word(&work.key()))
                .message_body(body);
            batch.push(entry.build().map_err(|e| PortError::new("work cannot be queued", e))?);
        }
        if batch.is_empty() { Ok(()) } else { self.send_batch(batch).await }
    }
}

/// Work as JSON that has only characters XML allows, as the service wants it.
fn body(work: &Work) -> PortResult<String> {
    let json = serde_json::to_string(work).map_err(|e| PortError::new("work cannot be written", e))?;
    // JSON escapes control characters, and leaves these two.
    match json.contains(['\u{fffe}', '\u{ffff}']) {
        true => Ok(json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")),
        false => Ok(json),
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
    use bellhop_core::id::{EventId, HookId, TaskId};
    use bellhop_core::task::Task;
    use bellhop_core::time::Timestamp;
    use bellhop_core::work::TelegramV1;

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
        let task = Task::queued(TaskId::new(event, &hook, 0), event, hook, "telegram", "1", now, now);
        let work =
            Work::TelegramV1(TelegramV1 { task, parts: vec!["a\u{ffff}b\u{fffe}\u{1}".to_owned()], trace: None });
        let body = body(&work).unwrap();
        assert!(body.contains(r"a\uffffb\ufffe\u0001"), "{body}");
        assert_eq!(serde_json::from_str::<Work>(&body).unwrap(), work);
    }
}
