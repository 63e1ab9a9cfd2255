//! How often hooks had an event, on the SQLite file.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, Tallies, Tally};
use bellhop_core::id::HookId;
use bellhop_core::time::Timestamp;

use crate::database::Database;
use crate::packed::{milliseconds, signed, unsigned};

#[async_trait]
impl Tallies for Database {
    async fn add(&self, hook: &HookId, events: u64, last: Timestamp) -> PortResult<()> {
        let row = (hook.as_str().to_owned(), signed(events), milliseconds(last));
        self.write(move |connection| {
            let mut add = connection.prepare_cached(
                "INSERT INTO tallies (hook, events, last) VALUES (?1, ?2, ?3)
                 ON CONFLICT (hook) DO UPDATE SET
                    events = events + excluded.events, last = max(last, excluded.last)",
            )?;
            add.execute(row).map(|_| ())
        })
        .await
    }

    async fn tallies(&self) -> PortResult<HashMap<HookId, Tally>> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT hook, events, last FROM tallies")?;
            let rows = select.query_map([], |row| {
                let tally = Tally { events: unsigned(row.get(1)?), last: Timestamp::from_ms(unsigned(row.get(2)?)) };
                Ok((HookId::from_text(row.get::<_, String>(0)?), tally))
            })?;
            rows.collect()
        })
    }
}
