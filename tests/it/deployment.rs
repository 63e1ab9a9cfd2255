//! The deployed stack as a test has it in its turn, with a Bot API and a proxy before AWS of the test's own.
//!
//! The hooks of all phases of all tests are applied once, by the first to come: what a phase needs stands in [`hooks`].

use std::time::{Duration, Instant};

use bellhop_tests::bot_api::limits::Limits;
use bellhop_tests::bot_api::{FakeBotApi, Message, TOKEN};
use bellhop_tests::github;
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::proxy::Proxy;
use bellhop_tests::stack::{Stack, Turn};
use http::Method;
use serde_json::Value;

use crate::actions_deployed::ends::{self, Ends, MAIL_FROM};
use crate::faults;
use crate::kinds::Kinds;
use crate::world::{
    GITHUB_SECRET, OTHER_SECRET, SHARED_SECRET, STANDARD_SECRET, assert_accepted, config, hook, no_secret_in,
    shared_hook,
};

/// How long what happens at once may take on a slow machine with other work.
pub(crate) const SOON: Duration = Duration::from_secs(90);

/// How long a phase that is over waits for functions that are not.
const REST: Duration = Duration::from_secs(30);

/// How long what the router had in hand when its calls failed stays invisible, instead of the template's three minutes:
/// longer than an outage of [`faults`], so that what failed in it comes again when it is over.
const VISIBILITY_SECONDS: u32 = 15;

/// The environment that the configuration's references name.
const ENVIRONMENT: [(&str, &str); 5] = [
    ("TELEGRAM_BOT_TOKEN", TOKEN),
    ("GITHUB_WEBHOOK_SECRET", GITHUB_SECRET),
    ("OTHER_SECRET", OTHER_SECRET),
    ("SHARED_SECRET", SHARED_SECRET),
    ("STANDARD_SECRET", STANDARD_SECRET),
];

/// The hooks of all phases, each with chats of its own.
pub(crate) fn hooks() -> String {
    let head = "template = \"{{ payload.marker }} {{ payload.noise | length }}\"";
    shared_hook("", 1)
        + &shared_hook("order", 2)
        + &shared_hook("retry", 3)
        + &shared_hook("wait", 4)
        + &shared_hook("blocked", 5)
        + &hook("std", "std", "standard-webhooks", "STANDARD_SECRET", 6, "", "")
        + &hook("large", "large", "github", "GITHUB_WEBHOOK_SECRET", 7, "", head)
        + &hook("twice", "twice", "github", "GITHUB_WEBHOOK_SECRET", 8, "", "")
        + &hook("small", "small", "github", "GITHUB_WEBHOOK_SECRET", 9, "max_body_bytes = 1000", "")
        + &hook("far", "far", "github", "GITHUB_WEBHOOK_SECRET", 9, "allowed_ips = [\"10.0.0.0/8\"]", "")
        + &hook("tampered-hook", "tampered", "github", "OTHER_SECRET", 9, "", "")
        + &shared_hook("going", 10)
        + &hook("priced", "priced", "github", "GITHUB_WEBHOOK_SECRET", 12, "", "")
        + &shared_hook("last", 13)
        + &hook("copied", "copied", "github", "GITHUB_WEBHOOK_SECRET", 14, "", "")
        + &format!("\n[email]\nfrom = \"Bellhop <{MAIL_FROM}>\"\n")
        + &faults::hooks()
        + &Kinds::load().hooks()
}

/// The stack, while it is this test's turn.
pub(crate) struct Deployment {
    pub(crate) fake: FakeBotApi,
    pub(crate) proxy: Proxy,
    pub(crate) http: Http,
    pub(crate) ends: Ends,
    pub(crate) stack: Stack,
}

impl Deployment {
    /// Waits for its turn and takes the stack over, with a Bot API that keeps the documented limits.
    pub(crate) async fn join() -> Self {
        Self::join_with(Limits::default()).await
    }

