//! Bellhop as one process: the loops that do the work, the listener, and the thread for costly checks.

mod engine;
mod listener;
mod smtp;
mod verify_worker;

pub use engine::{Engine, EngineParts};
pub use listener::{Listener, serve};
pub use smtp::Smtp;
pub use verify_worker::VerifyWorker;

#[cfg(test)]
mod promises;
