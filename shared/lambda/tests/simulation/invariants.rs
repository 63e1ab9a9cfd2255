//! What must hold when a world has ended.

use std::collections::{BTreeMap, HashMap, HashSet};

use bellhop_app::ports::{Collection, Documents as _};
use bellhop_core::action::{Kind, Lane};
use bellhop_core::id::EventId;
use bellhop_core::replay::Replay;
use bellhop_core::task::{Task, TaskStatus};

use crate::bot::Mood;
use crate::faults::{KILLS_WORKER, Rates};
use crate::people::REPLAY;
use crate::places::{self, Place};
use crate::pollers::is_own;
use crate::quiet::{hours_of, is_release, too_loud};
use crate::sim::{Observed, Sim};

/// Everything that does not hold.
pub(crate) async fn broken(sim: &Sim) -> Vec<String> {
    let replay = sim.memory.document(Collection::Replay, REPLAY).await.unwrap();
    let replay: Option<Replay> = replay.map(|document| serde_json::from_str(&document.text).unwrap());
    let tasks = sim.memory.all_tasks();
    let keys = sim.memory.with_work(|queue| queue.put_keys.clone());
    let observed = sim.observed.lock().unwrap();
    let mut broken = observed.broken.clone();
    if !observed.ended {
        broken.push("the world never comes to rest".to_owned());
    }
    let stuck = sim.memory.with_work(|queue| queue.dead.len());
    if stuck > 0 {
        broken.push(format!("{stuck} messages of the workers' queue are dead letters"));
    }
    broken.extend(lost_events(sim, &observed, &tasks));
    broken.extend(open_tasks(&tasks));
    broken.extend(revived(&observed, &tasks));
    broken.extend(wrong_places(sim, &observed, &tasks));
    broken.extend(wrong_effects(&observed, &tasks));
    broken.extend(disorder(sim, &observed, &tasks, &keys));
    broken.extend(overtaken(&observed, &tasks));
    broken.extend(too_loud(sim, &observed, &tasks, &keys));
    if sim.most_skew_ms == 0 && observed.pace_breaks.len() as u64 > observed.pace_excuses {
        broken.push(format!("{:?}, and only {} excuses", observed.pace_breaks, observed.pace_excuses));
    }
    if let Some(replay) = replay {
        let recorded: HashSet<EventId> = tasks.iter().filter(|task| is_own(task)).map(|task| task.event).collect();
        if replay.finished_at.is_none() || replay.seen < recorded.len() as u64 {
            broken.push(format!("{} events are recorded, and the replay is {replay:?}", recorded.len()));
        }
    }
    broken
}

/// Every acknowledged event is recorded with its tasks, or was a copy of one that is.
fn lost_events(sim: &Sim, observed: &Observed, tasks: &[Task]) -> Vec<String> {
    let mut made: BTreeMap<(EventId, &str), usize> = BTreeMap::new();
    let mut aside: HashSet<(EventId, &str)> = HashSet::new();
    for task in tasks.iter().filter(|task| is_own(task)) {
        if task.kind == Kind::Route {
            aside.insert((task.event, task.owner.as_str()));
        } else {
            *made.entry((task.event, task.owner.as_str())).or_default() += 1;
        }
    }
    let mut lost = Vec::new();
    for (event, hook) in &aside {
        let deaths = observed.deaths.get(event).copied().unwrap_or_default();
        // Where writes fail, one that takes a count back may.
        let all_written = sim.rates.refused + sim.rates.lost + sim.rates.slow == 0;
        if deaths < 2 && all_written {
            lost.push(format!("event {event} of {hook} was set aside after {deaths} deaths"));
        }
    }
    for rung in &observed.rung {
        for proof in &rung.hooks {
            let hook = sim.hooks.iter().find(|hook| hook.owner() == proof.owner).unwrap();
            let count = made.get(&(rung.id, hook.id.as_str())).copied().unwrap_or_default();
            let copies = observed.rung.iter().filter(|other| {
                rung.delivery.is_some() && other.delivery == rung.delivery && other.hooks.contains(proof)
            });
            let copies: Vec<_> = if rung.delivery.is_some() { copies.collect() } else { vec![rung] };
            let with_tasks = copies.iter().filter(|copy| made.contains_key(&(copy.id, hook.id.as_str()))).count();
            if count > 0 && count != hook.actions.len() {
                lost.push(format!("event {} has {count} tasks of {}", rung.id, hook.id));
            }
            let is_aside = copies.iter().any(|copy| aside.contains(&(copy.id, hook.id.as_str())));
            if with_tasks != 1 && !(with_tasks == 0 && is_aside) {
                lost.push(format!("of {} copies of {} {with_tasks} have tasks of {}", copies.len(), rung.id, hook.id));
            }
        }
    }
    lost
}

