//! Quiet hours in worlds: what comes in them waits for their end, unless it is urgent.

use bellhop_core::action::{Action, Quiet};
use bellhop_core::id::TaskId;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;

use crate::invariants::{base_of, marker_of};
use crate::pollers::is_own;
use crate::random::Random;
use crate::sim::{Observed, Sim};

/// Quiet hours that end while a world runs, and such as begin then, in minutes of the day: worlds begin at 22:13.
const HOURS: [(i16, i16); 2] = [(22 * 60, 22 * 60 + 17), (22 * 60 + 15, 7 * 60)];

/// Gives an action quiet hours now and then, if it may have any.
pub(crate) fn with_hours(mut action: Action, random: &Random) -> Action {
    if let Action::Telegram(telegram) = &mut action
        && random.chance(400)
    {
        let ((from, to), unless) = (*random.pick(&HOURS), random.chance(500).then(|| "payload.odd == true".to_owned()));
        let (timezone, rule) = ("+00:00".to_owned(), "<+0000>-00:00".to_owned());
        telegram.quiet = Some(Quiet { from, to, timezone, rule, unless });
    }
    action
}

/// The quiet hours of a task's action.
pub(crate) fn hours_of<'s>(sim: &'s Sim, task: &Task) -> Option<&'s Quiet> {
    let hook = sim.hooks.iter().find(|hook| hook.owner() == task.owner)?;
    hook.actions.get(task.id.action()).filter(|_| !task.id.is_fallback())?.quiet()
}

/// What comes in quiet hours is held until their end, nothing else is, and nothing of it is sent before. What people asked
/// for again does not wait.
pub(crate) fn too_loud(sim: &Sim, observed: &Observed, tasks: &[Task], keys: &[String]) -> Vec<String> {
    let is_asked_for = |task: &Task| task.retries > 0 || task.replay.is_some();
    let mut wrong = Vec::new();
    for task in tasks.iter().filter(|task| !is_asked_for(task) && task.id.subject().is_none()) {
        let Some(rung) = observed.rung.iter().find(|rung| rung.id == task.event) else { continue };
        let is_done = task.status == TaskStatus::Succeeded || !task.attempts.is_empty();
        let hours = hours_of(sim, task).filter(|_| is_own(task));
        let end =
            hours.filter(|hours| hours.unless.is_none() || !rung.odd).and_then(|hours| hours.end(task.created_at));
        let was_held = keys.contains(&release(&task.id));
        if is_done && was_held != end.is_some() {
            wrong
                .push(format!("{} of {:?} was held: {was_held}, and is to be until {end:?}", task.id, task.created_at));
        }
        let is_its = |other: &&Task| (other.event, &other.owner) == (task.event, &task.owner);
        let twins = || tasks.iter().filter(is_its).filter(|other| other.id.action() == task.id.action());
        let (Some(end), Some(base)) = (end, marker_of(observed, task)) else { continue };
        if let Some(sent_at) = first_sent(observed, &task.destination, &base)
            && sent_at.plus_ms(sim.most_skew_ms) < end
            && !twins().any(is_asked_for)
        {
            wrong.push(format!("{} was sent at {sent_at:?}, and is held until {end:?}", task.id));
        }
    }
    wrong
}

/// The key with which what was held of a task goes into its chat's own line.
pub(crate) fn release(task: &TaskId) -> String {
    format!("{task}#0 released")
}

/// Whether a key is such a key.
pub(crate) fn is_release(key: &str) -> bool {
    key.ends_with(" released")
}

/// When the first message with such markers was sent to a place.
fn first_sent(observed: &Observed, place: &str, base: &str) -> Option<Timestamp> {
    let sends = observed.sends.get(place)?;
    let has = |markers: &[String]| markers.iter().any(|marker| base_of(marker) == base);
    sends.iter().find(|(_, markers)| has(markers)).map(|(at, _)| *at)
}
