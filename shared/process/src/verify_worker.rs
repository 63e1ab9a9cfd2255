//! A thread for checks that cost more than a hash: at a lower priority than accepting, and each source in its turn.

mod turns;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bellhop_api::web::Worker;
use bellhop_app::ports::{PortError, PortResult};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use turns::Turns;

/// How much lower the priority is, on the scale of `nice`.
const NICENESS: i32 = 10;

/// The thread's queue.
pub struct VerifyWorker {
    queue: Arc<Queue>,
}

/// What waits for the thread, and what it has begun.
#[derive(Default)]
struct Queue {
    turns: Mutex<Turns<BoxFuture<'static, ()>>>,
    changed: Notify,
}

/// A job that was begun, until this is dropped.
struct Begun {
    queue: Arc<Queue>,
    source: Option<IpAddr>,
}

impl VerifyWorker {
    /// Starts the thread, which ends with the process.
    pub fn start() -> PortResult<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| PortError::new("no runtime for verification", e))?;
        let queue = Arc::new(Queue::default());
        let worked = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("verify".to_owned());
        let thread = thread.spawn(move || {
            // Where the system refuses, verification only takes a larger share.
            let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS);
            runtime.block_on(work(worked));
        });
        thread.map_err(|e| PortError::new("no thread for verification", e))?;
        Ok(Self { queue })
    }
}

impl Worker for VerifyWorker {
    fn queue(&self, source: Option<IpAddr>, job: BoxFuture<'static, ()>) -> bool {
        let is_queued = self.queue.turns().push(source.map(crate::listener::counted), job);
        if is_queued {
            self.queue.changed.notify_one();
        }
        is_queued
    }
}

impl Queue {
    /// The turns; nothing panics while they are held.
    fn turns(&self) -> MutexGuard<'_, Turns<BoxFuture<'static, ()>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins each job in its turn; a job that waits for the store or for a key lets others go on.
async fn work(queue: Arc<Queue>) {
    loop {
        let next = queue.turns().begin();
        let Some((source, job)) = next else {
            queue.changed.notified().await;
            continue;
        };
        let begun = Begun { queue: Arc::clone(&queue), source };
        tokio::spawn(async move {
            // Dropped whatever becomes of the job.
            let _begun = begun;
            job.await;
        });
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.queue.turns().end(self.source);
        self.queue.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
