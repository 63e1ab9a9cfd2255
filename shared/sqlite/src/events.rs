//! The record of events, as the router keeps it, on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{Claim, EventLog, PortError, PortResult};
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, HookId};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use rusqlite::OptionalExtension as _;

use crate::database::Database;
use crate::packed::{from_json, milliseconds, pack, to_json, unpack};
use crate::tasks::{insert_tasks, task_rows};

#[async_trait]
impl EventLog for Database {
    async fn claim_delivery(
        &self,
        hook: &HookId,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        let (hook, delivery) = (hook.as_str().to_owned(), delivery.to_owned());
        let now = milliseconds(event.accepted_at());
        let first: String = self
            .write(move |connection| {
                let mut claim = connection.prepare_cached(
                    "INSERT INTO claims (hook, delivery, event, expires_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (hook, delivery) DO UPDATE SET
                        event = iif(expires_at <= ?5, excluded.event, event),
                        expires_at = iif(expires_at <= ?5, excluded.expires_at, expires_at)
                     RETURNING event",
                )?;
                claim.query_row((hook, delivery, event.to_string(), milliseconds(expires), now), |row| row.get(0))
            })
            .await?;
        let first: EventId = first.parse().map_err(|e| PortError::new("a claim is unreadable", e))?;
        Ok(if first == event { Claim::Ours } else { Claim::Duplicate(first) })
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        let (id, head, body) = (event.head.id.to_string(), to_json(&event.head)?, pack(&event.body));
        let (tasks, expires) = (task_rows(tasks)?, milliseconds(expires));
        self.write(move |connection| {
            let inserted = connection
                .prepare_cached("INSERT OR IGNORE INTO events (id, head, body, expires_at) VALUES (?1, ?2, ?3, ?4)")?
                .execute((id, head, body, expires))?;
            if inserted > 0 {
                insert_tasks(connection, &tasks, false)?;
            }
            Ok(inserted > 0)
        })
        .await
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        let now = milliseconds(self.now());
        let row: Option<(String, Vec<u8>)> = self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT head, body FROM events WHERE id = ?1 AND expires_at > ?2 AND head <> ''")?;
            select.query_row((id.to_string(), now), |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })?;
        let Some((head, body)) = row else {
            return Ok(None);
        };
        Ok(Some(Event { head: from_json(&head)?, body: unpack(&body)? }))
    }

    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()> {
        let row = (refused.id.to_string(), to_json(refused)?, milliseconds(expires));
        self.write(move |connection| {
            let mut insert =
                connection.prepare_cached("INSERT OR IGNORE INTO refused (id, doc, expires_at) VALUES (?1, ?2, ?3)")?;
            insert.execute(row).map(|_| ())
        })
        .await
    }
}
