//! The front door as an HTTP router, for one process; the deployed ingress answers by the same functions.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bellhop_core::door::Door;
use bellhop_core::inbound::Headers;
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::answer::Refused;
use crate::ingress::{Ingress, too_large_answer};

/// How long a sender may take over its body.
const BODY_TIME: Duration = Duration::from_secs(15);

/// Where a connection comes from; the listener puts it into each request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Source(pub IpAddr);

/// The front door: `/webhook…`, `/api/webhooks/…`, `POST /api/webhook/…` and `/health`.
pub fn router(ingress: Arc<Ingress>) -> Router {
    Router::new().fallback(receive).with_state(ingress)
}

/// Answers one request.
async fn receive(State(ingress): State<Arc<Ingress>>, request: Request) -> Response {
    match take_in(&ingress, request).await {
        Ok(body) => json_response(200, body, None),
        Err(refused) => refusal(&refused),
    }
}

/// Takes one request in; the answer's body where it is accepted.
async fn take_in(ingress: &Ingress, request: Request) -> Result<String, Refused> {
    let (parts, body) = request.into_parts();
    let path = match at_door(&parts.method, parts.uri.path())? {
        Door::Hook(path) => path,
        Door::Health | Door::Nowhere => return Ok(HEALTHY.to_owned()),
    };
    let source_ip = parts.extensions.get::<Source>().map(|Source(ip)| ip.to_canonical());
    let pairs = pairs(&parts.headers);
    let headers = Headers::new(&pairs);
    let admitted = ingress.admit(path, source_ip, headers).await?;
    let limit = usize::try_from(admitted.max_body_bytes).unwrap_or(usize::MAX);
    let reading = tokio::time::timeout(BODY_TIME, Limited::new(body, limit).collect());
    let body = match reading.await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(too_large_answer(admitted.max_body_bytes));
        }
        Ok(Err(_)) => return Err(Refused::new(400, "bad_request", "the body broke off")),
        Err(_) => {
            return Err(Refused::new(408, "too_slow", "the body took too long to arrive"));
        }
    };
    let id = ingress.accept(&admitted, headers, &body).await?;
    Ok(accepted(&id))
}

/// What the health check answers.
pub const HEALTHY: &str = r#"{"status":"ok"}"#;

/// The answer to an accepted request.
pub fn accepted(id: &bellhop_core::id::EventId) -> String {
    format!(r#"{{"id":"{id}","status":"accepted"}}"#)
}

/// Finds the door of a request, or refuses a way of knocking that it does not know.
pub fn at_door<'a>(method: &Method, path: &'a str) -> Result<Door<'a>, Refused> {
    match (Door::at(path), method) {
        (Door::Nowhere, _) => Err(Refused::new(404, "not_found", "nothing is here; hooks are at /webhook/{path}")),
        (Door::Health, &Method::GET | &Method::HEAD) => Ok(Door::Health),
        (Door::Hook(path), &Method::POST) => Ok(Door::Hook(path)),
        (Door::Health, _) => Err(Refused::method("GET")),
        (Door::Hook(_), _) => Err(Refused::method("POST")),
    }
}

/// The headers as pairs of a lower-case name and a value.
pub fn pairs(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// A refusal as a response, with an id that no event has.
pub fn refusal(refused: &Refused) -> Response {
    let request_id = uuid::Uuid::now_v7().to_string();
    let mut response = json_response(refused.status, refused.body(&request_id), refused.retry_after);
    if let Some(method) = refused.allow {
        response.headers_mut().insert(http::header::ALLOW, HeaderValue::from_static(method));
    }
    response
}

/// A response with a JSON body.
pub fn json_response(status: u16, body: String, retry_after: Option<u64>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
