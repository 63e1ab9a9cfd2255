//! URLs that are not the configured one.

use super::{Case, Finding};
use crate::inbound::{Inbound, Url};
use crate::sender::{Part, Scheme};
use crate::verify::Key;

/// Whether another URL than the configured one matches: with the other protocol, or with the host that was called.
pub(super) fn other_url(case: Case<'_>, keys: &[Key]) -> Option<Finding> {
    if !case.schemes().any(covers_url) {
        return None;
    }
    let url = case.inbound.url;
    let host = case.inbound.headers.text("host").map(|host| format!("https://{host}"));
    let swapped = match url.base().split_once("://") {
        Some(("http", rest)) => Some(format!("https://{rest}")),
        Some(("https", rest)) => Some(format!("http://{rest}")),
        _ => None,
    };
    let slash = url.path().strip_suffix('/').map_or_else(|| format!("{}/", url.path()), str::to_owned);
    let bases = host.iter().chain(&swapped).map(String::as_str).chain([url.base()]);
    for base in bases {
        for target in [url.target(), url.path(), &slash] {
            let other = Url::new(base, target);
            if other != url && case.proves(keys, Inbound { url: other, ..case.inbound }) {
                return Some(Finding::Url(format!("{base}{}", other.path())));
            }
        }
    }
    None
}

/// Whether a scheme signs something of the URL.
fn covers_url(scheme: &Scheme) -> bool {
    use Part::{FormOrBodyHash, Path, Query, QuerySorted, Url, UrlAnyPort, UrlContentful, UrlHubspot};
    match scheme {
        Scheme::Signed(signed) => signed.content.iter().any(|part| {
            matches!(part, Url | UrlAnyPort | UrlContentful | UrlHubspot | Path | Query | QuerySorted | FormOrBodyHash)
        }),
        Scheme::Jwt(jwt) => jwt.url_hash.is_some(),
        Scheme::Token(_) | Scheme::AppStore(_) | Scheme::None => false,
    }
}
