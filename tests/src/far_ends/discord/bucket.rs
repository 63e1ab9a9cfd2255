//! How many calls pass, and the headers that tell.
//! Source: <https://discord.com/developers/docs/topics/rate-limits>.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::far_ends::Reply;

/// The calls of one kind to one webhook.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    resets_at: Duration,
    taken: u32,
}

/// A bucket as one call found it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    limit: u32,
    remaining: Option<u32>,
    reset_after: Duration,
}

impl Bucket {
    /// Takes a place in the bucket, where there is one.
    pub(super) fn take(&mut self, (limit, time): (u32, Duration), now: Duration) -> Found {
        if now >= self.resets_at {
            *self = Self { resets_at: now + time, taken: 0 };
        }
        let remaining = limit.checked_sub(self.taken + 1);
        self.taken = (self.taken + 1).min(limit);
        Found { limit, remaining, reset_after: self.resets_at - now }
    }
}

impl Found {
    /// For how many seconds no call passes, where this one did not.
    pub(super) fn exceeded(self) -> Option<f64> {
        self.remaining.is_none().then(|| (self.reset_after.as_secs_f64() * 1000.0).ceil() / 1000.0)
    }

    /// The answer with the headers of the bucket.
    pub(super) fn headers(self, reply: Reply) -> Reply {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        reply
            .header("x-ratelimit-limit", self.limit)
            .header("x-ratelimit-remaining", self.remaining.unwrap_or_default())
            .header("x-ratelimit-reset", format!("{:.3}", (unix + self.reset_after).as_secs_f64()))
            .header("x-ratelimit-reset-after", format!("{:.3}", self.reset_after.as_secs_f64()))
            .header("x-ratelimit-bucket", "80c17d2f203122d936070c88c8d10f33")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Bucket;

    #[test]
    fn five_pass_and_the_sixth_waits_for_the_window_to_end() {
        let limit = (5, Duration::from_secs(2));
        let at = Duration::from_millis;
        let mut bucket = Bucket::default();
        for (ms, left) in [(100, 4), (200, 3), (300, 2), (400, 1), (500, 0)] {
            assert_eq!(bucket.take(limit, at(ms)).remaining, Some(left));
        }
        assert_eq!(bucket.take(limit, at(600)).exceeded(), Some(1.5));
        assert_eq!(bucket.take(limit, at(2099)).exceeded(), Some(0.001));
        assert_eq!(bucket.take(limit, at(2100)).remaining, Some(4));
    }
}
