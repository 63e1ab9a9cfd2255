//! Documents are fetched from public addresses over https alone, and every other answer is an error without secrets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bellhop_net::testing::{Names, World, trusting};
use bellhop_net::{Client, Settings, built_in};
use bellhop_tests::tls_site::{TlsSite, answer};
use bytes::Bytes;
use http_body_util::Full;

const HOST: &str = "keys.example.com";
const MOST_BYTES: usize = 64 * 1024;
const SETTINGS: Settings = Settings {
    connect_time: Duration::from_secs(5),
    idle_time: Duration::from_secs(50),
    sweeps: true,
    most_head_bytes: None,
};

type NetClient = Client<Full<Bytes>>;

/// Every name leads to the first address of loopback, or to the second too.
const HERE: Names = |_| Some(vec![Ipv4Addr::LOCALHOST.into()]);
const SECOND_FIRST: Names = |_| Some(vec![Ipv4Addr::new(127, 0, 0, 2).into(), Ipv4Addr::LOCALHOST.into()]);
const SECOND_LAST: Names = |_| Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(127, 0, 0, 2).into()]);

/// A site with answers of many kinds.
async fn site() -> TlsSite {
    let long = |more| answer(200, "", &vec![b'x'; MOST_BYTES + more]);
    let endless = [&b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n"[..], &b"8\r\n12345678\r\n".repeat(9000)];
    let moved = |status| answer(status, "location: https://keys.example.com/key\r\n", b"moved");
    TlsSite::start(
        HOST,
        "127.0.0.1:0",
        &[
            ("/key", &answer(200, "", b"a key")),
            ("/made", &answer(201, "", b"")),
            ("/longest", &long(0)),
            ("/longer", &long(1)),
            ("/endless", &endless.concat()),
            ("/moved", &moved(301)),
            ("/found", &moved(302)),
            ("/moved-for-good", &moved(308)),
            ("/missing", &answer(404, "", b"no key")),
            ("/broken", &answer(500, "", b"")),
            ("/nonsense", b"nonsense\r\n\r\n"),
        ],
    )
    .await
}

/// A guarded client that trusts the site, for which names lead so and these addresses are public.
fn client(site: &TlsSite, names: Names, is_public: fn(IpAddr) -> bool) -> NetClient {
    World { trust: trusting(site.root()).unwrap(), names, is_public }.guarded(&SETTINGS)
}

/// The same where every address counts as public, and every name is the site's.
fn client_anywhere(site: &TlsSite) -> NetClient {
    client(site, HERE, |_| true)
}

/// What is fetched.
async fn fetch(client: &NetClient, url: &str, json: Option<&str>) -> Bytes {
    bellhop_net::fetch(client, url, json).await.unwrap()
}

/// A URL at the site under a name.
fn url(site: &TlsSite, host: &str, path: &str) -> String {
    format!("https://{host}:{}/{path}", site.address().port())
}

/// What a fetch says of why there was nothing.
async fn why(client: &NetClient, url: &str) -> String {
    bellhop_net::fetch(client, url, None).await.unwrap_err().to_string()
}

const FORBIDDEN: &str = "only public addresses are called here, and only over https";

#[tokio::test]
async fn a_short_good_answer_is_fetched() {
    let site = site().await;
    let client = client_anywhere(&site);
    for (path, length) in [("key", 5), ("made", 0), ("longest", MOST_BYTES)] {
        assert_eq!(fetch(&client, &url(&site, HOST, path), None).await.len(), length, "{path}");
    }
    site.take_requests();
    assert_eq!(fetch(&client, &url(&site, HOST, "key"), Some(r#"{"a":1}"#)).await, "a key");
    let [request] = &site.take_requests()[..] else { panic!("one request") };
    assert!(request.starts_with("POST /key HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nhost: keys.example.com:{}\r\n", site.address().port())), "{request}");
}

#[tokio::test]
async fn every_other_answer_is_an_error_that_tells_no_secret() {
    let site = site().await;
    let client = client_anywhere(&site);
    for (path, says) in [
        ("longer", "too long"),
        ("endless", "too long"),
        ("moved", "301"),
        ("found", "302"),
        ("moved-for-good", "308"),
        ("missing", "404"),
        ("broken", "500"),
        ("nonsense", "broke"),
        ("silent", "no answer in time"),
    ] {
        let error = why(&client, &url(&site, HOST, path)).await;
        assert!(error.contains(says) && !error.contains("example"), "{path}: {error}");
        assert_eq!(site.take_requests().len(), 1, "{path}: a redirect is not followed");
    }
    for path in ["missing?Token=canary", " canary"] {
        assert!(!why(&client, &url(&site, HOST, path)).await.contains("canary"), "{path}");
    }
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_of_that_name() {
    let site = site().await;
    let other = why(&client_anywhere(&site), &url(&site, "other.example.com", "key")).await;
    let untrusting = World { trust: built_in(), names: HERE, is_public: |_| true }.guarded(&SETTINGS);
    let untrusted = why(&untrusting, &url(&site, HOST, "key")).await;
    for error in [other, untrusted] {
        assert!(error.starts_with("no connection: TLS") && !error.contains("example"), "{error}");
    }
    assert_eq!((site.connections(), site.take_requests().len()), (2, 0));
}

#[tokio::test]
async fn a_private_address_is_never_connected_to() {
    let site = site().await;
    // The name leads to loopback, which the product's own rule refuses at the moment of connecting.
    let guarded = client(&site, HERE, bellhop_core::address::is_public);
    assert_eq!(why(&guarded, &url(&site, HOST, "key")).await, FORBIDDEN);
    // What the system's own resolver knows, and addresses that are not looked up at all.
    let product = NetClient::guarded(built_in(), &SETTINGS);
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
        assert_eq!(why(&product, &url(&site, host, "key")).await, FORBIDDEN, "{host}");
    }
    assert_eq!(site.connections(), 0);
    // The same without the guard gets there, so it is the guard that keeps it away.
    let open = NetClient::open(built_in(), &SETTINGS);
    assert!(why(&open, &url(&site, "127.0.0.1", "key")).await.starts_with("no connection: TLS"));
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn of_a_names_addresses_only_the_public_ones_are_tried() {
    let site = site().await;
    let beside = TlsSite::start(HOST, &format!("127.0.0.2:{}", site.address().port()), &[]).await;
    for names in [SECOND_FIRST, SECOND_LAST] {
        let client = client(&site, names, |address| address == Ipv4Addr::LOCALHOST);
        assert_eq!(fetch(&client, &url(&site, HOST, "key"), None).await, "a key");
    }
    assert_eq!(beside.connections(), 0);
}
