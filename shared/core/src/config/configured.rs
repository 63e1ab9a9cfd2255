//! Things that people configure. A kind says of itself what the catalogue of all kinds cannot know.

mod hook;
mod job;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Problem, SecretInput, SecretsAs};
use crate::hook::Origin;
use crate::secret::SecretRef;
use crate::time::Timestamp;

/// A configured thing as it is kept: a document with an id, a name and a version.
pub trait Configured: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The kind, as stores, answers and the log name it: `hook`.
    const KIND: &'static str;

    /// A thing as people write it, with the same fields in a file and through the API.
    type Spec: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// A thing that passed its checks; its secrets are not kept yet.
    type Draft: Clone + Send + Sync + 'static;

    /// Its id, which it keeps for life.
    fn id(&self) -> &str;

    /// Its name, unlike that of any other of its kind.
    fn name(&self) -> &str;

    /// How often it has been written, from 1.
    fn version(&self) -> u64;

    /// Who wrote it.
    fn origin(&self) -> Origin;

    /// When it was made.
    fn created_at(&self) -> Timestamp;

    /// The thing as it would be written, without its secrets: a change is laid over this.
    fn spec(&self) -> Self::Spec;

    /// Checks what was written, of a change of `old` with the fields that the change names; each wrong field is named.
    fn check(
        spec: &Self::Spec,
        secrets: SecretsAs,
        change: Option<(&Self, &Map<String, Value>)>,
    ) -> Result<Self::Draft, Vec<Problem>>;

    /// An id made of these random bytes.
    fn new_id(random: &[u8; 22]) -> String;

    /// The name that was written.
    fn written_name(spec: &Self::Spec) -> &str;

    /// A draft's name.
    fn name_of(draft: &Self::Draft) -> &str;

    /// The thing that a draft makes. What the draft leaves open stays as it was in `old`, whose version and times it has.
    ///
    /// `keep` says where each of its secrets is kept under a name: who may read the secrets of one name need not read those
    /// of another.
    fn complete(
        draft: Self::Draft,
        old: Option<&Self>,
        stamp: &Stamp,
        keep: &mut dyn FnMut(&str, SecretInput) -> SecretRef,
    ) -> Self;

    /// The secrets that it needs.
    fn secrets(&self) -> Vec<&SecretRef>;

    /// The thing for people to compare, as JSON: each secret as [`SecretRef::shown`] has it.
    fn shown(&self) -> Value;

    /// Says that it was changed.
    fn touch(&mut self, version: u64, now: Timestamp);

    /// Drops what its time is over of.
    fn tidy(&mut self, _now: Timestamp) {}
}

/// What a draft needs to become a thing.
#[derive(Debug, Clone)]
pub struct Stamp {
    /// Its id.
    pub id: String,
    /// Random bytes for whatever else it makes up.
    pub random: [u8; 22],
    /// Who wrote the draft.
    pub origin: Origin,
    /// The present moment.
    pub now: Timestamp,
}

/// Moves the fallbacks of a thing into its actions, where people write them.
fn fallbacks_inside(shown: &mut Value) {
    let fallbacks = shown.as_object_mut().and_then(|fields| fields.remove("fallbacks"));
    for (place, fallback) in fallbacks.as_ref().and_then(Value::as_object).into_iter().flatten() {
        let place = place.parse::<usize>().ok();
        if let Some(Value::Object(action)) = place.and_then(|place| shown["actions"].get_mut(place)) {
            action.insert("fallback".to_owned(), fallback.clone());
        }
    }
}
