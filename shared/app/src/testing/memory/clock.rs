//! A clock that stands where it is put.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bellhop_core::time::Timestamp;

use crate::ports::Clock;

/// A clock that stands where it is put, and randomness that is the same each time.
#[derive(Debug)]
pub struct SetClock(Mutex<State>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    jitter: u64,
}

impl SetClock {
    /// A clock at a moment.
    pub const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(State { now, jitter: 1 }))
    }

    /// Puts it to a moment.
    pub fn set(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Puts it forward.
    pub fn advance_ms(&self, ms: u64) {
        let mut state = self.state();
        state.now = state.now.plus_ms(ms);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn random(&self, bytes: &mut [u8]) {
        let mut state = self.state();
        for byte in bytes {
            // Knuth's constants for a linear congruence.
            state.jitter = state.jitter.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.jitter.to_be_bytes()[0];
        }
    }
}
