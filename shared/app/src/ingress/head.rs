//! What the head of a request already says: how long its body may be, or that none of it need be read.

use bellhop_senders::inbound::Headers;

use super::refusals::Knock;
use super::{open_doors, page};
use crate::answer::Refused;
use crate::doors::Door;

/// Looks at the head alone: how long a body may be, or why the request is refused, for the operator and for the caller.
pub(super) fn check_head(knock: &Knock<'_>, headers: Headers<'_>) -> Result<u64, (&'static str, Refused)> {
    let here = knock.here;
    if here.is_empty() {
        return Err(("no such path", Refused::new(404, "not_found", "no hook has this path")));
    }
    let longest = open_doors(*knock).map(Door::max_body_bytes).max();
    let Some(max_body_bytes) = longest else {
        if knock.by_page && open_doors(Knock { by_page: false, ..*knock }).next().is_some() {
            return Err(page::refused());
        }
        return Err(match here.iter().any(|door| door.is_active()) {
            true => {
                ("address not allowed", Refused::new(403, "forbidden", "requests from this address are not allowed"))
            }
            false => ("disabled", Refused::new(403, "disabled", "every hook of this path is disabled")),
        });
    };
    if headers.iter().any(|(name, value)| name == "content-encoding" && is_encoded(value)) {
        let message = "send the body as it is: a content-encoding other than identity is not taken";
        return Err(("encoded", Refused::new(415, "unsupported_encoding", message)));
    }
    if promised_bytes(headers).is_some_and(|length| length > max_body_bytes) {
        return Err(("too large", too_large(max_body_bytes)));
    }
    Ok(max_body_bytes)
}

/// Whether a `Content-Encoding` says that the body is something else than what it stands for: any name that may be one
/// of a coding. Some write a charset there, or how mail would carry it, or nothing; all of these leave the bytes alone.
pub(super) fn is_encoded(value: &[u8]) -> bool {
    const NO_CODINGS: [&[u8]; 8] = [b"", b"identity", b"none", b"7bit", b"8bit", b"binary", b"utf8", b"ascii"];
    const CHARSETS: [&[u8]; 5] = [b"utf-", b"us-ascii", b"iso-8859-", b"windows-", b"latin"];
    let is_coding = |name: &[u8]| {
        let name = name.trim_ascii().to_ascii_lowercase();
        !NO_CODINGS.contains(&name.as_slice()) && !CHARSETS.iter().any(|start| name.starts_with(start))
    };
    value.split(|byte| *byte == b',').any(is_coding)
}

/// The length of the body, as its head promises it.
pub(super) fn promised_bytes(headers: Headers<'_>) -> Option<u64> {
    headers.text("content-length").and_then(|length| length.trim().parse().ok())
}

/// 413.
pub(super) fn too_large(max_body_bytes: u64) -> Refused {
    Refused::new(413, "too_large", format!("this hook takes bodies of {max_body_bytes} bytes at most"))
}
