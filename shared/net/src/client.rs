//! A client for one kind of address: our own and those that the operator named, or public ones alone.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use bellhop_core::address::{NotPublic, may_be_called};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};

use crate::failure::{Failure, Kind};
use crate::read::{self, Limits, Reply};
use crate::resolver::Resolver;

type Cause = Box<dyn Error + Send + Sync>;

/// A body that can be sent.
pub trait Sent: Body<Data: Send, Error: Into<Cause>> + Send + Unpin + 'static {}

impl<B: Body<Data: Send, Error: Into<Cause>> + Send + Unpin + 'static> Sent for B {}

/// How a client treats its connections.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long connecting may take; the time for a whole exchange bounds the TLS handshake too.
    pub connect_time: Duration,
    /// How long a connection may lie unused before it is not used again.
    pub idle_time: Duration,
    /// Whether a connection is closed as soon as it has lain unused for so long, rather than when one is next wanted.
    pub sweeps: bool,
    /// How many bytes the head of an answer may have; about 400 KiB where nothing is said.
    pub most_head_bytes: Option<usize>,
}

/// Sends requests, and keeps connections for those that come next.
pub struct Client<B> {
    inner: legacy::Client<HttpsConnector<HttpConnector<Resolver>>, B>,
    guarded: bool,
}

impl<B> Clone for Client<B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), guarded: self.guarded }
    }
}

impl<B> fmt::Debug for Client<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("guarded", &self.guarded).finish_non_exhaustive()
    }
}

impl<B: Sent> Client<B> {
    /// A client without connections yet, for addresses of our own or that the operator named: it calls them all.
    pub fn open(trust: ClientConfig, settings: &Settings) -> Self {
        Self::of(trust, settings, Resolver::open(), false)
    }

    /// The same for addresses that somebody else named: https alone, and public hosts alone.
    pub fn guarded(trust: ClientConfig, settings: &Settings) -> Self {
        Self::of(trust, settings, Resolver::public_only(), true)
    }

    /// A client that trusts so, and looks names up so.
    pub(crate) fn of(trust: ClientConfig, settings: &Settings, resolver: Resolver, guarded: bool) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.set_connect_timeout(Some(settings.connect_time));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config(trust);
        let connector = if guarded { connector.https_only() } else { connector.https_or_http() };
        let connector = connector.enable_http1().wrap_connector(tcp);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.pool_idle_timeout(settings.idle_time);
        if settings.sweeps {
            builder.pool_timer(TokioTimer::new());
        }
        if let Some(most) = settings.most_head_bytes {
            builder.http1_max_buf_size(most);
        }
        Self { inner: builder.build(connector), guarded }
    }

    /// Sends a request and reads its answer, within these limits. An answer of any status is one.
    pub async fn send(&self, request: Request<B>, limits: &Limits) -> Result<Reply, Failure> {
        let end = Instant::now() + limits.time;
        let response = timeout_at(end, self.begin(request)).await.map_err(|_| Kind::TimedOut)??;
        let (head, mut body) = response.into_parts();
        let mut read = Vec::new();
        let outcome = timeout_at(end, read::body(&mut body, limits, &mut read)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Kind::TimedOut.into()));
        read::reply(Response::from_parts(head, ()), limits.part, read, outcome)
    }

    /// Sends a request and gives the answer as soon as its head is there; time and bytes are the caller's to bound.
    pub fn begin(
        &self,
        request: Request<B>,
    ) -> impl Future<
        Output = Result<Response<impl Body<Data = Bytes, Error: Into<Cause>> + Send + Sync + Unpin + use<B>>, Failure>,
    > + Send
    + use<B> {
        // An address that stands in the URL itself is looked up nowhere.
        let may_go = !self.guarded || may_be_called(request.uri());
        let sending = may_go.then(|| self.inner.request(request));
        async move {
            let Some(sending) = sending else { return Err(Failure::forbidden(NotPublic)) };
            sending.await.map_err(Failure::of_exchange)
        }
    }
}
