//! Who signs webhooks how, as data, and everything over it: verify, sign, answer handshakes, read bodies, and explain why a
//! request was refused.
//!
//! The table of [`sender`]s is made of `table/*.toml` when the crate is built. No async, no I/O, no clock, no randomness.

#![doc = include_str!("../README.md")]

pub mod json;
pub mod percent;
pub mod time;

pub mod inbound;
pub mod secret;
pub mod sender;

pub mod body;
pub mod explain;
pub mod handshake;
pub mod sign;
pub mod texts;
pub mod verify;

#[cfg(test)]
mod promises;
