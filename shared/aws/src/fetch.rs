//! Documents that senders publish, fetched from public addresses alone.

use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_types::body::SdkBody;
use bellhop_app::ports::{Fetch, PortError, PortResult};
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};

use crate::http::Http;

/// How long a fetch may take: whoever sent the webhook waits for it.
const FETCH_TIME: Duration = Duration::from_secs(2);

/// How much of an answer is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Fetches over HTTPS.
#[derive(Debug, Clone)]
pub struct HttpFetch {
    http: Http,
}

impl HttpFetch {
    /// Fetches with a client that calls public addresses alone.
    pub(crate) const fn new(guarded: Http) -> Self {
        Self { http: guarded }
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
            .body(SdkBody::from(json.unwrap_or_default()))
            .map_err(|error| failed(&error))?;
        let exchange = tokio::time::timeout(FETCH_TIME, self.http.exchange_within(request, MOST_BYTES)).await;
        let reply = exchange.map_err(|_| failed(&"no answer in time"))?.map_err(|why| failed(&why))?;
        if reply.status.is_success() {
            Ok(reply.body.to_vec())
        } else {
            Err(failed(&format_args!("the answer was {}", reply.status)))
        }
    }
}

#[cfg(test)]
mod tests;
