//! A fake Slack: incoming webhooks, `chat.postMessage` and `chat.update`, by token or by secret path.
//!
//! Stricter than the real one: unknown fields, texts that the real one cuts and a thread that does not exist are
//! refused; a character is a UTF-16 unit. Looser: `chat.update` has no pace.
//! Sources: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
//! <https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks>,
//! <https://docs.slack.dev/reference/methods/chat.postMessage>, <https://docs.slack.dev/reference/methods/chat.update>.

pub mod blocks;
mod message;
mod mrkdwn;
mod pace;
mod request;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use self::message::Refusal;
pub use self::message::{Content, MOST_ATTACHMENTS, Message, TEXT_LIMIT};
pub use self::mrkdwn::Shown;
use self::pace::Pace;
use super::fields::{self, Kind};
use super::{FarEnd, Reply, Rules};
use crate::sink::Came;

/// The bot token that the fake knows.
pub const TOKEN: &str = "xoxb-0123456789-not-a-real-token";

/// The channel that there is from the start.
pub const CHANNEL: &str = "C0FRONTDESK";

/// The path of the incoming webhook that there is from the start.
pub const HOOK: &str = "/services/T0BELLHOP/B0FRONTDESK/NotARealSecretOfAHook000";

/// A running fake Slack.
pub type FakeSlack = FarEnd<Workspace>;

/// What a channel is to the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Messages are shown.
    Open,
    /// It is read only.
    Archived,
    /// The bot is not among its members, which webhooks need not be.
    NotMember,
    /// Its workspace lets nobody but administrators write.
    Restricted,
}

/// What a webhook is to the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// It writes to its channel.
    Working,
    /// Its app was removed.
    Removed,
    /// Its app was switched off.
    Disabled,
}

/// All that the fake knows.
#[derive(Debug)]
pub struct Workspace {
    channels: BTreeMap<String, Channel>,
    hooks: BTreeMap<String, (Hook, String)>,
    messages: Vec<Message>,
    /// How many there ever were.
    posted: usize,
    closed: BTreeSet<String>,
    pace: Pace,
}

impl FarEnd<Workspace> {
    /// Starts a workspace with one channel and one webhook, and no pace.
    pub async fn start() -> Self {
        Self::with_rules(Workspace {
            channels: [(CHANNEL.to_owned(), Channel::Open)].into(),
            hooks: [(HOOK.to_owned(), (Hook::Working, CHANNEL.to_owned()))].into(),
            messages: Vec::new(),
            posted: 0,
            closed: BTreeSet::new(),
            pace: Pace::default(),
        })
        .await
    }

    /// The URL of the first webhook.
    pub fn url(&self) -> String {
        self.at(HOOK)
    }

    /// Where the methods are: `http://HOST/api/`, as clients of the Web API take it.
    pub fn api_url(&self) -> String {
        self.at("/api/")
    }

    /// Every message that people see, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.with(|workspace| workspace.messages.clone())
    }

    /// Takes every message that people see so far, oldest first.
    pub fn take_messages(&self) -> Vec<Message> {
        self.with(|workspace| std::mem::take(&mut workspace.messages))
    }

    /// Lets a message a second into a channel, and so many at once; `None`: any number.
    pub fn set_burst(&self, burst: Option<u32>) {
        self.with(|workspace| workspace.pace.burst = burst);
    }

    /// Adds or changes a channel.
    pub fn set_channel(&self, channel: &str, state: Channel) {
        self.with(|workspace| workspace.channels.insert(channel.to_owned(), state));
    }

    /// Takes a channel away.
    pub fn remove_channel(&self, channel: &str) {
        self.with(|workspace| workspace.channels.remove(channel));
    }

    /// Adds or changes a webhook: its path, and its channel.
    pub fn set_hook(&self, path: &str, state: Hook, channel: &str) {
        self.with(|workspace| workspace.hooks.insert(path.to_owned(), (state, channel.to_owned())));
    }

    /// Lets a message be edited no more.
    pub fn close_edits(&self, ts: &str) {
        self.with(|workspace| workspace.closed.insert(ts.to_owned()));
    }

    /// Waits until so many messages are seen.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Message> {
        let enough = |end: &Self| Some(end.messages()).filter(|messages| messages.len() >= count);
        self.wait_for(&format!("{count} messages"), Duration::from_secs(30), enough).await
    }
}

