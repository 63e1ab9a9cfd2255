//! Keeping secrets that were given by value, and forgetting those that nothing refers to any more.

use bellhop_core::config::{Configured, SecretInput};
use bellhop_core::secret::{Secret, SecretRef};
use sha2::{Digest, Sha256};

use super::Catalogue;
use crate::ports::PortResult;

/// A value that is to be kept, with the name that it is kept under.
pub(crate) type Value = (String, Secret);

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

/// Where a secret will be, under its owner's name. A value has to be kept for it, under a name of its own, so that one being
/// rotated in does not replace the other.
pub(crate) fn referred(owner: &str, secret: SecretInput, values: &mut Vec<Value>) -> SecretRef {
    match secret {
        SecretInput::Reference(reference) => reference,
        SecretInput::Value(value) => {
            let name = name_for(owner, &value);
            let reference = SecretRef::stored(&name, &fingerprint(&value));
            values.push((name, value));
            reference
        }
    }
}

/// The names under which a thing's secrets are kept.
pub(super) fn stored<K: Configured>(thing: &K) -> Vec<String> {
    thing.secrets().into_iter().filter_map(SecretRef::stored_name).map(str::to_owned).collect()
}

/// The names that a thing's older form had and its newer one has not.
pub(super) fn unused<K: Configured>(old: &K, new: &K) -> Vec<String> {
    let needed = stored(new);
    stored(old).into_iter().filter(|name| !needed.contains(name)).collect()
}

impl<K> Catalogue<K> {
    /// Keeps values under their names.
    pub(crate) async fn keep(&self, values: &[Value]) -> PortResult<()> {
        for (name, value) in values {
            self.vault.keep(name, value).await?;
        }
        Ok(())
    }

    /// Forgets secrets that nothing refers to any more; one that cannot be forgotten does no harm.
    pub(crate) async fn forget(&self, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        if let Err(error) = self.vault.forget(&names).await {
            log::error!(error:%, secrets = names.len(); "secrets that are no longer used could not be forgotten");
        }
    }
}
