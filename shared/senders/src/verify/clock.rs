//! When a request was signed, and whether that is now.

use super::Refusal;
use crate::sender::{Clock, Unit};
use crate::time::Timestamp;

/// Refuses a request signed too long ago, or too far ahead; `name` is where the moment was found.
pub(super) fn check(clock: &Clock, text: &str, name: &'static str, now: Timestamp) -> Result<(), Refusal> {
    let signed_at = read(clock.unit, text).ok_or(Refusal::Malformed(name))?;
    let ours = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
    let off = ours.saturating_sub(signed_at);
    if off.unsigned_abs() > clock.tolerance_seconds { Err(Refusal::Stale(off)) } else { Ok(()) }
}

/// Reads a moment as Unix seconds.
fn read(unit: Unit, text: &str) -> Option<i64> {
    match unit {
        Unit::Seconds => digits(text),
        Unit::Milliseconds => digits(text).map(|ms| ms / 1000),
        Unit::Iso8601 => text.parse::<jiff::Timestamp>().ok().or_else(|| in_utc(text)).map(jiff::Timestamp::as_second),
        Unit::HttpDate => jiff::fmt::rfc2822::parse(text).ok().map(|moment| moment.timestamp().as_second()),
    }
}

/// Reads a moment that names no time zone, which is one in UTC.
fn in_utc(text: &str) -> Option<jiff::Timestamp> {
    let moment = text.parse::<jiff::civil::DateTime>().ok()?;
    moment.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|moment| moment.timestamp())
}

/// Reads a whole number: digits alone, no sign, no space, no fraction.
fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Writes a moment, as [`read`] reads it.
pub(crate) fn write(unit: Unit, now: Timestamp) -> String {
    match unit {
        Unit::Seconds => now.as_seconds().to_string(),
        Unit::Milliseconds => now.as_ms().to_string(),
        Unit::Iso8601 => now.rfc3339(),
        Unit::HttpDate => {
            let seconds = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
            let moment = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
            jiff::fmt::rfc2822::to_string(&moment.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_a_time_zone_and_without() {
        for text in
            ["2023-11-14T22:13:20Z", "2023-11-14T23:13:20.5+01:00", "2023-11-14T22:13:20.007", "2023-11-14T22:13:20"]
        {
            assert_eq!(read(Unit::Iso8601, text), Some(1_700_000_000), "{text}");
        }
        for bad in ["", "2023", "22:13:20", "1700000000", "2023-11-14T22:13:20 octo"] {
            assert_eq!(read(Unit::Iso8601, bad), None, "{bad}");
        }
    }
}
