//! The record of events, as the router keeps it, on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{Claim, EventLog, PortResult};
use bellhop_core::event::{Event, EventHead};
use bellhop_core::id::{EventId, Owner};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::Database;
use crate::packed::{from_json, milliseconds, pack, to_json, unpack};
use crate::tasks::{insert_tasks, task_rows};

/// An event as its row.
pub(crate) struct EventRow {
    id: String,
    head: String,
    body: Vec<u8>,
    expires: i64,
}

impl EventRow {
    /// The row of an event.
    pub(crate) fn new(event: &Event, expires: Timestamp) -> PortResult<Self> {
        Ok(Self {
            id: event.head.id.to_string(),
            head: to_json(&event.head)?,
            body: pack(&event.body)?,
            expires: milliseconds(expires),
        })
    }

    /// Has another head.
    pub(crate) fn set_head(&mut self, head: &EventHead) -> PortResult<()> {
        self.head = to_json(head)?;
        Ok(())
    }

    /// Inserts it; says whether the event is new. What is recorded already, or deleted, stays as it is.
    pub(crate) fn insert(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let mut insert = connection
            .prepare_cached("INSERT OR IGNORE INTO events (id, head, body, expires_at) VALUES (?1, ?2, ?3, ?4)")?;
        Ok(insert.execute((&self.id, &self.head, &self.body, self.expires))? > 0)
    }
}

/// Claims a delivery for an event.
pub(crate) fn claim(
    connection: &Connection,
    owner: &Owner,
    delivery: &str,
    event: EventId,
    expires: Timestamp,
) -> rusqlite::Result<Claim> {
    let mut claim = connection.prepare_cached(
        "INSERT INTO claims (hook, delivery, event, expires_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (hook, delivery) DO UPDATE SET
            event = iif(expires_at <= ?5, excluded.event, event),
            expires_at = iif(expires_at <= ?5, excluded.expires_at, expires_at)
         RETURNING event",
    )?;
    let (expires, now) = (milliseconds(expires), milliseconds(event.accepted_at()));
    let first = claim.query_row((owner.as_str(), delivery, event.to_string(), expires, now), |row| {
        row.get_ref(0)?.as_str()?.parse::<EventId>().map_err(|error| FromSqlError::Other(error.into()).into())
    })?;
    Ok(if first == event { Claim::Ours } else { Claim::Duplicate(first) })
}

#[async_trait]
impl EventLog for Database {
    async fn claim_delivery(
        &self,
        owner: &Owner,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        let (owner, delivery) = (owner.clone(), delivery.to_owned());
        self.write(move |connection| claim(connection, &owner, &delivery, event, expires)).await
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        let (row, tasks) = (EventRow::new(event, expires)?, task_rows(tasks)?);
        self.write(move |connection| {
            let inserted = row.insert(connection)?;
            if inserted {
                insert_tasks(connection, &tasks, false)?;
            }
            Ok(inserted)
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
