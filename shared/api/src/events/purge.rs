//! Deleting old events of a hook.

use axum::Json;
use axum::extract::State;
use bellhop_core::id::{EventId, Owner};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;
use crate::body::{Answered, Body, invalid_field};
use crate::query::cursor;
use crate::{Api, failed};
use bellhop_app::history::Window;

/// How many events a purge deletes at once, at most.
const LARGEST_PURGE: u32 = 200;

/// Which events to delete.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PurgeSpec {
    /// Those that proved themselves to the hook of this id and to no other.
    hook: String,
    /// Those accepted before this moment.
    #[schema(format = "date-time")]
    before: String,
    /// How many at once, 1 to 200; 200 unless said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the answer before.
    #[serde(default)]
    cursor: Option<String>,
}

/// What a purge did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PurgeView {
    /// How many events were deleted.
    pub deleted: usize,
    /// How many stayed because they proved themselves to another hook too.
    pub kept: usize,
    /// Whether there may be more: then ask again, with `next_cursor`.
    pub more: bool,
    /// What to send as `cursor` to go on; null where there is no more.
    pub next_cursor: Option<String>,
}

/// Deletes old events of a hook with their tasks, at most 200 at once.
#[utoipa::path(post, path = "/api/events/purge", tag = "events", request_body = PurgeSpec, responses(
    (status = 200, description = "What was deleted", body = PurgeView),
    (status = 400, description = "The body is not JSON"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong"),
))]
pub(super) async fn purge_events(State(api): State<Api>, Body(spec): Body<PurgeSpec>) -> Answered<Json<PurgeView>> {
    let before = moment("before", &spec.before)?;
    let limit = spec.limit.unwrap_or(LARGEST_PURGE);
    if !(1..=LARGEST_PURGE).contains(&limit) {
        return Err(invalid_field("limit", format!("a number from 1 to {LARGEST_PURGE}")));
    }
    let cursor_given = spec.cursor.as_deref().map(str::parse::<EventId>).transpose();
    let cursor_given = cursor_given.map_err(|_| invalid_field("cursor", "not one that a purge gave"))?;
    let window = Window { from: None, to: Some(before), cursor: cursor_given, limit: limit as usize };
    let purged = api.records.purge(&window, &Owner::from_text(spec.hook)).await.map_err(failed)?;
    Ok(Json(PurgeView {
        deleted: purged.deleted,
        kept: purged.kept,
        more: purged.next.is_some(),
        next_cursor: cursor(purged.next),
    }))
}
