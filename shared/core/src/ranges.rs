//! Networks that providers publish for their webhooks, by name.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::hook::Allowed;

/// The names of the sets.
pub const SETS: [&str; 2] = ["github", "tradingview"];

/// GitHub's networks as they were when this version was made.
const GITHUB: &str = include_str!("../ranges/github.txt");

/// The addresses of `TradingView`, which it publishes on a page and in no list that could be fetched.
const TRADINGVIEW: &str = include_str!("../ranges/tradingview.txt");

/// The sets as they are known at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(HashMap<String, Vec<IpNet>>);

impl Ranges {
    /// Sets by name.
    pub const fn new(sets: HashMap<String, Vec<IpNet>>) -> Self {
        Self(sets)
    }

    /// The sets as they were when this version was made; they are read from a text, so only where a set is used.
    pub fn shipped() -> Self {
        Self(
            [("github", GITHUB), ("tradingview", TRADINGVIEW)]
                .map(|(name, text)| (name.to_owned(), networks_in(text)))
                .into(),
        )
    }

    /// The networks of a set; `None` where it is not known.
    pub fn set(&self, name: &str) -> Option<&[IpNet]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Replaces the networks of a set.
    pub fn put(&mut self, name: &str, networks: Vec<IpNet>) {
        self.0.insert(name.to_owned(), networks);
    }

    /// The networks that a hook's list stands for; a set that is not known stands for none.
    pub fn networks(&self, allowed: &[Allowed]) -> Vec<IpNet> {
        let mut networks = Vec::with_capacity(allowed.len());
        for entry in allowed {
            match entry {
                Allowed::Network(network) => networks.push(*network),
                Allowed::Published(name) => networks.extend(self.0.get(name).into_iter().flatten()),
            }
        }
        networks
    }
}

/// Whether any of these lists names a published set.
pub fn are_used<'a>(mut lists: impl Iterator<Item = &'a [Allowed]>) -> bool {
    lists.any(|list| list.iter().any(|entry| matches!(entry, Allowed::Published(_))))
}

/// Why a newly published set is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It has no networks.
    #[error("it is empty")]
    Empty,
    /// It is far from complete.
    #[error("it has {new} networks where there were {old}: more than half are gone")]
    Shrunk {
        /// How many there were.
        old: usize,
        /// How many there would be.
        new: usize,
    },
    /// A network in it spans too much of the internet to be one provider's.
    #[error("{0} is too wide to be one provider's network")]
    TooWide(IpNet),
}

/// Checks a newly published set against the one in use, so that no mishap of its provider locks senders out or lets all in.
pub fn check_published(old: &[IpNet], new: &[IpNet]) -> Result<(), NotTaken> {
    if new.is_empty() {
        return Err(NotTaken::Empty);
    }
    if new.len() * 2 < old.len() {
        return Err(NotTaken::Shrunk { old: old.len(), new: new.len() });
    }
    let narrowest = |network: &IpNet| if network.addr().is_ipv4() { 8 } else { 16 };
    match new.iter().find(|network| network.prefix_len() < narrowest(network)) {
        Some(network) => Err(NotTaken::TooWide(*network)),
        None => Ok(()),
    }
}

/// The networks of a text, one a line; `#` begins a remark.
fn networks_in(text: &str) -> Vec<IpNet> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.trim().parse().ok()).collect()
}

/// Whether a request may come from this address; an unknown address is in no network.
pub fn contains(networks: &[IpNet], source: Option<IpAddr>) -> bool {
    // An IPv4 address that arrived over an IPv6 socket is still that IPv4 address.
    source.is_some_and(|ip| networks.iter().any(|net| net.contains(&ip.to_canonical())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_addresses() {
        let networks: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        for (source, inside) in
            [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("2001:db8::7", true), ("11.0.0.1", false)]
        {
            assert_eq!(contains(&networks, source.parse().ok()), inside, "{source}");
        }
        assert!(!contains(&networks, None));
    }

    #[test]
    fn every_line_of_the_shipped_set_is_a_network() {
        let shipped = Ranges::shipped();
        let lines = GITHUB.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(shipped.set("github").map(<[IpNet]>::len), Some(lines));
        let networks = shipped.networks(&[Allowed::Published("github".to_owned())]);
        for (source, inside) in [("140.82.115.3", true), ("2a0a:a440::9", true), ("192.0.2.1", false)] {
            assert_eq!(contains(&networks, source.parse().ok()), inside, "{source}");
        }
        for name in SETS {
            assert!(shipped.set(name).is_some(), "{name} is shipped");
        }
        let networks = shipped.networks(&[Allowed::Published("tradingview".to_owned())]);
        let named = ["34.212.75.30", "52.32.178.7", "52.89.214.238", "54.218.53.128"];
        assert_eq!(networks.len(), named.len());
        assert!(named.into_iter().all(|source| contains(&networks, source.parse().ok())));
        assert!(!contains(&networks, "52.89.214.239".parse().ok()));
    }

    #[test]
    fn a_published_set_is_not_taken_blindly() {
        let nets = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpNet>>();
        let old = nets(&["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"]);
        for (new, taken) in [
            (nets(&["192.0.2.0/24", "198.51.100.0/24"]), true),
            (nets(&["192.0.2.0/24"]), false),
            (nets(&[]), false),
            (nets(&["0.0.0.0/0", "192.0.2.0/24"]), false),
            (nets(&["::/0", "192.0.2.0/24"]), false),
            (nets(&["10.0.0.0/8", "2001::/16"]), true),
        ] {
            assert_eq!(check_published(&old, &new).is_ok(), taken, "{new:?}");
        }
        assert_eq!(check_published(&[], &[]), Err(NotTaken::Empty));
    }

    #[test]
    fn a_set_stands_for_its_networks_and_an_unknown_one_for_none() {
        let network: IpNet = "192.0.2.0/24".parse().unwrap();
        let ranges = Ranges::new(HashMap::from([("github".to_owned(), vec![network])]));
        let named = |name: &str| Allowed::Published(name.to_owned());
        assert_eq!(ranges.networks(&[named("github"), Allowed::Network(network)]), [network, network]);
        assert_eq!(ranges.networks(&[named("gone")]), []);
    }
}
