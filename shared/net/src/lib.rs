//! The one outbound HTTP client: HTTP/1.1 over TLS with built-in roots, bounded in time and in bytes, following no
//! redirects, and calling on somebody else's word public addresses alone.
//!
//! [`Client`] calls one kind of address, [`GuardedClient`] whatever URL a user gave. Both are generic over the body that is
//! sent, so that an SDK's own type travels without a copy.

mod client;
mod document;
mod failure;
mod guarded;
mod read;
mod resolver;
mod roots;

#[cfg(feature = "testing")]
pub mod testing;

pub use client::{Client, Sent, Settings};
pub use document::{NotFetched, fetch};
pub use failure::{Failure, Kind};
pub use guarded::GuardedClient;
pub use read::{Limits, Part, Reply};
pub use roots::{built_in, with_file};

#[cfg(test)]
mod promises;
