//! Posts to another URL: the event as it came, or a body made of it.

mod headers;
mod request;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Check, Lane, Place};
use crate::config::{SecretInput, between, read_secret};
use crate::secret::SecretRef;
use crate::template::{Escape, Template};

pub use headers::{HOPS, MOST_HOPS, hops};
pub use request::{Body, Request, signed};

/// How long an answer is waited for unless said, and at most, in seconds.
const TIMEOUT_SECONDS: u64 = 10;
const MOST_TIMEOUT_SECONDS: u64 = 30;

/// The most headers of an action.
const MOST_HEADERS: usize = 30;

/// How long a part of a path is shown; longer ones may be what opens the door.
const SHOWN_CHARS: usize = 15;

/// Posts the event to another URL; `S` is where its secrets are, or what they are until they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Forward<S = SecretRef> {
    /// The URL.
    pub url: Place<S>,
    /// The method.
    pub method: Method,
    /// Headers besides those of the event, by lower-case name; each value is a template.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The template of the body; the original bytes where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// How it is signed.
    #[serde(default = "nothing", skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign<S>>,
    /// How long an answer is waited for, in seconds.
    pub timeout_seconds: u64,
    /// Whether events go out one at a time, in their order.
    #[serde(default)]
    pub ordered: bool,
}

/// How a request is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sign<S = SecretRef> {
    /// The scheme.
    pub scheme: SignScheme,
    /// The secret.
    pub secret: S,
}

/// A scheme that requests are signed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SignScheme {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// As GitHub does: `x-hub-signature-256`.
    Github,
}

/// A method that takes a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

/// A `forward` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ForwardAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The URL, or a reference to it.
    pub url: String,
    /// The method; `POST` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Headers besides those of the event; each value is a template.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body's template; the original bytes and their content type unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// How it is signed; not at all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<SignSpec>,
    /// How long an answer is waited for, in seconds, from 1 to 30; 10 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Whether events go out one at a time, in their order; side by side unless said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
}

/// How a request is signed, as written.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignSpec {
    /// The scheme: `standard-webhooks` or `github`.
    pub scheme: SignScheme,
    /// The secret: a reference in a file, a value or a reference through the API; of a changed action the one it had,
    /// where it goes to the same URL.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secret: String,
}

impl Method {
    /// The method, in capitals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl SignScheme {
    /// The sender whose scheme it is.
    pub const fn sender(self) -> &'static str {
        match self {
            Self::StandardWebhooks => "standard-webhooks",
            Self::Github => "github",
        }
    }
}

impl Forward<SecretInput> {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        let url = check_url(&spec.url, check);
        let headers = headers::check(&spec.headers, check);
        if let Some(body) = &spec.body {
            check.take("body", Template::compile(body, Escape::None));
        }
        let sign = match &spec.sign {
            None => None,
            Some(sign) => Some(Sign { scheme: sign.scheme, secret: check_secret(sign, spec, check)? }),
        };
        let timeout = spec.timeout_seconds.unwrap_or(TIMEOUT_SECONDS);
        let timeout_seconds = check.take("timeout_seconds", between(timeout, 1, MOST_TIMEOUT_SECONDS))?;
        Some(Self {
            url: url?,
            method: spec.method.unwrap_or_default(),
            headers: headers?,
            body: spec.body.clone(),
            sign,
            timeout_seconds,
            ordered: spec.ordered,
        })
    }
}

impl<S> Forward<S> {
    /// Its secrets: that of its address, then that of its signature.
    pub(super) fn secrets(&self) -> Vec<&S> {
        let url = if let Place::Kept(secret) = &self.url { Some(secret) } else { None };
        url.into_iter().chain(self.sign.as_ref().map(|sign| &sign.secret)).collect()
    }

    /// The same with each of its secrets made another.
    pub(super) fn map<T>(self, mut make: impl FnMut(S) -> T) -> Forward<T> {
        Forward {
            url: self.url.map(&mut make),
            sign: self.sign.map(|sign| Sign { scheme: sign.scheme, secret: make(sign.secret) }),
            method: self.method,
            headers: self.headers,
            body: self.body,
            timeout_seconds: self.timeout_seconds,
            ordered: self.ordered,
        }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(&str, Escape)> {
        self.body.iter().chain(self.headers.values()).map(|template| (template.as_str(), Escape::None)).collect()
    }

    /// How its tasks travel.
    pub const fn lane(&self) -> Lane {
        if self.ordered { Lane::Ordered } else { Lane::Parallel }
    }
}

impl Forward {
    /// The action as it would be written, without its secrets.
    pub(super) fn spec(&self) -> Spec {
        Spec {
            url: match &self.url {
                Place::Url(url) => url.clone(),
                Place::Kept(_) => String::new(),
            },
            method: Some(self.method),
            headers: self.headers.clone(),
            body: self.body.clone(),
            sign: self.sign.as_ref().map(|sign| SignSpec { scheme: sign.scheme, secret: String::new() }),
            timeout_seconds: Some(self.timeout_seconds),
            ordered: self.ordered,
        }
    }

