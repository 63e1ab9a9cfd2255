//! A kind in its one room: what is written, what is checked, what is kept.

use bellhop_core::config::{Configured, Problem, SecretInput, SecretsAs, Stamp, read_secret};
use bellhop_core::hook::Origin;
use bellhop_core::id::random_word;
use bellhop_core::secret::SecretRef;
use bellhop_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A pager, as written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PagerSpec {
    name: String,
    number: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pin: String,
}

/// A pager that passed its checks.
#[derive(Debug, Clone)]
pub(super) struct PagerDraft {
    name: String,
    number: u32,
    pin: SecretInput,
}

/// A pager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pager {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) pin: SecretRef,
    pub(super) origin: Origin,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) version: u64,
}

impl Configured for Pager {
    const KIND: &'static str = "pager";

    type Spec = PagerSpec;
    type Draft = PagerDraft;

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn spec(&self) -> PagerSpec {
        PagerSpec { name: self.name.clone(), number: self.number, pin: String::new() }
    }

    fn check(
        spec: &PagerSpec,
        secrets: SecretsAs,
        change: Option<(&Self, &Map<String, Value>)>,
    ) -> Result<PagerDraft, Vec<Problem>> {
        let problem =
            |field: &str, message: &str| vec![Problem { field: field.to_owned(), message: message.to_owned() }];
        if spec.number == 0 {
            return Err(problem("number", "a pager has a number from 1"));
        }
        let pin = match change {
            Some((old, fields)) if !fields.contains_key("pin") => SecretInput::Reference(old.pin.clone()),
            _ => read_secret(&spec.pin, secrets).map_err(|why| problem("pin", &why))?,
        };
        Ok(PagerDraft { name: spec.name.clone(), number: spec.number, pin })
    }

    fn new_id(random: &[u8; 22]) -> String {
        format!("pg_{}", random_word(random))
    }

    fn written_name(spec: &PagerSpec) -> &str {
        &spec.name
    }

    fn name_of(draft: &PagerDraft) -> &str {
        &draft.name
    }

    fn complete(
        draft: PagerDraft,
        old: Option<&Self>,
        stamp: &Stamp,
        keep: &mut dyn FnMut(&str, SecretInput) -> SecretRef,
    ) -> Self {
        let origin = old.filter(|_| stamp.origin == Origin::Api).map_or(stamp.origin, |old| old.origin);
        Self {
            id: stamp.id.clone(),
            name: draft.name,
            number: draft.number,
            pin: keep(&stamp.id, draft.pin),
            origin,
            created_at: old.map_or(stamp.now, |old| old.created_at),
            updated_at: old.map_or(stamp.now, |old| old.updated_at),
            version: old.map_or(1, |old| old.version),
        }
    }

    fn secrets(&self) -> Vec<&SecretRef> {
        vec![&self.pin]
    }

    fn shown(&self) -> Value {
        json!({"name": self.name, "number": self.number, "pin": self.pin.shown(), "origin": self.origin})
    }

    fn touch(&mut self, version: u64, now: Timestamp) {
        (self.version, self.updated_at) = (version, now);
    }
}
