use serde_json::json;

use super::*;
use crate::action::ActionSpec;
use crate::action::tests::{assert_refused, checked, head, kept, rendered, stored};
use crate::config::SecretsAs;

const URL: &str = "https://hooks.slack.com/services/T0/B0/canary-7f3a";

fn bot() -> Value {
    json!({"kind": "slack", "token": "env:SLACK_BOT_TOKEN", "channel": "C0123456789"})
}

fn with(mut action: Value, field: &str, value: Value) -> Value {
    action[field] = value;
    action
}

/// The message that an action makes of a payload.
fn message(action: &Value, payload: Value) -> Message {
    let Payload::Slack(message) = rendered(&stored(action), &head(&[], false), payload).unwrap().payload else {
        panic!("it is a message")
    };
    message
}

#[test]
fn every_wrong_field_is_named_and_no_secret_is_repeated() {
    let hook = || json!({"kind": "slack", "url": URL});
    assert_refused(
        &[
            (json!({"kind": "slack"}), "url"),
            (json!({"kind": "slack", "url": "canary-7f3a"}), "url"),
            (json!({"kind": "slack", "url": "ftp://canary-7f3a.example.com/x"}), "url"),
            (json!({"kind": "slack", "url": "https://a:canary-7f3a@example.com/x"}), "url"),
            (json!({"kind": "slack", "url": "stored:canary-7f3a"}), "url"),
            (json!({"kind": "slack", "url": 7}), "url"),
            (with(hook(), "token", json!("xoxb-canary-7f3a")), "url"),
            (with(hook(), "channel", json!("C1")), "url"),
            (with(hook(), "key", json!("{{ payload.id }}")), "key"),
            (with(hook(), "key_seconds", json!(60)), "key_seconds"),
            (with(hook(), "template", json!("{{ payload")), "template"),
            (with(hook(), "template", json!("<b>{{ payload.x }}</b>")), "template"),
            (with(hook(), "template", json!("**{{ payload.x }}**")), "template"),
            (with(hook(), "markup", json!("markdown")), "markup"),
            (with(hook(), "markup", json!("plain")), "markup"),
            (with(hook(), "colour", json!("canary-7f3a")), "colour"),
            (json!({"kind": "slack", "token": "ssm:/team/slack"}), "channel"),
            (json!({"kind": "slack", "channel": "C1"}), "token"),
            (json!({"kind": "slack", "token": "ssm:/team/slack", "channel": "a b"}), "channel"),
            (
                json!({"kind": "slack", "token": "ssm:/team/slack", "channel": "C1", "api_base": "slack.com"}),
                "api_base",
            ),
            (json!({"kind": "slack", "token": "ssm:/team/slack", "channel": "C1", "key": "{{ payload"}), "key"),
        ],
        "canary-7f3a",
    );
}

#[test]
fn secrets_are_read_with_the_rights_of_whoever_wrote_them_and_never_shown() {
    let hook = |url: &str| json!({"kind": "slack", "url": url});
    let token = |token: &str| with(bot(), "token", json!(token));
    for (action, file, operator, other) in [
        (hook(URL), true, true, true),
        (hook("env:SLACK_URL"), true, false, false),
        (hook("file:/run/slack"), true, false, false),
        (hook("ssm:/team/slack"), true, true, false),
        (token("env:SLACK_BOT_TOKEN"), true, false, false),
        (token("ssm:/team/slack"), true, true, false),
        (token("xoxb-canary-7f3a"), false, true, true),
    ] {
        for (secrets, taken) in
            [(SecretsAs::References, file), (SecretsAs::Values, operator), (SecretsAs::ValuesAlone, other)]
        {
            let checked = checked(&action, secrets, &[]);
            assert_eq!(checked.is_ok(), taken, "{action} {secrets:?}");
            let Ok(action) = checked else { continue };
            let (is_value, action) = (format!("{action:?}"), kept(action));
            assert!(!is_value.contains("canary"), "{is_value}");
            let shown = serde_json::to_string(&ActionSpec::of(&action)).unwrap() + &action.destination();
            assert!(!shown.contains("canary") && !shown.contains("xoxb"), "{shown}");
        }
    }
}

