//! Makes tasks of events, and the work that carries them out.

use bellhop_core::action::forward::{Forward, Request};
use bellhop_core::action::{Action, Lane};
use bellhop_core::event::Event;
use bellhop_core::id::TaskId;
use bellhop_core::task::Task;
use bellhop_core::template::RenderFailure;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::text::{Text, Words};
use super::{Rule, Rules};
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
                Some(Made::Work(its_work)) => work.push(*its_work),
                Some(Made::Never(why)) => task.die(why),
                None => task.die("its hook or action was deleted before its work was made"),
            }
        }
        work
    }

    /// The work of a task that is to be done; `None` where its hook, or its action, is gone.
    pub(super) fn work(&self, rules: &Rules, task: &Task) -> Option<Made> {
        let rule = rules.of_task(task)?;
        let action = rule.hook.actions.get(task.id.action()).filter(|action| action.kind() == task.kind)?;
        let task = task.clone();
        let trace = spans::carried(&self.event.head);
        let made = match action {
            Action::Telegram(_) => {
                let template = rule.templates.get(task.id.action()).and_then(|templates| templates.first());
                let Text { parts, trouble } = self.words.telegram(self.event, &rule.hook, template);
                Ok(Work::telegram(Task { reason: trouble.or_else(|| task.reason.clone()), ..task }, parts))
            }
            Action::Forward(action) => {
                self.forward(rule, action, &task).map(|(request, lane)| Work::forward(task, request, lane))
            }
        };
        Some(match made {
            Ok(work) => Made::Work(Box::new(Work { trace, ..work })),
            Err(why) => Made::Never(why),
        })
    }

    /// The request of a `forward` action.
    fn forward(&self, rule: &Rule, action: &Forward, task: &Task) -> Result<(Request, Lane), String> {
        let templates = rule.templates.get(task.id.action()).map_or(&[][..], Vec::as_slice);
        let templates: Result<Vec<_>, _> = templates.iter().map(Result::as_ref).collect();
        let failed = |failure: String| format!("a template of its action failed: {failure}");
        let templates = templates.map_err(|error| failed(error.to_string()))?;
        let context = self.words.context(self.event, &rule.hook, &templates);
        let request = Request::render(action, &templates, &self.event.head, &task.id, context.as_ref());
        request.map(|request| (request, action.lane())).map_err(|error: RenderFailure| failed(error.to_string()))
    }
}
