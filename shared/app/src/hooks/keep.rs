//! Keeping secrets that were given by value, and forgetting those that no hook refers to any more.

use std::collections::HashSet;

use bellhop_core::action::Action;
use bellhop_core::config::SecretInput;
use bellhop_core::hook::Hook;
use bellhop_core::secret::{Secret, SecretRef};
use sha2::{Digest, Sha256};

use super::HookBook;
use crate::ports::PortResult;

/// The first eight digits of a secret's SHA-256: enough to tell secrets apart, useless to find one out.
pub fn fingerprint(secret: &Secret) -> String {
    hex::encode(&Sha256::digest(secret.expose())[..4])
}

/// The name to keep an owner's secret under: the same for the same secret, so that one that is given again is no change,
/// and for everybody else nothing that what is shown of it would tell.
fn name_for(owner: &str, secret: &Secret) -> String {
    let digest = Sha256::new_with_prefix("kept under\0").chain_update(owner).chain_update("\0");
    format!("{owner}-{}", hex::encode(&digest.chain_update(secret.expose()).finalize()[..16]))
}

/// The names under which a hook's secrets are kept.
pub(super) fn stored(hook: &Hook) -> Vec<String> {
    let retiring = hook.retiring.iter().map(|retiring| &retiring.secret);
    let token = hook.reconcile.iter().map(|reconcile| &reconcile.token);
    let actions = hook.actions.iter().flat_map(Action::secrets);
    let all = hook.secrets.iter().chain(retiring).chain(token).chain(actions);
    all.filter_map(SecretRef::stored_name).map(str::to_owned).collect()
}

/// The names that a hook's older form had and its newer one has not.
pub(super) fn unused(old: &Hook, new: &Hook) -> Vec<String> {
    let needed = stored(new);
    stored(old).into_iter().filter(|name| !needed.contains(name)).collect()
}

impl HookBook {
    /// Keeps the secrets of a hook, each once.
    pub(super) async fn keep_all(&self, owner: &str, secrets: Vec<SecretInput>) -> PortResult<Vec<SecretRef>> {
        let (mut kept, mut seen) = (Vec::with_capacity(secrets.len()), HashSet::new());
        for secret in secrets {
            let reference = self.keep(owner, secret).await?;
            if seen.insert(reference.clone()) {
                kept.push(reference);
            }
        }
        Ok(kept)
    }

    /// Keeps a secret given by value under a name of its own, so that one being rotated in does not replace the other.
    pub(super) async fn keep(&self, owner: &str, secret: SecretInput) -> PortResult<SecretRef> {
        match secret {
            SecretInput::Reference(reference) => Ok(reference),
            SecretInput::Value(value) => {
                let name = name_for(owner, &value);
                self.vault.keep(&name, &value).await?;
                Ok(SecretRef::stored(&name, &fingerprint(&value)))
            }
        }
    }

    /// Keeps the secrets of an action.
    pub(super) async fn keep_action(&self, owner: &str, action: Action<SecretInput>) -> PortResult<Action> {
        let mut kept = Vec::new();
        for secret in action.secrets() {
            kept.push(self.keep(owner, secret.clone()).await?);
        }
        let mut kept = kept.into_iter();
        // There are as many as there were.
        Ok(action.map(|_| kept.next().unwrap_or_else(|| SecretRef::Stored(String::new()))))
    }

    /// Forgets secrets whose hooks no longer refer to them; one that cannot be forgotten does no harm.
    pub(super) async fn forget(&self, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        if let Err(error) = self.vault.forget(&names).await {
            log::error!(error:%, secrets = names.len(); "secrets that are no longer used could not be forgotten");
        }
    }
}
