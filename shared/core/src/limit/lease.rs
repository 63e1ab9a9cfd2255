//! What one process holds of a limit: a block leased from the bucket that all share, or a bucket of its own.

use super::Bucket;
use crate::time::Timestamp;

/// For how long a process goes by its own bucket before it asks the store again that failed, in milliseconds.
const ALONE_MS: u64 = 10_000;

/// One process's part of a limit.
#[derive(Debug)]
pub struct Lease {
    per_minute: u32,
    /// How many requests of the block still pass.
    left: u32,
    /// How many passed that no block covers yet.
    owed: u32,
    /// How long the next block is to be.
    block: u32,
    /// Until when nothing passes, as the shared bucket said.
    refused_until: Timestamp,
    alone: Option<Alone>,
}

/// A bucket of the process's own, and until when it counts.
#[derive(Debug)]
struct Alone {
    bucket: Bucket,
    until: Timestamp,
}

/// Whether there is room for one more request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// There is.
    Free,
    /// There is none; come back in so many seconds.
    Full(u64),
    /// So many requests must be leased first.
    Lease(u32),
}

impl Lease {
    /// A part of a shared limit that holds nothing yet.
    pub const fn new(per_minute: u32) -> Self {
        // Many processes may start at once: small first blocks keep them from taking all before anyone has used any.
        let block = at_least_one(per_minute / 50);
        let refused_until = Timestamp::from_ms(0);
        Self { per_minute, left: 0, owed: 0, block, refused_until, alone: None }
    }

    /// The whole limit, where only one process counts.
    pub const fn whole(per_minute: u32, now: Timestamp) -> Self {
        let alone = Alone { bucket: Bucket::new(per_minute, now), until: Timestamp::from_ms(u64::MAX) };
        Self { alone: Some(alone), ..Self::new(per_minute) }
    }

    /// How many requests a minute the limit lets through.
    pub const fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// Whether there is room for one more request.
    pub fn look(&mut self, now: Timestamp) -> Place {
        if let Some(alone) = self.alone.as_mut().filter(|alone| now < alone.until) {
            return alone.bucket.check(now).map_or_else(Place::Full, |()| Place::Free);
        }
        if self.left > 0 {
            return Place::Free;
        }
        match self.refused_until.ms_since(now) {
            0 => Place::Lease(self.block.saturating_add(self.owed)),
            ms => Place::Full(ms.div_ceil(1000)),
        }
    }

    /// Takes the room that [`Lease::look`] found.
    pub const fn take(&mut self) {
        match &mut self.alone {
            Some(alone) => alone.bucket.take(),
            None => self.left = self.left.saturating_sub(1),
        }
    }

    /// Gives room back that was taken for a request that did not pass after all.
    pub const fn put_back(&mut self) {
        match &mut self.alone {
            Some(alone) => alone.bucket.put_back(),
            None => self.left = self.left.saturating_add(1),
        }
    }

    /// Takes a block in; the next may be twice as long, up to a tenth of the rate.
    pub fn granted(&mut self, requests: u32) {
        let paid = self.owed.min(requests);
        self.owed -= paid;
        self.left = self.left.saturating_add(requests - paid);
        self.block = self.block.saturating_mul(2).min(self.longest_block());
        self.alone = None;
    }

    /// Notes that the shared bucket is empty for so many seconds.
    pub fn refused(&mut self, seconds: u64, now: Timestamp) {
        self.refused_until = now.plus_ms(seconds.saturating_mul(1000));
        self.alone = None;
    }

    /// Notes that others were quicker at the shared bucket each time: one request passes, and the next block pays for it.
    /// No more are owed than a block is long.
    pub fn crowded_out(&mut self) {
        self.alone = None;
        if self.owed < self.longest_block() {
            self.owed += 1;
            self.left = self.left.saturating_add(1);
        }
    }

    /// Notes that the store failed: for a while a bucket of this process's own counts, of the same rate.
    pub fn failed(&mut self, now: Timestamp) {
        let until = now.plus_ms(ALONE_MS);
        match &mut self.alone {
            Some(alone) => alone.until = until,
            None => self.alone = Some(Alone { bucket: Bucket::new(self.per_minute, now), until }),
        }
    }

    /// The longest block: a tenth of the minute's rate.
    const fn longest_block(&self) -> u32 {
        at_least_one(self.per_minute / 10)
    }
}

/// The number, or 1.
const fn at_least_one(number: u32) -> u32 {
    if number == 0 { 1 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_ms(1_000_000 + ms)
    }

    #[test]
    fn blocks_grow_to_a_tenth_of_the_rate() {
        for (per_minute, blocks) in [(100, [2, 4, 8, 10, 10]), (1000, [20, 40, 80, 100, 100]), (9, [1, 1, 1, 1, 1])] {
            let mut lease = Lease::new(per_minute);
            for block in blocks {
                assert_eq!(lease.look(at(0)), Place::Lease(block), "{per_minute}");
                lease.granted(block);
                for _ in 0..block {
                    assert_eq!(lease.look(at(0)), Place::Free);
                    lease.take();
                }
            }
        }
    }

    #[test]
    fn a_refusal_is_obeyed_until_its_time() {
        let mut lease = Lease::new(100);
        lease.refused(6, at(0));
        for (ms, place) in
            [(0, Place::Full(6)), (10, Place::Full(6)), (5_999, Place::Full(1)), (6_000, Place::Lease(2))]
        {
            assert_eq!(lease.look(at(ms)), place, "{ms}");
        }
    }

    #[test]
    fn what_passes_on_credit_is_bounded_and_paid_back() {
        let mut lease = Lease::new(30);
        for owed in 0..3 {
            assert_eq!(lease.look(at(0)), Place::Lease(1 + owed));
            lease.crowded_out();
            assert_eq!(lease.look(at(0)), Place::Free);
            lease.take();
        }
        lease.crowded_out();
        assert_eq!(lease.look(at(0)), Place::Lease(4));
        lease.granted(4);
        lease.take();
        assert_eq!(lease.look(at(0)), Place::Lease(2));
    }

    #[test]
    fn while_the_store_fails_a_bucket_of_the_same_rate_counts() {
        let mut lease = Lease::new(2);
        lease.failed(at(0));
        for _ in 0..2 {
            assert_eq!(lease.look(at(0)), Place::Free);
            lease.take();
        }
        assert_eq!(lease.look(at(0)), Place::Full(30));
        assert_eq!(lease.look(at(10_000)), Place::Lease(1));
        lease.failed(at(10_000));
        assert_eq!(lease.look(at(10_000)), Place::Full(20));
        lease.granted(1);
        assert_eq!(lease.look(at(10_000)), Place::Free);
    }

    #[test]
    fn the_whole_limit_never_asks() {
        let mut lease = Lease::whole(1, at(0));
        lease.take();
        assert_eq!(lease.look(at(0)), Place::Full(60));
        lease.put_back();
        assert_eq!(lease.look(at(0)), Place::Free);
        lease.take();
        assert_eq!(lease.look(at(3_600_000)), Place::Free);
    }
}
