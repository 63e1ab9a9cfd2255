//! Trying a hook out.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::body::Rejection;
use crate::body::{Answered, Id, Params, Raw};
use crate::query::bad;
use crate::{Api, failed};
use bellhop_app::hooks::NotTried;

/// What a test event is to be like.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct TestParams {
    /// Its type, where the sender puts that into a header; the sample's unless said.
    #[serde(rename = "type")]
    event_type: Option<String>,
}

/// A test event that is on its way.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Tested {
    /// The event's id.
    pub id: String,
    /// Where to see what becomes of it.
    pub event_url: String,
}

/// Sends a sample event of the hook's sender, or the request's body, through all of Bellhop, marked as a test.
#[utoipa::path(post, path = "/api/hooks/{id}/test", tag = "hooks", params(
    ("id" = String, Path, description = "The hook's id"),
    TestParams,
), request_body(content = Option<Vec<u8>>, content_type = "application/octet-stream",
    description = "The event's body; left out, the sender's sample is sent"
), responses(
    (status = 202, description = "It is on its way", body = Tested),
    (status = 400, description = "A parameter is wrong"),
    (status = 404, description = "No hook has this id"),
    (status = 409, description = "The hook is disabled"),
    (status = 413, description = "The body is over the hook's limit, or over 2 MiB"),
    (status = 422, description = "The hook would refuse it: its secret is missing or unusable, or public_url is not set"),
))]
pub(super) async fn test_hook(
    State(api): State<Api>,
    Id(id): Id,
    Params(test): Params<TestParams>,
    Raw(body): Raw,
) -> Answered<(StatusCode, Json<Tested>)> {
    let plain = |text: &String| text.len() <= 200 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if test.event_type.as_ref().is_some_and(|text| !plain(text)) {
        return Err(bad("type", "at most 200 plain characters"));
    }
    let hook = api.hook(id).await?;
    let body = Some(body.as_ref()).filter(|body| !body.is_empty());
    let id = api.trials.send(&hook, body, test.event_type.as_deref()).await.map_err(not_tried)?;
    Ok((StatusCode::ACCEPTED, Json(Tested { id: id.to_string(), event_url: format!("/api/events/{id}") })))
}

/// What a body would have to be signed with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Signed {
    /// The headers that prove it, by name; a header that would hold the secret itself only says so.
    headers: BTreeMap<String, String>,
    /// The parameters to add to the URL's query, each `name=value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    query: Vec<String>,
    /// The body to send instead, where the proof stands in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// Says what the request's body would have to be sent with now, under the hook's first secret.
#[utoipa::path(post, path = "/api/hooks/{id}/sign", tag = "hooks", params(
    ("id" = String, Path, description = "The hook's id"),
), request_body(content = Option<Vec<u8>>, content_type = "application/octet-stream",
    description = "The exact bytes that would be sent"
), responses(
    (status = 200, description = "The headers, and what else", body = Signed),
    (status = 404, description = "No hook has this id"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "The hook's secret is missing or unusable"),
))]
pub(super) async fn sign_body(State(api): State<Api>, Id(id): Id, Raw(body): Raw) -> Answered<Json<Signed>> {
    let hook = api.hook(id).await?;
    let proof = api.trials.sign(&hook, &body).await.map_err(not_tried)?;
    Ok(Json(Signed {
        headers: proof.headers.into_iter().collect(),
        query: proof.query,
        body: proof.body.map(|body| String::from_utf8_lossy(&body).into_owned()),
    }))
}

/// Why a hook could not be tried out.
fn not_tried(why: NotTried) -> Rejection {
    let (status, code) = match &why {
        NotTried::Disabled => (409, "disabled"),
        NotTried::TooLarge(_) => (413, "too_large"),
        NotTried::Store(error) => return failed(error.clone()),
        _ => (422, "unusable"),
    };
    Rejection::new(status, code, why.to_string())
}
