//! What the engine was at when a former process ended, so that nothing ends one process after another.
//!
//! The engine has one thread, so at each moment at most one message or turn is computed. Its name stands in a file just
//! then: written without a sync, for it is to outlive the process, not the machine. Waiting for the disk or the network is
//! not computing, so a process that is killed from outside is seldom blamed on what it had in hand.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::future::{Future, poll_fn};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bellhop_app::ports::{PortError, PortResult};
use signal_hook::consts::SIGABRT;
use signal_hook::low_level::pipe;

use bellhop_sqlite::Database;
use bellhop_sqlite::{ABORTED, KILLED, Subject};

/// How long the name is, in bytes; what is shorter has spaces behind it.
const NAME_BYTES: usize = 64;

/// With so many points it is not tried again: after two aborts, or three kills alone.
const MOST_POINTS: i64 = 6;

/// The record of what is computed, and of what is suspected.
pub(super) struct Crashes {
    /// The file with the name; without one nothing is suspected.
    file: Option<File>,
    suspects: Mutex<BTreeMap<Subject, i64>>,
}

impl Crashes {
    /// Writes down what the former process was at when it ended, if it was at anything, and begins a record of this one's.
    pub(super) async fn open(database: &Database) -> PortResult<Self> {
        let path = database.folder()?.join("in-hand");
        let failed = |e| PortError::new("the file `in-hand` of the data folder cannot be used", e);
        let left = std::fs::read(&path).unwrap_or_default();
        let name = left.get(..NAME_BYTES).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        if let Some(subject) = Subject::read(name.trim_end()) {
            let points = if left.len() > NAME_BYTES { ABORTED } else { KILLED };
            log::error!(what = name.trim_end(); "the process ended while it was at this");
            database.blame(subject, points).await?;
        }
        let file = private(&path, false).map_err(failed)?;
        file.set_len(0).and_then(|()| file.write_all_at(&[b' '; NAME_BYTES], 0)).map_err(failed)?;
        // One byte behind the name says that the process ended itself.
        let behind = private(&path, true).map_err(failed)?;
        pipe::register(SIGABRT, behind).map_err(failed)?;
        let suspects = Mutex::new(database.suspects().await?);
        Ok(Self { file: Some(file), suspects })
    }

    /// A record of nothing, for where the file cannot be had.
    pub(super) const fn none() -> Self {
        Self { file: None, suspects: Mutex::new(BTreeMap::new()) }
    }

    /// Does work, whose name stands in the file whenever it computes.
    pub(super) async fn at<T>(&self, subject: Subject, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let named = Named(self);
            named.now(subject);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Names what is done one after another without a wait in between: each name replaces the one before, and the last is
    /// taken out when this is dropped.
    pub(super) const fn one_after_another(&self) -> Named<'_> {
        Named(self)
    }

    /// Whether something is suspected of having ended a process.
    pub(super) fn suspects(&self, subject: Subject) -> bool {
        self.suspected().get(&subject).is_some_and(|points| *points >= KILLED)
    }

    /// Whether something has ended so many processes that it must not be tried again, and why, in words.
    pub(super) fn condemns(&self, subject: Subject) -> Option<String> {
        let points = self.suspected().get(&subject).copied().unwrap_or_default();
        (points >= MOST_POINTS).then(|| "handling it ended the process again and again".to_owned())
    }

    /// The inbox messages that are suspected, by their places.
    pub(super) fn messages(&self) -> Vec<i64> {
        let suspected = self.suspected();
        suspected
            .keys()
            .filter_map(|subject| if let Subject::Message(place) = subject { Some(*place) } else { None })
            .collect()
    }

    /// Suspects something no more that is done.
    pub(super) fn clear(&self, subjects: impl IntoIterator<Item = Subject>) {
        let mut suspected = self.suspected();
        if !suspected.is_empty() {
            subjects.into_iter().for_each(|subject| _ = suspected.remove(&subject));
        }
    }

    /// What is suspected; nothing panics while it is held.
    fn suspected(&self) -> MutexGuard<'_, BTreeMap<Subject, i64>> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a name into the file; where that fails, an end now is blamed on nobody.
    fn write(&self, name: &[u8; NAME_BYTES]) {
        if let Some(file) = &self.file {
            let _ = file.write_all_at(name, 0);
        }
    }
}

/// A name that stands in the file until this is dropped, by a panic too.
pub(super) struct Named<'a>(&'a Crashes);

impl Named<'_> {
    /// Writes the name.
    pub(super) fn now(&self, subject: Subject) {
        let mut name = [b' '; NAME_BYTES];
        let text = subject.to_string();
        let length = text.len().min(NAME_BYTES);
        name[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.0.write(&name);
    }
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        self.0.write(&[b' '; NAME_BYTES]);
    }
}

/// Opens the file for its owner alone, at its end or to write anywhere in it.
fn private(path: &Path, append: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).mode(0o600);
    if append {
        options.append(true)
    } else {
        options.write(true)
    };
    options.open(path)
}

#[cfg(test)]
mod tests;
