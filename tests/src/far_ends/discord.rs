//! A fake Discord: messages of webhooks, posted, edited and shown, in channels, threads and forums.
//!
//! Stricter than the real one: unknown fields and parameters are refused, a character is a UTF-16 unit, and a mention
//! counts inside code too. Looser: no components, files or polls, and no limit but each webhook's own.
//! Sources: <https://discord.com/developers/docs/resources/webhook>,
//! <https://discord.com/developers/docs/resources/message>, <https://discord.com/developers/docs/topics/rate-limits>,
//! <https://discord.com/developers/docs/topics/opcodes-and-status-codes>.

mod bucket;
mod form;
mod mentions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::bucket::Bucket;
pub use self::form::CONTENT_LIMIT;
use self::form::Refusal;
pub use self::mentions::Mentions;
use super::{FarEnd, Reply, Rules};
use crate::sink::Came;

/// The webhook that there is from the start.
pub const WEBHOOK: &str = "1300000000000000001";

/// Its token.
pub const TOKEN: &str = "not-a-real-token_of-a-webhook";

/// The channel that it writes to.
pub const CHANNEL: &str = "1300000000000000002";

/// A running fake Discord.
pub type FakeDiscord = FarEnd<Guild>;

/// What a webhook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Webhook {
    /// It writes to a text channel.
    Text,
    /// It writes to a forum, where every message is in a thread.
    Forum,
    /// It may not write any more.
    Forbidden,
    /// Its channel is gone.
    NoChannel,
}

/// A message that people see.
#[derive(Debug, Clone)]
pub struct Message {
    /// When it was posted, since the fake was started.
    pub at: Duration,
    /// Its id.
    pub id: String,
    /// The channel or thread that it is in.
    pub channel: String,
    /// The name of the thread that it began.
    pub thread_name: Option<String>,
    /// What it says now.
    pub content: Content,
    /// What it said before, oldest first.
    pub earlier: Vec<Content>,
    webhook: String,
}

/// What a message says.
#[derive(Debug, Clone)]
pub struct Content {
    /// When it was said, since the fake was started.
    pub at: Duration,
    /// The fields as they came.
    pub body: Map<String, Value>,
    /// Its text, as it came.
    pub text: String,
    /// Its embeds.
    pub embeds: Vec<Value>,
    /// Whom it names, and whom of them it calls.
    pub mentions: Mentions,
    /// Whether it said `allowed_mentions: {parse: []}` and allowed nobody else.
    pub allows_nobody: bool,
}

/// All that the fake knows.
#[derive(Debug)]
pub struct Guild {
    webhooks: BTreeMap<String, Webhook>,
    /// Each thread, and whether it is locked.
    threads: BTreeMap<String, bool>,
    messages: Vec<Message>,
    /// How many there ever were.
    posted: u64,
    buckets: HashMap<String, Bucket>,
    limit: (u32, Duration),
}

impl FarEnd<Guild> {
    /// Starts a guild with one webhook on a text channel, and the limit of the real one: five calls in two seconds.
    pub async fn start() -> Self {
        Self::with_rules(Guild {
            webhooks: [(WEBHOOK.to_owned(), Webhook::Text)].into(),
            threads: BTreeMap::new(),
            messages: Vec::new(),
            posted: 0,
            buckets: HashMap::new(),
            limit: (5, Duration::from_secs(2)),
        })
        .await
    }

    /// Starts it for tests of other things than pace.
    pub async fn start_unlimited() -> Self {
        let discord = Self::start().await;
        discord.set_limit(1_000_000, Duration::from_secs(1));
        discord
    }

    /// The URL of the first webhook.
    pub fn url(&self) -> String {
        self.url_of(WEBHOOK)
    }

    /// The URL of a webhook.
    pub fn url_of(&self, webhook: &str) -> String {
        self.at(&format!("/api/webhooks/{webhook}/{TOKEN}"))
    }

    /// Every message that people see, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.with(|guild| guild.messages.clone())
    }

    /// Takes every message that people see so far, oldest first.
    pub fn take_messages(&self) -> Vec<Message> {
        self.with(|guild| std::mem::take(&mut guild.messages))
    }

    /// Adds or changes a webhook, by its id; all have the same token.
    pub fn set_webhook(&self, id: &str, webhook: Webhook) {
        self.with(|guild| guild.webhooks.insert(id.to_owned(), webhook));
    }

    /// Takes a webhook away.
    pub fn remove_webhook(&self, id: &str) {
        self.with(|guild| guild.webhooks.remove(id));
    }

    /// Adds or changes a thread, by its id.
    pub fn set_thread(&self, id: &str, locked: bool) {
        self.with(|guild| guild.threads.insert(id.to_owned(), locked));
    }

    /// Takes a message away, as its reader may.
    pub fn remove_message(&self, id: &str) {
        self.with(|guild| guild.messages.retain(|message| message.id != id));
    }

    /// Lets so many calls of a kind pass a webhook in a time.
    pub fn set_limit(&self, calls: u32, time: Duration) {
        self.with(|guild| guild.limit = (calls, time));
    }

    /// How many calls were answered 401, 403 or 429: at 10,000 in ten minutes the real one takes none any more.
    pub fn invalid_requests(&self) -> usize {
        self.statuses().into_iter().filter(|status| [401, 403, 429].contains(status)).count()
    }

    /// Waits until so many messages are seen.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Message> {
        let enough = |end: &Self| Some(end.messages()).filter(|messages| messages.len() >= count);
        self.wait_for(&format!("{count} messages"), Duration::from_secs(30), enough).await
    }
}

