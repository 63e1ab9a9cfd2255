//! What stands in for a signature where a sender has none: a path that nobody guesses, or addresses that few have.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::super::Problems;
use super::{CAPABILITY_LENGTH, is_capability};
use crate::config::HookSpec;
use crate::hook::Allowed;
use bellhop_senders::sender::Sender;

/// The widest network that says who somebody is, by its prefix, and the widest that all of a list may be together.
///
/// A private network is at most 10.0.0.0/8; of IPv6, registries give providers a /32, the largest of them a /19.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 20;
const WIDEST_V4_TOGETHER: u8 = 7;
const WIDEST_V6_TOGETHER: u8 = 19;

/// Networks of IPv6 in which an address of IPv4 follows: mapped, translated (RFC 6052), and 6to4 (RFC 3056).
const WITHIN_V6: [(u128, u8); 3] = [(0xffff << 32, 96), (0x0064_ff9b << 96, 96), (0x2002 << 112, 16)];

/// Networks of IPv6 that nobody else's packets come from: unique-local, link-local.
const PRIVATE_V6: [(u128, u8); 2] = [(0xfc << 120, 7), (0xfe80 << 112, 10)];

/// Checks that an unsigned hook has another protection; `allowed` is its list as it was read.
pub(super) fn check(spec: &HookSpec, sender: Option<&Sender>, allowed: &[Allowed], problems: &mut Problems) {
    // A path that Bellhop makes itself is long and random.
    let guessable = spec.path.as_deref().is_some_and(|path| !is_capability(path));
    let Some(sender) = sender.filter(|sender| sender.is_unsigned() && guessable) else {
        return;
    };
    let path = format!("make `path` at least {CAPABILITY_LENGTH} random characters or leave it out to have one made");
    if spec.allowed_ips.is_empty() {
        let what = "anyone who guesses the path of an unsigned hook can post to it";
        problems.add("path", format!("{what}: {path}, or set `allowed_ips`"));
    } else if let Some(why) = proves_nothing(allowed, sender) {
        problems.add(
            "allowed_ips",
            format!("{why}, which proves nothing of an unsigned hook's sender: name its own addresses, or {path}"),
        );
    }
}

/// Why a list of addresses does not tell a sender from others, if it does not.
fn proves_nothing(allowed: &[Allowed], sender: &Sender) -> Option<String> {
    let mut networks = Vec::with_capacity(allowed.len());
    for entry in allowed {
        match entry {
            Allowed::Network(network) => networks.push(*network),
            // At a provider who takes anybody's account, anybody's requests come from there.
            Allowed::Published(set) if *set != sender.name => {
                return Some(format!("everybody with an account at `{set}` sends from its addresses"));
            }
            Allowed::Published(_) => {}
        }
    }
    let wide = networks.iter().find(|network| is_wide(**network));
    wide.map(|network| format!("`{network}` lets nearly everybody in")).or_else(|| {
        let (v4, v6) = together(&networks);
        let too_many = v4 > size(32, WIDEST_V4_TOGETHER) || v6 > size(64, WIDEST_V6_TOGETHER);
        too_many.then(|| "these networks together let nearly everybody in".to_owned())
    })
}

/// Whether a network is too wide to be somebody's own.
fn is_wide(network: IpNet) -> bool {
    match of_its_kind(network) {
        Some(IpNet::V4(network)) => network.prefix_len() < WIDEST_V4,
        Some(IpNet::V6(network)) => network.prefix_len() < WIDEST_V6,
        None => false,
    }
}

/// How many addresses of IPv4, and networks of 64 bits of IPv6, lie in any of these.
fn together(networks: &[IpNet]) -> (u128, u128) {
    let all: Vec<IpNet> = networks.iter().filter_map(|network| of_its_kind(*network)).collect();
    IpNet::aggregate(&all).into_iter().fold((0, 0), |(v4, v6), network| match network {
        IpNet::V4(network) => (v4 + size(32, network.prefix_len()), v6),
        IpNet::V6(network) => (v4, v6 + size(64, network.prefix_len().min(64))),
    })
}

/// How many entries a prefix leaves of so many bits.
const fn size(bits: u8, prefix: u8) -> u128 {
    1 << (bits - prefix)
}

/// The addresses that a network stands for: of IPv4 where it holds those, none where it is a private one of IPv6.
fn of_its_kind(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(v6) = network else { return Some(network.trunc()) };
    if PRIVATE_V6.iter().any(|inner| lies_in(v6, *inner)) {
        return None;
    }
    let holder = WITHIN_V6.iter().find(|holder| lies_in(v6, **holder));
    let Some((_, start)) = holder else { return Some(network.trunc()) };
    let address = u32::try_from(v6.network().to_bits() << start >> 96).unwrap_or_default();
    let prefix = (v6.prefix_len() - start).min(32);
    Ipv4Net::new(address.into(), prefix).ok().map(|network| IpNet::V4(network.trunc()))
}

