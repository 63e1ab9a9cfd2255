//! Who counts as one source.

use std::net::{IpAddr, Ipv6Addr};

/// How many bits of an IPv6 address name the network that one subscriber has.
const NETWORK_BITS: u32 = 64;

/// An address as limits count it: an IPv4 address by itself, an IPv6 address with all others of its network.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX << (Ipv6Addr::BITS - NETWORK_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        address => address,
    }
}

#[test]
fn an_ipv6_network_is_one_source() {
    let counted = |address: &str| counted(address.parse().unwrap()).to_string();
    assert_eq!(counted("192.0.2.1"), "192.0.2.1");
    assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1");
    assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(counted("2001:db8:1:3::"), "2001:db8:1:3::");
    assert_eq!(counted("::1"), "::");
}
