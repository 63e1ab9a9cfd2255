//! Schedules as people say them at a command line.

use jiff::civil::DateTime;

use super::spec::time;
use super::{ScheduleSpec, zone};
use crate::time::Timestamp;

/// The units of a stretch of time, the longest first, in seconds.
const UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];

/// The days of the week, as cron counts them.
const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// How many characters of what someone wrote are shown in an error.
const MOST_QUOTED: usize = 40;

/// What may be said.
const FORMS: &str = "write `10 minutes`, `hour`, `day 09:00,17:30`, `weekday 09:00`, `monday 08:00` or `month 1 09:00`";

/// Reads how often: `10 minutes`, `hour`, `day 09:00,17:30`, `weekday 09:00`, `monday,thursday 08:00` or `month 1 09:00`.
///
/// `hour` is each full hour of the clock; a number of units is an interval.
pub fn every(text: &str) -> Result<ScheduleSpec, String> {
    let text = text.trim().to_ascii_lowercase();
    let words: Vec<_> = text.split_whitespace().collect();
    let cron = |expression: String| ScheduleSpec { cron: Some(expression), ..ScheduleSpec::default() };
    let unknown = || FORMS.to_owned();
    match words.as_slice() {
        ["minute"] => Ok(cron("* * * * *".to_owned())),
        ["hour"] => Ok(cron("0 * * * *".to_owned())),
        ["day", times] => {
            let daily = times.split(',').map(time).collect::<Result<_, _>>()?;
            Ok(ScheduleSpec { daily: Some(daily), ..ScheduleSpec::default() })
        }
        ["month", day, at] => {
            let day = day.parse::<u8>().ok().filter(|day| (1..=31).contains(day)).ok_or_else(unknown)?;
            Ok(cron(format!("{} {day} * *", moment(at)?)))
        }
        [days, at] if at.contains(':') => {
            let days = match *days {
                "weekday" => "1-5".to_owned(),
                "weekend" => "0,6".to_owned(),
                days => {
                    let number = |name: &str| DAYS.iter().position(|day| *day == name).map(|day| day.to_string());
                    days.split(',').map(number).collect::<Option<Vec<_>>>().ok_or_else(unknown)?.join(",")
                }
            };
            Ok(cron(format!("{} * * {days}", moment(at)?)))
        }
        _ => {
            let seconds = duration(&text).map_err(|_| FORMS.to_owned())?;
            Ok(ScheduleSpec { every_seconds: Some(seconds), ..ScheduleSpec::default() })
        }
    }
}

/// The minute and the hour of a time of the day, as cron writes them.
fn moment(text: &str) -> Result<String, String> {
    let time = time(text)?;
    let (hour, minute) = time.split_once(':').unwrap_or_default();
    let number = |text: &str| text.parse::<u8>().unwrap_or_default();
    Ok(format!("{} {}", number(minute), number(hour)))
}

/// Reads a stretch of time: `2h`, `90m`, `1d 4h`, `10 minutes`; in seconds.
pub fn duration(text: &str) -> Result<u64, String> {
    let wrong = || "write a stretch of time such as `45s`, `90m`, `2h` or `1d 4h`".to_owned();
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let (_, worth) = UNITS
            .iter()
            .find(|(name, _)| {
                unit == *name || unit.strip_suffix('s') == Some(name) || (unit.len() == 1 && name.starts_with(unit))
            })
            .ok_or_else(wrong)?;
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*worth)).ok_or_else(wrong)?;
        seconds = seconds.checked_add(part).ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    if seconds == 0 { Err(wrong()) } else { Ok(seconds) }
}

/// Reads a moment: `2027-01-31 09:00` as a zone's clock shows it, or RFC 3339. A time that the clock leaves out is the first
/// instant after it, one that it shows twice the first of the two.
pub fn at(text: &str, timezone: &str) -> Result<Timestamp, String> {
    if let Some(at) = Timestamp::from_rfc3339(text.trim()) {
        return Ok(at);
    }
    let wrong = || {
        format!(
            "`{}` is no moment: write `2027-01-31 09:00`, or with its offset `2027-01-31T09:00:00+01:00`",
            quoted(text)
        )
    };
    let shown: DateTime = text.trim().parse().ok().filter(|_| text.contains(':')).ok_or_else(wrong)?;
    let zone = zone::time_zone(&zone::zone(timezone)?).ok_or_else(wrong)?;
    zone::instant(&zone, shown).ok_or_else(|| format!("`{}` is before 1970 or too far ahead", quoted(text)))
}

/// The beginning of a text that someone wrote, as it is shown in an error.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(MOST_QUOTED).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST_QUOTED).is_some() {
        shown.push('…');
    }
    shown
}

/// A moment in words: `2027-01-31 at 08:00 UTC`.
pub(super) fn date_and_time(at: Timestamp) -> String {
    let text = at.rfc3339();
    let Some((date, time)) = text.split_once('T') else { return text };
    let time = time.split_once('.').map_or(time, |(time, _)| time);
    format!("{date} at {} UTC", time.strip_suffix(":00").unwrap_or(time))
}

/// A stretch of time in words: `2 hours`, `1 day 30 minutes`.
pub(super) fn stretch(seconds: u64) -> String {
    let mut rest = seconds;
    let mut words = Vec::new();
    for (name, worth) in UNITS {
        match rest / worth {
            0 => {}
            1 if seconds == worth => return name.to_owned(),
            1 => words.push(format!("1 {name}")),
            number => words.push(format!("{number} {name}s")),
        }
        rest %= worth;
    }
    words.join(" ")
}
