//! The secrets in actions' fields.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::forward::read_target;
use super::{Action, Check, of_room};
use crate::config::{SecretInput, read_secret};
use crate::secret::{Secret, SecretRef};

/// An address that is written out, or kept as a secret because whoever knows it may use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place<S = SecretRef> {
    /// Where the address is kept; tried first, as no address begins like a reference.
    Kept(S),
    /// The address itself.
    Url(String),
}

impl<S> Place<S> {
    /// The same with its secret made another.
    pub(super) fn map<T>(self, make: impl FnOnce(S) -> T) -> Place<T> {
        match self {
            Self::Kept(secret) => Place::Kept(make(secret)),
            Self::Url(url) => Place::Url(url),
        }
    }
}

impl<S> Action<S> {
    /// Its secrets, each with the field that it stands in.
    pub fn secrets(&self) -> Vec<(&'static str, &S)> {
        of_room!(self, room => room.secrets())
    }
}

impl Action<SecretInput> {
    /// Whether its effect goes where another's goes.
    pub(crate) fn goes_where(&self, other: &Self) -> bool {
        // With secrets themselves where their digests would be: this is for nobody to see.
        let place = |action: &Self| {
            let kept = action.clone().map(|secret| match secret {
                SecretInput::Reference(reference) => reference,
                SecretInput::Value(value) => SecretRef::stored("", &hex::encode(value.expose())),
            });
            (kept.kind(), kept.destination())
        };
        place(self) == place(other)
    }
}

impl Action {
    /// The action as if it had been written with references to its own secrets.
    pub fn as_written(&self) -> Action<SecretInput> {
        self.clone().map(SecretInput::Reference)
    }
}

/// Reads the address of a webhook that is a secret itself, written out or as a reference; one that is left out stays, where
/// `kept` finds one alone among the hook's actions before.
pub(super) fn secret_url(
    text: &str,
    kind: &str,
    example: &str,
    kept: impl Fn(&Action) -> Option<&SecretRef>,
    check: &mut Check<'_>,
) -> Option<SecretInput> {
    if text.trim().is_empty() {
        let mut kept = check.kept.iter().filter_map(kept);
        // Of several nobody says which.
        let only = kept.next().filter(|_| kept.next().is_none()).cloned();
        if only.is_none() {
            check.add("url", format!("a `{kind}` action needs an address: `{example}`"));
        }
        return only.map(SecretInput::Reference);
    }
    if text.contains("://") {
        let url = check.take("url", read_target(text))?;
        return check.take("url", Secret::new(&url)).map(SecretInput::Value);
    }
    match check.take("url", read_secret(text, check.secrets))? {
        SecretInput::Reference(reference) => Some(SecretInput::Reference(reference)),
        SecretInput::Value(_) => {
            check.add("url", format!("not a URL, and no reference to one: `{example}`"));
            None
        }
    }
}

/// An address that is kept, as people name it.
pub(super) fn kept_place(reference: &SecretRef) -> String {
    match reference.fingerprint() {
        Some(fingerprint) => format!("a kept address {fingerprint}"),
        None => reference.to_string(),
    }
}

/// Puts the values of secrets in the place of the references that these fields hold, as far as `value_of` has them.
pub(super) fn resolve_fields<E>(
    fields: &mut Map<String, Value>,
    names: &[&str],
    value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>,
) -> Result<(), E> {
    for name in names {
        let Some(field) = fields.get_mut(*name) else { continue };
        if let Some(reference) = field.as_str().and_then(|text| SecretRef::parse(text).ok())
            && let Some(value) = value_of(&reference)?
        {
            *field = value.into();
        }
    }
    Ok(())
}
