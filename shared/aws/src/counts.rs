//! How often owners had an event, in the table.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_app::ports::{EventCount, EventCounts, PortResult};
use bellhop_core::id::Owner;
use bellhop_core::time::Timestamp;

use crate::Table;
use crate::error::{code, failed};
use crate::table::{Key, count, is_refused, number, read_text};

#[async_trait]
impl EventCounts for Table {
    async fn add(&self, owner: &Owner, events: u64, last: Timestamp) -> PortResult<()> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::count(owner).row()))
            .expression_attribute_values(":events", count(events));
        let as_last = request
            .clone()
            .update_expression("SET last_at = :last ADD events :events")
            .condition_expression("attribute_not_exists(last_at) OR last_at <= :last")
            .expression_attribute_values(":last", count(last.as_ms()));
        match as_last.send().await {
            // A later one was counted already.
            Err(error) if is_refused(code(&error)) => {
                let counted = request.update_expression("ADD events :events").send().await;
                counted.map(|_| ()).map_err(failed("events could not be counted"))
            }
            result => result.map(|_| ()).map_err(failed("events could not be counted")),
        }
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
