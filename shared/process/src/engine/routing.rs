//! Routes what the inbox holds.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bellhop_app::ports::PortResult;
use bellhop_app::routing::{Recorded, Unrouted};
use bellhop_core::inbox::event_of;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::watch;

use super::crashes::Crashes;
use super::poison::{Panics, set_aside};
use super::{AFTER_FAILURE, EngineParts, pause};
use bellhop_sqlite::Subject;

/// How many messages are routed together, so that their writes share commits.
const TOGETHER: usize = 32;

/// How long to wait for a message that nobody announces, such as those of a former process.
const UNANNOUNCED: Duration = Duration::from_secs(2);

/// What came of routing a message.
enum Outcome {
    /// It is recorded; its work is to be queued.
    Recorded(Recorded),
    /// It may be recorded later.
    Later,
    /// The router panicked over it.
    Panicked,
    /// It can never be routed, and why.
    Never(String),
}

/// Routes messages, oldest first, until told to stop; before all others those that may have ended a former process, one by
/// one.
pub(super) async fn route_all(parts: &EngineParts, crashes: &Crashes, mut stopped: watch::Receiver<bool>) {
    let arrived = parts.database.arrived.inbox.clone();
    let mut panics = Panics::default();
    for place in crashes.messages() {
        if let Err(error) = route_suspect(parts, crashes, place, &mut panics).await {
            log::error!(error:%; "a message that may have ended the process could not be handled; it comes again");
        }
    }
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
        match route(parts, crashes, &messages, &mut panics).await {
            Ok(true) => {}
            Ok(false) => {
                pause(AFTER_FAILURE, &mut stopped).await;
            }
            Err(error) => {
                log::error!(error:%; "messages could not be routed to their end; they are routed again, without effect");
                pause(AFTER_FAILURE, &mut stopped).await;
            }
        }
    }
}

/// Routes a message that may have ended a former process.
async fn route_suspect(parts: &EngineParts, crashes: &Crashes, place: i64, panics: &mut Panics) -> PortResult<()> {
    match parts.database.message(place)? {
        Some(message) => route(parts, crashes, &[(place, message)], panics).await.map(|_| ()),
        None => Ok(()),
    }
}

/// Routes messages together; says whether all of them left the inbox.
async fn route(
    parts: &EngineParts,
    crashes: &Crashes,
    messages: &[(i64, Vec<u8>)],
    panics: &mut Panics,
) -> PortResult<bool> {
    let outcomes = messages.iter().map(|(place, message)| async move {
        let subject = Subject::Message(*place);
        match crashes.condemns(subject) {
            Some(reason) => Outcome::Never(reason),
            None => outcome(message, crashes.at(subject, parts.routing.record(message))).await,
        }
    });
    let outcomes = join_all(outcomes).await;
    let (mut done, mut work, mut counted, mut never) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((place, message), outcome) in messages.iter().zip(outcomes) {
        let reason = match outcome {
            // Recorded side by side, queued in the order they came in.
            Outcome::Recorded(mut recorded) => {
                panics.forget(*place);
                done.push(*place);
                work.append(&mut recorded.work);
                counted.push(recorded);
                continue;
            }
            Outcome::Later => continue,
            Outcome::Panicked if !panics.count(*place) => continue,
            Outcome::Panicked => "the router panicked over it again and again".to_owned(),
            Outcome::Never(reason) => reason,
        };
        never.push((*place, message, reason));
    }
    let all = done.len() + never.len() == messages.len();
    if !work.is_empty() {
        parts.routing.queue.send(&work).await?;
    }
    parts.database.forget_messages(done.clone()).await?;
    crashes.clear(done.into_iter().map(Subject::Message));
    parts.routing.count(&counted).await;
    for (place, message, reason) in never {
        set_aside(parts, crashes, place, message, &reason).await?;
    }
    Ok(all)
}

/// What came of recording a message; one that makes us panic must not stop the others for ever.
async fn outcome(message: &[u8], recording: impl Future<Output = Result<Recorded, Unrouted>>) -> Outcome {
    let event = || event_of(message).map(|id| id.to_string()).unwrap_or_default();
    match AssertUnwindSafe(recording).catch_unwind().await {
        Ok(Ok(recorded)) => Outcome::Recorded(recorded),
        Ok(Err(Unrouted::Again(error))) => {
            log::warn!(event = event(), error:%; "a message could not be routed yet");
            Outcome::Later
        }
        Ok(Err(Unrouted::Poison(error))) => Outcome::Never(error.to_string()),
        Err(_) => {
            log::error!(event = event(); "the router panicked over a message");
            Outcome::Panicked
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_app::ports::PortError;
    use bellhop_core::inbox::read;

    #[tokio::test]
    async fn a_panic_is_told_from_trouble_and_from_poison() {
        assert!(matches!(outcome(b"", async { panic!("over a message") }).await, Outcome::Panicked));
        let trouble = Unrouted::Again(PortError::new("the store", "is down"));
        assert!(matches!(outcome(b"", async { Err(trouble) }).await, Outcome::Later));
        let poison = Unrouted::Poison(read(b"").unwrap_err());
        assert!(
            matches!(outcome(b"", async { Err(poison) }).await, Outcome::Never(reason) if reason.contains("not an inbox"))
        );
    }
}
