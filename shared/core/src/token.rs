//! Tokens of the management API: how they look, what they open, and what is kept of them.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::random_word;
use crate::secret::{EmptySecret, Secret};
use crate::time::Timestamp;

/// What every token begins with, so that a scanner knows one where it should not be.
pub const PREFIX: &str = "bh_";

/// How many random letters follow the prefix: 170 bits.
pub const RANDOM_LETTERS: usize = 34;

/// How many characters the admin token has at least, which somebody may have chosen: shorter ones can be tried out.
pub const LEAST_ADMIN_CHARS: usize = 16;

/// How many letters of checksum stand at the end.
const CHECKSUM_LETTERS: usize = 6;

/// The token made of these random bytes: prefix, random letters, checksum.
pub fn mint(random: &[u8; RANDOM_LETTERS]) -> Result<Secret, EmptySecret> {
    let word = random_word(random);
    let sum = checksum(&word);
    Secret::new(format!("{PREFIX}{word}{sum}"))
}

/// Whether a text is written as a token is, checksum included; one that is not is nobody's token.
pub fn well_formed(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else {
        return false;
    };
    let length = rest.len() == RANDOM_LETTERS + CHECKSUM_LETTERS && rest.is_ascii();
    length && rest[RANDOM_LETTERS..] == checksum(&rest[..RANDOM_LETTERS])
}

/// Whether a text is long enough for the admin token.
pub fn may_be_admin(text: &str) -> bool {
    text.chars().nth(LEAST_ADMIN_CHARS - 1).is_some()
}

/// The key a token is kept under: its SHA-256 in hex.
pub fn key(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The letters that a token's random part must be followed by.
fn checksum(word: &str) -> String {
    random_word(&Sha256::digest(word)[..CHECKSUM_LETTERS])
}

/// What a token opens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Scope {
    /// Hooks.
    Hooks,
    /// Events and tasks: seeing them, doing them again and deleting them; and the numbers.
    Events,
    /// Seeing events and tasks.
    EventsRead,
    /// The numbers that a monitor reads.
    Metrics,
    /// Jobs.
    Jobs,
    /// The mailbox of this channel.
    Channel(String),
    /// Services.
    Services,
    /// Everything, tokens and the configuration among it.
    Admin,
}

impl Scope {
    /// Whether a token with this scope may do what needs `other`.
    pub fn opens(&self, other: &Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Events => matches!(other, Self::Events | Self::EventsRead | Self::Metrics),
            _ => self == other,
        }
    }

    /// The scope of this name.
    pub fn parse(text: &str) -> Result<Self, BadScope> {
        match text {
            "hooks" => Ok(Self::Hooks),
            "events" => Ok(Self::Events),
            "events:read" => Ok(Self::EventsRead),
            "metrics" => Ok(Self::Metrics),
            "jobs" => Ok(Self::Jobs),
            "services" => Ok(Self::Services),
            "admin" => Ok(Self::Admin),
            _ => match text.strip_prefix("channel:") {
                Some(name) if is_plain(name) => Ok(Self::Channel(name.to_owned())),
                _ => Err(BadScope),
            },
        }
    }
}

/// Whether a channel's name is 1 to 100 letters, digits, `-`, `.` and `_`.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=100).contains(&name.len()) && name.bytes().all(plain)
}

/// The text is not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is `hooks`, `events`, `events:read`, `metrics`, `jobs`, `services`, `admin` or `channel:NAME`")]
pub struct BadScope;

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hooks => f.write_str("hooks"),
            Self::Events => f.write_str("events"),
            Self::EventsRead => f.write_str("events:read"),
            Self::Metrics => f.write_str("metrics"),
            Self::Jobs => f.write_str("jobs"),
            Self::Channel(name) => write!(f, "channel:{name}"),
            Self::Services => f.write_str("services"),
            Self::Admin => f.write_str("admin"),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = BadScope;

    fn try_from(text: String) -> Result<Self, BadScope> {
        Self::parse(&text)
    }
}

/// What is kept of a token: all but its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it opens.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    /// Whether it still opens anything.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it opens what needs this scope.
    pub fn opens(&self, scope: &Scope) -> bool {
        self.scopes.iter().any(|own| own.opens(scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_checksum() {
        let random: [u8; RANDOM_LETTERS] = std::array::from_fn(|place| u8::try_from(place * 7).unwrap_or(0));
        let token = mint(&random).unwrap();
        let text = token.expose();
        assert_eq!(text.len(), PREFIX.len() + RANDOM_LETTERS + CHECKSUM_LETTERS);
        assert!(well_formed(text));
        for place in 0..text.len() {
            let mut other: Vec<u8> = text.bytes().collect();
            other[place] = if other[place] == b'a' { b'b' } else { b'a' };
            assert!(!well_formed(&String::from_utf8(other).unwrap()), "letter {place}");
        }
        let long = "é".repeat(20);
        for bad in ["", "bh_", &text[1..], &text[..text.len() - 1], &format!("{text}a"), &format!("bh_{long}")] {
            assert!(!well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn a_scope_opens_itself_admin_opens_all_and_events_what_sees_them() {
        const ALL: [&str; 9] =
            ["hooks", "events", "events:read", "metrics", "jobs", "channel:a", "channel:b", "services", "admin"];
        for name in ALL {
            let scope = Scope::parse(name).unwrap();
            assert_eq!(scope.to_string(), name);
            for other in ALL {
                let more = matches!((name, other), ("admin", _) | ("events", "events:read" | "metrics"));
                assert_eq!(scope.opens(&Scope::parse(other).unwrap()), name == other || more, "{name} on {other}");
            }
        }
        for bad in
            ["", "Hooks", "channel:", "channel:a/b", "channel", "*", " admin", "hooks:read", "events:write", "read"]
        {
            assert_eq!(Scope::parse(bad), Err(BadScope), "{bad}");
        }
    }

    #[test]
    fn an_admin_token_is_sixteen_characters_long() {
        for (text, good) in
            [("", false), ("t", false), ("fifteen-letters", false), ("sixteen-letters!", true), ("äöüäöüäö", false)]
        {
            assert_eq!(may_be_admin(text), good, "{text}");
        }
    }

    #[test]
    fn a_token_ends_at_its_moment() {
        let (start, end) = (Timestamp::from_seconds(1), Timestamp::from_seconds(2));
        let token = |expires_at| Token {
            id: "tk_1".to_owned(),
            name: String::new(),
            scopes: vec![Scope::Events],
            created_at: start,
            expires_at,
            last_used_at: None,
        };
        assert!(token(Some(end)).is_valid(start) && !token(Some(end)).is_valid(end));
        assert!(token(None).is_valid(end));
        assert!(token(None).opens(&Scope::Events) && !token(None).opens(&Scope::Hooks));
    }
}
