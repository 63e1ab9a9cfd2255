//! Has jobs run when they are due, to the second.

use std::time::Duration;

use bellhop_core::time::Timestamp;
use tokio::sync::watch;

use super::{AFTER_FAILURE, EngineParts, pause};

/// How long to look away at most: the clock may be set, the machine may sleep, and jobs are made that are due at once.
const LONGEST: Duration = Duration::from_millis(500);

/// Gives the router what is due until told to stop.
pub(super) async fn schedule(parts: &EngineParts, mut stopped: watch::Receiver<bool>) {
    loop {
        // Much may be to be caught up; stopping does not wait for it.
        let given = tokio::select! {
            given = parts.scheduler.run() => given,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        let wait = match given {
            Ok(next) => until(next, parts.clock.now()),
            Err(error) => {
                log::error!(error:%; "what is due could not be looked at");
                AFTER_FAILURE
            }
        };
        if pause(wait, &mut stopped).await {
            return;
        }
    }
}

/// How long to wait for what is due next.
fn until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    next.map_or(LONGEST, |next| Duration::from_millis(next.ms_since(now)).min(LONGEST))
}
