//! Documents that senders publish, fetched from public addresses alone.

use async_trait::async_trait;
use bellhop_app::ports::{Fetch, PortError, PortResult};
use bellhop_net::fetch;

use crate::client::{self, NetClient};

/// Fetches over HTTPS.
#[derive(Clone)]
pub struct HttpFetch {
    pub(crate) client: NetClient,
}

impl Default for HttpFetch {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpFetch {
    /// A client without connections yet.
    pub fn new() -> Self {
        Self { client: client::public() }
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, url: &str, json: Option<&str>) -> PortResult<Vec<u8>> {
        let found = fetch(&self.client, url, json).await;
        found.map(Vec::from).map_err(|why| PortError::new("nothing was fetched", why))
    }
}
