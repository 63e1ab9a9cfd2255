//! A far end that speaks HTTP: it keeps what came, in order, and answers by its rules or as a test says.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use crate::sink::Came;

/// The longest body that is read.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What a far end answers of its own.
pub trait Rules: Send + 'static {
    /// Judges a request and does what it asks for.
    fn take(&mut self, came: &Came) -> Reply;
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Reply {
    /// An answer in plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned() }.header("content-type", "text/plain; charset=utf-8")
    }

    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string() }.header("content-type", "application/json")
    }

    /// An answer with no body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// The same with another header.
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same with `Retry-After`, in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", seconds)
    }
}

/// What becomes of one call instead of what the rules say.
#[derive(Debug, Clone)]
pub enum Turn {
    /// It is answered so, and nothing is done.
    Answer(Reply),
    /// It is done at once and answered after this time.
    Slow(Duration),
    /// It is never answered, and nothing is done.
    Hang,
    /// The connection is closed, and nothing is done.
    Cut,
    /// It is done, and the connection is closed with no answer.
    Lost,
}

/// What becomes of every call that has no turn of its own.
#[derive(Debug, Clone, Default)]
pub enum Mode {
    /// The rules decide.
    #[default]
    Up,
    /// Every connection is closed.
    Down,
    /// The same turn for each.
    Always(Turn),
    /// So many calls go well, then so many are answered 503, and so on.
    Flap {
        /// How many go well.
        up: usize,
        /// How many do not.
        down: usize,
    },
}

/// A call that came, and what it was answered.
#[derive(Debug, Clone)]
pub struct Call {
    /// What came.
    pub came: Came,
    /// The status of the answer; `None` where there was none, or none yet.
    pub status: Option<u16>,
}

/// A running far end; it stops when dropped.
pub struct FarEnd<R> {
    address: SocketAddr,
    shared: Arc<Shared<R>>,
    /// Its end is the server's.
    _running: watch::Sender<()>,
}

struct Shared<R> {
    began: Instant,
    state: Mutex<State<R>>,
    changed: Notify,
}

struct State<R> {
    rules: R,
    mode: Mode,
    turns: VecDeque<(String, Turn)>,
    calls: Vec<Call>,
    flapped: usize,
}

/// Why a connection is closed without an answer.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the far end closes the connection")
    }
}

impl std::error::Error for Closed {}

impl<R: Rules> FarEnd<R> {
    /// Starts it with these rules on a port that the system chooses, on a thread of its own: it answers while a test
    /// waits for a process.
    pub async fn with_rules(rules: R) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound listener has an address");
        let listener = listener.into_std().expect("a listener can be taken out of its runtime");
        let state = State { rules, mode: Mode::Up, turns: VecDeque::new(), calls: Vec::new(), flapped: 0 };
        let shared = Arc::new(Shared { began: Instant::now(), state: Mutex::new(state), changed: Notify::new() });
        let (running, stopped) = watch::channel(());
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(accept(listener, served, stopped));
        });
        Self { address, shared, _running: running }
    }

    /// Where it is: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The URL of a path.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Reads or changes what the rules remember.
    pub fn with<T>(&self, act: impl FnOnce(&mut R) -> T) -> T {
        self.shared.with(|state| act(&mut state.rules))
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.with(|state| state.calls.clone())
    }

    /// The statuses of the answers so far, in order; 0 where there was none.
    pub fn statuses(&self) -> Vec<u16> {
        self.shared.with(|state| state.calls.iter().map(|call| call.status.unwrap_or_default()).collect())
    }

    /// Says what becomes of the next calls, one after another.
    pub fn next(&self, turns: impl IntoIterator<Item = Turn>) {
        self.next_at("", turns);
    }

    /// Says what becomes of the next calls whose path and query hold this text, one after another.
    pub fn next_at(&self, text: &str, turns: impl IntoIterator<Item = Turn>) {
        let turns = turns.into_iter().map(|turn| (text.to_owned(), turn));
        self.shared.with(|state| state.turns.extend(turns));
    }

    /// Says what becomes of all other calls from now on.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.with(|state| (state.mode, state.flapped) = (mode, 0));
    }

    /// Waits until `wanted` finds what it looks for, or fails with what came.
    pub async fn wait_for<T>(&self, what: &str, limit: Duration, wanted: impl Fn(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + limit;
        loop {
            let changed = self.shared.changed.notified();
            if let Some(found) = wanted(self) {
                return found;
            }
            assert!(Instant::now() < deadline, "no {what} within {limit:?}; came: {:#?}", self.calls());
            let _ = tokio::time::timeout(Duration::from_millis(100), changed).await;
        }
    }
}

