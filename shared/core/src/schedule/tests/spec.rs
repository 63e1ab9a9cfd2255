//! What is written in a schedule.

use super::*;

/// What is wrong with a schedule: each field, and what is said of it.
fn wrong(text: &str) -> Vec<(String, String)> {
    let spec: ScheduleSpec = serde_json::from_str(text).unwrap();
    let problems = spec.check().expect_err(text);
    problems.into_iter().map(|problem| (problem.field, problem.message)).collect()
}

#[test]
fn each_wrong_field_is_named_with_what_to_write() {
    for (text, field, says) in [
        ("{}", "", "a schedule is one of"),
        (r#"{"timezone":"UTC"}"#, "", "a schedule is one of"),
        (r#"{"every_seconds":5,"cron":"* * * * *"}"#, "", "every_seconds = 3600"),
        (r#"{"every_seconds":0}"#, "every_seconds", "0 is not between 1 and 315360000: `every_seconds = 3600`"),
        (r#"{"every_seconds":315360001}"#, "every_seconds", "is not between"),
        (r#"{"every_seconds":5,"timezone":"UTC"}"#, "timezone", "leave it out"),
        (r#"{"daily":[],"timezone":"UTC"}"#, "daily", "1 to 96 times of the day: `daily = "),
        (r#"{"daily":["09:00","25:61"],"timezone":"UTC"}"#, "daily[1]", "`25:61` is not a time of day"),
        (r#"{"daily":["9:5"],"timezone":"UTC"}"#, "daily[0]", "00:00 to 23:59: `09:00`"),
        (
            r#"{"daily":["09:00"]}"#,
            "timezone",
            "`timezone = \"Europe/Berlin\"` in the schedule, or once for all at the top",
        ),
        (r#"{"daily":["09:00"],"timezone":"Berlin"}"#, "timezone", "did you mean `Europe/Berlin`?"),
        (r#"{"daily":["09:00"],"timezone":"Europe/Brelin"}"#, "timezone", "did you mean `Europe/Berlin`?"),
        (r#"{"daily":["09:00"],"timezone":"new york"}"#, "timezone", "did you mean `America/New_York`?"),
        (r#"{"daily":["09:00"],"timezone":"+14:01"}"#, "timezone", "an offset such as `+02:00`"),
        (r#"{"daily":["09:00"],"timezone":"+01:60"}"#, "timezone", "an offset such as `+02:00`"),
        (r#"{"cron":"0 9 * * *"}"#, "timezone", "local times need a zone"),
        (r#"{"cron":"","timezone":"UTC"}"#, "cron", "0 of five fields"),
        (r#"{"cron":"0 9 * *","timezone":"UTC"}"#, "cron", "4 of five fields; write minute, hour"),
        (r#"{"cron":"0 0 9 * * *","timezone":"UTC"}"#, "cron", "leave out the seconds"),
        (r#"{"cron":"60 9 * * *","timezone":"UTC"}"#, "cron", "the minute `60` is wrong: 0 to 59"),
        (r#"{"cron":"0 24 * * *","timezone":"UTC"}"#, "cron", "the hour `24` is wrong: 0 to 23"),
        (r#"{"cron":"0 9 32 * *","timezone":"UTC"}"#, "cron", "the day of the month `32` is wrong"),
        (r#"{"cron":"0 9 * 13 *","timezone":"UTC"}"#, "cron", "the month `13` is wrong"),
        (r#"{"cron":"0 9 * * 8","timezone":"UTC"}"#, "cron", "the day of the week `8` is wrong"),
        (r#"{"cron":"0 MON * * *","timezone":"UTC"}"#, "cron", "the hour `MON` is wrong"),
        (r#"{"cron":"0 9 1,,2 * *","timezone":"UTC"}"#, "cron", "the day of the month `1,,2` is wrong"),
        (r#"{"cron":"0 9 * * ü","timezone":"UTC"}"#, "cron", "a plain keyboard's"),
        (r#"{"cron":"@reboot","timezone":"UTC"}"#, "cron", "nicknames are @hourly"),
        (r#"{"cron":"0 0 31 2 *","timezone":"UTC"}"#, "cron", "it never comes"),
        (r#"{"cron":"0 0 30,31 2 *","timezone":"UTC"}"#, "cron", "it never comes"),
        (r#"{"cron":"0 0 31 4,6,9,11 *","timezone":"UTC"}"#, "cron", "it never comes"),
        (r#"{"once":"tomorrow"}"#, "once", "`2027-01-31T09:00:00+01:00`"),
        (r#"{"once":"2027-01-31T09:00:00"}"#, "once", "beside it"),
        (r#"{"once":"2027-01-31","timezone":"UTC"}"#, "once", "`2027-01-31` is no moment"),
        (r#"{"once":"1960-01-31T09:00:00","timezone":"UTC"}"#, "once", "before 1970"),
        (r#"{"once":"2027-01-31T09:00:00","timezone":"Mars"}"#, "timezone", "`Mars` is no time zone"),
        (r#"{"once":"2027-01-31T09:00:00Z","timezone":"UTC"}"#, "timezone", "leave out the one or the other"),
    ] {
        let found = wrong(text);
        let [(name, message)] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert_eq!(name, field, "{text}");
        assert!(message.contains(says), "{text}: {message}");
    }
}

#[test]
fn all_wrong_fields_are_named_at_once() {
    let found = wrong(r#"{"daily":["24:00","09:00","x"],"timezone":"Mars"}"#);
    let fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["daily[0]", "daily[2]", "timezone"]);
    let fields: Vec<_> = wrong(r#"{"cron":"x"}"#).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["cron", "timezone"]);
    assert!(serde_json::from_str::<ScheduleSpec>(r#"{"corn":"* * * * *"}"#).is_err());
}

#[test]
fn long_expressions_and_long_lists_are_refused() {
    let long = ScheduleSpec {
        cron: Some(format!("0 9 * * 1{}", " ".repeat(191))),
        timezone: Some("UTC".into()),
        ..ScheduleSpec::default()
    };
    assert!(long.check().is_ok());
    let longer = ScheduleSpec { cron: long.cron.as_ref().map(|cron| format!("{cron} ")), ..long };
    assert!(longer.check().unwrap_err()[0].message.contains("200 characters at most"));
    let times = |count: usize| {
        let times = (0..count).map(|i| format!("{:02}:{:02}", i / 60, i % 60)).collect();
        ScheduleSpec { daily: Some(times), timezone: Some("UTC".into()), ..ScheduleSpec::default() }.check()
    };
    assert!(times(96).is_ok());
    assert!(times(97).is_err());
}

#[test]
fn times_of_the_day_are_put_in_order_and_kept_once() {
    assert_eq!(
        daily(&["17:30", "9:00", "09:00"], "europe/berlin"),
        Schedule::Daily { times: vec!["09:00".into(), "17:30".into()], timezone: "Europe/Berlin".into() }
    );
}

#[test]
fn a_moment_may_be_in_a_zone() {
    for (text, at) in [
        (r#"{"once":"2027-01-31T09:00:00+01:00"}"#, "2027-01-31T08:00:00Z"),
        (r#"{"once":"2027-01-31T09:00:00","timezone":"Europe/Berlin"}"#, "2027-01-31T08:00:00Z"),
        (r#"{"once":"2027-07-31T09:00:00","timezone":"Europe/Berlin"}"#, "2027-07-31T07:00:00Z"),
        (r#"{"once":"2027-01-31T09:00:00","timezone":"-02:30"}"#, "2027-01-31T11:30:00Z"),
    ] {
        let spec: ScheduleSpec = serde_json::from_str(text).unwrap();
        assert_eq!(spec.check(), Ok(Schedule::Once { at: moment(at) }), "{text}");
    }
}

#[test]
fn the_zone_of_the_configuration_is_filled_in_where_one_is_needed() {
    let filled = |text: &str, default| {
        let mut spec: ScheduleSpec = serde_json::from_str(text).unwrap();
        spec.in_zone(default);
        spec.timezone
    };
    let berlin = Some("Europe/Berlin");
    assert_eq!(filled(r#"{"daily":["09:00"]}"#, berlin).as_deref(), berlin);
    assert_eq!(filled(r#"{"cron":"0 9 * * *"}"#, berlin).as_deref(), berlin);
    assert_eq!(filled(r#"{"cron":"0 9 * * *"}"#, None), None);
    assert_eq!(filled(r#"{"cron":"0 9 * * *","timezone":"UTC"}"#, berlin).as_deref(), Some("UTC"));
    assert_eq!(filled(r#"{"every_seconds":60}"#, berlin), None);
    assert_eq!(filled(r#"{"once":"2027-01-31T09:00:00Z"}"#, berlin), None);
    assert_eq!(filled(r#"{"once":"2027-01-31T09:00:00"}"#, berlin).as_deref(), berlin);
}

proptest! {
    #[test]
    fn no_text_is_too_much_for_a_check(
        text in prop_oneof![
            any::<String>(),
            "[-0-9*/,LW#?+@A-Z ]{0,60}",
            "([-0-9*/,LW#]{1,5} ){4}[-0-9*/,L#A-Z]{1,5}",
            "[0-9*:/ ]{0,250}",
        ],
        zone in prop_oneof![any::<String>(), Just("Europe/Berlin".to_owned()), "[+-][0-9:]{0,6}"],
    ) {
        let with = |spec: ScheduleSpec| ScheduleSpec { timezone: Some(zone.clone()), ..spec };
        for spec in [
            with(ScheduleSpec { cron: Some(text.clone()), ..ScheduleSpec::default() }),
            with(ScheduleSpec { daily: Some(vec![text.clone()]), ..ScheduleSpec::default() }),
            with(ScheduleSpec { once: Some(text.clone()), ..ScheduleSpec::default() }),
        ] {
            if let Ok(schedule) = spec.check() {
                let from = moment("2027-01-01T00:00:00Z");
                let is_once = matches!(schedule, Schedule::Once { .. });
                prop_assert!(is_once || schedule.first(from, from).is_some());
                prop_assert!(!schedule.words().is_empty());
            }
        }
    }
}
