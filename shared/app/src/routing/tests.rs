//! The router on a store in memory.

mod again;
mod duplicates;
mod events;
mod fallback;
mod quiet;
mod replays;
mod side_by_side;
mod stage;
