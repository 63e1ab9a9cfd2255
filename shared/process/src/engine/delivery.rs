//! Gives every destination its turns, several destinations at a time.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bellhop_app::delivery::{Engine, Turn, Worker};
use bellhop_app::ports::PortResult;
use bellhop_core::action::Lane;
use bellhop_core::id::TaskId;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use bellhop_sqlite::{Database, Subject, Waiting, queue};
use futures_util::FutureExt as _;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::crashes::Crashes;
use super::{AFTER_FAILURE, EngineParts};

/// How many turns are taken at once on each lane: so many that destinations which keep us waiting leave room for the rest.
const TURNS_AT_ONCE: usize = 256;

/// How many of them may call one destination on the parallel lane; those that only have to be written down come on top.
const OF_DESTINATION: usize = 16;

/// How many of a destination's messages are looked at in one turn: more than one digest has room for.
const MESSAGES_AT_ONCE: usize = 200;

/// How long to look away at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What has a turn: a destination, or on the parallel lane one piece of its work, by its place on the queue.
type Unit = (String, Option<i64>);

/// The turns at hand, and of each whether its attempt is over, so that it only has to be written down.
type Busy = HashMap<Unit, Arc<AtomicBool>>;

/// A turn that has ended.
struct Ended {
    unit: Unit,
    /// The places of the work that is settled.
    settled: Vec<i64>,
    /// When the unit may have the next turn.
    next: Timestamp,
}

/// The work of one queue on one lane.
pub(super) struct Delivering<W> {
    pub(super) parts: Arc<EngineParts>,
    pub(super) engine: Arc<Engine<W>>,
    pub(super) lane: Lane,
    pub(super) crashes: Arc<Crashes>,
    /// Told when an attempt is over, for another may be made.
    pub(super) attempts: Notify,
}

