use serde_json::{Value, json};

use super::*;
use crate::action::tests::{assert_refused, head, rendered, stored};
use crate::action::{Action, ActionSpec};

fn with(field: &str, value: Value) -> Value {
    let mut action = json!({"kind": "email", "to": ["me@example.com"], "template": "{{ payload.x }}"});
    action[field] = value;
    action
}

/// The mail that an action makes of a payload.
fn message(action: &Value, payload: Value) -> Message {
    let Payload::Email(message) = rendered(&stored(action), &head(&[], false), payload).unwrap().payload else {
        panic!("it is a mail")
    };
    message
}

#[test]
fn every_wrong_field_is_named() {
    let many: Vec<_> = (0..21).map(|number| format!("canary{number}@example.com")).collect();
    assert_refused(
        &[
            (json!({"kind": "email"}), "to"),
            (with("to", json!([])), "to"),
            (with("to", json!(many)), "to"),
            (with("to", json!("canary@example.com")), "to"),
            (with("to", json!(["a@example.com", "canary"])), "to[1]"),
            (with("to", json!(["a@example.com\r\nBcc: canary@example.com"])), "to[0]"),
            (with("to", json!(["canary@example.com", "Canary@Example.com"])), "to[1]"),
            (with("subject", json!("{{ payload")), "subject"),
            (with("template", json!("{{ payload")), "template"),
            (with("template", json!("<script>{{ payload.x }}</script>")), "template"),
            (with("markup", json!("mrkdwn")), "markup"),
            (with("key", json!("{{ payload")), "key"),
            (with("from", json!("canary@example.com")), "from"),
            (json!({"kind": "email", "to": ["a@example.com"], "markup": "plain"}), "markup"),
        ],
        "canary",
    );
}

#[test]
fn what_was_written_comes_back() {
    let written = json!({
        "kind": "email", "to": ["a@example.com", "b@example.com"], "subject": "{{ payload.title }}", "template": "<b>a</b>",
        "markup": "html", "key": "{{ payload.id }}",
    });
    let action = stored(&written);
    assert_eq!(serde_json::to_value(ActionSpec::of(&action)).unwrap(), written);
    assert_eq!(serde_json::from_str::<Action>(&serde_json::to_string(&action).unwrap()).unwrap(), action);
    assert_eq!((action.destination().as_str(), action.secrets().len()), ("a@example.com, b@example.com", 0));
}

#[test]
fn a_subject_is_one_line_whatever_the_payload_says() {
    let subject = |title: &str| {
        message(&with("subject", json!("{{ payload.title }}")), json!({"title": title, "x": "y"})).subject
    };
    for (title, expected) in [
        ("Build 7", "Build 7"),
        (" a\r\nBcc: you@example.com\r\n\r\nbody ", "a Bcc: you@example.com body"),
        ("a\u{2028}b\u{85}c\u{0}d\u{202e}e", "a b c d e"),
        ("", "y"),
        ("\u{202e}\n", "y"),
    ] {
        assert_eq!(subject(title), expected, "{title:?}");
    }
    let long = subject(&"ä".repeat(500));
    assert_eq!((long.chars().count(), long.ends_with('…')), (200, true));
}

#[test]
fn without_a_subject_it_is_the_first_line_as_it_is_seen() {
    let of = |template: &str, payload: Value| message(&with("template", json!(template)), payload).subject;
    assert_eq!(of("<b>{{ payload.x }}</b> is down\nsince noon", json!({"x": "a<b>&"})), "a<b>& is down");
    assert_eq!(of("\n\n{{ payload.x }}", json!({"x": "second"})), "second");
    let long = of("{{ payload.x }}", json!({"x": "word ".repeat(200)}));
    assert!(long.chars().count() <= 200 && long.starts_with("word word"), "{long}");
    assert!(!of("{{ payload.x }}", json!({})).is_empty());
}

#[test]
fn a_test_says_so_in_its_subject_and_joins_no_thread() {
    let action = json!({"kind": "email", "to": ["me@example.com"], "subject": "a", "template": "b", "key": "k"});
    let made = rendered(&stored(&action), &head(&[], true), json!({})).unwrap();
    let Payload::Email(message) = &made.payload else { panic!("it is a mail") };
    assert_eq!((message.subject.as_str(), message.text.as_str(), &message.key), ("Test: a", "Test: b", &None));
    assert_eq!(made.lane, Lane::Parallel);
}

#[test]
fn a_subject_whose_template_fails_is_the_first_line() {
    let action = with("subject", json!("{{ payload.x.y.z }}"));
    let made = rendered(&stored(&action), &head(&[], false), json!({"x": "seen"})).unwrap();
    let Payload::Email(message) = &made.payload else { panic!("it is a mail") };
    assert_eq!(message.subject, "seen");
}

#[test]
fn a_long_text_is_one_mail_that_says_how_much_is_left_out_and_fits_the_queue() {
    let event = head(&[], false).id.to_string();
    let short = "word & <tag> ".repeat(2_000);
    let whole = message(&with("markup", json!("plain")), json!({ "x": short.clone() })).text;
    assert_eq!(markup::parts(&whole, Markup::Html, Markup::Plain, TEXT).concat().trim(), short.trim());
    for (markup, template, value) in [
        ("plain", "{{ payload.x }}", "word ".repeat(10_000)),
        ("plain", "{{ payload.x }}", "\"&<>".repeat(15_000)),
        ("html", "{{ payload.x }}", "\"&<>".repeat(15_000)),
        (
            "html",
            "{% for i in range(60) %}<a href=\"https://a.example/{{ payload.x }}\">a</a> {% endfor %}",
            "é".repeat(900),
        ),
    ] {
        let action = json!({"kind": "email", "to": ["me@example.com"], "template": template, "markup": markup});
        let text = message(&action, json!({ "x": value })).text;
        assert!(text.len() <= MOST_BYTES, "{template}: {}", text.len());
        assert!(text.contains(&event) == (value.len() > 10_000), "{template}: {}", text.len());
    }
}
