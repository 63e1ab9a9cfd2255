//! Everything on one machine: the ports on one SQLite file, the loops that do the work, and the listener.

mod database;
mod writer;

mod hooks;
mod inbox;
mod records;
mod work;

mod engine;
mod listener;
mod secrets;

#[cfg(test)]
mod conformance;

pub use database::Database;
pub use engine::{Engine, EngineParts};
pub use listener::{Listener, serve};
pub use secrets::LocalSecrets;
