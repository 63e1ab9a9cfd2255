//! Routes what the inbox holds.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bellhop_app::ports::{PortResult, SendWork as _};
use bellhop_app::routing::{Recorded, Rules, Unrouted};
use bellhop_core::inbox::event_of;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::watch;

use super::crashes::{Crashes, Named};
use super::poison::{Panics, set_aside};
use super::{AFTER_FAILURE, EngineParts, pause};
use bellhop_sqlite::{Committed, PackedRecord, Subject};

/// How many messages are routed together, so that their writes share a commit.
const TOGETHER: usize = 64;

/// How many bytes they have together at most, where they are more than one.
const TOGETHER_BYTES: usize = 4 * 1024 * 1024;

/// How long to wait for a message that nobody announces, such as those of a former process.
const UNANNOUNCED: Duration = Duration::from_secs(2);

/// Messages that follow each other and are taken in the same way.
enum Run {
    /// They are recorded in one write.
    Records(Vec<PackedRecord>),
    /// They are taken in step by step.
    Steps(Vec<(i64, Vec<u8>)>),
}

/// Records that are being written while the messages after them are prepared.
struct Writing {
    places: Vec<i64>,
    written: BoxFuture<'static, PortResult<Vec<Committed>>>,
}

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
    let mut writing: Option<Writing> = None;
    while !*stopped.borrow() {
        let after = writing.as_ref().and_then(|writing| writing.places.last()).copied().unwrap_or(i64::MIN);
        let messages = match parts.database.messages_after(after, TOGETHER, TOGETHER_BYTES) {
            Ok(messages) => messages,
            Err(error) => {
                log::error!(error:%; "the inbox could not be read");
                pause(AFTER_FAILURE, &mut stopped).await;
                continue;
            }
        };
        if messages.is_empty() && writing.is_none() {
            tokio::select! {
                () = arrived.notified() => {}
                _ = pause(UNANNOUNCED, &mut stopped) => {}
            }
            continue;
        }
        match go_on(parts, crashes, messages, &mut writing, &mut panics).await {
            Ok(true) => {}
            // What is being written comes to its end first, so that reading begins again with what is stuck.
            Ok(false) => {
                if let Err(error) = finish(parts, crashes, writing.take(), &mut panics).await {
                    log::error!(error:%; "messages could not be routed to their end; they are routed again, without effect");
                }
                pause(AFTER_FAILURE, &mut stopped).await;
            }
            Err(error) => {
                log::error!(error:%; "messages could not be routed to their end; they are routed again, without effect");
                pause(AFTER_FAILURE, &mut stopped).await;
            }
        }
    }
    if let Err(error) = finish(parts, crashes, writing, &mut panics).await {
        log::error!(error:%; "messages could not be routed to their end; they are routed again, without effect");
    }
}

/// Prepares messages while those before them are written, then writes them, in their order; says whether all that were
/// waited for left the inbox.
async fn go_on(
    parts: &EngineParts,
    crashes: &Crashes,
    messages: Vec<(i64, Vec<u8>)>,
    writing: &mut Option<Writing>,
    panics: &mut Panics,
) -> PortResult<bool> {
    let runs = prepare(parts, crashes, messages).await;
    let mut all = finish(parts, crashes, writing.take(), panics).await?;
    for run in runs? {
        all &= finish(parts, crashes, writing.take(), panics).await?;
        match run {
            Run::Records(records) => {
                let places = records.iter().map(PackedRecord::place).collect();
                *writing = Some(Writing { places, written: Box::pin(parts.database.commit(records)) });
            }
            Run::Steps(messages) => all &= route(parts, crashes, &messages, panics).await?,
        }
    }
    Ok(all)
}

/// Makes of messages what is to be recorded; those for which that takes more than the rules go step by step.
async fn prepare(parts: &EngineParts, crashes: &Crashes, messages: Vec<(i64, Vec<u8>)>) -> PortResult<Vec<Run>> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let rules = parts.routing.rules.rules().await?;
    let (named, mut runs) = (crashes.one_after_another(), Vec::new());
    for (place, message) in messages {
        let record = match crashes.suspects(Subject::Message(place)) {
            true => None,
            false => packed(parts, &named, &rules, place, &message),
        };
        match (record, runs.last_mut()) {
            (Some(record), Some(Run::Records(records))) => records.push(record),
            (Some(record), _) => runs.push(Run::Records(vec![record])),
            (None, Some(Run::Steps(messages))) => messages.push((place, message)),
            (None, _) => runs.push(Run::Steps(vec![(place, message)])),
        }
    }
    Ok(runs)
}

/// What is to be recorded of a message that is not suspected; `None` where it goes step by step, also to be judged: it cannot
/// be read, or the router panicked over it.
fn packed(parts: &EngineParts, named: &Named<'_>, rules: &Rules, place: i64, message: &[u8]) -> Option<PackedRecord> {
    named.now(Subject::Message(place));
    let made = std::panic::catch_unwind(AssertUnwindSafe(|| parts.routing.prepare(rules, message)));
    let record = made.ok()?.ok()??;
    (parts.before_record)(&record.event);
    PackedRecord::new(place, record).ok()
}

/// Waits until records are written, and takes in step by step those that could not be written so; says whether all left the
/// inbox.
async fn finish(
    parts: &EngineParts,
    crashes: &Crashes,
    writing: Option<Writing>,
    panics: &mut Panics,
) -> PortResult<bool> {
    let Some(Writing { places, written }) = writing else { return Ok(true) };
    let mut left = Vec::new();
    match written.await {
        Ok(committed) => {
            for (place, committed) in places.into_iter().zip(committed) {
                match committed {
                    Committed::New(record, work_places) => {
                        panics.forget(place);
                        crashes.clear([Subject::Message(place)]);
                        parts.routing.tell(&record, true);
                        parts.database.keep_fresh(record.work, work_places);
                    }
                    Committed::Known => left.push(place),
                }
            }
        }
        Err(error) => {
            log::warn!(error:%; "events could not be recorded together; each is recorded by itself");
            left = places;
        }
    }
    let mut messages = Vec::with_capacity(left.len());
    for place in left {
        messages.extend(parts.database.message(place)?.map(|message| (place, message)));
    }
    if messages.is_empty() { Ok(true) } else { route(parts, crashes, &messages, panics).await }
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
mod tests;
