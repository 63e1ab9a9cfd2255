//! Requests that a web page makes with a browser's address: an allow list alone must not take them for their sender's.
//!
//! A browser says which page asks in `Origin`, with every POST, and in `Sec-Fetch-Site`, where the connection is safe or
//! the host is this machine. A page whose name leads here (DNS rebinding) is of the same origin as we are, so the host that
//! was asked for must also be one of ours: an address, this machine, or the public one.

use std::net::{IpAddr, Ipv6Addr};

use bellhop_senders::inbound::Headers;

use crate::answer::Refused;
use crate::doors::Door;

/// Whether any of these doors knows its senders by their address alone, so that it matters who makes a browser ask.
pub(super) fn matters_to(here: &[std::sync::Arc<Door>]) -> bool {
    here.iter().any(|door| door.knows_by_address())
}

/// Whether a web page that is not ours makes this request.
pub(super) fn is_foreign(headers: Headers<'_>, public_url: &str) -> bool {
    let given = |name: &str| headers.iter().any(|(found, _)| found == name);
    let (origin, site) = (given("origin"), given("sec-fetch-site"));
    if !origin && !site {
        return false;
    }
    let ours = authority(public_url).unwrap_or_default();
    let host =
        headers.single("host").ok().flatten().and_then(|host| std::str::from_utf8(host).ok()).unwrap_or_default();
    let is = |name: &str, known: &[&str]| known.iter().any(|known| name.eq_ignore_ascii_case(known));
    // One value of each, and one that is understood; what is not counts as foreign.
    let known_site = !site || matches!(headers.single("sec-fetch-site"), Ok(Some(b"same-origin" | b"none")));
    let own_page = match headers.single("origin") {
        Ok(None) => true,
        Ok(Some(origin)) => {
            std::str::from_utf8(origin).ok().and_then(authority).is_some_and(|page| is(page, &[host, ours]))
        }
        Err(_) => false,
    };
    let own_host = is(host, &[ours]) || cannot_be_rebound(host);
    !(known_site && own_page && own_host)
}

/// Why such a request is refused, for the operator and for the caller.
pub(super) fn refused() -> (&'static str, Refused) {
    let message = "this hook knows its sender by the address alone, and takes nothing that a web page sends from it";
    ("another site's page", Refused::new(403, "forbidden", message))
}

/// The host and port of a URL or origin; `None` where it has none, as `null` has.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split('/').next().filter(|authority| !authority.is_empty())
}

/// Whether a host, with its port or without, is written as an address or is this machine's own name: no name server is
/// asked for these.
fn cannot_be_rebound(host: &str) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok());
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "https://hooks.example.com";

    /// Whether a request with these headers counts as a foreign page's.
    fn foreign(headers: &[(&str, &str)]) -> bool {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        is_foreign(Headers::new(&headers), PUBLIC)
    }

    #[test]
    fn a_program_is_no_page_whatever_host_it_asks_for() {
        for host in ["127.0.0.1:8080", "localhost", "evil.example", "", "bellhop:8080"] {
            assert!(!foreign(&[("host", host), ("user-agent", "curl/8")]), "{host}");
        }
        assert!(!foreign(&[]));
    }

    #[test]
    fn a_page_of_another_site_is_foreign() {
        let here = ("host", "127.0.0.1:8080");
        for given in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "Cross-Site")],
            &[("sec-fetch-site", "")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://127.0.0.1:3000")],
            &[("origin", "http://127.0.0.1")],
            &[("origin", "http://localhost:8080")],
            &[("origin", "http://127.0.0.1:8080.evil.example")],
            &[("origin", "http://127.0.0.1:8080@evil.example")],
            &[("origin", "http://127.0.0.1:8080"), ("origin", "https://evil.example")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(foreign(&[&[here], given].concat()), "{given:?}");
        }
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_foreign() {
        for host in
            ["evil.example:8080", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[evil]"]
        {
            let origin = format!("http://{host}");
            for given in [
                &[("origin", origin.as_str())][..],
                &[("origin", &origin), ("sec-fetch-site", "same-origin")],
                &[("sec-fetch-site", "same-origin")],
            ] {
                assert!(foreign(&[&[("host", host)], given].concat()), "{host} {given:?}");
            }
        }
    }

    #[test]
    fn a_page_of_our_own_is_not() {
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "192.0.2.7", "hooks.example.com"] {
            let origin = format!("http://{host}");
            assert!(!foreign(&[("host", host), ("origin", &origin), ("sec-fetch-site", "same-origin")]), "{host}");
            assert!(!foreign(&[("host", host), ("sec-fetch-site", "none")]), "{host}: typed by a person");
        }
        // Behind a proxy that asks for us by another name.
        assert!(!foreign(&[("host", "127.0.0.1:8080"), ("origin", PUBLIC)]));
    }
}
