//! The HTTP client: HTTP/1.1 over TLS with built-in roots, bounded in time and in bytes, following no redirects.

use std::time::Duration;

use bellhop_app::ports::PortError;
use bellhop_core::secret::Secret;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long a connection may lie unused before it is closed.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// How long a call to Bellhop's own API may take, and how long its answer may be.
const API_TIME: Duration = Duration::from_secs(60);
const MOST_API_BYTES: usize = 16 * 1024 * 1024;

/// Sends requests.
#[derive(Clone)]
pub struct Client {
    inner: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

/// No answer came. The text names neither the URL nor anything sent, for either may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// The request itself is none.
    BadRequest,
    /// No connection.
    NotConnected,
    /// The connection broke, or the answer was too long.
    Broken,
    /// Nothing within the time.
    TimedOut,
}

impl std::fmt::Display for NoReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::BadRequest => "the request could not be made",
            Self::NotConnected => "no connection",
            Self::Broken => "the connection broke before the whole answer was there",
            Self::TimedOut => "no answer in time",
        })
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client without connections yet.
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIME));
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(connector);
        let inner = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .build(connector);
        Self { inner }
    }

    /// Calls Bellhop's own API; the error names neither the token nor what was sent.
    pub async fn call(
        &self,
        method: &str,
        url: &str,
        token: &Secret,
        body: Option<String>,
    ) -> Result<(u16, Bytes), PortError> {
        let failed = |why: NoReply| PortError::new("no answer", why);
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, format!("Bearer {}", token.expose()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|_| failed(NoReply::BadRequest))?;
        let reply = self.send(request, API_TIME, MOST_API_BYTES).await.map_err(failed)?;
        Ok((reply.status.as_u16(), reply.body))
    }

    /// Sends a request and reads the whole answer, within so much time and so many bytes.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        time: Duration,
        most: usize,
    ) -> Result<Reply, NoReply> {
        let exchange = async {
            let response = self.inner.request(request).await.map_err(|error| match error.is_connect() {
                true => NoReply::NotConnected,
                false => NoReply::Broken,
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, most).collect().await.map_err(|_| NoReply::Broken)?;
            Ok(Reply { status: head.status, headers: head.headers, body: body.to_bytes() })
        };
        tokio::time::timeout(time, exchange).await.unwrap_or(Err(NoReply::TimedOut))
    }
}
