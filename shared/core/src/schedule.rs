//! Schedules: when a job is due.
//!
//! A schedule with local times, `daily` or `cron`, is one of clocks on a wall: a time that daylight saving leaves out is due
//! at the first valid instant after it, one that it shows twice is due the first time, and times that fall on one instant are
//! due once, for the latest of them. Which of them come next goes by what the clock showed last, not by the instant, so that
//! a changed zone database neither doubles a day nor loses one.
//!
//! A cron expression whose hour begins with `*` names no time of the day (`0 * * * *`, `30 */2 * * *`) and goes by elapsed
//! time, as in Debian's cron: it is due whenever the clock shows what it says, both times through an hour that is shown
//! twice, and has nothing to make up for in one that is left out. Any other hour is a time of the day, whatever the minute
//! is: where 02:00 to 03:00 is left out, `*/15 2 * * *` is due once, at 03:00. (Debian's cron takes a minute that begins with
//! `*` for elapsed time too.)
//!
//! Where an expression names both a day of the month and a day of the week, either will do (crontab(5)), unless one of them
//! is `*`; `*/2` names days. `0 0 31 * *` leaves out the months that have no 31st, and `0 0 29 2 *` all years that are no
//! leap years, eight of them in a row around 2100; an expression that never comes is refused.

mod cron;
mod local;
mod plain;
mod spec;
mod words;
mod zone;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use local::{Clock, Shows};

pub use plain::{at, duration, every};
pub use spec::ScheduleSpec;
pub use zone::zone;

/// When a job is due; stored as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Schedule {
    /// At a moment.
    Once {
        /// The moment.
        #[serde(rename = "once", with = "rfc3339")]
        at: Timestamp,
    },
    /// Every so many seconds after it begins.
    Every {
        /// How many.
        #[serde(rename = "every_seconds")]
        seconds: u64,
    },
    /// Each day at these times of a zone.
    Daily {
        /// The times, `09:00`, in their order.
        #[serde(rename = "daily")]
        times: Vec<String>,
        /// The zone.
        timezone: String,
    },
    /// Whenever a cron expression holds in a zone.
    Cron {
        /// The expression.
        #[serde(rename = "cron")]
        expression: String,
        /// The zone.
        timezone: String,
    },
}

/// One due time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// When it is.
    pub at: Timestamp,
    /// What the clock is to show, `2027-03-28T02:30:00`; `None` where the schedule goes by elapsed time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
}

impl Schedule {
    /// The first due time at a moment or after it. Intervals are counted from `anchor`, which is not due itself.
    pub fn first(&self, from: Timestamp, anchor: Timestamp) -> Option<Due> {
        match self {
            Self::Once { at } => (*at >= from).then_some(Due { at: *at, local: None }),
            Self::Every { seconds } => {
                let step = seconds.checked_mul(1000).filter(|step| *step > 0)?;
                let steps = from.ms_since(anchor).div_ceil(step).max(1);
                Some(Due { at: anchor.plus_ms(steps.saturating_mul(step)), local: None })
            }
            Self::Daily { .. } | Self::Cron { .. } => self.clock()?.first(from),
        }
    }

    /// The due time after another one of this schedule.
    pub fn next(&self, last: &Due, anchor: Timestamp) -> Option<Due> {
        match self {
            Self::Once { .. } => None,
            Self::Every { .. } => self.first(last.at.plus_ms(1), anchor),
            Self::Daily { .. } | Self::Cron { .. } => self.clock()?.next(last),
        }
    }

    /// The last due time after another one, at `until` or before, and how many there are, itself included. An interval is
    /// worked out; others are gone through, a week's minutes (10,080) at most. Where there are more, the count is 10,081,
    /// and the last one is searched for by halves.
    pub fn latest(&self, last: &Due, until: Timestamp, anchor: Timestamp) -> Option<(Due, u64)> {
        match self {
            Self::Once { .. } => None,
            Self::Every { seconds } => {
                let step = seconds.checked_mul(1000).filter(|step| *step > 0)?;
                let count = |moment: Timestamp| moment.ms_since(anchor) / step;
                let (before, now) = (count(last.at), count(until));
                let at = anchor.plus_ms(now.saturating_mul(step));
                (now > before).then(|| (Due { at, local: None }, now - before))
            }
            Self::Daily { .. } | Self::Cron { .. } => self.clock()?.latest(last, until),
        }
    }

    /// The zone of its local times.
    pub fn timezone(&self) -> Option<&str> {
        match self {
            Self::Once { .. } | Self::Every { .. } => None,
            Self::Daily { timezone, .. } | Self::Cron { timezone, .. } => Some(timezone),
        }
    }

    /// The schedule in words: `every 10 minutes`, `at 09:00, Monday through Friday (Europe/Berlin)`.
    pub fn words(&self) -> String {
        match self {
            Self::Once { at } => format!("once, on {}", plain::date_and_time(*at)),
            Self::Every { seconds } => format!("every {}", plain::stretch(*seconds)),
            Self::Daily { times, timezone } => format!("every day at {} ({timezone})", times.join(", ")),
            Self::Cron { expression, timezone } => {
                let words = cron::parse(expression).map(|cron| words::of(&cron)).unwrap_or_else(|_| expression.clone());
                format!("{words} ({timezone})")
            }
        }
    }

    /// Its clock on the wall; `None` where it has none, or was stored by a version that knew more.
    fn clock(&self) -> Option<Clock> {
        let (timezone, shows) = match self {
            Self::Once { .. } | Self::Every { .. } => return None,
            Self::Daily { times, timezone } => (timezone, Shows::daily(times)?),
            Self::Cron { expression, timezone } => (timezone, Shows::cron(expression)?),
        };
        Some(Clock { zone: zone::time_zone(timezone)?, shows })
    }
}

/// Moments as RFC 3339 writes them.
mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::time::Timestamp;

    /// Writes a moment.
    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.rfc3339())
    }

    /// Reads a moment.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::from_rfc3339(&text).ok_or_else(|| de::Error::custom("not a moment in RFC 3339"))
    }
}
