//! What senders publish.

use async_trait::async_trait;

use super::PortResult;

/// Fetches small documents that senders publish, such as their public keys.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// What is at an https address, which is posted this JSON where there is any. Private addresses are refused,
    /// redirects are not followed, and whatever is not a short answer in good time and with a status of 2xx is an error,
    /// which repeats neither the address nor what was posted: either may hold a secret.
    async fn fetch(&self, url: &str, json: Option<&str>) -> PortResult<Vec<u8>>;
}
