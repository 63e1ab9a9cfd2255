//! The fake over HTTP: the paths of the API, and `/_control`.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::state::{Attempt, Limit, Request};
use super::{Handle, TOKEN, control, jwt};
use crate::sign;

/// The API and the control interface.
pub(super) fn router(handle: Handle) -> Router {
    Router::new().nest("/_control", control::router()).fallback(call).with_state(handle)
}

/// An answer: status, body and headers.
pub(super) struct Answer(u16, Value, Vec<(&'static str, String)>);

/// An answer without headers of its own.
pub(super) fn plain(status: u16, body: Value) -> Answer {
    Answer(status, body, Vec::new())
}

/// A failure as the API words it.
fn failure(status: u16, message: &str) -> Answer {
    plain(status, json!({"message": message, "documentation_url": "https://docs.github.com/rest"}))
}

/// One call of the API, and its entry in the list of requests.
async fn call(Shared(handle): Shared<Handle>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let answer = match mistake(&parts, body.len()) {
        Some((status, message)) => {
            handle.with(|state| state.mistakes.push(format!("{} {path}: {message}", parts.method)));
            failure(status, message)
        }
        None => limited(&handle).unwrap_or_else(|| answer(&handle, &parts)),
    };
    let (method, status) = (parts.method.to_string(), answer.0);
    handle.with(|state| state.requests.push(Request { method, path, status }));
    respond(answer)
}

/// What the documentation asks of every request and this one has not.
fn mistake(parts: &Parts, body: usize) -> Option<(u16, &'static str)> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = parts.uri.path();
    if header("user-agent").is_empty() {
        return Some((403, "Request forbidden by administrative rules: a User-Agent is needed"));
    }
    if header("accept") != "application/vnd.github+json" {
        return Some((415, "the Accept header must be application/vnd.github+json"));
    }
    if header("x-github-api-version") != "2022-11-28" {
        return Some((400, "the X-GitHub-Api-Version header must be 2022-11-28"));
    }
    if body > 0 {
        return Some((400, "no body is expected"));
    }
    match header("authorization").strip_prefix("Bearer ") {
        None if path == "/meta" => None,
        Some(_) if path == "/meta" => Some((401, "a token goes where none is needed")),
        None => Some((401, "Requires authentication")),
        Some(token) if path.starts_with("/app/") => jwt::problem(token, sign::now()).map(|problem| (401, problem)),
        Some(token) if token != TOKEN => Some((401, "Bad credentials")),
        Some(_) => None,
    }
}

/// The refusal of a request over the limit.
fn limited(handle: &Handle) -> Option<Answer> {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    handle.with(|state| {
        let (left, limit) = state.limit.as_mut()?;
        let over = *left == 0;
        *left = left.saturating_sub(1);
        let Answer(_, body, _) = failure(403, message);
        over.then(|| match limit {
            Limit::RetryAfter(seconds) => Answer(429, body, vec![("retry-after", seconds.to_string())]),
            Limit::Reset(seconds) => {
                let reset = sign::now().unsigned_abs() + *seconds;
                let headers = vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset.to_string())];
                Answer(403, failure(403, "API rate limit exceeded").1, headers)
            }
            Limit::Words => Answer(403, body, vec![("x-ratelimit-remaining", "4999".to_owned())]),
        })
    })
}

/// What an allowed request is answered.
fn answer(handle: &Handle, parts: &Parts) -> Answer {
    let path = parts.uri.path().trim_start_matches('/');
    if path == "meta" && parts.method == "GET" {
        return plain(
            200,
            handle.with(|state| json!({"verifiable_password_authentication": false, "hooks": state.meta})),
        );
    }
    if let Some(place) = path.strip_suffix("/deliveries")
        && parts.method == "GET"
    {
        return list(handle, place, parts);
    }
    let attempt = path.strip_suffix("/attempts").and_then(|rest| rest.rsplit_once("/deliveries/"));
    match attempt.and_then(|(place, id)| Some((place, id.parse().ok()?))) {
        Some((place, id)) if parts.method == "POST" && parts.uri.query().is_none() => repeat(handle, place, id),
        _ => failure(404, "Not Found"),
    }
}

/// A part of a webhook's list of attempts.
fn list(handle: &Handle, place: &str, parts: &Parts) -> Answer {
    let now = sign::now().unsigned_abs();
    let Some(kept) = handle.with(|state| state.kept(place, now)) else {
        return failure(404, "Not Found");
    };
    let (mut per_page, mut first) = (30, 0);
    for pair in parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("per_page", number)) => match number.parse() {
                Ok(number @ 1..=100) => per_page = number,
                _ => return failure(422, "per_page is from 1 to 100"),
            },
            Some(("cursor", cursor)) => {
                let id = cursor.strip_prefix("v1_").and_then(|id| id.parse::<u64>().ok());
                match kept.iter().position(|attempt| Some(attempt.id) == id) {
                    Some(place) => first = place,
                    None => return failure(422, "Invalid cursor"),
                }
            }
            _ => return failure(422, "unknown parameter"),
        }
    }
    let page: Vec<_> = kept.iter().skip(first).take(per_page).map(Attempt::listed).collect();
    let mut links = Vec::new();
    if let Some(next) = kept.get(first + per_page) {
        let url = format!("https://api.github.com/{place}/deliveries?per_page={per_page}&cursor=v1_{}", next.id);
        links.push(("link", format!("<{url}>; rel=\"next\", <https://api.github.com/x?cursor=v1_1>; rel=\"first\"")));
    }
    Answer(200, json!(page), links)
}

/// Takes a request for a delivery, and sends it again a little later.
fn repeat(handle: &Handle, place: &str, id: u64) -> Answer {
    let now = sign::now().unsigned_abs();
    let found = handle.with(|state| {
        let attempt = state.kept(place, now)?.into_iter().find(|attempt| attempt.id == id)?;
        let body = state.webhooks.get(place)?.bodies.get(&attempt.guid)?.clone();
        Some((attempt, body))
    });
    let Some((attempt, body)) = found else {
        return failure(404, "Not Found");
    };
    let (handle, place) = (handle.clone(), place.to_owned());
    tokio::spawn(async move {
        handle.attempt(&place, Attempt { at: now, redelivery: true, ..attempt }, body).await;
    });
    plain(202, json!({}))
}

/// The answer as it goes out.
pub(super) fn respond(Answer(status, body, headers): Answer) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_str(&value).expect("a header's value is plain"));
    }
    response
}
