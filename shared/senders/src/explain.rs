//! Why a request was refused, in words for the operator: never for the sender, and never with a secret in them.
//!
//! What is nearly right is tried: another spelling of the secret, of the header, of the body or of the URL, another hook's
//! secret, another sender's scheme. None of it lets a request in, and all comparing is done in constant time, as it is
//! where requests are let in.

mod body;
mod header;
mod json;
mod secret;
mod url;
mod words;
mod written;

use crate::inbound::Inbound;
use crate::secret::Secret;
use crate::sender::{Encoding, Hash, Scheme, Sender};
use crate::time::Timestamp;
use crate::verify::{BadKey, FetchedKey, Key, Refusal, verify};

/// A refused request, and what is known on our side.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The hook's sender.
    pub sender: &'static Sender,
    /// The hook's secrets.
    pub secrets: &'a [Secret],
    /// The secrets of other hooks, each with the hook's name.
    pub others: &'a [(&'a str, &'a Secret)],
    /// The request.
    pub inbound: Inbound<'a>,
    /// The sender's own key, where it was fetched.
    pub fetched: Option<&'a FetchedKey>,
    /// When it came in.
    pub now: Timestamp,
}

/// Something found out about a refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is accepted, by this one of the secrets, counted from 0.
    Accepted(Option<usize>),
    /// What the verifier says.
    Refused(Refusal),
    /// One of the secrets cannot be used with the sender's scheme.
    Unusable {
        /// Which of the secrets, counted from 0.
        which: usize,
        /// Why.
        why: BadKey,
    },
    /// It matches a secret of the hook whose time is over.
    Retired,
    /// The header is there under a name that is almost right.
    Header {
        /// The name we look for.
        wanted: &'static str,
        /// The name it came under.
        found: String,
    },
    /// One of several headers of this name is right.
    Doubled(&'static str),
    /// The header is right once this is done to its value.
    Value {
        /// The header.
        name: &'static str,
        /// What has to be done.
        how: &'static str,
    },
    /// The signature is right, but not computed or written as this sender does it.
    Written {
        /// The header.
        name: &'static str,
        /// How it is computed and written.
        found: (Hash, Encoding),
        /// How this sender does it.
        wanted: (Hash, Encoding),
    },
    /// All is right but the time; our clock or the sender's is off, or the request was held up.
    OnlyLate(i64),
    /// It matches with another spelling of the secret.
    Secret {
        /// Which of the secrets, counted from 0.
        which: usize,
        /// What has to be done to it.
        spelling: Spelling,
    },
    /// It matches another hook's secret.
    OtherHook(String),
    /// It matches as a request of another sender.
    OtherSender(&'static str),
    /// It matches with a changed body: something between the sender and us changed it.
    Body(&'static str),
    /// It matches with another URL than the configured one.
    Url(String),
    /// The body has another length than its head says.
    Length {
        /// What the head says.
        promised: u64,
        /// What is there.
        found: u64,
    },
    /// There is no body.
    Empty,
    /// The body is compressed, in this format.
    Compressed(&'static str),
}

/// Another spelling of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Without the white space around it.
    Trimmed,
    /// With a line break at its end.
    LineBreak,
    /// Without the quotes around it.
    Unquoted,
    /// Without `whsec_` before it, and taken as it is.
    Unprefixed,
    /// Decoded from base64.
    Base64,
    /// Decoded from hexadecimal.
    Hex,
    /// Taken as it is.
    Raw,
}

/// What can be found out about a request; the first finding says whether it is accepted.
pub fn explain(case: Case<'_>) -> Vec<Finding> {
    let (places, keys): (Vec<_>, Vec<_>) = case.keys().unzip();
    match verify(case.sender, &keys, case.inbound, case.fetched, case.now) {
        Ok(verified) => {
            vec![Finding::Accepted(verified.matched_key().and_then(|key| places.get(key).copied()))]
        }
        Err(refusal) => [vec![Finding::Refused(refusal)], hints(case, refusal)].concat(),
    }
}

/// What more can be found out about a request that was refused for this cause.
pub fn hints(case: Case<'_>, refusal: Refusal) -> Vec<Finding> {
    let (_, keys): (Vec<_>, Vec<_>) = case.keys().unzip();
    if case.proves(&keys, case.inbound) {
        return vec![Finding::Retired];
    }
    // What else may be wrong with an old request is found out as of its own time.
    let case = match refusal {
        Refusal::Stale(off) => case.signed_at(off),
        _ => case,
    };
    let mut findings = secret::unusable(case);
    match refusal {
        Refusal::Stale(off) if case.proves(&keys, case.inbound) => return vec![Finding::OnlyLate(off)],
        Refusal::Missing(wanted) => findings.extend(header::other_name(case, wanted)),
        _ => {}
    }
    let header = header::only_one(case, &keys, refusal).or_else(|| header::other_value(case, &keys));
    findings.extend(header.or_else(|| written::other_writing(case, refusal)));
    findings.extend(secret::other_spelling(case));
    findings.extend(secret::other_hook(case));
    findings.extend(body::odd(case));
    findings.extend(body::other_body(case, &keys));
    findings.extend(url::other_url(case, &keys));
    findings.extend(other_sender(case));
    findings
}

impl<'a> Case<'a> {
    /// The usable keys, each with the place of its secret.
    fn keys(self) -> impl Iterator<Item = (usize, Key)> + use<'a> {
        let keys = self.secrets.iter().enumerate();
        keys.filter_map(move |(which, secret)| Some((which, Key::new(self.sender, secret).ok()?)))
    }

    /// Whether the request proves itself to these keys.
    fn proves(&self, keys: &[Key], inbound: Inbound<'_>) -> bool {
        !self.sender.is_unsigned() && verify(self.sender, keys, inbound, self.fetched, self.now).is_ok()
    }

    /// The same, as it was so many seconds ago.
    fn signed_at(self, off: i64) -> Self {
        let then = off.checked_mul(-1000).and_then(|ms| self.now.as_ms().checked_add_signed(ms));
        Case { now: then.map_or(self.now, Timestamp::from_ms), ..self }
    }

    /// The schemes that the hook's secrets are for; the sender's own where there is none.
    fn schemes(self) -> impl Iterator<Item = &'static Scheme> + use<'a> {
        let none = self.secrets.is_empty().then_some(&self.sender.scheme);
        self.secrets.iter().map(move |secret| self.sender.scheme_for(secret.expose())).chain(none)
    }
}

/// Whether the request is one of another sender, signed with one of these secrets; of several, the one whose other headers
/// are there too.
fn other_sender(case: Case<'_>) -> Option<Finding> {
    let there = |name: &str| case.inbound.headers.iter().any(|(found, _)| found == name);
    let others = Sender::all().iter().filter(|sender| sender.name != case.sender.name && !sender.is_unsigned());
    let matching = others.filter(|sender| {
        let keys = || case.secrets.iter().filter_map(|secret| Key::new(sender, secret).ok()).collect::<Vec<_>>();
        there(sender.scheme.carrier()) && verify(sender, &keys(), case.inbound, None, case.now).is_ok()
    });
    let strange = |sender: &&Sender| {
        [sender.event_type, sender.delivery_id].iter().filter(|place| !place.header().is_some_and(there)).count()
    };
    matching.min_by_key(strange).map(|sender| Finding::OtherSender(sender.name))
}

#[cfg(test)]
mod tests;
