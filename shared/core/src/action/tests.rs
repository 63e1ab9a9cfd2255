//! What the tests of rooms have in common: an action as a hook's check takes it, and an event at that hook.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Action, Material, Rendered, Templates};
use crate::config::{Kept, Problem, SecretInput, SecretsAs, check_change};
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
    let kept = Kept { secrets: Some(vec![reference]), actions: kept.to_vec(), ..Kept::default() };
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
    let facts =
        Facts { event: head, hook: &hook, method: "POST", body: b"{}", payload: Some(&payload), test: head.test };
    let (task, templates) = (TaskId::new(head.id, &HookId::from_text("hk_1"), 0), Templates::of(action));
    action.render(&Material::new(facts, &task, &templates))
}
