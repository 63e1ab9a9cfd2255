//! How often owners had an event, on the SQLite file.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_app::ports::{EventCount, EventCounts, PortResult};
use bellhop_core::id::Owner;
use bellhop_core::time::Timestamp;
use rusqlite::Connection;

use crate::database::Database;
use crate::packed::{milliseconds, signed, unsigned};

#[async_trait]
impl EventCounts for Database {
    async fn add(&self, owner: &Owner, events: u64, last: Timestamp) -> PortResult<()> {
        let owner = owner.clone();
        self.write(move |connection| add(connection, &owner, events, last)).await
    }

    async fn counts(&self) -> PortResult<HashMap<Owner, EventCount>> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT hook, events, last FROM counts")?;
            let rows = select.query_map([], |row| {
                let count =
                    EventCount { events: unsigned(row.get(1)?), last: Timestamp::from_ms(unsigned(row.get(2)?)) };
                Ok((Owner::from_text(row.get::<_, String>(0)?), count))
            })?;
            rows.collect()
        })
    }
}

/// Adds events to an owner's count.
pub(crate) fn add(connection: &Connection, owner: &Owner, events: u64, last: Timestamp) -> rusqlite::Result<()> {
    let mut add = connection.prepare_cached(
        "INSERT INTO counts (hook, events, last) VALUES (?1, ?2, ?3)
         ON CONFLICT (hook) DO UPDATE SET events = events + excluded.events, last = max(last, excluded.last)",
    )?;
    add.execute((owner.as_str(), signed(events), milliseconds(last))).map(|_| ())
}
