use serde_json::{Value, json};

use super::*;
use crate::action::Action;
use crate::action::tests::{assert_refused, head, rendered, stored};
use crate::telegram::{MESSAGE_UNITS, html, units};

/// The message that an action makes of a payload, and why a template was not used.
fn message(action: &Value, payload: Value) -> (Message, Option<String>) {
    let made = rendered(&stored(action), &head(&[], false), payload).unwrap();
    let Payload::Telegram(message) = made.payload else { panic!("it is a message") };
    (message, made.trouble)
}

fn with(field: &str, value: Value) -> Value {
    let mut action = json!({"kind": "telegram", "chat": "1", "template": "{{ payload.text }}"});
    action[field] = value;
    action
}

#[test]
fn every_wrong_field_is_named() {
    let canary = "canary-7f3a";
    assert_refused(
        &[
            (json!({"kind": "telegram"}), "chat"),
            (with("chat", json!({canary: 1})), "chat"),
            (with("template", json!("{{ payload")), "template"),
            (with("template", json!("<blink>a</blink>")), "template"),
            (with("markup", json!("mrkdwn")), "markup"),
            (with("markup", json!("bbcode")), "markup"),
            (with("topic", json!(0)), "topic"),
            (with("topic", json!("general")), "topic"),
            (with("topic", json!(4_294_967_296_u64)), "topic"),
            (with("silent", json!("yes")), "silent"),
            (with("link_preview", json!(1)), "link_preview"),
            (with("as_file", json!("yes")), "as_file"),
            (with("key", json!("{{ payload")), "key"),
            (with("key", json!(7)), "key"),
            (with("key_seconds", json!(60)), "key_seconds"),
            (json!({"kind": "telegram", "chat": 1, "key": "a", "key_seconds": 59}), "key_seconds"),
            (json!({"kind": "telegram", "chat": 1, "key": "a", "key_seconds": 31_536_001}), "key_seconds"),
            (with("colour", json!(canary)), "colour"),
        ],
        canary,
    );
}

#[test]
fn what_was_written_comes_back() {
    let written = json!({
        "kind": "telegram", "chat": "1", "template": "a", "markup": "plain", "topic": 42, "silent": true, "link_preview": true,
        "as_file": true, "key": "{{ payload.id }}", "key_seconds": 60,
    });
    let action = stored(&written);
    assert_eq!(serde_json::to_value(crate::action::ActionSpec::of(&action)).unwrap(), written);
    let json = serde_json::to_string(&action).unwrap();
    assert_eq!(serde_json::from_str::<Action>(&json).unwrap(), action);
    let former = r#"{"kind":"telegram","chat":"1"}"#;
    assert_eq!(serde_json::from_str::<Action>(former).unwrap(), stored(&json!({"kind": "telegram", "chat": 1})));
}

#[test]
fn a_key_is_the_same_for_the_same_text_and_none_where_there_is_nothing_to_see() {
    let action =
        json!({"kind": "telegram", "chat": "1", "template": "x", "key": " {{ payload.id }} ", "key_seconds": 90});
    let key = |payload: Value| message(&action, payload).0.key;
    let first = key(json!({"id": "a"})).unwrap();
    assert_eq!((key(json!({"id": "a"})), first.seconds), (Some(first.clone()), 90));
    assert_ne!(key(json!({"id": "b"})), Some(first));
    assert_eq!((key(json!({})), key(json!({"id": " "}))), (None, None));
    let long = key(json!({"id": "x".repeat(1_000_000)})).unwrap();
    assert!(long.digest.len() <= 64);
    // What somebody tries out leaves the real message alone.
    let made = rendered(&stored(&action), &head(&[], true), json!({"id": "a"})).unwrap();
    assert!(matches!(made.payload, Payload::Telegram(Message { key: None, .. })));
}

#[test]
fn a_key_that_fails_is_told_and_the_message_goes_out_alone() {
    let action = json!({"kind": "telegram", "chat": "1", "template": "x", "key": "{{ payload.n // payload.zero }}"});
    let (message, trouble) = message(&action, json!({"n": 1, "zero": 0}));
    assert_eq!((message.parts, message.key), (vec!["x".to_owned()], None));
    assert!(trouble.unwrap().contains("its key failed"));
}

#[test]
fn a_keyed_message_is_one_however_long_it_is() {
    let action = with("key", json!("a"));
    for length in [1, MESSAGE_UNITS, MESSAGE_UNITS + 1, 30_000] {
        let (message, _) =
            message(&action, json!({"text": "word ".repeat(length).chars().take(length).collect::<String>()}));
        assert_eq!(message.parts.len(), 1);
        let shown = html::plain(&message.parts[0]);
        assert!(units(&shown) <= MESSAGE_UNITS, "{length}: {}", units(&shown));
        assert_eq!(shown.contains("more characters are in event"), length > MESSAGE_UNITS, "{length}");
    }
}

#[test]
fn what_is_too_long_goes_as_a_document_with_its_beginning_beside_it() {
    let action = with("as_file", json!(true));
    let (short, _) = message(&action, json!({"text": "short"}));
    assert_eq!((short.parts, short.document), (vec!["short".to_owned()], None));
    let text: String = (0..2_000).map(|number| format!("<line {number}>\n")).collect();
    let (long, _) = message(&action, json!({ "text": text.clone() }));
    let document = long.document.unwrap();
    assert_eq!((document.name.as_str(), document.text.as_str()), ("github-push.txt", text.trim()));
    assert_eq!(long.parts.len(), 1);
    assert!(text.starts_with(html::plain(&long.parts[0]).trim_end()) && units(&html::plain(&long.parts[0])) <= 1024);
    let (huge, _) = message(&action, json!({ "text": "ü".repeat(200_000) }));
    let document = huge.document.unwrap();
    assert!(document.text.len() < 155 * 1024 && document.text.contains("more characters are in event"));
}
