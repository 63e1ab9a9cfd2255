use serde_json::{Value, json};

use super::*;
use crate::action::tests::{assert_refused, head, rendered, stored};
use crate::action::{Action, ActionSpec};

const ARN: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/orders";

fn with(field: &str, value: Value) -> Value {
    let mut action = json!({"kind": "eventbridge"});
    action[field] = value;
    action
}

/// What an action makes of a payload.
fn made(action: &Value, payload: Value) -> Result<Rendered, String> {
    rendered(&stored(action), &head(&[], false), payload)
}

/// The entry that an action makes of a payload.
fn entry(action: &Value, payload: Value) -> Entry {
    let Payload::Eventbridge(entry) = made(action, payload).unwrap().payload else { panic!("it is an entry") };
    entry
}

#[test]
fn every_wrong_field_is_named() {
    assert_refused(
        &[
            (with("bus", json!("")), "bus"),
            (with("bus", json!("canary bus")), "bus"),
            (with("bus", json!("c".repeat(257))), "bus"),
            (with("bus", json!("arn:aws:sqs:eu-central-1:111122223333:canary")), "bus"),
            (with("bus", json!("arn:aws:events:canary.example.com:111122223333:event-bus/a")), "bus"),
            (with("bus", json!("arn:aws:events:eu-central-1:111122223333:event-bus/*")), "bus"),
            (with("bus", json!(7)), "bus"),
            (with("source", json!("aws.canary")), "source"),
            (with("source", json!("")), "source"),
            (with("source", json!("canary {{ payload.x }}")), "source"),
            (with("detail_type", json!("{{ payload")), "detail_type"),
            (with("detail", json!("{{ payload")), "detail"),
            (with("region", json!("canary")), "region"),
        ],
        "canary",
    );
}

#[test]
fn what_was_written_comes_back() {
    let written = json!({
        "kind": "eventbridge", "bus": ARN, "detail_type": "{{ event.type }}", "source": "shop.orders",
        "detail": "{\"id\": {{ payload.id | tojson }}}",
    });
    let action = stored(&written);
    assert_eq!(serde_json::to_value(ActionSpec::of(&action)).unwrap(), written);
    assert_eq!(serde_json::from_str::<Action>(&serde_json::to_string(&action).unwrap()).unwrap(), action);
    assert_eq!((action.destination().as_str(), action.secrets().len()), (ARN, 0));
    assert_eq!(stored(&json!({"kind": "eventbridge"})).destination(), "default");
}

#[test]
fn an_event_goes_with_its_payload_whatever_that_is() {
    let made = entry(&json!({"kind": "eventbridge"}), json!({"a": [1, "<ü>"]}));
    assert_eq!(
        (made.bus.as_str(), made.source.as_str(), made.detail_type.as_str()),
        ("default", "bellhop.github", "push")
    );
    let detail: Value = serde_json::from_str(&made.detail).unwrap();
    assert_eq!(
        detail,
        json!({
            "id": head(&[], false).id.to_string(), "type": "push", "delivery_id": null, "sender": "github",
            "hook": {"id": "hk_1", "name": "n"}, "received_at": "1970-01-01T00:00:00.007Z", "test": false,
            "payload": {"a": [1, "<ü>"]},
        })
    );
    for payload in [json!([1]), json!("text"), json!(null), json!(7)] {
        let made = entry(&json!({"kind": "eventbridge"}), payload.clone());
        assert_eq!(serde_json::from_str::<Value>(&made.detail).unwrap()["payload"], payload);
    }
}

#[test]
fn what_is_written_out_is_taken_and_must_be_an_object() {
    let action = with("detail", json!("{\"ref\": {{ payload.x | tojson }}}"));
    assert_eq!(entry(&action, json!({"x": "a\"b"})).detail, "{\"ref\": \"a\\\"b\"}");
    for (detail, x, said) in [
        ("{{ payload.x }}", "{\"a\": canary}", "no JSON"),
        ("{{ payload.x }}", "", "no JSON"),
        ("{{ payload.x }}", "[1]", "no object"),
        ("{{ payload.x | tojson }}", "a", "no object"),
        ("{{ 1 // payload.zero }}", "a", "failed"),
    ] {
        let error = made(&with("detail", json!(detail)), json!({ "x": x, "zero": 0 })).unwrap_err();
        assert!(error.contains(said) && error.contains("detail") && !error.contains("canary"), "{detail}: {error}");
    }
}

#[test]
fn a_type_is_one_line_of_at_most_128_characters_and_never_empty() {
    let of = |template: &str, x: &str| {
        let made = made(&with("detail_type", json!(template)), json!({ "x": x, "zero": 0 })).unwrap();
        let Payload::Eventbridge(entry) = made.payload else { panic!("it is an entry") };
        (entry.detail_type, made.trouble.is_some())
    };
    assert_eq!(of("Order {{ payload.x }}", "paid\r\n now\u{0}!"), ("Order paid now !".to_owned(), false));
    assert_eq!(of("{{ payload.x }}", " "), ("push".to_owned(), false));
    assert_eq!(of("{{ 1 // payload.zero }}", "a"), ("push".to_owned(), true));
    assert_eq!(of("{{ payload.x }}", &"ä".repeat(500)).0.chars().count(), 128);
    let mut untyped = head(&[], false);
    untyped.event_type = None;
    let made = rendered(&stored(&json!({"kind": "eventbridge"})), &untyped, json!({})).unwrap();
    let Payload::Eventbridge(entry) = made.payload else { panic!("it is an entry") };
    assert_eq!((entry.detail_type.as_str(), made.lane), ("webhook", Lane::Ordered));
}

#[test]
fn one_that_is_too_large_for_a_bus_is_refused_before_it_goes_there() {
    let action = with("detail", json!("{\"x\": \"{{ payload.x }}\"}"));
    let most = MOST_BYTES - entry(&action, json!({"x": ""})).bytes();
    assert_eq!(entry(&action, json!({"x": "x".repeat(most)})).bytes(), MOST_BYTES);
    for action in [action, json!({"kind": "eventbridge"})] {
        let error = made(&action, json!({"x": "x".repeat(most + 1)})).unwrap_err();
        assert!(error.contains("262144") && error.contains("`detail`"), "{error}");
    }
}