/// What kills a function is not done, and kills a few of them at most.
fn revived(observed: &Observed, tasks: &[Task]) -> Vec<String> {
    let poison: Vec<_> =
        observed.rung.iter().filter(|rung| rung.kills == Some(KILLS_WORKER)).map(|rung| rung.id).collect();
    let of_poison = |task: &&Task| poison.contains(&task.event) && !task.id.as_str().contains(".notice");
    let done = tasks.iter().filter(of_poison).filter(|task| task.status == TaskStatus::Succeeded);
    let mut wrong: Vec<_> = done.map(|task| format!("task {} killed its worker and succeeded", task.id)).collect();
    let poisonous = observed.rung.iter().filter(|rung| rung.kills.is_some()).count() as u64;
    let tasks_of_poison =
        tasks.iter().filter(|task| observed.rung.iter().any(|r| r.id == task.event && r.kills.is_some()));
    let asked: u64 = tasks_of_poison.map(|task| u64::from(1 + task.retries)).sum();
    // A dead letter that is put back is received five times more.
    if observed.kills > 12 * (poisonous + asked) + 5 * observed.redriven {
        wrong.push(format!("{poisonous} events killed {} functions", observed.kills));
    }
    wrong
}

/// What is dead has its place taken once, where its hook says by what, and nothing else has.
fn wrong_places(sim: &Sim, observed: &Observed, tasks: &[Task]) -> Vec<String> {
    let has_fallback = |task: &Task| {
        let hook = sim.hooks.iter().find(|hook| hook.owner() == task.owner);
        hook.is_some_and(|hook| hook.fallbacks.contains_key(&task.id.action()))
    };
    // An end that is cut short behind the queueing is come to once more, if it is: the place may be taken, and all be well.
    let Rates { refused, lost, slow, crash, .. } = sim.rates;
    // So it is where another's message ended the function.
    let may_be_cut_short = refused + lost + slow + crash > 0 || observed.kills > 0;
    let mains = tasks.iter().filter(|task| task.id.subject().is_none() && !task.id.is_fallback());
    let wrong = mains.filter_map(|task| {
        let is_its = |other: &&Task| {
            (other.event, &other.owner) == (task.event, &task.owner)
                && other.id.is_fallback()
                && other.id.action() == task.id.action()
                && other.replay == task.replay
        };
        let count = tasks.iter().filter(is_its).count();
        // Where the router itself is set aside, no work was made, or is done, of which anything could take the place. Where
        // writes fail, its deaths may be miscounted.
        let is_first_round = task.attempts.is_empty() && task.retries == 0 && task.replay.is_none();
        let has_died = may_be_cut_short || observed.deaths.contains_key(&task.event);
        let is_routers = task.kind == Kind::Route || has_died && is_first_round && ends_functions(task);
        let is_well = match task.status {
            TaskStatus::Dead if has_fallback(task) => count == 1 || count == 0 && is_routers,
            // It may have been dead before it was retried.
            _ if has_fallback(task) && (task.retries > 0 || may_be_cut_short) => count <= 1,
            _ => count == 0,
        };
        let status = task.status.as_str();
        (!is_well).then(|| format!("{count} tasks take the place of {}, which is {status}", task.id))
    });
    wrong.collect()
}

/// Whether a task was set aside because handling it, or its event, ended functions.
fn ends_functions(task: &Task) -> bool {
    task.reason.as_deref().is_some_and(|reason| reason.contains("ended the function"))
}

/// Every task has ended: the queues are empty.
fn open_tasks(tasks: &[Task]) -> Vec<String> {
    let open = tasks.iter().filter(|task| !task.status.is_final());
    open.map(|task| format!("task {} is {} and on no queue", task.id, task.status.as_str())).collect()
}

/// Every part of a message that succeeded has arrived, and none arrived more often than it was asked for, but for crashes.
fn wrong_effects(observed: &Observed, tasks: &[Task]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut bounds: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut places: HashMap<String, &str> = HashMap::new();
    for task in tasks.iter().filter(|task| !task.id.as_str().contains(".notice")) {
        let Some(base) = marker_of(observed, task) else { continue };
        let number = observed.rung.iter().position(|rung| rung.id == task.event).unwrap();
        for marker in 0..observed.rung[number].markers {
            let marker = format!("{base}.{marker}");
            places.insert(marker.clone(), &task.destination);
            let (least, most) = bounds.entry(marker).or_default();
            *least += u64::from(task.status == TaskStatus::Succeeded);
            // One that was done again too late is skipped, and was done before.
            let was_tried = task.status != TaskStatus::Skipped || !task.attempts.is_empty();
            *most += u64::from(was_tried) * u64::from(1 + task.retries);
        }
    }
    for marker in bounds.keys().chain(observed.effects.keys()).collect::<HashSet<_>>() {
        let (least, most) = bounds.get(marker).copied().unwrap_or_default();
        let excuses = observed.excuses.get(marker).copied().unwrap_or_default();
        let effects = observed.effects.get(marker).copied().unwrap_or_default();
        if effects < least || effects > most + excuses {
            let place = places.get(marker).copied().unwrap_or_default();
            wrong.push(format!("{marker} arrived at {place} {effects} times, not {least} to {most} and {excuses}"));
        }
    }
    wrong.sort();
    wrong
}

