use proptest::prelude::*;

use super::*;
use crate::time::DAY_MS;

mod clocks;
mod plain;
mod spec;

/// A moment in RFC 3339.
fn moment(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).expect("it is a moment")
}

/// A checked schedule of a cron expression.
fn cron(expression: &str, timezone: &str) -> Schedule {
    let spec =
        ScheduleSpec { cron: Some(expression.into()), timezone: Some(timezone.into()), ..ScheduleSpec::default() };
    spec.check().expect("it is an expression")
}

/// A checked schedule of times of the day.
fn daily(times: &[&str], timezone: &str) -> Schedule {
    let times = times.iter().map(ToString::to_string).collect();
    let spec = ScheduleSpec { daily: Some(times), timezone: Some(timezone.into()), ..ScheduleSpec::default() };
    spec.check().expect("they are times of the day")
}

/// The first due times from a moment on, each as `2027-03-28T01:00Z 02:30`: when it is, and the time that it stands for.
fn due(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    let from = moment(from);
    let all = std::iter::successors(schedule.first(from, from), |last| schedule.next(last, from));
    let shown = |due: Due| {
        let local = due.local.map(|local| format!(" {}", &local[11..16]));
        format!("{}Z{}", &due.at.rfc3339()[..16], local.unwrap_or_default())
    };
    all.take(count).map(shown).collect()
}

#[test]
fn intervals_are_counted_from_where_they_begin() {
    let (every, anchor) = (Schedule::Every { seconds: 60 }, moment("2027-01-01T00:00:07Z"));
    let first = |from: &str| every.first(moment(from), anchor).map(|due| due.at);
    for (from, at) in [
        ("2026-01-01T00:00:00Z", "2027-01-01T00:01:07Z"),
        ("2027-01-01T00:00:07Z", "2027-01-01T00:01:07Z"),
        ("2027-01-01T00:01:07Z", "2027-01-01T00:01:07Z"),
        ("2027-01-01T00:01:07.001Z", "2027-01-01T00:02:07Z"),
    ] {
        assert_eq!(first(from), Some(moment(at)), "{from}");
    }
    let last = Due { at: moment("2027-01-01T00:01:07Z"), local: None };
    assert_eq!(every.next(&last, anchor).map(|due| due.at), Some(moment("2027-01-01T00:02:07Z")));
    let latest = |until: &str| every.latest(&last, moment(until), anchor).map(|(due, count)| (due.at, count));
    assert_eq!(latest("2027-01-01T00:02:06.999Z"), None);
    assert_eq!(latest("2027-01-01T00:02:07Z"), Some((moment("2027-01-01T00:02:07Z"), 1)));
    assert_eq!(latest("2028-01-01T00:00:00Z"), Some((moment("2027-12-31T23:59:07Z"), 365 * 24 * 60 - 2)));
    let never = Schedule::Every { seconds: 0 };
    assert_eq!((never.first(anchor, anchor), never.latest(&last, anchor, anchor)), (None, None));
}

#[test]
fn once_is_due_once() {
    let at = moment("2027-01-31T08:00:00Z");
    let once = Schedule::Once { at };
    let due = Due { at, local: None };
    assert_eq!(once.first(at, at), Some(due.clone()));
    assert_eq!(once.first(at.plus_ms(1), at), None);
    assert_eq!(once.next(&due, at), None);
    assert_eq!(once.latest(&due, at.plus_ms(DAY_MS), at), None);
}

