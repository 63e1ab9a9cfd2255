//! The worker on a store in memory, a clock that is set and a Bot API that answers as it is told.

mod attempts;
mod fallback;
mod keyed;
mod leases;
mod quiet;
mod six_days;
mod stage;
mod trouble;
