//! The workers' queue on the SQLite file.

use std::collections::BTreeSet;

use async_trait::async_trait;
use bellhop_app::ports::{PortError, PortResult, WorkQueue};
use bellhop_core::action::{Lane, QueueName};
use bellhop_core::work::{Fallback, Queued, Work};
use rusqlite::Connection;

use crate::database::Database;
use crate::packed::signed;

/// The names of the queues, each with one loop that works it off.
pub(crate) const QUEUES: [&str; 3] = ["telegram", "forward", "forward-parallel"];

/// The queue of a kind's work on a lane.
pub const fn queue(queue: QueueName, lane: Lane) -> &'static str {
    match (queue, lane) {
        (QueueName::Telegram, _) => QUEUES[0],
        (QueueName::Forward, Lane::Ordered) => QUEUES[1],
        (QueueName::Forward, Lane::Parallel) => QUEUES[2],
    }
}

/// Work that waits on a queue.
pub struct Waiting {
    /// Its place in the queue.
    pub place: i64,
    /// Its key, which tells its task even where the message is unreadable.
    pub key: String,
    message: Message,
}

/// What the row of waiting work says.
enum Message {
    /// The work, for it was queued a moment ago.
    Fresh(Box<Work>),
    /// The work as JSON.
    Json(String),
}

impl Waiting {
    /// Takes the work out; an error where it cannot be read.
    pub fn work(&mut self) -> serde_json::Result<Work> {
        match std::mem::replace(&mut self.message, Message::Json(String::new())) {
            Message::Fresh(work) => Ok(*work),
            Message::Json(json) => {
                let read = serde_json::from_str(&json);
                self.message = Message::Json(json);
                read
            }
        }
    }

    /// What takes the work's place, though the work itself may be unreadable; `None` where nothing does, or it was taken out.
    pub fn fallback(&self) -> Option<Fallback> {
        match &self.message {
            Message::Fresh(work) => work.fallback.clone(),
            Message::Json(json) => Fallback::in_message(json),
        }
    }
}

/// Work as its row: its queue, its group, its key and its message.
pub(crate) type WorkRow = (&'static str, String, String, String);

/// The places on the queues that pieces of work were given, each with the bytes that it takes there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct WorkPlaces(Vec<Option<(i64, usize)>>);

/// Reads a row of waiting work.
fn waiting(row: &rusqlite::Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting { place: row.get(0)?, key: row.get(1)?, message: Message::Json(row.get(2)?) })
}

/// Work as its rows.
pub(crate) fn work_rows(work: &[Work]) -> PortResult<Vec<WorkRow>> {
    let row = |work: &Work| work.queued().map(row).map_err(|e| PortError::new("work cannot be written", e));
    work.iter().map(row).collect()
}

/// A message as its row.
fn row(queued: Queued) -> WorkRow {
    (queue(queued.queue, queued.lane), queued.group, queued.key, queued.message)
}

/// Puts work on its queues; gives the places. What is there already stays as it is, and is given none.
pub(crate) fn insert_work(connection: &Connection, rows: &[WorkRow]) -> rusqlite::Result<WorkPlaces> {
    let mut insert =
        connection.prepare_cached("INSERT OR IGNORE INTO work (queue, grp, key, message) VALUES (?1, ?2, ?3, ?4)")?;
    let mut put = |row: &WorkRow| {
        let is_new = insert.execute((row.0, &row.1, &row.2, &row.3))? > 0;
        Ok(is_new.then(|| (connection.last_insert_rowid(), row.3.len())))
    };
    rows.iter().map(&mut put).collect::<rusqlite::Result<_>>().map(WorkPlaces)
}

#[async_trait]
impl WorkQueue for Database {
    async fn send_queued(&self, messages: Vec<Queued>) -> PortResult<()> {
        let rows: Vec<_> = messages.into_iter().map(row).collect();
        let queues: BTreeSet<_> = rows.iter().map(|row| row.0).collect();
        self.write(move |connection| insert_work(connection, &rows).map(|_| ())).await?;
        queues.into_iter().for_each(|queue| self.arrived.tell(queue));
        Ok(())
    }
}

