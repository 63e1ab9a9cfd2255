//! A fake Telegram Bot API that is stricter than the real one: what the documentation forbids is refused here.
//!
//! It differs from the real server in three ways, each on the strict side: an unescaped `&` or `>`, an undocumented
//! attribute and undocumented nesting are parse errors, limits allow no burst, and only HTML style is known.
//! The control interface has a port of its own, so that it still answers while the Bot API is down.

mod control;
pub mod html;
pub mod limits;
mod methods;
mod routes;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;

use self::limits::Limits;
pub use self::methods::{CAPTION_LIMIT, TEXT_LIMIT};
use self::state::State;
pub use self::state::{Chat, Document, Message, Mode, Request, Script, Violation};

/// The token that the fake knows unless it is told another.
pub const TOKEN: &str = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK";

/// A running fake; it stops when dropped.
#[derive(Debug)]
pub struct FakeBotApi {
    handle: Handle,
    address: SocketAddr,
    control: SocketAddr,
}

impl FakeBotApi {
    /// Starts a fake with the documented limits on a port that the system chooses.
    pub async fn start() -> Self {
        Self::start_with(TOKEN, Limits::default(), 0, 0).await
    }

    /// Starts a fake that delivers as fast as it is asked to, for tests of other things than pace.
    pub async fn start_unlimited() -> Self {
        Self::start_with(TOKEN, Limits { enforce: false, ..Limits::default() }, 0, 0).await
    }

    /// Starts a fake with its own token, limits and ports (0: any).
    pub async fn start_with(token: &str, limits: Limits, port: u16, control_port: u16) -> Self {
        let (mode, modes) = watch::channel(Mode::Up);
        let (changes, _) = watch::channel(0);
        let state = Arc::new(Mutex::new(State::new(token, limits)));
        let handle = Handle { state, mode: Arc::new(mode), changes: Arc::new(changes) };
        let bot = bind(port).await;
        let control = bind(control_port).await;
        let address = bot.local_addr().expect("a bound listener has an address");
        let control_address = control.local_addr().expect("a bound listener has an address");
        let (bot, control) = (unbound(bot), unbound(control));
        let (router, served) = (routes::router(handle.clone()), handle.clone());
        // A thread of its own: it answers while a test waits for a process to end.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(async {
                let (bot, control) = (bound(bot), bound(control));
                let (_, ended) =
                    tokio::join!(serve_bot(bot, address, served, modes), async { axum::serve(control, router).await });
                ended.expect("the control is served");
            });
        });
        Self { handle, address, control: control_address }
    }

    /// What goes into `api_base`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where `/_control` answers even while the Bot API is down.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// Every message shown so far.
    pub fn messages(&self) -> Vec<Message> {
        self.handle.with(|state| state.messages.clone())
    }

    /// The messages shown in one chat.
    pub fn messages_of(&self, chat: i64) -> Vec<Message> {
        self.messages().into_iter().filter(|message| message.chat_id == chat).collect()
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.handle.with(|state| state.requests.clone())
    }

    /// The requests about one chat, as sent.
    pub fn requests_of(&self, chat: i64) -> Vec<Request> {
        let chat = chat.to_string();
        let about = |request: &Request| request.parameters.get("chat_id") == Some(&chat);
        self.requests().into_iter().filter(about).collect()
    }

    /// Every message that came before its block had ended.
    pub fn violations(&self) -> Vec<Violation> {
        self.handle.with(|state| state.violations.clone())
    }

    /// Takes the fake down or up.
    pub fn set_mode(&self, mode: Mode) {
        self.handle.set_mode(mode);
    }

    /// Delays every answer.
    pub fn set_latency(&self, latency: Duration) {
        self.handle.with(|state| state.latency_ms = u64::try_from(latency.as_millis()).unwrap_or_default());
    }

    /// Scripts the answers to the next messages.
    pub fn script(&self, answers: impl IntoIterator<Item = Script>) {
        self.handle.with(|state| state.scripts.extend(answers));
    }

    /// Says what a chat is; a chat never spoken of is open.
    pub fn set_chat(&self, id: i64, chat: Chat) {
        self.handle.with(|state| state.chats.insert(id, chat));
    }

    /// Makes a chat a forum with this topic.
    pub fn set_topic(&self, chat: i64, topic: i64) {
        self.handle.with(|state| state.topics.insert((chat, topic)));
    }

    /// Lets a message be edited no more.
    pub fn close_edits(&self, message_id: u64) {
        self.handle.with(|state| state.closed.insert(message_id));
    }

    /// Changes the limits.
    pub fn set_limits(&self, limits: Limits) {
        self.handle.with(|state| state.limits = limits);
    }

    /// Waits until `wanted` finds what it looks for among the messages, or fails with all of them.
    pub async fn wait_for<T>(&self, what: &str, limit: Duration, wanted: impl Fn(&[Message]) -> Option<T>) -> T {
        let deadline = Instant::now() + limit;
        let mut changes = self.handle.changes.subscribe();
        loop {
            if let Some(found) = self.handle.with(|state| wanted(&state.messages)) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "no {what} within {limit:?}; messages: {:#?}; requests: {:#?}",
                self.messages(),
                self.requests()
            );
            tokio::time::timeout(left, changes.changed()).await.ok();
        }
    }

    /// Waits for a message that contains `text`.
    pub async fn wait_for_text(&self, text: &str) -> Message {
        let found = |messages: &[Message]| messages.iter().find(|message| message.text.contains(text)).cloned();
        self.wait_for(&format!("message with {text:?}"), Duration::from_secs(20), found).await
    }
}

