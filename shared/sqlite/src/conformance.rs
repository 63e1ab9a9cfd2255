//! The ports on a real SQLite file, held to the suite that every adapter passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bellhop_app::ports::{Clock, EventLog as _, History as _, TaskLog as _, Written};
use bellhop_app::testing::conformance;
use bellhop_core::action::Kind;
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;

use crate::{Database, LocalSecrets};

/// A database in a folder of its own, which goes with it.
fn fresh() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    (folder, database)
}

#[tokio::test]
async fn events_and_tasks() {
    let (_folder, database) = fresh();
    conformance::claims(&database).await;
    conformance::claims_end(&database).await;
    conformance::records(&database, &database, &database).await;
    conformance::tasks(&database, &database, &database).await;
    conformance::deleted(&database, &database, &database).await;
    conformance::turns(&database, &database, &database).await;
    conformance::history(&database, &database, &database).await;
    conformance::events_with_task(&database, &database, &database).await;
    conformance::refused(&database, &database).await;
    conformance::counts(&database).await;
    conformance::counts_together(&database).await;
    conformance::documents(&database).await;
}

#[tokio::test]
async fn hooks_and_secrets() {
    let (_folder, database) = fresh();
    conformance::hooks(&database, &database).await;
    conformance::together(&database, &database, &database).await;
    conformance::secrets(&LocalSecrets::new(database.clone()), &database).await;
}

#[tokio::test]
async fn due_times() {
    let (_folder, database) = fresh();
    conformance::due_times(&database).await;
    conformance::due_time_identity(&database).await;
    conformance::due_steps_together(&database).await;
    conformance::swaps_with_changes(&database, &database, &database).await;
    conformance::swaps_together(&database, &database, &database).await;
}

#[tokio::test]
async fn inbox_and_queue() {
    let (_folder, database) = fresh();
    let messages =
        || async { database.oldest_messages(1000).unwrap().into_iter().map(|(_, message)| message).collect() };
    conformance::inbox(&database, &database, messages).await;
    let work = || async {
        let groups = database.groups("telegram").unwrap();
        let rows = groups.iter().flat_map(|group| database.group_work("telegram", group, 1000).unwrap());
        rows.map(|mut row| row.work().unwrap()).collect()
    };
    conformance::queue(&database, work).await;
}

#[tokio::test]
async fn what_has_expired_is_absent_though_it_was_not_purged_yet() {
    struct At(AtomicU64);
    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp::from_ms(self.0.load(Ordering::Relaxed))
        }

        fn random(&self, _: &mut [u8]) {}
    }
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(At(AtomicU64::new(99))));
    let database = Database::with_clock(folder.path(), clock.clone()).unwrap();
    let (id, hook, expires) = (EventId::new(clock.now(), &[0; 10]), HookId::from_text("hk_1"), Timestamp::from_ms(100));
    let event = serde_json::json!({
        "id": id, "path": "", "sender": "github", "received_at": 0, "headers": [], "hooks": [], "body_bytes": 0,
    });
    let event = Event { head: serde_json::from_value(event).unwrap(), body: Vec::new() };
    let task = Task::queued(TaskId::new(id, &hook, 0), Kind::Telegram, "5", clock.now(), expires);
    database.record(&event, std::slice::from_ref(&task), expires).await.unwrap();
    database.save(std::slice::from_ref(&task)).await.unwrap();
    let refused = serde_json::json!({"id": id, "received_at": 0, "status": 401, "cause": "", "body_bytes": 0});
    database.record_refused(&serde_json::from_value(refused).unwrap(), expires).await.unwrap();
    for there in [true, false] {
        assert_eq!(database.event(id).await.unwrap().is_some(), there);
        assert_eq!(database.recorded(id).await.unwrap().is_some(), there);
        let written = if there { Written::Task(Box::new(task.clone())) } else { Written::Nothing };
        assert_eq!(database.written(std::slice::from_ref(&task.id)).await.unwrap(), [written]);
        assert_eq!(database.events(None, Timestamp::from_ms(0), 9).await.unwrap().items.len(), usize::from(there));
        assert_eq!(database.refused(None, Timestamp::from_ms(0), 9).await.unwrap().items.len(), usize::from(there));
        clock.0.store(100, Ordering::Relaxed);
    }
    assert!(!database.erase(id, expires).await.unwrap(), "an event that expired was erased");
}

#[tokio::test]
async fn orders() {
    let (_folder, database) = fresh();
    let messages =
        || async { database.oldest_messages(1000).unwrap().into_iter().map(|(_, message)| message).collect() };
    conformance::orders(&database, messages).await;
}

#[tokio::test]
async fn what_is_written_survives_reopening() {
    let (folder, database) = fresh();
    conformance::hooks(&database, &database).await;
    let before = bellhop_app::ports::HookReader::hooks_and_settings(&database).await.unwrap();
    drop(database);
    let again = Database::open(folder.path()).unwrap();
    assert_eq!(bellhop_app::ports::HookReader::hooks_and_settings(&again).await.unwrap(), before);
}

#[test]
fn the_file_is_its_owners_alone_and_a_later_versions_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, database) = fresh();
    drop(database);
    let file = folder.path().join("bellhop.db");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(Database::open(folder.path()).err().unwrap().to_string().contains("later version"));
}
