//! Requests to addresses that users configure.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// How much of an answer's body is kept where it is only recorded, in bytes.
pub const MOST_ANSWER_BYTES: usize = 2 * 1024;

/// A request to a URL that a user configured.
///
/// It has no `Debug`: its URL, headers and body may each hold a secret.
#[derive(Clone)]
pub struct OutboundRequest<'a> {
    /// The method: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`.
    pub method: &'a str,
    /// The whole URL, https or, at a host that the operator named as private, http.
    pub url: &'a str,
    /// The headers, names and values. Those of the connection itself (`connection`, `content-length`, `expect`, `host`,
    /// `keep-alive`, `proxy-connection`, `te`, `trailer`, `transfer-encoding`, `upgrade`) are left out: they are the
    /// client's to set. `user-agent` is Bellhop's where there is none.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: Bytes,
    /// How long everything may take, from looking the name up to the end of the answer.
    pub time: Duration,
    /// What of the answer is told.
    pub told: Told,
}

/// What of an answer is told besides its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// How much of its body, in bytes.
    pub body_bytes: usize,
    /// Which of its headers, by lower-case name; `retry-after` always.
    pub headers: &'static [&'static str],
}

impl Told {
    /// No more than what is recorded.
    pub const RECORDED: Self = Self { body_bytes: MOST_ANSWER_BYTES, headers: &[] };
}

/// An answer: of any status, a redirect's among them, which nobody follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundAnswer {
    /// The status.
    pub status: u16,
    /// The header `Retry-After` as it stands there: seconds, or a date.
    pub retry_after: Option<String>,
    /// Those of its headers that were asked for; what is no text is left out.
    pub headers: Vec<(&'static str, String)>,
    /// As much of the beginning of the body as was asked for, as text; what is no UTF-8 is replaced.
    pub body: String,
    /// Whether that is the whole body. The rest was too long, came too late, or broke off; the status holds all the same.
    pub is_whole: bool,
}

/// No answer came. The text names the scheme, the host and the port, and nothing else of what was to be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct OutboundError {
    /// What it was.
    pub kind: OutboundFailure,
    text: String,
}

/// What kept an answer away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboundFailure {
    /// The request is none: its URL, its method or a header.
    Invalid,
    /// The address is private, or it is not https.
    Refused,
    /// The name leads nowhere.
    NoName,
    /// No connection.
    NotConnected,
    /// A connection, but no TLS over it.
    NoTls,
    /// The connection broke before an answer was there, or the answer was none.
    Broken,
    /// No answer in time. The other side may have done what it was asked for.
    TimedOut,
}

impl OutboundAnswer {
    /// The value of a header that was asked for.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }
}

impl OutboundFailure {
    /// Whether the same request may be answered later.
    pub const fn may_pass(self) -> bool {
        match self {
            Self::Invalid | Self::Refused => false,
            Self::NoName | Self::NotConnected | Self::NoTls | Self::Broken | Self::TimedOut => true,
        }
    }
}

impl OutboundError {
    /// Says what failed, and how to mend it; the text must not hold more of the URL than its scheme, host and port.
    pub fn new(kind: OutboundFailure, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// Sends requests to addresses that users configure.
#[async_trait]
pub trait Outbound: Send + Sync {
    /// Sends a request once, to a public address or to a host that the operator named. Redirects are not followed; the
    /// answer is bounded in time and in bytes.
    async fn send(&self, request: OutboundRequest<'_>) -> Result<OutboundAnswer, OutboundError>;
}
