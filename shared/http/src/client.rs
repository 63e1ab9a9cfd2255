//! How this crate's calls go out, and the calls that people make by hand.

use std::time::Duration;

use bellhop_app::ports::{PortError, PortResult};
use bellhop_core::address::PrivateHosts;
use bellhop_core::secret::Secret;
use bellhop_net::{Failure, Kind, Limits, Settings, built_in};
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::Full;

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long a connection may lie unused before it is closed.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// How many bytes the head of an answer may have.
const MOST_HEAD_BYTES: usize = 64 * 1024;

/// How long a call to Bellhop's own API or a request by hand may take, and how long its answer may be.
const API_TIME: Duration = Duration::from_secs(60);
const MOST_API_BYTES: usize = 16 * 1024 * 1024;

/// How connections are treated.
pub(crate) const SETTINGS: Settings =
    Settings { connect_time: CONNECT_TIME, idle_time: IDLE_TIME, sweeps: true, most_head_bytes: Some(MOST_HEAD_BYTES) };

/// Calls one kind of address.
pub(crate) type NetClient = bellhop_net::Client<Full<Bytes>>;

/// Calls public addresses, and hosts that the operator named.
pub(crate) type GuardedClient = bellhop_net::GuardedClient<Full<Bytes>>;

/// A client without connections yet that calls every address.
pub(crate) fn open() -> NetClient {
    NetClient::open(built_in(), &SETTINGS)
}

/// The same for addresses that somebody else named: https alone, and public hosts alone.
pub(crate) fn public() -> NetClient {
    NetClient::guarded(built_in(), &SETTINGS)
}

/// The same for addresses that users name: public ones, and these hosts wherever they are.
pub(crate) fn guarded(hosts: PrivateHosts) -> GuardedClient {
    GuardedClient::new(&built_in(), &SETTINGS, hosts)
}

/// Sends requests of people: to Bellhop's own API, and wherever else they say.
#[derive(Clone)]
pub struct Client {
    inner: NetClient,
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client without connections yet.
    pub fn new() -> Self {
        Self { inner: open() }
    }

    /// Calls Bellhop's own API; the error names neither the token nor what was sent.
    pub async fn call(
        &self,
        method: &str,
        url: &str,
        token: &Secret,
        body: Option<String>,
    ) -> PortResult<(u16, Bytes)> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, format!("Bearer {}", token.expose()))
            .header(CONTENT_TYPE, "application/json");
        self.send(request, body.unwrap_or_default()).await
    }

    /// Posts a request as it is, wherever the caller says; the error names neither the URL nor what was sent.
    pub async fn post(&self, url: &str, headers: &[(String, String)], body: Vec<u8>) -> PortResult<(u16, Bytes)> {
        let request = headers.iter().fold(Request::post(url), |request, (name, value)| request.header(name, value));
        self.send(request, body).await
    }

    /// Sends a request and gives the status and the body of its answer.
    async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> PortResult<(u16, Bytes)> {
        let failed = |why: Failure| PortError::new("no answer", why);
        let request = request.body(Full::new(body.into())).map_err(|_| failed(Kind::BadRequest.into()))?;
        let reply = self.inner.send(request, &Limits::whole(API_TIME, MOST_API_BYTES)).await.map_err(failed)?;
        Ok((reply.status.as_u16(), reply.body))
    }
}
