//! Addresses that may be called on somebody else's word: public ones alone.
//!
//! A name says nothing: what counts is the address it leads to at the moment of connecting.

mod private_hosts;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

pub use private_hosts::{PrivateHost, PrivateHosts};

/// Networks of IPv4 in which no public host is.
const CLOSED: [(Ipv4Addr, u32); 16] = [
    // This network, private networks and carriers' own.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Protocols, documentation, relays of 6to4 and benchmarks.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // The host's own services in a virtual machine of Azure.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// Where the hosts of IPv6 are: mapped, compatible, unique-local, link-local and multicast addresses lie outside.
const GLOBAL: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks within it in which no public host is.
const CLOSED_GLOBAL: [(Ipv6Addr, u32); 4] = [
    // Protocols: Teredo, benchmarks and identifiers among them.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation, twice, and 6to4.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// Where a network without IPv4 puts the hosts that have nothing else; the last four bytes are theirs.
const TRANSLATED: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// No address that was found may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is not a public one")]
pub struct NotPublic;

/// Whether a host with this address can be reached by everybody.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) if is_in_v6(address, TRANSLATED) => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(address) => {
            is_in_v6(address, GLOBAL) && !CLOSED_GLOBAL.iter().any(|network| is_in_v6(address, *network))
        }
    }
}

/// Whether a URL is https at a name, or at a public address; where a name leads is seen at the moment of connecting.
pub fn may_be_called(url: &Uri) -> bool {
    let Some(authority) = url.authority() else { return false };
    let host = authority.host();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    url.scheme_str() == Some("https")
        && !host.is_empty()
        && !authority.as_str().contains('@')
        && host.parse().map_or(true, is_public)
}

/// The same for IPv4.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let within = |(network, bits): (Ipv4Addr, u32)| (address.to_bits() ^ network.to_bits()) >> (32 - bits) == 0;
    !CLOSED.into_iter().any(within)
}

/// Whether an address lies in a network.
const fn is_in_v6(address: Ipv6Addr, (network, bits): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (128 - bits) == 0
}

/// The address that a caller is counted by: of IPv6 the network, since one caller has all of it.
pub fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & (u128::MAX << 64)).into()),
        ip => ip,
    }
}

#[cfg(test)]
mod tests;
