//! Writes that are no inbox messages, and the time that a commit has for them.

use std::time::{Duration, Instant};

use bellhop_app::ports::{PortError, PortResult};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Shared, closed};
use crate::database::database_error;

/// For how long a commit takes in other writes while somebody waits for an inbox message: they wait for these too.
pub(super) const LONGEST: Duration = Duration::from_millis(1);

/// For how long it does so while nobody waits.
pub(super) const LONGEST_ALONE: Duration = Duration::from_millis(10);

/// The time that a commit has for other writes.
pub(crate) struct Turn<'a> {
    shared: &'a Shared,
    begun: Instant,
    /// Whether somebody waits whose message is in this commit.
    is_waited_for: bool,
}

impl<'a> Turn<'a> {
    /// A commit's time from now on.
    pub(super) fn begin(shared: &'a Shared, is_waited_for: bool) -> Self {
        Self { shared, begun: Instant::now(), is_waited_for }
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        let taken = self.begun.elapsed();
        let is_waited_for = || self.is_waited_for || !self.shared.waiting().messages.is_empty();
        taken >= LONGEST && (taken >= LONGEST_ALONE || is_waited_for())
    }
}

/// A write that is not an inbox message.
pub(super) trait Job: Send {
    /// Does it, inside the commit's transaction, or as much of it as there is time for.
    fn write(&mut self, connection: &Connection, turn: &Turn<'_>) -> Result<(), PortError>;
    /// Whether nothing is left of it for another commit.
    fn is_done(&self) -> bool;
    /// Whether what was there before must be gone from the disk before its caller is told.
    fn erases(&self) -> bool;
    /// Tells its caller how the commit went.
    fn answer(self: Box<Self>, committed: PortResult<()>);
}

/// A write as a function, which gives something once it is done.
pub(super) struct Write<F, T> {
    write: F,
    erases: bool,
    result: Option<PortResult<T>>,
    answer: oneshot::Sender<PortResult<T>>,
}

impl<F, T> Write<F, T> {
    /// A write whose result, once it is durable, goes there.
    pub(super) const fn new(write: F, erases: bool, answer: oneshot::Sender<PortResult<T>>) -> Self {
        Self { write, erases, result: None, answer }
    }
}

impl<F, T> Job for Write<F, T>
where
    F: FnMut(&Connection, &Turn<'_>) -> rusqlite::Result<Option<T>> + Send,
    T: Send,
{
    fn write(&mut self, connection: &Connection, turn: &Turn<'_>) -> Result<(), PortError> {
        let (result, written) = match (self.write)(connection, turn).map_err(|e| database_error(&e)) {
            Ok(value) => (value.map(Ok), Ok(())),
            Err(error) => (Some(Err(error.clone())), Err(error)),
        };
        self.result = result;
        written
    }

    fn is_done(&self) -> bool {
        self.result.is_some()
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

/// A write that is done in one go.
pub(super) fn once<T, F>(write: F) -> impl FnMut(&Connection, &Turn<'_>) -> rusqlite::Result<Option<T>> + Send
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    let mut write = Some(write);
    move |connection, _| write.take().map(|write| write(connection)).transpose()
}
