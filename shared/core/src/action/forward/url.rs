//! The address of a `forward` action: written out, or kept as a secret.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Forward;
use crate::action::{Action, Check, Place};
use crate::config::{SecretInput, read_secret, table};

/// How long a part of a path is shown; longer ones may be what opens the door.
const SHOWN_CHARS: usize = 15;

/// An address, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum UrlSpec {
    /// The address, or a reference to it.
    Plain(String),
    /// An address that is kept as a secret, because whoever knows it may use it.
    #[serde(deserialize_with = "table::one")]
    Secret(SecretUrl),
}

/// An address that is kept as a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SecretUrl {
    /// The address: a reference in a file, a value or a reference through the API.
    pub secret: String,
}

impl Default for UrlSpec {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

/// Reads where to post to: an address, or a reference to one.
pub(super) fn check(url: &UrlSpec, check: &mut Check<'_>) -> Option<Place<SecretInput>> {
    let text = match url {
        UrlSpec::Plain(text) => text,
        UrlSpec::Secret(SecretUrl { secret }) => {
            let kept = check.take("url.secret", read_secret(secret, check.secrets))?;
            if let SecretInput::Value(url) = &kept {
                check.take("url.secret", read_target(url.expose()))?;
            }
            return Some(Place::Kept(kept));
        }
    };
    if text.trim().is_empty() {
        let mut kept = check.kept.iter().filter_map(|action| match action {
            Action::Forward(Forward { url: Place::Kept(reference), .. }) => Some(reference.clone()),
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

/// Whether an address that was written is the one there was; one that is kept is left out.
pub(super) fn is_same(old: &Place, written: &UrlSpec) -> bool {
    match (old, written) {
        (Place::Url(url), UrlSpec::Plain(written)) => url == written,
        (Place::Kept(_), UrlSpec::Plain(written)) => written.is_empty(),
        (_, UrlSpec::Secret(_)) => false,
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
pub(super) fn shown(url: &str) -> String {
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
