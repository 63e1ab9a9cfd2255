//! Everything that goes out over HTTP.

mod bot;
mod client;

pub use bot::HttpBot;
pub use client::Client;
