//! What is remembered of destinations: their pace, how they failed of late, and where they have moved to.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bellhop_core::breaker::{Breaker, Change};
use bellhop_core::telegram::Pace;
use bellhop_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::worker::{Attempted, Failure, Worker};
use crate::ports::{Collection, Documents, NewDocument, PortError, PortResult};

/// How long a destination that nothing is sent to is remembered: it may have moved, and would be looked for in vain.
const REMEMBERED_MS: u64 = 400 * 24 * 60 * 60 * 1000;

/// How old what a process remembers may be: others may have found out more.
const FRESH_MS: u64 = 60_000;

/// How many destinations a process remembers; beyond that, it begins again.
const MOST: usize = 10_000;

/// What is remembered of a destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Destination {
    /// The pace kept with it.
    pub(super) pace: Pace,
    /// How it has failed of late.
    #[serde(default)]
    pub(super) breaker: Breaker,
    /// Where it has moved to, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<String>,
}

/// What this process remembers of destinations, by name, and when it was read.
#[derive(Debug, Default)]
pub(super) struct Destinations(Mutex<HashMap<String, (Timestamp, Destination)>>);

/// What an attempt changed for its destination.
pub(super) struct Changed {
    pub(super) change: Change,
    pub(super) was_disabled: bool,
    /// The destination as it is now.
    pub(super) entry: Destination,
    /// Whether that is to be written down.
    pub(super) is_news: bool,
}

impl Destination {
    /// A destination of which nothing is known but its pace.
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, breaker: Breaker::default(), moved_to: None }
    }

    /// When it may be called: `now` or later.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        self.pace.next(now).max(self.breaker.next(now))
    }

    /// Takes an attempt's result in; gives what that changed.
    fn take(&mut self, attempted: &Attempted) -> Change {
        let at = attempted.ended_at;
        self.pace.sent(at);
        if let Some(until) = attempted.blocked_until {
            self.pace.block(until);
        }
        if let Some(moved_to) = &attempted.moved_to {
            self.moved_to = Some(moved_to.clone());
        }
        match &attempted.result {
            Ok(()) => self.breaker.note(true, at),
            Err(Failure::Gone(_)) => self.breaker.disable(at),
            Err(failure) => failure.speaks_against().map_or(Change::None, |_| self.breaker.note(false, at)),
        }
    }
}

impl Destinations {
    /// What is remembered; nothing panics while it is held.
    fn all(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, Destination)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Worker> Engine<W> {
    /// What is known of a destination; a fresh entry where nothing is.
    pub(super) async fn destination(&self, name: &str) -> PortResult<Destination> {
        let now = self.clock.now();
        let kept = self.remembered.all().get(name).filter(|(read_at, _)| now.ms_since(*read_at) < FRESH_MS).cloned();
        if let Some((_, entry)) = kept.filter(|_| !W::SHARES_PACE) {
            return Ok(entry);
        }
        let read = read(&*self.documents, &key::<W>(name)).await?;
        let read = read.unwrap_or_else(|| Destination::new(W::pace(name)));
        if !W::SHARES_PACE {
            let mut all = self.remembered.all();
            if all.len() >= MOST {
                all.clear();
            }
            // What this process saw of its failures stays, unless somebody else has found it shut.
            let (read_at, entry) = all.entry(name.to_owned()).or_insert_with(|| (now, read.clone()));
            *read_at = now;
            if read.breaker.is_disabled() != entry.breaker.is_disabled()
                || read.breaker.next(now) > entry.breaker.next(now)
            {
                *entry = read;
            }
            return Ok(entry.clone());
        }
        Ok(read)
    }

    /// Takes in what an attempt says of its destination, which was this before.
    pub(super) fn take(&self, name: &str, entry: Destination, attempted: &Attempted) -> Changed {
        let was_disabled = entry.breaker.is_disabled();
        if W::SHARES_PACE {
            // Nobody else had the destination meanwhile.
            let mut entry = entry;
            return Changed { change: entry.take(attempted), was_disabled, entry, is_news: true };
        }
        let mut all = self.remembered.all();
        let (_, entry) = all.entry(name.to_owned()).or_insert((attempted.ended_at, entry));
        let began = entry.breaker.failing_since().is_some();
        let change = entry.take(attempted);
        let is_news = change != Change::None || began != entry.breaker.failing_since().is_some();
        Changed { change, was_disabled, entry: entry.clone(), is_news }
    }

    /// Whether the trouble of a destination is to be told of: the first since its last success, and its end.
    pub(super) fn is_to_be_told(&self, name: &str, changed: &mut Changed) -> bool {
        let ends = changed.change == Change::Disabled;
        if changed.was_disabled {
            return ends;
        }
        let first = match self.remembered.all().get_mut(name).filter(|_| !W::SHARES_PACE) {
            Some((_, entry)) => entry.breaker.tell(),
            None => changed.entry.breaker.tell(),
        };
        changed.is_news |= first;
        first || ends
    }

    /// Writes down what is known of a destination.
    pub(super) async fn remember(&self, name: &str, entry: &Destination, now: Timestamp) -> PortResult<()> {
        write(&*self.documents, &key::<W>(name), entry, now).await
    }
}

/// What is written down under a key.
pub(super) async fn read(documents: &dyn Documents, key: &str) -> PortResult<Option<Destination>> {
    let document = documents.document(Collection::Destination, key).await?;
    let read =
        |text: &str| serde_json::from_str(text).map_err(|e| PortError::unreadable("a destination's document", &e));
    document.map(|document| read(&document.text)).transpose()
}

/// Writes down what is known of a destination.
pub(super) async fn write(documents: &dyn Documents, key: &str, entry: &Destination, now: Timestamp) -> PortResult<()> {
    let failed = |e| PortError::new("a destination's document cannot be written", e);
    let text = serde_json::to_string(entry).map_err(failed)?;
    let expires = Some(now.plus_ms(REMEMBERED_MS));
    documents.write(&NewDocument { collection: Collection::Destination, key, text: &text, expires }).await
}

/// A destination's key among those of all kinds.
fn key<W: Worker>(name: &str) -> String {
    format!("{}:{name}", W::KIND)
}
