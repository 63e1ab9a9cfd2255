//! The management API: hooks to list and make, a configuration to apply.

mod auth;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::{get, put};
use bellhop_core::config::{ConfigSpec, HookSpec, Problem, SecretsAs, check_config, check_hook};
use bellhop_core::id::HookId;
use serde::de::DeserializeOwned;
use serde_json::json;

pub use auth::AdminToken;

use crate::answer::Refused;
use crate::hooks::{HookBook, NotMade};
use crate::ports::PortError;
use crate::web::{json_response, refusal};
use view::{hook_view, page};

/// The longest body the API takes: a configuration of a thousand hooks.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What the API works on.
#[derive(Clone)]
pub struct Api {
    /// The hooks.
    pub hooks: Arc<HookBook>,
    /// The token that may do everything.
    pub admin: Arc<AdminToken>,
}

/// The management API. Every path needs the admin token.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/api/hooks", get(list_hooks).post(create_hook))
        .route("/api/hooks/{id}", get(get_hook))
        .route("/api/config", put(apply_config))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&api.admin), auth::require))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(api)
}

/// `GET /api/hooks?limit=&cursor=`: the hooks, newest first.
async fn list_hooks(State(api): State<Api>, query: axum::extract::RawQuery) -> Response {
    answer(async {
        let hooks = api.hooks.list().await.map_err(failed)?;
        Ok((200, page(hooks, query.0.as_deref())?.to_string()))
    })
    .await
}

/// `GET /api/hooks/{id}`: one hook.
async fn get_hook(State(api): State<Api>, Path(id): Path<String>) -> Response {
    answer(async {
        let hook = api.hooks.get(&HookId::from_text(id)).await.map_err(failed)?;
        let hook = hook.ok_or_else(|| Refused::new(404, "not_found", "no hook has this id"))?;
        Ok((200, hook_view(&hook).to_string()))
    })
    .await
}

/// `POST /api/hooks`: makes a hook; 201 with the hook.
async fn create_hook(State(api): State<Api>, body: Bytes) -> Response {
    answer(async {
        let spec: HookSpec = read_body(&body)?;
        let draft = check_hook(&spec, SecretsAs::Values).map_err(|problems| invalid(&problems))?;
        match api.hooks.create(draft).await {
            Ok(hook) => Ok((201, hook_view(&hook).to_string())),
            Err(taken @ NotMade::NameTaken(_)) => Err(Refused::new(409, "name_taken", taken.to_string())),
            Err(NotMade::Store(error)) => Err(failed(error)),
        }
    })
    .await
}

/// `PUT /api/config`: applies a configuration, all or nothing; 200 with what it changed.
async fn apply_config(State(api): State<Api>, body: Bytes) -> Response {
    answer(async {
        let spec: ConfigSpec = read_body(&body)?;
        let config = check_config(&spec, SecretsAs::Values).map_err(|problems| invalid(&problems))?;
        let applied = api.hooks.apply(config).await.map_err(failed)?;
        Ok((200, json!(applied).to_string()))
    })
    .await
}

/// The response of an operation.
async fn answer(operation: impl Future<Output = Result<(u16, String), Refused>>) -> Response {
    match operation.await {
        Ok((status, body)) => json_response(status, body, None),
        Err(refused) => refusal(&refused),
    }
}

/// Reads a JSON body; the error says where, and repeats nothing of it.
fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => Refused::new(422, "invalid", field_error(&error.to_string(), &place)),
            _ => Refused::new(400, "bad_json", format!("the body is not JSON: {place}")),
        }
    })
}

/// What a body of the wrong shape is told: names of fields, never their values.
fn field_error(error: &str, place: &str) -> String {
    match error.split_once(": ") {
        Some(("invalid type" | "invalid value", _)) => {
            format!("a field has a value of the wrong type at {place}")
        }
        _ => error.to_owned(),
    }
}

/// 422, naming every field that is wrong.
fn invalid(problems: &[Problem]) -> Refused {
    let named: Vec<_> = problems.iter().map(|problem| format!("{}: {}", problem.field, problem.message)).collect();
    Refused::new(422, "invalid", named.join("; "))
}

/// 503; the cause is for the log alone.
fn failed(error: PortError) -> Refused {
    log::error!(error:%; "the store failed");
    Refused::new(503, "unavailable", "the store did not answer; nothing was changed").after(5)
}
