//! Findings in words, and what to do about them.

use std::fmt;

use super::{Finding, Spelling};
use crate::sender::Encoding;
use crate::verify::Refusal;

/// From here on a time is not late but in another unit.
const TEN_YEARS: u64 = 10 * 365 * 86_400;

impl Finding {
    /// What to do about it; empty where there is nothing to do.
    pub fn fix(&self) -> String {
        match self {
            Self::Accepted(_) => "",
            Self::Refused(refusal) => refused(*refusal),
            Self::Unusable { .. } | Self::Secret { .. } => {
                "correct the secret in the hook, or copy it again from the sender"
            }
            Self::Retired => "enter the hook's new secret at the sender",
            Self::Header { .. } => "see which headers each sender sends with `bellhop senders NAME`",
            Self::Doubled(name) => {
                return format!("have whatever stands in front of Bellhop pass the header {name} on once");
            }
            Self::Value { .. } | Self::Written { .. } => {
                "have the sender write the header as `bellhop senders NAME` says, or choose a sender that writes it so"
            }
            Self::OnlyLate(off) if off.unsigned_abs() > TEN_YEARS => {
                "have the sender write the time in its own unit: seconds and milliseconds are mixed up"
            }
            Self::OnlyLate(off) if *off < 0 => "set the clocks by a time server, the sender's first",
            Self::OnlyLate(_) => "set the clocks by a time server; what was only held up the sender sends again",
            Self::OtherHook(_) => "give this hook that secret, or have the sender call the other hook's URL",
            Self::OtherSender(name) => return format!("write `sender = \"{name}\"` in the hook"),
            Self::Body(_) => "find what rewrites the body, and have it pass the bytes on as they are",
            Self::Url(_) => "set `public_url` to what the sender calls, and call it exactly so at the sender",
            Self::Length { promised, found } if found > promised => {
                "if the request was saved by an editor, cut what it added at the end"
            }
            Self::Length { .. } => "the body was cut on its way, or not saved whole",
            Self::Empty => "find what drops the body: a redirect, a proxy, or a body that was read before",
            Self::Compressed(_) => "have the sender or the proxy send the body as it is, not compressed",
        }
        .to_owned()
    }
}

/// What to do where no more than the refusal is known.
fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoSecret => "give the hook the secret that the sender shows",
        Refusal::Missing(_) => {
            "enter a secret at the sender so that it signs, name the right sender in the hook, and see that no proxy \
             drops the header"
        }
        Refusal::Doubled(_) | Refusal::DoubledParameter(_) => "have the proxy in front pass it on once",
        Refusal::Malformed(_) | Refusal::MalformedField(_) => {
            "name the right sender in the hook: `bellhop senders NAME` says what each one sends"
        }
        Refusal::Stale(_) => "set the clocks by a time server; an old request is sent again by its sender",
        Refusal::Mismatch(_) | Refusal::WrongField(_) | Refusal::WrongToken(_) => {
            "copy the secret again from the sender, and see that nothing on the way changes the request"
        }
        Refusal::MissingField(_) | Refusal::Unparsable => "name the right sender in the hook",
        Refusal::Challenge(_) => "have the sender ask again; nobody but a forger sends such a challenge",
        Refusal::MissingParameter(_) => "enter the whole URL at the sender, with its parameter",
        Refusal::WrongBodyHash(_) => "see that nothing on the way changes the body or the query",
        Refusal::NoPublicUrl => "set `public_url` to what the sender calls",
        Refusal::Claim(_) => {
            "see that nothing on the way changes the body, and that `public_url` is what the sender calls"
        }
        Refusal::KeyAddress => "nobody but a forger names such an address",
        Refusal::NoKey => "see that this machine reaches the sender's servers",
        Refusal::Certificates(_) => "nobody but a forger sends such certificates; see that the clock is right",
        Refusal::Encrypted => "take the encryption key away where the sender is set up",
        Refusal::TooLong(_) => {
            "name the right sender in the hook, or have less sent at once; nothing longer is looked into"
        }
        Refusal::AnotherAccount => "write the id of your own account or topic into the hook's `secrets`",
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted(Some(which)) => write!(f, "it is accepted, by secret {}", which + 1),
            Self::Accepted(None) => f.write_str("it is accepted"),
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::Unusable { which, why } => write!(f, "secret {} is unusable: {why}", which + 1),
            Self::Retired => f.write_str("it matches a secret of the hook whose time is over"),
            Self::Header { wanted, found } => {
                write!(f, "there is no header {wanted}, but there is {found}: the hook may be of another sender")
            }
            Self::Doubled(name) => write!(f, "one of the values of the header {name} is right, and another was added"),
            Self::Value { name, how } => write!(f, "the header {name} is right {how}"),
            Self::Written { name, found, wanted } => {
                write!(f, "the signature in the header {name} is right")?;
                match (found.0 == wanted.0, found.1 == wanted.1) {
                    (true, true) => f.write_str(", but something else stands around it than this sender writes"),
                    (false, _) => {
                        write!(f, ", but computed with {}; this sender uses {}", found.0.words(), wanted.0.words())
                    }
                    (true, false) => {
                        write!(f, ", but written in {}; this sender writes {}", encoding(found.1), encoding(wanted.1))
                    }
                }
            }
            Self::OnlyLate(off) => write!(
                f,
                "the signature is right and {} s {}: a clock is off, or the request was held up or sent again",
                off.unsigned_abs(),
                if *off < 0 { "ahead of our clock" } else { "old" }
            ),
            Self::Secret { which, spelling } => write!(f, "secret {} matches {spelling}", which + 1),
            Self::OtherHook(name) => write!(f, "it matches the secret of the hook `{name}`"),
            Self::OtherSender(name) => write!(f, "it matches as a request of the sender `{name}`"),
            Self::Body(how) => write!(f, "it matches {how}: something on the way changes the body"),
            Self::Url(url) => write!(f, "it matches for the URL {url}: set public_url to what the sender calls"),
            Self::Length { promised, found } => {
                write!(f, "the head promises a body of {promised} bytes, and there are {found}")
            }
            Self::Empty => f.write_str("the body is empty: something on the way may drop it"),
            Self::Compressed(format) => write!(f, "the body is compressed ({format})"),
        }
    }
}

/// An encoding's name.
const fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Hex => "hexadecimal",
        Encoding::Base64 => "base64",
        Encoding::Base64Url => "base64 for URLs",
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trimmed => "once the white space around it is gone",
            Self::LineBreak => "with a line break at its end: the sender has one more than you",
            Self::Unquoted => "once the quotes around it are gone",
            Self::Unprefixed => "without `whsec_` before it, taken as it is",
            Self::Base64 => "when it is decoded from base64 first",
            Self::Hex => "when it is decoded from hexadecimal first",
            Self::Raw => "when it is taken as it is, undecoded",
        })
    }
}
