//! The scheduler: gives the router what is due, once, whoever else does so at the same time.
//!
//! An order is given before its place in the index moves on. A crash in between gives it again, which makes the same event;
//! so nothing that is due is lost, and nothing runs twice.

use std::sync::Arc;

use bellhop_core::job::{CatchUp, DueRun, Job};
use bellhop_core::order::Order;
use bellhop_core::schedule::Due;
use bellhop_core::time::{DAY_MS, Timestamp};
use futures_util::{StreamExt as _, stream};

use crate::jobs;
use crate::ports::{Clock, Documents, DueTime, DueTimes, Orders, PortResult};

/// How many due times are taken at once.
const AT_ONCE: usize = 500;

/// How many jobs are read side by side.
const SIDE_BY_SIDE: usize = 32;

/// How late a due time may be that is not caught up: a tick or two may be missed.
const LATE_MS: u64 = 150_000;

/// How late a due time may be that is caught up once.
const CAUGHT_UP_MS: u64 = DAY_MS;

/// The scheduler.
pub struct Scheduler {
    /// What is due when.
    pub due: Arc<dyn DueTimes>,
    /// The jobs.
    pub jobs: Arc<dyn Documents>,
    /// Where the router is told.
    pub orders: Arc<dyn Orders>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How far ahead what is due is given, with the delay that is left; 0 where nobody keeps it until then.
    pub ahead_ms: u64,
}

/// What becomes of a due time in the index.
#[derive(Default)]
struct Step {
    order: Option<DueRun>,
    /// When the order is to be done.
    at: Timestamp,
    /// What takes its place.
    next: Option<DueTime>,
}

impl Scheduler {
    /// Gives all that is due; says when the next is, if there is one that can be told.
    ///
    /// A job that cannot be read keeps its place in the index, and no other from running: a version that can read it may
    /// come back.
    pub async fn run(&self) -> PortResult<Option<Timestamp>> {
        loop {
            let taken = self.due.due(self.clock.now().plus_ms(self.ahead_ms), AT_ONCE).await?;
            let steps = stream::iter(&taken).map(|time| self.step(time)).buffered(SIDE_BY_SIDE);
            let steps: Vec<_> = steps.collect().await;
            let now = self.clock.now();
            let (mut orders, mut next, mut done) = (Vec::new(), Vec::new(), Vec::new());
            for (time, step) in taken.iter().zip(steps) {
                match step {
                    Ok(Step { order, at, next: follows }) => {
                        let delay = at.ms_since(now).div_ceil(1000);
                        orders.extend(order.map(|order| (Order::DueV1(order), delay)));
                        next.extend(follows);
                        done.push(time.clone());
                    }
                    Err(error) => log::error!(job = time.job.as_str(), error:%; "a job that is due does not run"),
                }
            }
            if done.is_empty() {
                return if taken.is_empty() { self.due.earliest().await } else { Ok(None) };
            }
            self.orders.give_in(&orders).await?;
            self.due.step(&next, &done).await?;
            log::info!(orders = orders.len(), taken = done.len(); "due");
        }
    }

    /// What is to be done about a due time.
    async fn step(&self, time: &DueTime) -> PortResult<Step> {
        // What was deleted or changed since is due as it is now, by an entry of its own.
        let job = jobs::job(&*self.jobs, &time.job).await?;
        let job = job.filter(|job| job.version == time.version && job.enabled);
        Ok(job.map(|job| stepped(&job, time, self.clock.now())).unwrap_or_default())
    }
}

/// The index's entry for a due time of a job, before which `count` were acted on.
pub(crate) fn entry(job: &Job, due: &Due, count: u64) -> DueTime {
    DueTime {
        at: job.acts_at(due),
        job: job.id.clone(),
        version: job.version,
        due: due.at,
        local: due.local.clone(),
        count,
    }
}

/// What becomes of a due time of a job that is as it was when it was planned.
fn stepped(job: &Job, time: &DueTime, now: Timestamp) -> Step {
    let due = Due { at: time.due, local: time.local.clone() };
    let order = |due: Due, count: u64, missed: u64, undone: Option<String>| DueRun {
        job: job.id.clone(),
        version: job.version,
        due,
        count,
        missed,
        undone,
    };
    if time.at > job.acts_at(&due) {
        // It waited for another run, and what comes after it is in the index already.
        return Step { order: Some(order(due, time.count, 0, None)), at: time.at, next: None };
    }
    let (last, missed) = match job.catch_up {
        CatchUp::All => (due, 0),
        CatchUp::Skip | CatchUp::Once => job.latest_due(&due, now).unwrap_or((due, 0)),
    };
    let late_ms = now.ms_since(job.acts_at(&last));
    let is_undone = match job.catch_up {
        CatchUp::All => false,
        CatchUp::Once => late_ms > CAUGHT_UP_MS,
        CatchUp::Skip => late_ms > LATE_MS,
    };
    let undone = is_undone.then(|| {
        let times = missed + 1;
        format!("nobody was there when it was due ({times} due times), and it is not caught up (`catch_up`)")
    });
    let count = time.count + u64::from(!is_undone);
    let next = job.due_after(&last, count).map(|next| entry(job, &next, count));
    Step { at: job.acts_at(&last), order: Some(order(last, time.count, missed, undone)), next }
}
