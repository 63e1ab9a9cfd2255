//! Calls that we write ourselves, signed by the SDK's own signer: the five we make of S3 and Systems Manager.
//!
//! The SDK's clients for these two would be a fifth of the ingress binary, and of its start-up.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_types::body::SdkBody;
use bellhop_app::ports::{PortError, PortResult};
use bellhop_net::Reply;
use http::{HeaderValue, Method, Request, StatusCode};

use crate::http::Http;

/// How patiently a call is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How often it is tried.
    pub(crate) attempts: u32,
    /// How long one attempt may take.
    pub(crate) attempt: Duration,
    /// How long all of them may take together.
    pub(crate) call: Duration,
}

/// Makes calls to one service.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) http: Http,
    pub(crate) credentials: Credentials,
    pub(crate) region: String,
    pub(crate) service: &'static str,
    pub(crate) patience: Patience,
}

/// A call.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(&'static str, &'static str)],
    pub(crate) body: &'a [u8],
}

impl Signed {
    /// Makes a call, again where that may help; `what` says what failed then. Answers other than 2xx are answers too.
    pub(crate) async fn call(&self, what: &str, call: &Call<'_>) -> PortResult<Reply> {
        let attempts = self.attempts(what, call);
        let timed = tokio::time::timeout(self.patience.call, attempts).await;
        timed.unwrap_or_else(|_| Err(PortError::new(what, "no answer in time")))
    }

    /// Makes a call until it is answered for good, or as often as it may be.
    async fn attempts(&self, what: &str, call: &Call<'_>) -> PortResult<Reply> {
        let mut attempt = 1;
        loop {
            let request = self.request(call).map_err(|error| PortError::new(what, error))?;
            let reply = self.http.exchange(request, self.patience.attempt).await;
            let last = attempt >= self.patience.attempts;
            match reply {
                Ok(reply) if last || !may_pass(&reply) => return Ok(reply),
                Err(why) if last => return Err(PortError::new(what, why)),
                Ok(_) | Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(50 << attempt.min(5))).await;
            attempt += 1;
        }
    }

    /// A call as a request, signed now.
    fn request(&self, call: &Call<'_>) -> Result<Request<SdkBody>, Box<dyn std::error::Error + Send + Sync>> {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(SystemTime::now())
            .settings(settings)
            .build()?
            .into();
        let signable = SignableRequest::new(
            call.method.as_str(),
            call.url,
            call.headers.iter().copied(),
            SignableBody::Bytes(call.body),
        )?;
        let (signature, _) = sign(signable, &parameters)?.into_parts();
        let mut request = Request::new(SdkBody::from(call.body));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call.url.parse()?;
        for (name, value) in call.headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        signature.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// Whether the same call may be answered better later.
fn may_pass(reply: &Reply) -> bool {
    // Systems Manager says 400 where it was asked too often, and JSON names the reason.
    const LATER: [&[u8]; 3] = [b"Throttl", b"TooManyUpdates", b"RequestLimitExceeded"];
    let busy = reply.status.is_server_error() || reply.status == StatusCode::TOO_MANY_REQUESTS;
    let says = |word: &[u8]| reply.body.windows(word.len()).any(|part| part == word);
    busy || (reply.status == StatusCode::BAD_REQUEST && LATER.into_iter().any(says))
}
