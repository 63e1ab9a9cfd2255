//! What waits in the tables, as the operator looks at it.

use bellhop_app::ports::{Oldest, PortResult, Queues};
use bellhop_core::inbox::event_of;
use bellhop_core::time::Timestamp;
use rusqlite::Connection;

use crate::database::Database;
use crate::packed::unpack_message;

/// Among how many of the oldest inbox messages an event is looked for; orders carry no time.
const LOOKED_AT: i64 = 32;

/// How much of a message's row holds its event's id, in bytes: all of what is packed, and all of a first line but the
/// longest.
const FIRST_LINE: i64 = 16 * 1024;

impl Queues for Database {
    fn oldest(&self) -> PortResult<Oldest> {
        self.read(|connection| Ok(Oldest { inbox: oldest_message(connection)?, work: oldest_work(connection)? }))
    }
}

/// When the oldest event in the inbox was accepted.
fn oldest_message(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let mut select = connection.prepare_cached("SELECT substr(message, 1, ?1) FROM inbox ORDER BY seq LIMIT ?2")?;
    let mut rows = select.query([FIRST_LINE, LOOKED_AT])?;
    while let Some(row) = rows.next()? {
        if let Some(event) = event_of(&unpack_message(row.get_ref(0)?.as_bytes().unwrap_or_default())) {
            return Ok(Some(event.accepted_at()));
        }
    }
    Ok(None)
}

/// Since when the oldest work has been due; in front of it may stand what waits for a time of its own.
fn oldest_work(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let mut select = connection.prepare_cached(
        "SELECT min(json_extract(message, '$.task.due_at')) FROM (SELECT message FROM work ORDER BY seq LIMIT ?1)",
    )?;
    let due: Option<i64> = select.query_row([LOOKED_AT], |row| row.get(0))?;
    Ok(due.and_then(|ms| u64::try_from(ms).ok()).map(Timestamp::from_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_app::ports::{Inbox as _, Orders as _, SendWork as _};
    use bellhop_core::action::Kind;
    use bellhop_core::id::{EventId, HookId, ReplayId, TaskId};
    use bellhop_core::inbox::Message;
    use bellhop_core::order::Order;
    use bellhop_core::task::Task;
    use bellhop_core::work::Work;

    const ACCEPTED: Timestamp = Timestamp::from_ms(1_700_000_000_000);
    const DUE: Timestamp = Timestamp::from_ms(1_700_000_009_000);

    #[tokio::test]
    async fn the_oldest_tells_since_when_it_waits() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        assert_eq!(database.oldest().unwrap(), Oldest::default());
        database.give(&Order::ReplayV1 { replay: ReplayId::from_text("rp_1") }).await.unwrap();
        assert_eq!(database.oldest().unwrap().inbox, None, "an order carries no time");
        let hook = HookId::from_text("hk_1");
        let later = Timestamp::from_ms(1_800_000_000_000);
        let quiet = Task {
            due_at: later,
            ..Task::queued(TaskId::new(EventId::new(ACCEPTED, &[2; 10]), &hook, 0), Kind::Telegram, "1", DUE, later)
        };
        database.send(&[Work::telegram(quiet, vec!["hi".to_owned()])]).await.unwrap();
        assert_eq!(database.oldest().unwrap().work, Some(later), "it is not due for a while");
        for (place, accepted) in [ACCEPTED, DUE].into_iter().enumerate() {
            let event = EventId::new(accepted, &[1; 10]);
            let message = Message {
                id: event,
                path: "p",
                sender: "github",
                event_type: None,
                delivery_id: None,
                received_at: accepted,
                source_ip: None,
                query: None,
                headers: Vec::new(),
                owners: Vec::new(),
                body: &[7; 40_000],
                test: false,
            };
            database.put(&message).await.unwrap();
            let due = DUE.plus_ms(place as u64);
            let task = Task::queued(TaskId::new(event, &hook, 0), Kind::Telegram, "1", due, due);
            let work = Work::telegram(task, vec!["hi".to_owned()]);
            database.send(&[work]).await.unwrap();
        }
        assert_eq!(database.oldest().unwrap(), Oldest { inbox: Some(ACCEPTED), work: Some(DUE) });
    }
}
