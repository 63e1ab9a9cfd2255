//! The secrets that senders offered: which there are, and taking one.

use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use bellhop_core::hook::Origin;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rotate::GRACE_SECONDS;
use super::{not_rotated, tagged};
use crate::body::Rejection;
use crate::body::{Answered, Id, IfMatch, OptionalBody};
use crate::query::Listed;
use crate::{Api, failed};
use bellhop_app::catalogue::fingerprint;
use bellhop_app::hooks::Rotation;
use bellhop_app::offers::Offer;

/// What to do with the secret of a hook that is not changed here.
const NOTE: &str = "this hook comes from a configuration file: put the secret into its `secrets` there";

/// An offered secret, without its value.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct OfferView {
    /// Its id, to claim it by.
    pub id: String,
    /// When it was last offered.
    pub offered_at: String,
    /// Where from; null where that is not known.
    pub source_ip: Option<String>,
    /// The first eight digits of the secret's SHA-256.
    pub fingerprint: String,
}

/// Which offer to take.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ClaimSpec {
    /// The offer's id; needed where there are several.
    offer: Option<String>,
}

/// A secret that a sender offered.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Claimed {
    /// The secret. It is shown this once.
    pub secret: String,
    /// When it was offered.
    pub offered_at: String,
    /// Where from: nothing else says who offered it.
    pub source_ip: Option<String>,
    /// What is left to do; absent where the secret is the hook's first one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Cow<'static, str>>,
}

/// Lists what was offered to a hook within the last hour, newest first. Whoever knows the hook's URL can offer a secret: see
/// when and from where each came.
#[utoipa::path(get, path = "/api/hooks/{id}/offers", tag = "hooks",
    params(("id" = String, Path, description = "The hook's id")),
responses(
    (status = 200, description = "The offers, on one page", body = Listed<OfferView>),
    (status = 404, description = "No hook has this id"),
))]
pub(super) async fn list_offers(State(api): State<Api>, Id(id): Id) -> Answered<Json<Listed<OfferView>>> {
    let hook = api.hook(id).await?;
    let offers = api.offers.list(&hook.id).await.map_err(failed)?;
    Ok(Json(Listed { items: offers.iter().map(OfferView::new).collect(), next_cursor: None }))
}

/// Takes a secret that was offered to the hook within the last hour, and drops the other offers. It becomes the hook's first
/// one, and the old ones match for a day longer; a hook from a configuration file stays as it is.
#[utoipa::path(post, path = "/api/hooks/{id}/claim", tag = "hooks", request_body = Option<ClaimSpec>, params(
    ("id" = String, Path, description = "The hook's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The secret, shown this once", body = Claimed,
        headers(("ETag" = String, description = "The hook's version"))),
    (status = 400, description = "The body is not JSON"),
    (status = 404, description = "No hook has this id, or nothing is offered to it, or nothing by this name"),
    (status = 409, description = "Several secrets are offered and none is named, the hook's sender checks no secret, or \
        others keep changing the hook"),
    (status = 412, description = "The hook has another version than `If-Match` names"),
    (status = 422, description = "The hook's sender uses no such secret; the offer stays"),
))]
pub(super) async fn claim_secret(
    State(api): State<Api>,
    Id(id): Id,
    expected: IfMatch,
    OptionalBody(ClaimSpec { offer: named }): OptionalBody<ClaimSpec>,
) -> Answered<Response> {
    let mut hook = api.hook(id).await?;
    let mut offers = api.offers.list(&hook.id).await.map_err(failed)?;
    let offer = offers.remove(chosen(&offers, named.as_deref())?);
    let ours = hook.origin == Origin::Api;
    if ours {
        let rotation = Rotation { secret: Some(offer.secret.expose().to_owned()), grace_seconds: GRACE_SECONDS };
        hook = api.hooks.rotate(hook.id.as_str(), expected.versions(), &rotation).await.map_err(not_rotated)?.hook;
    }
    if !api.offers.take(&offer).await.map_err(failed)? {
        return Err(no_offer());
    }
    for other in &offers {
        // Those that were not chosen are somebody else's; one that stays is gone within the hour.
        if let Err(error) = api.offers.take(other).await {
            log::warn!(hook = hook.id.as_str(), error:%; "an offer that was not chosen could not be dropped");
        }
    }
    log::info!(hook = hook.id.as_str(), offer = offer.id.as_str(), dropped = offers.len(); "offered secret claimed");
    let answer = Claimed {
        secret: offer.secret.expose().to_owned(),
        offered_at: offer.offered_at.rfc3339(),
        source_ip: offer.source_ip.map(|ip| ip.to_string()),
        note: (!ours).then_some(NOTE.into()),
    };
    Ok(tagged(StatusCode::OK, hook.version, &answer))
}

/// The place of the offer that is meant: the named one, or the only one.
fn chosen(offers: &[Offer], named: Option<&str>) -> Answered<usize> {
    match (named, offers) {
        (Some(named), _) => offers.iter().position(|offer| offer.id == named).ok_or_else(no_offer),
        (None, []) => Err(no_offer()),
        (None, [_]) => Ok(0),
        (None, several) => {
            let message = format!(
                "{} secrets are offered to this hook, and one alone is its sender's: see `GET /api/hooks/{{id}}/offers`, \
                 and name it as `offer`",
                several.len()
            );
            Err(Rejection::new(409, "several_offers", message))
        }
    }
}

impl OfferView {
    /// An offer as it is shown.
    fn new(offer: &Offer) -> Self {
        Self {
            id: offer.id.clone(),
            offered_at: offer.offered_at.rfc3339(),
            source_ip: offer.source_ip.map(|ip| ip.to_string()),
            fingerprint: fingerprint(&offer.secret),
        }
    }
}

/// 404: there is nothing to claim.
fn no_offer() -> Rejection {
    let message = "no such secret is offered to this hook; an offer is kept for an hour and claimed once";
    Rejection::new(404, "no_offer", message)
}
