//! A server over plain HTTP that answers as no good server does: without end, drop by drop, with heads beyond measure.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A running server; it ends with its runtime.
#[derive(Debug)]
pub struct BadServer {
    address: SocketAddr,
    seen: Arc<Seen>,
}

/// What the server knows of its visitors.
#[derive(Debug, Default)]
struct Seen {
    open: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// An answer: what comes at once, and what comes again and again after that, with pauses between.
struct Answer {
    first: Vec<u8>,
    again: Option<(Vec<u8>, Duration)>,
    closes: bool,
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n";
/// How a visitor begins who takes this for a TLS server.
const TLS_HANDSHAKE: u8 = 22;

const NO_PAUSE: Duration = Duration::ZERO;
const PAUSE: Duration = Duration::from_millis(100);

impl BadServer {
    /// Starts the server at a port of loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound listener has an address");
        let seen = Arc::new(Seen::default());
        let watching = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = Arc::clone(&watching);
                seen.open.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // Visitors may turn away at any moment.
                    serve(stream, &seen).await.ok();
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, seen }
    }

    /// Its host and port, as they stand in a URL.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The URL of one of its answers.
    pub fn url(&self, answer: &str) -> String {
        format!("http://{}/{answer}", self.address)
    }

    /// The requests as they came, heads and bodies; none from now on.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until nobody is connected; says whether that was within so much time.
    pub async fn is_left_within(&self, time: Duration) -> bool {
        let begin = Instant::now();
        while self.seen.open.load(Ordering::SeqCst) > 0 && begin.elapsed() < time {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.seen.open.load(Ordering::SeqCst) == 0
    }
}

/// Reads requests of one connection and answers each as its path asks for, until the visitor turns away.
async fn serve(mut stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
    let mut text = String::new();
    let mut room = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut room).await?;
        if read == 0 {
            return Ok(());
        }
        if room[0] == TLS_HANDSHAKE {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await?;
            return stream.shutdown().await;
        }
        text.push_str(&String::from_utf8_lossy(&room[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() < promised.unwrap_or(0) {
            continue;
        }
        let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        seen.requests.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut text));
        let answer = answer(&path);
        stream.write_all(&answer.first).await?;
        if answer.closes {
            return stream.shutdown().await;
        }
        if let Some((piece, pause)) = answer.again {
            loop {
                stream.write_all(&piece).await?;
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// The answer that a path asks for.
fn answer(path: &str) -> Answer {
    let once = |first: &[u8]| Answer { first: first.to_vec(), again: None, closes: false };
    let closed = |first: &[u8]| Answer { closes: true, ..once(first) };
    let again = |first: &[u8], piece: &[u8], pause| Answer { again: Some((piece.to_vec(), pause)), ..once(first) };
    let chunk = [b"2000\r\n".as_slice(), &[b'x'; 0x2000], b"\r\n"].concat();
    match path {
        "endless-chunks" => again(CHUNKED, &chunk, NO_PAUSE),
        "endless-length" => again(b"HTTP/1.1 200 X\r\ncontent-length: 9999999999999\r\n\r\n", &[b'x'; 8192], NO_PAUSE),
        "endless-until-closed" => again(b"HTTP/1.0 200 X\r\n\r\n", &[b'x'; 8192], NO_PAUSE),
        "endless-chunk-size" => again(CHUNKED, &[b'0'; 8192], NO_PAUSE),
        "endless-chunk-extension" => again(&[CHUNKED, b"1;"].concat(), &[b'x'; 8192], NO_PAUSE),
        "endless-trailers" => again(&[CHUNKED, b"0\r\n"].concat(), b"x-trailer: x\r\n", NO_PAUSE),
        "slow-body" => again(CHUNKED, b"1\r\nx\r\n", PAUSE),
        "paused-body" => once(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nxyz"),
        "cut-body" => closed(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\nxyz"),
        "endless-head" => again(b"HTTP/1.1 200 X\r\n", &b"x-header: x\r\n".repeat(100), NO_PAUSE),
        "endless-header" => again(b"HTTP/1.1 200 X\r\nx-header: ", &[b'x'; 8192], NO_PAUSE),
        "endless-status" => again(b"HTTP/1.1 200 ", &[b'x'; 8192], NO_PAUSE),
        "endless-hints" => again(b"", b"HTTP/1.1 103 X\r\nlink: </x>\r\n\r\n", PAUSE),
        "slow-head" => again(b"HTTP/1.1 200 X\r\n", b"x-header: x\r\n", PAUSE),
        "long-header" => once(&[b"HTTP/1.1 200 X\r\nx-header: ".as_slice(), &[b'x'; 1 << 20], b"\r\n\r\n"].concat()),
        "many-headers" => once(&[b"HTTP/1.1 200 X\r\n".as_slice(), &b"x: x\r\n".repeat(200), b"\r\n"].concat()),
        "cut-head" => closed(b"HTTP/1.1 200 X\r\nx-head"),
        "nothing" => closed(b""),
        "nonsense" => once(b"220 mail.example.com ESMTP\r\n\r\n"),
        "other-protocol" => once(b"\0\0\x12\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\r\n\r\n"),
        "two-lengths" => once(b"HTTP/1.1 200 X\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nxyz"),
        "negative-length" => once(b"HTTP/1.1 200 X\r\ncontent-length: -1\r\n\r\nxyz"),
        "status-0" => once(b"HTTP/1.1 000 X\r\ncontent-length: 0\r\n\r\n"),
        "switching" => once(b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
        // A second answer that nobody asked for, for whoever comes next.
        "two-answers" => {
            once(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\nmyHTTP/1.1 200 X\r\ncontent-length: 3\r\n\r\nbad")
        }
        path => status(path).map_or_else(|| once(b""), |answer| once(&answer)),
    }
}

/// A good answer whose path is its status, with `-` and a number of bytes after it for a body.
fn status(path: &str) -> Option<Vec<u8>> {
    let path = path.split('?').next().unwrap_or_default();
    let (status, length) = path.split_once('-').unwrap_or((path, "2"));
    let (status, length): (u16, usize) = (status.parse().ok()?, length.parse().ok()?);
    let body = "ok".repeat(length.div_ceil(2));
    let (body, length) = if status == 204 { ("", 0) } else { (&body[..length], length) };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nretry-after: 17\r\nlocation: http://127.0.0.1:1/x\r\n\r\n"
    );
    Some([head.as_bytes(), body.as_bytes()].concat())
}
