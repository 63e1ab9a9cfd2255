//! The inbox on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{Bodies, Inbox, Orders, PortError, PortResult};
use bellhop_core::id::EventId;
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::Database;
use crate::packed::{signed, unpack_message};

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

    async fn give_in(&self, orders: &[(Order, u64)]) -> PortResult<()> {
        if let Some((_, seconds)) = orders.iter().find(|(_, seconds)| *seconds > 0) {
            let why = format_args!("{seconds} seconds, and the inbox of one process knows 0 alone");
            return Err(PortError::new("an order cannot be given before its time", why));
        }
        self.writer.put_messages(orders.iter().map(|(order, _)| order_text(order).into_bytes()).collect()).await?;
        self.arrived.inbox.notify_one();
        Ok(())
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
        self.messages_after(i64::MIN, most, usize::MAX)
    }

    /// The oldest inbox messages behind a place, with their places: at most `most`, and after the first only as many as
    /// have `bytes` together.
    pub fn messages_after(&self, place: i64, most: usize, bytes: usize) -> PortResult<Vec<(i64, Vec<u8>)>> {
        if let Some(messages) = self.writer.fresh_messages(place, most, bytes) {
            return Ok(messages);
        }
        self.read(|connection| {
            let mut select =
                connection.prepare_cached("SELECT seq, message FROM inbox WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
            let (mut rows, mut messages, mut left) = (select.query((place, signed(most)))?, Vec::new(), bytes);
            while let Some(row) = rows.next()? {
                let message = unpack_message(row.get_ref(1)?.as_blob()?);
                if message.len() > left && !messages.is_empty() {
                    break;
                }
                left = left.saturating_sub(message.len());
                messages.push((row.get(0)?, message));
            }
            Ok(messages)
        })
    }

    /// The message at a place.
    pub fn message(&self, place: i64) -> PortResult<Option<Vec<u8>>> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT message FROM inbox WHERE seq = ?1")?;
            select.query_row([place], |row| Ok(unpack_message(row.get_ref(0)?.as_blob()?))).optional()
        })
    }

    /// Forgets messages that have been routed.
    pub async fn forget_messages(&self, places: Vec<i64>) -> PortResult<()> {
        self.write(move |connection| forget(connection, &places)).await
    }

    /// Sets a message aside that can never be routed, with the reason.
    pub async fn set_aside(&self, place: i64, reason: String) -> PortResult<()> {
        self.write(move |connection| {
            let mut select = connection.prepare_cached("SELECT message FROM inbox WHERE seq = ?1")?;
            let message = select.query_row([place], |row| Ok(unpack_message(row.get_ref(0)?.as_blob()?))).optional()?;
            if let Some(message) = message {
                connection.execute("INSERT INTO poison (message, reason) VALUES (?1, ?2)", (message, reason))?;
            }
            forget(connection, &[place])
        })
        .await
    }
}

/// Forgets messages, and what speaks against them: their places may be others' at once.
pub(crate) fn forget(connection: &Connection, places: &[i64]) -> rusqlite::Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM inbox WHERE seq = ?1")?;
    places.iter().try_for_each(|place| delete.execute([place]).map(|_| ()))?;
    // Hardly ever does anything speak against any.
    if !connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM crashes)")?
        .query_row([], |row| row.get::<_, bool>(0))?
    {
        return Ok(());
    }
    let mut clear =
        connection.prepare_cached("DELETE FROM crashes WHERE kind IN ('message', 'aside') AND place = ?1")?;
    places.iter().try_for_each(|place| clear.execute([place]).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use bellhop_core::id::ReplayId;

    use super::*;

    #[tokio::test]
    async fn an_order_before_its_time_is_refused_and_takes_all_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let order = || Order::ReplayV1 { replay: ReplayId::from_text("rp_1") };
        let error = database.give_in(&[(order(), 0), (order(), 1)]).await.unwrap_err().to_string();
        assert!(error.contains("1 seconds"), "{error}");
        assert_eq!(database.oldest_messages(9).unwrap(), []);
        let waiting = database.arrived.inbox.notified();
        database.give_in(&[(order(), 0), (order(), 0)]).await.unwrap();
        waiting.await;
        assert_eq!(database.oldest_messages(9).unwrap().len(), 2);
    }
}
