//! Fakes of the places where an event may go, each stricter than the real one: what its documentation forbids is
//! refused, also where the real one would shrug.

pub mod discord;
mod end;
mod fields;
pub mod slack;

pub use self::end::{Call, FarEnd, Mode, Reply, Rules, Turn};