#[test]
fn schedules_are_stored_as_they_are_written() {
    for text in [
        r#"{"once":"2027-01-31T08:00:00.000Z"}"#,
        r#"{"every_seconds":60}"#,
        r#"{"daily":["09:00","17:30"],"timezone":"Europe/Berlin"}"#,
        r#"{"cron":"0 9 * * 1-5","timezone":"Europe/Berlin"}"#,
    ] {
        let schedule: Schedule = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&schedule).unwrap(), text);
        let spec: ScheduleSpec = serde_json::from_str(text).unwrap();
        assert_eq!(spec.check().as_ref(), Ok(&schedule), "{text}");
        assert_eq!(ScheduleSpec::of(&schedule), spec, "{text}");
        assert_eq!(schedule.timezone(), spec.timezone.as_deref(), "{text}");
    }
    assert!(serde_json::from_str::<Schedule>(r#"{"once":"tomorrow"}"#).is_err());
    let due = Due { at: Timestamp::from_ms(7), local: Some("2027-03-28T02:30:00".into()) };
    let text = r#"{"at":7,"local":"2027-03-28T02:30:00"}"#;
    assert_eq!(serde_json::to_string(&due).unwrap(), text);
    assert_eq!(serde_json::from_str::<Due>(text).unwrap(), due);
    assert_eq!(serde_json::from_str::<Due>(r#"{"at":7}"#).unwrap(), Due { local: None, ..due });
}

#[test]
fn schedules_are_said_in_words() {
    let once = |at: &str| Schedule::Once { at: moment(at) };
    for (schedule, words) in [
        (once("2027-01-31T09:00:00+01:00"), "once, on 2027-01-31 at 08:00 UTC"),
        (once("2027-01-31T08:00:05Z"), "once, on 2027-01-31 at 08:00:05 UTC"),
        (Schedule::Every { seconds: 600 }, "every 10 minutes"),
        (Schedule::Every { seconds: 3600 }, "every hour"),
        (Schedule::Every { seconds: 90_060 }, "every 1 day 1 hour 1 minute"),
        (daily(&["17:30", "09:00"], "Europe/Berlin"), "every day at 09:00, 17:30 (Europe/Berlin)"),
    ] {
        assert_eq!(schedule.words(), words);
    }
    for (expression, words) in [
        ("0 9 * * 1-5", "at 09:00, Monday through Friday"),
        ("0,30 9,17 * * *", "every day at 09:00, 09:30, 17:00 and 17:30"),
        ("0 8 * * MON", "at 08:00, on Monday"),
        ("0 8 * * 0,6", "at 08:00, on Sunday and Saturday"),
        ("0 8 * * 1,2,5", "at 08:00, on Monday, Tuesday, and Friday"),
        ("@daily", "every day at 00:00"),
        ("@weekly", "at 00:00, on Sunday"),
        ("* * * * *", "every minute of every hour"),
        ("*/15 * * * *", "every 15 minutes of every hour"),
        ("*/25 * * * *", "at minutes 0, 25 and 50 of every hour"),
        ("30 */2 * * *", "at minute 30 of every 2 hours"),
        ("0 */5 * * *", "at minute 0 of the hours 0, 5, 10, 15 and 20"),
        ("*/10 2 * * *", "every day at 02:00, 02:10, 02:20, 02:30, 02:40 and 02:50"),
        ("*/5 2 * * *", "every 5 minutes from 02:00 to 02:59"),
        ("*/5 9-17 * * 1-5", "every 5 minutes from 09:00 to 17:59, Monday through Friday"),
        ("0 0 L * *", "at 00:00, on the last day of the month"),
        ("0 0 LW * *", "at 00:00, on the last weekday of the month"),
        ("0 0 15W * *", "at 00:00, on the weekday nearest day 15"),
        ("0 0 15 * 1-5", "at 00:00, on day 15 or Monday through Friday"),
        ("0 0 * 1-3 5#2", "at 00:00, on the 2nd Friday of the month, in January, February, and March"),
        ("0 0 * 2 *", "every day at 00:00, in February"),
    ] {
        assert_eq!(cron(expression, "UTC").words(), format!("{words} (UTC)"), "{expression}");
    }
}

proptest! {
    #[test]
    fn due_times_come_one_after_another(
        (expression, zone, ms) in (
            "([0-5]?[0-9]|[*](/[1-9])?|0,30) ([0-9]|1[0-9]|[*](/[1-9])?|1-3) ([*]|[1-9]|2[0-9]|L) [*] ([*]|[0-6]|[1-5]#[1-4])",
            prop::sample::select(vec!["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "+02:00"]),
            1_700_000_000_000_u64..2_000_000_000_000,
        ),
    ) {
        let (schedule, from) = (cron(&expression, zone), Timestamp::from_ms(ms));
        let first = schedule.first(from, from).expect("it comes");
        prop_assert!(first.at >= from);
        prop_assert_eq!(schedule.first(first.at, from), Some(first.clone()));
        let mut last = first.clone();
        for count in 1..20 {
            let next = schedule.next(&last, from).expect("it comes again");
            prop_assert!(next.at > last.at);
            prop_assert_eq!(schedule.first(last.at.plus_ms(1), from), Some(next.clone()));
            prop_assert_eq!(schedule.latest(&first, next.at, from), Some((next.clone(), count)));
            last = next;
        }
    }
}
