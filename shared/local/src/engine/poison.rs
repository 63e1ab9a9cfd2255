//! Messages that can never be routed: out of the way of the others, and where people see them.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use bellhop_app::metrics::METRICS;
use bellhop_app::ports::{EventLog as _, HookReader as _, PortResult};
use bellhop_app::routing::poisoned;
use bellhop_core::inbox::event_of;
use bellhop_core::time::Timestamp;

use crate::database::Database;

/// After how many panics over a message it is not routed again.
const MOST_PANICS: u32 = 3;

/// How often the router panicked over the messages that are still in the inbox, by their places.
#[derive(Default)]
pub(super) struct Panics(HashMap<i64, u32>);

impl Panics {
    /// Counts a panic over a message; says whether it was the last that the message may cause.
    pub(super) fn count(&mut self, place: i64) -> bool {
        let panics = self.0.entry(place).or_default();
        *panics += 1;
        if *panics < MOST_PANICS {
            return false;
        }
        self.0.remove(&place);
        true
    }

    /// Forgets a message that is gone.
    pub(super) fn forget(&mut self, place: i64) {
        self.0.remove(&place);
    }
}

/// Takes a message out of the inbox that can never be routed.
///
/// The event in it is recorded with dead tasks; where there is none, or it was recorded before, the message is kept in
/// the table `poison` with the reason.
pub(super) async fn set_aside(
    database: &Database,
    place: i64,
    message: &[u8],
    reason: &str,
    now: Timestamp,
) -> PortResult<()> {
    let expires = database.settings().await?.expiry(now);
    // The router may have panicked over reading it.
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| poisoned(message, reason, now, expires)));
    if let Ok(Some((event, tasks))) = read {
        let id = event.head.id;
        if database.record(&event, &tasks, expires).await? {
            METRICS.dead.add(tasks.len() as u64);
            log::error!(event:% = id, reason; "an event can never be routed; its tasks are dead");
            return database.forget_messages(vec![place]).await;
        }
    }
    let event = event_of(message).map(|id| id.to_string()).unwrap_or_default();
    log::error!(event, reason; "a message can never be routed; it is kept in the table `poison`");
    database.set_aside(place, reason.to_owned()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_app::clock::SystemClock;
    use bellhop_app::ports::{Clock as _, History as _, Inbox as _};
    use bellhop_core::event::Proof;
    use bellhop_core::id::{EventId, HookId};
    use bellhop_core::inbox::Message;
    use bellhop_core::task::TaskStatus;

    #[test]
    fn the_third_panic_over_a_message_is_the_last() {
        let mut panics = Panics::default();
        let counted: Vec<_> = [1, 1, 2, 1, 2, 1].into_iter().map(|place| panics.count(place)).collect();
        assert_eq!(counted, [false, false, false, true, false, false]);
        panics.forget(2);
        assert!(!panics.count(2), "a message that is gone left its count behind");
    }

    #[tokio::test]
    async fn an_event_that_cannot_be_routed_is_recorded_with_dead_tasks_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let now = SystemClock.now();
        let id = EventId::new(now, &[1; 10]);
        let message = Message {
            id,
            path: "p",
            sender: "github",
            event_type: None,
            delivery_id: None,
            received_at: now,
            source_ip: None,
            query: None,
            headers: Vec::new(),
            hooks: vec![Proof { hook: HookId::from_text("hk_1"), secret: None }],
            body: b"{}",
            test: false,
        };
        for _ in 0..2 {
            database.put(&message).await.unwrap();
        }
        database.writer.put_message(b"nonsense".to_vec()).await.unwrap();
        for (place, message) in database.oldest_messages(9).unwrap() {
            set_aside(&database, place, &message, "because", now).await.unwrap();
        }
        assert_eq!(database.oldest_messages(9).unwrap(), []);
        let recorded = database.recorded(id).await.unwrap().unwrap();
        let tasks: Vec<_> = recorded.tasks.iter().map(|task| (task.status, task.reason.as_deref())).collect();
        assert_eq!(tasks, [(TaskStatus::Dead, Some("because"))]);
        let read = |connection: &rusqlite::Connection| {
            let mut select = connection.prepare("SELECT message, reason FROM poison ORDER BY seq")?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let kept: Vec<(Vec<u8>, String)> = database.read(read).unwrap();
        let expected = [message.to_bytes(), b"nonsense".to_vec()].map(|message| (message, "because".to_owned()));
        assert_eq!(kept, expected);
    }
}
