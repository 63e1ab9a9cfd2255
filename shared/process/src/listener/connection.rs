//! One connection, from its first byte to its end.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bellhop_api::web::Source;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::Listener;
use super::body::Counted;
use super::budget::{Budget, Flight};
use super::places::Place;
use super::stream::{Pace, Stream};

/// How long a connection may still take over the request at hand once it is to end.
const LAST_TIME: Duration = Duration::from_secs(60);

/// What all connections share.
pub(super) struct Shared {
    /// What is allowed.
    pub(super) limits: Listener,
    /// The bytes there may be.
    pub(super) budget: Arc<Budget>,
    /// Who answers.
    pub(super) app: Router,
}

/// Serves a connection to its end.
pub(super) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    address: IpAddr,
    place: Place,
    mut stopped: watch::Receiver<()>,
) {
    // Answers are small and final: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let limits = shared.limits;
    let activity = &place.activity;
    let service = service_fn(|request: Request<Incoming>| {
        let flight = Arc::new(Flight::new(Arc::clone(&shared.budget), address));
        activity.step(true);
        let mut request = request.map(|incoming| {
            Body::new(Counted { incoming, flight: Arc::clone(&flight), activity: Arc::clone(activity) })
        });
        request.extensions_mut().insert(Source(address));
        // Whoever carries the request elsewhere holds its bytes there.
        request.extensions_mut().insert(Arc::clone(&flight));
        let answer = shared.app.clone().oneshot(request);
        async move {
            let answer = answer.await;
            activity.step(false);
            drop(flight);
            answer
        }
    });
    let pace = Pace { time: limits.stall_time, bytes: limits.stall_bytes };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(Stream::new(stream, pace)), service);
    tokio::pin!(connection);
    let end = tokio::time::sleep(limits.longest);
    tokio::pin!(end);
    let mut is_ending = false;
    loop {
        tokio::select! {
            ended = &mut connection => {
                if let Err(error) = ended {
                    log::debug!(error:%; "a connection ended early");
                }
                return;
            }
            () = activity.given_up() => {
                log::debug!("a connection that waited for its peer made room for another");
                return;
            }
            () = &mut end => {
                if is_ending {
                    log::debug!("a connection was cut off at its last request");
                    return;
                }
            }
            _ = stopped.changed(), if !is_ending => {}
        }
        // Its time is over, or everybody's is.
        is_ending = true;
        end.as_mut().reset(Instant::now() + LAST_TIME);
        connection.as_mut().graceful_shutdown();
    }
}
