//! The rules of Bellhop, as pure functions: no async, no I/O, no clock, no randomness, no environment.
//!
//! In reading order, an event's way: a request comes in at a [`door`], is proved by its [`bellhop_senders::sender`]'s
//! scheme, is written down as an [`inbox`] message, becomes an [`event`], passes its hook's [`filter`],
//! and ends as one [`task`] per action, whose text comes from a [`template`] and is rendered in the [`markup`] of where it
//! goes.

// What senders write and sign is read with the same words as what we make of it.
pub use bellhop_senders::{json, percent, time};

mod budget;
pub mod id;

pub mod secret;
pub mod token;

pub mod action;
pub mod address;
pub mod arn;
pub mod config;
pub mod door;
pub mod hook;
pub mod job;
pub mod limit;
pub mod ranges;
pub mod reconcile;

pub mod delivery;
pub mod event;
pub mod filter;
pub mod inbox;
pub mod order;
pub mod quota;
pub mod template;

pub mod breaker;
pub mod mail;
pub mod markup;
pub mod pace;
pub mod replay;
pub mod retry;
pub mod schedule;
pub mod task;
pub mod telegram;
pub mod trace;
pub mod work;

#[cfg(test)]
mod promises;
