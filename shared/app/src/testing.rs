//! What tests of the use cases and of the adapters share: ports in memory, and the suite that every adapter passes.

pub mod conformance;
pub mod front;
pub mod memory;

use bellhop_core::hook::{DoorHook, Hook};

/// A hook as ingress reads it.
#[expect(clippy::expect_used, reason = "a failed call is a failed test")]
pub fn as_door(hook: &Hook) -> DoorHook {
    let stored = serde_json::to_value(hook).expect("a hook is JSON");
    serde_json::from_value(stored).expect("it was a hook")
}
