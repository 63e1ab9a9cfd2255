//! Hosts that may be private and are spoken to as they are, because the operator named them.

use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;

/// How long a name may be, in bytes (RFC 1035).
const MOST_NAME_BYTES: usize = 253;

/// The hosts of `network.allow_private_hosts`: a URL at one of them is called wherever it leads, and over plain HTTP too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateHosts(Option<Vec<PrivateHost>>);

/// One entry: a name or an address, at one port or at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateHost {
    host: Host,
    port: Option<u16>,
}

/// A host, as it stands in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// An address; every spelling of it is the same.
    Address(IpAddr),
    /// A name, in small letters.
    Name(String),
}

impl Default for PrivateHosts {
    /// None.
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl PrivateHosts {
    /// Every host: for addresses that the operator alone names, and for stacks on one machine.
    pub const fn every() -> Self {
        Self(None)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether a URL is http or https at one of these hosts and holds no credentials. A name is compared as it is
    /// written: what it leads to, or what else leads there, does not matter.
    pub fn names(&self, url: &Uri) -> bool {
        let Some(authority) = url.authority().filter(|authority| !authority.as_str().contains('@')) else {
            return false;
        };
        let Some(standard) = standard_port(url) else { return false };
        let Some(entries) = &self.0 else { return true };
        let (host, port) = (Host::read(authority.host()), authority.port_u16().unwrap_or(standard));
        entries.iter().any(|entry| Some(&entry.host) == host.as_ref() && entry.port.is_none_or(|named| named == port))
    }
}

impl FromIterator<PrivateHost> for PrivateHosts {
    fn from_iter<I: IntoIterator<Item = PrivateHost>>(hosts: I) -> Self {
        Self(Some(hosts.into_iter().collect()))
    }
}

impl PrivateHost {
    /// The host and the port of an http or https URL.
    pub fn of(url: &Uri) -> Option<Self> {
        let standard = standard_port(url)?;
        Some(Self { host: Host::read(url.host()?)?, port: Some(url.port_u16().unwrap_or(standard)) })
    }
}

/// The port of a URL that names none; `None` where its scheme is neither http nor https.
fn standard_port(url: &Uri) -> Option<u16> {
    match url.scheme_str()? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl FromStr for PrivateHost {
    type Err = String;

    /// Reads `host` or `host:port`; an address of IPv6 with a port stands in brackets. The error says how to write it.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{}` is no host: write `host` or `host:port`, such as `localhost:3000`", text.escape_default());
        if let Ok(address) = text.parse() {
            return Ok(Self { host: Host::Address(address), port: None });
        }
        let after_host = text.rfind(']').unwrap_or(0);
        let (host, port) = match text.rfind(':').filter(|at| *at > after_host) {
            Some(colon) => (&text[..colon], Some(text[colon + 1..].parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let host = Host::read(host).filter(|_| port != Some(0)).ok_or_else(wrong)?;
        Ok(Self { host, port })
    }
}

impl Host {
    /// Reads the host of a URL: a name, an address, or one of IPv6 in brackets.
    fn read(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(|address| Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let is_name = text.len() <= MOST_NAME_BYTES && text.split('.').all(is_label);
        is_name.then(|| Self::Name(text.to_ascii_lowercase()))
    }
}
