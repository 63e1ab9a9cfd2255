//! What the tests of rooms have in common: an action as a hook's check takes it, and an event at that hook.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Action, Material, Rendered, Templates};
use crate::config::{Kept, KeptActions, Problem, SecretInput, SecretsAs, check_change, check_hook};
use crate::event::EventHead;
use crate::hook::Hook;
use crate::id::{EventId, HookId, TaskId};
use crate::secret::SecretRef;
use crate::template::Facts;
use crate::time::Timestamp;

/// What the check of a hook with this one action says.
pub(super) fn checked(
    action: &Value,
    secrets: SecretsAs,
    kept: &[Action],
) -> Result<Action<SecretInput>, Vec<Problem>> {
    let spec = json!({"name": "h", "sender": "github", "secrets": [], "actions": [action]});
    let reference = SecretRef::parse("env:IN").unwrap();
    let actions = KeptActions { actions: kept.to_vec(), ..KeptActions::default() };
    let kept = Kept { secrets: Some(vec![reference]), actions, ..Kept::default() };
    check_change(&serde_json::from_value(spec).unwrap(), secrets, &kept).map(|draft| draft.hook.actions[0].clone())
}

/// The action as it is kept, secrets given by value under a name.
pub(super) fn kept(action: Action<SecretInput>) -> Action {
    action.map(|secret| match secret {
        SecretInput::Reference(reference) => reference,
        SecretInput::Value(_) => SecretRef::stored("name", "0a1b"),
    })
}

/// The action as a file's is kept.
pub(super) fn stored(action: &Value) -> Action {
    kept(checked(action, SecretsAs::References, &[]).unwrap())
}

/// Asserts that each action is refused at its field, and that nothing is repeated that was written there.
pub(super) fn assert_refused(actions: &[(Value, &str)], canary: &str) {
    for (action, field) in actions {
        for secrets in [SecretsAs::References, SecretsAs::Values] {
            let problems = checked(action, secrets, &[]).unwrap_err();
            let named = problems.iter().any(|problem| problem.field == format!("actions[0].{field}"));
            assert!(named, "{action}: {problems:?}");
            assert!(!format!("{problems:?}").contains(canary), "{action}: {problems:?}");
        }
    }
}

/// A `push` of GitHub's with these headers and this payload.
pub(super) fn head(headers: &[(&str, &str)], test: bool) -> EventHead {
    serde_json::from_value(json!({
        "id": EventId::new(Timestamp::from_ms(7), &[1; 10]), "path": "p", "sender": "github", "received_at": 7,
        "headers": headers, "hooks": [], "body_bytes": 2, "event_type": "push", "test": test,
    }))
    .unwrap()
}

/// What an action makes of an event.
pub(super) fn rendered(action: &Action, head: &EventHead, payload: Value) -> Result<Rendered, String> {
    let hook: Hook = serde_json::from_value(json!({
        "id": "hk_1", "name": "n", "path": "p", "sender": "github", "secrets": [], "rate_per_minute": 1,
        "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
    }))
    .unwrap();
    let payload = Arc::new(crate::json::Value::from(payload));
    let facts = Facts {
        event: head,
        hook: hook.facts(),
        method: "POST",
        body: b"{}",
        payload: Some(&payload),
        test: head.test,
    };
    let (task, templates) = (TaskId::new(head.id, &HookId::from_text("hk_1"), 0), Templates::of(action));
    action.render(&Material::new(facts, &task, &templates))
}

