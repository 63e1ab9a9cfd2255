use bellhop_app::ports::{History as _, Inbox as _};
use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, HookId};
use bellhop_core::inbox::Message;
use bellhop_core::task::TaskStatus;

use super::*;
use crate::engine::made::engine;

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
    let parts = engine(folder.path());
    let (database, now) = (&parts.database, parts.clock.now());
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
        owners: vec![Proof::new(HookId::from_text("hk_1"), None)],
        body: b"{}",
        test: false,
    };
    for _ in 0..2 {
        database.put(&message).await.unwrap();
    }
    database.put_bytes(b"nonsense".to_vec()).await.unwrap();
    for (place, message) in database.oldest_messages(9).unwrap() {
        set_aside(&parts, &Crashes::none(), place, &message, "because").await.unwrap();
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
    assert_eq!(kept, [(b"nonsense".to_vec(), "because".to_owned())]);
}
