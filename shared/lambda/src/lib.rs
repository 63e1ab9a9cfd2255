//! What the functions share: start-up, the HTTP API's requests, and batches of queue messages.

pub mod batch;
pub mod http;
pub mod inbox;
pub mod metrics;
pub mod start;
pub mod work;

mod crashes;
mod event;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod promises;
