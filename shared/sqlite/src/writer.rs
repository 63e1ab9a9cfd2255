//! The one writer: a thread that gathers what waits to be written and makes it durable together.
//!
//! The front door goes first: its messages are all taken into the next commit, those that come while it is written too,
//! other writes only for so long at a time, so that a flood of events is written down before it is worked off. A long write
//! is done in steps, each in a commit of its own.

mod job;

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bellhop_app::ports::{PortError, PortResult};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::checkpoint::Checkpoints;
use crate::database::database_error;
use crate::fresh::FreshMessages;
use crate::packed::pack_message;
pub(crate) use job::Turn;
use job::{Job, Write, once};

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
    fresh: Mutex<FreshMessages>,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Message>,
    others: VecDeque<Box<dyn Job>>,
    closed: bool,
}

/// An inbox message that is to be written.
struct Message {
    bytes: Vec<u8>,
    /// Its row, where that is another.
    row: Option<Vec<u8>>,
    /// Who is told; `None` where the next message is of the same commit, and the last of them tells.
    answer: Option<oneshot::Sender<PortResult<()>>>,
}

impl Message {
    /// A message about to be written.
    fn new(bytes: Vec<u8>, answer: Option<oneshot::Sender<PortResult<()>>>) -> Self {
        Self { row: pack_message(&bytes), bytes, answer }
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

impl Waiting {
    /// Takes the first messages out, at most so many, but for those that are of one commit with them.
    fn take_messages(&mut self, most: usize) -> Vec<Message> {
        let mut count = self.messages.len().min(most);
        while count > 0 && self.messages.get(count - 1).is_some_and(|message| message.answer.is_none()) {
            count += 1;
        }
        self.messages.drain(..count).collect()
    }
}

impl Shared {
    /// The newest inbox messages; nothing panics while they are held.
    fn fresh(&self) -> MutexGuard<'_, FreshMessages> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits; nothing panics while it is held.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Starts the writer's thread on a connection to this file, with another one for checkpoints.
    pub(crate) fn start(mut connection: Connection, checkpointing: Connection, file: Arc<File>) -> PortResult<Self> {
        let shared = Arc::new(Shared::default());
        let checkpoints = Checkpoints::start(&mut connection, checkpointing, Arc::clone(&file))?;
        let thread = std::thread::Builder::new().name("writer".to_owned());
        let its = Arc::clone(&shared);
        let writing = thread.spawn(move || {
            write_on(&connection, &its, checkpoints);
            drop((connection, file));
        });
        writing.map_err(|e| PortError::new("no thread for the writer", e))?;
        Ok(Self { _alive: Arc::new(Alive(Arc::clone(&shared))), shared })
    }

    /// Writes an inbox message; durable when it returns.
    pub(crate) async fn put_message(&self, message: Vec<u8>) -> PortResult<()> {
        self.put_messages(vec![message]).await
    }

    /// Writes inbox messages, all in one commit; durable when it returns.
    pub(crate) async fn put_messages(&self, messages: Vec<Vec<u8>>) -> PortResult<()> {
        let (answer, answered) = oneshot::channel();
        let mut messages: VecDeque<_> = messages.into_iter().map(|bytes| Message::new(bytes, None)).collect();
        let Some(last) = messages.back_mut() else { return Ok(()) };
        last.answer = Some(answer);
        self.shared.waiting().messages.append(&mut messages);
        self.shared.wake.notify_one();
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Inbox messages behind a place that were written a moment ago; `None` where the table has to be asked.
    pub(crate) fn fresh_messages(&self, place: i64, most: usize, bytes: usize) -> Option<Vec<(i64, Vec<u8>)>> {
        self.shared.fresh().after(place, most, bytes)
    }

    /// Does another write; durable when it returns.
    pub(crate) async fn run<T, F>(&self, write: F) -> PortResult<T>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.give(once(write), false).await
    }

    /// Queues a write at once, whether the answer is waited for or not, that may take several commits: it is called in one
    /// after the other until it gives something.
    pub(crate) fn submit_steps<T, F>(&self, write: F) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        F: FnMut(&Connection, &Turn<'_>) -> rusqlite::Result<Option<T>> + Send + 'static,
        T: Send + 'static,
    {
        self.give(write, false)
    }

    /// Does a write that erases; when it returns, the log has been carried over and emptied.
    pub(crate) async fn erase<T, F>(&self, write: F) -> PortResult<T>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.give(once(write), true).await
    }

    /// Gives the thread a write, and waits for its answer.
    fn give<T, F>(&self, write: F, erases: bool) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        F: FnMut(&Connection, &Turn<'_>) -> rusqlite::Result<Option<T>> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Write::new(write, erases, answer));
        self.shared.waiting().others.push_back(job);
        self.shared.wake.notify_one();
        async { answered.await.unwrap_or_else(|_| Err(closed())) }
    }
}

/// The writer is gone.
fn closed() -> PortError {
    PortError::new("nothing is written any more", "the writer has ended")
}

/// The writer's thread.
fn write_on(connection: &Connection, shared: &Shared, mut checkpoints: Checkpoints) {
    let mut next_place = 1;
    while let Some(mut taken) = shared.first() {
        let committed = commit(connection, shared, &mut taken, &mut next_place);
        let first_place = next_place.saturating_sub(i64::try_from(taken.messages.len()).unwrap_or(i64::MAX));
        for (place, message) in (first_place..).zip(taken.messages) {
            if committed.is_ok() {
                shared.fresh().push(place, message.bytes);
            }
            let _ = message.answer.map(|answer| answer.send(committed.clone()));
        }
        let emptied = match committed.is_ok() && taken.others.iter().any(|job| job.erases()) {
            true => empty_log(connection),
            false => Ok(()),
        };
        for job in taken.others {
            if committed.is_ok() && !job.is_done() {
                shared.waiting().others.push_back(job);
                continue;
            }
            let done = if job.erases() { committed.clone().and(emptied.clone()) } else { committed.clone() };
            job.answer(done);
        }
        checkpoints.between_commits(connection);
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

/// What one commit has taken.
#[derive(Default)]
struct Taken {
    messages: Vec<Message>,
    others: Vec<Box<dyn Job>>,
}

impl Shared {
    /// What the next commit begins with; waits for it. `None` once nothing can come any more.
    fn first(&self) -> Option<Taken> {
        let mut waiting = self.waiting();
        while waiting.messages.is_empty() && waiting.others.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        Some(Taken {
            messages: waiting.take_messages(MOST_MESSAGES),
            others: waiting.others.pop_front().into_iter().collect(),
        })
    }

    /// Takes more messages into a commit.
    fn more_messages(&self, taken: &mut Taken) {
        let mut waiting = self.waiting();
        taken.messages.extend(waiting.take_messages(MOST_MESSAGES.saturating_sub(taken.messages.len())));
    }
}

/// Writes everything in one transaction; when it returns well, all that was taken is on the disk.
fn commit(connection: &Connection, shared: &Shared, taken: &mut Taken, next_place: &mut i64) -> PortResult<()> {
    let failed = |e: rusqlite::Error| database_error(&e);
    let turn = Turn::begin(shared, !taken.messages.is_empty());
    connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut s| s.execute([])).map_err(failed)?;
    // The messages last: they take the pages that those leave which have been routed, and what came meanwhile need not wait
    // for a commit of its own.
    let written = write_others(connection, shared, taken, &turn).and_then(|()| {
        shared.more_messages(taken);
        insert(connection, &taken.messages, next_place)
    });
    let ended = written
        .and_then(|()| connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([])).map(|_| ()))
        .map_err(failed);
    if ended.is_err() && !connection.is_autocommit() {
        // If even that fails, the next BEGIN does, and nothing is acknowledged.
        let _ = connection.execute_batch("ROLLBACK");
    }
    ended
}

/// Writes messages into the inbox, at places that this process gave to none before: whoever reads on from a place meets
/// all that came later, also where the inbox was empty in between.
fn insert(connection: &Connection, messages: &[Message], next_place: &mut i64) -> rusqlite::Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let mut last = connection.prepare_cached("SELECT ifnull(max(seq), 0) FROM inbox")?;
    *next_place = last.query_row([], |row| row.get::<_, i64>(0))?.saturating_add(1).max(*next_place);
    let mut insert = connection.prepare_cached("INSERT INTO inbox (seq, message) VALUES (?1, ?2)")?;
    for message in messages {
        insert.execute((*next_place, message.row.as_ref().unwrap_or(&message.bytes)))?;
        *next_place += 1;
    }
    Ok(())
}

/// Does other writes for as long as a commit may take, each by itself: one that fails is undone alone, and only its caller
/// is told. The first has the transaction to itself; for each of the others, what it changes is copied before.
fn write_others(connection: &Connection, shared: &Shared, taken: &mut Taken, turn: &Turn<'_>) -> rusqlite::Result<()> {
    let mut begin = connection.prepare_cached("SAVEPOINT one")?;
    let mut keep = connection.prepare_cached("RELEASE one")?;
    let mut undo = connection.prepare_cached("ROLLBACK TO one")?;
    let mut done = 0;
    while let Some(job) = taken.others.get_mut(done) {
        if done == 0 {
            if job.write(connection, turn).is_err() {
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK")?;
                }
                connection.execute_batch("BEGIN IMMEDIATE")?;
            }
        } else {
            begin.execute([])?;
            if job.write(connection, turn).is_err() {
                undo.execute([])?;
            }
            keep.execute([])?;
        }
        done += 1;
        if done < MOST_OTHERS && !turn.is_over() {
            taken.others.extend(shared.waiting().others.pop_front());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