/// A 429 of a resource or of all calls, for a turn: `scope` is `user`, `shared` or `global`.
pub fn too_many(seconds: f64, scope: &str) -> Reply {
    let message = if scope == "shared" { "The resource is being rate limited." } else { "You are being rate limited." };
    let body = json!({"message": message, "retry_after": seconds, "global": scope == "global"});
    let reply = Reply::json(429, &body).header("retry-after", seconds.ceil()).header("x-ratelimit-scope", scope);
    if scope == "global" { reply.header("x-ratelimit-global", "true") } else { reply }
}

/// What a call is about.
struct Call<'a> {
    came: &'a Came,
    webhook: &'a str,
    message: Option<&'a str>,
    wait: bool,
    thread: Option<String>,
}

impl Rules for Guild {
    fn take(&mut self, came: &Came) -> Reply {
        let (path, query) = came.target.split_once('?').unwrap_or((&came.target, ""));
        let path = path.strip_prefix("/api/v10/").or_else(|| path.strip_prefix("/api/"));
        let parts: Vec<&str> = path.unwrap_or_default().split('/').collect();
        let (webhook, token, message) = match parts[..] {
            ["webhooks", webhook, token] => (webhook, token, None),
            ["webhooks", webhook, token, "messages", message] => (webhook, token, Some(message)),
            [version, ..] if version.starts_with('v') => {
                return Refusal::new(400, 50041, "Invalid API version").reply();
            }
            _ => return Refusal::new(404, 0, "404: Not Found").reply(),
        };
        let name = format!("{} {webhook}", came.method);
        let bucket = self.buckets.entry(name).or_default().take(self.limit, came.at);
        if let Some(seconds) = bucket.exceeded() {
            return bucket.headers(too_many(seconds, "user"));
        }
        let reply = form::query(query, message.is_some())
            .and_then(|(wait, thread)| self.answer(token, &Call { came, webhook, message, wait, thread }))
            .unwrap_or_else(|refusal| refusal.reply());
        bucket.headers(reply)
    }
}

impl Guild {
    /// Answers a call that its bucket let pass.
    fn answer(&mut self, token: &str, call: &Call<'_>) -> Result<Reply, Refusal> {
        form::snowflake("webhook_id", call.webhook)?;
        let webhook = *self.webhooks.get(call.webhook).ok_or_else(|| Refusal::new(404, 10015, "Unknown Webhook"))?;
        if token != TOKEN {
            return Err(Refusal::new(401, 50027, "Invalid Webhook Token"));
        }
        match (call.came.method.as_str(), call.message) {
            ("GET", None) => Ok(Reply::json(
                200,
                &json!({"id": call.webhook, "type": 1, "name": "Bellhop", "avatar": null, "channel_id": CHANNEL,
                    "guild_id": "1300000000000000000", "application_id": null, "token": TOKEN}),
            )),
            ("POST", None) => self.post(call, webhook),
            ("GET", Some(id)) => self.find(call, id).map(|message| Reply::json(200, &message.shown())),
            ("PATCH", Some(id)) => self.edit(call, id),
            ("DELETE", Some(id)) => {
                let id = self.find(call, id)?.id.clone();
                self.messages.retain(|message| message.id != id);
                Ok(Reply::empty(204))
            }
            _ => Err(Refusal::new(405, 0, "405: Method Not Allowed")),
        }
    }

