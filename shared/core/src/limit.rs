//! How many requests pass in a minute.

use crate::time::Timestamp;

/// A token bucket: a full minute's worth at once, refilled evenly.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    per_minute: u32,
    /// What is left, in sixty-thousandths of a request, so that a millisecond refills a whole number.
    left: u64,
    filled_at: Timestamp,
}

/// One request, in the bucket's unit.
const ONE: u64 = 60_000;

impl Bucket {
    /// A full bucket.
    pub const fn new(per_minute: u32, now: Timestamp) -> Self {
        Self { per_minute, left: per_minute as u64 * ONE, filled_at: now }
    }

    /// How many requests a minute it lets through.
    pub const fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Whether a request would pass; if not, how many seconds until one does (at least 1).
    pub fn check(&mut self, now: Timestamp) -> Result<(), u64> {
        let full = u64::from(self.per_minute) * ONE;
        let refill = now.ms_since(self.filled_at).saturating_mul(u64::from(self.per_minute));
        self.left = self.left.saturating_add(refill).min(full);
        self.filled_at = now.max(self.filled_at);
        if self.left >= ONE {
            return Ok(());
        }
        let wait_ms = (ONE - self.left).div_ceil(u64::from(self.per_minute).max(1));
        Err(wait_ms.div_ceil(1000).max(1))
    }

    /// Takes one request out; call it after [`Bucket::check`] let the request pass.
    pub const fn take(&mut self) {
        self.left = self.left.saturating_sub(ONE);
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
}
