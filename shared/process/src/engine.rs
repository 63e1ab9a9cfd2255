//! The work behind the front door: a thread that routes what the inbox holds and does the tasks that come of it.
//!
//! It runs at a lower priority than the front door: accepting comes first, working off follows.

mod crashes;
mod delivery;
mod maintenance;
mod poison;
mod routing;
mod schedule;

#[cfg(test)]
mod former;
#[cfg(test)]
mod made;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bellhop_app::delivery::Engine as Deliveries;
use bellhop_app::delivery::sinks::SinkEngine;
use bellhop_app::delivery::telegram::TelegramEngine;
use bellhop_app::ports::{Clock, PortError, PortResult};
use bellhop_app::ranges::RangeRefresh;
use bellhop_app::reconcile::Reconciler;
use bellhop_app::routing::Routing;
use bellhop_app::schedule::Scheduler;
use bellhop_core::action::Lane;
use bellhop_core::event::Event;
use tokio::sync::{Notify, watch};

use bellhop_sqlite::Database;
use crashes::Crashes;
use delivery::Delivering;

/// How much lower the priority is, on the scale of `nice`.
const NICENESS: i32 = 5;

/// How long to wait after the database has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often what has expired is deleted.
const PURGE_EVERY: Duration = Duration::from_secs(300);

/// What the engine works with.
pub struct EngineParts {
    /// The file.
    pub database: Database,
    /// The router.
    pub routing: Routing,
    /// Given each event that is recorded together with others, before it is.
    pub before_record: fn(&Event),
    /// What does the work for Telegram.
    pub telegram: Arc<TelegramEngine>,
    /// What does the requests to other URLs.
    pub sinks: Arc<SinkEngine>,
    /// What has jobs run.
    pub scheduler: Scheduler,
    /// What asks for lost deliveries.
    pub reconciler: Reconciler,
    /// What renews published networks.
    pub ranges: RangeRefresh,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The running engine.
pub struct Engine {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Engine {
    /// Starts the engine's thread.
    pub fn start(parts: EngineParts) -> PortResult<Self> {
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| PortError::new("no runtime for the engine", e))?;
        let thread = std::thread::Builder::new().name("engine".to_owned());
        let thread = thread.spawn(move || {
            // Where the system refuses, the engine only takes a larger share.
            let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
            runtime.block_on(run(Arc::new(parts), stopped));
        });
        Ok(Self { stop, thread: thread.map_err(|e| PortError::new("no thread for the engine", e))? })
    }

    /// Lets the work at hand finish, and ends the thread.
    pub fn stop(self) {
        let _ = self.stop.send(true);
        if self.thread.join().is_err() {
            log::error!("the engine ended badly");
        }
    }
}

/// Runs all loops until told to stop.
async fn run(parts: Arc<EngineParts>, stopped: watch::Receiver<bool>) {
    let crashes = Crashes::open(&parts.database).await.unwrap_or_else(|error| {
        log::error!(error:%; "what ends the process cannot be told from the rest");
        Crashes::none()
    });
    let crashes = Arc::new(crashes);
    tokio::join!(
        routing::route_all(&parts, &crashes, stopped.clone()),
        deliver(&parts, &parts.telegram, Lane::Ordered, &crashes).run(stopped.clone()),
        deliver(&parts, &parts.sinks, Lane::Ordered, &crashes).run(stopped.clone()),
        deliver(&parts, &parts.sinks, Lane::Parallel, &crashes).run(stopped.clone()),
        schedule::schedule(&parts, stopped.clone()),
        maintenance::maintain(&parts, stopped.clone()),
        purge_all(&parts, stopped),
    );
}

/// The work of one kind on one lane.
fn deliver<W>(
    parts: &Arc<EngineParts>,
    engine: &Arc<Deliveries<W>>,
    lane: Lane,
    crashes: &Arc<Crashes>,
) -> Delivering<W> {
    let (parts, engine, crashes) = (Arc::clone(parts), Arc::clone(engine), Arc::clone(crashes));
    Delivering { parts, engine, lane, crashes, attempts: Notify::new() }
}

/// Deletes what has expired, now and then.
async fn purge_all(parts: &EngineParts, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(error) = parts.database.purge(parts.clock.now()).await {
            log::error!(error:%; "what has expired could not be deleted");
        }
        if pause(PURGE_EVERY, &mut stopped).await {
            return;
        }
    }
}

/// Waits; says whether it is time to stop.
async fn pause(time: Duration, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => *stopped.borrow(),
        _ = stopped.changed() => true,
    }
}
