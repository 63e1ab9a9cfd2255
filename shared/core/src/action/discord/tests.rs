use serde_json::json;

use super::*;
use crate::action::ActionSpec;
use crate::action::tests::{assert_refused, checked, head, kept, rendered, stored};
use crate::config::SecretsAs;
use crate::telegram::units;

const URL: &str = "https://discord.com/api/webhooks/1/canary-7f3a";

fn with(field: &str, value: Value) -> Value {
    let mut action = json!({"kind": "discord", "url": URL, "template": "{{ payload.x }}"});
    action[field] = value;
    action
}

/// The message that an action makes of a payload.
fn message(action: &Value, payload: Value) -> Message {
    let Payload::Discord(message) = rendered(&stored(action), &head(&[], false), payload).unwrap().payload else {
        panic!("it is a message")
    };
    message
}

#[test]
fn every_wrong_field_is_named_and_no_secret_is_repeated() {
    assert_refused(
        &[
            (json!({"kind": "discord"}), "url"),
            (with("url", json!("canary-7f3a")), "url"),
            (with("url", json!("ftp://canary-7f3a.example.com/x")), "url"),
            (with("url", json!({"secret": "canary-7f3a"})), "url"),
            (with("template", json!("{{ payload")), "template"),
            (with("template", json!("<b>{{ payload.x }}</b>")), "template"),
            (with("template", json!("<https://a|b>")), "template"),
            (with("markup", json!("mrkdwn")), "markup"),
            (with("thread", json!("general")), "thread"),
            (with("thread", json!("")), "thread"),
            (with("thread", json!(7)), "thread"),
            (with("thread_name", json!("{{ payload")), "thread_name"),
            (with("key", json!("{{ payload")), "key"),
            (with("key_seconds", json!(60)), "key_seconds"),
            (with("colour", json!("canary-7f3a")), "colour"),
            (json!({"kind": "discord", "url": URL, "thread": "1", "thread_name": "a"}), "thread_name"),
        ],
        "canary-7f3a",
    );
}

#[test]
fn the_address_is_read_with_the_rights_of_whoever_wrote_it_and_never_shown() {
    for (url, file, operator, other) in
        [(URL, true, true, true), ("env:D", true, false, false), ("ssm:/team/d", true, true, false)]
    {
        for (secrets, taken) in
            [(SecretsAs::References, file), (SecretsAs::Values, operator), (SecretsAs::ValuesAlone, other)]
        {
            let checked = checked(&json!({"kind": "discord", "url": url}), secrets, &[]);
            assert_eq!(checked.is_ok(), taken, "{url} {secrets:?}");
            let Ok(action) = checked else { continue };
            let action = kept(action);
            let shown = format!("{} {action:?}", serde_json::to_string(&ActionSpec::of(&action)).unwrap());
            assert!(!shown.contains("canary") && !action.destination().contains("canary"), "{shown}");
            let again = kept(
                self::checked(&json!({"kind": "discord"}), SecretsAs::ValuesAlone, std::slice::from_ref(&action))
                    .unwrap(),
            );
            assert_eq!(again.secrets(), action.secrets());
        }
    }
}

#[test]
fn what_was_written_comes_back_without_its_secret() {
    for (thread, value) in [("thread", "42"), ("thread_name", "{{ payload.title }}")] {
        let written = json!({
            "kind": "discord", "template": "**a**", "markup": "markdown", thread: value, "key": "{{ payload.id }}",
            "key_seconds": 60,
        });
        let mut given = written.clone();
        given["url"] = json!("env:D");
        let action = stored(&given);
        assert_eq!(serde_json::to_value(ActionSpec::of(&action)).unwrap(), written);
        assert_eq!(serde_json::from_str::<Action>(&serde_json::to_string(&action).unwrap()).unwrap(), action);
        let mut spec: ActionSpec = serde_json::from_value(given).unwrap();
        spec.resolve(&mut |_: &SecretRef| Ok::<_, ()>(Some(URL.to_owned()))).unwrap();
        assert_eq!(serde_json::to_value(spec).unwrap()["url"], URL);
    }
}

#[test]
fn a_message_is_cut_where_discord_takes_it_and_one_of_a_key_is_one() {
    let text = "word *word* ".repeat(700);
    let parts = message(&with("markup", json!("plain")), json!({ "x": text.clone() })).parts;
    assert!(parts.len() > 3 && parts.iter().all(|part| units(part) <= 2_000), "{}", parts.len());
    let one = message(&with("key", json!("a")), json!({ "x": text })).parts;
    assert!(one.len() == 1 && units(&one[0]) <= 2_000 && one[0].contains("more characters are in event"), "{one:?}");
}

#[test]
fn a_post_has_a_name_whatever_the_payload_says() {
    let name =
        |payload: Value| message(&with("thread_name", json!("{{ payload.title }}")), payload).thread_name.unwrap();
    assert_eq!(name(json!({"title": " A\nB "})), "A B");
    assert!(name(json!({})).starts_with("Event ") && name(json!({"title": "\u{200b}"})).starts_with("Event "));
    for long in ["x".repeat(500), "👨‍👩‍👧‍👦".repeat(100), "😀".repeat(90)] {
        assert!((1..=100).contains(&units(&name(json!({ "title": long })))));
    }
}
