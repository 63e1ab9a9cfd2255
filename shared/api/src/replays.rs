//! Doing events again: `/api/events/…/replay` and `/api/events/replays/…`.

use axum::Json;
use axum::extract::State;
use bellhop_core::id::{EventId, Owner, ReplayId};
use bellhop_core::replay::{Replay, Selection};
use bellhop_core::time::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Answered, Body, Id, OptionalBody, invalid_field, unknown};
use super::events::{event_id, moment};
use super::{Api, failed};
use crate::body::Rejection;
use crate::view::Open;
use bellhop_app::history::NotRedone;

/// How many events a selection names at most.
const MOST_SELECTED: usize = 1000;

/// The routes that show something.
pub(super) fn seeing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_replay))
}

/// The routes that change something.
pub(super) fn changing() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(replay_event)).routes(routes!(replay_events))
}

/// For which hook an event is to be done again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct ReplayOneSpec {
    /// For this hook alone; for every hook it proved itself to unless said.
    hook: Option<String>,
}

/// Which events are to be done again: either `events`, or a range of time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplaySpec {
    /// These events, by id; at most 1,000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    events: Option<Vec<String>>,
    /// Those accepted from this moment on.
    #[serde(default)]
    #[schema(format = "date-time")]
    from: Option<String>,
    /// Those accepted before this moment; now unless said.
    #[serde(default)]
    #[schema(format = "date-time")]
    to: Option<String>,
    /// For this hook alone, and only those that proved themselves to it.
    #[serde(default)]
    hook: Option<String>,
    /// Only those of this sender, in a range.
    #[serde(default)]
    sender: Option<String>,
    /// Only those of a type that one of these patterns matches, in a range.
    #[serde(default)]
    #[schema(max_items = 100)]
    types: Vec<String>,
}

/// A replay that was asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReplayAsked {
    /// Its id.
    pub replay_id: String,
    /// Where to see how far it is.
    pub status_url: String,
}

/// How far a replay is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ReplayView {
    /// Its id.
    pub id: String,
    /// Whether it is over.
    #[schema(value_type = Progress)]
    pub status: Open<Progress>,
    /// How many events it names; null for a range of time.
    pub selected: Option<usize>,
    /// The range's begin.
    pub from: Option<String>,
    /// The range's end.
    pub to: Option<String>,
    /// The hook it is for; null for all.
    pub hook: Option<String>,
    /// How many events were looked at.
    pub seen: u64,
    /// How many of them were done again.
    pub replayed: u64,
    /// How many tasks that made.
    pub tasks: u64,
    /// When it was asked for.
    pub created_at: String,
    /// When it was over.
    pub finished_at: Option<String>,
}

/// Whether a replay is over.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It is under way.
    Running,
    /// It is over.
    Finished,
}

impl ReplayView {
    /// A replay as the API shows it.
    fn new(replay: &Replay) -> Self {
        let (selected, range) = match &replay.selection {
            Selection::Events(events) => (Some(events.len()), None),
            Selection::Range { from, to, .. } => (None, Some((from, to))),
        };
        Self {
            id: replay.id.to_string(),
            status: if replay.finished_at.is_some() { Progress::Finished } else { Progress::Running }.into(),
            selected,
            from: range.map(|(from, _)| from.rfc3339()),
            to: range.map(|(_, to)| to.rfc3339()),
            hook: replay.owner.as_ref().map(Owner::to_string),
            seen: replay.seen,
            replayed: replay.replayed,
            tasks: replay.tasks,
            created_at: replay.created_at.rfc3339(),
            finished_at: replay.finished_at.map(Timestamp::rfc3339),
        }
    }
}

/// Does an event again: new tasks, same event.
#[utoipa::path(post, path = "/api/events/{id}/replay", tag = "events", request_body = Option<ReplayOneSpec>,
    params(("id" = String, Path, description = "The event's id")),