    fn post(&mut self, call: &Call<'_>, webhook: Webhook) -> Result<Reply, Refusal> {
        let body = form::message(call.came, true)?;
        let thread_name = body.get("thread_name").and_then(Value::as_str).map(str::to_owned);
        match webhook {
            Webhook::Forbidden => return Err(Refusal::new(403, 50013, "Missing Permissions")),
            Webhook::NoChannel => return Err(Refusal::new(404, 10003, "Unknown Channel")),
            Webhook::Forum if thread_name.is_none() && call.thread.is_none() => {
                let message = "Webhooks posted to forum channels must have a thread_name or thread_id";
                return Err(Refusal::new(400, 220_001, message));
            }
            Webhook::Forum if thread_name.is_some() && call.thread.is_some() => {
                let message = "Webhooks posted to forum channels cannot have both a thread_name and thread_id";
                return Err(Refusal::new(400, 220_002, message));
            }
            Webhook::Text if thread_name.is_some() => {
                return Err(Refusal::new(400, 220_003, "Webhooks can only create threads in forum channels"));
            }
            Webhook::Text | Webhook::Forum => {}
        }
        match call.thread.as_ref().map(|thread| self.threads.get(thread)) {
            Some(None) => return Err(Refusal::new(404, 10003, "Unknown Channel")),
            Some(Some(true)) => return Err(Refusal::new(400, 160_005, "Thread is locked")),
            Some(Some(false)) | None => {}
        }
        let content = Content::new(body, call.came.at, None)?;
        let id = (1_300_000_000_000_001_000 + self.posted).to_string();
        self.posted += 1;
        if thread_name.is_some() {
            self.threads.insert(id.clone(), false);
        }
        let channel = if thread_name.is_some() { Some(&id) } else { call.thread.as_ref() };
        let channel = channel.map_or(CHANNEL, String::as_str).to_owned();
        let webhook = call.webhook.to_owned();
        let message = Message { at: call.came.at, id, channel, thread_name, content, earlier: Vec::new(), webhook };
        let reply = if call.wait { Reply::json(200, &message.shown()) } else { Reply::empty(204) };
        self.messages.push(message);
        Ok(reply)
    }

    fn edit(&mut self, call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
        let body = form::message(call.came, false)?;
        let message = self.find(call, id)?;
        let content = Content::new(body, call.came.at, Some(&message.content))?;
        message.earlier.push(std::mem::replace(&mut message.content, content));
        Ok(Reply::json(200, &message.shown()))
    }

    /// The message of this webhook that a call names, where it says the thread that the message is in.
    fn find(&mut self, call: &Call<'_>, id: &str) -> Result<&mut Message, Refusal> {
        form::snowflake("message_id", id)?;
        let channel = call.thread.as_deref().unwrap_or(CHANNEL);
        let is_it =
            |message: &&mut Message| message.id == id && message.webhook == call.webhook && message.channel == channel;
        self.messages.iter_mut().find(is_it).ok_or_else(|| Refusal::new(404, 10008, "Unknown Message"))
    }
}

impl Content {
    /// What a body says, with what it leaves as it was before.
    fn new(body: Map<String, Value>, at: Duration, before: Option<&Self>) -> Result<Self, Refusal> {
        let text = match body.get("content") {
            Some(content) => content.as_str().unwrap_or_default().to_owned(),
            None => before.map_or_else(String::new, |before| before.text.clone()),
        };
        let embeds = match body.get("embeds") {
            Some(embeds) => embeds.as_array().cloned().unwrap_or_default(),
            None => before.map_or_else(Vec::new, |before| before.embeds.clone()),
        };
        if text.trim().is_empty() && embeds.is_empty() {
            return Err(Refusal::new(400, 50006, "Cannot send an empty message"));
        }
        let allowed = body.get("allowed_mentions").filter(|allowed| allowed.is_object());
        let mentions = Mentions::read(&text, allowed);
        let none = |name: &str| allowed.is_some_and(|allowed| allowed[name].as_array().is_none_or(Vec::is_empty));
        let allows_nobody =
            allowed.is_some_and(|allowed| allowed["parse"] == json!([])) && none("users") && none("roles");
        Ok(Self { at, body, text, embeds, mentions, allows_nobody })
    }
}

impl Message {
    /// The message as the API shows it.
    fn shown(&self) -> Value {
        let stamp = |at: Duration| {
            let unix = 1_796_000_000 + i64::try_from(at.as_secs()).unwrap_or_default();
            jiff::Timestamp::from_second(unix).map(|time| time.to_string()).unwrap_or_default()
        };
        let called = |prefix: &str| -> Vec<String> {
            let ids = self.content.mentions.calls.iter().filter_map(|call| call.strip_prefix(prefix));
            ids.map(|id| id.trim_matches(['!', '>']).to_owned()).filter(|id| !id.starts_with('&')).collect()
        };
        let everyone = self.content.mentions.calls.iter().any(|call| call.starts_with("@"));
        json!({
            "id": self.id, "type": 0, "content": self.content.text, "channel_id": self.channel,
            "author": {"bot": true, "id": self.webhook, "username": "Bellhop", "avatar": null, "discriminator": "0000"},
            "attachments": [], "embeds": self.content.embeds, "components": [], "pinned": false, "tts": false, "flags": 0,
            "mentions": called("<@").into_iter().map(|id| json!({"id": id})).collect::<Vec<_>>(),
            "mention_roles": called("<@&"), "mention_everyone": everyone, "timestamp": stamp(self.at),
            "edited_timestamp": self.earlier.last().map(|_| stamp(self.content.at)), "webhook_id": self.webhook,
        })
    }
}
