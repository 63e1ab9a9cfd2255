//! What is done now and then: lost deliveries asked for, and published networks renewed.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bellhop_app::ports::PortResult;
use futures_util::FutureExt as _;
use tokio::sync::watch;

use super::{EngineParts, pause};

/// How often the maintenance are done.
const EVERY: Duration = Duration::from_secs(300);

/// Does the maintenance at once, for an outage may just have ended, and then again and again until told to stop.
pub(super) async fn maintain(parts: &EngineParts, mut stopped: watch::Receiver<bool>) {
    loop {
        let now = parts.clock.now();
        let maintenance = async {
            step("published networks", parts.ranges.refresh(now)).await;
            step("lost deliveries", parts.reconciler.run_once(now)).await;
        };
        // A step may wait long for others' answers; stopping does not wait for it.
        tokio::select! {
            () = maintenance => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        if pause(EVERY, &mut stopped).await {
            return;
        }
    }
}

/// Does one step; whatever goes wrong with it, the others are done.
async fn step<T>(what: &str, work: impl Future<Output = PortResult<T>>) {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => log::error!(what, error:%; "a step of the maintenance could not be done"),
        Err(_) => log::error!(what; "a step of the maintenance panicked"),
    }
}
