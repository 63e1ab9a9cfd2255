//! The engine in a simulated world: the real router, workers and batch loops on a clock, queues, a store, a Bot API and
//! places of every other kind that misbehave as a seed says.
//!
//! One seed is one world. It runs on one thread and on tokio's paused clock, so it runs the same each time.
#![expect(clippy::unwrap_used, reason = "a failed call is a failed test")]
#![expect(clippy::print_stdout, reason = "a world that broke says what happened in it")]

mod aws;
mod batches;
mod bot;
mod crashes;
mod faults;
mod invariants;
mod mails;
mod neighbours;
mod outside;
mod people;
mod places;
mod pollers;
mod quiet;
mod random;
mod sandbox;
mod seeds;
mod sim;
mod urls;
mod watched;
