use super::*;

/// Each closed network by its first and last address, and whether the address before and the one after are public.
const NETWORKS: &[(&str, &str, bool, bool)] = &[
    ("0.0.0.0", "0.255.255.255", false, true),
    ("10.0.0.0", "10.255.255.255", true, true),
    ("100.64.0.0", "100.127.255.255", true, true),
    ("127.0.0.0", "127.255.255.255", true, true),
    ("168.63.129.16", "168.63.129.16", true, true),
    ("169.254.0.0", "169.254.255.255", true, true),
    ("172.16.0.0", "172.31.255.255", true, true),
    ("192.0.0.0", "192.0.0.255", true, true),
    ("192.0.2.0", "192.0.2.255", true, true),
    ("192.88.99.0", "192.88.99.255", true, true),
    ("192.168.0.0", "192.168.255.255", true, true),
    ("198.18.0.0", "198.19.255.255", true, true),
    ("198.51.100.0", "198.51.100.255", true, true),
    ("203.0.113.0", "203.0.113.255", true, true),
    ("224.0.0.0", "239.255.255.255", true, false),
    ("240.0.0.0", "255.255.255.255", false, false),
    // Unspecified, loopback, compatible and mapped.
    ("::", "::ffff:ffff", false, false),
    ("::ffff:0.0.0.0", "::ffff:255.255.255.255", false, false),
    // Translated: the closed networks of IPv4 again.
    ("64:ff9b::0.0.0.0", "64:ff9b::0.255.255.255", false, true),
    ("64:ff9b::10.0.0.0", "64:ff9b::10.255.255.255", true, true),
    ("64:ff9b::100.64.0.0", "64:ff9b::100.127.255.255", true, true),
    ("64:ff9b::127.0.0.0", "64:ff9b::127.255.255.255", true, true),
    ("64:ff9b::169.254.0.0", "64:ff9b::169.254.255.255", true, true),
    ("64:ff9b::172.16.0.0", "64:ff9b::172.31.255.255", true, true),
    ("64:ff9b::192.168.0.0", "64:ff9b::192.168.255.255", true, true),
    ("64:ff9b::224.0.0.0", "64:ff9b::255.255.255.255", true, false),
    // Translated in a network of one's own.
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false, false),
    // What goes nowhere.
    ("100::", "100::ffff:ffff:ffff:ffff", false, false),
    ("::", "1fff:ffff:ffff:ffff:ffff:ffff:7f00:1", false, false),
    // Protocols, with Teredo, benchmarks and identifiers.
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", true, true),
    ("2001::", "2001::ffff:ffff:ffff:ffff:ffff:ffff", true, false),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", false, false),
    ("2001:10::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true, true),
    // 6to4: of private and of public addresses.
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, true),
    ("2002:a00::", "2002:aff:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
    ("2002:7f00::", "2002:7fff:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", true, true),
    // Beyond the global addresses: routing within a network, unique-local, link-local, site-local and multicast.
    ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true, false),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false),
];

/// The address this many places further, where there is one.
fn moved(address: IpAddr, by: i8) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(address) => Ipv4Addr::from(address.to_bits().checked_add_signed(by.into())?).into(),
        IpAddr::V6(address) => Ipv6Addr::from(address.to_bits().checked_add_signed(by.into())?).into(),
    })
}

#[test]
fn closed_networks_are_closed_to_their_last_address_and_no_further() {
    for (first, last, before, after) in NETWORKS {
        let (low, high): (IpAddr, IpAddr) = (first.parse().unwrap(), last.parse().unwrap());
        assert!(!is_public(low), "{first}");
        assert!(!is_public(high), "{last}");
        for (neighbour, public) in [(moved(low, -1), *before), (moved(high, 1), *after)] {
            if let Some(neighbour) = neighbour {
                assert_eq!(is_public(neighbour), public, "{neighbour}, beside {first}-{last}");
            }
        }
    }
}

