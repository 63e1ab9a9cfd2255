//! The ports on a real SQLite file, held to the suite that every adapter passes.

use bellhop_app::conformance;
use bellhop_core::work::Work;

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
    conformance::records(&database, &database).await;
    conformance::tasks(&database, &database).await;
    conformance::chats(&database).await;
}

#[tokio::test]
async fn hooks_and_secrets() {
    let (_folder, database) = fresh();
    conformance::hooks(&database, &database).await;
    conformance::secrets(&LocalSecrets::new(database.clone()), &database).await;
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
        rows.map(|(_, json)| serde_json::from_str::<Work>(&json).unwrap()).collect()
    };
    conformance::queue(&database, work).await;
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
