use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use bellhop_tests::tls_site::{TlsSite, answer};

use super::*;
use crate::http::resolver::Resolver;

const HOST: &str = "keys.example.com";

/// A site, and a client that trusts it.
async fn site() -> (TlsSite, Http) {
    let long = |more| answer(200, "", &vec![b'x'; MOST_BYTES + more]);
    let moved = answer(302, "location: https://keys.example.com/key\r\n", b"moved");
    let answers: &[(&str, &[u8])] = &[
        ("/key", &answer(200, "", b"a key")),
        ("/longest", &long(0)),
        ("/longer", &long(1)),
        ("/moved", &moved),
        ("/missing", &answer(404, "", b"no key")),
    ];
    let site = TlsSite::start(HOST, "127.0.0.1:0", answers).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(site.root().as_bytes()).unwrap();
    let http = Http::new(file.path().to_str()).unwrap();
    (site, http)
}

/// What a fetch says of why there was nothing.
async fn why(fetch: &HttpFetch, url: &str) -> String {
    fetch.fetch(url, None).await.map(|found| found.len()).unwrap_err().to_string()
}

#[tokio::test]
async fn a_short_good_answer_is_fetched_and_every_other_is_an_error() {
    let (site, http) = site().await;
    let fetch = HttpFetch::new(http.guarded_by(Resolver::open().knowing(HOST, &[site.address()])));
    assert_eq!(fetch.fetch("https://keys.example.com/longest", None).await.unwrap().len(), 64 * 1024);
    site.take_requests();
    assert_eq!(fetch.fetch("https://keys.example.com/key", Some(r#"{"a":1}"#)).await.unwrap(), b"a key");
    let [request] = &site.take_requests()[..] else { panic!("one request") };
    assert!(request.starts_with("POST /key HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/json\r\n"), "{request}");
    for (path, says) in [("longer", "length limit"), ("moved", "302"), ("missing", "404"), ("silent", "in time")] {
        let error = why(&fetch, &format!("https://keys.example.com/{path}?Token=canary")).await;
        assert!(!error.contains("canary") && !error.contains("example"), "{error}");
        let error = why(&fetch, &format!("https://keys.example.com/{path}")).await;
        assert!(error.contains(says), "{path}: {error}");
        assert_eq!(site.take_requests().len(), 2, "{path}: a redirect is not followed");
    }
}

#[tokio::test]
async fn a_private_address_is_never_connected_to() {
    let (site, http) = site().await;
    let port = site.address().port();
    let guarded = HttpFetch::new(http.guarded_by(Resolver::public_only().knowing(HOST, &[site.address()])));
    let product = HttpFetch::new(http.guarded());
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
        let error = why(&product, &format!("https://{host}:{port}/key")).await;
        assert!(error.contains("not a public one"), "{host}: {error}");
    }
    let error = why(&guarded, "https://keys.example.com/key").await;
    assert!(error.contains("not a public one"), "{error}");
    why(&guarded, &format!("http://keys.example.com:{port}/key")).await;
    assert_eq!(site.connections(), 0);
    // The client that calls the services gets there, so it is the guard that keeps the other away.
    why(&HttpFetch::new(http), &format!("https://127.0.0.1:{port}/key")).await;
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn of_a_names_addresses_only_the_public_ones_are_tried() {
    const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (site, http) = site().await;
    let beside = TlsSite::start(HOST, &format!("127.0.0.2:{}", site.address().port()), &[]).await;
    for order in [[beside.address(), site.address()], [site.address(), beside.address()]] {
        let resolver = Resolver::with_rule(|address| address == PUBLIC).knowing(HOST, &order);
        let fetch = HttpFetch::new(http.guarded_by(resolver));
        assert_eq!(fetch.fetch("https://keys.example.com/key", None).await.unwrap(), b"a key");
    }
    assert_eq!(beside.connections(), 0);
}
