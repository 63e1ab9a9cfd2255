//! The router on a store in memory.

mod again;
mod duplicates;
mod events;
mod replays;
mod stage;
