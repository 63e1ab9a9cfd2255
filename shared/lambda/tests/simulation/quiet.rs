//! Quiet hours in worlds: what comes in them waits for their end, unless it is urgent.

use bellhop_core::action::{Action, Quiet};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;

use crate::invariants::{base_of, marker_of};
use crate::pollers::is_own;
use crate::random::Random;
use crate::sim::{Observed, Sim};

/// Quiet hours that end while a world runs, and such as begin then, in minutes of the day: worlds begin at 22:13.
const HOURS: [(i16, i16); 2] = [(22 * 60, 22 * 60 + 17), (22 * 60 + 15, 7 * 60)];

/// The longest stretch in which messages to a chat are counted.
const PACE_MS: u64 = 60_000;

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
pub(crate) fn too_loud(sim: &Sim, observed: &Observed, tasks: &[Task]) -> Vec<String> {
    let is_asked_for = |task: &Task| task.retries > 0 || task.replay.is_some();
    let mut wrong = Vec::new();
    for task in tasks.iter().filter(|task| !is_asked_for(task) && task.id.subject().is_none()) {
        let Some(rung) = observed.rung.iter().find(|rung| rung.id == task.event) else { continue };
        let is_done = task.status == TaskStatus::Succeeded || !task.attempts.is_empty();
        let hours = hours_of(sim, task).filter(|_| is_own(task));
        let end =
            hours.filter(|hours| hours.unless.is_none() || !rung.odd).and_then(|hours| hours.end(task.created_at));
        if is_done && task.held_until != end {
            wrong
                .push(format!("{} of {:?} is held until {:?}, not {end:?}", task.id, task.created_at, task.held_until));
        }
        let is_its = |other: &&Task| (other.event, &other.owner) == (task.event, &task.owner);
        let twins = || tasks.iter().filter(is_its).filter(|other| other.id.action() == task.id.action());
        let (Some(end), Some(base)) = (task.held_until, marker_of(observed, task)) else { continue };
        if let Some(sent_at) = first_sent(observed, &task.destination, &base)
            && sent_at.plus_ms(sim.most_skew_ms) < end
            && !twins().any(is_asked_for)
        {
            wrong.push(format!("{} was sent at {sent_at:?}, and is held until {end:?}", task.id));
        }
    }
    wrong
}

/// Whether what was held for a chat is sent about then. It has a line of its own, and each line keeps the pace by itself: for
/// as long as both have something to send, a chat may get twice as much.
pub(crate) fn is_in_two_lines(tasks: &[Task], chat: &str, at: Timestamp) -> bool {
    tasks.iter().filter(|task| task.destination == chat).any(|task| {
        let last = task.attempts.last().map(|attempt| attempt.started_at.plus_ms(attempt.duration_ms + PACE_MS));
        task.held_until.zip(last).is_some_and(|(begin, end)| (begin..=end).contains(&at))
    })
}

/// When the first message with such markers was sent to a place.
fn first_sent(observed: &Observed, place: &str, base: &str) -> Option<Timestamp> {
    let sends = observed.sends.get(place)?;
    let has = |markers: &[String]| markers.iter().any(|marker| base_of(marker) == base);
    sends.iter().find(|(_, markers)| has(markers)).map(|(at, _)| *at)
}