#[test]
fn a_fallback_is_checked_kept_and_shown_like_an_action_and_has_none_itself() {
    use crate::config::HookSpec;
    let with = |fallback: Value| json!({"kind": "telegram", "chat": "1", "fallback": fallback});
    assert_refused(
        &[
            (with(json!({"kind": "discord"})), "fallback.url"),
            (with(json!({"kind": "pigeon"})), "fallback.kind"),
            (with(json!({})), "fallback.kind"),
            (with(json!("discord")), "fallback"),
            (
                with(
                    json!({"kind": "telegram", "chat": "2", "quiet": {"from": "22:00", "to": "07:00", "timezone": "UTC"}}),
                ),
                "fallback.quiet",
            ),
            (with(json!({"kind": "telegram", "chat": "2", "colour": "red"})), "fallback.colour"),
            (with(with(json!({"kind": "telegram", "chat": "3"}))), "fallback"),
        ],
        "canary",
    );
    let spec = json!({"name": "h", "sender": "github", "actions": [
        {"kind": "telegram", "chat": "1", "fallback": {"kind": "discord", "url": "env:D"}},
    ]});
    let mut spec: HookSpec = serde_json::from_value(spec).unwrap();
    let kept_secrets = Kept { secrets: Some(vec![SecretRef::parse("env:IN").unwrap()]), ..Kept::default() };
    let hook = check_change(&spec, SecretsAs::References, &kept_secrets).unwrap().hook;
    assert_eq!(hook.fallbacks[&0].kind(), super::Kind::Discord);
    let hook = hook.map(&mut |_, secret| match secret {
        SecretInput::Reference(reference) => reference,
        SecretInput::Value(_) => unreachable!("a file has references"),
    });
    assert_eq!(hook.all_secrets().filter(|secret| secret.to_string() == "env:D").count(), 1);
    assert_eq!(serde_json::from_str::<Hook>(&serde_json::to_string(&hook).unwrap()).unwrap(), hook);
    let shown = serde_json::to_value(&HookSpec::of(&hook).actions[0]).unwrap();
    assert_eq!(shown, json!({"kind": "telegram", "chat": "1", "fallback": {"kind": "discord"}}));
    // What is left out of it stays, and references in it give way to values.
    let again: HookSpec = serde_json::from_value(json!({"name": "h", "sender": "github", "actions": [shown]})).unwrap();
    let again = check_change(&again, SecretsAs::ValuesAlone, &Kept::of(&hook)).unwrap().hook;
    assert_eq!(again.fallbacks[&0].secrets()[0].1, &SecretInput::Reference(SecretRef::parse("env:D").unwrap()));
    spec.resolve(&mut |_: &SecretRef| Ok::<_, ()>(Some("https://discord.com/api/webhooks/1/x".to_owned()))).unwrap();
    assert_eq!(spec.actions[0].fields["fallback"]["url"], "https://discord.com/api/webhooks/1/x");
}

/// An action, one that goes where it goes, and one that goes elsewhere.
fn neighbours() -> [[Value; 3]; 5] {
    let discord =
        |token: &str| json!({"kind": "discord", "url": format!("https://discord.com/api/webhooks/1/{token}")});
    [
        [
            json!({"kind": "telegram", "chat": "1"}),
            json!({"kind": "telegram", "chat": "1", "template": "t"}),
            json!({"kind": "telegram", "chat": "2"}),
        ],
        [
            json!({"kind": "forward", "url": "https://example.com/in"}),
            json!({"kind": "forward", "url": "https://example.com/in", "method": "PUT"}),
            json!({"kind": "forward", "url": "https://example.com/other"}),
        ],
        [
            json!({"kind": "slack", "token": "xoxb-one-canary", "channel": "C0123456789"}),
            json!({"kind": "slack", "token": "xoxb-two-canary", "channel": "C0123456789"}),
            json!({"kind": "slack", "url": "https://hooks.slack.com/services/a-canary"}),
        ],
        [discord("a-canary"), discord("a-canary"), discord("b-canary")],
        [
            json!({"kind": "email", "to": ["me@example.com"]}),
            json!({"kind": "email", "to": ["me@example.com"], "subject": "s"}),
            json!({"kind": "email", "to": ["you@example.com"]}),
        ],
    ]
}

#[test]
fn a_fallback_goes_elsewhere_than_its_action() {
    for [action, same, other] in neighbours() {
        let with = |fallback: &Value| {
            let mut action = action.clone();
            action["fallback"] = fallback.clone();
            action
        };
        checked(&with(&other), SecretsAs::Values, &[]).unwrap_or_else(|problems| panic!("{action}: {problems:?}"));
        for fallback in [&action, &same] {
            let problems = checked(&with(fallback), SecretsAs::Values, &[]).unwrap_err();
            assert!(problems.iter().any(|problem| problem.field == "actions[0].fallback"), "{action}: {problems:?}");
            assert!(!format!("{problems:?}").contains("canary"), "{problems:?}");
        }
    }
}

