//! Jobs: `/api/jobs…`, and `/api/schedule` as Kai has it.

mod kai;
mod view;

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use bellhop_core::config::JobSpec;
use bellhop_core::job::Job;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use kai::Scheduled;
pub use view::{Delivery, DueView, JobStatus, JobView, RunStatus, RunView};

use super::auth::Caller;
use super::body::{Answered, Body, Id, IfMatch, Params, unknown};
use super::hooks::{not_made, place, tagged};
use super::query::{Listed, PageParams, bad, cursor, page_size, window};
use super::{Api, failed};
use bellhop_app::history::{EventFilter, Slice};

/// How many of the due times that come next a job is shown with.
const SHOWN_RUNS: usize = 5;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(kai::schedule))
        .routes(routes!(list_jobs, create_job))
        .routes(routes!(get_job, patch_job, delete_job))
        .routes(routes!(run_job))
        .routes(routes!(pause_job))
        .routes(routes!(resume_job))
        .routes(routes!(list_runs))
}

/// Which jobs are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct JobParams {
    /// How many entries, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Those that stand so.
    #[param(inline)]
    status: Option<JobStatus>,
    /// Those with this text in their name.
    name: Option<String>,
}

/// A run that was asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RunAsked {
    /// The id of its event.
    pub id: String,
    /// Where the event is shown.
    pub event_url: String,
}

/// Lists the jobs, newest first. A page may hold fewer than asked for and still have a next one.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", params(JobParams), responses(
    (status = 200, description = "A page of jobs", body = Listed<JobView>),
    (status = 400, description = "A parameter is wrong"),
))]
async fn list_jobs(State(api): State<Api>, Params(params): Params<JobParams>) -> Answered<Json<Listed<JobView>>> {
    let limit = page_size(params.limit)?;
    let after = params.cursor.as_deref();
    let after = after.map(|cursor| place(cursor).ok_or_else(|| bad("cursor", "not one of this list"))).transpose()?;
    api.jobs.sweep().await.map_err(not_made)?;
    let (jobs, next) = api.jobs.catalogue.page(after.as_ref(), limit).await.map_err(failed)?;
    let named = |job: &&Job| params.name.as_ref().is_none_or(|name| job.name.contains(name.as_str()));
    let mut items = Vec::new();
    for job in jobs.iter().filter(named) {
        items.push(api.job_view(job).await?);
    }
    items.retain(|job| params.status.is_none_or(|status| job.status == status.into()));
    Ok(Json(Listed { items, next_cursor: next.map(|(created, id)| format!("{created}.{id}")) }))
}

/// Makes a job.
#[utoipa::path(post, path = "/api/jobs", tag = "jobs", request_body = JobSpec, responses(
    (status = 201, description = "The job", body = JobView, headers(("ETag" = String, description = "Its version"))),
    (status = 400, description = "The body is not JSON"),
    (status = 409, description = "Another job has this name"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named"),
))]
async fn create_job(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(spec): Body<JobSpec>,
) -> Answered<Response> {
    let job = api.jobs.create(spec, caller.secrets()).await.map_err(not_made)?;
    Ok(tagged(StatusCode::CREATED, job.version, &api.job_view(&job).await?))
}

/// Shows a job.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
responses(
    (status = 200, description = "The job", body = JobView, headers(("ETag" = String, description = "Its version"))),
    (status = 404, description = "No job has this id"),
))]
async fn get_job(State(api): State<Api>, Id(id): Id) -> Answered<Response> {
    let job = api.job(&id).await?;
    api.shown_job(&job).await
}

/// Changes the given fields of a job; `null` sets one back. A schedule takes the place of another as a whole, and secrets stay
/// unless they are given.
#[utoipa::path(patch, path = "/api/jobs/{id}", tag = "jobs", request_body = JobSpec, params(
    ("id" = String, Path, description = "The job's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The job", body = JobView, headers(("ETag" = String, description = "Its version"))),
    (status = 400, description = "The body is not JSON"),
    (status = 404, description = "No job has this id"),
    (status = 409, description = "Another job has this name, or others keep changing this one"),
    (status = 412, description = "The job has another version than `If-Match` names"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named"),
))]
async fn patch_job(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    expected: IfMatch,
    Body(fields): Body<Map<String, Value>>,
) -> Answered<Response> {
    let changed = api.jobs.change(&id, expected.versions(), &fields, caller.secrets()).await;
    api.shown_job(&changed.map_err(not_made)?).await
}

