//! How many requests pass in a minute.

mod bucket;
mod lease;
mod sampler;

pub use bucket::{Bucket, SharedBucket};
pub use lease::{Lease, Place};
pub use sampler::Sampler;
