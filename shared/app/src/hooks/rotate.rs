//! Replacing a hook's secret.

use bellhop_core::config::{Problem, SecretInput, SecretsAs, read_secret};
use bellhop_core::hook::{Hook, Retiring};
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;
use bellhop_senders::verify::Key;

use super::Hooks;
use crate::catalogue::secrets::referred;
use crate::catalogue::{Edit, NotMade};
use crate::ports::{Clock, PortError};

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

/// A secret was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum NotRotated {
    /// The hook's sender proves nothing, so there is no secret to replace.
    #[error("the hook's sender checks no secret, so there is none to replace")]
    Unsigned,
    /// The hook was not changed.
    #[error(transparent)]
    NotMade(#[from] NotMade),
}

impl From<PortError> for NotRotated {
    fn from(error: PortError) -> Self {
        Self::NotMade(error.into())
    }
}

impl Hooks {
    /// Gives a hook a new secret; its old ones match for a while longer.
    pub async fn rotate(&self, id: &str, expected: Option<&[u64]>, rotation: &Rotation) -> Result<Rotated, NotRotated> {
        let hook = self.catalogue.get(id).await?.ok_or(NotMade::Gone("hook"))?;
        let sender = hook.sender().filter(|sender| !sender.is_unsigned()).ok_or(NotRotated::Unsigned)?;
        let clock = self.catalogue.clock.as_ref();
        let secret = match &rotation.secret {
            Some(text) => given(sender, text).map_err(|why| invalid("secret", why))?,
            None => mint_secret(sender, clock).map_err(|why| invalid("secret", why))?,
        };
        let mut values = Vec::new();
        let kept = vec![referred(id, SecretInput::Value(secret.clone()), &mut values)];
        let rotated = |old: &Hook, now: Timestamp| {
            let until = now.plus_ms(rotation.grace_seconds.saturating_mul(1000));
            let mut retiring = old.retiring.clone();
            retiring.extend(old.secrets.iter().map(|old| Retiring { secret: old.clone(), until }));
            retiring.retain(|retiring| !kept.contains(&retiring.secret));
            Hook { secrets: kept.clone(), retiring, ..old.clone() }
        };
        let hook = self.catalogue.change(id, expected, &Edit::With(&rotated, &values)).await?;
        Ok(Rotated { hook, secret })
    }
}

/// A secret of the kind that a sender's scheme takes.
fn mint_secret(sender: &Sender, clock: &dyn Clock) -> Result<Secret, String> {
    let mut random = [0; 32];
    clock.random(&mut random);
    sender.new_secret(&random).ok_or_else(|| {
        format!("a secret of {} is made by {} itself; send it as `secret`", sender.name, sender.facts().title)
    })
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
