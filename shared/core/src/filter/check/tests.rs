use super::super::tests::{with_event, with_payload};
use super::*;
use serde_json::json;

/// A plain condition.
fn plain(field: &str, operator: &str, value: &Value) -> Check {
    serde_json::from_value(json!({"field": field, "operator": operator, "value": value})).unwrap()
}

/// Whether a plain condition holds for the event that all of these tests have.
fn check(field: &str, operator: &str, value: Value, holds: bool) {
    let check = plain(field, operator, &value);
    assert_eq!(check.problem(), None, "{check:?}");
    let payload = json!({"ref": "refs/heads/main", "size": 7, "flag": true, "none": null, "ratio": 2.5,
        "labels": ["bug", "p1"], "commits": [{"id": "a"}], "count": "50", "id": 820_982_911_946_154_508_i64,
        "metadata": {"labels": {"app.kubernetes.io/name": "web", "app": "x", "a.b": {"c.d": 1}}, "a": {"b": 1}, "a.b": 2}});
    assert_eq!(
        with_event(payload, |variables| check.decide(variables, &Meter::default()) == Decision::Holds),
        holds,
        "{check:?}"
    );
}

#[test]
fn every_operator_holds_and_fails() {
    for (field, operator, value, holds) in [
        ("event.type", "equals", json!("push"), true),
        ("event.type", "equals", json!("Push"), false),
        ("payload.size", "equals", json!(7.0), true),
        ("payload.size", "equals", json!("7"), true),
        ("payload.flag", "equals", json!("true"), true),
        ("payload.gone", "equals", json!("x"), false),
        ("payload.commits", "equals", json!([{"id": "a"}]), true),
        ("event.type", "not", json!("push"), false),
        ("payload.gone", "not", json!("push"), true),
        ("payload.ref", "contains", json!("heads"), true),
        ("payload.ref", "contains", json!(1), false),
        ("payload.labels", "contains", json!("p1"), true),
        ("payload.labels", "contains", json!("p"), false),
        ("payload.size", "contains", json!(7), false),
        ("body", "contains", json!("refs/heads"), true),
        ("payload.ref", "matches", json!("refs/*/main"), true),
        ("payload.ref", "matches", json!("main"), false),
        ("payload.size", "gt", json!(6), true),
        ("payload.size", "gt", json!(7), false),
        ("payload.size", "lt", json!(7.5), true),
        ("payload.ref", "lt", json!("s"), true),
        ("payload.labels", "gt", json!(1), false),
        ("event.type", "in", json!(["x", "push"]), true),
        ("payload.size", "in", json!(["6", "7"]), true),
        ("payload.commits.0.id", "equals", json!("a"), true),
        ("payload.commits.1.id", "exists", Value::Null, false),
        ("payload.commits.-1.id", "exists", Value::Null, false),
        ("payload.none", "exists", json!(true), false),
        ("payload.none", "exists", json!(false), true),
        ("headers.user-agent", "exists", Value::Null, true),
        ("event.delivery_id", "exists", json!(false), true),
        ("webhook.body.size", "equals", json!(7), true),
        ("hook.name", "equals", json!("my door"), true),
    ] {
        check(field, operator, value, holds);
    }
}

#[test]
fn fields_are_found_however_they_are_written() {
    for (field, value) in [
        ("payload.commits[0].id", json!("a")),
        ("payload['commits'][0][\"id\"]", json!("a")),
        ("payload.metadata.labels[\"app.kubernetes.io/name\"]", json!("web")),
        ("payload.metadata.labels.app.kubernetes.io/name", json!("web")),
        ("payload.metadata.labels.app", json!("x")),
        ("payload.metadata.labels.a.b.c.d", json!(1)),
        ("payload.metadata.a.b", json!(1)),
        ("payload.metadata['a.b']", json!(2)),
        ("headers.User-Agent", json!("hook/1")),
        ("headers['X-A']", json!("1")),
        ("headers.X-A", json!(1)),
    ] {
        check(field, "equals", value, true);
    }
}

