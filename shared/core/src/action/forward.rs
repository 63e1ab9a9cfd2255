//! Posts to another URL: the event as it came, or a body made of it.

mod headers;
mod request;
mod url;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::secrets::kept_place;
use super::{Check, Lane, Material, Place, Rendered};
use crate::config::{SecretInput, between, read_secret, table};
use crate::secret::SecretRef;
use crate::template::{Escape, Template};
use crate::work::Payload;

pub use headers::{HOPS, MOST_HOPS, hops};
pub use request::{Body, Request, signed};
pub use url::{SecretUrl, UrlSpec, read_target};

/// How long an answer is waited for unless said, and at most, in seconds.
const TIMEOUT_SECONDS: u64 = 10;
const MOST_TIMEOUT_SECONDS: u64 = 30;

/// The most headers of an action.
const MOST_HEADERS: usize = 30;

/// Posts the event to another URL; `S` is where its secrets are, or what they are until they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The URL, or a reference to it; or `{"secret": URL}`, where the URL is a secret itself.
    pub url: UrlSpec,
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
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "table::maybe")]
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
        let url = url::check(&spec.url, check);
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
    /// Its secrets with their fields: that of its address, then that of its signature.
    pub(super) fn secrets(&self) -> Vec<(&'static str, &S)> {
        let url = if let Place::Kept(secret) = &self.url { Some(("url", secret)) } else { None };
        url.into_iter().chain(self.sign.as_ref().map(|sign| ("sign.secret", &sign.secret))).collect()
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
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        let body = self.body.iter().map(|template| ("body".to_owned(), template));
        let headers = self.headers.iter().map(|(name, template)| (header_field(name), template));
        body.chain(headers).map(|(field, template)| (field, template.as_str(), Escape::None)).collect()
    }

    /// It passes the event on, and says nothing of its own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        false
    }

    /// How its tasks travel.
    pub const fn lane(&self) -> Lane {
        if self.ordered { Lane::Ordered } else { Lane::Parallel }
    }
}

impl Forward {
    /// The request that it makes of an event.
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let request = Request::render(self, material);
        let request = request.map_err(|failure| format!("a template of its action failed: {failure}"))?;
        Ok(Rendered { payload: Payload::Forward(request), lane: self.lane(), trouble: None })
    }

    /// The action as it would be written, without its secrets.
    pub(super) fn spec(&self) -> Spec {
        Spec {
            url: match &self.url {
                Place::Url(url) => UrlSpec::Plain(url.clone()),
                Place::Kept(_) => UrlSpec::default(),
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
    pub(super) fn destination(&self) -> String {
        match &self.url {
            Place::Url(url) => url::shown(url),
            Place::Kept(reference) => kept_place(reference),
        }
    }
}

/// The field that the template of a header stands in.
fn header_field(name: &str) -> String {
    format!("headers.{name}")
}

/// Reads the secret of a signature; one that is left out stays, where the request goes to the same place.
fn check_secret(sign: &SignSpec, spec: &Spec, check: &mut Check<'_>) -> Option<SecretInput> {
    if sign.secret.is_empty() {
        let kept = check.kept.iter().find_map(|action| match action {
            super::Action::Forward(Forward { url, sign: Some(old), .. })
                if old.scheme == sign.scheme && url::is_same(url, &spec.url) =>
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

/// Puts the values of secrets in the place of the references that are written in these fields, as far as `value_of` has
/// them.
pub(super) fn resolve<E>(
    fields: &mut Map<String, Value>,
    value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>,
) -> Result<(), E> {
    let mut value_in = |text: &Value| match text.as_str().and_then(|text| SecretRef::parse(text).ok()) {
        Some(reference) => value_of(&reference),
        None => Ok(None),
    };
    if let Some(url) = fields.get_mut("url")
        && let Some(secret) = value_in(url.get("secret").unwrap_or(url))?
    {
        *url = serde_json::json!({ "secret": secret });
    }
    if let Some(secret) = fields.get_mut("sign").and_then(|sign| sign.get_mut("secret"))
        && let Some(value) = value_in(secret)?
    {
        *secret = value.into();
    }
    Ok(())
}

/// No signature, for what was stored without one.
const fn nothing<S>() -> Option<Sign<S>> {
    None
}

#[cfg(test)]
mod tests;
