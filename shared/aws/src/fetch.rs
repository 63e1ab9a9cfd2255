//! Documents that senders publish, fetched from public addresses alone.

use async_trait::async_trait;
use aws_smithy_types::body::SdkBody;
use bellhop_app::ports::{Fetch, PortError, PortResult};
use bellhop_net::{Client, fetch};

/// Fetches over HTTPS.
#[derive(Debug, Clone)]
pub struct HttpFetch {
    client: Client<SdkBody>,
}

impl HttpFetch {
    /// Fetches with a client that calls public addresses alone.
    pub(crate) const fn new(guarded: Client<SdkBody>) -> Self {
        Self { client: guarded }
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, url: &str, json: Option<&str>) -> PortResult<Vec<u8>> {
        let found = fetch(&self.client, url, json).await;
        found.map(Vec::from).map_err(|why| PortError::new("nothing was fetched", why))
    }
}

#[cfg(test)]
mod tests;
