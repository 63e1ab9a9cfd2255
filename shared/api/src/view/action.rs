//! An action, as people see it: with the fields that they write.

use std::collections::BTreeMap;

use bellhop_core::action::{Action, ActionSpec};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::SecretView;

/// An action with the fields that were written, and those that were left out and have a value.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ActionView {
    /// Its kind.
    pub kind: String,
    /// The fields of its kind, as `ActionSpec` has them; where a secret stands, its fingerprint or where it is.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl ActionView {
    /// Actions, each with what is done instead of it where its task is dead.
    pub fn all(actions: &[Action], fallbacks: &BTreeMap<usize, Action>) -> Vec<Self> {
        let view = |(place, action)| {
            let mut view = Self::new(action);
            if let Some(fallback) = fallbacks.get(&place).map(Self::new) {
                view.fields.insert("fallback".to_owned(), serde_json::to_value(fallback).unwrap_or_default());
            }
            view
        };
        actions.iter().enumerate().map(view).collect()
    }

    /// An action alone.
    fn new(action: &Action) -> Self {
        let ActionSpec { kind, mut fields } = ActionSpec::of(action);
        for (field, secret) in action.secrets() {
            let shown = serde_json::to_value(SecretView::new(secret)).unwrap_or_default();
            let (outer, inner) = field.split_once('.').map_or((field, None), |(outer, inner)| (outer, Some(inner)));
            match (inner, fields.get_mut(outer).and_then(Value::as_object_mut)) {
                (Some(inner), Some(outer)) => drop(outer.insert(inner.to_owned(), shown)),
                _ => drop(fields.insert(outer.to_owned(), shown)),
            }
        }
        Self { kind, fields }
    }
}

#[cfg(test)]
mod tests {
    use bellhop_core::config::{Configured as _, HookSpec, SecretInput, SecretsAs};
    use bellhop_core::hook::Hook;
    use bellhop_core::secret::SecretRef;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_is_shown_with_the_fields_that_are_written_and_no_secret() {
        let kept = || json!({"fingerprint": "0a1b2c3d"});
        let sign = |secret: Value| json!({"scheme": "github", "secret": secret});
        for (written, shown) in [
            (
                json!({"kind": "telegram", "chat": "1", "template": "a", "markup": "html", "topic": 7, "silent": true,
                       "key": "k", "key_seconds": 60}),
                json!({}),
            ),
            (
                json!({"kind": "forward", "url": {"secret": "https://example.com/in"}, "method": "PUT",
                       "timeout_seconds": 9, "ordered": true, "sign": sign("a secret".into())}),
                json!({"url": kept(), "sign": sign(kept())}),
            ),
            (
                json!({"kind": "slack", "token": "xoxb-1", "channel": "C1", "api_base": "https://slack.com/api",
                       "template": "*a*", "markup": "mrkdwn", "key": "k", "key_seconds": 60}),
                json!({"token": kept()}),
            ),
            (json!({"kind": "slack", "url": "https://hooks.slack.com/x"}), json!({"url": kept()})),
            (
                json!({"kind": "discord", "url": "https://discord.com/x", "thread": "1", "template": "**a**",
                       "markup": "markdown", "key": "k", "key_seconds": 60}),
                json!({"url": kept()}),
            ),
            (
                json!({"kind": "email", "to": ["a@example.com"], "subject": "s", "template": "t", "markup": "html",
                       "key": "k"}),
                json!({}),
            ),
            (
                json!({"kind": "lambda", "function": "arn:aws:lambda:eu-central-1:111122223333:function:a",
                       "payload": "{}", "async": true, "timeout_seconds": 9}),
                json!({}),
            ),
            (
                json!({"kind": "eventbridge", "bus": "orders", "detail_type": "t", "source": "shop", "detail": "{}"}),
                json!({}),
            ),
        ] {
            let spec = json!({"name": "h", "sender": "github", "secrets": ["s"], "actions": [written]});
            let spec: HookSpec = serde_json::from_value(spec).unwrap();
            let hook = Hook::check(&spec, SecretsAs::Values, None).unwrap().hook;
            let action = hook.actions[0].clone().map(|secret| match secret {
                SecretInput::Value(_) => SecretRef::stored("name", "0a1b2c3d"),
                SecretInput::Reference(reference) => reference,
            });
            let mut expected = written.as_object().unwrap().clone();
            expected.extend(shown.as_object().unwrap().clone());
            assert_eq!(serde_json::to_value(ActionView::new(&action)).unwrap(), Value::Object(expected));
        }
    }
}
