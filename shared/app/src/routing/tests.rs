//! The router on a store in memory.

mod anew;
mod duplicates;
mod events;
mod replays;
mod stage;
