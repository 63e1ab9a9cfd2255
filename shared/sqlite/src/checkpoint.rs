//! Checkpoints: the write-ahead log is copied into the file beside the writer, so that nobody who waits for a commit waits
//! for that.
//!
//! A checkpoint of 4,000 pages takes some 30 ms, most of it waiting for the disk. SQLite lets another connection do it while
//! the writer goes on; but it resets the log, and syncs the file, only where a checkpoint is complete: where nothing was
//! written meanwhile. So a thread checkpoints and syncs all but a few pages, and the writer those few between two commits.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use bellhop_app::ports::{PortError, PortResult};
use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::database::database_error;

/// From how many pages on there is a checkpoint: often enough that the log stays short and is written in place, which syncs
/// faster than a file that grows; seldom enough that a page which changes often is copied once for many changes.
const LONG_LOG: i64 = 4_000;

/// So few pages the writer checkpoints itself.
const FEW_PAGES: i64 = 128;

/// How many checkpoints the thread makes, each of what was written during the last, before the writer makes its own.
const MOST_PASSES: usize = 4;

/// The writer's side.
pub(crate) struct Checkpoints {
    shared: Arc<Shared>,
    /// Whether the thread was asked, and the writer has not done its part since.
    asked: bool,
    ask: Sender<()>,
}

/// What the writer and the thread share.
#[derive(Default)]
struct Shared {
    /// How many pages the log has, in the file already or not.
    log: AtomicI64,
    /// Whether the thread is busy.
    is_busy: AtomicBool,
}

impl Checkpoints {
    /// Starts the thread on a connection of its own, for what `writer` writes to this file.
    pub(crate) fn start(writer: &mut Connection, own: Connection, file: Arc<File>) -> PortResult<Self> {
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let tell = move |_: &mut Wal, pages| {
            told.log.store(i64::from(pages), Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(tell)).map_err(|e| database_error(&e))?;
        let (ask, asked) = channel();
        let (thread, its) = (std::thread::Builder::new().name("checkpoint".to_owned()), Arc::clone(&shared));
        let started = thread.spawn(move || checkpoint_beside(own, &file, &asked, &its));
        started.map_err(|e| PortError::new("no thread for checkpoints", e))?;
        Ok(Self { shared, asked: false, ask })
    }

    /// Completes a checkpoint that the thread has left to the writer, or asks for the next; called between two commits.
    pub(crate) fn between_commits(&mut self, writer: &Connection) {
        if self.shared.is_busy.load(Ordering::Acquire) {
            return;
        }
        if std::mem::take(&mut self.asked) {
            if let Err(error) = checkpoint(writer) {
                log::warn!(error:%; "a checkpoint of the database could not be completed; the next will be");
            }
        } else if self.shared.log.load(Ordering::Relaxed) >= LONG_LOG {
            self.shared.is_busy.store(true, Ordering::Release);
            self.asked = self.ask.send(()).is_ok();
        }
    }
}

/// The thread: checkpoints and syncs whenever it is asked to, until nobody can ask any more.
fn checkpoint_beside(own: Connection, file: &File, asked: &Receiver<()>, shared: &Shared) {
    while asked.recv().is_ok() {
        for _ in 0..MOST_PASSES {
            let copied = checkpoint(&own).and_then(|copied| file.sync_data().map(|()| copied).map_err(not_synced));
            match copied {
                Ok(copied) if shared.log.load(Ordering::Relaxed).saturating_sub(copied) > FEW_PAGES => {}
                Ok(_) => break,
                Err(error) => {
                    log::warn!(error:%; "the database could not be checkpointed; it will be later");
                    break;
                }
            }
        }
        shared.is_busy.store(false, Ordering::Release);
    }
    // Before the file, which may be closed only when no connection is open any more.
    drop(own);
}

/// The file could not be synced; SQLite syncs it again before it resets the log.
fn not_synced(error: std::io::Error) -> PortError {
    PortError::new("the database could not be synced", error)
}

/// Copies what is in the log now into the file, but for what changed after a moment that somebody still reads at; gives how
/// many of the log's pages are in the file.
fn checkpoint(connection: &Connection) -> PortResult<i64> {
    let mut checkpoint = connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)").map_err(|e| database_error(&e))?;
    checkpoint.query_row([], |row| row.get(2)).map_err(|e| database_error(&e))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::path::Path;

    use super::*;
    use crate::Database;

    /// A message of 25 pages that no packing makes shorter.
    fn message(number: usize) -> Vec<u8> {
        format!("{number}").into_bytes().into_iter().chain((0..100_000).map(|_| b'x')).collect()
    }

    /// Writes so many pages one commit after the other.
    async fn write(database: &Database, pages: i64) {
        for number in 0..usize::try_from(pages / 25).unwrap() {
            database.put_bytes(message(number)).await.unwrap();
        }
    }

    /// How often the log was reset, and how many pages of room it has.
    fn log(folder: &Path) -> (u32, i64) {
        let mut file = File::open(folder.join("bellhop.db-wal")).unwrap();
        let mut head = [0; 16];
        file.read_exact(&mut head).unwrap();
        let resets = u32::from_be_bytes(head[12..].try_into().unwrap());
        (resets, i64::try_from(file.metadata().unwrap().len()).unwrap() / 4_120)
    }

    #[tokio::test]
    async fn a_log_that_is_written_without_a_pause_is_reset_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let (before, _) = log(folder.path());
        write(&database, 4 * LONG_LOG).await;
        let (after, room) = log(folder.path());
        assert!(after - before >= 2, "it was reset {} times", after - before);
        assert!(room < 5 * LONG_LOG / 2, "it has {room} pages");
    }

    #[tokio::test]
    async fn a_log_that_somebody_reads_grows_and_is_reset_when_nobody_does() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        database.put_bytes(message(1)).await.unwrap();
        let reader = Connection::open(folder.path().join("bellhop.db")).unwrap();
        let count = || reader.query_row("SELECT count(*) FROM inbox", [], |row| row.get::<_, i64>(0)).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        assert_eq!(count(), 1);
        let (before, _) = log(folder.path());
        write(&database, 2 * LONG_LOG).await;
        assert_eq!(count(), 1, "it reads on where it began");
        assert_eq!(log(folder.path()).0, before, "what it reads is still there");
        reader.execute_batch("COMMIT").unwrap();
        write(&database, LONG_LOG).await;
        assert!(log(folder.path()).0 > before);
        assert_eq!(count(), 1 + 3 * LONG_LOG / 25);
    }

    #[tokio::test]
    async fn what_was_written_is_there_when_the_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        write(&database, 2 * LONG_LOG).await;
        let messages = |database: &Database| database.oldest_messages(usize::MAX >> 1).unwrap();
        let written = messages(&database);
        assert_eq!(written.len(), usize::try_from(2 * LONG_LOG / 25).unwrap());
        // Nothing of it is let go of: another process would find just this.
        let copy = tempfile::tempdir().unwrap();
        for name in ["bellhop.db", "bellhop.db-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        assert_eq!(messages(&Database::open(copy.path()).unwrap()), written);
    }
}
