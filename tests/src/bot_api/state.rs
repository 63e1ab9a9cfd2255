//! What the fake remembers, and what a test can tell it to do.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::html::Entity;
use super::limits::{Early, Limiter, Limits, Scope};

/// A request that reached the fake, whatever became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// Milliseconds since the fake started.
    pub at_ms: u64,
    /// The method as called.
    pub method: String,
    /// The parameters, as sent.
    pub parameters: BTreeMap<String, String>,
    /// The answered status; 0 where no answer was given.
    pub status: u16,
    /// The answered description; empty on success.
    pub description: String,
}

/// A message that a person would see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Rises by one with each message of the fake.
    pub message_id: u64,
    /// The chat it is shown in.
    pub chat_id: i64,
    /// The text as shown.
    pub text: String,
    /// Its formatting.
    #[serde(skip_deserializing)]
    pub entities: Vec<Entity>,
    /// The style it was sent in; empty: plain.
    pub parse_mode: String,
    /// What it said before it was edited, oldest first.
    #[serde(default)]
    pub earlier: Vec<String>,
    /// The topic that it is in.
    #[serde(default)]
    pub topic: Option<i64>,
    /// Whether it came without a sound.
    #[serde(default)]
    pub silent: bool,
    /// The document that it came with.
    #[serde(default)]
    pub document: Option<Document>,
    /// Milliseconds since the fake started.
    pub at_ms: u64,
    /// Milliseconds since 1970.
    pub unix_ms: u64,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// What a message says.
pub(super) struct Said {
    pub(super) text: String,
    pub(super) entities: Vec<Entity>,
    pub(super) parse_mode: String,
}

/// How a new message is sent.
pub(super) struct Manner {
    pub(super) topic: Option<i64>,
    pub(super) silent: bool,
    pub(super) document: Option<Document>,
}

/// A message sent before a block had ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Violation {
    /// The chat it was for.
    pub chat_id: i64,
    /// Whom the block was on.
    pub scope: Scope,
    /// Milliseconds since the fake started.
    pub at_ms: u64,
    /// How much too early it came.
    pub early: Early,
}

/// What a chat is to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Chat {
    /// Messages are shown.
    Open,
    /// No such chat.
    Unknown,
    /// The user has blocked the bot.
    Blocked,
    /// The group became the supergroup `to`.
    Migrated {
        /// The new id.
        to: i64,
    },
}

/// Whether the fake can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It answers.
    #[default]
    Up,
    /// Nothing listens.
    Refused,
    /// Every request is answered 502 with an HTML page, as by a proxy.
    BadGateway,
    /// Requests are read and never answered.
    Hang,
}

/// One scripted answer to the next `sendMessage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Status of the answer.
    pub status: u16,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// `retry_after` of a 429, which also starts a block.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// Whom that block is on.
    #[serde(default = "bot_scope")]
    pub scope: Scope,
    /// True: the message is shown although the answer says otherwise.
    #[serde(default)]
    pub deliver: bool,
    /// The chat whose next message is answered so; absent: the next message of all.
    #[serde(default)]
    pub chat: Option<i64>,
}

fn bot_scope() -> Scope {
    Scope::Bot
}

impl Script {
    /// An answer of `status` that delivers nothing.
    pub fn status(status: u16, description: &str) -> Self {
        let description = description.to_owned();
        Self { status, description, retry_after: None, scope: Scope::Bot, deliver: false, chat: None }
    }

    /// A 429 that blocks `scope` for `seconds`.
    pub fn too_many(seconds: u64, scope: Scope) -> Self {
        let description = format!("Too Many Requests: retry after {seconds}");
        Self { retry_after: Some(seconds), scope, ..Self::status(429, &description) }
    }

    /// The same for the next message to this chat.
    pub fn for_chat(self, chat: i64) -> Self {
        Self { chat: Some(chat), ..self }
    }
}

/// Everything behind the fake's one lock.
#[derive(Debug)]
pub(super) struct State {
    pub(super) token: String,
    pub(super) started: Instant,
    pub(super) limits: Limits,
    pub(super) limiter: Limiter,
    pub(super) chats: HashMap<i64, Chat>,
    pub(super) usernames: HashMap<String, i64>,
    /// The topics that forums have: the chat, and the topic's number.
    pub(super) topics: HashSet<(i64, i64)>,
    /// Messages that may be edited no more.
    pub(super) closed: HashSet<u64>,
    pub(super) mode: Mode,
    pub(super) latency_ms: u64,
    pub(super) scripts: VecDeque<Script>,
    pub(super) requests: Vec<Request>,
    pub(super) messages: Vec<Message>,
    pub(super) violations: Vec<Violation>,
    pub(super) next_message_id: u64,
}

impl State {
    pub(super) fn new(token: &str, limits: Limits) -> Self {
        Self {
            token: token.to_owned(),
            started: Instant::now(),
            limits,
            limiter: Limiter::default(),
            chats: HashMap::new(),
            usernames: HashMap::new(),
            topics: HashSet::new(),
            closed: HashSet::new(),
            mode: Mode::Up,
            latency_ms: 0,
            scripts: VecDeque::new(),
            requests: Vec::new(),
            messages: Vec::new(),
            violations: Vec::new(),
            next_message_id: 1,
        }
    }

    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Shows a message and returns its id.
    pub(super) fn show(&mut self, chat_id: i64, said: Said, manner: Manner) -> u64 {
        let (Said { text, entities, parse_mode }, Manner { topic, silent, document }) = (said, manner);
        let (message_id, at_ms) = (self.next_message_id, self.now_ms());
        self.next_message_id += 1;
        self.limiter.delivered(chat_id, at_ms);
        self.messages.push(Message {
            message_id,
            chat_id,
            text,
            entities,
            parse_mode,
            earlier: Vec::new(),
            topic,
            silent,
            document,
            at_ms,
            unix_ms: unix_ms(),
        });
        message_id
    }

    /// Forgets what happened and what was scripted; chats, limits and token stay.
    pub(super) fn reset(&mut self) {
        self.limiter = Limiter::default();
        self.scripts.clear();
        self.requests.clear();
        self.messages.clear();
        self.violations.clear();
        self.mode = Mode::Up;
        self.latency_ms = 0;
    }
}

pub(super) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
