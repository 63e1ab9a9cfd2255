//! The workers' queue on the SQLite file.

use std::collections::BTreeSet;

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, WorkQueue};
use bellhop_core::action::{Kind, Lane};
use bellhop_core::work::Work;
use rusqlite::Connection;

use rusqlite::OptionalExtension as _;

use crate::database::Database;
use crate::packed::{signed, to_json};

/// The names of the queues, each with one loop that works it off.
pub(crate) const QUEUES: [&str; 3] = ["telegram", "forward", "forward-parallel"];

/// The queue of a kind's work on a lane.
pub const fn queue(kind: Kind, lane: Lane) -> &'static str {
    match (kind, lane) {
        (Kind::Telegram | Kind::Route, _) => QUEUES[0],
        (Kind::Forward, Lane::Ordered) => QUEUES[1],
        (Kind::Forward, Lane::Parallel) => QUEUES[2],
    }
}

/// Work that waits on a queue.
pub struct Waiting {
    /// Its place in the queue.
    pub place: i64,
    /// Its key, which tells its task even where the message is unreadable.
    pub key: String,
    /// The work as JSON.
    pub message: String,
}

/// Work as its row: its queue, its group, its key and its message.
pub(crate) type WorkRow = (&'static str, String, String, String);

/// Work as its rows.
pub(crate) fn work_rows(work: &[Work]) -> PortResult<Vec<WorkRow>> {
    let row = |work: &Work| Ok((queue(work.kind(), work.lane), work.group().to_owned(), work.key(), to_json(work)?));
    work.iter().map(row).collect()
}

/// Puts work on its queues; what is there already stays as it is.
pub(crate) fn insert_work(connection: &Connection, rows: &[WorkRow]) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT OR IGNORE INTO work (queue, grp, key, message) VALUES (?1, ?2, ?3, ?4)")?;
    rows.iter().try_for_each(|row| insert.execute((row.0, &row.1, &row.2, &row.3)).map(|_| ()))
}

#[async_trait]
impl WorkQueue for Database {
    async fn send(&self, work: &[Work]) -> PortResult<()> {
        let rows = work_rows(work)?;
        let queues: BTreeSet<_> = rows.iter().map(|row| row.0).collect();
        self.write(move |connection| insert_work(connection, &rows)).await?;
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
            let mut select = connection.prepare_cached(
                "SELECT seq, key, message FROM work WHERE queue = ?1 AND grp = ?2 ORDER BY seq LIMIT ?3",
            )?;
            let rows = select.query_map((queue, group, signed(most)), |row| {
                Ok(Waiting { place: row.get(0)?, key: row.get(1)?, message: row.get(2)? })
            })?;
            rows.collect()
        })
    }

    /// The places of the first work of a group.
    pub fn group_places(&self, queue: &str, group: &str, most: usize) -> PortResult<Vec<i64>> {
        self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT seq FROM work WHERE queue = ?1 AND grp = ?2 ORDER BY seq LIMIT ?3")?;
            select.query_map((queue, group, signed(most)), |row| row.get(0))?.collect()
        })
    }

    /// The work at a place.
    pub fn work_at(&self, place: i64) -> PortResult<Option<Waiting>> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT seq, key, message FROM work WHERE seq = ?1")?;
            let read =
                |row: &rusqlite::Row<'_>| Ok(Waiting { place: row.get(0)?, key: row.get(1)?, message: row.get(2)? });
            select.query_row([place], read).optional()
        })
    }

    /// Forgets work that is settled; most of it went with the outcome of its task, so that nothing is left to write.
    pub async fn forget_work(&self, places: Vec<i64>) -> PortResult<()> {
        let is_left = self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM work WHERE seq = ?1)
                     OR EXISTS (SELECT 1 FROM crashes WHERE kind = 'work' AND place = ?1)",
            )?;
            places.iter().try_fold(false, |is_left, place| Ok(is_left || select.query_row([place], |row| row.get(0))?))
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
