//! A few of many.

use crate::time::Timestamp;

/// How many a minute are taken.
const MOST: usize = 10;

/// Takes at most ten within any minute.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sampler {
    /// When the last ones were taken.
    taken: [Option<Timestamp>; MOST],
    /// The oldest of them.
    oldest: usize,
}

impl Sampler {
    /// Whether to take one now.
    pub fn takes(&mut self, now: Timestamp) -> bool {
        let Some(oldest) = self.taken.get_mut(self.oldest) else { return false };
        if oldest.is_some_and(|at| now.ms_since(at) < 60_000) {
            return false;
        }
        *oldest = Some(now);
        self.oldest = (self.oldest + 1) % MOST;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_than_ten() {
        let mut sampler = Sampler::default();
        let taken: Vec<u64> = (0..600_000).step_by(100).filter(|ms| sampler.takes(Timestamp::from_ms(*ms))).collect();
        assert_eq!(taken[..11], [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 60_000]);
        assert!(taken.windows(11).all(|eleven| eleven[10] - eleven[0] >= 60_000));
        assert_eq!(taken.len(), 100);
    }
}
