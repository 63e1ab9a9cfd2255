//! The rules of Bellhop, as pure functions: no async, no I/O, no clock, no randomness, no environment.
//!
//! In reading order, an event's way: a request comes in at a [`door`], is an [`inbound`] until a [`sender`]'s scheme
//! proves it ([`verify`]), is written down as an [`inbox`] message, becomes an [`event`], passes its hook's [`filter`],
//! and ends as one [`task`] per action, whose text comes from a [`template`].

mod budget;
pub mod id;
pub mod json;
mod percent;
pub mod time;

pub mod secret;
pub mod sender;
pub mod token;

pub mod door;
pub mod explain;
pub mod inbound;
pub mod sign;
pub mod verify;

pub mod address;
pub mod config;
pub mod handshake;
pub mod hook;
pub mod limit;
pub mod ranges;
pub mod reconcile;

pub mod delivery;
pub mod event;
pub mod filter;
pub mod inbox;
pub mod order;
pub mod template;
pub mod turnstile;

pub mod breaker;
pub mod replay;
pub mod retry;
pub mod task;
pub mod telegram;
pub mod trace;
pub mod work;

#[cfg(test)]
mod promises;