#[test]
fn numbers_and_texts_that_are_numbers_compare_exactly() {
    for (field, operator, value, holds) in [
        ("payload.size", "gt", json!("6"), true),
        ("payload.size", "gt", json!("50"), false),
        ("payload.size", "lt", json!("50"), true),
        ("payload.count", "gt", json!(7), true),
        ("payload.count", "lt", json!(50.5), true),
        ("payload.count", "gt", json!("6"), false),
        ("payload.ref", "gt", json!(1), false),
        ("payload.ratio", "equals", json!("2.50"), true),
        ("payload.id", "equals", json!(820_982_911_946_154_508_i64), true),
        ("payload.id", "equals", json!(820_982_911_946_154_509_i64), false),
        ("payload.id", "equals", json!("820982911946154508"), true),
        ("payload.id", "equals", json!("820982911946154509"), false),
        ("payload.id", "gt", json!("820982911946154507"), true),
        ("payload.id", "lt", json!("820982911946154508"), false),
        ("payload.id", "in", json!(["820982911946154509"]), false),
    ] {
        check(field, operator, value, holds);
    }
    let body = r#"{"big": 123456789012345678901234567890}"#;
    for (operator, value, holds) in [
        ("equals", "123456789012345678901234567890", true),
        ("equals", "123456789012345678901234567891", false),
        ("gt", "123456789012345678901234567889", true),
    ] {
        let check = plain("payload.big", operator, &json!(value));
        let payload = crate::json::read(body.as_bytes()).unwrap();
        assert_eq!(
            with_payload(payload, body, |variables| check.decide(variables, &Meter::default()) == Decision::Holds),
            holds,
            "{check:?}"
        );
    }
}

#[test]
fn what_can_never_hold_is_a_problem() {
    for (field, operator, value, what) in [
        ("", "equals", json!(1), "name a field"),
        ("action", "equals", json!("x"), "did you mean `payload.action`?"),
        ("$.action", "equals", json!("x"), "did you mean `payload.action`?"),
        ("body.action", "equals", json!("x"), "did you mean `payload.action`?"),
        ("event.typ", "equals", json!("x"), "did you mean `type`?"),
        ("payload..a", "equals", json!(1), "empty step"),
        ("payload.a", "matches", json!(1), "takes a pattern"),
        ("payload.a", "matches", json!(""), "empty pattern"),
        ("payload.a", "matches", json!("*".repeat(501)), "500 bytes"),
        ("payload.a", "in", json!("x"), "takes a list"),
        ("payload.a", "in", json!([]), "empty list"),
        ("payload.a", "gt", json!([1]), "a number or a text"),
        ("payload.a", "lt", Value::Null, "a number or a text"),
        ("payload.a", "exists", json!("yes"), "true, false or nothing"),
        ("payload.a", "equals", Value::Null, "`exists` with the value false"),
        ("payload.a", "not", Value::Null, "write `exists`"),
        ("payload.a", "contains", Value::Null, "takes a value"),
        ("payload.a", "equals", json!(1.2345678901234567e29), "write it as a text"),
        ("event.test", "contains", json!("x"), "this operator takes a text or a list"),
        ("event.size_bytes", "matches", json!("1*"), "this operator takes a text"),
        ("event.test", "gt", json!(1), "this operator takes a number or a text"),
        ("event.type", "contains", json!(7), "what it contains is a text too"),
    ] {
        let check = plain(field, operator, &value);
        let problem = check.problem().unwrap_or_default();
        assert!(problem.contains(what), "{check:?}: {problem}");
    }
    assert!(serde_json::from_value::<Check>(json!({"field": "a", "operator": "like", "value": 1})).is_err());
}

#[test]
fn plain_conditions_end_at_the_bounds_of_all_of_them_together() {
    /// Whether these end at a bound for a payload.
    fn ends(checks: &[Check], payload: Value) -> bool {
        with_event(payload, |variables| match Check::first_unmet(checks, variables) {
            Some((_, Decision::Beyond(what))) => what.ends_with("takes more than 1,000,000 steps on this event"),
            _ => false,
        })
    }
    let entries = json!({"a": vec![json!([1, 2, 3]); 20_000], "t": "x".repeat(3_000_000)});
    let listed: Vec<Value> = (0..200).map(|n| json!([n])).collect();
    assert!(ends(&[plain("payload.a", "contains", &json!(listed))], entries.clone()));
    let stars = format!("*{}y", "x*".repeat(200));
    assert!(ends(&[plain("payload.t", "matches", &json!(stars))], entries.clone()));
    let one = plain("payload.t", "not", &json!("x".repeat(60_000)));
    let contains = plain("payload.t", "contains", &json!("x"));
    assert!(!ends(&[one, contains.clone()], entries.clone()));
    assert!(ends(&vec![contains; 50], entries));
    // Each key may be one step of the field or several: as many ways as the payload has places.
    let mut payload = json!(1);
    for _ in 0..15 {
        payload = json!({"a": payload, "a.a": payload});
    }
    let deep = plain(&format!("payload{}", ".a".repeat(31)), "equals", &json!(1));
    assert!(ends(&vec![deep; 50], payload));
    let long = plain(&format!("payload{}", ".a".repeat(250)), "exists", &Value::Null);
    assert_eq!(long.problem().as_deref(), Some("a field may be 500 bytes long, this one has 507"));
    let wide = plain("payload.a", "in", &json!(vec!["x"; 20_000]));
    assert_eq!(wide.problem().as_deref(), Some("a value may be 65,536 bytes long, as JSON"));
}
