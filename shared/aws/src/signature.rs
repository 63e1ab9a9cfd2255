//! Signatures of our own calls: AWS Signature Version 4, with the SDK's own key.
//!
//! Facts: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>. A key holds for a
//! day, a region and a service. What is signed names the headers in their order by name; our paths are percent-encoded, which
//! all services but S3 want to be done once more, and our addresses have no query.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::sign::v4::generate_signing_key;
use bellhop_core::time::Timestamp;
use http::header::{AUTHORIZATION, HOST, HeaderName};
use http::{HeaderValue, Request};
use ring::digest::{SHA256, digest};
use ring::hmac;

/// The headers that a signature adds.
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Signs the calls of one service.
pub(crate) struct Signer {
    credentials: Credentials,
    region: String,
    service: &'static str,
    /// The key, and the day for which it holds.
    key: Mutex<Option<(String, hmac::Key)>>,
}

impl Signer {
    /// Signs as this identity, for a service in a region.
    pub(crate) fn new(credentials: Credentials, region: String, service: &'static str) -> Self {
        Self { credentials, region, service, key: Mutex::default() }
    }

    /// Signs a request with all of its headers, and with the digest of its body.
    pub(crate) fn sign<B>(&self, request: &mut Request<B>, body: &str, now: Timestamp) -> Result<(), http::Error> {
        let time: String = now.rfc3339().chars().take(19).filter(|c| !"-:".contains(*c)).chain(['Z']).collect();
        let host = request.uri().authority().map_or("", |authority| authority.as_str());
        let host = HeaderValue::from_str(host)?;
        let token = self.credentials.session_token().map(secret_value).transpose()?;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(DATE, HeaderValue::from_str(&time)?);
        headers.extend(token.map(|token| (TOKEN, token)));
        let headers = request.headers();
        let mut signed: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        signed.sort_unstable();
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let mut canonical = Vec::with_capacity(1024);
        let mut line = |parts: [&[u8]; 3]| {
            parts.into_iter().for_each(|part| canonical.extend_from_slice(part));
            canonical.push(b'\n');
        };
        let path = request.uri().path();
        let encoded = (self.service != "s3" && path.contains('%')).then(|| path.replace('%', "%25"));
        let path = encoded.as_deref().unwrap_or(path);
        line([request.method().as_str().as_bytes(), b"\n", path.as_bytes()]);
        line([b"", b"", b""]);
        signed.into_iter().for_each(|(name, value)| line([name.as_bytes(), b":", value]));
        line([b"\n", names.as_bytes(), b""]);
        canonical.extend_from_slice(body.as_bytes());
        let (day, region, service) = (&time[..8], &self.region, self.service);
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(&canonical));
        let signature = hex::encode(hmac::sign(&self.key(day, now), text.as_bytes()));
        let id = self.credentials.access_key_id();
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        request.headers_mut().insert(AUTHORIZATION, secret_value(&authorization)?);
        Ok(())
    }

    /// The key of a day.
    fn key(&self, day: &str, now: Timestamp) -> hmac::Key {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = kept.as_ref().filter(|(of_day, _)| of_day == day) {
            return key.clone();
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.as_ms());
        let key = generate_signing_key(self.credentials.secret_access_key(), now, &self.region, self.service);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        *kept = Some((day.to_owned(), key.clone()));
        key
    }
}

/// The SHA-256 of bytes in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// A header's value that is shown nowhere.
fn secret_value(text: &str) -> Result<HeaderValue, http::Error> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use aws_sigv4::http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    };
    use aws_sigv4::sign::v4;

    use super::*;

    /// A service, a method, a URL, headers and a body.
    type Sample = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], &'static [u8]);

    /// The `authorization` header that the SDK's own signer makes.
    fn by_the_sdk(request: &Request<&[u8]>, credentials: &Credentials, service: &str, now: SystemTime) -> String {
        let mut settings = SigningSettings::default();
        if request.headers().contains_key("x-amz-content-sha256") {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        settings.percent_encoding_mode = match service {
            "s3" => PercentEncodingMode::Single,
            _ => PercentEncodingMode::Double,
        };
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder().identity(&identity).region("eu-central-1").name(service);
        let parameters = parameters.time(now).settings(settings).build().unwrap().into();
        let uri = request.uri().to_string();
        let headers = request.headers().iter().filter(|(name, _)| *name != "x-amz-content-sha256");
        let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let body = SignableBody::Bytes(request.body());
        let signable = SignableRequest::new(request.method().as_str(), &uri, headers, body).unwrap();
        let (signature, _) = sign(signable, &parameters).unwrap().into_parts();
        let mut signed = Request::get("http://x").body(()).unwrap();
        signature.apply_to_request_http1x(&mut signed);
        signed.headers()["authorization"].to_str().unwrap().to_owned()
    }

    #[test]
    fn every_kind_of_call_is_signed_as_the_sdk_would_sign_it() {
        const TARGET: (&str, &str) = ("x-amz-target", "DynamoDB_20120810.GetItem");
        const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.0");
        let calls: [Sample; 5] = [
            ("dynamodb", "POST", "https://dynamodb.eu-central-1.amazonaws.com/", &[JSON, TARGET], b"{\"a\":1}"),
            ("sqs", "POST", "http://localhost:4566/", &[JSON, ("x-amz-target", "AmazonSQS.SendMessage")], b"{}"),
            (
                "lambda",
                "POST",
                "https://lambda.eu-central-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3A1%3Aa_b-c/invocations",
                &[("content-type", "application/json"), ("x-amz-invocation-type", "Event")],
                b"{}",
            ),
            (
                "s3",
                "PUT",
                "https://b.s3.eu-central-1.amazonaws.com/bodies/01a2-7f",
                &[("x-amz-content-sha256", "")],
                b"x",
            ),
            ("s3", "GET", "http://127.0.0.1:9/b/bodies/01a2-7f", &[("x-amz-content-sha256", "")], b""),
        ];
        // Two days after each other, each twice: the key is kept, and made anew.
        let moments = [1_795_244_400_000, 1_795_244_401_000, 1_795_330_800_000, 1_795_244_400_000];
        for token in [None, Some("a token/+=".to_owned())] {
            let credentials = Credentials::new("AKIDEXAMPLE", "secret/key", token, None, "test");
            for (service, method, url, headers, body) in calls {
                let signer = Signer::new(credentials.clone(), "eu-central-1".to_owned(), service);
                for ms in moments {
                    let digest = sha256(body);
                    let mut request = Request::builder().method(method).uri(url).body(body).unwrap();
                    for (name, value) in headers {
                        let value = if value.is_empty() { digest.as_str() } else { value };
                        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
                    }
                    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
                    let expected = by_the_sdk(&request, &credentials, service, now);
                    signer.sign(&mut request, &digest, Timestamp::from_ms(ms)).unwrap();
                    assert_eq!(request.headers()[AUTHORIZATION], expected, "{service} {method} at {ms}");
                    assert!(request.headers()[AUTHORIZATION].is_sensitive());
                }
            }
        }
    }
}
