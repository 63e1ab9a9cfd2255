//! The listener: connections with a cap and time-outs, so that slow senders cannot use them up.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bellhop_app::web::Source;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

/// What the listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// How many connections there may be at once; more wait to be accepted.
    pub most_connections: usize,
    /// How long a request's headers may take, and how long a connection may stay idle.
    pub header_time: Duration,
    /// How many bytes a request's headers may have.
    pub header_bytes: usize,
    /// How long requests may still take once the listener is told to stop.
    pub stop_time: Duration,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            most_connections: 1024,
            header_time: Duration::from_secs(10),
            header_bytes: 48 * 1024,
            stop_time: Duration::from_secs(5),
        }
    }
}

/// Serves until `stop` comes, then lets the requests at hand finish.
pub async fn serve(limits: Listener, listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(limits.most_connections));
    let (stopping, stopped) = watch::channel(());
    tokio::pin!(stop);
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection = connection(limits, stream, address, app.clone(), stopped.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Mostly a lack of file descriptors: accepting again at once would only spin.
                log::warn!(error:%; "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    drop(stopped);
    let _ = stopping.send(());
    let _ = tokio::time::timeout(limits.stop_time, stopping.closed()).await;
}

/// Serves one connection to its end.
async fn connection(
    limits: Listener,
    stream: TcpStream,
    address: SocketAddr,
    app: Router,
    mut stopped: watch::Receiver<()>,
) {
    // Answers are small and final: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Source(address.ip()));
        app.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        log::debug!(error:%; "a connection ended early");
    }
}
