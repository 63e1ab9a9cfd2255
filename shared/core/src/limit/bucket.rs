//! Token buckets: a full minute's worth at once, refilled evenly.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A bucket that one process has to itself.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    per_minute: u32,
    content: SharedBucket,
}

/// What is in a bucket, as several processes share it; each brings the rate along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedBucket {
    /// What is left, in sixty-thousandths of a request, so that a millisecond refills a whole number.
    left: u64,
    filled_at: Timestamp,
}

/// One request, in the bucket's unit.
const ONE: u64 = 60_000;

impl Bucket {
    /// A full bucket.
    pub const fn new(per_minute: u32, now: Timestamp) -> Self {
        Self { per_minute, content: SharedBucket::full(per_minute, now) }
    }

    /// Whether a request would pass; if not, how many seconds until one does (at least 1).
    pub fn check(&mut self, now: Timestamp) -> Result<(), u64> {
        self.content.refill(self.per_minute, now);
        if self.content.left >= ONE { Ok(()) } else { Err(self.content.wait(1, self.per_minute)) }
    }

    /// Whether nothing has been taken out of late.
    pub fn is_full(&mut self, now: Timestamp) -> bool {
        self.content.refill(self.per_minute, now);
        self.content.left >= u64::from(self.per_minute) * ONE
    }

    /// Takes one request out; call it after [`Bucket::check`] let the request pass.
    pub const fn take(&mut self) {
        self.content.left = self.content.left.saturating_sub(ONE);
    }

    /// Puts a request back that was taken out and did not pass after all.
    pub const fn put_back(&mut self) {
        self.content.left = self.content.left.saturating_add(ONE);
    }
}

impl SharedBucket {
    /// A full bucket.
    pub const fn full(per_minute: u32, now: Timestamp) -> Self {
        Self { left: per_minute as u64 * ONE, filled_at: now }
    }

    /// Takes up to `want` requests out and says how many. Where there is none, says in how many seconds all of them are
    /// there (at least 1), so that whoever waits gets a whole block.
    pub fn take(&mut self, want: u32, per_minute: u32, now: Timestamp) -> Result<u32, u64> {
        self.refill(per_minute, now);
        let want = want.min(per_minute).max(1);
        match u32::try_from(self.left / ONE).unwrap_or(u32::MAX).min(want) {
            0 => Err(self.wait(want, per_minute)),
            granted => {
                self.left -= u64::from(granted) * ONE;
                Ok(granted)
            }
        }
    }

    /// Fills in what has come since the last time; a clock that goes back gives nothing.
    fn refill(&mut self, per_minute: u32, now: Timestamp) {
        let refill = now.ms_since(self.filled_at).saturating_mul(u64::from(per_minute));
        self.left = self.left.saturating_add(refill).min(u64::from(per_minute) * ONE);
        self.filled_at = now.max(self.filled_at);
    }

    /// In how many seconds this many requests are there.
    fn wait(&self, want: u32, per_minute: u32) -> u64 {
        let missing = (u64::from(want) * ONE).saturating_sub(self.left);
        missing.div_ceil(u64::from(per_minute).max(1)).div_ceil(1000).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_passes_then_the_rate() {
        let start = Timestamp::from_seconds(100);
        let mut bucket = Bucket::new(100, start);
        for _ in 0..100 {
            bucket.check(start).unwrap();
            bucket.take();
        }
        assert_eq!(bucket.check(start), Err(1));
        assert_eq!(bucket.check(start.plus_ms(599)), Err(1));
        assert_eq!(bucket.check(start.plus_ms(600)), Ok(()));
        bucket.take();
        assert!(bucket.check(start.plus_ms(600)).is_err());
    }

    #[test]
    fn the_wait_is_honest() {
        let start = Timestamp::from_seconds(100);
        let mut bucket = Bucket::new(2, start);
        bucket.check(start).unwrap();
        bucket.take();
        bucket.take();
        assert_eq!(bucket.check(start), Err(30));
        assert_eq!(bucket.check(start.plus_ms(30_000)), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let start = Timestamp::from_seconds(100);
        let mut bucket = Bucket::new(1, start);
        bucket.take();
        assert!(bucket.check(Timestamp::from_seconds(1)).is_err());
        assert!(bucket.check(start.plus_ms(59_999)).is_err());
        assert!(bucket.check(start.plus_ms(60_000)).is_ok());
    }

    #[test]
    fn a_shared_bucket_gives_what_it_has_and_names_the_time_of_a_whole_block() {
        let at = |seconds: u64| Timestamp::from_ms(100_000 + seconds * 1000);
        let mut bucket = SharedBucket::full(25, at(0));
        assert_eq!(bucket.take(20, 25, at(0)), Ok(20));
        assert_eq!(bucket.take(20, 25, at(0)), Ok(5));
        assert_eq!(bucket.take(20, 25, at(0)), Err(48));
        assert_eq!(bucket.take(20, 25, at(47)), Ok(19));
        assert_eq!(bucket.take(1, 25, at(48)), Ok(1));
        assert_eq!(bucket.take(1000, 25, at(1000)), Ok(25));
        assert_eq!(bucket.take(1000, 25, at(1000)), Err(60));
    }

    #[test]
    fn a_shared_bucket_reads_back_as_written_and_obeys_a_new_rate() {
        let start = Timestamp::from_seconds(100);
        let mut bucket = SharedBucket::full(100, start);
        assert_eq!(bucket.take(1, 100, start), Ok(1));
        let mut read: SharedBucket = serde_json::from_str(&serde_json::to_string(&bucket).unwrap()).unwrap();
        assert_eq!(read, bucket);
        assert_eq!(read.take(50, 3, start), Ok(3));
        assert_eq!(read.take(1, 3, start), Err(20));
    }
}