responses(
    (status = 202, description = "It is on its way", body = ReplayAsked),
    (status = 400, description = "The body is not JSON"),
    (status = 404, description = "No event has this id"),
    (status = 409, description = "The event's content was erased"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong"),
))]
async fn replay_event(
    State(api): State<Api>,
    Id(id): Id,
    OptionalBody(spec): OptionalBody<ReplayOneSpec>,
) -> Answered<(StatusCode, Json<ReplayAsked>)> {
    let replay = api.redo.replay_one(event_id(&id)?, spec.hook.map(Owner::from_text)).await;
    Ok(asked(&replay.map_err(|why| not_redone(&why, "event"))?))
}

/// Does many events again: those named, or those of a range of time.
#[utoipa::path(post, path = "/api/events/replay", tag = "events", request_body = ReplaySpec, responses(
    (status = 202, description = "They are on their way", body = ReplayAsked),
    (status = 400, description = "The body is not JSON"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong"),
))]
async fn replay_events(
    State(api): State<Api>,
    Body(spec): Body<ReplaySpec>,
) -> Answered<(StatusCode, Json<ReplayAsked>)> {
    let selection = selection(&spec, api.redo.clock.now())?;
    let replay = api.redo.replay(selection, spec.hook.map(Owner::from_text)).await.map_err(failed)?;
    Ok(asked(&replay))
}

/// Shows how far a replay is, for seven days after it was asked for.
#[utoipa::path(get, path = "/api/events/replays/{id}", tag = "events",
    params(("id" = String, Path, description = "The replay's id")),
responses(
    (status = 200, description = "How far it is", body = ReplayView),
    (status = 404, description = "No replay has this id"),
))]
async fn get_replay(State(api): State<Api>, Id(id): Id) -> Answered<Json<ReplayView>> {
    let replay = api.redo.progress(&ReplayId::from_text(id)).await.map_err(failed)?;
    Ok(Json(ReplayView::new(&replay.ok_or_else(|| unknown("replay"))?)))
}

/// What a body selects.
fn selection(spec: &ReplaySpec, now: Timestamp) -> Answered<Selection> {
    let ranged = spec.from.is_some() || spec.to.is_some() || spec.sender.is_some() || !spec.types.is_empty();
    match (&spec.events, &spec.from) {
        (Some(_), _) if ranged => Err(invalid_field("events", "name events or a range of time, not both")),
        (Some(events), _) if !(1..=MOST_SELECTED).contains(&events.len()) => {
            Err(invalid_field("events", format!("1 to {MOST_SELECTED} ids")))
        }
        (Some(events), _) => {
            let id = |(place, text): (usize, &String)| {
                text.parse::<EventId>().map_err(|_| invalid_field(&format!("events[{place}]"), "not an event's id"))
            };
            Ok(Selection::Events(events.iter().enumerate().map(id).collect::<Answered<_>>()?))
        }
        (None, Some(from)) => {
            let from = moment("from", from)?;
            let to = spec.to.as_ref().map(|to| moment("to", to)).transpose()?.unwrap_or(now);
            if to <= from {
                return Err(invalid_field("to", "a moment after `from`"));
            }
            if spec.types.len() > 100 {
                return Err(invalid_field("types", "at most 100 patterns"));
            }
            Ok(Selection::Range { from, to, sender: spec.sender.clone(), events: spec.types.clone() })
        }
        (None, None) => Err(invalid_field("events", "name events, or a range of time by `from` and `to`")),
    }
}

/// 202 with where to look.
fn asked(replay: &Replay) -> (StatusCode, Json<ReplayAsked>) {
    let status_url = format!("/api/events/replays/{}", replay.id);
    (StatusCode::ACCEPTED, Json(ReplayAsked { replay_id: replay.id.to_string(), status_url }))
}

/// Why something cannot be done again.
pub(super) fn not_redone(why: &NotRedone, what: &str) -> Rejection {
    let code = match why {
        NotRedone::Unknown => return unknown(what),
        NotRedone::NotEnded(_) => "not_ended",
        NotRedone::Erased => "erased",
        NotRedone::Store(error) => return failed(error.clone()),
    };
    Rejection::new(409, code, why.to_string())
}
