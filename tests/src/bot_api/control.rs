//! `/_control`: what happened, and what shall happen, for tests in another process.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::limits::Limits;
use super::routes::{ok, query, respond};
use super::state::{Chat, Mode, Script};
use super::{Handle, methods};

/// The routes below `/_control`.
pub(super) fn router(handle: Handle) -> Router<Handle> {
    Router::new()
        .route("/messages", get(messages))
        .route("/requests", get(requests))
        .route("/violations", get(violations))
        .route("/fault", post(fault))
        .route("/chat", post(chat))
        .route("/limits", post(limits))
        .route("/reset", post(reset))
        .with_state(handle)
}

async fn messages(Shared(handle): Shared<Handle>, uri: Uri) -> Response {
    let chat = query(&uri, "chat").and_then(|chat| chat.parse::<i64>().ok());
    let after = query(&uri, "after").and_then(|id| id.parse::<u64>().ok()).unwrap_or_default();
    let found = handle.with(|state| {
        let wanted =
            state.messages.iter().filter(|m| m.message_id > after && chat.is_none_or(|chat| chat == m.chat_id));
        wanted.map(|message| json!(message)).collect::<Vec<Value>>()
    });
    ok(json!({"messages": found}))
}

async fn requests(Shared(handle): Shared<Handle>) -> Response {
    ok(handle.with(|state| json!({"requests": state.requests})))
}

async fn violations(Shared(handle): Shared<Handle>) -> Response {
    ok(handle.with(|state| json!({"violations": state.violations})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    mode: Option<Mode>,
    latency_ms: Option<u64>,
    #[serde(default)]
    answers: Vec<Script>,
}

async fn fault(Shared(handle): Shared<Handle>, body: Bytes) -> Response {
    let fault: Fault = match serde_json::from_slice(&body) {
        Ok(fault) => fault,
        Err(error) => return refuse(&error),
    };
    handle.with(|state| {
        state.latency_ms = fault.latency_ms.unwrap_or(state.latency_ms);
        state.scripts.extend(fault.answers);
    });
    if let Some(mode) = fault.mode {
        handle.set_mode(mode);
    }
    ok(Value::Null)
}

#[derive(Deserialize)]
struct ChatIs {
    chat_id: i64,
    #[serde(flatten)]
    chat: Chat,
    username: Option<String>,
}

async fn chat(Shared(handle): Shared<Handle>, body: Bytes) -> Response {
    match serde_json::from_slice::<ChatIs>(&body) {
        Ok(is) => handle.with(|state| {
            state.chats.insert(is.chat_id, is.chat);
            if let Some(username) = is.username {
                state.usernames.insert(username, is.chat_id);
            }
            ok(Value::Null)
        }),
        Err(error) => refuse(&error),
    }
}

async fn limits(Shared(handle): Shared<Handle>, body: Bytes) -> Response {
    match serde_json::from_slice::<Limits>(&body) {
        Ok(limits) => handle.with(|state| {
            state.limits = limits;
            ok(Value::Null)
        }),
        Err(error) => refuse(&error),
    }
}

async fn reset(Shared(handle): Shared<Handle>) -> Response {
    handle.with(super::state::State::reset);
    handle.set_mode(Mode::Up);
    ok(Value::Null)
}

fn refuse(error: &serde_json::Error) -> Response {
    respond(methods::failure(400, &format!("Bad Request: {error}")))
}
