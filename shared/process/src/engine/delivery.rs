//! Gives every destination its turns, several destinations at a time.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::delivery::{Engine, Turn, Worker};
use bellhop_app::ports::PortResult;
use bellhop_core::action::Lane;
use bellhop_core::id::TaskId;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use bellhop_sqlite::{Database, Subject, Waiting, queue};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::crashes::Crashes;
use super::{AFTER_FAILURE, EngineParts};

/// How many turns are taken at once on each lane: so many that destinations which keep us waiting leave room for the rest.
const TURNS_AT_ONCE: usize = 256;

/// How many of them may be one destination's on the parallel lane.
const OF_DESTINATION: usize = 16;

/// How many of a destination's messages are looked at in one turn: more than one digest has room for.
const MESSAGES_AT_ONCE: usize = 100;

/// How long to look away at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What has a turn: a destination, or on the parallel lane one piece of its work, by its place on the queue.
type Unit = (String, Option<i64>);

/// The work of one kind on one lane.
pub(super) struct Delivering<W> {
    pub(super) parts: Arc<EngineParts>,
    pub(super) engine: Arc<Engine<W>>,
    pub(super) lane: Lane,
    pub(super) crashes: Arc<Crashes>,
}

impl<W: Worker + 'static> Delivering<W> {
    /// Does work until told to stop; then lets the turns at hand finish.
    pub(super) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let this = Arc::new(self);
        let mut turns: JoinSet<(Unit, Timestamp)> = JoinSet::new();
        let mut busy: HashSet<Unit> = HashSet::new();
        let mut waits: HashMap<Unit, Timestamp> = HashMap::new();
        while !*stopped.borrow() {
            let now = this.parts.clock.now();
            waits.retain(|_, until| *until > now);
            match this.due(&busy, &waits) {
                Ok(units) => {
                    for unit in units {
                        if busy.len() < TURNS_AT_ONCE && busy.insert(unit.clone()) {
                            turns.spawn(Arc::clone(&this).take_turn(unit));
                        }
                    }
                }
                Err(error) => log::error!(error:%; "the queue could not be read"),
            }
            let first = waits.values().min().map(|until| Duration::from_millis(until.ms_since(now)));
            tokio::select! {
                Some(turn) = turns.join_next() => {
                    // The queue is looked at once for all that have ended meanwhile.
                    for (unit, next) in std::iter::once(turn).chain(std::iter::from_fn(|| turns.try_join_next())).flatten() {
                        busy.remove(&unit);
                        waits.insert(unit, next);
                    }
                }
                () = this.database().arrived.work(this.queue()) => {}
                () = tokio::time::sleep(first.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)) => {}
                _ = stopped.changed() => {}
            }
        }
        while turns.join_next().await.is_some() {}
    }

    /// What may have a turn now.
    fn due(&self, busy: &HashSet<Unit>, waits: &HashMap<Unit, Timestamp>) -> PortResult<Vec<Unit>> {
        let destinations = self.database().groups(self.queue())?;
        let is_free = |unit: &Unit| !busy.contains(unit) && !waits.contains_key(unit);
        if self.lane == Lane::Ordered {
            return Ok(destinations.into_iter().map(|name| (name, None)).filter(is_free).collect());
        }
        let mut units = Vec::new();
        for name in destinations {
            let at_work = busy.iter().filter(|unit| unit.0 == name).count();
            let waiting = waits.keys().filter(|unit| unit.0 == name).count();
            let room = OF_DESTINATION.saturating_sub(at_work);
            if room > 0 {
                let places = self.database().group_places(self.queue(), &name, at_work + waiting + room)?;
                let free = places.into_iter().map(|place| (name.clone(), Some(place))).filter(is_free);
                units.extend(free.take(room));
            }
        }
        Ok(units)
    }

    /// Takes one turn; says when the unit may have the next.
    async fn take_turn(self: Arc<Self>, unit: Unit) -> (Unit, Timestamp) {
        let turn = AssertUnwindSafe(self.one_turn(&unit)).catch_unwind().await;
        let later = self.parts.clock.now().plus_ms(u64::try_from(AFTER_FAILURE.as_millis()).unwrap_or(u64::MAX));
        let (kind, destination) = (W::KIND.as_str(), unit.0.as_str());
        let next = match turn {
            Ok(Ok(next)) => next,
            Ok(Err(error)) => {
                log::error!(kind, destination, error:%; "a turn failed; it is taken again");
                later
            }
            Err(_) => {
                log::error!(kind, destination; "a turn panicked; it is taken again in a minute");
                later.plus_ms(60_000)
            }
        };
        (unit, next)
    }

    /// Takes one turn with the first of a unit's work; what may have ended a former process goes alone.
    async fn one_turn(&self, (destination, place): &Unit) -> PortResult<Timestamp> {
        let crashes = &self.crashes;
        let mut rows = match place {
            None => self.database().group_work(self.queue(), destination, MESSAGES_AT_ONCE)?,
            Some(place) => self.database().work_at(*place)?.into_iter().collect(),
        };
        let together = rows.iter().take_while(|row| !crashes.suspects(Subject::one_work(row.place))).count();
        rows.truncate(together.max(1));
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(self.parts.clock.now()) };
        if let Some(reason) = crashes.condemns(Subject::one_work(first.place)) {
            self.bury(first, &reason).await?;
            crashes.clear([Subject::one_work(first.place)]);
            return Ok(self.parts.clock.now());
        }
        let (places, turn) = crashes.at(Subject::Work(first.place, last.place), self.take(destination, &rows)).await?;
        crashes.clear(places.iter().copied().map(Subject::one_work));
        if !places.is_empty() {
            self.database().forget_work(places).await?;
        }
        Ok(turn.next)
    }

    /// Takes a turn with this work; the places of what is settled.
    async fn take(&self, destination: &str, rows: &[Waiting]) -> PortResult<(Vec<i64>, Turn)> {
        let (mut places, works) = self.read_work(destination, rows).await?;
        let turn = self.engine.turn(&works).await?;
        places.truncate(turn.settled);
        Ok((places, turn))
    }

    /// The work in these rows, with its places on the queue; what is unreadable is dropped.
    async fn read_work(&self, destination: &str, rows: &[Waiting]) -> PortResult<(Vec<i64>, Vec<Work>)> {
        let (mut places, mut works) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for row in rows {
            match serde_json::from_str::<Work>(&row.message) {
                Ok(work) => {
                    places.push(row.place);
                    works.push(work);
                }
                Err(error) => {
                    log::error!(destination, key = row.key.as_str(), column = error.column(); "work on the queue is unreadable");
                    self.bury(row, "its message on the queue is unreadable").await?;
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
            Ok(id) => self.parts.routing.poison().task(&id, reason).await?,
            Err(error) => log::error!(key = row.key.as_str(), error:%; "work on the queue is nobody's"),
        }
        self.database().forget_work(vec![row.place]).await
    }

    /// The queue's name.
    fn queue(&self) -> &'static str {
        queue(W::KIND, self.lane)
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
    use bellhop_app::ports::{History as _, WorkQueue as _};
    use bellhop_core::action::Kind;
    use bellhop_core::event::Event;
    use bellhop_core::id::{EventId, HookId};
    use bellhop_core::task::{Task, TaskStatus};

    #[tokio::test]
    async fn unreadable_work_is_dropped_and_its_task_is_dead() {
        use bellhop_app::ports::EventLog as _;
        let folder = tempfile::tempdir().unwrap();
        let parts = Arc::new(engine(folder.path()));
        let (engine, crashes) = (Arc::clone(&parts.telegram), Arc::new(Crashes::none()));
        let delivering = Delivering { parts: Arc::clone(&parts), engine, lane: Lane::Ordered, crashes };
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
        let work: Vec<_> = tasks.iter().map(|task| Work::telegram(task.clone(), Vec::new())).collect();
        database.send(&work).await.unwrap();
        let spoil = "UPDATE work SET message = 'no JSON' WHERE seq < 3";
        database.write(|connection| connection.execute(spoil, [])).await.unwrap();

        let rows = database.group_work("telegram", "5", 9).unwrap();
        let (places, works) = delivering.read_work("5", &rows).await.unwrap();
        let tasks_left: Vec<_> = works.iter().map(|work| work.task.clone()).collect();
        assert_eq!((places, tasks_left), (vec![3], vec![task(2)]));
        assert_eq!(database.group_work("telegram", "5", 9).unwrap().len(), 1);
        let recorded = database.recorded(id).await.unwrap().unwrap().tasks;
        let ends: Vec<_> = recorded.into_iter().map(|task| (task.status, task.reason)).collect();
        let reason = Some("its message on the queue is unreadable".to_owned());
        let expected = [(TaskStatus::Dead, reason), (TaskStatus::Succeeded, None), (TaskStatus::Queued, None)];
        assert_eq!(ends, expected);
    }
}
