//! The one writer: a thread that gathers what waits to be written and makes it durable together.
//!
//! The front door goes first: its messages are all taken into the next commit, other writes only so many at a time, so
//! that a flood of events is written down before it is worked off.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bellhop_app::ports::{PortError, PortResult};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::database::database_error;

/// How many inbox messages one commit takes at most.
const MOST_MESSAGES: usize = 512;

/// How many other writes one commit takes at most.
const MOST_OTHERS: usize = 64;

/// A handle on the writer; when the last one is gone, the writer ends.
#[derive(Clone)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    _alive: Arc<Alive>,
}

/// What the writer and its callers share.
#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<(Vec<u8>, oneshot::Sender<PortResult<()>>)>,
    others: VecDeque<Box<dyn Job>>,
    closed: bool,
}

/// A write that is not an inbox message.
trait Job: Send {
    /// Does it, inside the commit's transaction.
    fn write(&mut self, connection: &Connection) -> Result<(), PortError>;
    /// Whether what was there before must be gone from the disk before its caller is told.
    fn erases(&self) -> bool;
    /// Tells its caller how the commit went.
    fn answer(self: Box<Self>, committed: PortResult<()>);
}

struct Write<F, T> {
    write: Option<F>,
    erases: bool,
    result: Option<PortResult<T>>,
    answer: oneshot::Sender<PortResult<T>>,
}

impl<F, T> Job for Write<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn write(&mut self, connection: &Connection) -> Result<(), PortError> {
        let Some(write) = self.write.take() else {
            return Ok(());
        };
        match write(connection).map_err(|e| database_error(&e)) {
            Ok(value) => {
                self.result = Some(Ok(value));
                Ok(())
            }
            Err(error) => {
                self.result = Some(Err(error.clone()));
                Err(error)
            }
        }
    }

    fn erases(&self) -> bool {
        self.erases
    }

    fn answer(self: Box<Self>, committed: PortResult<()>) {
        let result = match (committed, self.result) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(result)) => result,
            (Ok(()), None) => Err(closed()),
        };
        // A caller that no longer waits does not want to know.
        let _ = self.answer.send(result);
    }
}

/// Ends the writer when the last handle is dropped.
struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.waiting().closed = true;
        self.0.wake.notify_one();
    }
}

impl Shared {
    /// What waits; nothing panics while it is held.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Starts the writer's thread on a connection.
    pub(crate) fn start(connection: Connection) -> PortResult<Self> {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let its = Arc::clone(&shared);
        thread.spawn(move || write_on(&connection, &its)).map_err(|e| PortError::new("no thread for the writer", e))?;
        Ok(Self { _alive: Arc::new(Alive(Arc::clone(&shared))), shared })
    }

    /// Writes an inbox message; durable when it returns.
    pub(crate) async fn put_message(&self, message: Vec<u8>) -> PortResult<()> {
        let (answer, answered) = oneshot::channel();
        self.shared.waiting().messages.push_back((message, answer));
        self.shared.wake.notify_one();
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Does another write; durable when it returns.
    pub(crate) async fn run<T, F>(&self, write: F) -> PortResult<T>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.give(write, false).await
    }

    /// Does a write that erases; when it returns, the log has been carried over and emptied.
    pub(crate) async fn erase<T, F>(&self, write: F) -> PortResult<T>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.give(write, true).await
    }

    /// Gives the thread a write, and waits for its answer.
    async fn give<T, F>(&self, write: F, erases: bool) -> PortResult<T>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Write { write: Some(write), erases, result: None, answer });
        self.shared.waiting().others.push_back(job);
        self.shared.wake.notify_one();
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// The writer is gone.
fn closed() -> PortError {
    PortError::new("nothing is written any more", "the writer has ended")
}

/// The writer's thread.
fn write_on(connection: &Connection, shared: &Shared) {
    loop {
        let mut waiting = shared.waiting();
        while waiting.is_empty() {
            if waiting.closed {
                return;
            }
            waiting = shared.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let messages: Vec<_> = take(&mut waiting.messages, MOST_MESSAGES);
        let mut others: Vec<_> = take(&mut waiting.others, MOST_OTHERS);
        drop(waiting);

        let committed = commit(connection, &messages, &mut others);
        for (_, answer) in messages {
            let _ = answer.send(committed.clone());
        }
        let emptied = match committed.is_ok() && others.iter().any(|job| job.erases()) {
            true => empty_log(connection),
            false => Ok(()),
        };
        for job in others {
            let done = if job.erases() { committed.clone().and(emptied.clone()) } else { committed.clone() };
            job.answer(done);
        }
    }
}

/// Carries the write-ahead log over into the file and cuts it to nothing, so that no former content is left in it.
fn empty_log(connection: &Connection) -> PortResult<()> {
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    match busy.map_err(|e| database_error(&e))? {
        false => Ok(()),
        true => {
            Err(PortError::new("what was erased is still in the database's log", "others are reading; erase again"))
        }
    }
}

impl Waiting {
    /// Whether nothing is to be done.
    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.others.is_empty()
    }
}

/// Takes the first so many out of a queue.
fn take<T>(queue: &mut VecDeque<T>, most: usize) -> Vec<T> {
    let count = queue.len().min(most);
    queue.drain(..count).collect()
}

/// Writes everything in one transaction; when it returns well, all of it is on the disk.
fn commit(
    connection: &Connection,
    messages: &[(Vec<u8>, oneshot::Sender<PortResult<()>>)],
    others: &mut [Box<dyn Job>],
) -> PortResult<()> {
    if messages.is_empty() && others.is_empty() {
        return Ok(());
    }
    let failed = |e: rusqlite::Error| database_error(&e);
    connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([])).map_err(failed)?;
    let written = write_all(connection, messages, others);
    let ended = written
        .and_then(|()| connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([])).map(|_| ()).map_err(failed));
    if ended.is_err() && !connection.is_autocommit() {
        // If even that fails, the next BEGIN does, and nothing is acknowledged.
        let _ = connection.execute_batch("ROLLBACK");
    }
    ended
}

/// Writes the messages, then each other write by itself: one that fails is undone alone, and only its caller is told.
fn write_all(
    connection: &Connection,
    messages: &[(Vec<u8>, oneshot::Sender<PortResult<()>>)],
    others: &mut [Box<dyn Job>],
) -> PortResult<()> {
    let failed = |e: rusqlite::Error| database_error(&e);
    let mut insert = connection.prepare_cached("INSERT INTO inbox (message) VALUES (?1)").map_err(failed)?;
    for (message, _) in messages {
        insert.execute([message]).map_err(failed)?;
    }
    let mut begin = connection.prepare_cached("SAVEPOINT one").map_err(failed)?;
    let mut keep = connection.prepare_cached("RELEASE one").map_err(failed)?;
    let mut undo = connection.prepare_cached("ROLLBACK TO one").map_err(failed)?;
    for job in others {
        begin.execute([]).map_err(failed)?;
        if job.write(connection).is_err() {
            undo.execute([]).map_err(failed)?;
        }
        keep.execute([]).map_err(failed)?;
    }
    Ok(())
}
