//! Moments and lengths of time.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::super::kinds::Kinds;
use super::super::value::Value;
use super::Form::Method;
use super::{Function, Trouble};

/// What most of these take: a moment, and the time zone that it is looked at in.
const IN_ZONE: &[Kinds] = &[Kinds::TIME, Kinds::TEXT];

/// What those take that a length of time has too.
const EITHER: &[Kinds] = &[Kinds::TIME.or(Kinds::DURATION), Kinds::TEXT];

pub(super) const ALL: &[Function] = &[
    Function::new("getFullYear", Method, IN_ZONE, Kinds::INT, |_, args| part(args, |at| i64::from(at.year())))
        .optional(1),
    Function::new("getMonth", Method, IN_ZONE, Kinds::INT, |_, args| part(args, |at| i64::from(at.month()) - 1))
        .optional(1),
    Function::new("getDate", Method, IN_ZONE, Kinds::INT, |_, args| part(args, |at| i64::from(at.day()))).optional(1),
    Function::new("getDayOfMonth", Method, IN_ZONE, Kinds::INT, |_, args| part(args, |at| i64::from(at.day()) - 1))
        .optional(1),
    Function::new("getDayOfWeek", Method, IN_ZONE, Kinds::INT, |_, args| {
        part(args, |at| i64::from(at.weekday().to_sunday_zero_offset()))
    })
    .optional(1),
    Function::new("getDayOfYear", Method, IN_ZONE, Kinds::INT, |_, args| {
        part(args, |at| i64::from(at.day_of_year()) - 1)
    })
    .optional(1),
    Function::new("getHours", Method, EITHER, Kinds::INT, |_, args| {
        clock(args, |span| span.as_secs() / 3600, |at| i64::from(at.hour()))
    })
    .optional(1),
    Function::new("getMinutes", Method, EITHER, Kinds::INT, |_, args| {
        clock(args, |span| span.as_secs() / 60, |at| i64::from(at.minute()))
    })
    .optional(1),
    Function::new("getSeconds", Method, EITHER, Kinds::INT, |_, args| {
        clock(args, SignedDuration::as_secs, |at| i64::from(at.second()))
    })
    .optional(1),
    Function::new("getMilliseconds", Method, EITHER, Kinds::INT, |_, args| {
        clock(args, |span| i64::from(span.subsec_millis()), |at| i64::from(at.millisecond()))
    })
    .optional(1),
];

/// A part of a moment, in UTC or in the zone of the second argument.
fn part<'a>(args: &[Value<'a>], of: impl Fn(&Zoned) -> i64) -> Result<Value<'a>, Trouble> {
    let zone = match args.get(1).and_then(Value::as_str) {
        None => TimeZone::UTC,
        Some(name) => zone(name).ok_or(Trouble::Wrong("a time zone is `UTC` or an offset such as `+02:00`"))?,
    };
    match args.first() {
        Some(Value::Time(time)) => Ok(Value::Int(of(&time.to_zoned(zone)))),
        _ => Ok(Value::Null),
    }
}

/// A part of a moment, or what a length of time comes to.
fn clock<'a>(
    args: &[Value<'a>],
    of_span: impl Fn(&SignedDuration) -> i64,
    of_time: impl Fn(&Zoned) -> i64,
) -> Result<Value<'a>, Trouble> {
    match args {
        [Value::Duration(span)] => Ok(Value::Int(of_span(span))),
        [Value::Duration(_), ..] => Err(Trouble::Wrong("a duration has no time zone")),
        args => part(args, of_time),
    }
}

/// A time zone: `UTC`, or an offset such as `+02:00` or `-5:30`.
pub(in crate::filter::cel) fn zone(name: &str) -> Option<TimeZone> {
    if matches!(name, "UTC" | "Z" | "Etc/UTC" | "GMT") {
        return Some(TimeZone::UTC);
    }
    let (sign, rest) = match name.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, name.strip_prefix('+').unwrap_or(name)),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|minutes| *minutes < 60)?);
    let seconds = hours.checked_mul(3600)?.checked_add(minutes * 60)?;
    Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}

