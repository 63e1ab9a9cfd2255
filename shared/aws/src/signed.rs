//! Calls that we write ourselves: those of every event, and those whose SDK crates would be a fifth of the front door for
//! two calls each.
//!
//! The SDK's clients take a million instructions for a call that has some hundred bytes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_types::body::SdkBody;
use bellhop_core::time::Timestamp;
use bellhop_net::Reply;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Method, Request};
use tokio::time::{sleep, timeout};

use crate::http::Http;
use crate::retry::{Patience, Quota, may_pass, wait};
use crate::signature::{Signer, sha256};

/// The header that S3 wants besides.
const DIGEST: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// Makes calls to one service.
#[derive(Clone)]
pub(crate) struct Signed {
    http: Http,
    patience: Patience,
    names_digest: bool,
    signer: Arc<Signer>,
    quota: Arc<Quota>,
}

/// A call.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'static str, &'static str)],
    pub(crate) body: Bytes,
}

impl Signed {
    /// Calls to a service in a region, by this identity.
    pub(crate) fn new(
        http: Http,
        credentials: Credentials,
        region: String,
        service: &'static str,
        patience: Patience,
    ) -> Self {
        let signer = Arc::new(Signer::new(credentials, region, service));
        Self { http, patience, names_digest: service == "s3", signer, quota: Arc::default() }
    }

    /// The same, each call made once and within a time.
    pub(crate) fn once_within(&self, time: Duration) -> Self {
        Self { patience: Patience { attempts: 1, attempt: time, call: time }, ..self.clone() }
    }

    /// Makes a call, again where that may help. Answers other than 2xx are answers too; an error says why there is none.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Reply, String> {
        let timed = timeout(self.patience.call, self.attempts(call)).await;
        timed.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// Makes a call until it is answered for good, or as often as it may be.
    async fn attempts(&self, call: &Call<'_>) -> Result<Reply, String> {
        let digest = sha256(&call.body);
        let mut attempts = 0;
        loop {
            let request = self.request(call, &digest).map_err(|error| error.to_string())?;
            let reply = self.http.exchange(request, self.patience.attempt).await;
            attempts += 1;
            if reply.as_ref().is_ok_and(|reply| !may_pass(reply)) {
                self.quota.give(attempts);
                return reply;
            }
            if attempts >= self.patience.attempts || !self.quota.take() {
                return reply;
            }
            sleep(wait(attempts, reply.as_ref().ok())).await;
        }
    }

    /// A call as a request, signed now.
    fn request(&self, call: &Call<'_>, digest: &str) -> Result<Request<SdkBody>, http::Error> {
        let mut request =
            Request::builder().method(&call.method).uri(call.url).body(SdkBody::from(call.body.clone()))?;
        let headers = request.headers_mut();
        headers.reserve(8);
        for (name, value) in call.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if self.names_digest {
            headers.insert(DIGEST, HeaderValue::from_str(digest)?);
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_ms(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        self.signer.sign(&mut request, digest, now)?;
        Ok(request)
    }
}