#[test]
fn a_secret_that_is_left_out_stays_where_it_goes_to_the_same_place() {
    let (hook, bot) = (stored(&json!({"kind": "slack", "url": "env:SLACK_URL"})), stored(&bot()));
    let left_out = json!({"kind": "slack", "template": "a"});
    assert_eq!(
        kept(checked(&left_out, SecretsAs::ValuesAlone, std::slice::from_ref(&hook)).unwrap()).secrets(),
        hook.secrets()
    );
    assert!(checked(&left_out, SecretsAs::ValuesAlone, &[hook.clone(), hook.clone()]).is_err(), "nobody says which");
    let same = json!({"kind": "slack", "channel": "C0123456789", "template": "a"});
    let changed = kept(checked(&same, SecretsAs::ValuesAlone, &[hook, bot.clone()]).unwrap());
    assert_eq!(changed.secrets(), bot.secrets());
    // Nobody who may only change hooks has a token used at a place of their own.
    for elsewhere in [
        json!({"kind": "slack", "channel": "C9"}),
        json!({"kind": "slack", "channel": "C0123456789", "api_base": "https://example.com/api"}),
    ] {
        let problems = checked(&elsewhere, SecretsAs::ValuesAlone, std::slice::from_ref(&bot)).unwrap_err();
        assert_eq!(problems[0].field, "actions[0].token");
    }
}

#[test]
fn what_was_written_comes_back_without_secrets() {
    let written = json!({
        "kind": "slack", "token": "env:T", "channel": "C1", "api_base": "https://slack-gov.com/api", "template": "*a*",
        "markup": "mrkdwn", "key": "{{ payload.id }}", "key_seconds": 60,
    });
    let action = stored(&written);
    let mut expected = written;
    expected.as_object_mut().unwrap().remove("token");
    assert_eq!(serde_json::to_value(ActionSpec::of(&action)).unwrap(), expected);
    for action in [action, stored(&json!({"kind": "slack", "url": "env:U"}))] {
        assert_eq!(serde_json::from_str::<Action>(&serde_json::to_string(&action).unwrap()).unwrap(), action);
    }
}

#[test]
fn references_give_way_to_values() {
    let mut spec: ActionSpec = serde_json::from_value(with(bot(), "url", json!("env:U"))).unwrap();
    let mut value_of = |reference: &SecretRef| Ok::<_, ()>(Some(format!("value of {reference}")));
    spec.resolve(&mut value_of).unwrap();
    let resolved = serde_json::to_value(spec).unwrap();
    assert_eq!(resolved["token"], "value of env:SLACK_BOT_TOKEN");
    assert_eq!((&resolved["url"], &resolved["channel"]), (&json!("value of env:U"), &json!("C0123456789")));
}

#[test]
fn no_payload_mentions_anybody_or_marks_anything_up() {
    let hostile = "<!channel> <@U1> <#C1> *b* _i_ ~s~ `c` <https://a|b> & &lt;";
    for action in [
        with(bot(), "template", json!("*{{ payload.x }}*")),
        with(with(bot(), "template", json!("<b>{{ payload.x }}</b>")), "markup", json!("html")),
        with(with(bot(), "template", json!("{{ payload.x }}")), "markup", json!("plain")),
    ] {
        let text = message(&action, json!({ "x": hostile })).parts.concat();
        assert!(text.contains("&lt;!channel&gt;") && !text.contains("<!") && !text.contains("<@"), "{text}");
    }
    // What the template itself says is meant.
    let meant = message(&with(bot(), "template", json!("<!here> {{ payload.x }}")), json!({"x": 1}));
    assert_eq!(meant.parts, ["<!here> 1"]);
}

#[test]
fn a_long_text_goes_in_parts_that_slack_shows_whole() {
    let action = with(bot(), "template", json!("{{ payload.x }}"));
    let parts = message(&action, json!({"x": "word & word\n".repeat(1_500)})).parts;
    assert!(parts.len() > 1 && parts.iter().all(|part| crate::telegram::units(part) <= 4_000), "{}", parts.len());
}