/// A moment as RFC 3339 writes it.
pub(in crate::filter::cel) fn read_time(text: &str) -> Option<Timestamp> {
    let is_plain = text.len() <= 64 && text.as_bytes().get(10).is_some_and(|mark| matches!(mark, b'T' | b't' | b' '));
    text.parse().ok().filter(|_| is_plain && !text.contains('[')).and_then(within_years)
}

/// A moment, where it lies in the years that the language has, which begin with the first.
pub(in crate::filter::cel) fn within_years(time: Timestamp) -> Option<Timestamp> {
    /// 0001-01-01T00:00:00Z
    const FIRST: i64 = -62_135_596_800;
    (time.as_second() >= FIRST && (time.as_second() > FIRST || time.subsec_nanosecond() >= 0)).then_some(time)
}

/// A length of time: numbers with units, `1h30m`, `-1.5s`, `250ms`.
pub(in crate::filter::cel) fn read_duration(text: &str) -> Option<SignedDuration> {
    const UNITS: [(&str, i128); 7] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0)?;
        let (number, unit) = rest.split_at(end);
        let length = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == &unit[..length])?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        // Nine digits are the nanoseconds of the largest unit that needs them.
        let fraction = fraction.get(..fraction.len().min(12))?;
        let digits = u32::try_from(fraction.len()).ok()?;
        let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        let part = part.checked_mul(*scale)? / 10i128.pow(digits);
        total = total.checked_add(whole.checked_mul(*scale)?)?.checked_add(part)?;
        rest = &unit[length..];
    }
    between(sign * total)
}

/// A length of time from nanoseconds; one that is longer than the language's years has none.
pub(in crate::filter::cel) fn between(nanoseconds: i128) -> Option<SignedDuration> {
    /// The longest one, as protocol buffers have it: ten thousand years.
    const LONGEST: i128 = 315_576_000_000 * 1_000_000_000;
    if nanoseconds.abs() > LONGEST {
        return None;
    }
    let seconds = i64::try_from(nanoseconds / 1_000_000_000).ok()?;
    Some(SignedDuration::new(seconds, i32::try_from(nanoseconds % 1_000_000_000).ok()?))
}

/// A length of time in seconds, as the language writes it: `5400s`, `1.5s`.
pub(super) fn duration_text(duration: SignedDuration) -> String {
    let nanoseconds = duration.subsec_nanos().unsigned_abs();
    let sign = if duration.is_negative() { "-" } else { "" };
    let fraction = format!("{nanoseconds:09}");
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{fraction}s", duration.as_secs().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, written) in [
            ("90s", Some("90s")),
            ("1h30m", Some("5400s")),
            ("1.5h", Some("5400s")),
            ("-1.5s", Some("-1.5s")),
            ("250ms", Some("0.25s")),
            ("1us", Some("0.000001s")),
            ("3ns", Some("0.000000003s")),
            (".5s", Some("0.5s")),
            ("0", Some("0s")),
            ("", None),
            ("1", None),
            ("1d", None),
            ("s", None),
            (".s", None),
            ("1.2.3s", None),
            ("999999999999999999h", None),
        ] {
            assert_eq!(read_duration(text).map(duration_text).as_deref(), written, "{text}");
        }
    }

    #[test]
    fn zones_are_offsets() {
        for (name, seconds) in
            [("UTC", Some(0)), ("+02:00", Some(7200)), ("-5:30", Some(-19800)), ("02:00", Some(7200))]
        {
            let offset = zone(name).map(|zone| zone.to_offset(Timestamp::UNIX_EPOCH).seconds());
            assert_eq!(offset, seconds, "{name}");
        }
        for name in ["Europe/Berlin", "", "+2", "+99:00", "+02:60", "+-2:00"] {
            assert!(zone(name).is_none(), "{name}");
        }
    }
}
