//! Taking the secret that a sender offered.

use axum::extract::State;
use axum::response::Response;
use bellhop_core::hook::Origin;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::rotate::GRACE_SECONDS;
use super::{not_made, tagged};
use crate::answer::Refused;
use crate::api::body::{Answered, Id, IfMatch};
use crate::api::{Api, failed};
use crate::hooks::Rotation;

/// What to do with the secret of a hook that is not changed here.
const NOTE: &str = "this hook comes from a configuration file: put the secret into its `secrets` there";

/// A secret that a sender offered.
#[derive(Serialize, ToSchema)]
pub(super) struct Claimed {
    /// The secret. It is shown this once.
    secret: String,
    /// When it was offered.
    offered_at: String,
    /// Where from: nothing else says who offered it.
    source_ip: Option<String>,
    /// What is left to do; absent where the secret is the hook's first one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Takes the secret that the hook's sender offered within the last hour. It becomes the hook's first one, and the old ones
/// match for a day longer; a hook from a configuration file stays as it is.
#[utoipa::path(post, path = "/api/hooks/{id}/claim", tag = "hooks", params(
    ("id" = String, Path, description = "The hook's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The secret, shown this once", body = Claimed,
        headers(("ETag" = String, description = "The hook's version"))),
    (status = 404, description = "No hook has this id, or nothing is offered to it"),
    (status = 409, description = "The hook's sender checks no secret, or others keep changing the hook"),
    (status = 412, description = "The hook has another version than `If-Match` names"),
    (status = 422, description = "The hook's sender uses no such secret; the offer stays"),
))]
pub(super) async fn claim_secret(State(api): State<Api>, Id(id): Id, expected: IfMatch) -> Answered<Response> {
    let mut hook = api.hook(id).await?;
    let offer = api.offers.find(&hook.id).await.map_err(failed)?.ok_or_else(no_offer)?;
    let ours = hook.origin == Origin::Api;
    if ours {
        let rotation = Rotation { secret: Some(offer.secret.expose().to_owned()), grace_seconds: GRACE_SECONDS };
        hook = api.hooks.rotate(&hook.id, expected.versions(), &rotation).await.map_err(not_made)?.hook;
    }
    if !api.offers.take(&hook.id, &offer).await.map_err(failed)? {
        return Err(no_offer());
    }
    log::info!(hook = hook.id.as_str(); "offered secret claimed");
    let answer = Claimed {
        secret: offer.secret.expose().to_owned(),
        offered_at: offer.offered_at.rfc3339(),
        source_ip: offer.source_ip.map(|ip| ip.to_string()),
        note: (!ours).then_some(NOTE),
    };
    Ok(tagged(StatusCode::OK, hook.version, &answer))
}

/// 404: there is nothing to claim.
fn no_offer() -> Refused {
    Refused::new(404, "no_offer", "nothing is offered to this hook; an offer is kept for an hour and claimed once")
}
