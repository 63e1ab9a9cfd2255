//! Filters that put values into words.

use minijinja::value::Rest;
use minijinja::{State, Value};

use super::text;
use crate::telegram::beginning;

/// Unix times from here on are counted in milliseconds, not in seconds.
const FIRST_MS: i64 = 100_000_000_000;

/// The longest name of a kind or a state that is shown, in characters.
const LONGEST_NAME: usize = 100;

/// At most `length` characters as people count them, the last of them `…` where something was cut off.
///
/// A flag, a family or a letter with its accents is one character and is never cut.
pub(super) fn truncate(text: &str, length: usize) -> String {
    // No text has more characters than bytes.
    if text.len() <= length || beginning(text, length).len() == text.len() {
        return text.to_owned();
    }
    beginning(text, length.saturating_sub(1)).trim_end().to_owned() + "…"
}

/// The first line that says something.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

/// A name from a program as words: `merge_request`, `orders/create`, `IN_PROGRESS` and `addMember` lose their marks.
pub(super) fn words(name: &str) -> String {
    let shouted = !name.chars().any(char::is_lowercase);
    let mut words = String::with_capacity(name.len() + 4);
    let mut after_small = false;
    for c in name.chars() {
        match c {
            _ if c.is_whitespace() || matches!(c, '_' | '.' | '/' | ':' | '-') => words.push(' '),
            _ if c.is_uppercase() && after_small && !shouted => {
                words.push(' ');
                words.extend(c.to_lowercase());
            }
            _ if shouted => words.extend(c.to_lowercase()),
            _ => words.push(c),
        }
        after_small = c.is_lowercase();
    }
    truncate(&words.split_whitespace().collect::<Vec<_>>().join(" "), LONGEST_NAME)
}

/// The outcome of a build or a deployment in words that follow its name.
pub(super) fn verdict(outcome: &str) -> String {
    let words = match outcome.to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "successful" => "succeeded ✅",
        "passed" => "passed ✅",
        "failure" | "failed" | "error" | "errored" => "failed ❌",
        "timed_out" | "timedout" => "timed out ❌",
        "startup_failure" => "could not start ❌",
        "unstable" => "is unstable ⚠️",
        "cancelled" | "canceled" | "canceling" | "aborted" | "stopped" => "was cancelled",
        "skipped" => "was skipped",
        "stale" | "neutral" | "completed" => "ended",
        "action_required" | "on_hold" | "blocked" | "manual" => "needs someone ⚠️",
        "in_progress" | "inprogress" | "running" | "building" | "started" => "is running",
        "queued" | "requested" | "pending" | "waiting" | "created" | "scheduled" | "enqueued" => "is waiting",
        _ => return words(outcome),
    };
    words.to_owned()
}

/// A number and what it counts: `1 commit`, `2 commits`, `2 branches` where the plural is given.
pub(super) fn plural(count: &Value, one: &str, many: Option<&str>) -> String {
    let count = text(count);
    match (count.as_ref(), many) {
        ("", _) => String::new(),
        ("1", _) => format!("1 {one}"),
        (_, Some(many)) => format!("{count} {many}"),
        (_, None) => format!("{count} {one}s"),
    }
}

/// A moment for people, in UTC, from RFC 3339 or a Unix time in seconds or milliseconds; anything else as it stands.
pub(super) fn when(value: &Value) -> String {
    let written = text(value);
    moment(&written).map_or_else(|| written.into_owned(), |moment| moment.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// The Unix time in seconds of a moment that [`when`] can read; missing where it is none.
pub(super) fn unix_seconds(value: &Value) -> Value {
    moment(&text(value)).map_or(Value::UNDEFINED, |moment| Value::from(moment.as_second()))
}

/// The moment that a text names.
fn moment(written: &str) -> Option<jiff::Timestamp> {
    match written.trim().parse::<i64>() {
        Ok(number) if number.abs() >= FIRST_MS => jiff::Timestamp::from_millisecond(number).ok(),
        Ok(number) => jiff::Timestamp::from_second(number).ok(),
        Err(_) => written.trim().parse().ok(),
    }
}

/// A text without the first of these prefixes that it begins with; what stands further inside is left alone.
pub(super) fn without_prefix(state: &State<'_, '_>, value: &Value, prefixes: Rest<String>) -> String {
    let whole = super::shown(state, value);
    let rest = prefixes.iter().find_map(|prefix| whole.strip_prefix(prefix.as_str()));
    rest.unwrap_or(&whole).to_owned()
}

/// A text as one part of an address: all but letters, digits and `-._~` as `%` and two digits.
pub(super) fn url_encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
