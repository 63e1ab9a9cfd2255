//! Everything that goes out over HTTP.

mod bot;
mod client;
mod github;
#[cfg(feature = "otlp")]
mod otlp;

pub use bot::HttpBot;
pub use client::Client;
pub use github::GitHub;
#[cfg(feature = "otlp")]
pub use otlp::{Collector, Exporter, Sending};
