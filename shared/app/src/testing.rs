//! What tests of the use cases and of the adapters share: ports in memory, and the suite that every adapter passes.

pub mod conformance;
pub mod front;
pub mod memory;
