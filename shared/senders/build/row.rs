//! A row of the table as it is written: `table/NAME.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::answer::Answer;

/// A sender.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) docs: String,
    #[serde(default)]
    pub(crate) source: String,
    pub(crate) category: String,
    #[serde(default)]
    pub(crate) event_type: Place,
    #[serde(default)]
    pub(crate) delivery_id: Place,
    #[serde(default)]
    pub(crate) handshake: Option<String>,
    #[serde(default)]
    pub(crate) deadline_seconds: Option<u32>,
    #[serde(default)]
    pub(crate) retries: String,
    #[serde(default)]
    pub(crate) max_body_bytes: Option<u64>,
    /// The longest body in which its proof is looked for, where it stands there.
    #[serde(default)]
    pub(crate) proof_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) answer: Vec<Answer>,
    #[serde(default)]
    pub(crate) unpack: Vec<Unpack>,
    #[serde(default)]
    pub(crate) setup: Vec<String>,
    pub(crate) verified: String,
    pub(crate) scheme: Scheme,
    #[serde(default)]
    pub(crate) alternative: Option<Alternative>,
    #[serde(default)]
    pub(crate) sample: Sample,
    #[serde(default)]
    pub(crate) repeat: Repeat,
}

/// How the sender delivers again.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repeat {
    /// Fields of the body that it changes when it does; `*` stands for every item of a list, and alone for the whole body.
    #[serde(default)]
    pub(crate) changes: Vec<String>,
    /// Headers that tell events of equal content apart, though nothing signs them.
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    /// Whether its delivery id is another one each time.
    #[serde(default)]
    pub(crate) other_id: bool,
    /// For how many days it does, where that is more than usual.
    pub(crate) days: Option<u32>,
    /// For how many seconds equal content is one delivery, where the sender sends no delivery id; 0 where it may say the same
    /// of two events, so that nothing is a copy.
    pub(crate) window_seconds: Option<u32>,
}

/// A text within a payload that holds more of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unpack {
    pub(crate) field: String,
    #[serde(rename = "as")]
    pub(crate) wrapping: String,
    pub(crate) into: Option<String>,
}

/// What the body of a sender's sample does not say itself.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    pub(crate) event_type: Option<String>,
}

/// Where a value is found.
#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    #[default]
    Nowhere,
    Header(String),
    Field(String),
    Key(Vec<String>),
    Join(Vec<Self>),
    First(Vec<Self>),
}

/// Another scheme of the same sender: for secrets with this prefix, or for all where the first scheme's proof is absent.
#[derive(Deserialize)]
pub(crate) struct Alternative {
    #[serde(default)]
    pub(crate) secret_prefix: Option<String>,
    #[serde(flatten)]
    pub(crate) scheme: Scheme,
}

/// How requests are signed. Which of the fields belong to which kind is checked when the code is written.
#[derive(Deserialize)]
pub(crate) struct Scheme {
    pub(crate) kind: String,
    #[serde(flatten)]
    pub(crate) fields: BTreeMap<String, toml::Value>,
}