#[test]
fn what_everybody_reaches_is_public() {
    for address in ["1.1.1.1", "8.8.8.8", "140.82.112.3", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::1.1.1.1"] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
    // One address in every network of sixteen bits, against the same rule as the standard library knows it.
    for high in 0..=u16::MAX {
        let address = Ipv4Addr::from((u32::from(high) << 16) | 0x0102);
        let known = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast();
        assert!(!known || !is_public(address.into()), "{address}");
        assert!(!is_public(address.to_ipv6_mapped().into()), "{address}");
        assert!(!is_public(address.to_ipv6_compatible().into()), "{address}");
    }
}

#[test]
fn a_url_is_https_at_a_name_or_a_public_address() {
    for (url, may) in [
        ("https://hooks.example.com/a?b=c", true),
        ("HTTPS://hooks.example.com:8443/", true),
        ("https://1.1.1.1/", true),
        ("https://[2606:4700:4700::1111]:444/", true),
        ("http://hooks.example.com/", false),
        ("http://1.1.1.1/", false),
        ("https://user@hooks.example.com/", false),
        ("https://127.0.0.1/", false),
        ("https://127.0.0.1:8443/", false),
        ("https://169.254.169.254/latest/meta-data/", false),
        ("https://0.0.0.0/", false),
        ("https://255.255.255.255/", false),
        ("https://[::1]/", false),
        ("https://[::]/", false),
        ("https://[::ffff:127.0.0.1]/", false),
        ("https://[::ffff:1.1.1.1]/", false),
        ("https://[fd00:ec2::254]/", false),
        ("https://[64:ff9b::a9fe:a9fe]/", false),
        ("/only/a/path", false),
        ("hooks.example.com", false),
    ] {
        assert_eq!(may_be_called(&url.parse().unwrap()), may, "{url}");
    }
}

/// The hosts of these entries.
fn private_hosts(entries: &[&str]) -> PrivateHosts {
    entries.iter().map(|entry| entry.parse::<PrivateHost>().unwrap()).collect()
}

#[test]
fn a_private_host_is_named_with_or_without_a_port() {
    let hosts = private_hosts(&["localhost:3000", "Sink.Internal", "10.0.0.7:8080", "[fd00::1]:81", "::1", "my_app"]);
    assert!(!hosts.is_empty() && PrivateHosts::default().is_empty());
    for url in [
        "http://localhost:3000/a?b=c",
        "https://LOCALHOST:3000",
        "http://sink.internal/",
        "https://sink.internal:8443/",
        "http://10.0.0.7:8080/",
        "http://[fd00::1]:81/",
        "http://[fd00:0:0::0:1]:81/",
        "http://[::1]/",
        "http://[::1]:9/",
        "http://my_app/",
    ] {
        assert!(hosts.names(&url.parse().unwrap()), "{url}");
        assert!(!PrivateHosts::default().names(&url.parse().unwrap()), "{url}");
    }
    for url in [
        "http://localhost/",
        "http://localhost:3001/",
        "http://localhost:3000.example.com/",
        "http://localhost.:3000/",
        "http://a.localhost:3000/",
        "http://localhost.example.com:3000/",
        "http://127.0.0.1:3000/",
        "http://user@localhost:3000/",
        "http://localhost:3000@evil.example.com/",
        "ftp://localhost:3000/",
        "http://xsink.internal/",
        "http://10.0.0.7/",
        "http://10.0.0.7:80801/",
        "http://[::ffff:10.0.0.7]:8080/",
        "http://[fd00::1]/",
        "http://[fd00::2]:81/",
        "/localhost:3000",
    ] {
        // What is no URL is not called either.
        assert!(!url.parse().is_ok_and(|url| hosts.names(&url)), "{url}");
    }
}

#[test]
fn the_standard_port_is_that_of_the_scheme() {
    let hosts = private_hosts(&["plain:80", "tls:443"]);
    for (url, named) in [
        ("http://plain/", true),
        ("http://plain:80/", true),
        ("https://plain/", false),
        ("https://tls/", true),
        ("http://tls/", false),
        ("http://tls:443/", true),
    ] {
        assert_eq!(hosts.names(&url.parse().unwrap()), named, "{url}");
    }
}

#[test]
fn what_is_no_host_is_refused_with_the_way_to_write_one() {
    let long = "a".repeat(254);
    for entry in [
        "",
        " ",
        ":80",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:http",
        "*",
        "*.internal",
        "a..b",
        ".a",
        "a.",
        "http://localhost",
        "localhost/",
        "user@localhost",
        "10.0.0.0/8",
        "[::1",
        "[::1]x",
        "[10.0.0.1]",
        "::1:x",
        "local host",
        "b\u{fc}cher",
        "a\r\nb",
        "%6c",
        &long,
    ] {
        let error = entry.parse::<PrivateHost>().unwrap_err();
        assert!(error.contains("localhost:3000") && !error.contains('\n'), "{entry:?}: {error}");
    }
}

#[test]
fn the_host_of_a_url_is_named_at_its_port_alone() {
    for (url, beside) in [
        ("http://127.0.0.1:8081/bot", "http://127.0.0.1:8082/bot"),
        ("https://bots.internal/x", "http://bots.internal/x"),
        ("http://[::1]/", "http://[::1]:81/"),
    ] {
        let hosts: PrivateHosts = PrivateHost::of(&url.parse().unwrap()).into_iter().collect();
        assert!(hosts.names(&url.parse().unwrap()) && !hosts.names(&beside.parse().unwrap()), "{url}");
    }
    for url in ["ftp://127.0.0.1/", "127.0.0.1:80", "/bot"] {
        assert_eq!(PrivateHost::of(&url.parse().unwrap()), None, "{url}");
    }
}

#[test]
fn every_host_is_named_in_every_url_of_http() {
    let hosts = PrivateHosts::every();
    for (url, named) in [
        ("http://127.0.0.1:81/", true),
        ("https://a.internal/", true),
        ("http://user@127.0.0.1/", false),
        ("ftp://127.0.0.1/", false),
        ("/path", false),
    ] {
        assert_eq!(hosts.names(&url.parse().unwrap()), named, "{url}");
    }
    assert!(!hosts.is_empty());
}
