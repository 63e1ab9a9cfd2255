//! How often owners had an event, in the table.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_app::ports::{EventCount, EventCounts, PortResult};
use bellhop_core::id::Owner;
use bellhop_core::time::Timestamp;

use crate::Table;
use crate::refusal::failed;
use crate::request::{Request, UPDATE, values};
use crate::table::{Key, count, number, read_text};

#[async_trait]
impl EventCounts for Table {
    async fn add(&self, owner: &Owner, events: u64, last: Timestamp) -> PortResult<()> {
        let request = Request {
            key: Key::count(owner).row(),
            update: Some("SET last_at = :last ADD events :events".into()),
            condition: Some("attribute_not_exists(last_at) OR last_at <= :last".into()),
            values: values([(":events", count(events)), (":last", count(last.as_ms()))]),
            ..self.request()
        };
        let counted = match self.ask(UPDATE, &request).await {
            // A later one was counted already.
            Err(refusal) if refusal.is_of_condition() => {
                let update = Some("ADD events :events".into());
                let values = values([(":events", count(events))]);
                self.ask(UPDATE, &Request { update, condition: None, values, ..request }).await
            }
            result => result,
        };
        counted.map(|_| ()).map_err(failed("events could not be counted"))
    }

    async fn counts(&self) -> PortResult<HashMap<Owner, EventCount>> {
        let rows = self.rows(Key::COUNTS, None).await?;
        let count = |row| {
            let last = Timestamp::from_ms(number(row, "last_at").unwrap_or_default());
            let count = EventCount { events: number(row, "events").unwrap_or_default(), last };
            Ok((Owner::from_text(read_text(row, "sk")?), count))
        };
        rows.iter().map(count).collect()
    }
}
