//! What the index of due times costs, and that a step is one transaction.

use bellhop_core::id::JobId;

use super::*;

/// A database in a folder of its own, which goes with it.
fn fresh() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    (folder, database)
}

/// The due time of one of many jobs.
fn due_time(number: u64, at: u64) -> DueTime {
    let mut random = [0; 22];
    // Each byte is one of 32 letters.
    random[..3].copy_from_slice(&[10, 5, 0].map(|bits| u8::try_from(number >> bits & 31).unwrap()));
    let at = Timestamp::from_ms(at);
    DueTime { at, job: JobId::from_random(&random), version: 1, due: at, local: None, count: number }
}

/// How SQLite carries a statement out.
fn plan(database: &Database, statement: &str, values: impl rusqlite::Params) -> Vec<String> {
    let explained = format!("EXPLAIN QUERY PLAN {statement}");
    let read = |connection: &Connection| {
        let mut select = connection.prepare(&explained)?;
        select.query_map(values, |row| row.get("detail"))?.collect()
    };
    database.read(read).unwrap()
}

#[test]
fn what_is_due_is_a_range_of_the_key_and_nothing_else_is_read_or_sorted() {
    let (_folder, database) = fresh();
    assert_eq!(plan(&database, DUE, (9, 9)), ["SEARCH due USING PRIMARY KEY (at<?)"]);
    // A scan in the order of the key, which ends at its first row.
    assert_eq!(plan(&database, EARLIEST, []), ["SCAN due"]);
}

#[tokio::test]
async fn ten_thousand_at_once_are_worked_off_a_thousand_at_a_time() {
    let (_folder, database) = fresh();
    let mut all: Vec<_> = (0..10_000).map(|number| due_time(number, 5_000 + number % 7)).collect();
    database.step(&all, &[due_time(1, 1)]).await.unwrap();
    all.sort();
    let mut done = Vec::new();
    for turn in 1..=10 {
        let due = database.due(Timestamp::from_ms(6_000), 1_000).await.unwrap();
        assert_eq!(due.len(), 1_000, "turn {turn}");
        let next: Vec<_> = due.iter().map(|time| due_time(time.count, 90_000)).collect();
        database.step(&next, &due).await.unwrap();
        done.extend(due);
    }
    assert!(done == all, "each came once, in its place");
    assert_eq!(database.due(Timestamp::from_ms(89_999), 1_000).await.unwrap(), []);
    assert_eq!(database.earliest().await.unwrap(), Some(Timestamp::from_ms(90_000)));
    assert_eq!(database.due(Timestamp::from_ms(90_000), 20_000).await.unwrap().len(), 10_000);
}

#[tokio::test]
async fn a_step_of_a_thousand_is_one_transaction() {
    let (_folder, database) = fresh();
    let old: Vec<_> = (0..1_000).map(|number| due_time(number, 1)).collect();
    let new: Vec<_> = (0..1_000).map(|number| due_time(number, 2)).collect();
    database.step(&old, &[]).await.unwrap();
    let stopping = format!(
        "CREATE TRIGGER stop BEFORE DELETE ON due WHEN old.job = '{}' BEGIN SELECT RAISE(ABORT, 'stop'); END",
        old[999].job
    );
    database.write(move |connection| connection.execute_batch(&stopping)).await.unwrap();
    database.step(&new, &old).await.unwrap_err();
    let left = database.due(Timestamp::from_ms(9), 9_999).await.unwrap();
    assert_eq!((left.len(), left[0].at.as_ms(), left[999].at.as_ms()), (1_000, 1, 1), "nothing of it was done");
    database.write(|connection| connection.execute_batch("DROP TRIGGER stop")).await.unwrap();
    database.step(&new, &old).await.unwrap();
    let left = database.due(Timestamp::from_ms(9), 9_999).await.unwrap();
    assert_eq!((left.len(), left[0].at.as_ms(), left[999].at.as_ms()), (1_000, 2, 2));
}

#[tokio::test]
async fn a_row_whose_job_is_none_is_an_error_that_says_so() {
    let (_folder, database) = fresh();
    let insert = "INSERT INTO due (at, job, version, due, count) VALUES (1, 'hk_1', 1, 1, 0)";
    database.write(|connection| connection.execute(insert, [])).await.unwrap();
    let error = database.due(Timestamp::from_ms(1), 1).await.unwrap_err().to_string();
    assert!(error.contains("its job is none"), "{error}");
}
