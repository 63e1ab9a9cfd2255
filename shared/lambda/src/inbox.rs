//! The router's batches: inbox messages, routed side by side.

use std::panic::AssertUnwindSafe;

use bellhop_app::routing::{Routing, Unrouted};
use bellhop_core::time::Timestamp;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::batch::{Batch, Outcome, Record, panic_text, until};

/// Routes a batch; what is not routed by the deadline comes again.
///
/// A message that fails again and again ends in the dead-letter queue, and the reason is in the log each time.
pub async fn route(routing: &Routing, batch: &Batch, deadline: Timestamp) -> Outcome {
    let routed = batch.records.iter().map(|record| async move {
        let time = until(deadline, routing.clock.now());
        // A panic is one message's failure, not the whole batch's.
        let attempt =
            tokio::time::timeout(time, AssertUnwindSafe(routing.route(record.body.as_bytes())).catch_unwind());
        let reason = match attempt.await {
            Ok(Ok(Ok(_))) => return None,
            Ok(Ok(Err(Unrouted::Poison(error)))) => format!("it will never be: {error}"),
            Ok(Ok(Err(Unrouted::Again(error)))) => error.to_string(),
            Ok(Err(panic)) => format!("panic: {}", panic_text(panic.as_ref())),
            Err(_) => "it took too long".to_owned(),
        };
        log_failure(record, &reason);
        Some(record.message_id.clone())
    });
    Outcome::failed(join_all(routed).await.into_iter().flatten())
}

/// Logs why a message was not routed, and the beginning of its first line, which holds no body.
fn log_failure(record: &Record, reason: &str) {
    let head: String = record.body.lines().next().unwrap_or_default().chars().take(80).collect();
    log::error!(message_id = record.message_id.as_str(), head, reason; "not routed");
}
