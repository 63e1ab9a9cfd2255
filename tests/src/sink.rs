//! An HTTP server that requests are forwarded to: it keeps what came and answers as its path says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The longest body it takes.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Came {
    /// When, since the sink was started.
    pub at: Duration,
    /// The method.
    pub method: String,
    /// The path and query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Came {
    /// A header's value; empty where there is none, and a failure where it is there twice.
    pub fn header(&self, name: &str) -> String {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() <= 1, "{name} is there {} times", values.len());
        values.first().and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

/// The server.
pub struct Sink {
    /// Where it is: `127.0.0.1:PORT`.
    pub host: String,
    kept: Arc<Kept>,
}

struct Kept {
    began: Instant,
    came: Mutex<Vec<Came>>,
    arrived: Notify,
    /// What the next requests are answered, by path; 200 where nothing is said.
    answers: Mutex<Vec<(String, u16, &'static str)>>,
}

impl Sink {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let host = listener.local_addr().expect("it has an address").to_string();
        let kept = Arc::new(Kept {
            began: Instant::now(),
            came: Mutex::default(),
            arrived: Notify::new(),
            answers: Mutex::default(),
        });
        let app = Router::new().fallback(take).with_state(Arc::clone(&kept));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { host, kept }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Answers the next request at a path so; `header` is `name: value`, or empty.
    pub fn answer(&self, path: &str, status: u16, header: &'static str) {
        self.kept.answers.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), status, header));
    }

    /// What came at a path so far.
    pub fn at(&self, path: &str) -> Vec<Came> {
        let came = self.kept.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.iter().filter(|one| one.target.split('?').next() == Some(path)).cloned().collect()
    }

    /// Waits until so many came at a path.
    pub async fn wait_for(&self, path: &str, count: usize) -> Vec<Came> {
        let limit = Duration::from_secs(30);
        let waiting = async {
            loop {
                let arrived = self.kept.arrived.notified();
                let came = self.at(path);
                if came.len() >= count {
                    return came;
                }
                let _ = tokio::time::timeout(Duration::from_millis(200), arrived).await;
            }
        };
        let came = tokio::time::timeout(limit, waiting).await;
        came.unwrap_or_else(|_| panic!("{count} requests at {path} within {limit:?}; {} came", self.at(path).len()))
    }
}

/// Takes a request. A path that begins with `/slow` is answered after a minute.
async fn take(State(kept): State<Arc<Kept>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.expect("the body is whole");
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let path = parts.uri.path().to_owned();
    let came =
        Came { at: kept.began.elapsed(), method: parts.method.to_string(), target, headers: parts.headers, body };
    kept.came.lock().unwrap_or_else(PoisonError::into_inner).push(came);
    kept.arrived.notify_waiters();
    if path.starts_with("/slow") {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let mut answers = kept.answers.lock().unwrap_or_else(PoisonError::into_inner);
    let next = answers.iter().position(|(at, ..)| *at == path).map(|place| answers.remove(place));
    let (_, status, header) = next.unwrap_or((path, 200, ""));
    let mut response = Response::new(axum::body::Body::from(format!("answered {status}")));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    if let Some((name, value)) = header.split_once(": ") {
        let name: http::HeaderName = name.parse().expect("a header's name");
        response.headers_mut().insert(name, value.parse().expect("a header's value"));
    }
    response
}
