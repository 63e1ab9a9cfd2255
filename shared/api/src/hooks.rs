//! Hooks: `/api/hooks…`.

mod claim;
mod rotate;
mod trial;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bellhop_core::config::HookSpec;
use bellhop_core::hook::Hook;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use claim::{Claimed, OfferView};
pub use trial::Tested;

use super::auth::Caller;
use super::body::{Answered, Body, Id, IfMatch, Params, invalid, unknown};
use super::document::NewHook;
use super::query::{Listed, PageParams, bad, cursor, page_size, window};
use super::view::{Execution, HookView};
use super::{Api, failed};
use crate::body::Rejection;
use bellhop_app::catalogue::{Edit, NotMade};
use bellhop_app::history::{Slice, TaskFilter};
use bellhop_app::hooks::NotRotated;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_hooks, create_hook))
        .routes(routes!(get_hook, patch_hook, delete_hook))
        .routes(routes!(toggle_hook))
        .routes(routes!(trial::test_hook))
        .routes(routes!(trial::sign_body))
        .routes(routes!(rotate::rotate_secret))
        .routes(routes!(claim::list_offers))
        .routes(routes!(claim::claim_secret))
        .routes(routes!(list_executions))
}

/// Lists the hooks, newest first.
#[utoipa::path(get, path = "/api/hooks", tag = "hooks", params(PageParams), responses(
    (status = 200, description = "A page of hooks", body = Listed<HookView>),
    (status = 400, description = "A parameter is wrong"),
))]
async fn list_hooks(State(api): State<Api>, Params(page): Params<PageParams>) -> Answered<Json<Listed<HookView>>> {
    let limit = page_size(page.limit)?;
    let after = page.cursor.as_deref().map(|cursor| place(cursor).ok_or_else(|| bad("cursor", "not one of this list")));
    let after = after.transpose()?;
    let (hooks, next) = api.hooks.catalogue.page(after.as_ref(), limit).await.map_err(failed)?;
    let next_cursor = next.map(|(created, id)| format!("{created}.{id}"));
    let counts = api.counts.counts().await.map_err(failed)?;
    let items = hooks.iter().map(|hook| HookView::new(hook, counts.get(&hook.owner()))).collect();
    Ok(Json(Listed { items, next_cursor }))
}

/// The place in the list that a cursor names.
pub(super) fn place(cursor: &str) -> Option<(u64, String)> {
    let (created, id) = cursor.split_once('.')?;
    Some((created.parse().ok()?, id.to_owned()))
}

/// Makes a hook. Without a path, one is made that nobody can guess.
#[utoipa::path(post, path = "/api/hooks", tag = "hooks", request_body = NewHook, responses(
    (status = 201, description = "The hook", body = HookView, headers(("ETag" = String, description = "Its version"))),
    (status = 400, description = "The body is not JSON"),
    (status = 409, description = "Another hook has this name"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named"),
))]
async fn create_hook(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Body(spec): Body<HookSpec>,
) -> Answered<Response> {
    let hook = api.hooks.catalogue.create(spec, caller.secrets()).await.map_err(not_made)?;
    Ok(tagged(StatusCode::CREATED, hook.version, &HookView::new(&hook, None)))
}

/// Shows a hook.
#[utoipa::path(get, path = "/api/hooks/{id}", tag = "hooks", params(("id" = String, Path, description = "The hook's id")),
responses(
    (status = 200, description = "The hook", body = HookView, headers(("ETag" = String, description = "Its version"))),
    (status = 404, description = "No hook has this id"),
))]
async fn get_hook(State(api): State<Api>, Id(id): Id) -> Answered<Response> {
    let hook = api.hook(id).await?;
    api.shown(&hook).await
}

/// Changes the given fields of a hook; `null` sets one back. Secrets stay unless they are given.
#[utoipa::path(patch, path = "/api/hooks/{id}", tag = "hooks", request_body = HookSpec, params(
    ("id" = String, Path, description = "The hook's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The hook", body = HookView, headers(("ETag" = String, description = "Its version"))),
    (status = 400, description = "The body is not JSON"),
    (status = 404, description = "No hook has this id"),
    (status = 409, description = "Another hook has this name, or others keep changing this one"),
    (status = 412, description = "The hook has another version than `If-Match` names"),
    (status = 413, description = "The body is over 2 MiB"),
    (status = 422, description = "Fields are wrong; each is named"),
))]
async fn patch_hook(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Id(id): Id,
    expected: IfMatch,
    Body(fields): Body<Map<String, Value>>,
) -> Answered<Response> {
    let edit = Edit::Patch(&fields, caller.secrets());
    let patched = api.hooks.catalogue.change(&id, expected.versions(), &edit).await;
    api.shown(&patched.map_err(not_made)?).await
}

