//! Secrets and references to them.

mod parameter;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use bellhop_senders::secret::{EmptySecret, Secret};

/// Where a secret's value is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SecretRef {
    /// `env:NAME`: an environment variable of the process.
    Env(String),
    /// `file:PATH`: a file's content, without the line break at its end.
    File(String),
    /// `ssm:NAME`: a parameter in AWS Systems Manager.
    Ssm(String),
    /// `stored:NAME`, or `stored:NAME#FINGERPRINT`: Bellhop keeps the value itself, under the name (a `SecureString` when
    /// deployed, the data folder otherwise).
    Stored(String),
}

impl SecretRef {
    /// Reads a reference as it stands in a configuration.
    pub fn parse(text: &str) -> Result<Self, BadSecretRef> {
        let (kind, name) = text.split_once(':').ok_or(BadSecretRef)?;
        if name.trim().is_empty() {
            return Err(BadSecretRef);
        }
        match kind {
            "env" => Ok(Self::Env(name.to_owned())),
            "file" => Ok(Self::File(name.to_owned())),
            "ssm" => Ok(Self::Ssm(name.to_owned())),
            "stored" => Ok(Self::Stored(name.to_owned())),
            _ => Err(BadSecretRef),
        }
    }

    /// A reference to a value that is kept under this name; the fingerprint tells it from others, and no name says it.
    pub fn stored(name: &str, fingerprint: &str) -> Self {
        Self::Stored(format!("{name}#{fingerprint}"))
    }

    /// The name under which Bellhop keeps the value, where it does; it is shown to nobody.
    pub fn stored_name(&self) -> Option<&str> {
        match self {
            Self::Stored(text) => Some(text.split_once('#').map_or(text, |(name, _)| name)),
            Self::Env(_) | Self::File(_) | Self::Ssm(_) => None,
        }
    }

    /// What tells a kept value from others; those of earlier versions have it at the end of their name.
    pub fn fingerprint(&self) -> Option<&str> {
        match self {
            Self::Stored(text) => text.rsplit(['#', '-']).next(),
            Self::Env(_) | Self::File(_) | Self::Ssm(_) => None,
        }
    }

    /// The reference as people may see it; of a kept value the fingerprint, for its name is nobody's to know.
    pub fn shown(&self) -> String {
        self.fingerprint().map_or_else(|| self.to_string(), |fingerprint| format!("fingerprint {fingerprint}"))
    }

    /// What is wrong with a reference that somebody writes, and how to mend it; parameters alone have rules.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Ssm(name) => parameter::problem(name),
            Self::Env(_) | Self::File(_) | Self::Stored(_) => None,
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Ssm(name) => write!(f, "ssm:{name}"),
            Self::Stored(name) => write!(f, "stored:{name}"),
        }
    }
}

impl From<SecretRef> for String {
    fn from(reference: SecretRef) -> Self {
        reference.to_string()
    }
}

impl TryFrom<String> for SecretRef {
    type Error = BadSecretRef;

    fn try_from(text: String) -> Result<Self, BadSecretRef> {
        Self::parse(&text)
    }
}

/// The text is not a secret reference. It is not repeated here: it may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a secret reference: write `env:NAME`, `file:PATH` or `ssm:NAME`, never the secret itself")]
pub struct BadSecretRef;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_written() {
        for text in ["env:TOKEN", "file:/run/secrets/a:b", "ssm:/bellhop/x", "stored:k"] {
            assert_eq!(SecretRef::parse(text).unwrap().to_string(), text);
        }
        let kept = SecretRef::stored("hk_1-abc", "0123abcd");
        assert_eq!(SecretRef::parse(&kept.to_string()).as_ref(), Ok(&kept));
        assert_eq!((kept.stored_name(), kept.fingerprint()), (Some("hk_1-abc"), Some("0123abcd")));
        let former = SecretRef::Stored("hk_1-0123abcd".to_owned());
        assert_eq!((former.stored_name(), former.fingerprint()), (Some("hk_1-0123abcd"), Some("0123abcd")));
        for text in ["hunter2", "env:", "env: ", "vault:x", ""] {
            let error = SecretRef::parse(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"));
        }
    }
}
