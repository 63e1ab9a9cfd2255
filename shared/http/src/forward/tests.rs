use std::time::Instant;

use bellhop_app::ports::MOST_ANSWER_BYTES;
use bellhop_tests::hostile::answers::BadServer;
use bellhop_tests::hostile::{self, HIDDEN, PUBLIC};
use bellhop_tests::tls_site::{TlsSite, answer};

use super::*;
use crate::client::SETTINGS;

const TIME: Duration = Duration::from_secs(2);

/// A POST of a little JSON.
fn post<'a>(url: &'a str, headers: &'a [(String, String)]) -> OutboundRequest<'a> {
    OutboundRequest {
        method: "POST",
        url,
        headers,
        body: Bytes::from_static(b"{\"a\":1}"),
        time: TIME,
        told: Told::RECORDED,
    }
}

/// Headers of literals.
fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A forwarder for which this host may be private.
fn forwarder(host: &str) -> Forwarder {
    Forwarder::new([host.parse().unwrap()].into_iter().collect())
}

/// What kept an answer away, and its words, which repeat nothing of what was sent.
fn failure(outcome: Result<OutboundAnswer, OutboundError>) -> (OutboundFailure, String) {
    let error = outcome.unwrap_err();
    assert!(!error.to_string().contains(HIDDEN) && !format!("{error:?}").contains(HIDDEN), "{error:?}");
    (error.kind, error.to_string())
}

#[tokio::test]
async fn what_arrives_is_what_was_sent() {
    let server = BadServer::start().await;
    let forwarder = forwarder(&server.host());
    let sent = headers(&[
        ("Content-Type", "application/json"),
        ("x-twice", "1"),
        ("X-Twice", "2"),
        ("x-name", "Zoë"),
        ("x-empty", ""),
        ("x-tab", "a\tb"),
    ]);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let url = server.url("200?a=%20b&c");
        let answer = forwarder.send(OutboundRequest { method, ..post(&url, &sent) }).await.unwrap();
        let expected = OutboundAnswer {
            status: 200,
            retry_after: Some("17".to_owned()),
            headers: Vec::new(),
            body: "ok".to_owned(),
            is_whole: true,
        };
        assert_eq!(answer, expected, "{method}");
        let [request] = &server.take_requests()[..] else { panic!("{method}: one request") };
        assert!(request.starts_with(&format!("{method} /200?a=%20b&c HTTP/1.1\r\n")), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
        let host = format!("host: {}", server.host());
        let ours = concat!("user-agent: bellhop/", env!("CARGO_PKG_VERSION"));
        let lines = ["content-type: application/json", "x-twice: 1", "x-twice: 2", "x-name: Zoë", "x-empty: "];
        for line in lines.into_iter().chain(["x-tab: a\tb", "content-length: 7", &host, ours]) {
            assert_eq!(request.split("\r\n").filter(|found| *found == line).count(), 1, "{method}: {line}: {request}");
        }
    }
    // A HEAD has no body to read.
    let url = server.url("204");
    let answer = forwarder.send(OutboundRequest { method: "HEAD", ..post(&url, &[]) }).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str(), answer.is_whole), (204, "", true));
}

/// With a length, an encoding or a host of somebody else's, one request could be read as two.
#[tokio::test]
async fn headers_of_the_connection_are_the_clients_own() {
    let server = BadServer::start().await;
    let forwarder = forwarder(&server.host());
    let sent: Vec<_> = OF_CONNECTION.into_iter().map(|name| (name.to_owned(), "3".to_owned())).collect();
    let shouted = sent.iter().map(|(name, value)| (name.to_uppercase(), value.clone()));
    let sent: Vec<_> = sent.clone().into_iter().chain(shouted).chain(headers(&[("user-agent", "mine")])).collect();
    let url = server.url("200");
    forwarder.send(post(&url, &sent)).await.unwrap();
    let [request] = &server.take_requests()[..] else { panic!("one request") };
    let mut lines: Vec<_> = request.split("\r\n\r\n").next().unwrap().split("\r\n").skip(1).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["content-length: 7", &format!("host: {}", server.host()), "user-agent: mine"]);
}

#[tokio::test]
async fn a_status_of_any_kind_is_an_answer_and_a_redirect_is_not_followed() {
    let server = BadServer::start().await;
    let forwarder = forwarder(&server.host());
    for status in [200, 201, 204, 300, 301, 302, 303, 304, 307, 308, 400, 404, 408, 410, 425, 429, 500, 503, 599] {
        let url = server.url(&format!("{status}-{}", if status == 304 { 0 } else { 2 }));
        let answer = forwarder.send(post(&url, &[])).await.unwrap();
        assert_eq!((answer.status, answer.retry_after.as_deref()), (status, Some("17")), "{status}");
    }
    assert_eq!(server.take_requests().len(), 19);
}

#[tokio::test]
async fn two_kilobytes_of_an_answer_are_kept() {
    let server = BadServer::start().await;
    let forwarder = forwarder(&server.host());
    for (answer, length, is_whole) in [
        ("200-2048", 2048, true),
        ("200-2049", 2048, false),
        ("500-1000000", 2048, false),
        ("endless-chunks", 2048, false),
        ("endless-length", 2048, false),
        ("cut-body", 3, false),
        ("paused-body", 3, false),
    ] {
        let begin = Instant::now();
        let url = server.url(answer);
        let told = forwarder.send(post(&url, &[])).await.unwrap();
        assert_eq!((told.body.len(), told.is_whole), (length, is_whole), "{answer}");
        assert!(begin.elapsed() < TIME + Duration::from_secs(1), "{answer}: {:?}", begin.elapsed());
    }
    // Bytes that are no text are replaced, and take no more room than the rest.
    for (bytes, text) in [(&b"a\xffb"[..], "a\u{fffd}b".to_owned()), (&[0xff; 3000], "\u{fffd}".repeat(682))] {
        let reply = Reply {
            status: http::StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(&bytes[..bytes.len().min(MOST_ANSWER_BYTES)]),
            is_whole: true,
        };
        assert_eq!(super::answer(&reply, Told::RECORDED).body, text);
    }
}

