//! Secret values.

use std::fmt;

/// A secret value: it never prints, and it is never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret's value; an empty one, or one of white space alone, is refused.
    pub fn new(value: impl Into<String>) -> Result<Self, EmptySecret> {
        let value = value.into();
        if value.trim().is_empty() { Err(EmptySecret) } else { Ok(Self(value)) }
    }

    /// The value itself, for the few places that must use it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The value that was to be a secret is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is empty")]
pub struct EmptySecret;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let secret = Secret::new("hunter2").unwrap();
        assert_eq!(format!("{secret:?}"), "[redacted]");
        for empty in ["", "  ", "\n"] {
            assert_eq!(Secret::new(empty), Err(EmptySecret));
        }
    }
}
