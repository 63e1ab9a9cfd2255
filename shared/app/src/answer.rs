//! Answers to callers: a status, a code for programs and a sentence for people.
//!
//! A message never holds a secret, an internal error or the payload; what went wrong inside is logged where it happened.

use serde_json::json;

use crate::metrics::Cause;

/// A refusal, as a caller sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The code for programs.
    pub code: &'static str,
    /// The sentence for people.
    pub message: String,
    /// After how many seconds to come back.
    pub retry_after: Option<u64>,
    /// The method that would be taken instead.
    pub allow: Option<&'static str>,
    /// What it is counted as.
    pub cause: Cause,
}

impl Refused {
    /// A refusal.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, allow: None, cause: Cause::of_code(code) }
    }

    /// The same, with a time to come back at.
    #[must_use]
    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same, counted under another cause than its code has.
    #[must_use]
    pub const fn because(mut self, cause: Cause) -> Self {
        self.cause = cause;
        self
    }

    /// 405: this method is not taken here, another one is.
    pub fn method(allow: &'static str) -> Self {
        let refused = Self::new(405, "method_not_allowed", format!("send {allow} here"));
        Self { allow: Some(allow), ..refused }
    }

    /// 503: something inside failed, and the caller should come back.
    pub fn unavailable() -> Self {
        Self::new(503, "unavailable", "not written down, so not accepted; send it again later").after(5)
    }

    /// 503: there is too much at once, and the caller should come back.
    pub fn busy() -> Self {
        Self::new(503, "busy", "too much at once, so not accepted; send it again later").after(1)
    }

    /// The error body: `{"error":{"code","message","request_id"}}`.
    pub fn body(&self, request_id: &str) -> String {
        json!({"error": {"code": self.code, "message": self.message, "request_id": request_id}}).to_string()
    }
}