#[tokio::test]
async fn what_is_no_answer_may_come_later_and_what_is_no_request_may_not() {
    use OutboundFailure::{Broken, NoName, NoTls, NotConnected, Refused, TimedOut};
    let server = BadServer::start().await;
    let host = server.host();
    let hosts = [&host, "127.0.0.1:1", "nobody.test", "public.test"].map(|host| host.parse().unwrap());
    let forwarder = Forwarder { client: hostile::world().guarded_client(&SETTINGS, hosts.into_iter().collect()) };
    let sent = headers(&[("authorization", HIDDEN)]);
    for (url, kind, says) in [
        (server.url(&format!("silent?{HIDDEN}")), TimedOut, format!("http://{host}: no answer in time")),
        (server.url(&format!("silent/{HIDDEN}")), TimedOut, format!("http://{host}: no answer in time")),
        (server.url("nothing"), Broken, format!("http://{host}: the connection broke")),
        (server.url("endless-head"), Broken, format!("http://{host}: the connection broke")),
        (server.url("slow-head"), TimedOut, format!("http://{host}: no answer in time")),
        (format!("http://127.0.0.1:1/{HIDDEN}"), NotConnected, "http://127.0.0.1:1: no connection".to_owned()),
        (format!("https://{host}/{HIDDEN}"), NoTls, format!("https://{host}: no connection: TLS")),
        (format!("http://nobody.test/{HIDDEN}"), NoName, "http://nobody.test: the name".to_owned()),
        (format!("https://nowhere.test/{HIDDEN}"), NoName, "https://nowhere.test: the name".to_owned()),
        (format!("http://{PUBLIC}/{HIDDEN}"), Refused, format!("http://{PUBLIC} was not called: only public")),
        (format!("http://ten.test:99/{HIDDEN}"), Refused, "http://ten.test:99 was not called: only public".to_owned()),
        (format!("https://ten.test/{HIDDEN}"), Refused, "https://ten.test was not called: only public".to_owned()),
    ] {
        let (found, text) = failure(forwarder.send(post(&url, &sent)).await);
        assert!(found == kind && text.starts_with(&says), "{url}: {found:?}: {text}");
        assert_eq!(kind.may_pass(), kind != Refused, "{url}");
    }
}

#[tokio::test]
async fn a_request_that_is_none_is_said_to_be_so_and_not_sent() {
    let server = BadServer::start().await;
    let forwarder = forwarder(&server.host());
    let url = server.url(HIDDEN);
    let line = format!("{HIDDEN}\r\nx-injected: 1");
    for value in [&line, "a\nb", "a\rb", "a\0b", "a\u{7f}b", "\u{1b}[2J", "a\r\n\r\nGET /200 HTTP/1.1\r\nhost: x"] {
        let (kind, text) = failure(forwarder.send(post(&url, &headers(&[("x-one", "1"), ("x-bad", value)]))).await);
        assert!(kind == OutboundFailure::Invalid && text.contains("`x-bad` has a line break"), "{value:?}: {text}");
    }
    for name in ["", " ", "x bad", "x-bad:", "x\r\nbad", "bäd", &line, &"x".repeat(1 << 17)] {
        let (kind, text) = failure(forwarder.send(post(&url, &headers(&[(name, "1")]))).await);
        assert!(kind == OutboundFailure::Invalid && text.contains("a header's name"), "{name:?}: {text}");
    }
    for method in ["", "post", "CONNECT", "TRACE", "GET / HTTP/1.1\r\nx: y\r\n\r\nGET", HIDDEN] {
        let (kind, text) = failure(forwarder.send(OutboundRequest { method, ..post(&url, &[]) }).await);
        assert!(kind == OutboundFailure::Invalid && text.contains("the method"), "{method:?}: {text}");
    }
    for url in ["", "hidden-capability", "/hidden-capability", "ftp://example.com/", "https://a@example.com/", &line] {
        let (kind, text) = failure(forwarder.send(post(url, &[])).await);
        assert!(kind == OutboundFailure::Invalid && text.contains("write a whole https URL"), "{url:?}: {text}");
    }
    let many: Vec<_> = (0..40_000).map(|n| (format!("x-{n}"), "1".to_owned())).collect();
    let (kind, text) = failure(forwarder.send(post(&url, &many)).await);
    assert!(kind == OutboundFailure::Invalid && text.contains("more headers"), "{text}");
    assert_eq!(server.take_requests(), [""; 0]);
}

#[tokio::test]
async fn a_public_site_is_called_over_https_and_only_a_named_host_without() {
    let site = TlsSite::start("public.test", &format!("{PUBLIC}:0"), &[("/in", &answer(200, "", b"taken"))]).await;
    let port = site.address().port();
    let mut world = hostile::world();
    world.trust = bellhop_net::testing::trusting(site.root()).unwrap();
    let forwarder = Forwarder { client: world.guarded_client(&SETTINGS, PrivateHosts::default()) };
    let secure = format!("https://public.test:{port}/in");
    assert_eq!(forwarder.send(post(&secure, &[])).await.unwrap().body, "taken");
    let connections = site.connections();
    let plain = format!("http://public.test:{port}/in");
    assert_eq!(failure(forwarder.send(post(&plain, &[])).await).0, OutboundFailure::Refused);
    assert_eq!(site.connections(), connections);
}
