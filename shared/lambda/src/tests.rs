//! The recorded events of `events/` and batches with every kind of trouble, against ports in memory.

mod answers;
mod batches;
mod crashes;
mod doors;
mod ports;
