use serde_json::{Value, json};

use super::super::envelope::MOST_BYTES;
use super::*;
use crate::action::tests::{assert_refused, head, rendered, stored};
use crate::action::{Action, ActionSpec};

const ARN: &str = "arn:aws:lambda:eu-central-1:111122223333:function:notify:live";

fn with(field: &str, value: Value) -> Value {
    let mut action = json!({"kind": "lambda", "function": ARN});
    action[field] = value;
    action
}

/// The call that an action makes of a payload.
fn made(action: &Value, payload: Value) -> Result<Invocation, String> {
    let rendered = rendered(&stored(action), &head(&[], false), payload)?;
    assert_eq!((rendered.lane, &rendered.trouble), (Lane::Parallel, &None));
    let Payload::Lambda(invocation) = rendered.payload else { panic!("it is a call") };
    Ok(invocation)
}

#[test]
fn every_wrong_field_is_named() {
    assert_refused(
        &[
            (json!({"kind": "lambda"}), "function"),
            (with("function", json!("canary")), "function"),
            (with("function", json!("arn:aws:sqs:eu-central-1:111122223333:canary")), "function"),
            (with("function", json!("arn:aws:lambda:eu-central-1:111122223333:canary:a")), "function"),
            (with("function", json!("arn:aws:lambda:eu-central-1:111122223333:function:a:b:canary")), "function"),
            (with("function", json!("arn:aws:lambda:eu-central-1:111122223333:function:../canary")), "function"),
            (with("function", json!("arn:aws:lambda:eu-central-1:111122223333:function:canary*")), "function"),
            (with("function", json!("arn:aws:lambda:canary.example.com:111122223333:function:a")), "function"),
            (with("payload", json!("{{ payload")), "payload"),
            (with("async", json!("canary")), "async"),
            (with("timeout_seconds", json!(0)), "timeout_seconds"),
            (with("timeout_seconds", json!(31)), "timeout_seconds"),
            (with("url", json!("canary")), "url"),
        ],
        "canary",
    );
}

#[test]
fn what_was_written_comes_back() {
    let written = json!({
        "kind": "lambda", "function": ARN, "payload": "{{ payload | tojson }}", "async": true, "timeout_seconds": 7,
    });
    let action = stored(&written);
    assert_eq!(serde_json::to_value(ActionSpec::of(&action)).unwrap(), written);
    assert_eq!(serde_json::from_str::<Action>(&serde_json::to_string(&action).unwrap()).unwrap(), action);
    assert_eq!((action.destination().as_str(), action.secrets().len()), (ARN, 0));
    let spec = serde_json::to_value(ActionSpec::of(&stored(&json!({"kind": "lambda", "function": ARN})))).unwrap();
    assert_eq!(spec, json!({"kind": "lambda", "function": ARN, "timeout_seconds": 30}));
}

#[test]
fn a_function_is_called_with_the_event_or_with_what_is_written_out() {
    let whole = made(&json!({"kind": "lambda", "function": ARN}), json!({"a": "ü"})).unwrap();
    let payload: Value = serde_json::from_str(&whole.payload).unwrap();
    assert_eq!((&payload["type"], &payload["payload"]), (&json!("push"), &json!({"a": "ü"})));
    assert_eq!((whole.function.as_str(), whole.is_async, whole.timeout_seconds), (ARN, false, 30));
    for (template, x, expected) in
        [("{{ payload.x | tojson }}", "a\"b", "\"a\\\"b\""), ("[{{ payload.x }}]", "1", "[1]"), ("null", "", "null")]
    {
        assert_eq!(made(&with("payload", json!(template)), json!({ "x": x })).unwrap().payload, expected);
    }
}

#[test]
fn what_no_function_takes_is_refused_before_it_goes_there() {
    for (template, x, said) in [
        ("{{ payload.x }}", "{canary", "no JSON"),
        ("{{ payload.x }}", "", "no JSON"),
        ("{{ 1 // payload.zero }}", "a", "failed"),
    ] {
        let error = made(&with("payload", json!(template)), json!({ "x": x, "zero": 0 })).unwrap_err();
        assert!(error.contains(said) && error.contains("`payload`") && !error.contains("canary"), "{error}");
    }
    let action = with("payload", json!("{{ payload.x | tojson }}"));
    assert_eq!(made(&action, json!({"x": "x".repeat(MOST_BYTES - 2)})).unwrap().payload.len(), MOST_BYTES);
    let error = made(&action, json!({"x": "x".repeat(MOST_BYTES - 1)})).unwrap_err();
    assert!(error.contains("262144") && error.contains("`payload`"), "{error}");
}
