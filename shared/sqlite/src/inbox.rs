//! The inbox on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{Bodies, Inbox, Orders, PortError, PortResult};
use bellhop_core::id::EventId;
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::Database;

#[async_trait]
impl Inbox for Database {
    async fn put(&self, message: &Message<'_>) -> PortResult<()> {
        self.put_bytes(message.to_bytes()).await
    }
}

#[async_trait]
impl Orders for Database {
    async fn give(&self, order: &Order) -> PortResult<()> {
        self.put_bytes(order_text(order).into_bytes()).await
    }
}

#[async_trait]
impl Bodies for Database {
    async fn get(&self, event: EventId) -> PortResult<Vec<u8>> {
        // Inbox messages carry their bodies here, however large.
        Err(PortError::new("no body is kept apart", event))
    }
}

impl Database {
    /// Puts a message that may be anything, as it lies in the table.
    pub async fn put_bytes(&self, message: Vec<u8>) -> PortResult<()> {
        self.writer.put_message(message).await?;
        self.arrived.inbox.notify_one();
        Ok(())
    }

    /// The oldest inbox messages, with their places.
    pub fn oldest_messages(&self, most: usize) -> PortResult<Vec<(i64, Vec<u8>)>> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT seq, message FROM inbox ORDER BY seq LIMIT ?1")?;
            let rows =
                select.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// The message at a place.
    pub fn message(&self, place: i64) -> PortResult<Option<Vec<u8>>> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT message FROM inbox WHERE seq = ?1")?;
            select.query_row([place], |row| row.get(0)).optional()
        })
    }

    /// Forgets messages that have been routed.
    pub async fn forget_messages(&self, places: Vec<i64>) -> PortResult<()> {
        self.write(move |connection| places.iter().try_for_each(|place| forget(connection, *place))).await
    }

    /// Sets a message aside that can never be routed, with the reason.
    pub async fn set_aside(&self, place: i64, reason: String) -> PortResult<()> {
        self.write(move |connection| {
            connection.execute(
                "INSERT INTO poison (message, reason) SELECT message, ?2 FROM inbox WHERE seq = ?1",
                (place, reason),
            )?;
            forget(connection, place)
        })
        .await
    }
}

/// Forgets a message, and what speaks against it: its place may be another's at once.
fn forget(connection: &Connection, place: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM inbox WHERE seq = ?1")?.execute([place])?;
    let mut clear =
        connection.prepare_cached("DELETE FROM crashes WHERE kind IN ('message', 'aside') AND place = ?1")?;
    clear.execute([place]).map(|_| ())
}
