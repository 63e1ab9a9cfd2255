//! Makes tasks of events, and their work.

use bellhop_core::event::Event;
use bellhop_core::hook::Action;
use bellhop_core::id::{HookId, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};

use super::Rules;
use super::text::{Text, Words};
use crate::spans;

/// The task of one action.
pub(super) fn task(
    id: TaskId,
    event: &Event,
    hook: &HookId,
    action: &Action,
    now: Timestamp,
    expires: Timestamp,
) -> Task {
    let Action::Telegram { chat, .. } = action;
    let task = Task::queued(id, event.head.id, hook.clone(), "telegram", chat, now, expires);
    Task { test: event.head.test, ..task }
}

/// An event with its words, of which messages are made.
pub(super) struct Making<'a> {
    pub(super) event: &'a Event,
    pub(super) words: &'a Words,
}

impl Making<'_> {
    /// The work of a task; `None` where there is nothing to do, or the hook has no such action any more.
    pub(super) fn work(&self, rules: &Rules, task: &Task) -> Option<Work> {
        if task.status.is_final() {
            return None;
        }
        let Text { parts, trouble } = self.text(rules, task)?.1;
        let trace = spans::carried(&self.event.head);
        let task = Task { reason: trouble.or_else(|| task.reason.clone()), ..task.clone() };
        Some(Work::TelegramV1(TelegramV1 { task, parts, trace }))
    }

    /// The chat of a task's action as the hook names it today, and its message.
    pub(super) fn text(&self, rules: &Rules, task: &Task) -> Option<(String, Text)> {
        let (_, hook, index) = task.id.parts()?;
        let rule = rules.get(&hook)?;
        let Action::Telegram { chat, .. } = rule.hook.actions.get(index)?;
        let template = rule.templates.get(index).and_then(Option::as_ref);
        Some((chat.clone(), self.words.telegram(self.event, &rule.hook, template)))
    }
}
