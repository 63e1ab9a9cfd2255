//! The page that Prometheus reads.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::CONTENT_TYPE;

use bellhop_app::metrics::{METRICS, exposition};
use bellhop_app::ports::{Clock, Queues};

/// What the page needs.
#[derive(Clone)]
struct Page {
    queues: Arc<dyn Queues>,
    clock: Arc<dyn Clock>,
}

/// `GET /metrics`; who may read it is for whoever mounts it to check.
pub fn router(queues: Arc<dyn Queues>, clock: Arc<dyn Clock>) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(Page { queues, clock })
}

/// Shows what has been counted.
async fn metrics(State(page): State<Page>) -> impl IntoResponse {
    let oldest = page.queues.oldest().inspect_err(|error| log::error!(error:%; "the queues could not be looked at"));
    let text = exposition(&METRICS, oldest.ok().as_ref(), page.clock.now());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
