//! A fake ntfy server: messages published as JSON, or to a topic with headers.
//!
//! Stricter than the real one: unknown fields and parameters, addresses without a scheme and encoded words that are not
//! well formed are refused. A text over 4,096 bytes becomes an attachment there; here it is refused as by a server that
//! takes none. Looser: no delays, attachments, calls or mails.
//! Sources: <https://docs.ntfy.sh/publish/> and the server's own code (`server/server.go`, `server/errors.go`,
//! `server/actions.go` of <https://github.com/binwiederhier/ntfy>).

mod actions;
mod params;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{FarEnd, Reply, Rules};
use crate::sink::Came;

/// The token that the fake knows, of the user `desk`.
pub const TOKEN: &str = "tk_notarealtokenofanyone0000000";

/// The user and the password that the fake knows.
pub const USER: (&str, &str) = ("desk", "not a real pass:word");

/// The longest text, in bytes.
pub const MESSAGE_LIMIT: usize = 4096;

/// The longest JSON body, in bytes.
const JSON_LIMIT: usize = 2 * MESSAGE_LIMIT;

/// Topics that the server keeps for itself.
const RESERVED: &[&str] = &["docs", "static", "file", "app", "metrics", "account", "settings", "signup", "login", "v1"];

/// A running fake ntfy server.
pub type FakeNtfy = FarEnd<Server>;

/// Who may publish to a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Whoever says who they are.
    Users,
    /// Nobody.
    ReadOnly,
}

/// A message that people see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it came, since the fake was started.
    pub at: Duration,
    /// Its id.
    pub id: String,
    /// Its topic.
    pub topic: String,
    /// What it says.
    pub said: Said,
    /// Who published it, where they said so.
    pub user: Option<String>,
}

/// What a message says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Its title.
    pub title: String,
    /// Its text.
    pub message: String,
    /// From 1 (least) to 5; 3 where nothing is said.
    pub priority: u8,
    /// Tags and emoji names.
    pub tags: Vec<String>,
    /// What opens when it is tapped.
    pub click: String,
    /// The picture beside it.
    pub icon: String,
    /// The buttons below it.
    pub actions: Vec<Value>,
    /// Whether its text is Markdown.
    pub markdown: bool,
}

/// All that the fake knows.
#[derive(Debug)]
pub struct Server {
    topics: BTreeMap<String, Access>,
    messages: Vec<Message>,
    /// How many there ever were.
    published: usize,
    /// How many requests may come at once, and the time in which one more may.
    limit: Option<(u32, Duration)>,
    even_at: Duration,
}

impl FarEnd<Server> {
    /// Starts a server on which everybody may publish to every topic, as often as they like.
    pub async fn start() -> Self {
        let server = Server {
            topics: BTreeMap::new(),
            messages: Vec::new(),
            published: 0,
            limit: None,
            even_at: Duration::ZERO,
        };
        Self::with_rules(server).await
    }

    /// The URL of a topic; of the server where it is empty.
    pub fn url(&self, topic: &str) -> String {
        self.at(&format!("/{topic}"))
    }

    /// Every message that people see, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.with(|server| server.messages.clone())
    }

    /// Takes every message that people see so far, oldest first.
    pub fn take_messages(&self) -> Vec<Message> {
        self.with(|server| std::mem::take(&mut server.messages))
    }

    /// Says who may publish to a topic.
    pub fn set_access(&self, topic: &str, access: Access) {
        self.with(|server| server.topics.insert(topic.to_owned(), access));
    }

    /// Lets so many requests come at once, and one more in each time; the public server's are 60 and 5 s.
    pub fn set_limit(&self, limit: Option<(u32, Duration)>) {
        self.with(|server| server.limit = limit);
    }

    /// Waits until so many messages are seen.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Message> {
        let enough = |end: &Self| Some(end.messages()).filter(|messages| messages.len() >= count);
        self.wait_for(&format!("{count} messages"), Duration::from_secs(30), enough).await
    }
}

/// An error of the server: its code, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal(u32, String);

impl Refusal {
    /// An error that says no more than what it always says.
    fn plain(code: u32) -> Self {
        Self(code, String::new())
    }
}

