//! Documents that senders publish, fetched from public addresses alone.

use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Fetch, PortError, PortResult};
use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http_body_util::Full;

use crate::client::{Client, NoReply};

/// How long a fetch may take: whoever sent the webhook waits for it.
const FETCH_TIME: Duration = Duration::from_secs(2);

/// How much of an answer is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Fetches over HTTPS.
#[derive(Clone)]
pub struct HttpFetch {
    client: Client,
}

impl Default for HttpFetch {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpFetch {
    /// A client without connections yet.
    pub fn new() -> Self {
        Self { client: Client::guarded() }
    }
}

#[async_trait]
impl Fetch for HttpFetch {
    async fn fetch(&self, url: &str, json: Option<&str>) -> PortResult<Vec<u8>> {
        // The URL and what is sent may hold a secret, so no error repeats them.
        let failed = |why: &dyn std::fmt::Display| PortError::new("nothing was fetched", why);
        let request = match json {
            Some(_) => Request::post(url).header(CONTENT_TYPE, "application/json"),
            None => Request::get(url),
        };
        let request = request
            .header(USER_AGENT, concat!("bellhop/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(Bytes::from(json.unwrap_or_default().to_owned())))
            .map_err(|_| failed(&NoReply::BadRequest))?;
        let reply = self.client.send(request, FETCH_TIME, MOST_BYTES).await.map_err(|why| failed(&why))?;
        if reply.status.is_success() {
            Ok(reply.body.to_vec())
        } else {
            Err(failed(&format_args!("the answer was {}", reply.status)))
        }
    }
}

#[cfg(test)]
mod tests;
