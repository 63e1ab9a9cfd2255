//! Requests byte by byte, for what no HTTP client would send.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What became of a raw exchange.
#[derive(Debug)]
pub struct Outcome {
    /// Everything the server sent.
    pub answer: String,
    /// True: the server closed the connection; false: it was still open at the limit.
    pub closed: bool,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// The status of the first answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }

    /// The body of the first answer.
    pub fn body(&self) -> &str {
        self.answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Connects to the host of `url`.
pub async fn connect(url: &str) -> TcpStream {
    let address = url.trim_start_matches("http://");
    TcpStream::connect(address).await.expect("the server accepts connections")
}

/// Sends `bytes` and reads until the server closes or `limit` has passed.
pub async fn exchange(url: &str, bytes: &[u8], limit: Duration) -> Outcome {
    let mut stream = connect(url).await;
    // A server may refuse and close before everything is written.
    stream.write_all(bytes).await.ok();
    read_until_closed(stream, limit).await
}

/// Sends `head`, then `tick` again and again with `pause` between, until the server closes or `limit` has passed.
pub async fn drip(url: &str, head: &[u8], tick: &[u8], pause: Duration, limit: Duration) -> Outcome {
    let (mut from, mut to) = connect(url).await.into_split();
    to.write_all(head).await.ok();
    let started = Instant::now();
    let mut answer = Vec::new();
    let mut closed = false;
    while !closed && started.elapsed() < limit {
        let mut chunk = [0; 4096];
        match tokio::time::timeout(pause, from.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => closed = true,
            Ok(Ok(count)) => answer.extend_from_slice(&chunk[..count]),
            Err(_) => closed = to.write_all(tick).await.is_err(),
        }
    }
    Outcome { answer: String::from_utf8_lossy(&answer).into_owned(), closed, took: started.elapsed() }
}

async fn read_until_closed(mut stream: TcpStream, limit: Duration) -> Outcome {
    let started = Instant::now();
    let mut answer = Vec::new();
    let mut closed = false;
    while !closed {
        let mut chunk = [0; 4096];
        let left = limit.saturating_sub(started.elapsed());
        match tokio::time::timeout(left, stream.read(&mut chunk)).await {
            Ok(Ok(0) | Err(_)) => closed = true,
            Ok(Ok(count)) => answer.extend_from_slice(&chunk[..count]),
            Err(_) => break,
        }
    }
    Outcome { answer: String::from_utf8_lossy(&answer).into_owned(), closed, took: started.elapsed() }
}

/// Posts a body with these headers exactly as they are written; the status of the answer, 0 where there was none.
pub async fn post(url: &str, path: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> u16 {
    let host = url.trim_start_matches("http://");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\n{lines}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let request = [head.into_bytes(), body].concat();
    exchange(url, &request, Duration::from_secs(20)).await.status().unwrap_or_default()
}
