//! How fast a channel may be written to: a message a second, and a short burst now and then.
//! Source: <https://docs.slack.dev/apis/web-api/rate-limits>.

use std::collections::HashMap;
use std::time::Duration;

/// The pace of each channel.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// How many messages may come at once; `None`: any.
    pub(super) burst: Option<u32>,
    buckets: HashMap<String, Bucket>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Bucket {
    /// When it was empty of messages, had they come one a second.
    even_at: Duration,
    /// Until when nothing passes.
    blocked_until: Duration,
}

impl Pace {
    /// Lets a message to a channel pass, or says for how many seconds none does.
    pub(super) fn check(&mut self, channel: &str, now: Duration) -> Result<(), u64> {
        let Some(burst) = self.burst else { return Ok(()) };
        let bucket = self.buckets.entry(channel.to_owned()).or_default();
        if now < bucket.blocked_until {
            return Err(seconds(bucket.blocked_until - now));
        }
        let even_at = bucket.even_at.max(now);
        if even_at > now + Duration::from_secs(u64::from(burst.saturating_sub(1))) {
            bucket.blocked_until = now + Duration::from_secs(seconds(even_at - now));
            return Err(seconds(even_at - now));
        }
        bucket.even_at = even_at + Duration::from_secs(1);
        Ok(())
    }
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;

    #[test]
    fn a_burst_passes_and_then_a_message_a_second() {
        let at = Duration::from_millis;
        let mut pace = Pace { burst: Some(3), ..Pace::default() };
        assert_eq!([0, 0, 10].map(|ms| pace.check("a", at(ms))), [Ok(()); 3]);
        assert_eq!(pace.check("a", at(20)), Err(3));
        assert_eq!(pace.check("b", at(20)), Ok(()), "the other channel has a pace of its own");
        assert_eq!(pace.check("a", at(2500)), Err(1), "whoever does not wait is told again");
        assert_eq!(pace.check("a", at(3020)), Ok(()));
        assert_eq!([4100, 5200, 6300].map(|ms| pace.check("a", at(ms))), [Ok(()); 3]);
        assert_eq!(Pace::default().check("a", at(0)), Ok(()));
    }
}
