//! Why a command failed, in one message for the person who called it.

use std::fmt::Display;

/// The message.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    /// Says what failed, and why.
    pub(crate) fn new(what: &str, why: impl Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

impl From<bellhop_app::ports::PortError> for Failure {
    fn from(error: bellhop_app::ports::PortError) -> Self {
        Self(error.to_string())
    }
}
