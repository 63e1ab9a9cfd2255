//! The ports on one SQLite file.
//!
//! Start at [`Database`]: any number of readers, and one writer that makes what waits durable together.

mod checkpoint;
mod database;
mod packed;
mod purge;
mod schema;
mod writer;

mod configurations;
mod counts;
mod crashes;
mod documents;
mod due;
mod events;
mod fresh;
mod history;
mod hooks;
mod inbox;
mod queues;
mod records;
mod secrets;
mod tasks;
mod work;

#[cfg(test)]
mod conformance;

#[cfg(test)]
mod erasing;

pub use crashes::{ABORTED, KILLED, Subject};
pub use database::{Arrived, Database};
pub use hooks::stored_configuration;
pub use records::{Committed, PackedRecord};
pub use secrets::LocalSecrets;
pub use work::{Waiting, WorkPlaces, queue};

#[cfg(test)]
mod promises;
