//! Secrets as people give them to a command.

use bellhop_core::secret::{Secret, SecretRef};

use crate::config::{Place, look_up};
use crate::failure::Failure;

/// The variable that holds a secret for a command.
const VARIABLE: &str = "BELLHOP_SECRET";

/// The secret that a text names as `env:NAME` or `file:PATH`, or is.
pub(crate) fn given(text: &str) -> Result<Secret, Failure> {
    let secret = match SecretRef::parse(text) {
        Ok(reference) => look_up(&reference, Place::Here).map_err(Failure)?,
        Err(_) => Some(Secret::new(text).map_err(|why| Failure(why.to_string()))?),
    };
    secret.ok_or_else(|| Failure("the secret is not to be had here".to_owned()))
}

/// The secret from the environment, where there is one.
pub(crate) fn from_environment() -> Result<Option<Secret>, Failure> {
    match std::env::var(VARIABLE) {
        Ok(value) => Secret::new(value).map(Some).map_err(|why| Failure::new(VARIABLE, why)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(Failure::new(VARIABLE, error)),
    }
}