/// Messages for a chat are sent first in the order in which they were queued first, but for those that may have been set
/// aside, which ends of functions lead to: of those it is not known whether they were sent at their turn. Nor is it of
/// those that were done again for a place that had been given up.
fn disorder(sim: &Sim, observed: &Observed, tasks: &[Task], keys: &[String]) -> Vec<String> {
    let may_be_aside = sim.rates.poison + sim.rates.crash > 0;
    let is_given_up = |place: &str| matches!(sim.moods.get(place), Some(Mood::Blocked | Mood::DownUntil(_)));
    let mut places: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut aside: HashSet<(&str, String)> = HashSet::new();
    for task in tasks {
        let (Some(base), key) = (marker_of(observed, task), format!("{}#", task.id)) else { continue };
        let is_tried = !task.attempts.is_empty();
        let is_aside = task.retries > 0 || !is_tried && task.status == TaskStatus::Dead || ends_functions(task);
        if may_be_aside && is_aside || task.retries > 0 && is_given_up(&task.destination) {
            aside.insert((task.destination.as_str(), base.clone()));
        }
        let of_it = || keys.iter().enumerate().filter(|(_, put)| put.starts_with(&key));
        let released = of_it().find(|(_, put)| is_release(put));
        if is_tried && let Some((place, _)) = released.or_else(|| of_it().next()) {
            let first = places.entry((task.destination.as_str(), base.clone())).or_insert(place);
            *first = (*first).min(place);
            // Of what was asked for again before it was released both are in the chat's line.
            if task.retries > 0 && hours_of(sim, task).is_some() {
                aside.insert((task.destination.as_str(), base));
            }
        }
    }
    places.retain(|place, _| !aside.contains(place));
    let mut wrong = Vec::new();
    let parallel = places::all().filter(|place| place.lane == Lane::Parallel).map(Place::name).collect::<HashSet<_>>();
    let in_order = observed.sends.iter().filter(|(place, _)| !parallel.contains(*place));
    for (place, sends) in in_order {
        let mut seen = HashSet::new();
        let bases = sends.iter().flat_map(|(_, markers)| markers).map(|marker| base_of(marker));
        let firsts: Vec<_> = bases.filter(|base| seen.insert((*base).to_owned())).collect();
        let order: Vec<_> = firsts.iter().filter_map(|base| places.get(&(place, (*base).to_owned()))).collect();
        if !order.is_sorted() {
            wrong.push(format!("{place} got {firsts:?}, queued at {order:?}"));
        }
    }
    wrong
}

/// A message that is edited never goes back to what an older event said, and a thread is the one of its key. What was shown
/// by a function that it ended is known to nobody, if that is how it went each time.
fn overtaken(observed: &Observed, tasks: &[Task]) -> Vec<String> {
    let event = |marker: &str| {
        let number = marker.strip_prefix('e')?.split('h').next()?.parse::<usize>().ok()?;
        observed.rung.get(number).map(|rung| rung.id)
    };
    let cut_short: Vec<_> = tasks.iter().filter(|task| ends_functions(task)).collect();
    let is_unknown = |place: &str, event: Option<EventId>| {
        cut_short.iter().any(|task| Some(task.event) == event && place.starts_with(&task.destination))
    };
    let mut wrong = Vec::new();
    for (place, shown) in &observed.keyed {
        let edited = || shown.iter().filter(|(_, _, is_edit)| *is_edit);
        for (at, (message, marker, _)) in edited().enumerate() {
            // Of a message whose making was cut short nobody knows: only one that was gone on with is sure to be known.
            let is_known = |id: &String| edited().take(at).filter(|(other, ..)| other == id).count() > 1;
            let before = edited().take(at).filter(|(other, ..)| other == message || is_known(other));
            let before = before.map(|(_, marker, _)| event(marker)).filter(|event| !is_unknown(place, *event));
            if before.max() > Some(event(marker)) {
                wrong.push(format!("{place} went back to an older event: {shown:?}"));
            }
        }
        for (message, marker, _) in shown {
            let of_others = observed.keyed.iter().filter(|(other, _)| *other != place);
            if of_others.flat_map(|(_, shown)| shown).any(|(other, ..)| other == message) {
                wrong.push(format!("{marker} went on with {message}, which is another key's than {place}"));
            }
        }
    }
    wrong
}

/// What the markers of a task's message begin with.
pub(crate) fn marker_of(observed: &Observed, task: &Task) -> Option<String> {
    let number = observed.rung.iter().position(|rung| rung.id == task.event)?;
    if task.id.subject().is_some() {
        return None;
    }
    let of_fallback = if task.id.is_fallback() { "f" } else { "" };
    Some(format!("e{number}{}a{}{of_fallback}", task.owner, task.id.action()))
}

/// A marker without its part.
pub(crate) fn base_of(marker: &str) -> &str {
    marker.split('.').next().unwrap_or(marker)
}
