//! Deletes what has expired.

use bellhop_app::ports::PortResult;
use bellhop_core::time::{DAY_MS, Timestamp};

use crate::database::Database;
use crate::packed::milliseconds;

/// How long claims stay after their end, for events that waited before they were routed.
const CLAIMS_STAY: Timestamp = Timestamp::from_ms(DAY_MS);

/// How many rows of a table are deleted at once.
const AT_ONCE: usize = 500;

impl Database {
    /// Deletes what has expired, all of it, a little at a time so that others may write in between, and then empties the
    /// log, where that was anything.
    pub async fn purge(&self, now: Timestamp) -> PortResult<()> {
        let mut deleted = 0;
        loop {
            let (rows, more) = self.purge_some(now).await?;
            deleted += rows;
            if !more {
                break;
            }
        }
        if deleted > 0 { self.erase_by(|_| Ok(())).await } else { Ok(()) }
    }

    /// Deletes some of what has expired; says how many rows, and whether there may be more.
    async fn purge_some(&self, now: Timestamp) -> PortResult<(usize, bool)> {
        let now = milliseconds(now);
        self.write(move |connection| {
            let (mut most, mut deleted) = (0, 0);
            for table in ["events", "tasks", "refused"] {
                let delete = format!(
                    "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires_at <= ?1 LIMIT {AT_ONCE})"
                );
                let rows = connection.prepare_cached(&delete)?.execute([now])?;
                deleted += rows;
                most = most.max(rows);
            }
            for (table, now) in [("claims", now - milliseconds(CLAIMS_STAY)), ("documents", now)] {
                let delete = format!("DELETE FROM {table} WHERE expires_at <= ?1");
                deleted += connection.prepare_cached(&delete)?.execute([now])?;
            }
            Ok((deleted, most == AT_ONCE))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[tokio::test]
    async fn claims_stay_a_day_longer_for_events_that_waited() {
        const DAY: u64 = 86_400_000;
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        database
            .write(|connection| connection.execute("INSERT INTO claims VALUES ('hk_1', 'd', '', 1000)", []))
            .await
            .unwrap();
        let left = |connection: &Connection| connection.query_row("SELECT COUNT(*) FROM claims", [], |row| row.get(0));
        for (now, expected) in [(1000, 1), (999 + DAY, 1), (1000 + DAY, 0)] {
            database.purge(Timestamp::from_ms(now)).await.unwrap();
            let found: i64 = database.read(left).unwrap();
            assert_eq!(found, expected, "at {now}");
        }
    }

    #[tokio::test]
    async fn what_has_expired_is_deleted_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let rows = [
            "INSERT INTO events VALUES (?1, '', x'', ?2)",
            "INSERT INTO tasks VALUES (?1, '', ?2, 0, NULL)",
            "INSERT INTO refused VALUES (?1, '', ?2)",
            "INSERT INTO documents VALUES ('limit', ?1, '', 1, ?2)",
        ];
        let fill = move |connection: &Connection| {
            for row in rows {
                for (key, expires) in [("past", 99), ("now", 100), ("later", 101)] {
                    connection.execute(row, (key, expires))?;
                }
            }
            connection.execute("INSERT INTO documents VALUES ('limit', 'for ever', '', 1, NULL)", [])
        };
        database.write(fill).await.unwrap();
        database.purge(Timestamp::from_ms(100)).await.unwrap();
        let left = |connection: &Connection| {
            let all = "SELECT id FROM events UNION ALL SELECT id FROM tasks UNION ALL SELECT id FROM refused
                       UNION ALL SELECT key FROM documents";
            connection.prepare(all)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        };
        assert_eq!(database.read(left).unwrap(), ["later", "later", "later", "for ever", "later"]);
    }
}