impl<W: Worker + 'static> Delivering<W> {
    /// Does work until told to stop; then lets the turns at hand finish.
    pub(super) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let mut turns: JoinSet<Ended> = JoinSet::new();
        let mut busy = Busy::new();
        let mut waits: HashMap<Unit, Timestamp> = HashMap::new();
        while !*stopped.borrow() {
            let now = this.parts.clock.now();
            waits.retain(|_, until| *until > now);
            match this.due(&busy, &waits) {
                Ok(due) => {
                    for (unit, rows) in due.into_iter().take(TURNS_AT_ONCE.saturating_sub(busy.len())) {
                        let is_over = Arc::new(AtomicBool::new(false));
                        busy.insert(unit.clone(), Arc::clone(&is_over));
                        turns.spawn(Arc::clone(&this).take_turn(unit, rows, is_over));
                    }
                }
                Err(error) => log::error!(error:%; "the queue could not be read"),
            }
            let first = waits.values().min().map(|until| Duration::from_millis(until.ms_since(now)));
            tokio::select! {
                Some(turn) = turns.join_next() => {
                    // The queue is looked at once for all that have ended meanwhile.
                    let ended = std::iter::once(turn).chain(std::iter::from_fn(|| turns.try_join_next())).flatten();
                    this.settle(ended.collect(), &mut busy, &mut waits).await;
                }
                () = this.attempts.notified() => {}
                () = this.database().arrived.work(this.queue()) => {}
                () = tokio::time::sleep(first.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)) => {}
                _ = stopped.changed() => {}
            }
        }
        while let Some(turn) = turns.join_next().await {
            this.settle(turn.into_iter().collect(), &mut busy, &mut waits).await;
        }
    }

    /// Forgets what is settled, and lets the units have their next turns.
    async fn settle(&self, ended: Vec<Ended>, busy: &mut Busy, waits: &mut HashMap<Unit, Timestamp>) {
        let settled: Vec<_> = ended.iter().flat_map(|turn| turn.settled.iter().copied()).collect();
        let later = match self.database().forget_work(settled).await {
            Ok(()) => None,
            Err(error) => {
                log::error!(error:%; "work that is settled could not be forgotten; its turn is taken again");
                Some(self.later())
            }
        };
        for Ended { unit, settled, next } in ended {
            busy.remove(&unit);
            waits.insert(unit, later.filter(|_| !settled.is_empty()).unwrap_or(next));
        }
    }

    /// What may have a turn now, and on the parallel lane its work.
    fn due(&self, busy: &Busy, waits: &HashMap<Unit, Timestamp>) -> PortResult<Vec<(Unit, Vec<Waiting>)>> {
        let is_free = |unit: &Unit| !busy.contains_key(unit) && !waits.contains_key(unit);
        if self.lane == Lane::Ordered {
            let units = self.database().groups(self.queue())?.into_iter().map(|name| (name, None)).filter(is_free);
            return Ok(units.map(|unit| (unit, Vec::new())).collect());
        }
        let mut units = Vec::new();
        for name in self.database().groups(self.queue())? {
            let of_it = busy.iter().filter(|(unit, _)| unit.0 == name);
            let (at_work, over): (Vec<_>, Vec<_>) = of_it.partition(|(_, is_over)| !is_over.load(Ordering::Relaxed));
            let waiting = waits.keys().filter(|unit| unit.0 == name).count();
            let room = OF_DESTINATION.saturating_sub(at_work.len());
            if room > 0 {
                let looked_at = at_work.len() + over.len() + waiting + room;
                let is_free = |place: i64| is_free(&(name.clone(), Some(place)));
                let rows = self.database().free_work(self.queue(), &name, looked_at, room, is_free)?;
                units.extend(rows.into_iter().map(|row| ((name.clone(), Some(row.place)), vec![row])));
            }
        }
        Ok(units)
    }

    /// Takes one turn, on the parallel lane with this work.
    async fn take_turn(self: Arc<Self>, unit: Unit, rows: Vec<Waiting>, is_over: Arc<AtomicBool>) -> Ended {
        let tell = || {
            is_over.store(true, Ordering::Relaxed);
            self.attempts.notify_one();
        };
        let turn = AssertUnwindSafe(self.one_turn(&unit, rows, &tell)).catch_unwind().await;
        let (queue, destination) = (self.queue(), unit.0.as_str());
        let (settled, next) = match turn {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => {
                log::error!(queue, destination, error:%; "a turn failed; it is taken again");
                (Vec::new(), self.later())
            }
            Err(_) => {
                log::error!(queue, destination; "a turn panicked; it is taken again in a minute");
                (Vec::new(), self.later().plus_ms(60_000))
            }
        };
        Ended { unit, settled, next }
    }

    /// When what failed is tried again.
    fn later(&self) -> Timestamp {
        self.parts.clock.now().plus_ms(u64::try_from(AFTER_FAILURE.as_millis()).unwrap_or(u64::MAX))
    }

    /// Takes one turn with the first of a unit's work; what may have ended a former process goes alone.
    async fn one_turn(
        &self,
        (destination, place): &Unit,
        mut rows: Vec<Waiting>,
        attempt_is_over: &(dyn Fn() + Sync),
    ) -> PortResult<(Vec<i64>, Timestamp)> {
        let crashes = &self.crashes;
        if place.is_none() {
            rows = self.database().group_work(self.queue(), destination, MESSAGES_AT_ONCE)?;
        }
        let together = rows.iter().take_while(|row| !crashes.suspects(Subject::one_work(row.place))).count();
        rows.truncate(together.max(1));
        let now = || self.parts.clock.now();
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok((Vec::new(), now())) };
        let subject = Subject::Work(first.place, last.place);
        if let Some(reason) = crashes.condemns(Subject::one_work(first.place)) {
            self.bury(first, &reason).await?;
            crashes.clear([Subject::one_work(first.place)]);
            return Ok((Vec::new(), now()));
        }
        let turn = self.take(destination, rows, attempt_is_over);
        let (places, turn) = crashes.at(subject, turn).await?;
        crashes.clear(places.iter().copied().map(Subject::one_work));
        Ok((places, turn.next))
    }

    /// Takes a turn with this work; the places of what is settled.
    async fn take(
        &self,
        destination: &str,
        rows: Vec<Waiting>,
        attempt_is_over: &(dyn Fn() + Sync),
    ) -> PortResult<(Vec<i64>, Turn)> {
        let (mut places, works) = self.read_work(destination, rows).await?;
        let turn = self.engine.turn_telling(&works, attempt_is_over).await?;
        places.truncate(turn.settled);
        Ok((places, turn))
    }

    /// The work in these rows, with its places on the queue; what is unreadable is dropped.
    async fn read_work(&self, destination: &str, rows: Vec<Waiting>) -> PortResult<(Vec<i64>, Vec<Work>)> {
        let (mut places, mut works) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for mut row in rows {
            match row.work() {
                Ok(work) => {
                    places.push(row.place);
                    works.push(work);
                }
                Err(error) => {
                    log::error!(destination, key = row.key.as_str(), column = error.column(); "work on the queue is unreadable");
                    self.bury(&row, "its message on the queue is unreadable").await?;
                }
            }
        }
        Ok((places, works))
    }

    /// Marks the task of work that can never be done as dead, where it has not ended, and drops the work.
    async fn bury(&self, row: &Waiting, reason: &str) -> PortResult<()> {
        // The key is the task's id, and which retry it is.
        let id = row.key.rsplit_once('#').map_or(row.key.as_str(), |(id, _)| id);
        match id.parse::<TaskId>() {
            Ok(id) => self.parts.routing.poison().task(&id, row.fallback().as_ref(), reason).await?,
            Err(error) => log::error!(key = row.key.as_str(), error:%; "work on the queue is nobody's"),
        }
        self.database().forget_work(vec![row.place]).await
    }

    /// The queue's name.
    fn queue(&self) -> &'static str {
        queue(W::QUEUE, self.lane)
    }

    /// The file.
    fn database(&self) -> &Database {
        &self.parts.database
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::made::engine;
    use bellhop_app::ports::{History as _, SendWork as _};
    use bellhop_core::action::Kind;
    use bellhop_core::event::Event;
    use bellhop_core::id::{EventId, HookId};
    use bellhop_core::task::{Task, TaskStatus};
    use bellhop_core::work::Fallback;

    #[tokio::test]
    async fn unreadable_work_is_dropped_and_its_task_is_dead() {
        use bellhop_app::ports::EventLog as _;
        let folder = tempfile::tempdir().unwrap();
        let parts = Arc::new(engine(folder.path()));
        let (engine, crashes) = (Arc::clone(&parts.telegram), Arc::new(Crashes::none()));
        let delivering =
            Delivering { parts: Arc::clone(&parts), engine, lane: Lane::Ordered, crashes, attempts: Notify::new() };
        let database = &parts.database;
        let (now, hook) = (parts.clock.now(), HookId::from_text("hk_1"));
        let id = EventId::new(now, &[1; 10]);
        let task = |action| {
            let task = TaskId::new(id, &hook, action);
            Task::queued(task, Kind::Telegram, "5", now, now.plus_ms(60_000))
        };
        let done = Task { status: TaskStatus::Succeeded, ..task(1) };
        let tasks = [task(0), done, task(2)];
        let head = serde_json::json!({
            "id": id, "path": "", "sender": "github", "received_at": 0, "headers": [], "hooks": [], "body_bytes": 0,
        });
        let event = Event { head: serde_json::from_value(head).unwrap(), body: Vec::new() };
        database.record(&event, &tasks, now.plus_ms(60_000)).await.unwrap();
        let mut work: Vec<_> = tasks.iter().map(|task| Work::telegram(task.clone(), Vec::new())).collect();
        let other = Task { id: tasks[0].id.fallback(), destination: "6".to_owned(), ..task(0) };
        work[0].fallback = Some(Fallback::new(&Work::telegram(other.clone(), Vec::new())).unwrap());
        database.send(&work).await.unwrap();
        // One is of a version that nobody knows, and one is nothing at all.
        let spoil = "UPDATE work SET message = CASE seq WHEN 1 THEN json_set(message, '$.type', 'TelegramV9') \
                     ELSE 'no JSON' END WHERE seq < 3";
        database.write(|connection| connection.execute(spoil, [])).await.unwrap();

        let rows = database.group_work("telegram", "5", 9).unwrap();
        let (places, works) = delivering.read_work("5", rows).await.unwrap();
        let tasks_left: Vec<_> = works.iter().map(|work| work.task.clone()).collect();
        assert_eq!((places, tasks_left), (vec![3], vec![task(2)]));
        assert_eq!(database.group_work("telegram", "5", 9).unwrap().len(), 1);
        let place_taken = database.group_work("telegram", "6", 9).unwrap().remove(0).work().unwrap();
        assert_eq!(place_taken.task.id, other.id);
        let recorded = database.recorded(id).await.unwrap().unwrap().tasks;
        let (fallbacks, recorded): (Vec<_>, Vec<_>) = recorded.into_iter().partition(|task| task.id.is_fallback());
        assert_eq!(fallbacks, [place_taken.task]);
        let ends: Vec<_> = recorded.into_iter().map(|task| (task.status, task.reason)).collect();
        let reason = Some("its message on the queue is unreadable".to_owned());
        let expected = [(TaskStatus::Dead, reason), (TaskStatus::Succeeded, None), (TaskStatus::Queued, None)];
        assert_eq!(ends, expected);
    }
}