#[test]
fn the_secrets_of_actions_and_of_fallbacks_stay_where_they_are_and_are_not_each_other_s() {
    use crate::config::HookSpec;
    let discord = |url: &str| json!({"kind": "discord", "url": url});
    let spec = |action: Value, fallback: Value| -> HookSpec {
        let mut action = action;
        action["fallback"] = fallback;
        serde_json::from_value(json!({"name": "h", "sender": "github", "actions": [action]})).unwrap()
    };
    let own = Kept { secrets: Some(vec![SecretRef::parse("env:IN").unwrap()]), ..Kept::default() };
    let draft = check_change(&spec(discord("env:A"), discord("env:B")), SecretsAs::References, &own).unwrap();
    let hook = draft.hook.map(&mut |_, secret| match secret {
        SecretInput::Reference(reference) => reference,
        SecretInput::Value(_) => unreachable!("a file has references"),
    });
    let written = |hook: &Hook<SecretInput>| -> Vec<String> {
        let secrets = hook.all_actions().flat_map(Action::secrets).map(|(_, secret)| format!("{secret:?}"));
        secrets.collect()
    };
    let named =
        |names: [&str; 2]| names.map(|name| format!("{:?}", SecretInput::Reference(SecretRef::parse(name).unwrap())));
    let left_out = json!({"kind": "discord", "thread": "7"});
    let kept = Kept::of(&hook);
    let changed = check_change(&spec(left_out.clone(), left_out.clone()), SecretsAs::ValuesAlone, &kept).unwrap().hook;
    assert_eq!(written(&changed), named(["env:A", "env:B"]));
    // The action's own address does not serve the fallback of a hook that had none, nor the other way round.
    let actions = KeptActions { fallbacks: BTreeMap::new(), ..kept.actions.clone() };
    let without = Kept { actions, ..kept.clone() };
    let problems =
        check_change(&spec(left_out.clone(), left_out.clone()), SecretsAs::ValuesAlone, &without).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["actions[0].fallback.url"]);
    let actions = KeptActions { actions: Vec::new(), ..kept.actions.clone() };
    let without = Kept { actions, ..kept };
    let problems = check_change(&spec(left_out.clone(), left_out), SecretsAs::ValuesAlone, &without).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["actions[0].url"]);
    // Nobody reaches for another's secret, or ours, by naming where it is.
    for reference in ["stored:action-hk_2#0a1b", "env:IN", "file:/etc/passwd", "ssm:/bellhop/other"] {
        let reaching = spec(json!({"kind": "telegram", "chat": "1"}), discord(reference));
        let problems = check_change(&reaching, SecretsAs::ValuesAlone, &Kept::of(&hook)).unwrap_err();
        assert_eq!(problems.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(), ["actions[0].fallback.url"]);
    }
}

#[test]
fn a_change_that_names_no_actions_leaves_each_with_its_own_secrets() {
    use crate::config::{Configured as _, HookSpec};
    let discord =
        |url: &str, other: &str| json!({"kind": "discord", "url": url, "fallback": {"kind": "slack", "url": other}});
    let spec = json!({"name": "h", "sender": "github", "secrets": ["env:IN"],
                      "actions": [discord("env:A", "env:B"), discord("env:C", "env:D")]});
    let draft = check_hook(&serde_json::from_value(spec).unwrap(), SecretsAs::References).unwrap();
    let hook = draft.hook.map(&mut |_, secret| match secret {
        SecretInput::Reference(reference) => reference,
        SecretInput::Value(_) => unreachable!("a file has references"),
    });
    let fields = json!({"description": "ours"});
    let changed = HookSpec { description: Some("ours".to_owned()), ..HookSpec::of(&hook) };
    let changed =
        Hook::check(&changed, SecretsAs::ValuesAlone, Some((&hook, fields.as_object().unwrap()))).unwrap().hook;
    assert_eq!(changed.actions, hook.actions.iter().map(Action::as_written).collect::<Vec<_>>());
    assert_eq!(
        changed.fallbacks.values().cloned().collect::<Vec<_>>(),
        hook.fallbacks.values().map(Action::as_written).collect::<Vec<_>>()
    );
    // Whoever writes actions says which is which.
    let fields = json!({"actions": HookSpec::of(&hook).actions});
    Hook::check(&HookSpec::of(&hook), SecretsAs::ValuesAlone, Some((&hook, fields.as_object().unwrap()))).unwrap_err();
}

#[test]
fn a_fingerprint_that_is_sent_back_is_told_at_every_secret_of_an_action() {
    use crate::config::HookSpec;
    let shown = || json!({"fingerprint": "0a1b2c3d"});
    let sign = json!({"scheme": "standard-webhooks", "secret": shown()});
    for (field, action) in [
        ("url", json!({"kind": "slack", "url": shown()})),
        ("token", json!({"kind": "slack", "token": shown(), "channel": "C0123456789"})),
        ("url", json!({"kind": "discord", "url": shown()})),
        ("url", json!({"kind": "ntfy", "url": shown()})),
        ("token", json!({"kind": "ntfy", "url": "https://ntfy.sh/t", "token": shown()})),
        ("url", json!({"kind": "forward", "url": shown()})),
        ("sign.secret", json!({"kind": "forward", "url": "https://example.com/", "sign": sign})),
        ("fallback.url", json!({"kind": "telegram", "chat": "1", "fallback": {"kind": "discord", "url": shown()}})),
    ] {
        let spec = json!({"name": "h", "sender": "github", "secrets": ["s"], "actions": [action.clone()]});
        let spec: HookSpec = serde_json::from_value(spec).unwrap();
        let problems = check_hook(&spec, SecretsAs::ValuesAlone).unwrap_err();
        let problem = problems.iter().find(|problem| problem.field == format!("actions[0].{field}"));
        let problem = problem.unwrap_or_else(|| panic!("{action}: {problems:?}"));
        assert!(problem.message.contains("leave the field out to keep it"), "{action}: {problems:?}");
    }
}
