//! One `bellhop serve` with a fake Bot API: what most tests start from.

use std::time::Duration;

use bellhop_tests::bot_api::{FakeBotApi, Message, TOKEN};
use bellhop_tests::github;
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::serve::{Bellhop, Setup};
use serde_json::Value;

/// Secrets that must appear in no output; the bot token is the other one.
pub(crate) const GITHUB_SECRET: &str = "canary-github-5f1d7c9a3e";
pub(crate) const OTHER_SECRET: &str = "canary-other-8b2e4d6f10";
pub(crate) const SHARED_SECRET: &str = "canary-shared-0c9b7a5d3f";
pub(crate) const STANDARD_SECRET: &str = "whsec_Y2FuYXJ5LXN0YW5kYXJkLXdlYmhvb2tzLWtleQ==";
pub(crate) const ADMIN_TOKEN: &str = "canary-admin-2d4f6a8c0e1b3d5f7a9c";

const CANARIES: [&str; 6] = [GITHUB_SECRET, OTHER_SECRET, SHARED_SECRET, STANDARD_SECRET, ADMIN_TOKEN, TOKEN];

/// The chat of hooks that name no other.
pub(crate) const CHAT: i64 = 4711;

/// A running server, its Bot API and a client.
pub(crate) struct World {
    pub(crate) fake: FakeBotApi,
    pub(crate) setup: Setup,
    pub(crate) bellhop: Bellhop,
    pub(crate) http: Http,
}

impl World {
    /// Starts a server with these hooks and a Bot API without limits.
    pub(crate) async fn start(hooks: &str) -> Self {
        Self::start_with(FakeBotApi::start_unlimited().await, hooks)
    }

    /// Starts a server with these hooks and this Bot API.
    pub(crate) fn start_with(fake: FakeBotApi, hooks: &str) -> Self {
        let setup = setup(&config(&fake.url(), hooks));
        let bellhop = setup.start();
        Self { fake, setup, bellhop, http: Http::new() }
    }

    /// Posts a signed GitHub delivery.
    pub(crate) async fn github(&self, path: &str, event: &str, delivery: &str, body: &[u8]) -> Answer {
        let headers = github::headers(GITHUB_SECRET, event, delivery, body);
        self.http.post(&self.bellhop.at(path), &headers, body.to_vec()).await
    }

    /// Posts a JSON body with the shared secret.
    pub(crate) async fn shared(&self, path: &str, body: &str) -> Answer {
        let headers = headers(&[("content-type", "application/json"), ("x-webhook-secret", SHARED_SECRET)]);
        self.http.post(&self.bellhop.at(path), &headers, body.to_owned()).await
    }

    /// Posts a message with the shared secret, which must be accepted.
    pub(crate) async fn say(&self, path: &str, message: &str) {
        assert_accepted(&self.shared(path, &serde_json::json!({"message": message}).to_string()).await);
    }

    /// Waits until the chat shows exactly `count` messages, and a moment longer for one too many.
    pub(crate) async fn messages_of(&self, chat: i64, count: usize) -> Vec<Message> {
        let enough =
            |messages: &[Message]| (messages.iter().filter(|m| m.chat_id == chat).count() >= count).then_some(());
        self.fake.wait_for(&format!("{count} messages in chat {chat}"), Duration::from_secs(20), enough).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let found = self.fake.messages_of(chat);
        assert_eq!(found.len(), count, "{found:#?}");
        found
    }

    /// Stops the server as an operator does and checks that nothing secret was printed.
    pub(crate) fn finish(self) -> String {
        let (status, output) = self.bellhop.terminate(Duration::from_secs(10));
        assert!(status.is_some_and(|status| status.success()), "it ends well on SIGTERM: {status:?}\n{output}");
        no_secret_in(&output);
        output
    }
}

/// The environment that the secret references of these tests name.
pub(crate) fn setup(config: &str) -> Setup {
    Setup::new(config)
        .env("TELEGRAM_BOT_TOKEN", TOKEN)
        .env("GITHUB_WEBHOOK_SECRET", GITHUB_SECRET)
        .env("OTHER_SECRET", OTHER_SECRET)
        .env("SHARED_SECRET", SHARED_SECRET)
        .env("STANDARD_SECRET", STANDARD_SECRET)
        .env("BELLHOP_ADMIN_TOKEN", ADMIN_TOKEN)
}

/// A configuration with the limits out of the way.
pub(crate) fn config(api_base: &str, hooks: &str) -> String {
    format!(
        r#"
[limits]
rate_per_minute = 1000000

[telegram]
token = "env:TELEGRAM_BOT_TOKEN"
api_base = "{api_base}"
{hooks}"#
    )
}

/// A hook that sends to one chat; `extra` are further fields, `action` further fields of the action.
pub(crate) fn hook(name: &str, path: &str, sender: &str, secret: &str, chat: i64, extra: &str, action: &str) -> String {
    let secrets = if secret.is_empty() { String::new() } else { format!("secrets = [\"env:{secret}\"]") };
    format!(
        r#"
[[hooks]]
name = "{name}"
path = "{path}"
sender = "{sender}"
rate_per_minute = 1000000
{secrets}
{extra}
  [[hooks.actions]]
  kind = "telegram"
  chat = "{chat}"
  {action}
"#
    )
}

/// A GitHub hook at `path` with the default text.
pub(crate) fn github_hook(path: &str, chat: i64) -> String {
    hook(&format!("hook-{path}"), path, "github", "GITHUB_WEBHOOK_SECRET", chat, "", "")
}

/// A hook with a shared secret at `path` with the default text.
pub(crate) fn shared_hook(path: &str, chat: i64) -> String {
    hook(&format!("shared-{path}"), path, "shared-secret", "SHARED_SECRET", chat, "", "")
}

/// Checks an acceptance: 200, an id and a status.
pub(crate) fn assert_accepted(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), body["status"].as_str()), (200, Some("accepted")), "{}", answer.text());
    let id = body["id"].as_str().unwrap_or_default();
    assert!(!id.is_empty(), "{body}");
    id.to_owned()
}

/// Checks a refusal: its status and the error envelope, which says nothing of the inside.
pub(crate) fn assert_refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("application/json"), "{:?}", answer.headers);
    assert_error_body(&answer.text());
}

/// Checks the error envelope: `{"error":{"code","message","request_id"}}` and nothing else.
pub(crate) fn assert_error_body(text: &str) {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let fields =
        |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    assert_eq!(fields(&body), ["error"], "{text}");
    assert_eq!(fields(&body["error"]), ["code", "message", "request_id"], "{text}");
    for field in ["code", "message", "request_id"] {
        assert!(body["error"][field].as_str().is_some_and(|value| !value.is_empty()), "{field}: {text}");
    }
    no_secret_in(text);
}

/// Fails where a secret shows.
pub(crate) fn no_secret_in(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "a secret shows ({canary}) in:\n{text}");
    }
}
