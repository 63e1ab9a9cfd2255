//! What Bellhop does, over ports: no AWS, no HTTP client, no files.
//!
//! One use case a module, each a small struct of the ports it needs. In an event's order: [`ingress`] takes a request in,
//! [`routing`] turns it into tasks, [`telegram`] does them; [`hooks`] is what people manage, over [`api`].

pub mod cache;
pub mod clock;
pub mod ports;

pub mod doors;
pub mod ingress;
pub mod limiter;

pub mod routing;
pub mod telegram;

pub mod api;
pub mod hooks;

pub mod answer;
pub mod logging;
pub mod web;

#[cfg(feature = "conformance")]
pub mod conformance;
