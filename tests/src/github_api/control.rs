//! `/_control`: webhooks set up and sent, and what happened, for tests in another process.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::response::Response;
use axum::routing::{get, post, put};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Handle;
use super::routes::{plain, respond};

/// The routes below `/_control`.
pub(super) fn router() -> Router<Handle> {
    Router::new()
        .route("/webhook", put(put_webhook))
        .route("/deliver", post(deliver))
        .route("/attempts", get(attempts))
        .route("/requests", get(requests))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setup {
    place: String,
    target: String,
    secret: String,
}

async fn put_webhook(Shared(handle): Shared<Handle>, body: Bytes) -> Response {
    match serde_json::from_slice::<Setup>(&body) {
        Ok(setup) => {
            handle.with(|state| state.put_webhook(&setup.place, &setup.target, &setup.secret));
            respond(plain(200, json!({})))
        }
        Err(error) => refuse(&error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    place: String,
    event: String,
    body: Value,
    #[serde(default)]
    seconds_ago: u64,
}

async fn deliver(Shared(handle): Shared<Handle>, body: Bytes) -> Response {
    let delivery: Delivery = match serde_json::from_slice(&body) {
        Ok(delivery) => delivery,
        Err(error) => return refuse(&error.to_string()),
    };
    if handle.with(|state| !state.webhooks.contains_key(&delivery.place)) {
        return refuse("no such webhook");
    }
    let body = delivery.body.to_string();
    let guid = handle.deliver(&delivery.place, &delivery.event, body.as_bytes(), delivery.seconds_ago).await;
    respond(plain(200, json!({"guid": guid})))
}

async fn attempts(Shared(handle): Shared<Handle>) -> Response {
    let attempts = handle.with(|state| {
        let webhooks = state.webhooks.iter();
        webhooks.map(|(place, webhook)| (place.clone(), json!(webhook.attempts))).collect::<serde_json::Map<_, _>>()
    });
    respond(plain(200, Value::Object(attempts)))
}

async fn requests(Shared(handle): Shared<Handle>) -> Response {
    respond(plain(200, handle.with(|state| json!({"requests": state.requests, "mistakes": state.mistakes}))))
}

fn refuse(message: &str) -> Response {
    respond(plain(400, json!({"message": message})))
}