impl<R> Shared<R> {
    fn with<T>(&self, act: impl FnOnce(&mut State<R>) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<R: Rules> Shared<R> {
    /// Answers one request, or closes its connection.
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Closed> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|_| Closed)?.to_bytes();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let at = self.began.elapsed();
        let came = Came { at, method: parts.method.to_string(), target, headers: parts.headers, body };
        let (place, turn) = self.with(|state| state.turn(&came));
        let own = || self.with(|state| state.rules.take(&came));
        let reply = match turn {
            None => own(),
            Some(Turn::Answer(reply)) => reply,
            Some(Turn::Slow(time)) => {
                let reply = own();
                self.changed.notify_waiters();
                tokio::time::sleep(time).await;
                reply
            }
            Some(Turn::Hang) => std::future::pending().await,
            Some(Turn::Cut) => return Err(Closed),
            Some(Turn::Lost) => {
                own();
                self.changed.notify_waiters();
                return Err(Closed);
            }
        };
        self.with(|state| state.calls[place].status = Some(reply.status));
        self.changed.notify_waiters();
        let mut response = Response::builder().status(StatusCode::from_u16(reply.status).expect("a status"));
        for (name, value) in reply.headers {
            response = response.header(name, value);
        }
        Ok(response.body(Full::new(reply.body.into())).expect("the headers are well formed"))
    }
}

impl<R> State<R> {
    /// Writes a call down, and says what becomes of it where the rules do not.
    fn turn(&mut self, came: &Came) -> (usize, Option<Turn>) {
        self.calls.push(Call { came: came.clone(), status: None });
        let place = self.calls.len() - 1;
        let own = self.turns.iter().position(|(text, _)| came.target.contains(text));
        if let Some((_, turn)) = own.and_then(|own| self.turns.remove(own)) {
            return (place, Some(turn));
        }
        let turn = match &self.mode {
            Mode::Up => None,
            Mode::Down => Some(Turn::Cut),
            Mode::Always(turn) => Some(turn.clone()),
            Mode::Flap { up, down } => {
                let bad = self.flapped % (up + down) >= *up;
                self.flapped += 1;
                bad.then(|| Turn::Answer(Reply::text(503, "unavailable")))
            }
        };
        (place, turn)
    }
}

/// Accepts connections until the owner is gone.
async fn accept<R: Rules>(listener: std::net::TcpListener, shared: Arc<Shared<R>>, mut stopped: watch::Receiver<()>) {
    let listener = TcpListener::from_std(listener).expect("a listener can be put into a runtime");
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.expect("connections are accepted").0,
            _ = stopped.changed() => return,
        };
        if shared.with(|state| matches!(state.mode, Mode::Down)) {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let shared = Arc::clone(&shared);
                async move { shared.answer(request).await }
            });
            // Clients may turn away at any moment.
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use http::Method;

    use super::{Came, FarEnd, Mode, Reply, Rules, Turn};
    use crate::http::Http;

    /// Counts what it did.
    struct Counting(u32);

    impl Rules for Counting {
        fn take(&mut self, _came: &Came) -> Reply {
            self.0 += 1;
            Reply::text(200, &self.0.to_string())
        }
    }

    /// The status of a call, or why there was none.
    async fn call(end: &FarEnd<Counting>, path: &str) -> Result<u16, String> {
        let answer = Http::new().try_send(Method::POST, &end.at(path), &[], Bytes::new()).await;
        answer.map(|answer| answer.status.as_u16())
    }

    #[tokio::test]
    async fn turns_come_before_the_mode_and_the_mode_before_the_rules() {
        let end = FarEnd::with_rules(Counting(0)).await;
        end.set_mode(Mode::Flap { up: 1, down: 2 });
        end.next_at("/b", [Turn::Answer(Reply::text(429, "").retry_after(7)), Turn::Cut, Turn::Lost]);
        assert_eq!(call(&end, "/a").await, Ok(200));
        assert_eq!(call(&end, "/b").await, Ok(429));
        assert_eq!(call(&end, "/a").await, Ok(503));
        assert_eq!(call(&end, "/a").await, Ok(503));
        assert_eq!(call(&end, "/a").await, Ok(200));
        assert!(call(&end, "/b").await.is_err() && end.with(|rules| rules.0) == 2);
        assert!(call(&end, "/b").await.is_err() && end.with(|rules| rules.0) == 3);
        end.set_mode(Mode::Down);
        assert!(call(&end, "/a").await.is_err());
        assert_eq!(end.statuses(), [200, 429, 503, 503, 200, 0, 0]);
    }

    #[tokio::test]
    async fn what_is_slow_is_done_at_once_and_what_hangs_is_not() {
        let end = FarEnd::with_rules(Counting(0)).await;
        end.next([Turn::Slow(Duration::from_millis(300)), Turn::Hang]);
        let began = Instant::now();
        let (answer, done) = tokio::join!(
            call(&end, "/"),
            end.wait_for("effect", Duration::from_secs(5), |end| (end.with(|rules| rules.0) == 1)
                .then(|| began.elapsed()))
        );
        assert_eq!(answer, Ok(200));
        assert!(began.elapsed() >= Duration::from_millis(300) && done < Duration::from_millis(300), "{done:?}");
        assert!(tokio::time::timeout(Duration::from_millis(200), call(&end, "/")).await.is_err());
        assert_eq!(end.with(|rules| rules.0), 1);
    }
}
