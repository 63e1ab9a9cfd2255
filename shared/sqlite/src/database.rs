//! The one file: how it is opened and read.

use std::fs::File;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{Clock, PortError, PortResult};
use bellhop_core::time::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Notify;

use crate::fresh::FreshWork;
use crate::schema::prepare;
use crate::work::QUEUES;
use crate::writer::{Turn, Writer};

/// The SQLite file: any number of readers, one writer.
#[derive(Clone)]
pub struct Database {
    pub(crate) writer: Writer,
    /// Where arrivals are told of.
    pub arrived: Arrived,
    pub(crate) fresh_work: Arc<FreshWork>,
    reader: Arc<Mutex<Connection>>,
    /// Closed after the last connection: POSIX lets go of all locks that a process has on a file when it closes the file
    /// once, and SQLite relies on them.
    _kept_open: Arc<File>,
    clock: Arc<dyn Clock>,
}

/// Where those who wait for something to do are told that it has come.
#[derive(Clone, Default)]
pub struct Arrived {
    /// A message is in the inbox.
    pub inbox: Arc<Notify>,
    /// Work is on a queue, by the queues' names.
    work: Arc<[Notify; QUEUES.len()]>,
}

impl Arrived {
    /// Waits for work on a queue.
    pub async fn work(&self, queue: &str) {
        match self.of(queue) {
            Some(arrived) => arrived.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Tells whoever waits for work on a queue.
    pub(crate) fn tell(&self, queue: &str) {
        if let Some(arrived) = self.of(queue) {
            arrived.notify_one();
        }
    }

    /// Where those are told who wait for a queue.
    fn of(&self, queue: &str) -> Option<&Notify> {
        QUEUES.iter().zip(self.work.iter()).find(|(name, _)| **name == queue).map(|(_, arrived)| arrived)
    }
}

impl Database {
    /// Opens the file `bellhop.db` in `folder`, and makes both where they are missing, for this user alone.
    pub fn open(folder: &Path) -> PortResult<Self> {
        Self::with_clock(folder, Arc::new(SystemClock))
    }

    /// Opens the file; what has expired by this clock is absent from every answer.
    pub fn with_clock(folder: &Path, clock: Arc<dyn Clock>) -> PortResult<Self> {
        make_private_folder(folder)?;
        let file = folder.join("bellhop.db");
        let kept_open = Arc::new(make_private_file(&file)?);
        let mut connection = connect(&file)?;
        prepare(&mut connection)?;
        let reader = connect(&file)?;
        reader.pragma_update(None, "query_only", true).map_err(|e| database_error(&e))?;
        Ok(Self {
            writer: Writer::start(connection, connect(&file)?, Arc::clone(&kept_open))?,
            arrived: Arrived::default(),
            fresh_work: Arc::default(),
            reader: Arc::new(Mutex::new(reader)),
            _kept_open: kept_open,
            clock,
        })
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reads.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> PortResult<T> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read(&reader).map_err(|e| database_error(&e))
    }

    /// Writes, behind the front door's own writes; durable when it returns.
    pub async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> PortResult<T> {
        self.writer.run(write).await
    }

    /// Queues a write at once, behind those that were queued before it, that may take several commits: it is called in one
    /// after the other until it gives something. The future, which need not be waited for, returns that; what was done in
    /// earlier commits is durable whatever becomes of the rest.
    pub(crate) fn submit_steps<T: Send + 'static, F>(
        &self,
        write: F,
    ) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        F: FnMut(&Connection, &Turn<'_>) -> rusqlite::Result<Option<T>> + Send + 'static,
    {
        self.writer.submit_steps(write)
    }

    /// Writes what erases something: when it returns, neither the file nor its log has what was there before.
    pub async fn erase_by<T: Send + 'static>(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> PortResult<T> {
        self.writer.erase(write).await
    }
}

/// Opens a connection with what every connection needs.
///
/// No commit makes a checkpoint: that is [`crate::checkpoint`]'s. What is deleted is overwritten with zeros:
/// an erased body must not lie in a free page, nor in one that a backup copies.
fn connect(file: &Path) -> PortResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|e| database_error(&e))?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA busy_timeout = 5000; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -4096;",
        )
        .map_err(|e| database_error(&e))?;
    // Otherwise a statement is compiled again for each value that it compares a column with, lest there be a better plan.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(|e| database_error(&e))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Makes a folder that only its owner can enter.
fn make_private_folder(folder: &Path) -> PortResult<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| PortError::new(&format!("the data folder {} cannot be made", folder.display()), e))
}

/// Makes the file readable for its owner alone before anything is in it; SQLite gives its log the same mode.
fn make_private_file(file: &Path) -> PortResult<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let made = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file);
    made.map_err(|e| PortError::new(&format!("the database {} cannot be opened", file.display()), e))
}

/// A failure of SQLite's, without the values it was given.
pub(crate) fn database_error(error: &rusqlite::Error) -> PortError {
    PortError::new("the database failed", error)
}