/// Deletes a hook. Its path is free at once, its secrets are forgotten, and its events stay until they expire.
#[utoipa::path(delete, path = "/api/hooks/{id}", tag = "hooks", params(
    ("id" = String, Path, description = "The hook's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be deleted"),
), responses(
    (status = 204, description = "It is gone"),
    (status = 404, description = "No hook has this id"),
    (status = 412, description = "The hook has another version than `If-Match` names"),
))]
async fn delete_hook(State(api): State<Api>, Id(id): Id, expected: IfMatch) -> Answered<StatusCode> {
    api.hooks.catalogue.delete(&id, expected.versions()).await.map_err(not_made)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Disables a hook that is active, and makes one active that is disabled.
#[utoipa::path(post, path = "/api/hooks/{id}/toggle", tag = "hooks", params(
    ("id" = String, Path, description = "The hook's id"),
    ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that is to be changed"),
), responses(
    (status = 200, description = "The hook", body = HookView, headers(("ETag" = String, description = "Its version"))),
    (status = 404, description = "No hook has this id"),
    (status = 409, description = "Others keep changing the hook"),
    (status = 412, description = "The hook has another version than `If-Match` names"),
))]
async fn toggle_hook(State(api): State<Api>, Id(id): Id, expected: IfMatch) -> Answered<Response> {
    let toggled = api.hooks.toggle(&id, expected.versions()).await;
    api.shown(&toggled.map_err(not_made)?).await
}

/// What a hook has done.
#[derive(Debug, Serialize, ToSchema)]
struct Executions {
    /// Its tasks, newest first.
    executions: Vec<Execution>,
    /// What to send as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists what a hook has done, newest first.
#[utoipa::path(get, path = "/api/hooks/{id}/executions", tag = "hooks", params(
    ("id" = String, Path, description = "The hook's id"),
    PageParams,
), responses(
    (status = 200, description = "A page of tasks", body = Executions),
    (status = 400, description = "A parameter is wrong"),
    (status = 404, description = "No hook has this id"),
))]
async fn list_executions(
    State(api): State<Api>,
    Id(id): Id,
    Params(page): Params<PageParams>,
) -> Answered<Json<Executions>> {
    let window = window(page.limit, page.cursor.as_deref(), None, None)?;
    let hook = api.hook(id).await?;
    let filter = TaskFilter { owner: Some(hook.owner()), ..TaskFilter::default() };
    let Slice { items, next } = api.records.tasks(&window, &filter).await.map_err(failed)?;
    let executions = items.iter().map(Execution::new).collect();
    Ok(Json(Executions { executions, next_cursor: cursor(next) }))
}

impl Api {
    /// The hook of this id, or 404.
    async fn hook(&self, id: String) -> Answered<Hook> {
        self.hooks.catalogue.get(&id).await.map_err(failed)?.ok_or_else(|| unknown("hook"))
    }

    /// A hook as an answer.
    async fn shown(&self, hook: &Hook) -> Answered<Response> {
        let counts = self.counts.counts().await.map_err(failed)?;
        Ok(tagged(StatusCode::OK, hook.version, &HookView::new(hook, counts.get(&hook.owner()))))
    }
}

/// An answer with the version it is about.
pub(super) fn tagged<T: Serialize>(status: StatusCode, version: u64, body: &T) -> Response {
    let mut response = (status, Json(body)).into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Why a hook's secret was not replaced.
fn not_rotated(why: NotRotated) -> Rejection {
    match why {
        NotRotated::Unsigned => Rejection::new(409, "unsigned", why.to_string()),
        NotRotated::NotMade(why) => not_made(why),
    }
}

/// Why a hook was not made or changed.
pub(super) fn not_made(why: NotMade) -> Rejection {
    let (status, code) = match &why {
        NotMade::Gone(kind) => return unknown(kind),
        NotMade::NameTaken(..) => (409, "name_taken"),
        NotMade::Outdated(_) => (412, "outdated"),
        NotMade::Busy(_) => (409, "busy"),
        NotMade::Invalid(problems) => return invalid(problems),
        NotMade::Store(error) => return failed(error.clone()),
    };
    Rejection::new(status, code, why.to_string())
}
