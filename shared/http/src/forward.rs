//! Events on their way to URLs that users gave.

use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Outbound, OutboundAnswer, OutboundError, OutboundFailure, OutboundRequest, Told};
use bellhop_core::address::PrivateHosts;
use bellhop_net::{Failure, Kind, Limits, Reply};
use bytes::Bytes;
use http::header::{HeaderMap, RETRY_AFTER, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::client::{self, GuardedClient};

/// How long the body of an answer may pause. Its head may take all the time there is.
const PAUSE_TIME: Duration = Duration::from_secs(5);

/// Methods that may be sent.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// Headers of the connection itself, which the client sets: with others, a request could end before its body does.
const OF_CONNECTION: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Forwards requests over HTTP: to public addresses over https, and to hosts that the operator named.
#[derive(Clone)]
pub struct Forwarder {
    pub(crate) client: GuardedClient,
}

impl Forwarder {
    /// A client without connections yet; these hosts may be private, and are spoken to over plain HTTP too.
    pub fn new(hosts: PrivateHosts) -> Self {
        Self { client: client::guarded(hosts) }
    }
}

#[async_trait]
impl Outbound for Forwarder {
    async fn send(&self, request: OutboundRequest<'_>) -> Result<OutboundAnswer, OutboundError> {
        let url = read_url(request.url)?;
        let place = Place::of(&url);
        let told = request.told;
        let limits = Limits::first(request.time, PAUSE_TIME, told.body_bytes);
        let request = build(url, request)?;
        let reply = self.client.send(request, &limits).await.map_err(|failure| place.failed(&failure))?;
        Ok(answer(&reply, told))
    }
}

/// Where a request goes, as much of it as may be told.
struct Place(String);

impl Place {
    /// The scheme, the host and the port of a URL.
    fn of(url: &Uri) -> Self {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Self(format!("{}://{}{port}", url.scheme_str().unwrap_or_default(), url.host().unwrap_or_default()))
    }

    /// What a failure on the way there means, and how to mend it.
    fn failed(&self, failure: &Failure) -> OutboundError {
        let kind = match failure.kind {
            Kind::BadRequest => OutboundFailure::Invalid,
            Kind::Forbidden => OutboundFailure::Refused,
            Kind::NoName => OutboundFailure::NoName,
            Kind::NotConnected => OutboundFailure::NotConnected,
            Kind::NoTls => OutboundFailure::NoTls,
            Kind::Broken | Kind::TooLong => OutboundFailure::Broken,
            Kind::TimedOut => OutboundFailure::TimedOut,
        };
        let text = match kind {
            OutboundFailure::Refused => format!(
                "{} was not called: only public addresses are, and only over https; in one process, \
                 `network.allow_private_hosts` names hosts that may be private or plain",
                self.0
            ),
            _ => format!("{}: {failure}", self.0),
        };
        OutboundError::new(kind, text)
    }
}

/// Reads a URL of a user; the error does not repeat it.
fn read_url(text: &str) -> Result<Uri, OutboundError> {
    let url: Option<Uri> = text.parse().ok();
    let whole = |url: &Uri| {
        let has_host = url.host().is_some_and(|host| !host.is_empty());
        let has_credentials = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
        matches!(url.scheme_str(), Some("http" | "https")) && has_host && !has_credentials
    };
    url.filter(whole).ok_or_else(|| {
        invalid("the URL is not one: write a whole https URL without credentials, such as `https://example.com/in`")
    })
}

/// Makes the request that is sent.
fn build(url: Uri, from: OutboundRequest<'_>) -> Result<Request<Full<Bytes>>, OutboundError> {
    let method = METHODS.into_iter().find(|method| method.as_str() == from.method);
    let method = method.ok_or_else(|| {
        invalid("the method is none of `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` and `OPTIONS`")
    })?;
    let mut request = Request::new(Full::new(from.body));
    *request.method_mut() = method;
    *request.uri_mut() = url;
    *request.headers_mut() = read_headers(from.headers)?;
    Ok(request)
}

/// Reads headers, without those of the connection; an error names the header, but not its value.
fn read_headers(from: &[(String, String)]) -> Result<HeaderMap, OutboundError> {
    let mut headers = HeaderMap::new();
    for (name, value) in from {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid("a header's name has characters that no name has; give it letters, digits and `-`"))?;
        if OF_CONNECTION.contains(&name.as_str()) {
            continue;
        }
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            invalid(format!(
                "the header `{name}` has a line break or another control character in its value; a template can take \
                 it out with `| replace`"
            ))
        })?;
        let appended = headers.try_append(name, value);
        appended.map_err(|_| invalid("there are more headers than a request can have"))?;
    }
    if !headers.contains_key(USER_AGENT) {
        let ours = HeaderValue::from_static(concat!("bellhop/", env!("CARGO_PKG_VERSION")));
        let added = headers.try_insert(USER_AGENT, ours);
        added.map_err(|_| invalid("there are more headers than a request can have"))?;
    }
    Ok(headers)
}

/// A request that is none.
fn invalid(text: impl Into<String>) -> OutboundError {
    OutboundError::new(OutboundFailure::Invalid, text)
}

/// What is told of an answer.
fn answer(reply: &Reply, told: Told) -> OutboundAnswer {
    let mut body = String::from_utf8_lossy(&reply.body).into_owned();
    // What was replaced is longer than it was.
    body.truncate(body.floor_char_boundary(told.body_bytes));
    let value = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let headers = told.headers.iter().filter_map(|name| Some((*name, value(name)?))).collect();
    let retry_after = value(RETRY_AFTER.as_str());
    OutboundAnswer { status: reply.status.as_u16(), retry_after, headers, body, is_whole: reply.is_whole }
}

#[cfg(test)]
mod tests;
