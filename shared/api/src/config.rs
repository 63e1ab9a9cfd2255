//! The configuration as a whole: `/api/config`.

use axum::Json;
use axum::extract::State;
use bellhop_core::config::ConfigSpec;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Answered, Body, invalid};
use super::{Api, failed};
use crate::view::AppliedView;
use bellhop_app::catalogue::checks;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(apply_config))
}

/// Applies a configuration, all or nothing: its hooks replace those of earlier configurations.
#[utoipa::path(put, path = "/api/config", tag = "config", request_body = ConfigSpec, responses(
    (status = 200, description = "What it changed", body = AppliedView),
    (status = 400, description = "The body is not JSON"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named, and nothing was changed"),
))]
async fn apply_config(State(api): State<Api>, Body(spec): Body<ConfigSpec>) -> Answered<Json<AppliedView>> {
    let config = checks::config(spec).await.map_err(|problems| invalid(&problems))?;
    api.hooks.apply(config).await.map(|applied| Json(AppliedView::new(applied))).map_err(failed)
}
