//! Writes that fail, and writes that take long.

use std::sync::mpsc;

use bellhop_core::id::Owner;
use bellhop_core::time::Timestamp;

use super::job::{LONGEST, LONGEST_ALONE};
use super::*;
use crate::Database;
use crate::counts::add;

#[tokio::test]
async fn a_write_that_fails_is_undone_alone_wherever_it_stands_in_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    for failing in 0..3 {
        // All come while the writer is held up for longer than one commit takes others, so the next takes them all.
        let (release, held) = mpsc::channel::<()>();
        let holding = database.submit_steps(move |_, _| {
            let _ = held.recv();
            std::thread::sleep(2 * LONGEST_ALONE);
            Ok(Some(()))
        });
        let writes = (0..3).map(|number| {
            database.submit_steps(move |connection, _| {
                let owner = Owner::from_text(format!("hk_{failing}_{number}"));
                add(connection, &owner, 1, Timestamp::from_ms(0))?;
                if number == failing { connection.execute("no SQL", []).map(|_| None) } else { Ok(Some(())) }
            })
        });
        let writes: Vec<_> = writes.collect();
        let put = database.put_bytes(format!("1{failing}").into_bytes());
        let releasing = async {
            tokio::task::yield_now().await;
            release.send(()).unwrap();
        };
        let (done, ()) = tokio::join!(async { (put.await, holding.await, each(writes).await) }, releasing);
        assert!(done.0.is_ok() && done.1.is_ok(), "{failing}");
        let failed: Vec<_> = done.2.iter().map(Result::is_err).collect();
        assert_eq!(failed, (0..3).map(|number| number == failing).collect::<Vec<_>>());
    }
    let kept = bellhop_app::ports::EventCounts::counts(&database).await.unwrap();
    let mut kept: Vec<_> = kept.keys().map(|owner| owner.as_str().to_owned()).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["hk_0_1", "hk_0_2", "hk_1_0", "hk_1_2", "hk_2_0", "hk_2_1"]);
    assert_eq!(database.oldest_messages(9).unwrap().len(), 3);
}

#[tokio::test]
async fn a_long_write_lets_messages_pass_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    let count = |connection: &Connection, table: &str| {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
    };
    for (failing, steps) in [(None, 5), (Some(4), 3)] {
        let (mut step, before) = (0, database.read(|connection| count(connection, "inbox")).unwrap());
        let writing = database.submit_steps(move |connection, turn| {
            step += 1;
            while !turn.is_over() {
                std::thread::sleep(LONGEST);
            }
            add(connection, &Owner::from_text(format!("hk_{failing:?}_{step}")), 1, Timestamp::from_ms(0))?;
            if failing == Some(step) {
                connection.execute("no SQL", [])?;
            }
            let messages = count(connection, "inbox")?;
            Ok((step == 5).then_some(messages))
        });
        let (written, put) = tokio::join!(writing, database.put_bytes(b"1".to_vec()));
        assert!(put.is_ok());
        match failing {
            None => assert_eq!(written.unwrap(), before + 1, "the message passed before the last step"),
            Some(_) => assert!(written.is_err()),
        }
        let of_it = format!("counts WHERE hook LIKE 'hk_{failing:?}_%'");
        assert_eq!(database.read(|connection| count(connection, &of_it)).unwrap(), steps, "{failing:?}");
    }
}

/// Waits for all.
async fn each<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut ended = Vec::new();
    for one in all {
        ended.push(one.await);
    }
    ended
}

#[tokio::test]
async fn messages_that_are_put_together_are_of_one_commit_however_many_there_are() {
    let (mut waiting, (answer, _answered)) = (Waiting::default(), oneshot::channel());
    waiting.messages.extend((0..4).map(|n| Message::new(vec![n], None)));
    waiting.messages.push_back(Message::new(vec![4], Some(answer)));
    waiting.messages.push_back(Message::new(vec![5], Some(oneshot::channel().0)));
    assert_eq!(waiting.take_messages(0).len(), 0);
    assert_eq!(waiting.take_messages(2).len(), 5, "those that belong together are not parted");
    assert_eq!(waiting.take_messages(2).len(), 1);

    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    let stopping = "CREATE TRIGGER stop BEFORE INSERT ON inbox WHEN (SELECT count(*) FROM inbox) = 600
                    BEGIN SELECT RAISE(ABORT, 'stop'); END";
    database.write(|connection| connection.execute_batch(stopping)).await.unwrap();
    let messages = |count: u64| (0..count).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>();
    database.writer.put_messages(messages(601)).await.unwrap_err();
    assert_eq!(database.oldest_messages(999).unwrap().len(), 0, "not one of them was written");
    database.writer.put_messages(messages(600)).await.unwrap();
    let put: Vec<_> = database.oldest_messages(999).unwrap().into_iter().map(|(_, message)| message).collect();
    assert!(put == messages(600), "in their order");
}
