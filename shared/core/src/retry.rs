//! How long to wait before a failed task is tried again.

use crate::time::Timestamp;

/// The waits between attempts, in seconds: 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 8 h.
pub const WAITS_SECONDS: [u64; 7] = [5, 30, 120, 600, 3_600, 10_800, 28_800];

/// A wait is stretched or shortened by up to this share of itself, so that failed tasks do not return all at once.
pub const JITTER: f64 = 0.2;

/// When the next attempt is due after `failed` failed attempts, or `None` when the task is dead.
///
/// `told` is the wait the destination asked for, in seconds; it is obeyed exactly.
/// `jitter` places the wait inside its jitter: 0.0 is the shortest, 1.0 the longest.
pub fn next_attempt(failed: usize, now: Timestamp, told: Option<u64>, jitter: f64) -> Option<Timestamp> {
    let wait = *WAITS_SECONDS.get(failed.checked_sub(1)?)?;
    if let Some(seconds) = told {
        return Some(now.plus_ms(seconds.saturating_mul(1000)));
    }
    let stretch = 1.0 - JITTER + 2.0 * JITTER * jitter.clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "at most 34,560,000"
    )]
    let wait_ms = (wait as f64 * 1000.0 * stretch) as u64;
    Some(now.plus_ms(wait_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_followed_within_its_jitter() {
        let now = Timestamp::from_seconds(1_000_000);
        for (failed, wait) in (1..).zip(WAITS_SECONDS) {
            let shortest = next_attempt(failed, now, None, 0.0).unwrap().ms_since(now);
            let longest = next_attempt(failed, now, None, 1.0).unwrap().ms_since(now);
            assert_eq!(shortest, wait * 800);
            assert_eq!(longest, wait * 1200);
        }
    }

    #[test]
    fn the_eighth_failure_is_the_last() {
        let now = Timestamp::from_seconds(0);
        assert!(next_attempt(7, now, None, 0.5).is_some());
        assert_eq!(next_attempt(8, now, None, 0.5), None);
        assert_eq!(next_attempt(8, now, Some(3), 0.5), None);
    }

    #[test]
    fn a_wait_the_destination_names_is_obeyed_exactly() {
        let now = Timestamp::from_seconds(10);
        assert_eq!(next_attempt(1, now, Some(41), 0.9), Some(Timestamp::from_seconds(51)));
    }
}
