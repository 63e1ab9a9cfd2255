//! A file of version 1, with something in every table, opened by this version.

use std::collections::BTreeSet;
use std::path::Path;

use bellhop_app::ports::{Bodies as _, Claim, EventLog as _, History as _, HookReader as _, HookWriter as _};
use bellhop_app::ports::{Collection, Documents as _, TaskLog as _, Written};
use bellhop_core::hook::Hook;
use bellhop_core::id::{EventId, HookId, Owner, TaskId};
use bellhop_core::task::{AttemptOutcome, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use rusqlite::Connection;

use crate::Database;
use crate::packed::{milliseconds, pack};

/// When everything in the file expires: far in the future.
const EXPIRES: i64 = 4_000_000_000_000;

const ENTRY: &str = r#"{"pace":{"scope":"group","sent":[1700000000000],"blocked_until":0},"moved_to":"-1009"}"#;

/// The event in the file.
fn event() -> EventId {
    EventId::new(Timestamp::from_ms(1_700_000_000_000), &[1; 10])
}

/// The id of the task of action number `action`.
fn task_id(action: usize) -> TaskId {
    TaskId::new(event(), &HookId::from_text("hk_1"), action)
}

/// Makes a file as version 1 left it; one that never had time to write its version down where `version` is 0.
fn make(folder: &Path, version: i64) -> Connection {
    let old = Connection::open(folder.join("bellhop.db")).unwrap();
    old.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    old.execute_batch(include_str!("version_1.sql")).unwrap();
    old.pragma_update(None, "user_version", version).unwrap();
    old
}

/// Puts a row or more into every table of version 1, in the JSON it wrote.
fn fill(old: &Connection) {
    let id = event();
    let put = |sql: &str, values: &[&dyn rusqlite::ToSql]| assert_eq!(old.execute(sql, values).unwrap(), 1, "{sql}");
    put("INSERT INTO inbox (message) VALUES (?1)", &[&b"1{}\n".as_slice()]);
    put("INSERT INTO poison (message, reason) VALUES (?1, 'because')", &[&b"odd".as_slice()]);
    let head = format!(
        r#"{{"id":"{id}","path":"github","sender":"github","received_at":1700000000000,"headers":[["a","b"]],"hooks":[{{"hook":"hk_1","secret":0}}],"body_bytes":2}}"#
    );
    put("INSERT INTO events VALUES (?1, ?2, ?3, ?4)", &[&id.to_string(), &head, &pack(b"{}").unwrap(), &EXPIRES]);
    for (action, status) in ["queued", "running", "retrying", "succeeded", "dead"].into_iter().enumerate() {
        let task = task_id(action);
        let doc = format!(
            r#"{{"id":"{task}","event":"{id}","hook":"hk_1","kind":"telegram","destination":"-5","status":"{status}","attempts":[{{"started_at":1,"duration_ms":2,"outcome":"failed","detail":"\u0001 \"ä\""}}],"parts_done":1,"created_at":3,"due_at":4}}"#
        );
        put("INSERT INTO tasks VALUES (?1, ?2, 4, ?3, ?4)", &[&task.as_str(), &status, &doc, &EXPIRES]);
        let work = format!(
            r#"{{"type":"TelegramV1","task":"{task}","event":"{id}","chat":"-5","parts":["<b>\u0001 \"ä\"</b>","two"]}}"#
        );
        let sql = "INSERT INTO work (queue, grp, task, message) VALUES ('telegram', '-5', ?1, ?2)";
        put(sql, &[&task.as_str(), &work]);
    }
    let sql = "INSERT INTO work (queue, grp, task, message) VALUES ('telegram', '-6', ?1, ?2)";
    put(sql, &[&task_id(7).as_str(), &"no JSON"]);
    put("INSERT INTO claims VALUES ('hk_1', 'd1', ?1, ?2)", &[&id.to_string(), &EXPIRES]);
    put("INSERT INTO chats VALUES ('-5', ?1)", &[&ENTRY]);
    put("INSERT INTO chats VALUES ('*', ?1)", &[&ENTRY]);
    let hook = r#"{"id":"hk_1","name":"n","path":"github","sender":"github","secrets":["stored:s"],"rate_per_minute":100,"allowed_ips":["10.0.0.0/8"],"max_body_bytes":1000,"actions":[{"kind":"telegram","chat":"-5"}],"status":"active","origin":"api","created_at":1,"updated_at":2}"#;
    put("INSERT INTO hooks VALUES ('hk_1', ?1)", &[&hook]);
    let settings = r#"{"public_url":null,"retention_days":30,"rate_per_minute":1000,"telegram_token":"stored:bot","telegram_api_base":"https://api.telegram.org"}"#;
    put("INSERT INTO settings VALUES (1, ?1)", &[&settings]);
    put("INSERT INTO vault VALUES ('s', 'value')", &[]);
}

#[tokio::test]
async fn a_file_of_version_1_has_everything_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    fill(&make(folder.path(), 1));
    drop(Database::open(folder.path()).unwrap());
    // What was brought up once is left alone.
    let database = Database::open(folder.path()).unwrap();

    assert_eq!(database.oldest_messages(9).unwrap(), [(1, b"1{}\n".to_vec())]);
    let poison = |connection: &Connection| connection.query_row("SELECT reason FROM poison", [], |row| row.get(0));
    assert_eq!(database.read::<String>(poison).unwrap(), "because");

    let recorded = database.recorded(event()).await.unwrap().unwrap();
    assert_eq!(recorded.head.headers, [("a".to_owned(), "b".to_owned())]);
    assert_eq!(database.event(event()).await.unwrap().unwrap().body, b"{}");
    let statuses: Vec<_> = recorded.tasks.iter().map(|task| task.status.as_str()).collect();
    assert_eq!(statuses, ["queued", "queued", "retrying", "succeeded", "dead"]);
    for (action, task) in recorded.tasks.iter().enumerate() {
        assert_eq!((&task.id, task.parts_done, task.due_at.as_ms()), (&task_id(action), 1, 4));
        assert_eq!((milliseconds(task.expires_at), task.retries, task.test), (EXPIRES, 0, false));
        assert_eq!(
            (task.attempts[0].outcome, task.attempts[0].detail.as_str()),
            (AttemptOutcome::Failed, "\u{1} \"ä\"")
        );
    }

    let mut queued = database.group_work("telegram", "-5", 100).unwrap();
    assert_eq!(queued.len(), recorded.tasks.len());
    for (row, task) in queued.iter_mut().zip(&recorded.tasks) {
        let parts = vec!["<b>\u{1} \"ä\"</b>".to_owned(), "two".to_owned()];
        let expected = Work::telegram(task.clone(), parts);
        assert_eq!(row.work().unwrap(), expected);
        assert_eq!(row.key, expected.key());
    }
    let mut unreadable = database.group_work("telegram", "-6", 100).unwrap();
    assert_eq!(unreadable[0].key, format!("{}#0", task_id(7)));
    assert!(unreadable[0].work().is_err());

    let (owner, other) = (Owner::from_text("hk_1"), EventId::new(Timestamp::from_ms(1_800_000_000_000), &[2; 10]));
    let claim = database.claim_delivery(&owner, "d1", other, Timestamp::from_ms(EXPIRES.unsigned_abs())).await.unwrap();
    assert_eq!(claim, Claim::Duplicate(event()));
    let documents = database.documents(Collection::Destination).await.unwrap();
    let documents: Vec<_> =
        documents.iter().map(|(key, document)| (key.as_str(), document.text.as_str(), document.version)).collect();
    assert_eq!(documents, [("telegram:*", ENTRY, 1), ("telegram:-5", ENTRY, 1)]);

    let (hooks, settings) = database.hooks_and_settings().await.unwrap();
    assert_eq!((hooks.len(), hooks[0].version, hooks[0].allowed_ips.len(), settings.retention_days), (1, 0, 1, 30));
    let changed = Hook { version: 1, ..hooks[0].clone() };
    assert!(database.replace_hook(&changed, 0).await.unwrap(), "a hook without a version has version 0");
    assert_eq!(database.kept_secret("s").unwrap().as_deref(), Some("value"));

    let mut task = recorded.tasks[0].clone();
    task.status = TaskStatus::Succeeded;
    database.save(std::slice::from_ref(&task)).await.unwrap();
    assert_eq!(database.written(&[task.id.clone()]).await.unwrap(), [Written::Task(Box::new(task))]);
    assert!(database.get(event()).await.is_err());
}

