//! Everything that goes out over HTTP.

mod bot;
mod client;
mod fetch;
mod forward;
mod github;
mod otlp;

pub use bot::HttpBot;
pub use client::Client;
pub use fetch::HttpFetch;
pub use forward::Forwarder;
pub use github::GitHub;
pub use otlp::{Collector, Exporter, Sending};

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod promises;
