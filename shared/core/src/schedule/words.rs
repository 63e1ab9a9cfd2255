//! Cron expressions in words.

use croner::Cron;

/// The days of the week as people say them, in the order in which cron counts them.
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// How many times of a day are listed at most; of more, it is said how they come about.
const MOST_LISTED: usize = 6;

/// An expression in words, which begin in lower case and end without a mark: `at 09:00, Monday through Friday`.
pub(super) fn of(cron: &Cron) -> String {
    let fields: Vec<_> = cron.pattern.as_str().split_ascii_whitespace().collect();
    let [minute, hour, day, ..] = fields.as_slice() else { return cron.pattern.as_str().to_owned() };
    let (minutes, hours) = (cron.pattern.minutes.values(), cron.pattern.hours.values());
    let times = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| format!("{hour:02}:{minute:02}")));
    let is_listed = !hour.starts_with('*') && hours.len() * minutes.len() <= MOST_LISTED;
    let time = if is_listed {
        format!("at {}", list(times.collect()))
    } else {
        format!("{}{}", of_minutes(minute, &minutes), of_hours(hour, &hours))
    };
    let days = of_days(cron, day);
    let each = if is_listed && (days.is_empty() || days.starts_with(", in ")) { "every day " } else { "" };
    format!("{each}{time}{days}")
}

/// The days in words, behind a comma; nothing where they are all days. They are croner's, but for runs of weekdays and for
/// `LW`, which it takes for `L`.
fn of_days(cron: &Cron, day: &str) -> String {
    let all = cron.describe();
    let rest = [", on ", ", in "].iter().filter_map(|start| all.find(start)).min().and_then(|start| all.get(start..));
    let mut words = rest.unwrap_or_default().trim_end_matches('.').to_owned();
    if day == "LW" {
        words = words.replace("the last day of the month", "the last weekday of the month");
    }
    let names = cron.pattern.days_of_week.values().into_iter();
    let names: Vec<_> = names.filter_map(|day| DAYS.get(usize::from(day)).copied()).collect();
    if let [first, _, .., last] = names.as_slice()
        && names.len() > 2
        && DAYS.windows(names.len()).any(|run| run == names)
    {
        let (listed, run) = (list_with_comma(&names), format!("{first} through {last}"));
        words = words.replace(&format!("on {listed}"), &run).replace(&listed, &run);
    }
    words
}

/// The minutes in words, as they are written and as they are meant.
fn of_minutes(written: &str, minutes: &[u16]) -> String {
    match (written.strip_prefix("*/"), minutes) {
        (Some(step), [_, _, ..]) if step.parse::<u16>().is_ok_and(|step| 60 % step == 0) => {
            format!("every {step} minutes")
        }
        (_, [minute]) => format!("at minute {minute}"),
        (_, minutes) if minutes.len() == 60 => "every minute".to_owned(),
        (_, minutes) => format!("at minutes {}", list(minutes.iter().map(ToString::to_string).collect())),
    }
}

/// The hours in words, behind the minutes.
fn of_hours(written: &str, hours: &[u16]) -> String {
    let evenly = written.strip_prefix("*/").filter(|step| step.parse::<u16>().is_ok_and(|step| 24 % step == 0));
    match (evenly, hours) {
        (_, hours) if hours.len() == 24 => " of every hour".to_owned(),
        (Some(step), [_, _, ..]) => format!(" of every {step} hours"),
        (_, [first, .., last]) if usize::from(last - first) + 1 == hours.len() => {
            format!(" from {first:02}:00 to {last:02}:59")
        }
        (_, [hour]) => format!(" from {hour:02}:00 to {hour:02}:59"),
        (_, hours) => format!(" of the hours {}", list(hours.iter().map(ToString::to_string).collect())),
    }
}

/// Things side by side: `1, 2 and 3`.
fn list(mut items: Vec<String>) -> String {
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} and {last}", items.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// Names side by side as croner writes more than two: `Monday, Tuesday, and Friday`.
fn list_with_comma(names: &[&str]) -> String {
    let (last, before) = names.split_last().unwrap_or((&"", &[]));
    format!("{}, and {last}", before.join(", "))
}