impl Rules for Workspace {
    fn take(&mut self, came: &Came) -> Reply {
        let path = came.target.split('?').next().unwrap_or_default();
        if came.method != "POST" {
            return Reply::text(405, "method_not_allowed");
        }
        if let Some(method) = path.strip_prefix("/api/") {
            return self.method(method, came).unwrap_or_else(|refusal| refused(&refusal));
        }
        if path.starts_with("/services/") {
            return self.webhook(path, came).unwrap_or_else(|(status, error)| Reply::text(status, error));
        }
        Reply::text(404, "not found")
    }
}

/// The answer of a method that refuses: 200 all the same.
fn refused(refusal: &Refusal) -> Reply {
    let mut body = json!({"ok": false, "error": refusal.error});
    if !refusal.messages.is_empty() {
        body["response_metadata"] = json!({"messages": refusal.messages});
    }
    Reply::json(200, &body)
}

impl Workspace {
    /// Answers an incoming webhook.
    fn webhook(&mut self, path: &str, came: &Came) -> Result<Reply, (u16, &'static str)> {
        let channel = self.channel_of(path)?;
        let body = request::webhook(came).ok_or((400, "invalid_payload"))?;
        let content = message::read(body, &[], came.at).map_err(|refusal| match refusal.error {
            "invalid_arguments" => (400, "invalid_payload"),
            error => (400, error),
        })?;
        match self.channels.get(&channel) {
            None => return Err((404, "channel_not_found")),
            Some(Channel::Archived) => return Err((410, "channel_is_archived")),
            Some(Channel::Restricted) => return Err((403, "action_prohibited")),
            Some(Channel::Open | Channel::NotMember) => {}
        }
        self.thread(&channel, &content).map_err(|error| (400, error))?;
        if let Err(seconds) = self.pace.check(&channel, came.at) {
            return Ok(Reply::text(429, "rate_limited").retry_after(seconds));
        }
        self.post(channel, content);
        Ok(Reply::text(200, "ok"))
    }

    /// The channel that a webhook writes to.
    fn channel_of(&self, path: &str) -> Result<String, (u16, &'static str)> {
        match self.hooks.get(path) {
            Some((Hook::Working, channel)) => return Ok(channel.clone()),
            Some((Hook::Removed, _)) => return Err((404, "no_service")),
            Some((Hook::Disabled, _)) => return Err((404, "no_active_hooks")),
            None => {}
        }
        let shares = |parts: usize| {
            let begins = |path: &str| path.split('/').take(parts).map(str::to_owned).collect::<Vec<_>>();
            self.hooks.keys().any(|known| begins(known) == begins(path))
        };
        Err(match () {
            () if shares(4) => (403, "invalid_token"),
            () if shares(3) => (404, "no_service"),
            () => (404, "no_team"),
        })
    }

    /// Answers a method of the Web API.
    fn method(&mut self, name: &str, came: &Came) -> Result<Reply, Refusal> {
        match came.headers.get_all("authorization").iter().collect::<Vec<_>>()[..] {
            [] => return Err(Refusal::plain("not_authed")),
            [one] if one.as_bytes() == format!("Bearer {TOKEN}").as_bytes() => {}
            _ => return Err(Refusal::plain("invalid_auth")),
        }
        let arguments = request::method(came).map_err(Refusal::plain)?;
        let mut answer = match name {
            "chat.postMessage" => self.post_message(arguments.fields, came.at)?,
            "chat.update" => self.update(arguments.fields, came.at)?,
            _ => return Err(Refusal::plain("unknown_method")),
        };
        if answer.status == 200 && arguments.no_charset {
            let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            body["warning"] = json!("missing_charset");
            body["response_metadata"] = json!({"warnings": ["missing_charset"]});
            answer.body = body.to_string();
        }
        Ok(answer)
    }

