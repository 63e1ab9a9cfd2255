//! What the doors and the API answer besides what was asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// The refusal.
    pub error: ErrorView,
}

/// A refusal, for programs and for people.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorView {
    /// A word for programs.
    #[serde(default)]
    #[schema(required)]
    pub code: String,
    /// A sentence for people: what is wrong, where, and how to mend it.
    pub message: String,
    /// An id to name when asking for help.
    #[serde(default)]
    #[schema(required)]
    pub request_id: String,
}

/// An event that was taken in.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Accepted {
    /// The event's id.
    pub id: String,
    /// What became of it, as far as the front door knows.
    pub status: AcceptedStatus,
}

/// What became of an event that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedStatus {
    /// It is written down.
    Accepted,
    /// It is another copy of a delivery.
    Duplicate,
}