impl Database {
    /// The groups that have work.
    pub fn groups(&self, queue: &str) -> PortResult<Vec<String>> {
        self.read(|connection| {
            // Jumps from group to group in the index, however much work one of them has.
            let mut select = connection.prepare_cached(
                "WITH RECURSIVE g (grp) AS (
                    SELECT min(grp) FROM work WHERE queue = ?1
                    UNION ALL
                    SELECT (SELECT min(grp) FROM work WHERE queue = ?1 AND grp > g.grp) FROM g WHERE g.grp IS NOT NULL
                 ) SELECT grp FROM g WHERE grp IS NOT NULL",
            )?;
            select.query_map([queue], |row| row.get(0))?.collect()
        })
    }

    /// The first work of a group.
    pub fn group_work(&self, queue: &str, group: &str, most: usize) -> PortResult<Vec<Waiting>> {
        self.read(|connection| {
            let mut places = connection
                .prepare_cached("SELECT seq FROM work WHERE queue = ?1 AND grp = ?2 ORDER BY seq LIMIT ?3")?;
            let places = places.query_map((queue, group, signed(most)), |row| row.get(0))?;
            places.map(|place| self.waiting(connection, place?)).collect()
        })
    }

    /// The work at a place that has some.
    fn waiting(&self, connection: &Connection, place: i64) -> rusqlite::Result<Waiting> {
        if let Some(work) = self.fresh_work.take(place) {
            return Ok(Waiting { place, key: work.key(), message: Message::Fresh(Box::new(work)) });
        }
        connection.prepare_cached("SELECT seq, key, message FROM work WHERE seq = ?1")?.query_row([place], waiting)
    }

    /// Keeps work at hand that was queued a moment ago, with the places that it was given.
    pub fn keep_fresh(&self, work: Vec<Work>, places: WorkPlaces) {
        for (work, place) in work.into_iter().zip(places.0) {
            if let Some((place, bytes)) = place {
                self.fresh_work.keep(place, work, bytes);
            }
        }
    }

    /// The first work of a group that is free, at most `most` pieces: so many are looked at, which nobody is given twice.
    pub fn free_work(
        &self,
        queue: &str,
        group: &str,
        looked_at: usize,
        most: usize,
        is_free: impl Fn(i64) -> bool,
    ) -> PortResult<Vec<Waiting>> {
        self.read(|connection| {
            let mut places = connection
                .prepare_cached("SELECT seq FROM work WHERE queue = ?1 AND grp = ?2 ORDER BY seq LIMIT ?3")?;
            let (mut rows, mut found) = (places.query((queue, group, signed(looked_at)))?, Vec::new());
            while let Some(row) = rows.next()?
                && found.len() < most
            {
                let place = row.get(0)?;
                if is_free(place) {
                    found.push(self.waiting(connection, place)?);
                }
            }
            Ok(found)
        })
    }

    /// Forgets work that is settled; most of it went with the outcome of its task, so that nothing is left to write.
    pub async fn forget_work(&self, places: Vec<i64>) -> PortResult<()> {
        if places.is_empty() {
            return Ok(());
        }
        let is_left = self.read(|connection| {
            let mut crashes = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM crashes WHERE kind = 'work')")?;
            let is_left = crashes.query_row([], |row| row.get(0))?;
            let mut select = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM work WHERE seq = ?1)")?;
            places
                .iter()
                .try_fold(is_left, |is_left, place| Ok(is_left || select.query_row([place], |row| row.get(0))?))
        })?;
        if !is_left {
            return Ok(());
        }
        self.write(move |connection| {
            let mut delete = connection.prepare_cached("DELETE FROM work WHERE seq = ?1")?;
            let mut clear = connection.prepare_cached("DELETE FROM crashes WHERE kind = 'work' AND place = ?1")?;
            places.iter().try_for_each(|place| delete.execute([place]).and_then(|_| clear.execute([place])).map(|_| ()))
        })
        .await
    }
}
