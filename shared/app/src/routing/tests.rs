//! The router on a store in memory.

mod anew;
mod events;
mod replays;
mod stage;