/// The answer with which the server refuses, for a turn too; the first three digits of the code are the status.
pub fn refusal(code: u32, more: &str) -> Reply {
    let (error, link) = match code {
        40007 => ("invalid priority parameter", "#message-priority"),
        40009 => ("invalid request: topic invalid", ""),
        40010 => ("invalid request: topic name is not allowed", ""),
        40011 => ("invalid message: message must be UTF-8 encoded", ""),
        40014 => ("invalid request: attachments not allowed", ""),
        40017 => ("invalid request: request body must be message JSON", "#publish-as-json"),
        40018 => ("invalid request: actions invalid", "#action-buttons"),
        40021 => ("invalid request: icon URL is invalid", "#icons"),
        40024 => ("invalid request: request body must be valid JSON", ""),
        40101 => ("unauthorized", "#authentication"),
        40301 => ("forbidden", "#authentication"),
        40401 => ("page not found", ""),
        41303 => ("JSON body too large", ""),
        42901 => ("limit reached: too many requests", "#limitations"),
        42908 => ("limit reached: daily message quota reached", "#limitations"),
        50001 => ("internal server error", ""),
        50701 => ("cannot publish to UnifiedPush topic without previously active subscriber", ""),
        other => panic!("{other} is no code that this fake knows"),
    };
    let status = u16::try_from(code / 100).unwrap_or_default();
    let error = if more.is_empty() { error.to_owned() } else { format!("{error}; {more}") };
    let mut body = json!({"code": code, "http": status, "error": error});
    if !link.is_empty() {
        body["link"] = json!(format!("https://ntfy.sh/docs/publish/{link}"));
    }
    Reply::json(status, &body)
}

impl Rules for Server {
    fn take(&mut self, came: &Came) -> Reply {
        self.publish(came).unwrap_or_else(|Refusal(code, more)| refusal(code, &more))
    }
}

impl Server {
    /// Publishes what came.
    fn publish(&mut self, came: &Came) -> Result<Reply, Refusal> {
        self.pace(came.at)?;
        if !["POST", "PUT"].contains(&came.method.as_str()) {
            return Err(Refusal::plain(40401));
        }
        let (path, query) = came.target.split_once('?').unwrap_or((&came.target, ""));
        let (topic, said) = if path == "/" {
            if came.body.len() > JSON_LIMIT {
                return Err(Refusal::plain(41303));
            }
            params::json(came, query)?
        } else {
            let topic = path.strip_prefix('/').filter(|topic| is_topic(topic)).ok_or_else(|| Refusal::plain(40401))?;
            (topic.to_owned(), params::headers(came, query)?)
        };
        if !is_topic(&topic) {
            return Err(Refusal::plain(40009));
        }
        if RESERVED.contains(&topic.as_str()) {
            return Err(Refusal::plain(40010));
        }
        let user = user(came)?;
        match self.topics.get(&topic) {
            Some(Access::Users) if user.is_none() => return Err(Refusal::plain(40301)),
            Some(Access::ReadOnly) => return Err(Refusal::plain(40301)),
            _ => {}
        }
        if said.message.len() > MESSAGE_LIMIT {
            return Err(Refusal::plain(40014));
        }
        let id = format!("Nt{:010}", self.published);
        self.published += 1;
        let message = Message { at: came.at, id, topic, said, user };
        let reply = Reply::json(200, &message.shown());
        self.messages.push(message);
        Ok(reply)
    }

    /// Lets a request pass, or not.
    fn pace(&mut self, now: Duration) -> Result<(), Refusal> {
        let Some((burst, time)) = self.limit else { return Ok(()) };
        let even_at = self.even_at.max(now);
        if even_at > now + time * burst.saturating_sub(1) {
            return Err(Refusal::plain(42901));
        }
        self.even_at = even_at + time;
        Ok(())
    }
}

impl Message {
    /// The message as the server shows it.
    fn shown(&self) -> Value {
        let said = &self.said;
        let time = 1_796_000_000 + self.at.as_secs();
        let mut shown = json!({"id": self.id, "time": time, "expires": time + 43_200, "event": "message",
            "topic": self.topic, "message": said.message});
        let texts = [("title", &said.title), ("click", &said.click), ("icon", &said.icon)];
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            shown[name] = json!(text);
        }
        if said.priority != 3 {
            shown["priority"] = json!(said.priority);
        }
        if !said.tags.is_empty() {
            shown["tags"] = json!(said.tags);
        }
        if !said.actions.is_empty() {
            shown["actions"] = json!(said.actions);
        }
        if said.markdown {
            shown["content_type"] = json!("text/markdown");
        }
        shown
    }
}

/// Whether a topic may be called so.
fn is_topic(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

/// Who publishes: nobody known where nothing is said.
fn user(came: &Came) -> Result<Option<String>, Refusal> {
    let unauthorized = || Refusal::plain(40101);
    let value = match came.headers.get_all("authorization").iter().collect::<Vec<_>>()[..] {
        [] => return Ok(None),
        [one] => one.to_str().map_err(|_| unauthorized())?,
        _ => return Err(unauthorized()),
    };
    let known = match value.split_once(' ') {
        Some(("Bearer", token)) => token == TOKEN,
        Some(("Basic", basic)) => {
            let basic = STANDARD.decode(basic).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            let (name, password) = basic.split_once(':').ok_or_else(unauthorized)?;
            (name, password) == USER || name.is_empty() && password == TOKEN
        }
        _ => false,
    };
    if known { Ok(Some(USER.0.to_owned())) } else { Err(unauthorized()) }
}
