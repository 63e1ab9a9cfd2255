//! The configuration as a whole: `/api/config`.

use axum::Json;
use axum::extract::State;
use bellhop_core::config::{CheckedConfig, ConfigSpec, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Answered, Body, invalid};
use super::{Api, failed, no_jobs};
use crate::view::{AppliedView, PlanView};
use bellhop_app::catalogue::checks;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(apply_config)).routes(routes!(plan_config))
}

/// Applies a configuration, all or nothing: its hooks and jobs replace those of earlier configurations.
#[utoipa::path(put, path = "/api/config", tag = "config", request_body = ConfigSpec, responses(
    (status = 200, description = "What it changed", body = AppliedView),
    (status = 400, description = "The body is not JSON"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named, and nothing was changed"),
))]
async fn apply_config(State(api): State<Api>, Body(spec): Body<ConfigSpec>) -> Answered<Json<AppliedView>> {
    let config = api.checked(spec).await?;
    api.configuration.apply(config).await.map(|applied| Json(AppliedView::new(applied))).map_err(failed)
}

/// Says what applying a configuration would change, and changes nothing. Secrets are told by where they are, or by their
/// fingerprints.
#[utoipa::path(post, path = "/api/config/plan", tag = "config", request_body = ConfigSpec, responses(
    (status = 200, description = "What it would change", body = PlanView),
    (status = 400, description = "The body is not JSON"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named"),
))]
async fn plan_config(State(api): State<Api>, Body(spec): Body<ConfigSpec>) -> Answered<Json<PlanView>> {
    let config = api.checked(spec).await?;
    api.configuration.plan(config).await.map(|plan| Json(PlanView::new(&plan))).map_err(failed)
}

impl Api {
    /// A configuration that passed, for what this deployment does.
    async fn checked(&self, spec: ConfigSpec) -> Answered<CheckedConfig> {
        if self.configuration.jobs.is_none() && !spec.jobs.is_empty() {
            let message = format!("{}: leave them out", no_jobs().message);
            return Err(invalid(&[Problem { field: "jobs".to_owned(), message }]));
        }
        checks::config(spec).await.map_err(|problems| invalid(&problems))
    }
}
