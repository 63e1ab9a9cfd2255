//! The secrets in actions' fields.

use serde::{Deserialize, Serialize};

use super::{Action, of_room};
use crate::config::SecretInput;
use crate::secret::SecretRef;

/// An address that is written out, or kept as a secret because whoever knows it may use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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

    /// The same with each of its secrets made another.
    #[must_use]
    pub fn map<T>(self, make: impl FnMut(S) -> T) -> Action<T> {
        match self {
            Self::Telegram(action) => Action::Telegram(action),
            Self::Forward(action) => Action::Forward(action.map(make)),
        }
    }
}

impl Action {
    /// The action as if it had been written with references to its own secrets.
    pub fn as_written(&self) -> Action<SecretInput> {
        self.clone().map(SecretInput::Reference)
    }
}
