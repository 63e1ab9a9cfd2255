//! Counters, as they lie in memory.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows, until it is taken.
#[derive(Debug)]
pub struct Counter(AtomicU64);

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

impl Counter {
    /// Nothing counted yet.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// How many there were since this was last asked.
    pub fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// The upper bounds of a histogram's buckets, in milliseconds; what is longer has a bucket of its own.
pub(super) const BOUNDS_MS: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];

/// How many times there were of which length.
#[derive(Debug)]
pub struct Histogram {
    buckets: [Bucket; BOUNDS_MS.len() + 1],
}

/// The times between two bounds.
#[derive(Debug)]
struct Bucket {
    count: Counter,
    sum_ms: Counter,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// No times yet.
    pub const fn new() -> Self {
        Self { buckets: [const { Bucket { count: Counter::new(), sum_ms: Counter::new() } }; BOUNDS_MS.len() + 1] }
    }

    /// Notes a time.
    pub fn observe(&self, ms: u64) {
        let place = BOUNDS_MS.iter().take_while(|bound| ms > **bound).count();
        self.buckets[place].count.add(1);
        self.buckets[place].sum_ms.add(ms);
    }

    /// How many times there were in each bucket, the shortest first.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().map(|bucket| bucket.count.value())
    }

    /// All times together, in milliseconds.
    pub(super) fn sum_ms(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.sum_ms.value()).sum()
    }

    /// How many times there were in each bucket since this was last asked, and how long they were together.
    pub fn take(&self) -> [(u64, u64); BOUNDS_MS.len() + 1] {
        self.buckets.each_ref().map(|bucket| (bucket.count.take(), bucket.sum_ms.take()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_at_a_bound_belongs_below_it() {
        let histogram = Histogram::new();
        for ms in [0, 100, 101, 3_600_000, 3_600_001] {
            histogram.observe(ms);
        }
        let counts: Vec<_> = histogram.counts().collect();
        assert_eq!((counts[0], counts[1], counts[11], counts[12]), (2, 1, 1, 1));
        assert_eq!(histogram.sum_ms(), 7_200_202);
        assert_eq!(histogram.take()[..2], [(2, 100), (1, 101)]);
        assert_eq!(histogram.take(), [(0, 0); 13], "taken once");
    }
}
