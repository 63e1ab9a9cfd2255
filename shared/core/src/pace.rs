//! How fast a destination may be called.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What a pace is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A chat with one person: 1 message a second.
    Chat,
    /// A group or channel: 1 message a second, 20 a minute.
    Group,
    /// The whole bot: 30 messages a second.
    Bot,
    /// A channel of Slack's: 1 message a second (<https://docs.slack.dev/apis/web-api/rate-limits>).
    Channel,
    /// A destination that is called as fast as its answers allow.
    Answers,
}

/// When the last messages of one scope went out, and until when none may: enough to say when the next one may.
///
/// It is kept in memory or as a stored row; it holds as many moments as the largest of its limits counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    scope: Scope,
    sent: Vec<Timestamp>,
    #[serde(default)]
    blocked_until: Timestamp,
}

/// So many messages in any stretch of so many milliseconds.
struct Limit {
    count: usize,
    window_ms: u64,
}

impl Scope {
    /// The scope of a chat: negative ids and `@names` are groups or channels.
    pub fn of_chat(chat: &str) -> Self {
        if chat.starts_with(['-', '@']) { Self::Group } else { Self::Chat }
    }

    /// The limits that hold together.
    const fn limits(self) -> &'static [Limit] {
        match self {
            Self::Chat | Self::Channel => &[Limit { count: 1, window_ms: 1_000 }],
            Self::Group => &[Limit { count: 1, window_ms: 1_000 }, Limit { count: 20, window_ms: 60_000 }],
            Self::Bot => &[Limit { count: 30, window_ms: 1_000 }],
            Self::Answers => &[],
        }
    }
}

impl Pace {
    /// The pace of a scope in which nothing was sent yet.
    pub const fn new(scope: Scope) -> Self {
        Self { scope, sent: Vec::new(), blocked_until: Timestamp::from_ms(0) }
    }

    /// When the next message may go out: `now` or later.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        let mut next = now.max(self.blocked_until);
        for limit in self.scope.limits() {
            let oldest = self.sent.len().checked_sub(limit.count).and_then(|at| self.sent.get(at));
            if let Some(oldest) = oldest {
                next = next.max(oldest.plus_ms(limit.window_ms));
            }
        }
        next
    }

    /// Notes that a message went out at `now`. To be on the safe side, that is when its answer came.
    pub fn sent(&mut self, now: Timestamp) {
        // A clock that was set back must not make the list unsorted.
        let last = self.sent.last().copied().unwrap_or_default();
        self.sent.push(now.max(last));
        let kept = self.scope.limits().iter().map(|limit| limit.count).max().unwrap_or_default();
        self.sent.drain(..self.sent.len().saturating_sub(kept));
    }

    /// Reserves the next moment a message may go out, so that several workers can share the pace.
    pub fn claim(&mut self, now: Timestamp) -> Timestamp {
        let next = self.next(now);
        self.sent(next);
        next
    }

    /// Lets nothing out before `until`.
    pub fn block(&mut self, until: Timestamp) {
        self.blocked_until = self.blocked_until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends as fast as the pace allows and returns when, in milliseconds.
    fn run(scope: Scope, messages: usize) -> Vec<u64> {
        let mut pace = Pace::new(scope);
        let start = Timestamp::from_ms(0);
        (0..messages).map(|_| pace.claim(start).as_ms()).collect()
    }

    #[test]
    fn no_limit_is_passed_and_no_time_is_lost() {
        assert_eq!(run(Scope::Chat, 4), [0, 1_000, 2_000, 3_000]);
        let group = run(Scope::Group, 45);
        assert_eq!((group[19], group[20], group[21], group[40]), (19_000, 60_000, 61_000, 120_000));
        let bot = run(Scope::Bot, 61);
        assert_eq!((bot[29], bot[30], bot[60]), (0, 1_000, 2_000));
        for (scope, moments) in [(Scope::Group, group), (Scope::Bot, bot)] {
            for limit in scope.limits() {
                let windows = moments.windows(limit.count + 1);
                assert!(windows.into_iter().all(|window| window[limit.count] - window[0] >= limit.window_ms));
            }
        }
    }

    #[test]
    fn a_block_holds_until_its_end_and_is_never_shortened() {
        let mut pace = Pace::new(Scope::Bot);
        pace.block(Timestamp::from_seconds(60));
        pace.block(Timestamp::from_seconds(5));
        assert_eq!(pace.next(Timestamp::from_seconds(1)), Timestamp::from_seconds(60));
        assert_eq!(pace.next(Timestamp::from_seconds(61)), Timestamp::from_seconds(61));
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_pace() {
        let mut pace = Pace::new(Scope::Chat);
        pace.sent(Timestamp::from_seconds(100));
        pace.sent(Timestamp::from_seconds(50));
        assert_eq!(pace.next(Timestamp::from_seconds(50)), Timestamp::from_seconds(101));
    }

    #[test]
    fn groups_and_channels_are_told_from_people() {
        assert_eq!(Scope::of_chat("123"), Scope::Chat);
        assert_eq!(Scope::of_chat("-100123"), Scope::Group);
        assert_eq!(Scope::of_chat("@news"), Scope::Group);
    }

    #[test]
    fn a_stored_row_is_small_and_comes_back() {
        let mut pace = Pace::new(Scope::Group);
        for second in 0..100 {
            pace.sent(Timestamp::from_seconds(1_700_000_000 + second));
        }
        let row = serde_json::to_string(&pace).unwrap();
        assert!(row.len() < 400, "{row}");
        assert_eq!(serde_json::from_str::<Pace>(&row).unwrap(), pace);
    }
}
