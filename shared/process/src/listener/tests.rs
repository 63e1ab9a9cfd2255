use std::net::SocketAddr;

use axum::routing::{get, post};
use bellhop_api::web::Source;
use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;

/// How long a test waits before it gives up.
const GIVE_UP: Duration = Duration::from_secs(30);

/// Limits that are met soon.
fn limits() -> Listener {
    Listener {
        most_connections: 40,
        connections_per_address: 20,
        bytes_in_flight: 4 * 1024 * 1024,
        header_time: Duration::from_secs(2),
        stall_time: Duration::from_secs(1),
        longest: Duration::from_secs(600),
        ..Listener::default()
    }
}

/// A listener with these limits over an application that answers at once, slowly, at length or with a body's length.
async fn start(limits: Listener) -> (SocketAddr, oneshot::Sender<()>) {
    let app = Router::new()
        .route("/health", get(async || "ok"))
        .route("/slow", get(async || tokio::time::sleep(Duration::from_secs(2)).await))
        .route("/long", get(async || vec![b'x'; 1024 * 1024]))
        .route("/source", get(async |source: axum::Extension<Source>| source.0.0.to_string()))
        .route("/body", post(length));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(serve(limits, listener, app, async {
        let _ = stopped.await;
    }));
    (address, stop)
}

/// Reads a body whole and says how long it is.
async fn length(body: axum::body::Body) -> Result<String, StatusCode> {
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(body.len().to_string())
}

/// A connection that has sent this.
async fn open(address: SocketAddr, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream
}

/// Everything the other side still says until it ends the connection, whichever way.
async fn to_end(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let _ = tokio::time::timeout(GIVE_UP, stream.read_to_end(&mut heard)).await.expect("the connection is ended");
    String::from_utf8_lossy(&heard).into_owned()
}

/// The answer to a GET on a connection of its own.
async fn answer(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    to_end(&mut open(address, request.as_bytes()).await).await
}

/// Checks that the listener answers.
async fn assert_healthy(address: SocketAddr) {
    let heard = answer(address, "/health").await;
    assert!(heard.starts_with("HTTP/1.1 200 ") && heard.ends_with("ok"), "{heard}");
}

#[tokio::test]
async fn every_way_of_waiting_for_a_peer_ends_and_keeps_nobody_out() {
    let ways: [(&str, &[u8]); 6] = [
        ("silent", b""),
        ("slow head", b"GET /health HTTP/1.1\r\nhos"),
        ("slow body", b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n123"),
        ("idle", b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"),
        (
            "expects to be told to go on",
            b"POST /body HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n",
        ),
        ("unread", &b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n".repeat(60)),
    ];
    for (way, sent) in ways {
        let (address, _stop) = start(limits()).await;
        let mut streams = Vec::new();
        for _ in 0..100 {
            streams.push(open(address, sent).await);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_healthy(address).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_healthy(address).await;
        for mut stream in streams {
            // What waits for a body alone ends with the application, which is not this one.
            if !way.contains("body") && !way.contains("expects") {
                to_end(&mut stream).await;
            }
        }
        assert_healthy(address).await;
    }
}

#[tokio::test]
async fn a_byte_now_and_then_does_not_keep_a_connection() {
    let (address, _stop) = start(limits()).await;
    let mut stream = open(address, b"GET /health HTTP/1.1\r\n").await;
    let dripping = async {
        while stream.write_all(b"x-drip: 1\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::time::timeout(GIVE_UP, dripping).await.expect("the connection is ended");
    let mut stream = open(address, &b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n".repeat(60)).await;
    let mut byte = [0];
    // What has arrived can be read even then; writing tells that the connection is no more.
    let dripping = async {
        while stream.read(&mut byte).await.is_ok_and(|read| read > 0) && stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::time::timeout(GIVE_UP, dripping).await.expect("the connection is ended");
}

#[tokio::test]
async fn half_a_connection_ends() {
    let (address, _stop) = start(limits()).await;
    for sent in [
        "",
        "GET /health HTT",
        "POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n1",
        "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut stream = open(address, sent.as_bytes()).await;
        stream.shutdown().await.unwrap();
        to_end(&mut stream).await;
    }
    let mut unread = open(address, &b"GET /long HTTP/1.1\r\nhost: x\r\n\r\n".repeat(60)).await;
    unread.shutdown().await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let heard = to_end(&mut unread).await;
    assert!(heard.len() < 60 * 1024 * 1024, "it was not waited for");
}

#[tokio::test]
async fn an_old_connection_ends_with_its_request_answered() {
    let (address, _stop) = start(Listener { longest: Duration::from_secs(1), ..limits() }).await;
    let mut stream = open(address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let heard = to_end(&mut stream).await.to_lowercase();
    assert!(heard.starts_with("http/1.1 200 ") && heard.contains("connection: close"), "{heard}");
    let mut stream = open(address, b"").await;
    let busy = async {
        let mut heard = [0; 4096];
        while stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.is_ok() {
            if !stream.read(&mut heard).await.is_ok_and(|read| read > 0) {
                return;
            }
        }
    };
    tokio::time::timeout(GIVE_UP, busy).await.expect("the connection is ended");
}

#[tokio::test]
async fn where_all_are_at_work_a_newcomer_is_told_to_come_back() {
    let (address, _stop) = start(limits()).await;
    let mut streams = Vec::new();
    for _ in 0..20 + 16 {
        streams.push(open(address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let heard = answer(address, "/health").await;
    assert!(heard.starts_with("HTTP/1.1 503 ") && heard.contains("retry-after: 1\r\n"), "{heard}");
    for mut stream in streams {
        let mut heard = [0; 12];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"HTTP/1.1 200");
    }
    assert_healthy(address).await;
}

#[tokio::test]
async fn bodies_have_a_budget_and_small_ones_are_always_taken() {
    let (address, _stop) = start(limits()).await;
    let head = |length: usize| {
        format!("POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
    };
    let mut held = Vec::new();
    // A promise is no byte.
    for _ in 0..10 {
        held.push(open(address, head(1_000_000).as_bytes()).await);
    }
    let mut first = open(address, &[head(1_000_001).as_bytes(), &[0; 1_000_000]].concat()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let second = to_end(&mut open(address, &[head(200_000).as_bytes(), &[0; 200_000]].concat()).await).await;
    assert!(second.starts_with("HTTP/1.1 503 "), "{second}");
    let small = to_end(&mut open(address, &[head(9_000).as_bytes(), &[0; 9_000]].concat()).await).await;
    assert!(small.ends_with("\r\n9000"), "{small}");
    first.write_all(&[0]).await.unwrap();
    let heard = to_end(&mut first).await;
    assert!(heard.ends_with("\r\n1000001"), "{heard}");
    let third = to_end(&mut open(address, &[head(200_000).as_bytes(), &[0; 200_000]].concat()).await).await;
    assert!(third.ends_with("\r\n200000"), "what was held was given back: {third}");
}

#[tokio::test]
async fn stopping_lets_the_request_at_hand_finish() {
    let (address, stop) = start(limits()).await;
    assert!(answer(address, "/source").await.ends_with("127.0.0.1"));
    let mut idle = open(address, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut working = open(address, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.send(()).unwrap();
    assert!(to_end(&mut working).await.starts_with("HTTP/1.1 200 "));
    to_end(&mut idle).await;
}