    /// Where it goes to, as people name it: the address without its query, and long parts of its path by a fingerprint, for
    /// they may be what opens the door; or where the address is kept.
    pub fn destination(&self) -> String {
        match &self.url {
            Place::Url(url) => shown(url),
            Place::Kept(reference) => match reference.fingerprint() {
                Some(fingerprint) => format!("a kept address {fingerprint}"),
                None => reference.to_string(),
            },
        }
    }
}

/// Reads where to post to: an address, or a reference to one.
fn check_url(text: &str, check: &mut Check<'_>) -> Option<Place<SecretInput>> {
    if text.trim().is_empty() {
        let mut kept = check.kept.iter().filter_map(|action| match action {
            super::Action::Forward(Forward { url: Place::Kept(reference), .. }) => Some(reference.clone()),
            _ => None,
        });
        // Of several nobody says which.
        let only = kept.next().filter(|_| kept.next().is_none());
        let missing = || check_missing(check);
        return only.map(|reference| Place::Kept(SecretInput::Reference(reference))).or_else(missing);
    }
    if text.contains("://") {
        return check.take("url", read_target(text)).map(Place::Url);
    }
    match check.take("url", read_secret(text, check.secrets))? {
        SecretInput::Reference(reference) => Some(Place::Kept(SecretInput::Reference(reference))),
        SecretInput::Value(_) => {
            check.add("url", "not a URL; write a whole one such as `https://example.com/in`");
            None
        }
    }
}

/// Says that there is no address.
fn check_missing<T>(check: &mut Check<'_>) -> Option<T> {
    check.add("url", "a `forward` action needs a URL: `url = \"https://example.com/in\"`");
    None
}

/// Reads the secret of a signature; one that is left out stays, where the request goes to the same place.
fn check_secret(sign: &SignSpec, spec: &Spec, check: &mut Check<'_>) -> Option<SecretInput> {
    if sign.secret.is_empty() {
        let kept = check.kept.iter().find_map(|action| match action {
            super::Action::Forward(Forward { url, sign: Some(old), .. })
                if old.scheme == sign.scheme && is_same(url, &spec.url) =>
            {
                Some(old.secret.clone())
            }
            _ => None,
        });
        if let Some(reference) = kept {
            return Some(SecretInput::Reference(reference));
        }
    }
    let secret = check.take("sign.secret", read_secret(&sign.secret, check.secrets))?;
    if let SecretInput::Value(value) = &secret {
        check.take("sign.secret", request::key_problem(sign.scheme, value).map_or(Ok(()), Err))?;
    }
    Some(secret)
}

/// Whether an address that was written is the one there was; one that is kept is left out.
fn is_same(old: &Place, written: &str) -> bool {
    match old {
        Place::Url(url) => url == written,
        Place::Kept(_) => written.is_empty(),
    }
}

/// Reads an address that requests are sent to: `http` or `https`, a host, and no credentials or fragment in it.
pub fn read_target(text: &str) -> Result<String, String> {
    const FIX: &str = "write a whole URL such as `https://example.com/in`";
    let text = text.trim();
    let url: http::Uri = text.parse().map_err(|_| format!("not a URL; {FIX}"))?;
    let known = matches!(url.scheme_str(), Some("http" | "https"));
    let host = url.host().is_some_and(|host| !host.is_empty());
    if !known || !host {
        return Err(format!("not an http or https URL; {FIX}"));
    }
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a URL with a user's name in it; send credentials in `headers`".to_owned());
    }
    if text.contains('#') {
        return Err("what stands behind `#` is never sent; leave it out".to_owned());
    }
    Ok(text.to_owned())
}

/// An address without what may be secret in it.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = plain.split_once("://").unwrap_or(("", plain));
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default();
    let mut text = format!("{scheme}://{host}");
    for part in parts {
        text.push('/');
        match part.len() > SHOWN_CHARS {
            true => text.push_str(&format!("…{}", &hex::encode(Sha256::digest(part))[..8])),
            false => text.push_str(part),
        }
    }
    text
}

/// No signature, for what was stored without one.
const fn nothing<S>() -> Option<Sign<S>> {
    None
}

#[cfg(test)]
mod tests;
