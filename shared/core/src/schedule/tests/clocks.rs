//! Clocks that are changed, and the calendar.

use super::*;

/// Clocks in Berlin go from 02:00 to 03:00 at 01:00 UTC, in New York at 07:00 UTC; on Lord Howe from 02:00 to 02:30.
#[test]
fn a_time_that_is_left_out_is_due_at_the_first_valid_instant() {
    for (expression, zone, from, expected) in [
        ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z", ["2027-03-28T01:00Z 02:30", "2027-03-29T00:30Z 02:30"]),
        ("0 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z", ["2027-03-28T01:00Z 02:00", "2027-03-29T00:00Z 02:00"]),
        ("59 2 * * *", "Europe/Berlin", "2027-03-28T01:00:00Z", ["2027-03-28T01:00Z 02:59", "2027-03-29T00:59Z 02:59"]),
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2027-03-28T01:00:00.001Z",
            ["2027-03-29T00:30Z 02:30", "2027-03-30T00:30Z 02:30"],
        ),
        (
            "30 2 * * *",
            "America/New_York",
            "2027-03-13T12:00:00Z",
            ["2027-03-14T07:00Z 02:30", "2027-03-15T06:30Z 02:30"],
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2027-10-02T12:00:00Z",
            ["2027-10-02T15:30Z 02:15", "2027-10-03T15:15Z 02:15"],
        ),
        (
            "30 2 * * *",
            "Australia/Lord_Howe",
            "2027-10-02T12:00:00Z",
            ["2027-10-02T15:30Z 02:30", "2027-10-03T15:30Z 02:30"],
        ),
    ] {
        assert_eq!(due(&cron(expression, zone), from, 2), expected, "{expression} {zone}");
    }
    let morning = daily(&["02:30"], "Europe/Berlin");
    assert_eq!(due(&morning, "2027-03-27T12:00:00Z", 2), ["2027-03-28T01:00Z 02:30", "2027-03-29T00:30Z 02:30"]);
}

#[test]
fn times_that_fall_on_one_instant_are_due_once_for_the_latest() {
    let from = "2027-03-27T12:00:00Z";
    for (schedule, expected) in [
        (daily(&["02:10", "02:30", "03:00"], "Europe/Berlin"), ["2027-03-28T01:00Z 03:00", "2027-03-29T00:10Z 02:10"]),
        (daily(&["02:10", "02:30", "03:01"], "Europe/Berlin"), ["2027-03-28T01:00Z 02:30", "2027-03-28T01:01Z 03:01"]),
        (cron("*/15 2 * * *", "Europe/Berlin"), ["2027-03-28T01:00Z 02:45", "2027-03-29T00:00Z 02:00"]),
        (cron("0,30 2,3 * * *", "Europe/Berlin"), ["2027-03-28T01:00Z 03:00", "2027-03-28T01:30Z 03:30"]),
    ] {
        assert_eq!(due(&schedule, from, 2), expected, "{schedule:?}");
    }
}

