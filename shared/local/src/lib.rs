//! Everything on one machine: the ports on one SQLite file, the loops that do the work, and the listener.

mod database;
mod packed;
mod purge;
mod schema;
mod writer;

mod events;
mod history;
mod hooks;
mod inbox;
mod notes;
mod tallies;
mod tasks;
mod work;

mod engine;
mod listener;
mod queues;
mod secrets;
mod verify_worker;

#[cfg(test)]
mod conformance;

#[cfg(test)]
mod erasing;

pub use database::Database;
pub use engine::{Engine, EngineParts};
pub use listener::{Listener, serve};
pub use secrets::LocalSecrets;
pub use verify_worker::VerifyWorker;

#[cfg(test)]
mod promises;
