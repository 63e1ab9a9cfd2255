//! Events: `/api/events…`.

mod purge;
mod view;

use axum::Json;
use axum::extract::State;
use bellhop_core::id::{EventId, HookId, Owner};
use bellhop_core::task::TaskStatus;
use bellhop_core::time::Timestamp;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Answered, Id, Params, invalid_field, unknown};
use super::query::{Listed, cursor, window};
use super::{Api, failed};
use bellhop_app::history::{EventFilter, Slice};
pub use purge::PurgeView;
pub use view::{Entry, EventEntry, EventStatus, EventView, HeadView, HeaderView, ProofView, RefusedEntry, TaskMark};

/// The routes that show something.
pub(super) fn seeing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_events)).routes(routes!(get_event))
}

/// The routes that change something.
pub(super) fn changing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(erase_content)).routes(routes!(purge::purge_events))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EventParams {
    /// Those that proved themselves to the hook of this id.
    hook: Option<String>,
    /// Those of this sender.
    sender: Option<String>,
    /// Those of a type that this pattern matches; `*` stands for any run of characters.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// Those with a task that stands so; `duplicate`: those that are another copy of a delivery at some hook; `test`: those
    /// made to try a hook out; `refused`: refused requests instead.
    #[param(inline)]
    status: Option<Standing>,
    /// Those accepted from this moment on.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Those accepted before this moment.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Those with this text in their delivery id.
    delivery: Option<String>,
    /// How many entries, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Queued,
    Running,
    Retrying,
    Succeeded,
    Dead,
    Skipped,
    Duplicate,
    Test,
    Refused,
}

impl Standing {
    /// The tasks' status it asks for, if it asks for one.
    const fn status(self) -> Option<TaskStatus> {
        match self {
            Self::Queued => Some(TaskStatus::Queued),
            Self::Running => Some(TaskStatus::Running),
            Self::Retrying => Some(TaskStatus::Retrying),
            Self::Succeeded => Some(TaskStatus::Succeeded),
            Self::Dead => Some(TaskStatus::Dead),
            Self::Skipped => Some(TaskStatus::Skipped),
            Self::Duplicate | Self::Test | Self::Refused => None,
        }
    }
}

/// Lists events, newest first. A page may hold fewer than asked for and still have a next one.
#[utoipa::path(get, path = "/api/events", tag = "events", params(EventParams), responses(
    (status = 200, description = "A page of events", body = Listed<Entry>),
    (status = 400, description = "A parameter is wrong"),
))]
async fn list_events(State(api): State<Api>, Params(params): Params<EventParams>) -> Answered<Json<Listed<Entry>>> {
    let window = window(params.limit, params.cursor.as_deref(), params.from.as_deref(), params.to.as_deref())?;
    let secret_paths = api.records.secret_paths().await.map_err(failed)?;
    let (items, next) = if params.status == Some(Standing::Refused) {
        let hook = params.hook.map(HookId::from_text);
        let Slice { items, next } = api.records.refused(&window, hook.as_ref()).await.map_err(failed)?;
        (items.iter().map(|refused| Entry::refused(refused, &secret_paths)).collect(), next)
    } else {
        let filter = EventFilter {
            owner: params.hook.map(Owner::from_text),
            sender: params.sender,
            event_type: params.event_type,
            status: params.status.and_then(Standing::status),
            duplicate: params.status == Some(Standing::Duplicate),
            test: params.status == Some(Standing::Test),
            delivery: params.delivery,
        };
        let Slice { items, next } = api.records.events(&window, &filter).await.map_err(failed)?;
        (items.iter().map(|recorded| Entry::event(recorded, &secret_paths)).collect(), next)
    };
    Ok(Json(Listed { items, next_cursor: cursor(next) }))
}

/// Shows an event with its content, what it proved itself to, and its tasks with every attempt.
#[utoipa::path(get, path = "/api/events/{id}", tag = "events", params(("id" = String, Path, description = "The event's id")),
responses(
    (status = 200, description = "The event", body = EventView),
    (status = 404, description = "No event has this id"),
))]
async fn get_event(State(api): State<Api>, Id(id): Id) -> Answered<Json<EventView>> {
    let whole = api.records.event(event_id(&id)?).await.map_err(failed)?.ok_or_else(|| unknown("event"))?;
    Ok(Json(EventView::new(&whole)))
}

/// Deletes an event's headers and body on request; that it came, and its tasks, stay.
#[utoipa::path(delete, path = "/api/events/{id}/content", tag = "events",
    params(("id" = String, Path, description = "The event's id")),
responses(
    (status = 204, description = "They are gone"),
    (status = 404, description = "No event has this id"),
))]
async fn erase_content(State(api): State<Api>, Id(id): Id) -> Answered<StatusCode> {
    match api.records.erase(event_id(&id)?).await.map_err(failed)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown("event")),
    }
}

/// Reads an event's id; a text that is none is nobody's.
pub(super) fn event_id(text: &str) -> Answered<EventId> {
    text.parse().map_err(|_| unknown("event"))
}

/// Reads a moment of a body.
pub(super) fn moment(field: &str, text: &str) -> Answered<Timestamp> {
    Timestamp::from_rfc3339(text).ok_or_else(|| invalid_field(field, "a moment such as `2026-11-21T03:24:00Z`"))
}
