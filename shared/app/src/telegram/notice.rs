//! Notices to the operator: messages of our own about tasks that died.

use bellhop_core::id::TaskId;
use bellhop_core::task::Task;
use bellhop_core::telegram::beginning;
use bellhop_core::telegram::html::escape;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};

/// What the id of a notice's task ends with, after that of the task it is about.
const ENDING: &str = ".notice";

/// The longest reason a notice tells, in characters.
const REASON_CHARS: usize = 600;

/// The notice that a task is dead, as work of its own.
pub(super) fn of(task: &Task, operator_chat: &str, now: Timestamp) -> Work {
    // A task that was done anew and died again is told of anew.
    let which = if task.retries == 0 { String::new() } else { task.retries.to_string() };
    let id = TaskId::from_text(format!("{}{ENDING}{which}", task.id));
    let notice = Task::queued(id, task.event, task.hook.clone(), "telegram", operator_chat, now, task.expires_at);
    Work::TelegramV1(TelegramV1 { task: notice, parts: vec![text(task)], trace: None })
}

/// Whether a task is a notice.
pub(super) fn is_notice(task: &Task) -> bool {
    subject_id(task).is_some()
}

/// The task that a notice is about, among its event's tasks.
pub(crate) fn subject<'a>(notice: &Task, tasks: &'a [Task]) -> Option<&'a Task> {
    let id = subject_id(notice)?;
    tasks.iter().find(|task| task.id.as_str() == id)
}

/// A notice's text.
pub(crate) fn text(task: &Task) -> String {
    let reason = beginning(task.reason.as_deref().unwrap_or("no reason is known"), REASON_CHARS);
    format!(
        "<b>A message did not arrive</b> in the chat <code>{}</code>: {}.\nIts task is <code>{}</code>. You are not told of \
         more of them until one has arrived there again.",
        escape(&task.destination),
        escape(reason),
        escape(task.id.as_str()),
    )
}

/// The id of the task that a notice is about.
fn subject_id(task: &Task) -> Option<&str> {
    let (subject, which) = task.id.as_str().rsplit_once(ENDING)?;
    which.bytes().all(|byte| byte.is_ascii_digit()).then_some(subject)
}