    /// The same with a Bot API of these limits.
    pub(crate) async fn join_with(limits: Limits) -> Self {
        let turn = tokio::task::block_in_place(Turn::wait);
        let fake = FakeBotApi::start_with(TOKEN, limits, turn.ports.bot, 0).await;
        let proxy = Proxy::start(turn.ports.proxy, turn.ports.aws).await;
        let url = fake.url();
        let stack = tokio::task::block_in_place(|| turn.stack(&ends::parameters(), |stack| prepare(stack, &url)));
        Self { fake, proxy, http: Http::new(), ends: Ends::start().await, stack }
    }

    /// A configuration with these hooks.
    pub(crate) fn config(&self, hooks: &str) -> String {
        config(&self.fake.url(), hooks)
    }

    /// Runs `bellhop apply` with this configuration and token: whether it went well, and what it said.
    pub(crate) fn try_apply(&self, config: &str, token: &str) -> (bool, String) {
        try_apply(&self.stack, config, token)
    }

    /// Applies these hooks instead of those of all phases.
    pub(crate) fn apply(&self, hooks: &str) {
        tokio::task::block_in_place(|| apply(&self.stack, &self.fake.url(), hooks));
    }

    /// Posts a JSON body with the shared secret.
    pub(crate) async fn shared(&self, path: &str, body: String) -> Answer {
        let headers = headers(&[("content-type", "application/json"), ("x-webhook-secret", SHARED_SECRET)]);
        self.http.post(&self.stack.at(path), &headers, body).await
    }

    /// Posts a message with the shared secret, which must be accepted, and returns the event's id.
    pub(crate) async fn say(&self, path: &str, message: &str) -> String {
        assert_accepted(&self.shared(path, serde_json::json!({"message": message}).to_string()).await)
    }

    /// Posts a signed GitHub delivery.
    pub(crate) async fn github(&self, path: &str, delivery: &str, body: &[u8]) -> Answer {
        let headers = github::headers(GITHUB_SECRET, "ping", delivery, body);
        self.http.post(&self.stack.at(path), &headers, body.to_vec()).await
    }

    /// Waits for a message with this text.
    pub(crate) async fn wait_for(&self, text: &str) -> Message {
        let found = |messages: &[Message]| messages.iter().find(|message| message.text.contains(text)).cloned();
        self.fake.wait_for(&format!("message with {text:?}"), SOON, found).await
    }

    /// Waits until exactly so many messages stand in a chat.
    pub(crate) async fn messages_of(&self, chat: i64, count: usize) {
        let there = |messages: &[Message]| {
            (messages.iter().filter(|message| message.chat_id == chat).count() >= count).then_some(())
        };
        self.fake.wait_for(&format!("{count} messages in chat {chat}"), SOON, there).await;
        let found = self.fake.messages_of(chat);
        assert_eq!(found.len(), count, "{found:#?}");
    }

    /// Waits until the router has done with everything accepted so far.
    pub(crate) fn settle(&self) {
        tokio::task::block_in_place(|| self.stack.settle(SOON));
    }

    /// Waits until the event's first task stands like this, and returns it as the API shows it.
    pub(crate) async fn task(&self, event: &str, status: &str) -> Value {
        let is = |event: &Value| event["tasks"][0]["status"] == status;
        self.event(event, &format!("task that is {status}"), is).await["tasks"][0].clone()
    }

    /// Waits until the router has recorded the event.
    pub(crate) async fn routed(&self, event: &str) {
        self.event(event, "event", |event| event["tasks"].as_array().is_some_and(|tasks| !tasks.is_empty())).await;
    }

    /// Waits until the router has either made tasks of the event or found it to be a copy.
    pub(crate) async fn told_apart(&self, event: &str) {
        let is = |event: &Value| {
            event["status"] == "duplicate" || event["tasks"].as_array().is_some_and(|tasks| !tasks.is_empty())
        };
        self.event(event, "event or copy", is).await;
    }

    /// Fails where a message for this chat came before a block had ended.
    pub(crate) fn no_violation_in(&self, chat: i64) {
        let found: Vec<_> = self.fake.violations().into_iter().filter(|one| one.chat_id == chat).collect();
        assert!(found.is_empty(), "{found:#?}");
    }

