//! Many events recorded together, with all that comes of them: claims, tasks, work, counts, and their messages
//! gone from the inbox.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use bellhop_app::ports::{Claim, PortResult};
use bellhop_app::routing::NewRecord;
use bellhop_core::id::Owner;
use bellhop_core::time::Timestamp;
use rusqlite::Connection;

use crate::counts::add;
use crate::database::Database;
use crate::events::{EventRow, claim};
use crate::inbox::forget;
use crate::tasks::{TaskRow, insert_tasks, task_rows};
use crate::work::{WorkPlaces, WorkRow, insert_work, work_rows};

/// A record as its rows, with the place of its message in the inbox.
pub struct PackedRecord {
    place: i64,
    record: NewRecord,
    event: EventRow,
    tasks: Vec<TaskRow>,
    work: Vec<WorkRow>,
    places: WorkPlaces,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Committed {
    /// It is recorded as it stands here, but for its body, and its message is gone from the inbox; its work has these places.
    New(Box<NewRecord>, WorkPlaces),
    /// Its event was recorded before, or deleted: nothing was written but claims, and its message is where it was.
    Known,
}

impl PackedRecord {
    /// Makes the rows of a record, of which the body is left out from now on.
    pub fn new(place: i64, mut record: NewRecord) -> PortResult<Self> {
        let event = EventRow::new(&record.event, record.expires)?;
        record.event.body = Vec::new();
        let (tasks, work) = (task_rows(&record.tasks)?, work_rows(&record.work)?);
        Ok(Self { place, event, tasks, work, places: WorkPlaces::default(), record })
    }

    /// The place of its message in the inbox.
    pub const fn place(&self) -> i64 {
        self.place
    }

    /// Writes it; says whether its event is new.
    fn write(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let (record, id) = (&self.record, self.record.event.head.id);
        let claims: Vec<Claim> = record
            .claims()
            .map(|(owner, wanted)| claim(connection, owner, wanted.key(), id, wanted.expires))
            .collect::<rusqlite::Result<_>>()?;
        if self.record.claimed(&claims) {
            self.repack().map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        }
        if !self.event.insert(connection)? {
            return Ok(false);
        }
        insert_tasks(connection, &self.tasks, false)?;
        self.places = insert_work(connection, &self.work)?;
        Ok(true)
    }

    /// Makes the rows again of what is left of the record.
    fn repack(&mut self) -> PortResult<()> {
        self.event.set_head(&self.record.event.head)?;
        self.tasks = task_rows(&self.record.tasks)?;
        self.work = work_rows(&self.record.work)?;
        Ok(())
    }
}

impl Database {
    /// Queues the writing of records in their order, as many in each commit as it has time for; gives what became of each.
    ///
    /// Each is written whole or not at all, with its message gone, and none before another that comes first. After an error
    /// some may be written; those are known when they are written again, and so is each that is written twice.
    pub fn commit(
        &self,
        records: Vec<PackedRecord>,
    ) -> impl Future<Output = PortResult<Vec<Committed>>> + Send + use<> {
        let arrived = self.arrived.clone();
        let queues: BTreeSet<_> = records.iter().flat_map(|record| &record.work).map(|row| row.0).collect();
        let (mut left, mut committed) = (records.into_iter(), Vec::new());
        let written = self.submit_steps(move |connection, turn| {
            let (before, mut gone) = (committed.len(), Vec::new());
            for mut packed in left.by_ref() {
                committed.push(if packed.write(connection)? {
                    gone.push(packed.place);
                    Committed::New(Box::new(packed.record), packed.places)
                } else {
                    Committed::Known
                });
                if turn.is_over() {
                    break;
                }
            }
            forget(connection, &gone)?;
            count(connection, committed.get(before..).unwrap_or_default())?;
            Ok((left.len() == 0).then(|| std::mem::take(&mut committed)))
        });
        async move {
            let committed = written.await?;
            queues.into_iter().for_each(|queue| arrived.tell(queue));
            Ok(committed)
        }
    }
}

/// Adds new events to the counts of their owners, once for each.
fn count(connection: &Connection, committed: &[Committed]) -> rusqlite::Result<()> {
    let mut sums: BTreeMap<&Owner, (u64, Timestamp)> = BTreeMap::new();
    for committed in committed {
        let Committed::New(record, _) = committed else { continue };
        for owner in record.counted() {
            let (events, last) = sums.entry(owner).or_default();
            *events += 1;
            *last = (*last).max(record.event.head.received_at);
        }
    }
    sums.into_iter().try_for_each(|(owner, (events, last))| add(connection, owner, events, last))
}
