//! The suite that every adapter must pass: what the use cases count on, port by port.
//!
//! Each function needs a store that others may use at the same time, except [`hooks`], which needs one of its own.
//! They panic where an adapter falls short.
#![expect(clippy::expect_used, reason = "a failed call is a failed test")]

mod events;
mod keeping;
mod made;
mod queues;
mod turns;

pub use events::{
    claims, claims_end, counts, counts_together, deleted, events_with_task, history, records, refused, tasks,
};
pub use keeping::{documents, hooks, secrets, together};
pub use queues::{inbox, orders, queue};
pub use turns::turns;
