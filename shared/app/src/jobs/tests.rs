//! Jobs from their making to their runs: the manager, the scheduler and the router over one world in memory.

mod crashes;
mod managing;
mod property;
mod runs;
mod stage;
