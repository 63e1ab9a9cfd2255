//! Replacing a hook's secret.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{not_rotated, tagged};
use crate::Api;
use crate::body::{Answered, Id, IfMatch, OptionalBody, invalid_field};
use bellhop_app::hooks::Rotation;

/// For how many seconds a replaced secret still matches, unless said, and at most.
pub(super) const GRACE_SECONDS: u64 = 86_400;
const LONGEST_GRACE_SECONDS: u64 = 604_800;

/// How to replace a hook's secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RotateSpec {
    /// The new secret; one is made where none is given.
    secret: Option<String>,
    /// For how many seconds the old secret still matches; a day unless said, 7 days at most.
    #[schema(maximum = 604800)]
    grace_seconds: Option<u64>,
}

/// A secret that was just replaced.
#[derive(Serialize, ToSchema)]
pub(super) struct NewSecret {
    /// The new secret. It is shown this once.
    secret: String,
    /// Until when the old ones still match.
    old_until: String,
}

/// Replaces a hook's secret; the old ones match for a while longer.
#[utoipa::path(post, path = "/api/hooks/{id}/rotate", tag = "hooks", request_body = Option<RotateSpec>, params(
    ("id" = String, Path, description = "The hook's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The new secret, shown this once", body = NewSecret,
        headers(("ETag" = String, description = "The hook's version"))),
    (status = 400, description = "The body is not JSON"),
    (status = 404, description = "No hook has this id"),
    (status = 409, description = "The hook's sender checks no secret, or others keep changing the hook"),
    (status = 412, description = "The hook has another version than `If-Match` names"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "The secret cannot be used, or the grace is too long"),
))]
pub(super) async fn rotate_secret(
    State(api): State<Api>,
    Id(id): Id,
    expected: IfMatch,
    OptionalBody(spec): OptionalBody<RotateSpec>,
) -> Answered<Response> {
    let grace_seconds = spec.grace_seconds.unwrap_or(GRACE_SECONDS);
    if grace_seconds > LONGEST_GRACE_SECONDS {
        return Err(invalid_field("grace_seconds", format!("at most {LONGEST_GRACE_SECONDS}")));
    }
    let rotation = Rotation { secret: spec.secret, grace_seconds };
    let rotated = api.hooks.rotate(&id, expected.versions(), &rotation).await.map_err(not_rotated)?;
    let old_until = rotated.hook.updated_at.plus_ms(grace_seconds * 1000).rfc3339();
    let answer = NewSecret { secret: rotated.secret.expose().to_owned(), old_until };
    Ok(tagged(StatusCode::OK, rotated.hook.version, &answer))
}
