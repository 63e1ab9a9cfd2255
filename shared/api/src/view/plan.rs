//! What applying a configuration would change.

use bellhop_app::catalogue::{Change, Difference, Plan};
use bellhop_app::configuration::ConfigPlan;
use bellhop_core::config::Configured;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{AppliedView, Open};

/// What applying a configuration would change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Plan)]
pub struct PlanView {
    /// How many things it would make, change, leave and delete.
    #[serde(flatten)]
    pub applied: AppliedView,
    /// What would become of each thing.
    pub changes: Vec<ChangeView>,
    /// The settings that would be others.
    pub settings: Vec<DifferenceView>,
}

/// What would become of a thing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeView {
    /// Its kind: `hook` or `job`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What would become of it.
    #[schema(value_type = ChangeKind)]
    pub change: Open<ChangeKind>,
    /// The fields that would be others, where it is changed.
    pub fields: Vec<DifferenceView>,
}

/// What becomes of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is made.
    Created,
    /// It is changed.
    Updated,
    /// It stays as it is.
    Unchanged,
    /// It is deleted.
    Deleted,
}

/// A field that would be another. A secret is where it is, or `fingerprint` and the first digits of its SHA-256.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Difference)]
pub struct DifferenceView {
    /// The field: `actions[0].chat`.
    pub field: String,
    /// What it is; null where it is not there.
    pub before: Option<Value>,
    /// What it would be; null where it would be gone.
    pub after: Option<Value>,
}

impl PlanView {
    /// A plan as the API shows it.
    pub fn new(plan: &ConfigPlan) -> Self {
        Self {
            applied: AppliedView::new(plan.applied()),
            changes: changes(&plan.hooks).chain(changes(&plan.jobs)).collect(),
            settings: plan.settings.iter().map(DifferenceView::new).collect(),
        }
    }
}

/// What would become of the things of a kind.
fn changes<K: Configured>(plan: &Plan<K>) -> impl Iterator<Item = ChangeView> + '_ {
    let change = |change: &Change| {
        let (change, name, fields) = match change {
            Change::Created(name) => (ChangeKind::Created, name, &[][..]),
            Change::Updated(name, fields) => (ChangeKind::Updated, name, &fields[..]),
            Change::Unchanged(name) => (ChangeKind::Unchanged, name, &[][..]),
            Change::Deleted(name) => (ChangeKind::Deleted, name, &[][..]),
        };
        ChangeView {
            kind: K::KIND.to_owned(),
            name: name.clone(),
            change: change.into(),
            fields: fields.iter().map(DifferenceView::new).collect(),
        }
    };
    plan.changes.iter().map(change)
}

impl DifferenceView {
    /// A difference as the API shows it.
    fn new(difference: &Difference) -> Self {
        let Difference { field, before, after } = difference;
        Self { field: field.clone(), before: before.clone(), after: after.clone() }
    }
}
