//! Routes what the inbox holds.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bellhop_app::routing::Unrouted;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::watch;

use super::{AFTER_FAILURE, EngineParts, pause};

/// How many messages are routed together, so that their writes share commits.
const TOGETHER: usize = 32;

/// How long to wait for a message that nobody announces, such as those of a former process.
const UNANNOUNCED: Duration = Duration::from_secs(2);

/// Routes messages, oldest first, until told to stop.
pub(super) async fn route_all(parts: &EngineParts, mut stopped: watch::Receiver<bool>) {
    let arrived = parts.database.arrived.inbox.clone();
    while !*stopped.borrow() {
        let messages = match parts.database.oldest_messages(TOGETHER) {
            Ok(messages) => messages,
            Err(error) => {
                log::error!(error:%; "the inbox could not be read");
                pause(AFTER_FAILURE, &mut stopped).await;
                continue;
            }
        };
        if messages.is_empty() {
            tokio::select! {
                () = arrived.notified() => {}
                _ = pause(UNANNOUNCED, &mut stopped) => {}
            }
            continue;
        }
        let routed = join_all(messages.iter().map(|(place, message)| route_one(parts, *place, message))).await;
        let done: Vec<_> =
            messages.iter().zip(&routed).filter(|(_, done)| **done).map(|((place, _), _)| *place).collect();
        let stuck = done.len() < messages.len();
        if let Err(error) = parts.database.forget_messages(done).await {
            log::error!(error:%; "routed messages could not be forgotten; they are routed again, without effect");
        }
        if stuck {
            pause(AFTER_FAILURE, &mut stopped).await;
        }
    }
}

/// Routes one message; says whether it may be forgotten.
async fn route_one(parts: &EngineParts, place: i64, message: &[u8]) -> bool {
    // One message that makes us panic must not stop the others for ever.
    let routed = AssertUnwindSafe(parts.routing.route(message)).catch_unwind().await;
    let reason = match routed {
        Ok(Ok(_)) => return true,
        Ok(Err(Unrouted::Again(error))) => {
            log::warn!(error:%; "a message could not be routed yet");
            return false;
        }
        Ok(Err(Unrouted::Poison(error))) => error.to_string(),
        Err(_) => "the router panicked over it".to_owned(),
    };
    log::error!(reason; "a message can never be routed; it is set aside");
    if let Err(error) = parts.database.set_aside(place, reason).await {
        log::error!(error:%; "a message could not be set aside");
    }
    false
}
