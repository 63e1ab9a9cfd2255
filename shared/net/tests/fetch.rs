use std::net::{IpAddr, Ipv4Addr};

use bellhop_tests::tls_site::{TlsSite, answer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::resolver::Resolver;

const HOST: &str = "keys.example.com";

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

/// A guarded client that trusts the site.
fn fetch(site: &TlsSite, resolver: Resolver) -> HttpFetch {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(site.root().as_bytes()).unwrap()).unwrap();
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    HttpFetch { client: Client::of(tls, resolver, true) }
}

/// The same where every address counts as public, and the site has its name.
fn fetch_anywhere(site: &TlsSite) -> HttpFetch {
    fetch(site, Resolver::open().knowing(HOST, &[site.address()]))
}

/// What a fetch says of why there was nothing.
async fn why(fetch: &HttpFetch, url: &str) -> String {
    fetch.fetch(url, None).await.map(|found| found.len()).unwrap_err().to_string()
}

const FORBIDDEN: &str = "nothing was fetched: only public addresses are called here, and only over https";

#[tokio::test]
async fn a_short_good_answer_is_fetched() {
    let site = site().await;
    let fetch = fetch_anywhere(&site);
    assert_eq!(fetch.fetch("https://keys.example.com/key", None).await.unwrap(), b"a key");
    assert_eq!(fetch.fetch("https://keys.example.com/made", None).await.unwrap(), b"");
    assert_eq!(fetch.fetch("https://keys.example.com/longest", None).await.unwrap().len(), 64 * 1024);
    site.take_requests();
    assert_eq!(fetch.fetch("https://keys.example.com/key", Some(r#"{"a":1}"#)).await.unwrap(), b"a key");
    let [request] = &site.take_requests()[..] else { panic!("one request") };
    assert!(request.starts_with("POST /key HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
    assert!(request.contains("\r\nhost: keys.example.com\r\n"), "{request}");
}

#[tokio::test]
async fn every_other_answer_is_an_error_that_tells_no_secret() {
    let site = site().await;
    let fetch = fetch_anywhere(&site);
    for (path, says) in [
        ("longer", "whole answer"),
        ("endless", "whole answer"),
        ("moved", "301"),
        ("found", "302"),
        ("moved-for-good", "308"),
        ("missing", "404"),
        ("broken", "500"),
        ("nonsense", "broke"),
        ("silent", "no answer in time"),
    ] {
        let error = why(&fetch, &format!("https://keys.example.com/{path}")).await;
        assert!(error.contains(says) && !error.contains("example"), "{path}: {error}");
        assert_eq!(site.take_requests().len(), 1, "{path}: a redirect is not followed");
    }
    assert!(why(&fetch, "https://keys.example.com/?Token=canary").await.find("canary").is_none());
    assert!(why(&fetch, "https://keys.example.com/ canary").await.find("canary").is_none());
}

#[tokio::test]
async fn a_certificate_must_be_trusted_and_of_that_name() {
    let site = site().await;
    let other = fetch(&site, Resolver::open().knowing("other.example.com", &[site.address()]));
    assert!(why(&other, "https://other.example.com/key").await.contains("no connection"));
    let resolver = Resolver::open().knowing(HOST, &[site.address()]);
    let untrusting = HttpFetch { client: Client::of(crate::client::roots(), resolver, true) };
    assert!(why(&untrusting, "https://keys.example.com/key").await.contains("no connection"));
    assert_eq!((site.connections(), site.take_requests().len()), (2, 0));
}

#[tokio::test]
async fn a_private_address_is_never_connected_to() {
    let site = site().await;
    let port = site.address().port();
    // The name leads to loopback, which the product's own rule refuses at the moment of connecting.
    let guarded = fetch(&site, Resolver::public_only().knowing(HOST, &[site.address()]));
    assert_eq!(why(&guarded, "https://keys.example.com/key").await, FORBIDDEN);
    // What the system's own resolver knows, and addresses that are not looked up at all.
    let product = HttpFetch::new();
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
        assert_eq!(why(&product, &format!("https://{host}:{port}/key")).await, FORBIDDEN, "{host}");
        assert_eq!(why(&guarded, &format!("https://{host}:{port}/key")).await, FORBIDDEN, "{host}");
    }
    // Other spellings of loopback are no names that a certificate could be for.
    for host in ["127.1", "0x7f.1", "2130706433", "0"] {
        why(&product, &format!("https://{host}:{port}/key")).await;
    }
    assert_eq!(why(&guarded, &format!("http://keys.example.com:{port}/key")).await, FORBIDDEN);
    assert_eq!(site.connections(), 0);
    // The same client without the guard gets there, so it is the guard that keeps it away.
    let roots = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let open = HttpFetch { client: Client::of(roots, Resolver::open(), false) };
    assert!(why(&open, &format!("https://127.0.0.1:{port}/key")).await.contains("no connection"));
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn of_a_names_addresses_only_the_public_ones_are_tried() {
    const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let site = site().await;
    let beside = TlsSite::start(HOST, &format!("127.0.0.2:{}", site.address().port()), &[]).await;
    for order in [[beside.address(), site.address()], [site.address(), beside.address()]] {
        let fetch = fetch(&site, Resolver::with_rule(|address| address == PUBLIC).knowing(HOST, &order));
        assert_eq!(fetch.fetch("https://keys.example.com/key", None).await.unwrap(), b"a key");
    }
    assert_eq!(beside.connections(), 0);
}
