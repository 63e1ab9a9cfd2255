//! The fake over HTTP: the Bot API's own paths and `/_control`.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request as HttpRequest, State as Shared};
use axum::http::{HeaderValue, Method, Uri, header};
use axum::response::Response;
use axum::routing::any;
use serde_json::{Value, json};

use super::methods::{self, Answer};
use super::state::{Mode, Request};
use super::{Handle, control};

const BODY_LIMIT: usize = 10 << 20;

/// The Bot API and the control interface.
pub(super) fn router(handle: Handle) -> Router {
    Router::new()
        .nest("/_control", control::router(handle.clone()))
        .route("/{bot}/{method}", any(bot_call))
        .fallback(|| async { respond(methods::failure(404, "Not Found")) })
        .with_state(handle)
}

async fn bot_call(
    Shared(handle): Shared<Handle>,
    Path((bot, method)): Path<(String, String)>,
    request: HttpRequest,
) -> Response {
    let Some(token) = bot.strip_prefix("bot") else {
        return respond(methods::failure(404, "Not Found"));
    };
    let (mode, latency_ms) = handle.with(|state| (state.mode, state.latency_ms));
    let parameters = parameters(request).await;
    if latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
    }
    if mode == Mode::Hang {
        handle.record(&method, &parameters, 0, "");
        return pending().await;
    }
    if mode == Mode::BadGateway {
        handle.record(&method, &parameters, 502, "");
        return bad_gateway();
    }
    let answer = handle.with(|state| {
        let answer = methods::call(state, token, &method, &parameters);
        let description = answer.1["description"].as_str().unwrap_or_default().to_owned();
        let at_ms = state.now_ms();
        let parameters = parameters.clone().unwrap_or_default();
        state.requests.push(Request { at_ms, method: method.clone(), parameters, status: answer.0, description });
        answer
    });
    handle.changed();
    respond(answer)
}

/// Collects the parameters of a call from its query, form or JSON body.
async fn parameters(request: HttpRequest) -> Result<BTreeMap<String, String>, String> {
    let (parts, body) = request.into_parts();
    let mut found = BTreeMap::new();
    pairs(parts.uri.query().unwrap_or_default(), &mut found)?;
    if parts.method == Method::GET {
        return Ok(found);
    }
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|_| "Bad Request: request body is too big".to_owned())?;
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/json" => {
            let text =
                std::str::from_utf8(&body).map_err(|_| "Bad Request: strings must be encoded in UTF-8".to_owned())?;
            let value: Value =
                serde_json::from_str(text).map_err(|_| "Bad Request: can't parse JSON object".to_owned())?;
            let object = value.as_object().ok_or_else(|| "Bad Request: expected an Object".to_owned())?;
            found.extend(
                object
                    .iter()
                    .map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))),
            );
        }
        "application/x-www-form-urlencoded" => {
            let text =
                std::str::from_utf8(&body).map_err(|_| "Bad Request: strings must be encoded in UTF-8".to_owned())?;
            pairs(text, &mut found)?;
        }
        "multipart/form-data" => {
            let boundary = content_type.split_once("boundary=").map(|(_, boundary)| boundary.trim_matches('"'));
            let boundary = boundary.ok_or("Bad Request: boundary is missing")?;
            let text =
                std::str::from_utf8(&body).map_err(|_| "Bad Request: strings must be encoded in UTF-8".to_owned())?;
            fields(text, boundary, &mut found)?;
        }
        _ => {}
    }
    Ok(found)
}

/// Reads a form of parts (RFC 7578); a file's name stands beside it, as `NAME.filename`.
fn fields(form: &str, boundary: &str, into: &mut BTreeMap<String, String>) -> Result<(), String> {
    let bad = || "Bad Request: can't parse multipart data".to_owned();
    let (between, end) = (format!("\r\n--{boundary}\r\n"), format!("\r\n--{boundary}--"));
    let form = format!("\r\n{form}");
    let (parts, _) = form.rsplit_once(&end).ok_or_else(bad)?;
    let parts = parts.strip_prefix(&between).ok_or_else(bad)?;
    for part in parts.split(&between) {
        let (head, value) = part.split_once("\r\n\r\n").ok_or_else(bad)?;
        let attribute = |name: &str| {
            let (_, rest) = head.split_once(&format!("; {name}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let name = attribute("name").ok_or_else(bad)?;
        if let Some(file) = attribute("filename") {
            into.insert(format!("{name}.filename"), file);
        }
        into.insert(name, value.to_owned());
    }
    Ok(())
}

fn pairs(text: &str, into: &mut BTreeMap<String, String>) -> Result<(), String> {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        into.insert(percent_decode(name)?, percent_decode(value)?);
    }
    Ok(())
}

fn percent_decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [rest.next().unwrap_or_default(), rest.next().unwrap_or_default()];
                let digits = std::str::from_utf8(&pair).unwrap_or_default();
                u8::from_str_radix(digits, 16).map_err(|_| "Bad Request: wrong percent-encoding".to_owned())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| "Bad Request: strings must be encoded in UTF-8".to_owned())
}

pub(super) fn respond((status, body): Answer) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = body["parameters"]["retry_after"].as_u64() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn bad_gateway() -> Response {
    let mut response = Response::new(Body::from("<html><body><h1>502 Bad Gateway</h1></body></html>"));
    *response.status_mut() = axum::http::StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Reads `name=value` from a query, for the control interface.
pub(super) fn query(uri: &Uri, name: &str) -> Option<String> {
    let mut found = BTreeMap::new();
    pairs(uri.query().unwrap_or_default(), &mut found).ok()?;
    found.remove(name)
}

/// A JSON success of the control interface.
pub(super) fn ok(body: Value) -> Response {
    respond((200, if body.is_null() { json!({"ok": true}) } else { body }))
}
