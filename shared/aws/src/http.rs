//! The HTTP client under the SDK: HTTP/1.1 over rustls with ring and built-in roots.
//!
//! The SDK's own client would read the machine's root store at every start, which is most of a function's start-up.
//! A second one of the same type calls what strangers name, at public addresses alone.

pub(crate) mod resolver;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bellhop_app::ports::{PortError, PortResult};
use bellhop_core::address::{NotPublic, may_be_called};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use self::resolver::Resolver;
use crate::error::chain;

/// How long connecting may take; the time for a whole attempt bounds the TLS handshake too.
const CONNECT_TIME: Duration = Duration::from_secs(1);

/// How long a connection may lie unused; the services close theirs soon after.
const IDLE_TIME: Duration = Duration::from_secs(18);

/// How much of an answer is read: the longest body there is, as it is stored.
const MOST_ANSWER_BYTES: usize = 26 * 1024 * 1024 + 1;

/// One pool of connections for all services.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    pool: Pool,
    tls: ClientConfig,
    guarded: bool,
    // Made once, as the SDK asks for it at every attempt.
    connector: SharedHttpConnector,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: http::StatusCode,
    /// The body.
    pub(crate) body: Bytes,
}

#[derive(Debug, Clone)]
struct Pool(Client<HttpsConnector<connect::HttpConnector<Resolver>>, SdkBody>);

impl Http {
    /// A client without connections yet, which trusts the certificates of `extra_roots` (a PEM file) as well.
    pub(crate) fn new(extra_roots: Option<&str>) -> PortResult<Self> {
        Ok(Self::of(tls(extra_roots)?, Resolver::open(), false))
    }

    /// Another client without connections, for addresses that somebody else named: https and public hosts alone.
    pub(crate) fn guarded(&self) -> Self {
        self.guarded_by(Resolver::public_only())
    }

    /// The same with this rule of what is public.
    pub(crate) fn guarded_by(&self, resolver: Resolver) -> Self {
        Self::of(self.tls.clone(), resolver, true)
    }

    /// A client that trusts so, and looks names up so.
    fn of(tls: ClientConfig, resolver: Resolver, guarded: bool) -> Self {
        let mut tcp = connect::HttpConnector::new_with_resolver(resolver);
        tcp.set_connect_timeout(Some(CONNECT_TIME));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls.clone());
        let connector = if guarded { connector.https_only() } else { connector.https_or_http() };
        let connector = connector.enable_http1().wrap_connector(tcp);
        let pool = Pool(Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE_TIME).build(connector));
        Self { connector: SharedHttpConnector::new(pool.clone()), pool, tls, guarded }
    }

    /// Sends a request and reads the whole answer; the error says what broke.
    pub(crate) async fn exchange(&self, request: http::Request<SdkBody>) -> Result<Reply, String> {
        self.exchange_within(request, MOST_ANSWER_BYTES).await
    }

    /// The same with an answer of at most so many bytes.
    pub(crate) async fn exchange_within(&self, request: http::Request<SdkBody>, most: usize) -> Result<Reply, String> {
        // An address that stands in the URL itself is looked up nowhere.
        if self.guarded && !may_be_called(request.uri()) {
            return Err(NotPublic.to_string());
        }
        let response = self.pool.0.request(request).await.map_err(|error| chain(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), most).collect().await;
        Ok(Reply { status, body: body.map_err(|error| chain(error.as_ref()))?.to_bytes() })
    }

    /// Opens a connection, and keeps it for whoever comes next; the answer to this unsigned request does not matter.
    pub(crate) async fn open(&self, url: &str) -> PortResult<()> {
        let what = "no connection could be opened";
        let request = http::Request::get(url).body(SdkBody::empty()).map_err(|e| PortError::new(what, e))?;
        // A connection goes back to the pool only once its answer has been read.
        match tokio::time::timeout(CONNECT_TIME, self.exchange(request)).await {
            Ok(result) => result.map(|_| ()).map_err(|why| PortError::new(what, why)),
            Err(_) => Err(PortError::new(what, "it took too long")),
        }
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.connector.clone()
    }
}

impl HttpConnector for Pool {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let response = self.0.request(request);
        HttpConnectorFuture::new(async move {
            match response.await {
                Ok(response) => HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                    .map_err(|error| ConnectorError::other(error.into(), None)),
                // Whatever broke on the way to an AWS service may be tried again.
                Err(error) => Err(ConnectorError::io(error.into())),
            }
        })
    }
}

/// What to trust, and with which cryptography.
fn tls(extra_roots: Option<&str>) -> PortResult<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = extra_roots {
        let failed = |why: &dyn std::fmt::Display| PortError::new("SSL_CERT_FILE cannot be used", why);
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| failed(&e))? {
            roots.add(certificate.map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| PortError::new("TLS cannot be set up", e))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