    /// Waits until so many tasks of the event have ended, and returns them with their attempts.
    pub(crate) async fn ended(&self, event: &str, count: usize) -> Vec<Value> {
        let tasks = |event: &Value| event["tasks"].as_array().cloned().unwrap_or_default();
        let is_over = |task: &&Value| matches!(task["status"].as_str(), Some("succeeded" | "dead" | "skipped"));
        let are = |event: &Value| tasks(event).iter().filter(is_over).count() >= count;
        tasks(&self.event(event, &format!("{count} tasks that have ended"), are).await)
    }

    /// Calls the management API as its admin.
    pub(crate) async fn api(&self, method: Method, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.stack.deployed.admin_token);
        let admin = headers(&[("authorization", &bearer), ("content-type", "application/json")]);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.http.send(method, &self.stack.at(path), &admin, body).await
    }

    /// Asks the API for an event until it is as wanted.
    async fn event(&self, event: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (path, deadline) = (format!("/api/events/{event}"), Instant::now() + SOON);
        loop {
            let answer = self.api(Method::GET, &path, &Value::Null).await;
            let seen = answer.json();
            if answer.status.as_u16() == 200 && wanted(&seen) {
                return seen;
            }
            assert!(Instant::now() < deadline, "no {what} within {SOON:?}: {} {seen:#}", answer.status);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Deployment {
    /// Lets the functions end what they have in hand: with the proxy they lose their way to AWS.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            tokio::task::block_in_place(|| self.stack.rest(REST));
        }
    }
}

/// What nobody may do until this is dropped: `Deny` is put into effect, and then `Allow`.
pub(crate) struct Closed<F: Fn(&str) -> String>(F);

impl<F: Fn(&str) -> String> Closed<F> {
    /// Puts `Deny` into effect.
    pub(crate) fn by(set: F) -> Self {
        set("Deny");
        Self(set)
    }
}

impl<F: Fn(&str) -> String> Drop for Closed<F> {
    fn drop(&mut self) {
        (self.0)("Allow");
    }
}

/// Makes a new stack ready for all phases.
fn prepare(stack: &Stack, bot: &str) {
    stack.python(
        "url, seconds = sys.argv[1:]\n\
         aws('sqs').set_queue_attributes(QueueUrl=url, Attributes={'VisibilityTimeout': seconds})",
        &[stack.deployed.queue_url("inbox"), &VISIBILITY_SECONDS.to_string()],
    );
    ends::make(stack);
    apply(stack, bot, &hooks());
}

/// Brings these hooks to the stack, and breaks one of them there. Where the local AWS has too much to do to answer in
/// time, the command says that nothing was changed, and is run again as people would.
fn apply(stack: &Stack, bot: &str, hooks: &str) {
    let (deadline, config) = (Instant::now() + SOON, config(bot, hooks));
    let (done, said) = loop {
        let (done, said) = try_apply(stack, &config, &stack.deployed.admin_token);
        let again = said.contains("answered 503") && said.contains("nothing was changed") && Instant::now() < deadline;
        if done || !again {
            break (done, said);
        }
    };
    assert!(done, "{said}\n{}", stack.output());
    no_secret_in(&said);
    break_a_stored_hook(stack);
}

fn try_apply(stack: &Stack, config: &str, token: &str) -> (bool, String) {
    let output = stack.apply(config, token, &ENVIRONMENT);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Takes the secrets out of a stored hook, as no API allows it: the door must close, not open.
fn break_a_stored_hook(stack: &Stack) {
    let changed = stack.python(
        "import re\n\
         table, changed = sys.argv[1], 0\n\
         for page in aws('dynamodb').get_paginator('scan').paginate(TableName=table):\n    \
         for item in page['Items']:\n        \
         try: text = json.dumps(item)\n        \
         except TypeError: continue  # a packed one\n        \
         if 'tampered-hook' not in text: continue\n        \
         new = re.sub(r'(\\\\?\"secrets\\\\?\": ?)\\[[^\\]]*\\]', r'\\1[]', text)\n        \
         new = re.sub(r'(\"secrets\": \\{\"L\": )\\[[^\\]]*\\]', r'\\1[]', new)\n        \
         if new != text: aws('dynamodb').put_item(TableName=table, Item=json.loads(new)); changed += 1\n\
         print(changed)",
        &[stack.deployed.output("TableName")],
    );
    assert_eq!(changed, "1", "the stored hook was found");
}
