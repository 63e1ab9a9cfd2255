//! Makes tasks of events, and the work that carries them out.

use bellhop_core::action::{Action, Material, Rendered};
use bellhop_core::event::Event;
use bellhop_core::filter::Decision;
use bellhop_core::id::TaskId;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{Fallback, Work};

use super::text::Words;
use super::{Rule, Rules};
use crate::spans;

/// The longest message that a fallback may travel in, in bytes: less than a queue takes, which is 1 MiB
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>).
const LONGEST_MESSAGE: usize = 1_000_000;

/// The task of one action.
pub(super) fn task(id: TaskId, event: &Event, action: &Action, now: Timestamp, expires: Timestamp) -> Task {
    let task = Task::queued(id, action.kind(), &action.destination(), now, expires);
    Task { test: event.head.test, ..task }
}

/// Has a task go where its hook's action goes today; `None` where the hook, or the action, is gone.
pub(super) fn redirect(rules: &Rules, task: &mut Task) -> Option<()> {
    let (action, _) = rules.of_task(task)?.action(&task.id)?;
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
    /// It will never be, why, and what takes its place.
    Never(String, Option<Box<Work>>),
}

/// The work of tasks that were to be done.
#[derive(Default)]
pub(super) struct Prepared {
    /// That of the tasks themselves.
    pub(super) work: Vec<Work>,
    /// That which takes the place of those of them that are dead: tasks besides them.
    pub(super) fallbacks: Vec<Work>,
}

impl Making<'_> {
    /// The work of those of these tasks that are to be done; where there can be none, the task is dead.
    pub(super) fn prepare(&self, rules: &Rules, tasks: &mut [Task]) -> Prepared {
        let mut prepared = Prepared { work: Vec::with_capacity(tasks.len()), fallbacks: Vec::new() };
        for task in tasks.iter_mut().filter(|task| !task.status.is_final()) {
            match self.work(rules, task) {
                Some(Made::Work(mut its_work)) => {
                    if self.hold(rules, &mut its_work.task) {
                        task.clone_from(&its_work.task);
                    }
                    prepared.work.push(*its_work);
                }
                Some(Made::Never(why, fallback)) => {
                    task.die(why);
                    prepared.fallbacks.extend(fallback.map(|fallback| fallback.in_place_of(task)));
                }
                None => task.die("its hook, job or action was deleted before its work was made"),
            }
        }
        prepared
    }

    /// Has a task wait for the end of the quiet hours that it was made in, unless its event is urgent; says whether it was
    /// made in some. What people ask for they want to see at once.
    fn hold(&self, rules: &Rules, task: &mut Task) -> bool {
        if task.test || task.replay.is_some() || task.retries > 0 {
            return false;
        }
        let Some(rule) = rules.of_task(task) else { return false };
        let index = task.id.action();
        let Some(quiet) = rule.definition.actions().get(index).and_then(Action::quiet) else { return false };
        let Some(end) = quiet.end(task.created_at) else { return false };
        let doubt = match rule.urgent.get(index).and_then(Option::as_ref) {
            None => None,
            Some(Ok(condition)) => match condition.decide(&self.words.variables(self.event, &rule.definition)) {
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
                (task.due_at, task.held_until) = (end, Some(end));
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
        let (action, templates) = rule.action(&task.id).filter(|(action, _)| action.kind() == task.kind)?;
        let material = Material::new(self.words.facts(self.event, &rule.definition), &task.id, templates);
        let material = match rule.definition.actions().get(task.id.action()).filter(|_| task.id.is_fallback()) {
            Some(instead_of) => material.instead_of(instead_of),
            None => material,
        };
        let fallback = || self.fallback(rules, rule, task);
        let Rendered { payload, lane, trouble } = match action.render(&material) {
            Ok(rendered) => rendered,
            Err(why) => return Some(Made::Never(why, fallback())),
        };
        if let Some(trouble) = &trouble {
            log::warn!(event:% = self.event.head.id, owner = rule.definition.facts().id; "{trouble}");
        }
        let task = Task { reason: trouble.or_else(|| task.reason.clone()), ..task.clone() };
        let mut work = Work { task, payload, lane, fallback: None, trace: spans::carried(&self.event.head) };
        if let Some(fallback) = fallback() {
            carry(&mut work, &fallback);
        }
        Some(Made::Work(Box::new(work)))
    }

    /// The work that takes a task's place where it is dead; `None` where nothing does.
    fn fallback(&self, rules: &Rules, rule: &Rule, task: &Task) -> Option<Box<Work>> {
        let action = rule.definition.fallbacks().get(&task.id.action()).filter(|_| !task.id.is_fallback())?;
        let id = task.id.fallback();
        let its_own = Task::queued(id, action.kind(), &action.destination(), task.created_at, task.expires_at);
        let its_own = Task { replay: task.replay.clone(), test: task.test, ..its_own };
        match self.work(rules, &its_own)? {
            Made::Work(work) => Some(work),
            Made::Never(why, _) => {
                log::error!(event:% = self.event.head.id, owner = rule.definition.facts().id, why; "nothing can take an action's place");
                None
            }
        }
    }
}

/// Has work carry what takes its place, unless they are too long for one message: then its task says that nothing will.
fn carry(work: &mut Work, fallback: &Work) {
    work.fallback = Fallback::new(fallback).ok();
    if work.fallback.is_some() && work.queued().is_ok_and(|queued| queued.message.len() <= LONGEST_MESSAGE) {
        return;
    }
    work.fallback = None;
    let lost = "nothing takes its place where it is dead, for its fallback is too long to travel with it";
    log::error!(event:% = work.task.event, task = work.task.id.as_str(); "{lost}");
    work.task.reason =
        Some(work.task.reason.take().map_or_else(|| lost.to_owned(), |reason| format!("{reason}; {lost}")));
}
