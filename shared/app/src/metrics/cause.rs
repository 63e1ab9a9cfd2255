//! Why requests are refused, in as few words as an operator can watch.

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No hook has its path.
    Path,
    /// It came from an address that is not allowed.
    Address,
    /// Every hook of its path is disabled.
    Disabled,
    /// It is larger than the hook takes.
    Size,
    /// Its body is compressed.
    Encoding,
    /// It did not prove who sent it.
    Signature,
    /// It was signed too long ago, or by a clock that is wrong.
    Stale,
    /// There were too many.
    Limit,
    /// It could not be written down.
    Unavailable,
    /// Its method is not taken, or its body broke off.
    Request,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 10] = [
        Self::Path,
        Self::Address,
        Self::Disabled,
        Self::Size,
        Self::Encoding,
        Self::Signature,
        Self::Stale,
        Self::Limit,
        Self::Unavailable,
        Self::Request,
    ];

    /// Their words, in the same order.
    pub(super) const WORDS: [&'static str; 10] =
        ["path", "address", "disabled", "size", "encoding", "signature", "stale", "limit", "unavailable", "request"];

    /// The cause behind an answer's code; the code alone does not tell [`Self::Stale`].
    pub(crate) fn of_code(code: &str) -> Self {
        match code {
            "not_found" => Self::Path,
            "forbidden" => Self::Address,
            "disabled" => Self::Disabled,
            "too_large" => Self::Size,
            "unsupported_encoding" => Self::Encoding,
            "unauthorized" => Self::Signature,
            "too_many_requests" => Self::Limit,
            "busy" | "unavailable" => Self::Unavailable,
            _ => Self::Request,
        }
    }
}
