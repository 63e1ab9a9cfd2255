//! Routes what the inbox holds.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bellhop_app::ports::PortResult;
use bellhop_app::routing::Unrouted;
use bellhop_core::work::Work;
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
        let recorded = join_all(messages.iter().map(|(place, message)| record(parts, *place, message))).await;
        let (mut done, mut work) = (Vec::new(), Vec::new());
        for ((place, _), its_work) in messages.iter().zip(recorded) {
            // Recorded side by side, queued in the order they came in.
            if let Some(its_work) = its_work {
                done.push(*place);
                work.extend(its_work);
            }
        }
        let stuck = done.len() < messages.len();
        if let Err(error) = queue_and_forget(parts, work, done).await {
            log::error!(error:%; "messages could not be routed to their end; they are routed again, without effect");
            pause(AFTER_FAILURE, &mut stopped).await;
        } else if stuck {
            pause(AFTER_FAILURE, &mut stopped).await;
        }
    }
}

/// Queues the work of recorded messages, and forgets these.
async fn queue_and_forget(parts: &EngineParts, work: Vec<Work>, done: Vec<i64>) -> PortResult<()> {
    if !work.is_empty() {
        parts.routing.queue.send(&work).await?;
    }
    parts.database.forget_messages(done).await
}

/// Records one message; its work, or nothing where it must wait or was set aside.
async fn record(parts: &EngineParts, place: i64, message: &[u8]) -> Option<Vec<Work>> {
    // One message that makes us panic must not stop the others for ever.
    let recorded = AssertUnwindSafe(parts.routing.record(message)).catch_unwind().await;
    let reason = match recorded {
        Ok(Ok(recorded)) => return Some(recorded.work),
        Ok(Err(Unrouted::Again(error))) => {
            log::warn!(error:%; "a message could not be routed yet");
            return None;
        }
        Ok(Err(Unrouted::Poison(error))) => error.to_string(),
        Err(_) => "the router panicked over it".to_owned(),
    };
    log::error!(reason; "a message can never be routed; it is set aside");
    if let Err(error) = parts.database.set_aside(place, reason).await {
        log::error!(error:%; "a message could not be set aside");
    }
    None
}
