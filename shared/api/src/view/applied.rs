//! What applying a configuration did.

use bellhop_app::catalogue::Applied;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What applying a configuration did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Applied)]
pub struct AppliedView {
    /// Hooks and jobs that are new.
    pub created: usize,
    /// Hooks and jobs that are different now.
    pub updated: usize,
    /// Hooks and jobs that are as they were.
    pub unchanged: usize,
    /// Hooks and jobs that are gone because the configuration no longer has them.
    pub deleted: usize,
}

impl AppliedView {
    /// What was done, as the API shows it.
    pub(crate) const fn new(applied: Applied) -> Self {
        let Applied { created, updated, unchanged, deleted } = applied;
        Self { created, updated, unchanged, deleted }
    }
}
