//! Cron expressions of five fields: minute, hour, day of the month, month and day of the week.

use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, Weekday};
use jiff::civil::date;

/// The longest expression, in bytes.
const MOST_BYTES: usize = 200;

/// How to write one.
const FIX: &str = "write minute, hour, day of the month, month and day of the week: `0 9 * * 1-5`";

/// What a field is, and how it is written.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59, such as `0`, `0,30` or `*/15`"),
    ("hour", "0 to 23, such as `9`, `9-17` or `*/2`"),
    ("day of the month", "1 to 31, such as `1`, `L` for the last day or `15W` for the weekday nearest it"),
    ("month", "1 to 12, such as `1`, `1-6` or `JAN`"),
    ("day of the week", "0 to 7, Sunday being both, such as `1-5`, `MON`, `1#2` or `5L`"),
];

/// From which field on names stand for numbers; letters have a meaning in the days alone.
const NAMED_FROM: usize = 2;

/// The nicknames of expressions (crontab(5)).
const NICKNAMES: [&str; 6] = ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"];

/// Years that have each calendar, of which there are 14: what comes in none of them never comes.
const YEARS: std::ops::Range<i16> = 2024..2052;

/// Reads an expression; also nicknames such as `@daily`, and `L`, `W` and `#`. The error says what is wrong, and how to
/// write it.
pub(super) fn parse(expression: &str) -> Result<Cron, String> {
    if expression.len() > MOST_BYTES {
        return Err(format!("a cron expression has {MOST_BYTES} characters at most; {FIX}"));
    }
    if !expression.is_ascii() {
        return Err(format!("a cron expression has no other characters than a plain keyboard's; {FIX}"));
    }
    let fields: Vec<_> = expression.split_ascii_whitespace().collect();
    match fields.as_slice() {
        [nickname] if NICKNAMES.iter().any(|known| known.eq_ignore_ascii_case(nickname)) => {}
        [nickname] if nickname.starts_with('@') => {
            return Err(format!("nicknames are {}; else {FIX}", NICKNAMES.join(", ")));
        }
        [_, _, _, _, _] => {}
        [_, _, _, _, _, _] => {
            return Err(format!("it has six fields; due times are at whole minutes, so leave out the seconds: {FIX}"));
        }
        other => return Err(format!("it has {} of five fields; {FIX}", other.len())),
    }
    // croner passes over empty parts, and reads names wherever they stand.
    let is_named = |place, field: &str| place < NAMED_FROM && field.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_odd = |place, field: &str| is_named(place, field) || field.split(',').any(str::is_empty);
    let has_odd = fields.len() == FIELDS.len() && fields.iter().enumerate().any(|(place, field)| is_odd(place, field));
    if let Some(cron) = parsed(expression).filter(|_| !has_odd) {
        return Ok(cron);
    }
    let is_wrong = |place, field: &str| {
        let alone: Vec<_> = (0..FIELDS.len()).map(|other| if other == place { field } else { "*" }).collect();
        is_odd(place, field) || parsed(&alone.join(" ")).is_none()
    };
    let mut named = fields.iter().zip(FIELDS).enumerate();
    let wrong = named.find(|(place, (field, _))| is_wrong(*place, field));
    Err(match wrong {
        Some((_, (field, (name, example)))) => format!("the {name} `{}` is wrong: {example}", field.escape_debug()),
        None => format!("not a cron expression; {FIX}"),
    })
}

/// Reads an expression that comes at some time.
pub(super) fn check(expression: &str) -> Result<(), String> {
    let cron = parse(expression)?;
    let mut days =
        YEARS.flat_map(|year| date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(move |d| d.year() == year));
    let comes = |day: jiff::civil::Date| {
        let (year, month, number) =
            (i32::from(day.year()), u32::from(day.month().unsigned_abs()), day.day().unsigned_abs());
        let weekday = Weekday::from_days_from_sunday(u32::from(day.weekday().to_sunday_zero_offset().unsigned_abs()));
        let is_month = cron.pattern.month_match(month).unwrap_or(false);
        is_month && cron.pattern.day_match(year, month, u32::from(number), weekday).unwrap_or(false)
    };
    let never = || {
        let what = expression.trim();
        format!("it never comes: no month has the day that `{what}` asks for; for a month's last day write `0 9 L * *`")
    };
    days.any(comes).then_some(()).ok_or_else(never)
}

/// Whether an expression goes by elapsed time: its hour begins with `*`, so it names no time of the day.
pub(super) fn is_elapsed(cron: &Cron) -> bool {
    cron.pattern.as_str().split_ascii_whitespace().nth(1).is_some_and(|hour| hour.starts_with('*'))
}

/// What croner makes of an expression of five fields, or of a nickname.
fn parsed(expression: &str) -> Option<Cron> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(expression).ok()
}
