//! Tasks: `/api/tasks…`.

use axum::Json;
use axum::extract::State;
use bellhop_core::action::Kind;
use bellhop_core::id::{EventId, Owner, TaskId};
use bellhop_core::task::TaskStatus;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Answered, Body, Id, Params, invalid_field, unknown};
use super::query::{LARGEST_PAGE, cursor, window};
use super::replays::not_redone;
use super::view::{Execution, TaskView};
use super::{Api, failed};
use bellhop_app::history::{Slice, TaskFilter, Window};

/// The routes that show something.
pub(super) fn seeing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_tasks)).routes(routes!(get_task))
}

/// The routes that change something.
pub(super) fn changing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(retry_task)).routes(routes!(retry_tasks))
}

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TaskParams {
    /// Those of the hook of this id.
    hook: Option<String>,
    /// Those that stand so.
    #[param(inline)]
    status: Option<TaskStatus>,
    /// Those of this kind: `telegram`.
    kind: Option<Kind>,
    /// How many tasks, 1 to 200; 50 unless said. A page ends with an event, so it may hold a few more.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Tasks grouped for a board.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Board {
    /// The groups, each newest first.
    pub groups: Groups,
    /// What to send as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// A board's groups.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Groups {
    /// Those that wait for their first attempt.
    pub queued: Vec<Execution>,
    /// Those that a worker has.
    pub running: Vec<Execution>,
    /// Those that failed and will be tried again.
    pub retrying: Vec<Execution>,
    /// Those whose effect happened.
    pub done: Vec<Execution>,
    /// Those that failed for good.
    pub dead: Vec<Execution>,
    /// Those that were not to be done.
    pub skipped: Vec<Execution>,
}

impl Groups {
    /// All of the tasks, group by group.
    pub fn into_tasks(self) -> impl Iterator<Item = Execution> {
        let Self { queued, running, retrying, done, dead, skipped } = self;
        [queued, running, retrying, done, dead, skipped].into_iter().flatten()
    }

    /// Puts a task into its group.
    fn add(&mut self, status: TaskStatus, task: Execution) {
        let group = match status {
            TaskStatus::Queued => &mut self.queued,
            TaskStatus::Running => &mut self.running,
            TaskStatus::Retrying => &mut self.retrying,
            TaskStatus::Succeeded => &mut self.done,
            TaskStatus::Dead => &mut self.dead,
            TaskStatus::Skipped => &mut self.skipped,
        };
        group.push(task);
    }
}

/// Lists tasks for a board, those of the newest events first.
#[utoipa::path(get, path = "/api/tasks", tag = "tasks", params(TaskParams), responses(
    (status = 200, description = "A page of tasks, by where they stand", body = Board),
    (status = 400, description = "A parameter is wrong"),
))]
async fn list_tasks(State(api): State<Api>, Params(params): Params<TaskParams>) -> Answered<Json<Board>> {
    let window = window(params.limit, params.cursor.as_deref(), None, None)?;
    let filter = TaskFilter { owner: params.hook.map(Owner::from_text), status: params.status, kind: params.kind };
    let Slice { items, next } = api.records.tasks(&window, &filter).await.map_err(failed)?;
    let mut groups = Groups::default();
    for found in &items {
        groups.add(found.task.status, Execution::new(found));
    }
    Ok(Json(Board { groups, next_cursor: cursor(next) }))
}

/// Shows a task with everything that was tried.
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "tasks", params(("id" = String, Path, description = "The task's id")),
responses(
    (status = 200, description = "The task", body = TaskView),
    (status = 404, description = "No task has this id"),
))]
async fn get_task(State(api): State<Api>, Id(id): Id) -> Answered<Json<TaskView>> {
    let id: TaskId = id.parse().map_err(|_| unknown("task"))?;
    let found = api.records.task(&id).await.map_err(failed)?;
    Ok(Json(TaskView::new(&found.ok_or_else(|| unknown("task"))?.task)))
}

/// A task that is being done again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RetryAsked {
    /// Its id.
    pub id: String,
    /// Where to see what becomes of it.
    pub task_url: String,
}

/// Does a task again that has ended.
#[utoipa::path(post, path = "/api/tasks/{id}/retry", tag = "tasks", params(("id" = String, Path, description = "The task's id")),
responses(
    (status = 202, description = "It is on its way", body = RetryAsked),
    (status = 404, description = "No task has this id"),
    (status = 409, description = "The task has not ended"),
))]
async fn retry_task(State(api): State<Api>, Id(id): Id) -> Answered<(StatusCode, Json<RetryAsked>)> {
    let id: TaskId = id.parse().map_err(|_| unknown("task"))?;
    api.redo.retry(&id).await.map_err(|why| not_redone(&why, "task"))?;
    Ok((StatusCode::ACCEPTED, Json(RetryAsked { task_url: format!("/api/tasks/{id}"), id: id.to_string() })))
}

/// Which tasks are to be done again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RetrySpec {
    /// Those that stand so: `dead`, `skipped` or `succeeded`.
    status: Ended,
    /// Those of the hook of this id.
    #[serde(default)]
    hook: Option<String>,
    /// How many at once, 1 to 200; 200 unless said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the answer before.
    #[serde(default)]
    cursor: Option<String>,
}

/// How a task has ended.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Ended {
    Dead,
    Skipped,
    Succeeded,
}

/// Tasks that are being done again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RetriesAsked {
    /// How many.
    pub count: usize,
    /// What to send as `cursor` to go on with older ones; null where there are none.
    pub next_cursor: Option<String>,
}

/// Does many tasks again that have ended, at most 200 at once.
#[utoipa::path(post, path = "/api/tasks/retry", tag = "tasks", request_body = RetrySpec, responses(
    (status = 202, description = "They are on their way", body = RetriesAsked),
    (status = 400, description = "The body is not JSON"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong"),
))]
async fn retry_tasks(
    State(api): State<Api>,
    Body(spec): Body<RetrySpec>,
) -> Answered<(StatusCode, Json<RetriesAsked>)> {
    let limit = spec.limit.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(invalid_field("limit", format!("a number from 1 to {LARGEST_PAGE}")));
    }
    let after = spec.cursor.as_deref().map(str::parse::<EventId>).transpose();
    let after = after.map_err(|_| invalid_field("cursor", "not one that a retry gave"))?;
    let status = match spec.status {
        Ended::Dead => TaskStatus::Dead,
        Ended::Skipped => TaskStatus::Skipped,
        Ended::Succeeded => TaskStatus::Succeeded,
    };
    let window = Window { from: None, to: None, cursor: after, limit: limit as usize };
    let filter = TaskFilter { owner: spec.hook.map(Owner::from_text), status: Some(status), kind: None };
    let (count, next) = api.redo.retry_all(&window, &filter).await.map_err(failed)?;
    Ok((StatusCode::ACCEPTED, Json(RetriesAsked { count, next_cursor: cursor(next) })))
}
