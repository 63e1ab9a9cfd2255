//! The machine's own time and randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use bellhop_core::time::Timestamp;

use crate::ports::Clock;

/// The machine's clock and its source of random bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn random(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // No kernel that runs us refuses; ids stay unique even so.
            for chunk in bytes.chunks_mut(16) {
                chunk.copy_from_slice(&uuid::Uuid::now_v7().into_bytes()[..chunk.len()]);
            }
        }
    }
}
