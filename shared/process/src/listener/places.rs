//! The places for connections: so many in all and for each source, and some more for loopback.
//!
//! Where a newcomer finds none, the connection that has waited longest for its peer gives its own up: whoever sends and
//! reads at once is never kept out by those who do neither.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::source::counted;

/// How many places there are beyond all others for connections from this machine, such as health checks.
const LOOPBACK_PLACES: usize = 16;

/// How long a connection must have waited for its peer before it has to give up its place: whoever connects to ask sends
/// at once.
const PATIENCE: Duration = Duration::from_millis(50);

/// The places.
pub(super) struct Places {
    most: usize,
    most_of_source: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_source: HashMap<IpAddr, Vec<Arc<Activity>>>,
}

/// A connection's place, free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    source: IpAddr,
    /// What the connection does.
    pub(super) activity: Arc<Activity>,
}

/// What a connection does: it works, or waits for its peer since some moment.
pub(super) struct Activity {
    began: Instant,
    is_working: AtomicBool,
    since_ms: AtomicU64,
    given_up: Notify,
}

impl Places {
    /// So many places in all, and so many of them for each source.
    pub(super) fn new(most: usize, most_of_source: usize) -> Self {
        Self { most, most_of_source, taken: Mutex::default() }
    }

    /// Takes a place for a connection from this address; `None` where all are taken by connections at work.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let source = counted(address);
        let mut taken = self.taken();
        let of_source = taken.by_source.get(&source).map_or(0, Vec::len);
        let is_free = if of_source >= self.most_of_source {
            taken.give_up(source)
        } else {
            taken.all < self.most || taken.largest().is_some_and(|largest| taken.give_up(largest))
        };
        if !is_free {
            let beyond = |places: usize, most: usize| places >= most.saturating_add(LOOPBACK_PLACES);
            let is_loopback = address.to_canonical().is_loopback();
            if !is_loopback || beyond(taken.all, self.most) || beyond(of_source, self.most_of_source) {
                return None;
            }
        }
        let activity = Arc::new(Activity::new());
        taken.all += 1;
        taken.by_source.entry(source).or_default().push(Arc::clone(&activity));
        Some(Place { places: Arc::clone(self), source, activity })
    }

    /// What is taken; nothing panics while it is held.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// The source with the most connections.
    fn largest(&self) -> Option<IpAddr> {
        self.by_source.iter().max_by_key(|(_, places)| places.len()).map(|(source, _)| *source)
    }

    /// Has the connection of a source give up that has waited longest; false where none has waited long enough.
    fn give_up(&mut self, source: IpAddr) -> bool {
        let places = self.by_source.get(&source).map(Vec::as_slice).unwrap_or_default();
        let waiting = places.iter().filter_map(|activity| Some((activity.waited()?, activity)));
        let Some((waited, longest)) = waiting.max_by_key(|(waited, _)| *waited) else { return false };
        if waited < PATIENCE {
            return false;
        }
        let longest = Arc::clone(longest);
        longest.given_up.notify_one();
        self.leave(source, &longest);
        true
    }

    /// Frees the place of a connection, unless that has happened.
    fn leave(&mut self, source: IpAddr, activity: &Arc<Activity>) {
        let Some(places) = self.by_source.get_mut(&source) else { return };
        let Some(at) = places.iter().position(|known| Arc::ptr_eq(known, activity)) else { return };
        places.swap_remove(at);
        self.all -= 1;
        if places.is_empty() {
            self.by_source.remove(&source);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().leave(self.source, &self.activity);
    }
}

impl Activity {
    /// A connection that waits for its first request.
    fn new() -> Self {
        Self {
            began: Instant::now(),
            is_working: AtomicBool::new(false),
            since_ms: AtomicU64::new(0),
            given_up: Notify::new(),
        }
    }

    /// Notes that a request has come, or that its answer is ready: a step that only a peer brings on that sends and reads.
    pub(super) fn step(&self, is_working: bool) {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since_ms.store(since, Ordering::Relaxed);
        self.is_working.store(is_working, Ordering::Relaxed);
    }

    /// Notes that a request's work waits for its body, or no longer does; that is no step, however often a byte comes.
    pub(super) fn waits(&self, for_body: bool) {
        self.is_working.store(!for_body, Ordering::Relaxed);
    }

    /// Waits until the connection has to give up its place.
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    /// How long the connection has waited for its peer; `None` while it works.
    fn waited(&self) -> Option<Duration> {
        let since = Duration::from_millis(self.since_ms.load(Ordering::Relaxed));
        (!self.is_working.load(Ordering::Relaxed)).then(|| self.began.elapsed().saturating_sub(since))
    }
}

#[cfg(test)]
mod tests;
