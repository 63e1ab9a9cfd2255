//! Writes down what came of a turn, and tells the operator of trouble.

use bellhop_core::breaker::Change;
use bellhop_core::task::{Task, TaskStatus};
use futures_util::future::join;

use super::batch::Batch;
use super::chat::{self, ChatEntry};
use super::sending::Sending;
use super::{TelegramWorker, Turn, outcome};
use crate::notices::is_notice;
use crate::ports::PortResult;

impl TelegramWorker {
    /// Writes down what came of a batch's tasks and of their chat, and says how many of the first messages are settled.
    pub(super) async fn conclude(
        &self,
        chat: &str,
        mut batch: Batch<'_>,
        mut entry: ChatEntry,
        sending: Sending,
        operator_chat: Option<&str>,
    ) -> PortResult<Turn> {
        let (was_disabled, jitter, parts) = (entry.breaker.is_disabled(), self.jitter(), batch.parts);
        let verdict = outcome::verdict(&sending.result);
        let change = verdict.map_or(Change::None, |good| entry.breaker.note(good, sending.ended_at));
        log_change(chat, change);
        for task in &mut batch.tasks {
            outcome::apply(task, &sending, parts, jitter);
            // One failure is enough where the destination is given up already, and where it is now.
            if entry.breaker.is_disabled() && verdict == Some(false) {
                task.reason = Some(task.attempts.last().map_or_else(String::new, |attempt| attempt.detail.clone()));
                outcome::give_up(task);
            }
        }
        // First the notice, which is the same however often it is queued: a task that is written down as dead is not
        // looked at again.
        if let Some(task) = batch.tasks.iter().find(|task| is_trouble(task)) {
            let told_of = if was_disabled { false } else { entry.breaker.tell() };
            if told_of || change == Change::Disabled {
                self.notices(operator_chat).tell(task).await?;
            }
        }
        let note = chat::set_entry(&*self.documents, chat, &entry, sending.ended_at);
        // Neither waits for the other, and neither is left undone because the other fails.
        let (saved, noted) = join(self.tasks.save(&batch.tasks), note).await;
        saved.and(noted)?;
        batch.tell();
        let due_at = batch.tasks.iter().filter(|task| !task.status.is_final()).map(|task| task.due_at).max();
        let next = entry.next(sending.ended_at).max(due_at.unwrap_or_default());
        Ok(Turn { settled: batch.settled(), next })
    }
}

/// Whether a task's end is to be told of; a notice's own is not.
fn is_trouble(task: &Task) -> bool {
    task.status == TaskStatus::Dead && !is_notice(task)
}

/// Logs what a result changed for its chat.
fn log_change(chat: &str, change: Change) {
    match change {
        Change::None => {}
        Change::Opened => log::warn!(chat; "the chat keeps failing; it is left alone for a minute"),
        Change::Closed => log::info!(chat; "the chat is back"),
        Change::Disabled => log::error!(chat; "the chat has failed for five days; it is disabled"),
    }
}
