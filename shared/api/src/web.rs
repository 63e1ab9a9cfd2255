//! The front door as an HTTP router, for one process; the deployed ingress answers by the same functions.

mod reading;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bellhop_core::door::Door;
use bellhop_senders::handshake::Reply;
use bellhop_senders::inbound::Headers;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use tokio::sync::oneshot;

use bellhop_app::answer::Refused;
use bellhop_app::ingress::{Admitted, Head, Ingress, Taken, at_door, healthy};
use bellhop_app::metrics::METRICS;

pub use reading::NoRoom;
pub(crate) use reading::read;

/// Where a connection comes from; the listener puts it into each request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Source(pub IpAddr);

/// What works off requests whose check costs more than a hash, away from the thread that accepts connections.
pub trait Worker: Send + Sync {
    /// Has a job done in its source's turn; false where too many wait already, and the job is dropped.
    fn queue(&self, source: Option<IpAddr>, job: BoxFuture<'static, ()>) -> bool;
}

/// What the routes share.
struct Front {
    ingress: Arc<Ingress>,
    worker: Option<Arc<dyn Worker>>,
}

/// The front door: `/webhook…`, `/api/webhooks/…`, `POST /api/webhook/…` and `/health`. Without a worker, every check is
/// made where the request is.
pub fn router(ingress: Arc<Ingress>, worker: Option<Arc<dyn Worker>>) -> Router {
    Router::new().fallback(receive).with_state(Arc::new(Front { ingress, worker }))
}

/// Answers one request.
async fn receive(State(front): State<Arc<Front>>, request: Request) -> Response {
    match take_in(&front, request).await {
        Ok(reply) => response(reply),
        Err(refused) => {
            METRICS.refused(&refused);
            refusal(&refused)
        }
    }
}

/// Takes one request in; the answer where it is accepted.
async fn take_in(front: &Front, request: Request) -> Result<Reply, Refused> {
    let ingress = &front.ingress;
    let (parts, body) = request.into_parts();
    let path = match at_door(&parts.method, parts.uri.path())? {
        Door::Hook(path) => path,
        Door::Health => return Ok(healthy()),
    };
    let source_ip = parts.extensions.get::<Source>().map(|Source(ip)| ip.to_canonical());
    let pairs = pairs(&parts.headers);
    let headers = Headers::new(&pairs);
    let admitted = ingress.admit(&path, source_ip, headers).await?;
    let head = Head { method: parts.method.as_str(), target: target(&parts), headers };
    if parts.method != Method::POST {
        return ingress.greet(&admitted, head).await;
    }
    let limit = usize::try_from(admitted.max_body_bytes).unwrap_or(usize::MAX);
    let body = match read(body, limit).await {
        Ok(body) => body,
        Err((why, bytes)) => return Err(ingress.unread(&admitted, why, bytes).await),
    };
    if let Some(worker) = &front.worker
        && ingress.is_costly(&admitted, body.len())
    {
        drop(pairs);
        return accept_by(worker.as_ref(), Arc::clone(ingress), admitted, parts, body, source_ip).await;
    }
    ingress.accept(&admitted, head, &body).await.map(Taken::into_reply)
}

/// Has a worker accept a request, and waits for it.
async fn accept_by(
    worker: &dyn Worker,
    ingress: Arc<Ingress>,
    admitted: Admitted,
    parts: Parts,
    body: Bytes,
    source: Option<IpAddr>,
) -> Result<Reply, Refused> {
    let (answer, answered) = oneshot::channel();
    let job = async move {
        // Whoever hung up in the meantime costs nothing.
        if !answer.is_closed() {
            let pairs = pairs(&parts.headers);
            let head = Head { method: parts.method.as_str(), target: target(&parts), headers: Headers::new(&pairs) };
            let _ = answer.send(ingress.accept(&admitted, head, &body).await.map(Taken::into_reply));
        }
    };
    if !worker.queue(source, Box::pin(job)) {
        return Err(Refused::busy());
    }
    answered.await.unwrap_or_else(|_| Err(Refused::unavailable()))
}

/// The path and query of a request.
fn target(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("", |target| target.as_str())
}

/// The headers as pairs of a lower-case name and a value.
pub fn pairs(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

/// An answer as a response.
fn response(reply: Reply) -> Response {
    let mut response = Response::new(match reply.body {
        Cow::Borrowed(text) => Body::from(text),
        Cow::Owned(text) => Body::from(text),
    });
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::OK);
    let headers = response.headers_mut();
    if !reply.content_type.is_empty() {
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    }
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
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
pub fn json_response(status: u16, body: impl Into<Body>, retry_after: Option<u64>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests;
