//! The router's batches: inbox messages, recorded side by side, and their work sent together.

use std::panic::AssertUnwindSafe;

use bellhop_app::ports::SendWork as _;
use bellhop_app::routing::{Recorded, Routing, Unrouted};
use bellhop_core::inbox::event_of;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::batch::{Batch, Outcome, Record, until};
use crate::crashes::{Crashes, REASON};
use crate::metrics::flush;

/// How long before the deadline recording ends, so that there is time to send.
const SENDING_MS: u64 = 6_000;

/// With so many counted ends a message is not routed again; one more, the first, may have happened in company. One alone is
/// too few: taking a count back can fail, as any write.
const MOST_ENDS: u32 = 2;

/// Routes a batch; what is not routed by the deadline comes again.
///
/// A message that fails again and again ends in the dead-letter queue, and the reason is in the log each time. One that ends
/// the function is set aside before that.
pub async fn route(routing: &Routing, batch: &Batch, deadline: Timestamp) -> Outcome {
    let (again, fresh): (Vec<&Record>, Vec<&Record>) = batch.records.iter().partition(|record| record.came_before());
    let mut failed = route_together(routing, &fresh, deadline).await;
    // One by one, and last: what one of them may do to the function is done to no other.
    for record in again {
        if !route_again(routing, record, deadline).await {
            failed.push(record.message_id.clone());
        }
    }
    flush();
    Outcome::failed(failed)
}

/// Routes messages side by side; which of them failed.
async fn route_together(routing: &Routing, records: &[&Record], deadline: Timestamp) -> Vec<String> {
    let recorded = join_all(records.iter().map(|one| record(routing, one, deadline))).await;
    let mut work: Vec<Work> = recorded.iter().flatten().flat_map(|recorded| recorded.work.iter().cloned()).collect();
    // The queue keeps an order, and the batch came in none: so the one in which the events were accepted.
    work.sort_by_key(|work| work.task.event.accepted_at());
    let sent = work.is_empty() || send(routing, &work, deadline).await;
    routing.count(recorded.iter().flatten()).await;
    let failed = records.iter().zip(recorded).filter(|(_, recorded)| match recorded {
        Some(recorded) => !sent && !recorded.work.is_empty(),
        None => true,
    });
    failed.map(|(record, _)| record.message_id.clone()).collect()
}

/// Routes a message that has come before, or sets it aside where it ended the function too often; says whether it is done.
async fn route_again(routing: &Routing, record: &Record, deadline: Timestamp) -> bool {
    let crashes = Crashes { documents: &*routing.documents, clock: &*routing.clock };
    let begun = async {
        let count = crashes.count(record).await?;
        if count >= MOST_ENDS {
            // What holds no event stays on the queue, and ends among the dead letters.
            return routing.set_aside(record.body.as_bytes(), REASON).await.map(Some);
        }
        crashes.begin(record, count).await.map(|()| None)
    };
    match tokio::time::timeout(until(deadline, routing.clock.now()), begun).await {
        Ok(Ok(Some(is_recorded))) => is_recorded,
        Ok(Ok(None)) => {
            let failed = route_together(routing, &[record], deadline).await;
            crashes.survived(record, 0).await;
            failed.is_empty()
        }
        Ok(Err(error)) => {
            log_failure(record, &error.to_string());
            false
        }
        Err(_) => {
            log_failure(record, "it took too long");
            false
        }
    }
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
        // What it says may quote the message; where it happened is in the log.
        Ok(Err(_)) => "the router panicked over it".to_owned(),
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

/// Logs why a message was not routed, and nothing of what stands in it: the path of a hook may be its secret.
fn log_failure(record: &Record, reason: &str) {
    let event = event_of(record.body.as_bytes()).map(|id| id.to_string()).unwrap_or_default();
    log::error!(event, message_id = record.message_id.as_str(), reason; "not routed");
}
