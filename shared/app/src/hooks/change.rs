//! Changing one hook, so that of two changes at the same time none is lost.

use bellhop_core::action::Action;
use bellhop_core::config::{HookSpec, Kept, Problem, SecretInput, SecretsAs, read_secret};
use bellhop_core::hook::{Hook, HookStatus, Origin, Retiring};
use bellhop_core::id::HookId;
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::{CustomScheme, Sender};
use bellhop_senders::verify::Key;
use serde_json::{Map, Value};

use super::{HookBook, NotMade, checks, keep};

/// How often a change is tried that others get in the way of.
const TRIES: usize = 5;

/// How many secrets may be on their way out; the oldest goes first.
const MOST_RETIRING: usize = 10;

/// What is to become of a hook.
enum Edit<'a> {
    Patch(&'a Map<String, Value>, SecretsAs),
    Toggle,
    Rotate(&'a SecretInput, u64),
}

/// How a secret is to be replaced.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The new secret; one is made where none is given.
    pub secret: Option<String>,
    /// For how many seconds the old ones still match.
    pub grace_seconds: u64,
}

/// A hook whose secret was replaced.
#[derive(Debug)]
pub struct Rotated {
    /// The hook.
    pub hook: Hook,
    /// Its new secret.
    pub secret: Secret,
}

impl HookBook {
    /// Lays fields over those of a hook, with the rights of whoever wrote them; `null` sets a field back. Secrets that are
    /// not given stay.
    pub async fn patch(
        &self,
        id: &HookId,
        expected: Option<&[u64]>,
        fields: &Map<String, Value>,
        secrets: SecretsAs,
    ) -> Result<Hook, NotMade> {
        self.change(id, expected, &Edit::Patch(fields, secrets)).await
    }

    /// Disables a hook that is active, and the other way round.
    pub async fn toggle(&self, id: &HookId, expected: Option<&[u64]>) -> Result<Hook, NotMade> {
        self.change(id, expected, &Edit::Toggle).await
    }

    /// Gives a hook a new secret; its old ones match for a while longer.
    pub async fn rotate(&self, id: &HookId, expected: Option<&[u64]>, rotation: &Rotation) -> Result<Rotated, NotMade> {
        let hook = self.get(id).await?.ok_or(NotMade::Gone)?;
        let sender = hook.sender().filter(|sender| !sender.is_unsigned()).ok_or(NotMade::Unsigned)?;
        let secret = match &rotation.secret {
            Some(text) => given(sender, text).map_err(|why| invalid("secret", why))?,
            None => self.mint_secret(sender).map_err(|why| invalid("secret", why))?,
        };
        let input = SecretInput::Value(secret.clone());
        let hook = self.change(id, expected, &Edit::Rotate(&input, rotation.grace_seconds)).await?;
        Ok(Rotated { hook, secret })
    }

    /// Changes a hook: only where it has one of the expected versions, or else again and again until nobody is in the way.
    async fn change(&self, id: &HookId, expected: Option<&[u64]>, edit: &Edit<'_>) -> Result<Hook, NotMade> {
        for _ in 0..TRIES {
            let (hooks, _) = self.reader.hooks_and_settings().await?;
            let old = hooks.iter().find(|hook| hook.id == *id).ok_or(NotMade::Gone)?;
            if expected.is_some_and(|expected| !expected.contains(&old.version)) {
                return Err(NotMade::Outdated);
            }
            let new = self.edited(old, edit).await?;
            if hooks.iter().any(|hook| hook.name == new.name && hook.id != *id) {
                return Err(NotMade::NameTaken(new.name));
            }
            if new == *old {
                return Ok(new);
            }
            if self.writer.replace_hook(&new, old.version).await? {
                self.changes.note();
                log::info!(hook = id.as_str(), version = new.version; "hook changed");
                self.forget(keep::unused(old, &new)).await;
                return Ok(new);
            }
            if expected.is_some() {
                return Err(NotMade::Outdated);
            }
        }
        Err(NotMade::Busy)
    }

