//! When a destination that keeps failing is left alone for a while, and when it is given up.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The breaker opens at so many results of the last five minutes, of which so many in a hundred failed.
const FEWEST_RESULTS: u32 = 10;
const FAILED_PERCENT: u32 = 70;
const WINDOW_MS: u64 = 5 * 60 * 1000;

/// How long it stays open before one attempt is let through.
const OPEN_MS: u64 = 60 * 1000;

/// A destination that has failed for this long without one success is disabled.
pub const DISABLED_AFTER_MS: u64 = 5 * 24 * 60 * 60 * 1000;

/// How much time one count of results covers.
const COUNT_MS: u64 = 15 * 1000;

/// What is known of a destination's failures, as it is kept in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Breaker {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    counts: Vec<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    told: bool,
}

/// Results of a short time: when the latest of them came, how many succeeded and how many failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Count(Timestamp, u32, u32);

/// What a result changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The breaker opened, or stays open after a probe.
    Opened,
    /// The breaker closed, or the destination is no longer disabled.
    Closed,
    /// The destination is disabled from now on.
    Disabled,
}

impl Breaker {
    /// When the next attempt may be made: `now`, or later where the breaker is open.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        now.max(self.open_until.unwrap_or_default())
    }

    /// Whether the destination was given up.
    pub const fn is_disabled(&self) -> bool {
        self.disabled_at.is_some()
    }

    /// Since when every attempt has failed, if the last one did.
    pub const fn failing_since(&self) -> Option<Timestamp> {
        self.failing_since
    }

    /// Notes what came of an attempt.
    pub fn note(&mut self, succeeded: bool, now: Timestamp) -> Change {
        if succeeded { self.note_success(now) } else { self.note_failure(now) }
    }

    /// Gives the destination up at once: it said that it is gone.
    pub fn disable(&mut self, now: Timestamp) -> Change {
        self.count(0, 1, now);
        self.failing_since.get_or_insert(now);
        let was_disabled = self.disabled_at.replace(now).is_some();
        if was_disabled { Change::None } else { Change::Disabled }
    }

    /// Whether a trouble is to be told of: the first since the last success is.
    pub const fn tell(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }

    /// Forgets all trouble: one success shows that the destination is back.
    fn note_success(&mut self, now: Timestamp) -> Change {
        let was_shut = self.open_until.is_some() || self.is_disabled();
        let counts = if was_shut { Vec::new() } else { std::mem::take(&mut self.counts) };
        *self = Self { counts, ..Self::default() };
        self.count(1, 0, now);
        if was_shut { Change::Closed } else { Change::None }
    }

    /// Opens or gives up where it is time to.
    fn note_failure(&mut self, now: Timestamp) -> Change {
        self.count(0, 1, now);
        let since = *self.failing_since.get_or_insert(now);
        let (succeeded, failed) = self.counts.iter().fold((0, 0), |sum, count| (sum.0 + count.1, sum.1 + count.2));
        let all = succeeded + failed;
        let opens = self.open_until.is_some() || (all >= FEWEST_RESULTS && failed * 100 >= all * FAILED_PERCENT);
        if opens {
            self.open_until = Some(now.plus_ms(OPEN_MS));
        }
        if !self.is_disabled() && now.ms_since(since) >= DISABLED_AFTER_MS {
            self.disabled_at = Some(now);
            return Change::Disabled;
        }
        if opens { Change::Opened } else { Change::None }
    }

    /// Counts results, and forgets those that are too old.
    fn count(&mut self, succeeded: u32, failed: u32, now: Timestamp) {
        self.counts.retain(|count| now.ms_since(count.0) < WINDOW_MS);
        match self.counts.last_mut() {
            Some(last) if last.0.as_ms() / COUNT_MS == now.as_ms() / COUNT_MS => {
                *last = Count(now, last.1 + succeeded, last.2 + failed);
            }
            _ => self.counts.push(Count(now, succeeded, failed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000 + second)
    }

    /// Notes results one second apart, and returns the last change.
    fn run(breaker: &mut Breaker, from: u64, results: &str) -> Change {
        let mut change = Change::None;
        for (second, result) in (from..).zip(results.chars()) {
            change = breaker.note(result == '.', at(second));
        }
        change
    }

    #[test]
    fn it_opens_at_seven_failures_of_ten() {
        for (results, opens) in [
            ("xxxxxxxxx", false),
            ("xxxxxxxxxx", true),
            ("...xxxxxx", false),
            ("...xxxxxxx", true),
            ("....xxxxxx", false),
            ("....xxxxxxxxx", false),
            ("....xxxxxxxxxx", true),
        ] {
            let mut breaker = Breaker::default();
            let change = run(&mut breaker, 0, results);
            assert_eq!(change == Change::Opened, opens, "{results}");
            let last = at(u64::try_from(results.len()).unwrap() - 1);
            assert_eq!(breaker.next(last), if opens { last.plus_ms(60_000) } else { last }, "{results}");
        }
    }

    #[test]
    fn results_older_than_five_minutes_count_no_more() {
        let mut breaker = Breaker::default();
        run(&mut breaker, 0, "xxxxxxxxx");
        assert_eq!(run(&mut breaker, 320, "x"), Change::None);
        assert_eq!(run(&mut breaker, 321, "xxxxxxxx"), Change::None);
        assert_eq!(run(&mut breaker, 329, "x"), Change::Opened);
    }

    #[test]
    fn one_probe_after_a_minute_decides() {
        let mut breaker = Breaker::default();
        run(&mut breaker, 0, "xxxxxxxxxx");
        assert_eq!(breaker.next(at(69)), at(69));
        assert_eq!(breaker.note(false, at(70)), Change::Opened);
        assert_eq!(breaker.next(at(70)), at(130));
        assert_eq!(breaker.note(true, at(130)), Change::Closed);
        assert_eq!(breaker.next(at(130)), at(130));
        assert_eq!(run(&mut breaker, 131, "xxx"), Change::None, "what was before the success is forgotten");
    }

    #[test]
    fn five_days_without_a_success_disable_it_and_a_success_enables_it() {
        let mut breaker = Breaker::default();
        for day in 0..5 {
            assert_eq!(breaker.note(false, at(day * DAY)), Change::None);
        }
        assert_eq!(breaker.failing_since(), Some(at(0)));
        assert_eq!(breaker.note(false, at(5 * DAY)), Change::Disabled);
        assert_eq!(breaker.note(false, at(5 * DAY + 1)), Change::None, "it is disabled once");
        assert!(breaker.is_disabled());
        assert_eq!(breaker.note(true, at(6 * DAY)), Change::Closed);
        assert!(!breaker.is_disabled());
        assert_eq!(breaker.note(false, at(11 * DAY)), Change::None);
    }

    #[test]
    fn a_success_in_between_starts_the_five_days_anew() {
        let mut breaker = Breaker::default();
        breaker.note(false, at(0));
        breaker.note(true, at(4 * DAY));
        breaker.note(false, at(4 * DAY + 1));
        assert_eq!(breaker.note(false, at(9 * DAY)), Change::None);
        assert_eq!(breaker.note(false, at(9 * DAY + 1)), Change::Disabled);
    }

    #[test]
    fn trouble_is_told_of_once_until_a_success() {
        let mut breaker = Breaker::default();
        breaker.note(false, at(0));
        assert!(breaker.tell());
        assert!(!breaker.tell());
        breaker.note(false, at(1));
        assert!(!breaker.tell());
        breaker.note(true, at(2));
        assert!(breaker.tell());
    }

    #[test]
    fn the_note_stays_small_and_comes_back() {
        let mut breaker = Breaker::default();
        for second in 0..2_000 {
            breaker.note(second % 2 == 0, at(second));
        }
        let json = serde_json::to_string(&breaker).unwrap();
        assert!(json.len() < 600, "{json}");
        assert_eq!(serde_json::from_str::<Breaker>(&json).unwrap(), breaker);
        assert_eq!(serde_json::to_string(&Breaker::default()).unwrap(), "{}");
    }

    #[test]
    fn what_is_gone_is_disabled_at_once_until_a_success() {
        let mut breaker = Breaker::default();
        assert_eq!(breaker.disable(at(0)), Change::Disabled);
        assert_eq!((breaker.disable(at(1)), breaker.is_disabled()), (Change::None, true), "it is disabled once");
        assert_eq!((breaker.note(true, at(2)), breaker.is_disabled()), (Change::Closed, false));
    }
}