    fn post_message(&mut self, fields: Map<String, Value>, at: Duration) -> Result<Reply, Refusal> {
        let channel = self.open_channel(&fields)?;
        let content = message::read(fields, &[("channel", Kind::Text)], at)?;
        self.thread(&channel, &content).map_err(Refusal::plain)?;
        if let Err(seconds) = self.pace.check(&channel, at) {
            return Ok(Reply::json(429, &json!({"ok": false, "error": "ratelimited"})).retry_after(seconds));
        }
        Ok(posted(self.post(channel, content)))
    }

    fn update(&mut self, fields: Map<String, Value>, at: Duration) -> Result<Reply, Refusal> {
        let channel = self.open_channel(&fields)?;
        let ts = required(&fields, "ts")?.to_owned();
        let not_here = ["thread_ts", "unfurl_links", "unfurl_media", "mrkdwn"];
        if let Some(name) = not_here.iter().find(|name| fields.contains_key(**name)) {
            return Err(wrong_argument(&format!("unknown field: {name}"), name));
        }
        let content = message::read(fields, &[("channel", Kind::Text), ("ts", Kind::Text)], at)?;
        let found = self.messages.iter_mut().find(|message| message.channel == channel && message.ts == ts);
        let message = found.ok_or_else(|| Refusal::plain("message_not_found"))?;
        if self.closed.contains(&ts) {
            return Err(Refusal::plain("edit_window_closed"));
        }
        message.earlier.push(std::mem::replace(&mut message.content, content));
        Ok(posted(message))
    }

    /// The channel that a method names, where the bot may write.
    fn open_channel(&self, fields: &Map<String, Value>) -> Result<String, Refusal> {
        let channel = required(fields, "channel")?;
        match self.channels.get(channel) {
            Some(Channel::Open) => Ok(channel.to_owned()),
            Some(Channel::Archived) => Err(Refusal::plain("is_archived")),
            Some(Channel::NotMember) => Err(Refusal::plain("not_in_channel")),
            Some(Channel::Restricted) => Err(Refusal::plain("restricted_action")),
            None => Err(Refusal::plain("channel_not_found")),
        }
    }

    /// Checks that a reply has a first message in its channel, which is no reply itself.
    fn thread(&self, channel: &str, content: &Content) -> Result<(), &'static str> {
        let Some(thread) = content.body.get("thread_ts").and_then(Value::as_str) else { return Ok(()) };
        let first =
            |message: &Message| message.channel == channel && message.ts == thread && message.thread_ts.is_none();
        if self.messages.iter().any(first) { Ok(()) } else { Err("thread_not_found") }
    }

    /// Shows a message.
    fn post(&mut self, channel: String, content: Content) -> &Message {
        let place = self.messages.len();
        let thread_ts = content.body.get("thread_ts").and_then(Value::as_str).map(str::to_owned);
        let ts = format!("{}.{:06}", 1_796_000_000 + self.posted, 100 + self.posted);
        self.posted += 1;
        self.messages.push(Message { at: content.at, channel, ts, thread_ts, content, earlier: Vec::new() });
        &self.messages[place]
    }
}

/// A text argument that a method cannot do without.
fn required<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    let text = fields::text(fields, name);
    if text.is_empty() { Err(wrong_argument(&format!("missing required field: {name}"), name)) } else { Ok(text) }
}

/// A refusal of an argument.
fn wrong_argument(message: &str, name: &str) -> Refusal {
    Refusal { error: "invalid_arguments", messages: vec![format!("[ERROR] {message} [json-pointer:/{name}]")] }
}

/// The answer that shows a message.
fn posted(message: &Message) -> Reply {
    let said = &message.content.body;
    let mut shown =
        json!({"type": "message", "bot_id": "B0FRONTDESK", "ts": message.ts, "text": fields::text(said, "text")});
    if let Some(thread_ts) = &message.thread_ts {
        shown["thread_ts"] = json!(thread_ts);
    }
    if let Some(blocks) = said.get("blocks") {
        shown["blocks"] = blocks.clone();
    }
    Reply::json(200, &json!({"ok": true, "channel": message.channel, "ts": message.ts, "message": shown}))
}
