//! A fake of the part of GitHub's REST API that lists webhook deliveries and repeats them, and of GitHub as their sender.
//!
//! It is strict where GitHub is lenient: a request without each of the headers that the documentation recommends, with a
//! parameter or a body that it does not know, or before a rate limit has ended, is refused and kept as a mistake.

mod control;
mod jwt;
mod routes;
mod state;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;

use self::state::State;
pub use self::state::{Attempt, Limit, Request, Webhook};
use crate::http::Http;
use crate::{github, sign};

/// The token that the fake knows.
pub const TOKEN: &str = "github_pat_11AAAAAAA0canaryCanaryCanary_4hKqPzW9";

/// The app that the fake knows, and the private key of this app, which is used nowhere else.
pub const APP_ID: &str = "273491";
/// The app's private key.
pub const APP_KEY: &str = include_str!("app-key.pem");

/// How long GitHub waits for an answer to a webhook.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running fake; it ends with its runtime.
#[derive(Debug)]
pub struct FakeGitHubApi {
    handle: Handle,
    address: SocketAddr,
}

impl FakeGitHubApi {
    /// Starts a fake on a port that the system chooses.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// Starts a fake on a port.
    pub async fn start_on(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound listener has an address");
        let handle = Handle { state: Arc::default(), http: Http::new() };
        let router = routes::router(handle.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { handle, address }
    }

    /// What goes into `api_base`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets a webhook up at a place such as `repos/octo/hello/hooks/7` or `app/hook`; a second time it moves. Without a
    /// target, what is to be sent waits for one.
    pub fn put_webhook(&self, place: &str, target: &str, secret: &str) {
        self.handle.with(|state| state.put_webhook(place, target, secret));
    }

    /// Sends a webhook, at a moment so many seconds ago as far as the list is concerned; its delivery's id.
    pub async fn deliver(&self, place: &str, event: &str, body: &[u8], seconds_ago: u64) -> String {
        self.handle.deliver(place, event, body, seconds_ago).await
    }

    /// Has the next request but so many refused, and those that come before the limit ends counted as mistakes.
    pub fn limit_after(&self, requests: usize, limit: Limit) {
        self.handle.with(|state| state.limit = Some((requests, limit)));
    }

    /// Ends a limit.
    pub fn unlimit(&self) {
        self.handle.with(|state| state.limit = None);
    }

    /// Replaces what `GET /meta` says of the networks of webhooks.
    pub fn set_meta(&self, hooks: serde_json::Value) {
        self.handle.with(|state| state.meta = hooks);
    }

    /// Every attempt at a webhook's deliveries, oldest first.
    pub fn attempts(&self, place: &str) -> Vec<Attempt> {
        self.handle.with(|state| state.webhooks.get(place).map(|webhook| webhook.attempts.clone()).unwrap_or_default())
    }

    /// The deliveries that no attempt brought.
    pub fn lost(&self, place: &str) -> Vec<String> {
        let attempts = self.attempts(place);
        let brought = |guid: &str| attempts.iter().any(|attempt| attempt.guid == guid && attempt.accepted());
        let first = attempts.iter().filter(|attempt| !attempt.redelivery);
        first.map(|attempt| attempt.guid.clone()).filter(|guid| !brought(guid)).collect()
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.handle.with(|state| state.requests.clone())
    }

    /// How often a delivery was asked for again.
    pub fn redeliveries(&self) -> usize {
        self.requests().iter().filter(|request| request.method == "POST" && request.status == 202).count()
    }

    /// Every request that the API does not allow, with the reason.
    pub fn mistakes(&self) -> Vec<String> {
        self.handle.with(|state| state.mistakes.clone())
    }
}

/// What the routes and the owner share.
#[derive(Debug, Clone)]
struct Handle {
    state: Arc<Mutex<State>>,
    http: Http,
}

impl Handle {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends a new webhook and keeps the attempt.
    async fn deliver(&self, place: &str, event: &str, body: &[u8], seconds_ago: u64) -> String {
        let at = u64::try_from(sign::now()).unwrap_or_default() - seconds_ago;
        let guid = self.with(|state| state.new_guid());
        let attempt = Attempt { id: 0, guid: guid.clone(), at, status: 0, event: event.to_owned(), redelivery: false };
        self.attempt(place, attempt, body.to_vec()).await;
        guid
    }

    /// Posts a webhook to its target, signed, and keeps what came of it.
    async fn attempt(&self, place: &str, mut attempt: Attempt, body: Vec<u8>) {
        let webhook = loop {
            let webhook = self.with(|state| state.webhooks.get(place).cloned()).expect("the webhook is set up");
            if !webhook.target.is_empty() {
                break webhook;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let headers = github::headers(&webhook.secret, &attempt.event, &attempt.guid, &body);
        let posted = self.http.try_send(http::Method::POST, &webhook.target, &headers, body.clone());
        // What cannot be reached is listed with a status of its own.
        attempt.status = match tokio::time::timeout(PATIENCE, posted).await {
            Ok(Ok(answer)) => answer.status.as_u16(),
            Ok(Err(_)) => 502,
            Err(_) => 408,
        };
        self.with(|state| state.keep(place, attempt, body));
    }
}
