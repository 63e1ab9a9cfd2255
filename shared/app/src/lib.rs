//! What Bellhop does, over ports: no AWS, no HTTP client, no files.
//!
//! One use case a module, each a small struct of the ports it needs. In an event's order: [`ingress`] takes a request in,
//! [`routing`] turns it into tasks, [`delivery`] does them. [`hooks`], [`tokens`] and [`history`] are what people manage.

pub mod cache;
pub mod catalogue;
pub mod clock;
pub mod offers;
pub mod ports;

pub mod doors;
pub mod ingress;
pub mod keys;
pub mod limiter;
pub mod ranges;

pub mod delivery;
pub mod routing;
pub mod schedule;

pub mod maintenance;
pub mod reconcile;

pub mod configuration;
pub mod history;
pub mod hooks;
pub mod jobs;
pub mod tokens;

pub mod answer;
mod budget;
pub mod logging;
pub mod metrics;
pub mod spans;

pub mod testing;

#[cfg(test)]
mod promises;
