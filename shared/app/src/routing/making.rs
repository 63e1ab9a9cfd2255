//! Makes tasks of events, and the work that carries them out.

use bellhop_core::action::{Action, Material, Rendered};
use bellhop_core::event::Event;
use bellhop_core::filter::Decision;
use bellhop_core::id::TaskId;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::Rules;
use super::text::Words;
use crate::spans;

/// The task of one action.
pub(super) fn task(id: TaskId, event: &Event, action: &Action, now: Timestamp, expires: Timestamp) -> Task {
    let task = Task::queued(id, action.kind(), &action.destination(), now, expires);
    Task { test: event.head.test, ..task }
}

/// Has a task go where its hook's action goes today; `None` where the hook, or the action, is gone.
pub(super) fn redirect(rules: &Rules, task: &mut Task) -> Option<()> {
    let action = rules.of_task(task)?.hook.actions.get(task.id.action())?;
    task.kind = action.kind();
    task.destination = action.destination();
    Some(())
}

/// An event with its words, of which messages are made.
pub(super) struct Making<'a> {
    pub(super) event: &'a Event,
    pub(super) words: &'a Words,
}

/// What becomes of a task when its work is made.
pub(super) enum Made {
    /// It is to be done.
    Work(Box<Work>),
    /// It will never be, and why.
    Never(String),
}

impl Making<'_> {
    /// The work of those of these tasks that are to be done; where there can be none, the task is dead.
    pub(super) fn prepare(&self, rules: &Rules, tasks: &mut [Task]) -> Vec<Work> {
        let mut work = Vec::with_capacity(tasks.len());
        for task in tasks.iter_mut().filter(|task| !task.status.is_final()) {
            match self.work(rules, task) {
                Some(Made::Work(mut its_work)) => {
                    if self.hold(rules, &mut its_work.task) {
                        task.clone_from(&its_work.task);
                    }
                    work.push(*its_work);
                }
                Some(Made::Never(why)) => task.die(why),
                None => task.die("its hook or action was deleted before its work was made"),
            }
        }
        work
    }

    /// Has a task wait for the end of the quiet hours that it was made in, unless its event is urgent; says whether it was
    /// made in some. What people ask for they want to see at once.
    fn hold(&self, rules: &Rules, task: &mut Task) -> bool {
        if task.test || task.replay.is_some() || task.retries > 0 {
            return false;
        }
        let Some(rule) = rules.of_task(task) else { return false };
        let index = task.id.action();
        let Some(quiet) = rule.hook.actions.get(index).and_then(Action::quiet) else { return false };
        let Some(end) = quiet.end(task.created_at) else { return false };
        let doubt = match rule.urgent.get(index).and_then(Option::as_ref) {
            None => None,
            Some(Ok(condition)) => match condition.decide(&self.words.variables(self.event, &rule.hook)) {
                Decision::Holds => return false,
                Decision::Fails(_) => None,
                Decision::Unclear(what) | Decision::Beyond(what) => Some(what),
            },
            Some(Err(error)) => Some(error.to_string()),
        };
        let reason = match doubt {
            // Better once too loud than an alarm that nobody hears.
            Some(what) => {
                format!("it does not wait for the end of quiet hours: `quiet.unless` was not decided, {what}")
            }
            None => {
                task.due_at = end;
                quiet.reason()
            }
        };
        task.reason = Some(match task.reason.take() {
            // It was recorded before, and says so.
            Some(said) if said.ends_with(&reason) => said,
            Some(trouble) => format!("{trouble}; {reason}"),
            None => reason,
        });
        true
    }

    /// The work of a task that is to be done; `None` where its hook, or its action, is gone.
    pub(super) fn work(&self, rules: &Rules, task: &Task) -> Option<Made> {
        let rule = rules.of_task(task)?;
        let index = task.id.action();
        let action = rule.hook.actions.get(index).filter(|action| action.kind() == task.kind)?;
        let templates = rule.templates.get(index)?;
        let material = Material::new(self.words.facts(self.event, &rule.hook), &task.id, templates);
        let Rendered { payload, lane, trouble } = match action.render(&material) {
            Ok(rendered) => rendered,
            Err(why) => return Some(Made::Never(why)),
        };
        if let Some(trouble) = &trouble {
            log::warn!(event:% = self.event.head.id, hook = rule.hook.id.as_str(); "{trouble}");
        }
        let task = Task { reason: trouble.or_else(|| task.reason.clone()), ..task.clone() };
        Some(Made::Work(Box::new(Work { task, payload, lane, trace: spans::carried(&self.event.head) })))
    }
}
