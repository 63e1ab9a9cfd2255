//! What vouches for each sender, as `tests/senders/cover.toml` says.

use std::collections::BTreeMap;

use bellhop_senders::sender::{Scheme, Sender};
use bellhop_tests::build::workspace;
use serde::Deserialize;

/// What stands after a sender's name for its second scheme, where that is for all its secrets.
pub(super) const SECOND: &str = "*";

/// The table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cover {
    /// The evidence for each sender, by its name; a second scheme stands after a space, as its secrets begin.
    pub(super) senders: BTreeMap<String, Vec<Evidence>>,
    /// The requests that somebody else takes and we do not.
    pub(super) differs: Vec<Difference>,
}

/// Something that vouches for a sender, and is not our own signer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Evidence {
    /// Published signatures, under this name.
    Vectors(String),
    /// A library that the sender publishes, and its version.
    Library(String, String),
    /// A verifier written from the documentation alone.
    Reference,
    /// Nothing: its requests carry no proof, and the hook's door is the secret.
    Door,
}

/// Requests that somebody else takes and we do not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Difference {
    /// The senders.
    pub(super) senders: Vec<String>,
    /// Who takes them: a package, or `reference`.
    pub(super) by: String,
    /// What is wrong with them.
    pub(super) cases: Vec<String>,
    /// Why we do not take them.
    pub(super) why: String,
}

/// A sender under one of its schemes.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its name in the table.
    pub(super) name: &'a str,
    /// The sender.
    pub(super) sender: &'static Sender,
    /// How its secrets begin, where they choose the scheme.
    pub(super) prefix: &'a str,
    /// What vouches for it.
    pub(super) evidence: &'a [Evidence],
}

impl Cover {
    /// Reads the table.
    pub(super) fn read() -> Self {
        let text = std::fs::read_to_string(workspace().join("tests/senders/cover.toml")).expect("the table is there");
        toml::from_str(&text).expect("the table is one")
    }

    /// The senders that it names, as far as there are such senders.
    pub(super) fn subjects(&self) -> Vec<Subject<'_>> {
        self.senders.iter().filter_map(|(name, evidence)| Subject::of(name, evidence)).collect()
    }

    /// Why somebody takes a request of this sender, with this wrong, that we refuse.
    pub(super) fn difference(&self, sender: &str, wrong: &str, by: &str) -> Option<&str> {
        let fits = |one: &&Difference| {
            one.by == by && one.cases.iter().any(|name| name == wrong) && one.senders.iter().any(|name| name == sender)
        };
        self.differs.iter().find(fits).map(|one| one.why.as_str())
    }
}

impl<'a> Subject<'a> {
    /// The sender of this name.
    fn of(name: &'a str, evidence: &'a [Evidence]) -> Option<Self> {
        let (sender, prefix) = name.split_once(' ').unwrap_or((name, ""));
        Some(Self { name, sender: Sender::named(sender)?, prefix, evidence })
    }

    /// The scheme.
    pub(super) fn scheme(self) -> &'static Scheme {
        let second = self.sender.second_scheme().filter(|_| self.is_second());
        second.unwrap_or_else(|| self.sender.scheme_for(self.prefix))
    }

    /// Whether this is a second scheme that is for all of the sender's secrets.
    pub(super) fn is_second(self) -> bool {
        self.prefix == SECOND
    }

    /// Who judges its requests: packages, and `reference`.
    pub(super) fn judges(self) -> impl Iterator<Item = &'a str> {
        self.evidence.iter().filter_map(Evidence::judge)
    }

    /// Whether there is a verifier for it that was written from its documentation.
    pub(super) fn has_reference(self) -> bool {
        self.evidence.contains(&Evidence::Reference)
    }
}

impl Evidence {
    /// Who judges requests.
    pub(super) fn judge(&self) -> Option<&str> {
        match self {
            Self::Library(package, _) => Some(package),
            Self::Reference => Some("reference"),
            Self::Vectors(_) | Self::Door => None,
        }
    }

    /// Whether these are published signatures.
    pub(super) fn is_published(&self) -> bool {
        matches!(self, Self::Vectors(_))
    }

    /// Whether this is a library.
    pub(super) fn is_library(&self) -> bool {
        matches!(self, Self::Library(..))
    }

    /// The library and its version: `name@version`.
    pub(super) fn library(&self) -> Option<String> {
        match self {
            Self::Library(package, version) => Some(format!("{package}@{version}")),
            _ => None,
        }
    }
}

impl TryFrom<String> for Evidence {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or((&text, ""));
        match (kind, rest.rsplit_once('@')) {
            ("vectors", _) if !rest.is_empty() => Ok(Self::Vectors(rest.to_owned())),
            ("sdk", Some((package, version))) => Ok(Self::Library(package.to_owned(), version.to_owned())),
            ("reference", _) => Ok(Self::Reference),
            ("door", _) => Ok(Self::Door),
            _ => Err(format!("`{text}` is no evidence")),
        }
    }
}
