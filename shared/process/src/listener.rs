//! The listener: every wait on a peer has its end, and whoever does not get on cannot keep out those who do.

mod body;
mod budget;
mod connection;
mod places;
mod refusal;
mod source;
mod stream;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

use budget::Budget;
use connection::Shared;
use places::Places;
use refusal::Turnaway;
pub(crate) use source::counted;

/// What the listener allows.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// How many connections there may be at once.
    pub most_connections: usize,
    /// How many of them one address, or one IPv6 network of 64 bits, may have.
    pub connections_per_address: usize,
    /// How many bytes of bodies there may be at once; a quarter of them from one address.
    pub bytes_in_flight: usize,
    /// How long a request's headers may take, and how long a connection may stay idle.
    pub header_time: Duration,
    /// How many bytes a request's headers may have.
    pub header_bytes: usize,
    /// In this time, a peer takes at least `stall_bytes` of an answer that waits for it.
    pub stall_time: Duration,
    /// How many bytes of an answer a peer takes at least in `stall_time`.
    pub stall_bytes: usize,
    /// How old a connection may become; its request at hand is still answered.
    pub longest: Duration,
    /// How long requests may still take once the listener is told to stop.
    pub stop_time: Duration,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            most_connections: 1024,
            connections_per_address: 512,
            bytes_in_flight: 64 * 1024 * 1024,
            header_time: Duration::from_secs(10),
            header_bytes: 48 * 1024,
            stall_time: Duration::from_secs(10),
            stall_bytes: 10 * 1024,
            longest: Duration::from_secs(600),
            stop_time: Duration::from_secs(5),
        }
    }
}

/// Serves until `stop` comes, then lets the requests at hand finish.
pub async fn serve(limits: Listener, listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Places::new(limits.most_connections, limits.connections_per_address));
    let shared = Arc::new(Shared { limits, budget: Arc::new(Budget::new(limits.bytes_in_flight)), app });
    let turnaway = Turnaway::new();
    let (stopping, stopped) = watch::channel(());
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => match places.take(address.ip()) {
                Some(place) => {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(connection::serve(shared, stream, address.ip(), place, stopped.clone()));
                }
                None => turnaway.refuse(stream),
            },
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

#[cfg(test)]
mod tests;