/// Deletes a job. What is due of it does not run any more, and its events stay until they expire.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "jobs", params(
    ("id" = String, Path, description = "The job's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be deleted"),
), responses(
    (status = 204, description = "It is gone"),
    (status = 404, description = "No job has this id"),
    (status = 412, description = "The job has another version than `If-Match` names"),
))]
async fn delete_job(State(api): State<Api>, Id(id): Id, expected: IfMatch) -> Answered<StatusCode> {
    api.jobs.catalogue.delete(&id, expected.versions()).await.map_err(not_made)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Runs a job now, whether it is due, paused or at work; its condition is not asked.
#[utoipa::path(post, path = "/api/jobs/{id}/run", tag = "jobs", params(("id" = String, Path, description = "The job's id")),
responses(
    (status = 202, description = "It will run; its event", body = RunAsked),
    (status = 404, description = "No job has this id"),
))]
async fn run_job(State(api): State<Api>, Id(id): Id) -> Answered<(StatusCode, Json<RunAsked>)> {
    let event = api.jobs.run(&id).await.map_err(not_made)?;
    let asked = RunAsked { id: event.to_string(), event_url: format!("/api/events/{event}") };
    Ok((StatusCode::ACCEPTED, Json(asked)))
}

/// Pauses a job: nothing of it is due until it is resumed.
#[utoipa::path(post, path = "/api/jobs/{id}/pause", tag = "jobs", params(
    ("id" = String, Path, description = "The job's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The job", body = JobView, headers(("ETag" = String, description = "Its version"))),
    (status = 404, description = "No job has this id"),
    (status = 409, description = "Others keep changing the job"),
    (status = 412, description = "The job has another version than `If-Match` names"),
))]
async fn pause_job(State(api): State<Api>, Id(id): Id, expected: IfMatch) -> Answered<Response> {
    let paused = api.jobs.enable(&id, expected.versions(), false).await;
    api.shown_job(&paused.map_err(not_made)?).await
}

/// Has a paused job be due again from now on; what would have been due meanwhile is left out.
#[utoipa::path(post, path = "/api/jobs/{id}/resume", tag = "jobs", params(
    ("id" = String, Path, description = "The job's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The job", body = JobView, headers(("ETag" = String, description = "Its version"))),
    (status = 404, description = "No job has this id"),
    (status = 409, description = "Others keep changing the job"),
    (status = 412, description = "The job has another version than `If-Match` names"),
))]
async fn resume_job(State(api): State<Api>, Id(id): Id, expected: IfMatch) -> Answered<Response> {
    let resumed = api.jobs.enable(&id, expected.versions(), true).await;
    api.shown_job(&resumed.map_err(not_made)?).await
}

/// Lists the runs of a job, newest first: whether each ran, and apart from that, whether what it made arrived.
#[utoipa::path(get, path = "/api/jobs/{id}/runs", tag = "jobs", params(
    ("id" = String, Path, description = "The job's id"),
    PageParams,
), responses(
    (status = 200, description = "A page of runs", body = Listed<RunView>),
    (status = 400, description = "A parameter is wrong"),
    (status = 404, description = "No job has this id"),
))]
async fn list_runs(
    State(api): State<Api>,
    Id(id): Id,
    Params(page): Params<PageParams>,
) -> Answered<Json<Listed<RunView>>> {
    let window = window(page.limit, page.cursor.as_deref(), None, None)?;
    let job = api.job(&id).await?;
    let filter = EventFilter { owner: Some(job.owner()), ..EventFilter::default() };
    let Slice { items, next } = api.records.events(&window, &filter).await.map_err(failed)?;
    Ok(Json(Listed { items: items.iter().map(RunView::new).collect(), next_cursor: cursor(next) }))
}

impl Api {
    /// The job of this id, or 404.
    async fn job(&self, id: &str) -> Answered<Job> {
        self.jobs.catalogue.get(id).await.map_err(failed)?.ok_or_else(|| unknown("job"))
    }

    /// A job with where it stands.
    async fn job_view(&self, job: &Job) -> Answered<JobView> {
        Ok(JobView::new(job, &self.jobs.standing(job, SHOWN_RUNS).await.map_err(failed)?))
    }

    /// A job as an answer.
    async fn shown_job(&self, job: &Job) -> Answered<Response> {
        Ok(tagged(StatusCode::OK, job.version, &self.job_view(job).await?))
    }
}
