//! What goes wrong with one invocation's calls.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{PortError, PortResult};
use bellhop_app::testing::memory::Faults;
use tokio::sync::Notify;

use crate::invariants::base_of;
use crate::sim::Sim;

/// Before or after a call's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// What stands in an event that kills whichever function has it in hand: the router, or the worker.
pub(crate) const KILLS_ROUTER: &str = "kills the router";
pub(crate) const KILLS_WORKER: &str = "kills the worker";

/// How often calls go wrong, in a thousand.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rates {
    /// Refused, without effect.
    pub(crate) refused: u64,
    /// Done, but the answer is lost.
    pub(crate) lost: u64,
    /// So slow that time-outs pass.
    pub(crate) slow: u64,
    /// An invocation dies at one of its calls.
    pub(crate) crash: u64,
    /// An event kills a function.
    pub(crate) poison: u64,
}

/// One sandbox's plan: it is drawn again for each invocation.
pub(crate) struct Plan {
    sim: Arc<Sim>,
    calls: AtomicU64,
    ends: AtomicU64,
    crash_at: Mutex<Option<(u64, Side)>>,
    crashed: Notify,
    hurt: AtomicBool,
    /// The markers of messages that arrived, and whose tasks are not written down yet.
    window: Mutex<Vec<String>>,
}

impl Plan {
    pub(crate) fn new(sim: &Arc<Sim>) -> Arc<Self> {
        Arc::new(Self {
            sim: Arc::clone(sim),
            calls: AtomicU64::new(0),
            ends: AtomicU64::new(0),
            crash_at: Mutex::new(None),
            crashed: Notify::new(),
            hurt: AtomicBool::new(false),
            window: Mutex::default(),
        })
    }

    /// Draws the next invocation's fate.
    pub(crate) fn begin(&self) {
        let random = &self.sim.random;
        let side = if random.chance(500) { Side::Before } else { Side::After };
        let point = random.between(1, 30);
        self.begin_with(random.chance(self.sim.rates.crash).then_some((point, side)));
    }

    /// Sets the next invocation's fate: at which call it dies, if at any.
    pub(crate) fn begin_with(&self, crash_at: Option<(u64, Side)>) {
        self.calls.store(0, Ordering::Relaxed);
        self.ends.store(0, Ordering::Relaxed);
        self.hurt.store(false, Ordering::Relaxed);
        *self.crash_at.lock().unwrap() = crash_at;
    }

    /// Comes back when the invocation dies.
    pub(crate) async fn death(&self) {
        self.crashed.notified().await;
        self.hurt.store(true, Ordering::Relaxed);
    }

    /// Whether anything went wrong with the invocation.
    pub(crate) fn is_hurt(&self) -> bool {
        self.hurt.load(Ordering::Relaxed)
    }

    /// How many calls the invocation made.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Messages arrived: until their tasks are written down, a crash may send them again.
    pub(crate) fn open_window(&self, markers: &[String]) {
        self.window.lock().unwrap().extend_from_slice(markers);
    }

    /// The tasks of these messages are written down.
    pub(crate) fn close_window(&self, bases: &[String]) {
        self.window.lock().unwrap().retain(|marker| !bases.iter().any(|base| base == base_of(marker)));
    }

    /// The invocation is over: what was not written down may come again.
    pub(crate) fn end(&self) {
        let left = std::mem::take(&mut *self.window.lock().unwrap());
        self.sim.excuse(&left);
    }

    /// Dies here, if this is the place.
    async fn die_at(&self, number: u64, side: Side) {
        let here = Some((number, side));
        if *self.crash_at.lock().unwrap() == here {
            self.sim.note(&format!("crash {here:?}"));
            self.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Dies here and now, of what is in hand.
    pub(crate) async fn kill(&self) {
        self.sim.note("killed");
        self.sim.observed.lock().unwrap().kills += 1;
        self.crashed.notify_one();
        std::future::pending::<()>().await;
    }

    fn fail(&self, what: &'static str, call: &'static str) -> PortResult<()> {
        self.hurt.store(true, Ordering::Relaxed);
        self.sim.note(what);
        Err(PortError::new(call, what))
    }
}

#[async_trait]
impl Faults for Plan {
    async fn before(&self, call: &'static str) -> PortResult<()> {
        let (random, rates) = (&self.sim.random, self.sim.rates);
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let slow = random.chance(rates.slow);
        let ms = if slow { random.between(1_000, 20_000) } else { random.between(1, 40) };
        self.hurt.fetch_or(slow, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(ms)).await;
        self.sim.note(call);
        self.die_at(number, Side::Before).await;
        if random.chance(rates.refused) { self.fail("refused", call) } else { Ok(()) }
    }

    async fn after(&self, call: &'static str) -> PortResult<()> {
        if matches!(call, "send" | "put" | "give" | "postpone" | "delete") {
            self.sim.something_new.notify_waiters();
        }
        let number = self.ends.fetch_add(1, Ordering::Relaxed) + 1;
        self.die_at(number, Side::After).await;
        if self.sim.random.chance(self.sim.rates.lost) { self.fail("lost", call) } else { Ok(()) }
    }
}
