//! The HTTP client under the SDK and under our own calls.
//!
//! The SDK's own client would read the machine's root store at every start, which is most of a function's start-up.
//! A second one of the same type calls what strangers name, at public addresses alone.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bellhop_app::ports::{PortError, PortResult};
use bellhop_net::{Client, Limits, Reply, Settings, built_in, with_file};
use rustls::ClientConfig;

use crate::error::chain;

/// How long connecting may take; the time for a whole attempt bounds the TLS handshake too.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// How long a connection may lie unused; the services close theirs soon after.
const IDLE_TIME: Duration = Duration::from_secs(18);

/// How much of an answer is read: the longest body there is, as it is stored.
const MOST_ANSWER_BYTES: usize = 26 * 1024 * 1024 + 1;

/// How connections are treated: a frozen function has no use for a timer that closes them.
pub(crate) const SETTINGS: Settings =
    Settings { connect_time: CONNECT_TIME, idle_time: IDLE_TIME, sweeps: false, most_head_bytes: None };

/// One pool of connections for all services.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    pool: Pool,
    pub(crate) trust: ClientConfig,
}

#[derive(Debug, Clone)]
struct Pool(Client<SdkBody>);

impl Http {
    /// A client without connections yet, which trusts the certificates of `extra_roots` (a PEM file) as well.
    pub(crate) fn new(extra_roots: Option<&str>) -> PortResult<Self> {
        let trust = extra_roots.map_or_else(|| Ok(built_in()), with_file);
        let trust = trust.map_err(|why| PortError::new("SSL_CERT_FILE cannot be used", why))?;
        let pool = Pool(Client::open(trust.clone(), &SETTINGS));
        Ok(Self { pool, trust })
    }

    /// Another client without connections, for addresses that somebody else named: https and public hosts alone.
    pub(crate) fn guarded(&self) -> Client<SdkBody> {
        Client::guarded(self.trust.clone(), &SETTINGS)
    }

    /// Sends a request and reads the whole answer within a time; the error says what broke.
    pub(crate) async fn exchange(&self, request: http::Request<SdkBody>, time: Duration) -> Result<Reply, String> {
        let limits = Limits::whole(time, MOST_ANSWER_BYTES);
        self.pool.0.send(request, &limits).await.map_err(|failure| chain(&failure))
    }

    /// Opens a connection, and keeps it for whoever comes next; the answer to this unsigned request does not matter.
    pub(crate) async fn open(&self, url: &str) -> PortResult<()> {
        let what = "no connection could be opened";
        let request = http::Request::get(url).body(SdkBody::empty()).map_err(|e| PortError::new(what, e))?;
        // A connection goes back to the pool only once its answer has been read.
        self.exchange(request, CONNECT_TIME).await.map(|_| ()).map_err(|why| PortError::new(what, why))
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.pool.clone())
    }
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let response = self.0.begin(request);
        HttpConnectorFuture::new(async move {
            match response.await {
                Ok(response) => HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                    .map_err(|error| ConnectorError::other(error.into(), None)),
                // Whatever broke on the way to an AWS service may be tried again.
                Err(failure) => Err(ConnectorError::io(failure.into())),
            }
        })
    }
}
