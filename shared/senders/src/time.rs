//! Moments and their written form.

use serde::{Deserialize, Serialize};

/// How many milliseconds a day has.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A moment: milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment `ms` milliseconds after the Unix epoch.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// The moment `seconds` seconds after the Unix epoch.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The moment `ms` milliseconds later.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The milliseconds from `earlier` until this moment, 0 where `earlier` is not earlier.
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads a moment in RFC 3339, in any time zone; `None` where it is not one, or before 1970.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(moment.as_millisecond()).ok().map(Self)
    }

    /// Reads a moment as HTTP headers write it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`; `None` where it is
    /// not one, or before 1970.
    pub fn from_http_date(text: &str) -> Option<Self> {
        let moment = jiff::fmt::rfc2822::parse(text).ok()?;
        u64::try_from(moment.timestamp().as_second()).ok().map(Self::from_seconds)
    }

    /// The moment in RFC 3339, UTC, with milliseconds: `2026-11-21T03:24:00.000Z`.
    pub fn rfc3339(self) -> String {
        let ms = i64::try_from(self.0).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_millisecond(ms) {
            Ok(moment) => format!("{moment:.3}"),
            Err(_) => format!("{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_rfc3339_with_milliseconds() {
        assert_eq!(Timestamp::from_ms(1_700_000_000_007).rfc3339(), "2023-11-14T22:13:20.007Z");
        assert_eq!(Timestamp::from_seconds(0).rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_ms(u64::MAX).rfc3339(), "18446744073709551615ms");
    }

    #[test]
    fn read_from_rfc3339_in_any_time_zone() {
        let moment = Timestamp::from_ms(1_700_000_000_007);
        for text in ["2023-11-14T22:13:20.007Z", "2023-11-14T23:13:20.007+01:00"] {
            assert_eq!(Timestamp::from_rfc3339(text), Some(moment), "{text}");
        }
        for bad in ["", "yesterday", "2023-11-14", "1960-01-01T00:00:00Z", "2023-13-14T22:13:20Z"] {
            assert_eq!(Timestamp::from_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn differences_never_wrap() {
        let early = Timestamp::from_ms(5);
        assert_eq!(early.ms_since(Timestamp::from_ms(9)), 0);
        assert_eq!(Timestamp::from_ms(u64::MAX).plus_ms(1), Timestamp::from_ms(u64::MAX));
    }
}