    /// The hook as it is after a change.
    async fn edited(&self, old: &Hook, edit: &Edit<'_>) -> Result<Hook, NotMade> {
        let now = self.clock.now();
        let mut new = match edit {
            Edit::Patch(fields, secrets) => {
                let draft = patched(old, fields, *secrets).await?;
                let named = draft
                    .reconcile
                    .as_ref()
                    .is_some_and(|new| old.reconcile.as_ref().is_none_or(|old| old.api_base != new.api_base));
                // An address that came through the API is not the operator's, whoever made the hook.
                let origin = if named { Origin::Api } else { old.origin };
                self.complete(draft, Some(old), origin).await?
            }
            Edit::Toggle => Hook {
                status: match old.status {
                    HookStatus::Active => HookStatus::Disabled,
                    HookStatus::Disabled => HookStatus::Active,
                },
                ..old.clone()
            },
            Edit::Rotate(secret, grace_seconds) => {
                let secret = self.keep(old.id.as_str(), (*secret).clone()).await?;
                let until = now.plus_ms(grace_seconds.saturating_mul(1000));
                let mut retiring = old.retiring.clone();
                retiring.extend(old.secrets.iter().map(|old| Retiring { secret: old.clone(), until }));
                retiring.retain(|retiring| retiring.secret != secret);
                Hook { secrets: vec![secret], retiring, ..old.clone() }
            }
        };
        retire(&mut new, now);
        if new != *old {
            (new.version, new.updated_at) = (old.version + 1, now);
        }
        Ok(new)
    }

    /// A secret of the kind that a sender's scheme takes.
    fn mint_secret(&self, sender: &Sender) -> Result<Secret, String> {
        let mut random = [0; 32];
        self.clock.random(&mut random);
        sender.new_secret(&random).ok_or_else(|| {
            format!("a secret of {} is made by {} itself; send it as `secret`", sender.name, sender.facts().title)
        })
    }
}

/// Takes out secrets whose time is over, and of very many the oldest.
fn retire(hook: &mut Hook, now: Timestamp) {
    hook.retiring.retain(|retiring| now < retiring.until);
    let over = hook.retiring.len().saturating_sub(MOST_RETIRING);
    hook.retiring.drain(..over);
}

/// The draft of a hook with fields laid over its own.
async fn patched(
    old: &Hook,
    fields: &Map<String, Value>,
    secrets: SecretsAs,
) -> Result<bellhop_core::config::HookDraft, NotMade> {
    let mut merged = serde_json::to_value(HookSpec::of(old)).map_err(|error| invalid("the stored hook", error))?;
    merge(&mut merged, fields);
    let spec: HookSpec = serde_path_to_error::deserialize(merged)
        .map_err(|error| NotMade::Invalid(vec![bellhop_core::config::field_problem(&error)]))?;
    let mut kept = Kept::of(old);
    if fields.contains_key("secrets") {
        kept.secrets = None;
    } else if spec.sender != old.sender || decoding(spec.scheme.as_ref()) != decoding(old.scheme.as_ref()) {
        // Its secrets are written in another way now: they must be given with it.
        kept.secrets = Some(Vec::new());
    }
    let mut draft = checks::change(spec, secrets, kept).await.map_err(NotMade::Invalid)?;
    if !fields.contains_key("actions") {
        draft.actions = old.actions.iter().map(Action::as_written).collect();
    }
    Ok(draft)
}

/// How a hook of these options reads its secrets.
fn decoding(scheme: Option<&CustomScheme>) -> &str {
    scheme.map_or("raw", CustomScheme::decoding)
}

/// Lays fields over an object, after RFC 7386.
fn merge(target: &mut Value, fields: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else {
        return;
    };
    for (name, value) in fields {
        match value {
            Value::Null => {
                object.remove(name);
            }
            Value::Object(inner) => merge(object.entry(name.clone()).or_insert(Value::Null), inner),
            other => {
                object.insert(name.clone(), other.clone());
            }
        }
    }
}

/// A secret that was given by value and that the sender's scheme can use.
fn given(sender: &Sender, text: &str) -> Result<Secret, String> {
    match read_secret(text, SecretsAs::ValuesAlone)? {
        SecretInput::Value(secret) => {
            Key::new(sender, &secret).map_err(|error| error.to_string())?;
            Ok(secret)
        }
        SecretInput::Reference(_) => Err("send the secret itself; a reference is set by changing `secrets`".to_owned()),
    }
}

/// One wrong field.
fn invalid(field: &str, why: impl ToString) -> NotMade {
    NotMade::Invalid(vec![Problem { field: field.to_owned(), message: why.to_string() }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_laid_over_an_object() {
        for (mut target, fields, expected) in [
            (json!({"a": 1, "b": {"c": 2, "d": 3}}), json!({"b": {"c": null}}), json!({"a": 1, "b": {"d": 3}})),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]})),
            (json!({"a": 1}), json!({"a": null, "b": {"c": {"d": 1, "e": null}}}), json!({"b": {"c": {"d": 1}}})),
            (json!({"a": 1}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
        ] {
            merge(&mut target, fields.as_object().unwrap());
            assert_eq!(target, expected);
        }
    }
}