impl Drop for FakeBotApi {
    fn drop(&mut self) {
        self.handle.set_mode(Mode::Refused);
    }
}

/// What the routes and the owner share.
#[derive(Debug, Clone)]
struct Handle {
    state: Arc<Mutex<State>>,
    mode: Arc<watch::Sender<Mode>>,
    changes: Arc<watch::Sender<u64>>,
}

impl Handle {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn set_mode(&self, mode: Mode) {
        self.with(|state| state.mode = mode);
        self.mode.send_replace(mode);
    }

    fn record(
        &self,
        method: &str,
        parameters: &Result<BTreeMap<String, String>, String>,
        status: u16,
        description: &str,
    ) {
        self.with(|state| {
            let (at_ms, parameters) = (state.now_ms(), parameters.clone().unwrap_or_default());
            state.requests.push(Request {
                at_ms,
                method: method.to_owned(),
                parameters,
                status,
                description: description.to_owned(),
            });
        });
        self.changed();
    }
}

/// Serves the Bot API while the mode is not `Refused`; then nothing listens on its port.
async fn serve_bot(first: TcpListener, address: SocketAddr, handle: Handle, mut modes: watch::Receiver<Mode>) {
    let mut listener = Some(first);
    loop {
        let bound = match listener.take() {
            Some(bound) => bound,
            None => bind(address.port()).await,
        };
        let mut stop = modes.clone();
        let refused = async move {
            stop.wait_for(|mode| *mode == Mode::Refused).await.ok();
        };
        let mut given_up = modes.clone();
        let serving = axum::serve(bound, routes::router(handle.clone())).with_graceful_shutdown(refused);
        tokio::select! {
            _ = serving => {}
            () = async {
                given_up.wait_for(|mode| *mode == Mode::Refused).await.ok();
                tokio::time::sleep(Duration::from_millis(50)).await;
            } => {}
        }
        if modes.wait_for(|mode| *mode != Mode::Refused).await.is_err() {
            return;
        }
    }
}

async fn bind(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a loopback port can be bound")
}

/// A listener taken out of its runtime.
fn unbound(listener: TcpListener) -> std::net::TcpListener {
    listener.into_std().expect("a listener can be taken out of its runtime")
}

/// A listener in the runtime of this thread.
fn bound(listener: std::net::TcpListener) -> TcpListener {
    TcpListener::from_std(listener).expect("a listener can be put into a runtime")
}