#[test]
fn a_time_that_comes_twice_is_due_the_first_time() {
    for (expression, zone, from, expected) in [
        ("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00Z", ["2027-10-31T00:30Z 02:30", "2027-11-01T01:30Z 02:30"]),
        ("30 2 * * *", "Europe/Berlin", "2027-10-31T00:31:00Z", ["2027-11-01T01:30Z 02:30", "2027-11-02T01:30Z 02:30"]),
        ("0 3 * * *", "Europe/Berlin", "2027-10-30T12:00:00Z", ["2027-10-31T02:00Z 03:00", "2027-11-01T02:00Z 03:00"]),
        (
            "*/30 2 * * *",
            "Europe/Berlin",
            "2027-10-31T00:30:00Z",
            ["2027-10-31T00:30Z 02:30", "2027-11-01T01:00Z 02:00"],
        ),
        (
            "30 1 * * *",
            "America/New_York",
            "2027-11-07T00:00:00Z",
            ["2027-11-07T05:30Z 01:30", "2027-11-08T06:30Z 01:30"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2027-04-03T12:00:00Z",
            ["2027-04-03T14:45Z 01:45", "2027-04-04T15:15Z 01:45"],
        ),
    ] {
        assert_eq!(due(&cron(expression, zone), from, 2), expected, "{expression} {zone}");
    }
    let night = daily(&["02:30"], "Europe/Berlin");
    assert_eq!(due(&night, "2027-10-30T12:00:00Z", 2), ["2027-10-31T00:30Z 02:30", "2027-11-01T01:30Z 02:30"]);
}

#[test]
fn what_names_no_hour_goes_on_as_time_passes() {
    let due = |expression, zone, from| due(&cron(expression, zone), from, 4);
    let autumn = due("*/30 * * * *", "Europe/Berlin", "2027-10-31T00:15:00Z");
    assert_eq!(autumn, ["2027-10-31T00:30Z", "2027-10-31T01:00Z", "2027-10-31T01:30Z", "2027-10-31T02:00Z"]);
    let spring = due("0 * * * *", "Europe/Berlin", "2027-03-27T23:30:00Z");
    assert_eq!(spring, ["2027-03-28T00:00Z", "2027-03-28T01:00Z", "2027-03-28T02:00Z", "2027-03-28T03:00Z"]);
    let autumn = due("30 */2 * * *", "Europe/Berlin", "2027-10-30T22:00:00Z");
    assert_eq!(autumn, ["2027-10-30T22:30Z", "2027-10-31T00:30Z", "2027-10-31T01:30Z", "2027-10-31T03:30Z"]);
    let spring = due("30 */2 * * *", "Europe/Berlin", "2027-03-27T22:00:00Z");
    assert_eq!(spring, ["2027-03-27T23:30Z", "2027-03-28T02:30Z", "2027-03-28T04:30Z", "2027-03-28T06:30Z"]);
    let spring = due("0 */2 * * *", "Europe/Berlin", "2027-03-27T22:30:00Z");
    assert_eq!(spring, ["2027-03-27T23:00Z", "2027-03-28T02:00Z", "2027-03-28T04:00Z", "2027-03-28T06:00Z"]);
    let half = due("15 * * * *", "Australia/Lord_Howe", "2027-10-02T14:30:00Z");
    assert_eq!(half, ["2027-10-02T14:45Z", "2027-10-02T16:15Z", "2027-10-02T17:15Z", "2027-10-02T18:15Z"]);
    let quarter = due("0 * * * *", "Asia/Kathmandu", "2027-01-01T00:00:00.001Z");
    assert_eq!(quarter, ["2027-01-01T00:15Z", "2027-01-01T01:15Z", "2027-01-01T02:15Z", "2027-01-01T03:15Z"]);
    let named = due("0 0-23 * * *", "Europe/Berlin", "2027-10-31T00:00:00Z");
    assert_eq!(named[..2], ["2027-10-31T00:00Z 02:00", "2027-10-31T02:00Z 03:00"]);
    let daily = due("@daily", "+02:00", "2027-01-01T00:00:00Z");
    assert_eq!(daily[0], "2027-01-01T22:00Z 00:00");
    assert_eq!(due("@hourly", "+05:30", "2027-01-01T00:00:00Z")[0], "2027-01-01T00:30Z");
}

#[test]
fn a_moment_itself_is_due_and_a_part_of_a_second_is_not_lost() {
    for schedule in [cron("0 9 * * *", "UTC"), cron("0 * * * *", "UTC"), daily(&["09:00", "10:00"], "UTC")] {
        assert!(due(&schedule, "2027-01-01T09:00:00Z", 1)[0].starts_with("2027-01-01T09:00Z"), "{schedule:?}");
        assert!(due(&schedule, "2027-01-01T08:59:59.999Z", 1)[0].starts_with("2027-01-01T09:00Z"), "{schedule:?}");
        assert!(!due(&schedule, "2027-01-01T09:00:00.001Z", 1)[0].starts_with("2027-01-01T09:00Z"), "{schedule:?}");
    }
}

/// A zone's offset is changed by law, and the database with it: what the clock showed last still counts.
#[test]
fn a_changed_zone_neither_doubles_a_day_nor_loses_one() {
    let last = |at: &str| Due { at: moment(at), local: Some("2027-03-01T09:00:00".into()) };
    for (was, zone, expected) in [
        ("2027-03-01T08:00:00Z", "+01:00", "2027-03-02T08:00:00Z"),
        ("2027-03-01T08:00:00Z", "+00:00", "2027-03-02T09:00:00Z"),
        ("2027-03-01T08:00:00Z", "-03:00", "2027-03-02T12:00:00Z"),
        ("2027-03-01T08:00:00Z", "+03:00", "2027-03-02T06:00:00Z"),
        ("2027-02-28T22:00:00Z", "-10:00", "2027-03-02T19:00:00Z"),
    ] {
        for schedule in [daily(&["09:00"], zone), cron("0 9 * * *", zone)] {
            let next = schedule.next(&last(was), Timestamp::from_ms(0)).map(|due| due.at);
            assert_eq!(next, Some(moment(expected)), "{schedule:?}");
        }
    }
}

#[test]
fn the_calendar_is_kept() {
    for (expression, from, expected) in [
        ("0 0 29 2 *", "2027-01-01T00:00:00Z", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("0 0 29 2 *", "2095-01-01T00:00:00Z", ["2096-02-29", "2104-02-29", "2108-02-29"]),
        ("0 * 29 2 *", "2096-02-29T23:00:00Z", ["2096-02-29", "2104-02-29", "2104-02-29"]),
        ("0 0 31 * *", "2027-01-31T00:00:01Z", ["2027-03-31", "2027-05-31", "2027-07-31"]),
        ("0 0 L * *", "2028-01-31T00:00:01Z", ["2028-02-29", "2028-03-31", "2028-04-30"]),
        ("0 0 LW * *", "2027-01-01T00:00:00Z", ["2027-01-29", "2027-02-26", "2027-03-31"]),
        ("0 0 15W * *", "2027-05-01T00:00:00Z", ["2027-05-14", "2027-06-15", "2027-07-15"]),
        ("0 0 * * 5#3", "2027-01-01T00:00:00Z", ["2027-01-15", "2027-02-19", "2027-03-19"]),
        ("0 0 * * 7", "2027-01-01T00:00:00Z", ["2027-01-03", "2027-01-10", "2027-01-17"]),
        ("0 0 3 * mon", "2027-01-01T00:00:00Z", ["2027-01-03", "2027-01-04", "2027-01-11"]),
    ] {
        let found = due(&cron(expression, "UTC"), from, 3);
        let days: Vec<_> = found.iter().map(|one| &one[..10]).collect();
        assert_eq!(days, expected, "{expression}");
    }
}

#[test]
fn the_latest_due_time_is_found_and_all_are_counted() {
    let anchor = Timestamp::from_ms(0);
    let latest = |schedule: &Schedule, last: &str, until: &str| {
        let last = schedule.first(moment(last), anchor).expect("it comes");
        schedule.latest(&last, moment(until), anchor).map(|(due, count)| (due.at.rfc3339()[..16].to_owned(), count))
    };
    let found = |at: &str, count| Some((at.to_owned(), count));
    let morning = daily(&["09:00"], "UTC");
    assert_eq!(latest(&morning, "2027-01-01T09:00:00Z", "2027-01-02T08:59:59Z"), None);
    assert_eq!(latest(&morning, "2027-01-01T09:00:00Z", "2026-01-01T00:00:00Z"), None);
    assert_eq!(latest(&morning, "2027-01-01T09:00:00Z", "2027-01-05T08:59:59Z"), found("2027-01-04T09:00", 3));
    assert_eq!(latest(&morning, "2027-01-01T09:00:00Z", "2027-01-05T09:00:00Z"), found("2027-01-05T09:00", 4));
    let sparse = cron("0 0 29 2 *", "UTC");
    assert_eq!(latest(&sparse, "2096-02-29T00:00:00Z", "2110-01-01T00:00:00Z"), found("2108-02-29T00:00", 2));
    let minutes = cron("* * * * *", "UTC");
    let start = "2027-01-01T00:00:00Z";
    assert_eq!(latest(&minutes, start, "2027-01-08T00:00:00Z"), found("2027-01-08T00:00", 10_080));
    assert_eq!(latest(&minutes, start, "2027-01-08T00:01:30Z"), found("2027-01-08T00:01", 10_081));
    assert_eq!(latest(&minutes, start, "2027-01-08T00:02:30Z"), found("2027-01-08T00:02", 10_081));
    assert_eq!(latest(&minutes, start, "2029-01-08T12:34:56Z"), found("2029-01-08T12:34", 10_081));
    let spring = cron("* 0-23 * 1-6 *", "Europe/Berlin");
    assert_eq!(latest(&spring, start, "2027-12-20T00:00:00Z"), found("2027-06-30T21:59", 10_081));
}
