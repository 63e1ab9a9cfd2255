//! Everything that goes out over HTTP.

mod bot;
mod client;
mod fetch;
mod github;
mod otlp;

pub use bot::HttpBot;
pub use client::Client;
pub use fetch::HttpFetch;
pub use github::GitHub;
pub use otlp::{Collector, Exporter, Sending};

#[cfg(test)]
mod promises;
