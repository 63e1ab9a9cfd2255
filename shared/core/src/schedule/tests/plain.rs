//! What people type at a command line.

use super::*;

#[test]
fn schedules_are_read_as_people_say_them() {
    let cron = |text: &str| ScheduleSpec { cron: Some(text.into()), ..ScheduleSpec::default() };
    let seconds = |seconds| ScheduleSpec { every_seconds: Some(seconds), ..ScheduleSpec::default() };
    let daily = |times: &[&str]| {
        let times = times.iter().map(ToString::to_string).collect();
        ScheduleSpec { daily: Some(times), ..ScheduleSpec::default() }
    };
    for (text, expected) in [
        ("10 minutes", seconds(600)),
        ("90m", seconds(5400)),
        ("2 Hours", seconds(7200)),
        ("minute", cron("* * * * *")),
        ("hour", cron("0 * * * *")),
        ("day 09:00,17:30", daily(&["09:00", "17:30"])),
        (" day  9:00 ", daily(&["09:00"])),
        ("weekday 09:00", cron("0 9 * * 1-5")),
        ("weekend 10:30", cron("30 10 * * 0,6")),
        ("monday 08:00", cron("0 8 * * 1")),
        ("Monday,Thursday 08:05", cron("5 8 * * 1,4")),
        ("sunday 00:00", cron("0 0 * * 0")),
        ("month 1 09:00", cron("0 9 1 * *")),
        ("month 31 23:59", cron("59 23 31 * *")),
    ] {
        assert_eq!(every(text).as_ref(), Ok(&expected), "{text}");
        let checked = ScheduleSpec { timezone: expected.every_seconds.is_none().then(|| "UTC".into()), ..expected };
        assert!(checked.check().is_ok(), "{text}");
    }
    for text in
        ["", "day", "now and then", "month 0 09:00", "month 32 09:00", "funday 09:00", "0 minutes", "10", "day 9"]
    {
        assert!(every(text).unwrap_err().contains("09:00"), "{text}");
    }
    assert!(every("weekday 25:00").unwrap_err().contains("`25:00` is not a time of day"));
}

#[test]
fn stretches_of_time_are_read() {
    for (text, seconds) in [
        ("45s", 45),
        ("90m", 5400),
        ("2h", 7200),
        ("1d 4h", 100_800),
        ("1d4h", 100_800),
        ("10 minutes", 600),
        ("1 hour 1 second", 3601),
    ] {
        assert_eq!(duration(text), Ok(seconds), "{text}");
    }
    for text in
        ["", "0s", "h", "2", "2 weeks", "-2h", "1.5h", "2h and", "99999999999999999999s", "999999999999999999d", "2é"]
    {
        assert!(duration(text).unwrap_err().contains("`1d 4h`"), "{text}");
    }
}

#[test]
fn moments_are_read_as_a_clock_shows_them() {
    for (text, at) in [
        ("2027-01-31 09:00", "2027-01-31T08:00:00Z"),
        (" 2027-07-31T09:00:30 ", "2027-07-31T07:00:30Z"),
        ("2027-01-31T09:00:00Z", "2027-01-31T09:00:00Z"),
        ("2027-01-31T09:00:00-05:00", "2027-01-31T14:00:00Z"),
        ("2027-03-28 02:30", "2027-03-28T01:00:00Z"),
        ("2027-10-31 02:30", "2027-10-31T00:30:00Z"),
    ] {
        assert_eq!(super::at(text, "Europe/Berlin"), Ok(moment(at)), "{text}");
    }
    for text in ["", "tomorrow", "2027-01-31", "2027-02-30 09:00", "2027-01-31 25:00"] {
        assert!(super::at(text, "Europe/Berlin").unwrap_err().contains("write `2027-01-31 09:00`"), "{text}");
    }
    assert!(super::at("2027-01-31 09:00", "Mars").unwrap_err().contains("`Mars` is no time zone"));
    let long = super::at(&"x".repeat(10_000), "UTC").unwrap_err();
    assert!(long.len() < 200 && long.contains('…'), "{long}");
}

proptest! {
    #[test]
    fn no_text_is_too_much_at_a_command_line(
        text in prop_oneof![any::<String>(), "(month |monday |day )?[0-9]{0,20} ?[:a-z0-9,]{0,10}", "[-0-9T: +Z]{0,30}"],
        zone in prop_oneof![any::<String>(), Just("Europe/Berlin".to_owned())],
    ) {
        prop_assert!(every(&text).is_err() || !text.trim().is_empty());
        prop_assert!(duration(&text).map_or(true, |seconds| seconds > 0));
        let _ = super::at(&text, &zone);
    }
}
