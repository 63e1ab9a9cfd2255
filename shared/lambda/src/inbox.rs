//! The router's batches: inbox messages, recorded side by side, and their work sent together.

use std::panic::AssertUnwindSafe;

use bellhop_app::routing::{Recorded, Routing, Unrouted};
use bellhop_core::inbox::event_of;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::batch::{Batch, Outcome, Record, panic_text, until};
use crate::metrics::flush;

/// How long before the deadline recording ends, so that there is time to send.
const SENDING_MS: u64 = 6_000;

/// Routes a batch; what is not routed by the deadline comes again.
///
/// A message that fails again and again ends in the dead-letter queue, and the reason is in the log each time.
pub async fn route(routing: &Routing, batch: &Batch, deadline: Timestamp) -> Outcome {
    let recorded = join_all(batch.records.iter().map(|one| record(routing, one, deadline))).await;
    let mut work: Vec<Work> = recorded.iter().flatten().flat_map(|recorded| recorded.work.iter().cloned()).collect();
    // The queue keeps an order, and the batch came in none: so the one in which the events were accepted.
    work.sort_by_key(|work| work.task().event.accepted_at());
    let sent = work.is_empty() || send(routing, &work, deadline).await;
    routing.count(recorded.iter().flatten()).await;
    let failed = batch.records.iter().zip(recorded).filter(|(_, recorded)| match recorded {
        Some(recorded) => !sent && !recorded.work.is_empty(),
        None => true,
    });
    let outcome = Outcome::failed(failed.map(|(record, _)| record.message_id.clone()));
    flush();
    outcome
}

/// Records one message, unless that fails.
async fn record(routing: &Routing, record: &Record, deadline: Timestamp) -> Option<Recorded> {
    let time = until(deadline, routing.clock.now().plus_ms(SENDING_MS));
    // A panic is one message's failure, not the whole batch's.
    let attempt = tokio::time::timeout(time, AssertUnwindSafe(routing.record(record.body.as_bytes())).catch_unwind());
    let reason = match attempt.await {
        Ok(Ok(Ok(recorded))) => return Some(recorded),
        Ok(Ok(Err(Unrouted::Poison(error)))) => format!("it will never be: {error}"),
        Ok(Ok(Err(Unrouted::Again(error)))) => error.to_string(),
        Ok(Err(panic)) => format!("panic: {}", panic_text(panic.as_ref())),
        Err(_) => "it took too long".to_owned(),
    };
    log_failure(record, &reason);
    None
}

/// Sends work, in its order; says whether all of it was sent.
async fn send(routing: &Routing, work: &[Work], deadline: Timestamp) -> bool {
    let time = until(deadline, routing.clock.now());
    let reason = match tokio::time::timeout(time, routing.queue.send(work)).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it took too long".to_owned(),
    };
    log::error!(work = work.len(), reason; "the work of a batch was not all sent");
    false
}

/// Logs why a message was not routed, and the beginning of its first line, which holds no body.
fn log_failure(record: &Record, reason: &str) {
    let head: String = record.body.lines().next().unwrap_or_default().chars().take(80).collect();
    let event = event_of(record.body.as_bytes()).map(|id| id.to_string()).unwrap_or_default();
    log::error!(event, message_id = record.message_id.as_str(), head, reason; "not routed");
}
