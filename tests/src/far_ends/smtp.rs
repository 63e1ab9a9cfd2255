//! A fake mail server that keeps what is handed to it, and refuses what is not a well-formed mail.
//!
//! Stricter than most: a bare CR or LF, a header that is not ASCII, a second `Subject`, a `Bcc`, a body in a broken
//! encoding and text after `STARTTLS` in the same packet are refused. Looser: it asks for no proof of where mail is from.
//! Sources: RFC 5321 (SMTP), 5322 (messages), 2045 and 2046 (MIME), 2047 (encoded words), 1870 (`SIZE`), 6152
//! (`8BITMIME`), 3207 (`STARTTLS`), 4954 (`AUTH`), 2034 (enhanced status codes).

mod mail;
mod mime;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

pub use self::mail::Mail;
pub use self::mime::Part;
use self::session::Session;
use self::wire::Wire;
use crate::tls_site::identity;

/// The name in the server's certificate.
pub const NAME: &str = "localhost";

/// The user and the password that the server knows, where it asks for them.
pub const USER: (&str, &str) = ("desk@bellhop.example", "not a real password");

/// When a session is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    #[default]
    Never,
    /// When the client says `STARTTLS`.
    Offered,
    /// When the client says `STARTTLS`, and no mail is taken before.
    Required,
    /// From the first byte on.
    Implicit,
}

/// What the server asks for.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Encryption.
    pub tls: Tls,
    /// Whether it takes mail of its user alone; it takes a password over TLS only, unless it never speaks that.
    pub auth: bool,
    /// The longest mail, in bytes.
    pub size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { tls: Tls::Never, auth: false, size: 10 * 1024 * 1024 }
    }
}

/// What becomes of one command instead of what the server would do.
#[derive(Debug, Clone)]
pub enum Turn {
    /// It is answered so, `451 4.3.0 try again`, and nothing is done; a 421 also ends the session.
    Answer(&'static str),
    /// It is done at once and answered after this time.
    Slow(Duration),
    /// It is never answered, and nothing is done.
    Hang,
    /// The connection is closed, and nothing is done.
    Cut,
    /// It is done, and the connection is closed with no answer.
    Lost,
}

/// What becomes of every session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is served.
    #[default]
    Up,
    /// Its connection is closed.
    Down,
    /// It is never greeted.
    Hang,
    /// So many are served, then so many are turned away with 421, and so on.
    Flap {
        /// How many are served.
        up: usize,
        /// How many are not.
        down: usize,
    },
}

/// A command that came, and what it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When, since the fake was started.
    pub at: Duration,
    /// The number of its session.
    pub session: usize,
    /// The command as it came; `CONNECT` for the greeting, `.` for the end of a mail.
    pub command: String,
    /// The first line of the answer; empty where there was none.
    pub answer: String,
}

/// A running fake mail server; it stops when dropped.
pub struct FakeSmtp {
    address: SocketAddr,
    root: String,
    shared: Arc<Shared>,
    /// Its end is the server's.
    _running: watch::Sender<()>,
}

/// What the sessions and the owner share.
struct Shared {
    began: Instant,
    options: Options,
    acceptor: TlsAcceptor,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    mode: Mode,
    turns: VecDeque<(String, Turn)>,
    mailboxes: BTreeMap<String, &'static str>,
    exchanges: Vec<Exchange>,
    mails: Vec<Mail>,
    sessions: usize,
}

impl FakeSmtp {
    /// Starts a server that takes mail from everybody, not encrypted.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// Starts a server on a port that the system chooses, on a thread of its own.
    pub async fn start_with(options: Options) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound listener has an address");
        let listener = listener.into_std().expect("a listener can be taken out of its runtime");
        let (config, root) = identity(NAME);
        let shared = Arc::new(Shared {
            began: Instant::now(),
            options,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            state: Mutex::default(),
            changed: Notify::new(),
        });
        let (running, stopped) = watch::channel(());
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(accept(listener, served, stopped));
        });
        Self { address, root, shared, _running: running }
    }

    /// Where it is: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate of its authority, in PEM.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Every mail that it took, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.with(|state| state.mails.clone())
    }

    /// Every command so far, in order.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.with(|state| state.exchanges.clone())
    }

    /// Says what becomes of the next of these commands, one after another: `CONNECT`, `EHLO`, `STARTTLS`, `AUTH`,
    /// `MAIL`, `RCPT`, `DATA`, `.` for the end of a mail, `QUIT`.
    pub fn next(&self, command: &str, turns: impl IntoIterator<Item = Turn>) {
        let turns = turns.into_iter().map(|turn| (command.to_owned(), turn));
        self.shared.with(|state| state.turns.extend(turns));
    }

    /// Says what becomes of every session from now on.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.with(|state| (state.mode, state.sessions) = (mode, 0));
    }

    /// Answers mail for an address so: `550 5.1.1 no such user`.
    pub fn set_mailbox(&self, address: &str, answer: &'static str) {
        self.shared.with(|state| state.mailboxes.insert(address.to_owned(), answer));
    }

    /// Waits until it took so many mails.
    pub async fn wait_for_mails(&self, count: usize) -> Vec<Mail> {
        let limit = Duration::from_secs(30);
        let deadline = Instant::now() + limit;
        loop {
            let changed = self.shared.changed.notified();
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            let came = self.exchanges();
            assert!(Instant::now() < deadline, "{count} mails within {limit:?}; {} came: {came:#?}", mails.len());
            let _ = tokio::time::timeout(Duration::from_millis(100), changed).await;
        }
    }
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes a command and its answer down.
    fn note(&self, session: usize, command: &str, answer: &str) {
        let (at, command) = (self.began.elapsed(), command.to_owned());
        let answer = answer.lines().next().unwrap_or_default().to_owned();
        self.with(|state| state.exchanges.push(Exchange { at, session, command, answer }));
        self.changed.notify_waiters();
    }

    /// What a test says of a command.
    fn turn(&self, command: &str) -> Option<Turn> {
        self.with(|state| {
            let place = state.turns.iter().position(|(wanted, _)| wanted == command)?;
            state.turns.remove(place).map(|(_, turn)| turn)
        })
    }

    /// What becomes of a new session, and its number.
    fn begin(&self) -> (usize, Option<Turn>) {
        self.with(|state| {
            let place = state.sessions;
            state.sessions += 1;
            let turn = match state.mode {
                Mode::Up => None,
                Mode::Down => Some(Turn::Cut),
                Mode::Hang => Some(Turn::Hang),
                Mode::Flap { up, down } => {
                    (place % (up + down) >= up).then_some(Turn::Answer("421 4.3.2 not accepting mail now"))
                }
            };
            (place, turn)
        })
    }
}

/// Accepts connections until the owner is gone.
async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<()>) {
    let listener = TcpListener::from_std(listener).expect("a listener can be put into a runtime");
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted.expect("connections are accepted").0,
            _ = stopped.changed() => return,
        };
        let (number, turn) = shared.begin();
        if matches!(turn, Some(Turn::Cut)) {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let implicit = shared.options.tls == Tls::Implicit;
            let stream: Box<dyn wire::Stream> = if implicit {
                let Ok(stream) = shared.acceptor.accept(stream).await else { return };
                Box::new(stream)
            } else {
                Box::new(stream)
            };
            // Clients may turn away at any moment.
            Session::new(&shared, number, Wire::new(stream), implicit).run(turn).await.ok();
        });
    }
}