/// Whether all of a network lies in another.
fn lies_in(network: Ipv6Net, (start, prefix): (u128, u8)) -> bool {
    network.prefix_len() >= prefix && (network.network().to_bits() ^ start) >> (128 - prefix) == 0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::config::check::{SecretsAs, check_hook};
    use crate::config::{HookSpec, Problem};

    /// What is wrong with a hook of this sender, path and list; it has a secret where its sender signs.
    fn problems(sender: &str, path: Option<&str>, ips: &Value) -> Vec<Problem> {
        let secrets: &[&str] = if sender == "shared-secret" { &["env:S"] } else { &[] };
        let hook = json!({"name": "n", "path": path, "sender": sender, "allowed_ips": ips, "secrets": secrets,
            "actions": [{"kind": "telegram", "chat": 1}]});
        let spec: HookSpec = serde_json::from_value(hook).unwrap();
        check_hook(&spec, SecretsAs::References).err().unwrap_or_default()
    }

    #[test]
    fn an_allow_list_of_everybody_is_none() {
        let every_other: Vec<String> = (0..128).map(|net| format!("{}.0.0.0/8", 2 * net)).collect();
        let pieces: Vec<String> = (0..512).map(|net| format!("{}.{}.0.0/9", net / 2, net % 2 * 128)).collect();
        let sixes: Vec<String> = (0..16).map(|net| format!("2a0{net:x}::/20")).collect();
        for ips in [
            json!(["0.0.0.0/0"]),
            json!(["1.2.3.4/0"]),
            json!(["::/0"]),
            json!(["2000::/3"]),
            json!(["0.0.0.0/1", "128.0.0.0/1"]),
            json!(["10.0.0.0/7"]),
            json!(["192.0.2.7", "0.0.0.0/0"]),
            json!(["::ffff:0:0/96"]),
            json!(["::ffff:0.0.0.0/97", "::ffff:128.0.0.0/97"]),
            json!(["64:ff9b::/96"]),
            json!(["2002::/16"]),
            json!(["2002:8000::/17"]),
            json!(every_other),
            json!(pieces),
            json!(sixes),
            json!(["github"]),
            json!(["192.0.2.7", "github"]),
            json!(["tradingview"]),
        ] {
            let found = problems("none", Some("a"), &ips);
            assert_eq!(found.len(), 1, "{ips}: {found:?}");
            assert_eq!(found[0].field, "allowed_ips", "{ips}");
            assert!(found[0].message.contains("leave it out"), "{}", found[0].message);
            // Where a signature or the path proves who it is, the list may be as wide as it likes.
            assert_eq!(problems("shared-secret", Some("a"), &ips), [], "{ips}");
            assert_eq!(problems("none", Some("q8Zr2mX5vT1kPw9Ls4Nd7Y"), &ips), [], "{ips}");
            assert_eq!(problems("none", None, &ips), [], "{ips}");
        }
    }

    #[test]
    fn a_list_of_few_stands_in_for_a_signature() {
        for ips in [
            json!(["127.0.0.1"]),
            json!(["127.0.0.0/8", "::1"]),
            json!(["10.0.0.0/8"]),
            json!(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
            json!(["fc00::/7", "fe80::/10"]),
            json!(["192.0.2.7", "192.0.2.0/24", "192.0.2.7"]),
            json!(["::ffff:10.0.0.0/104"]),
            json!(["64:ff9b::192.0.2.0/120", "2002:c000:207::/48"]),
            json!(["2001:db8::/32", "2003::/20"]),
        ] {
            assert_eq!(problems("none", Some("a"), &ips), [], "{ips}");
        }
        assert_eq!(problems("tradingview", Some("a"), &json!(["tradingview"])), [], "its row's own addresses");
    }

    #[test]
    fn without_a_list_only_a_path_that_nobody_guesses_will_do() {
        for (path, good) in [
            (Some("github"), false),
            (Some(""), false),
            (Some("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), false),
            (Some("q8Zr2mX5vT1kPw9Ls4Nd7Y"), true),
            (None, true),
        ] {
            let found = problems("none", path, &json!([]));
            assert_eq!(found.is_empty(), good, "{path:?}: {found:?}");
            assert!(found.iter().all(|problem| problem.field == "path"), "{found:?}");
        }
    }
}
