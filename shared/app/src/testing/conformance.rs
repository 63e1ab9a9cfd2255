//! The suite that every adapter must pass: what the use cases count on, port by port.
//!
//! Each function needs a store that others may use at the same time, except [`hooks`] and those of due times, which need one of
//! their own.
//! They panic where an adapter falls short.
#![expect(clippy::expect_used, reason = "a failed call is a failed test")]

mod due;
mod events;
mod keeping;
mod made;
mod queues;
mod turns;

pub use due::{due_steps_together, due_time_identity, due_times, swaps_together, swaps_with_changes};
pub use events::{
    claims, claims_end, counts, counts_together, deleted, events_with_task, history, records, refused, tasks,
};
pub use keeping::{documents, hooks, secrets, together};
pub use queues::{inbox, orders, queue};
pub use turns::turns;
