//! The index of due times on the SQLite file: a table whose key is the order in which they are acted on.

use async_trait::async_trait;
use bellhop_app::ports::{DueTime, DueTimes, PortError, PortResult};
use bellhop_core::id::Owner;
use bellhop_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::database::Database;
use crate::packed::{milliseconds, signed, unsigned};

/// Reads what is due: a range of the key, from its beginning.
const DUE: &str =
    "SELECT at, job, version, due, local, count FROM due WHERE at <= ?1 ORDER BY at, job, version, due LIMIT ?2";

/// Reads when the earliest is due: the beginning of the key.
const EARLIEST: &str = "SELECT at FROM due ORDER BY at LIMIT 1";

/// A due time as its row.
pub(crate) struct DueRow {
    at: i64,
    job: String,
    version: i64,
    due: i64,
    local: Option<String>,
    count: i64,
}

impl From<&DueTime> for DueRow {
    fn from(time: &DueTime) -> Self {
        Self {
            at: milliseconds(time.at),
            job: time.job.as_str().to_owned(),
            version: signed(time.version),
            due: milliseconds(time.due),
            local: time.local.clone(),
            count: signed(time.count),
        }
    }
}

impl DueRow {
    /// The due time in a row of [`DUE`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            at: row.get(0)?,
            job: row.get(1)?,
            version: row.get(2)?,
            due: row.get(3)?,
            local: row.get(4)?,
            count: row.get(5)?,
        })
    }

    /// The due time of a row.
    fn into_due_time(self) -> PortResult<DueTime> {
        let Owner::Job(job) = Owner::from_text(self.job) else {
            return Err(PortError::new("a stored due time is unreadable", "its job is none"));
        };
        let moment = |ms| Timestamp::from_ms(unsigned(ms));
        let (at, due) = (moment(self.at), moment(self.due));
        Ok(DueTime { at, job, version: unsigned(self.version), due, local: self.local, count: unsigned(self.count) })
    }
}

/// Adds a due time, unless it is there.
pub(crate) fn add(connection: &Connection, row: &DueRow) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO due (at, job, version, due, local, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.execute((row.at, &row.job, row.version, row.due, &row.local, row.count)).map(|_| ())
}

#[async_trait]
impl DueTimes for Database {
    async fn due(&self, until: Timestamp, most: usize) -> PortResult<Vec<DueTime>> {
        let rows: Vec<_> = self.read(|connection| {
            let mut select = connection.prepare_cached(DUE)?;
            select.query_map((milliseconds(until), signed(most)), DueRow::read)?.collect::<rusqlite::Result<_>>()
        })?;
        rows.into_iter().map(DueRow::into_due_time).collect()
    }

    async fn earliest(&self) -> PortResult<Option<Timestamp>> {
        let at = self.read(|connection| {
            let mut select = connection.prepare_cached(EARLIEST)?;
            select.query_row([], |row| row.get(0)).optional()
        });
        Ok(at?.map(|ms| Timestamp::from_ms(unsigned(ms))))
    }

    async fn step(&self, adding: &[DueTime], removing: &[DueTime]) -> PortResult<()> {
        let rows = |times: &[DueTime]| times.iter().map(DueRow::from).collect::<Vec<_>>();
        let (adding, removing) = (rows(adding), rows(removing));
        if adding.is_empty() && removing.is_empty() {
            return Ok(());
        }
        self.write(move |connection| {
            adding.iter().try_for_each(|row| add(connection, row))?;
            let mut delete = connection
                .prepare_cached("DELETE FROM due WHERE at = ?1 AND job = ?2 AND version = ?3 AND due = ?4")?;
            removing.iter().try_for_each(|row| delete.execute((row.at, &row.job, row.version, row.due)).map(|_| ()))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
