//! Against a collector that is a socket: what it is sent, and what happens where it is away.

use bellhop_core::id::EventId;
use bellhop_core::time::Timestamp;
use bellhop_core::trace::{SpanId, Trace};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn span(step: Step, failure: Option<&str>) -> Span {
    let event = EventId::new(Timestamp::from_ms(1_700_000_000_000), &[7; 10]);
    Span {
        trace: Trace::read(SENT).expect("well formed"),
        id: SpanId::of_accept(event),
        step,
        started_at: Timestamp::from_ms(1_700_000_000_000),
        ended_at: Timestamp::from_ms(1_700_000_000_007),
        attributes: vec![("bellhop.hook", "hk_1".to_owned())],
        failure: failure.map(str::to_owned),
    }
}

fn collector(endpoint: String, every: Duration) -> Collector {
    Collector { endpoint, service: "desk".to_owned(), every }
}

/// Takes one request and answers it; gives its head and its body.
async fn one_request(listener: &TcpListener) -> (String, Value) {
    let (mut socket, _) = listener.accept().await.expect("a connection");
    let mut read = Vec::new();
    loop {
        let mut more = [0; 4096];
        let count = socket.read(&mut more).await.expect("bytes");
        read.extend_from_slice(&more[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if length == Some(body.len()) {
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.expect("room for an answer");
            return (head.to_owned(), serde_json::from_str(body).expect("JSON"));
        }
    }
}

#[tokio::test]
async fn spans_are_posted_together_as_the_protocol_has_them() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (exporter, sending) = collector(format!("http://{address}/"), Duration::from_millis(50)).start();
    exporter.take(span(Step::Accept, None));
    exporter.take(span(Step::Deliver, Some("502")));
    let (head, body) = one_request(&listener).await;
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
    let resource = &body["resourceSpans"][0];
    let service = json!({"key": "service.name", "value": {"stringValue": "desk"}});
    assert_eq!(resource["resource"]["attributes"], json!([service]));
    let spans = resource["scopeSpans"][0]["spans"].as_array().expect("spans").clone();
    assert_eq!(spans.len(), 2);
    let id = span(Step::Accept, None).id.to_string();
    assert_eq!(
        spans[0],
        json!({
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
            "spanId": id,
            "parentSpanId": "00f067aa0ba902b7",
            "flags": 1,
            "name": "accept",
            "kind": 2,
            "startTimeUnixNano": "1700000000000000000",
            "endTimeUnixNano": "1700000000007000000",
            "attributes": [{"key": "bellhop.hook", "value": {"stringValue": "hk_1"}}],
        })
    );
    assert_eq!(
        (&spans[1]["kind"], &spans[1]["status"]),
        (&json!(3), &json!({"code": 2, "message": "502"})),
        "{spans:?}"
    );
    // What is taken last is sent at the end, however long the next time of sending is away.
    exporter.take(span(Step::Route, None));
    let (_, (_, body)) = tokio::join!(sending.stop(), one_request(&listener));
    assert_eq!(body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"], "route");
}

#[tokio::test]
async fn spans_nobody_takes_are_counted_and_hold_nobody_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let (exporter, sending) = collector(format!("http://{address}"), Duration::from_secs(3600)).start();
    // Nobody has had the time to take one out.
    for _ in 0..MOST_WAITING + 3 {
        exporter.take(span(Step::Accept, None));
    }
    assert_eq!(METRICS.spans_dropped.value(), 3);
    sending.stop().await;
    assert_eq!(METRICS.spans_dropped.value(), MOST_WAITING as u64 + 3);
}
