//! The HTTP client: HTTP/1.1 over TLS with built-in roots, bounded in time and in bytes, following no redirects.

use std::time::Duration;

use bellhop_app::ports::PortError;
use bellhop_core::address::{NotPublic, may_be_called};
use bellhop_core::secret::Secret;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::resolver::Resolver;

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long a connection may lie unused before it is closed.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// How long a call to Bellhop's own API or a request by hand may take, and how long its answer may be.
const API_TIME: Duration = Duration::from_secs(60);
const MOST_API_BYTES: usize = 16 * 1024 * 1024;

/// Sends requests.
#[derive(Clone)]
pub struct Client {
    inner: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    guarded: bool,
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
    /// The address is not one of those that may be called.
    Forbidden,
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
            Self::Forbidden => "only public addresses are called here, and only over https",
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
        Self::of(roots(), Resolver::open(), false)
    }

    /// The same for addresses that somebody else named: https alone, and public hosts alone.
    pub fn guarded() -> Self {
        Self::of(roots(), Resolver::public_only(), true)
    }

    /// A client that trusts so, and looks names up so.
    pub(crate) fn of(tls: ClientConfig, resolver: Resolver, guarded: bool) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.set_connect_timeout(Some(CONNECT_TIME));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls);
        let connector = if guarded { connector.https_only() } else { connector.https_or_http() };
        let connector = connector.enable_http1().wrap_connector(tcp);
        let inner = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .build(connector);
        Self { inner, guarded }
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

    /// Posts a request as it is, wherever the caller says; the error names neither the URL nor what was sent.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<(u16, Bytes), PortError> {
        let failed = |why: NoReply| PortError::new("no answer", why);
        let request = headers
            .iter()
            .fold(Request::post(url), |request, (name, value)| request.header(name, value))
            .body(Full::new(Bytes::from(body)))
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
        // An address that stands in the URL itself is looked up nowhere.
        if self.guarded && !may_be_called(request.uri()) {
            return Err(NoReply::Forbidden);
        }
        let exchange = async {
            let response = self.inner.request(request).await.map_err(|error| match error.is_connect() {
                true if is_forbidden(&error) => NoReply::Forbidden,
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

/// Trust in the roots that came with this version.
pub(crate) fn roots() -> ClientConfig {
    ClientConfig::builder().with_webpki_roots().with_no_client_auth()
}

/// Whether there was no connection because no address may be called.
fn is_forbidden(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<NotPublic>())
}