#[test]
fn an_old_file_has_the_tables_of_a_new_one() {
    let columns = |folder: &Path| {
        let connection = Connection::open(folder.join("bellhop.db")).unwrap();
        let all = "SELECT concat_ws(' ', m.name, c.cid, c.name, c.type, c.pk)
                       FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'
                   UNION SELECT concat_ws(' ', m.tbl_name, m.name, c.seqno, c.name)
                       FROM sqlite_schema m, pragma_index_info(m.name) c WHERE m.type = 'index'";
        let mut select = connection.prepare(all).unwrap();
        let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<rusqlite::Result<BTreeSet<_>>>().unwrap()
    };
    let new = tempfile::tempdir().unwrap();
    Database::open(new.path()).unwrap();
    let expected = columns(new.path());
    for some in [
        "tasks 1 doc TEXT 0",
        "work work_by_group 1 grp",
        "documents documents_by_expiry 0 expires_at",
        "due 1 job TEXT 2",
    ] {
        assert!(expected.contains(some), "{expected:#?}");
    }
    // Version 4 had all but the due times.
    let fourth = tempfile::tempdir().unwrap();
    drop(Database::open(fourth.path()).unwrap());
    let connection = Connection::open(fourth.path().join("bellhop.db")).unwrap();
    connection.execute_batch("DROP TABLE due; PRAGMA user_version = 4").unwrap();
    connection.execute("INSERT INTO vault VALUES ('s', 'value')", []).unwrap();
    drop(connection);
    let database = Database::open(fourth.path()).unwrap();
    assert_eq!(database.kept_secret("s").unwrap().as_deref(), Some("value"));
    drop(database);
    assert_eq!(columns(fourth.path()), expected, "from version 4");
    // One that was stopped before it had written its version down is an old one too.
    for version in [0, 1] {
        let old = tempfile::tempdir().unwrap();
        drop(make(old.path(), version));
        Database::open(old.path()).unwrap();
        assert_eq!(columns(old.path()), expected, "from version {version}");
    }
}

#[test]
fn a_file_that_cannot_be_brought_up_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let old = make(folder.path(), 1);
    fill(&old);
    old.execute("UPDATE tasks SET doc = 'no JSON' WHERE status = 'dead'", []).unwrap();
    let error = Database::open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("cannot be brought to this version"), "{error}");
    let chats: i64 = old.query_row("SELECT count(*) FROM chats", [], |row| row.get(0)).unwrap();
    let version: i64 = old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let new = old.table_exists(None, "documents").unwrap();
    assert_eq!((chats, version, new), (2, 1, false));
}
