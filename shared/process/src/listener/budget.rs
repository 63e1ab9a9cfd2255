//! The budget of bytes of bodies that are held at once, over all connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::source::counted;

/// How many bytes of each body are not counted, so that a small request is taken whatever others hold: connections are
/// limited, and each has a buffer of that size anyway.
const FREE_BYTES: usize = 16 * 1024;

/// A source may take the whole divided by this.
const SHARES: usize = 4;

/// The budget.
pub(super) struct Budget {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// The bytes of one request, given back when this is dropped.
pub(super) struct Flight {
    budget: Arc<Budget>,
    source: IpAddr,
    arrived: AtomicUsize,
    counted: AtomicUsize,
}

impl Budget {
    /// A budget of so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    /// What is held; nothing panics meanwhile.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes so many bytes for a source, unless that were too many.
    fn take(&self, source: IpAddr, bytes: usize) -> bool {
        let mut held = self.held();
        let of_source = held.by_source.get(&source).copied().unwrap_or_default() + bytes;
        if of_source > self.most / SHARES || held.all + bytes > self.most {
            return false;
        }
        held.all += bytes;
        held.by_source.insert(source, of_source);
        true
    }

    /// Gives bytes of a source back.
    fn give_back(&self, source: IpAddr, bytes: usize) {
        let mut held = self.held();
        held.all = held.all.saturating_sub(bytes);
        let Some(of_source) = held.by_source.get_mut(&source) else { return };
        *of_source = of_source.saturating_sub(bytes);
        if *of_source == 0 {
            held.by_source.remove(&source);
        }
    }
}

impl Flight {
    /// A request from an address, of which nothing has come yet.
    pub(super) fn new(budget: Arc<Budget>, address: IpAddr) -> Self {
        Self { budget, source: counted(address), arrived: AtomicUsize::new(0), counted: AtomicUsize::new(0) }
    }

    /// Counts so many more bytes; false where there is no room for them. One task alone reads a body.
    pub(super) fn add(&self, bytes: usize) -> bool {
        let arrived = self.arrived.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let counted = self.counted.load(Ordering::Relaxed);
        let more = arrived.saturating_sub(FREE_BYTES).saturating_sub(counted);
        if more > 0 && !self.budget.take(self.source, more) {
            return false;
        }
        self.counted.store(counted + more, Ordering::Relaxed);
        true
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let counted = *self.counted.get_mut();
        if counted > 0 {
            self.budget.give_back(self.source, counted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    #[test]
    fn one_source_takes_a_quarter_and_all_take_the_whole() {
        let budget = Arc::new(Budget::new(400 * KIB));
        let flight = |address: &str| Flight::new(Arc::clone(&budget), address.parse().unwrap());
        let first = flight("192.0.2.1");
        assert!(first.add(FREE_BYTES) && first.add(60 * KIB));
        let second = flight("::ffff:192.0.2.1");
        assert!(second.add(FREE_BYTES), "what is small is taken whatever others hold");
        assert!(!second.add(41 * KIB), "the source has its share");
        assert!(flight("192.0.2.1").add(FREE_BYTES));
        let others: Vec<_> = (1..=4).map(|net| flight(&format!("2001:db8:0:{net}::1"))).collect();
        for (at, other) in others.iter().enumerate() {
            assert_eq!(other.add(FREE_BYTES + 100 * KIB), at < 3, "{at}");
        }
        assert!(!flight("2001:db8:0:1:2::").add(FREE_BYTES + 1), "a network is one source");
        drop((first, second));
        let again = flight("2001:db8:0:4::1");
        assert!(again.add(FREE_BYTES + 100 * KIB), "what was refused can be had once there is room");
        drop((others, again));
        let held = budget.held();
        assert_eq!((held.all, held.by_source.len()), (0, 0));
    }

    #[test]
    fn what_arrives_counts_and_not_what_is_promised() {
        let budget = Arc::new(Budget::new(400 * KIB));
        let flights: Vec<_> = (0..1000).map(|_| Flight::new(Arc::clone(&budget), [192, 0, 2, 1].into())).collect();
        assert!(flights.iter().all(|flight| flight.add(10)));
        assert_eq!(budget.held().all, 0);
        for _ in 0..50 {
            assert!(flights[0].add(2 * KIB));
        }
        assert_eq!(budget.held().all, 84 * KIB + 10);
    }
}
