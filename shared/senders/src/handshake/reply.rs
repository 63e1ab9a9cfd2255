//! The answers to handshakes, and what may stand in them.

use std::borrow::Cow;

use serde_json::Value;

use super::Reply;
use crate::verify::Refusal;

/// The longest text that is sent back, in bytes.
const LONGEST_TEXT: usize = 1_024;

/// The longest secret that is taken from a sender, in bytes.
const LONGEST_SECRET: usize = 256;

impl Reply {
    /// This status, and no body.
    pub(super) const fn bare(status: u16) -> Self {
        Self { status, content_type: "", headers: Vec::new(), body: Cow::Borrowed("") }
    }

    /// 200 with a text, which no browser may take for anything else.
    pub(super) fn text(text: &str) -> Self {
        Self {
            content_type: "text/plain",
            headers: vec![("x-content-type-options", "nosniff".to_owned())],
            body: text.to_owned().into(),
            ..Self::bare(200)
        }
    }

    /// 200 with JSON.
    pub(super) fn json(value: &Value) -> Self {
        Self { content_type: "application/json", body: value.to_string().into(), ..Self::bare(200) }
    }
}

/// A text that may be sent back: not too long, and of printable ASCII alone.
pub(super) fn echoable<'a>(text: &'a str, name: &'static str) -> Result<&'a str, Refusal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if plain && is_short(text, LONGEST_TEXT) { Ok(text) } else { Err(Refusal::Challenge(name)) }
}

/// A text that may be sent back signed: of characters alone that never begin anything else that is signed.
pub(super) fn signable<'a>(text: &'a str, name: &'static str) -> Result<&'a str, Refusal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    if plain && is_short(text, LONGEST_TEXT) { Ok(text) } else { Err(Refusal::Challenge(name)) }
}

/// Whether a text may be a sender's secret.
pub(super) fn is_secret(text: &str) -> bool {
    is_short(text, LONGEST_SECRET) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a text is there, and no longer than this.
const fn is_short(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest
}
