//! Fakes of the places where an event may go, each stricter than the real one: what its documentation forbids is
//! refused, also where the real one would shrug.

pub mod discord;
mod encoded_words;
mod end;
mod fields;
pub mod ntfy;
pub mod slack;
pub mod smtp;

pub use self::end::{Call, FarEnd, Mode, Reply, Rules, Turn};
