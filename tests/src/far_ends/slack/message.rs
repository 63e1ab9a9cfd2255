//! What a message may hold, by webhook or by method.
//! Source: <https://docs.slack.dev/reference/methods/chat.postMessage>.

use std::time::Duration;

use serde_json::{Map, Value};

use super::blocks;
use super::mrkdwn::{self, Shown};
use crate::far_ends::fields::{self, Kind, Wrong, units};

/// The longest text: the real one cuts what is longer, here it is refused.
pub const TEXT_LIMIT: usize = 40_000;

/// The most attachments.
pub const MOST_ATTACHMENTS: usize = 100;

/// A message that people see.
#[derive(Debug, Clone)]
pub struct Message {
    /// When it was posted, since the fake was started.
    pub at: Duration,
    /// Its channel.
    pub channel: String,
    /// Its time stamp, which is its id in the channel.
    pub ts: String,
    /// The message that it is a reply to.
    pub thread_ts: Option<String>,
    /// What it says now.
    pub content: Content,
    /// What it said before, oldest first.
    pub earlier: Vec<Content>,
}

/// What a message says.
#[derive(Debug, Clone)]
pub struct Content {
    /// When it was said, since the fake was started.
    pub at: Duration,
    /// The fields as they came, without a token.
    pub body: Map<String, Value>,
    /// The field `text` as people see it; where there are blocks, it is for notifications alone.
    pub text: Shown,
    /// The blocks and attachments as people see them.
    pub blocks: Shown,
}

impl Content {
    /// Everybody it calls, wherever it does.
    pub fn mentions(&self) -> Vec<&str> {
        self.text.mentions.iter().chain(&self.blocks.mentions).map(String::as_str).collect()
    }

    /// Everything that should have been escaped.
    pub fn unescaped(&self) -> Vec<&str> {
        self.text.unescaped.iter().chain(&self.blocks.unescaped).map(String::as_str).collect()
    }

    /// What people read: the blocks, or the text where there are none.
    pub fn shown(&self) -> &str {
        if self.blocks.text.is_empty() { &self.text.text } else { &self.blocks.text }
    }
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Slack's word for it.
    pub(super) error: &'static str,
    /// What more it says.
    pub(super) messages: Vec<String>,
}

impl Refusal {
    /// A refusal that says no more than its word.
    pub(super) fn plain(error: &'static str) -> Self {
        Self { error, messages: Vec::new() }
    }
}

/// The fields of every message.
const FIELDS: &[(&str, Kind)] = &[
    ("text", Kind::Text),
    ("blocks", Kind::List),
    ("attachments", Kind::List),
    ("mrkdwn", Kind::Flag),
    ("parse", Kind::Text),
    ("link_names", Kind::Flag),
    ("thread_ts", Kind::Text),
    ("reply_broadcast", Kind::Flag),
    ("unfurl_links", Kind::Flag),
    ("unfurl_media", Kind::Flag),
    ("metadata", Kind::Object),
];

/// The fields of an attachment.
const ATTACHMENT_FIELDS: &[(&str, Kind)] = &[
    ("blocks", Kind::List),
    ("color", Kind::Text),
    ("fallback", Kind::Text),
    ("pretext", Kind::Text),
    ("title", Kind::Text),
    ("title_link", Kind::Text),
    ("text", Kind::Text),
    ("footer", Kind::Text),
    ("ts", Kind::Whole),
    ("mrkdwn_in", Kind::List),
];

/// Reads the fields of a message; `more` are those that it has only here.
pub(super) fn read(body: Map<String, Value>, more: &[(&str, Kind)], at: Duration) -> Result<Content, Refusal> {
    // What is no list is refused in a word of its own.
    let known = [FIELDS, more].concat();
    let lists = ["blocks", "attachments"];
    match fields::check(&body, &known) {
        Err(Wrong::Kind(name, _)) if lists.contains(&name.as_str()) => {}
        Err(wrong) => {
            let message = match &wrong {
                Wrong::Unknown(name) => format!("[ERROR] unknown field: {name} [json-pointer:/{name}]"),
                Wrong::Kind(name, kind) => format!("[ERROR] must be of kind {kind:?} [json-pointer:/{name}]"),
            };
            return Err(Refusal { error: "invalid_arguments", messages: vec![message] });
        }
        Ok(()) => {}
    }
    let names = body.get("link_names") == Some(&Value::Bool(true)) || fields::text(&body, "parse") == "full";
    let text = fields::text(&body, "text");
    if units(text) > TEXT_LIMIT {
        return Err(Refusal::plain("msg_too_long"));
    }
    let said =
        if body.get("mrkdwn") == Some(&Value::Bool(false)) { Shown::plain(text) } else { mrkdwn::read(text, names) };
    let mut shown = Shown::default();
    let refused = |refusal: blocks::Refusal| {
        let messages = vec![format!("[ERROR] {}", refusal.message)];
        Refusal { error: refusal.error, messages }
    };
    if let Some(found) = body.get("blocks") {
        shown.add(blocks::read(found, "/blocks").map_err(refused)?);
    }
    let attachments = match body.get("attachments") {
        None => &[][..],
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Refusal::plain("invalid_attachments")),
    };
    if attachments.len() > MOST_ATTACHMENTS {
        return Err(Refusal::plain("too_many_attachments"));
    }
    for (place, attachment) in attachments.iter().enumerate() {
        let attachment = attachment.as_object().filter(|object| fields::check(object, ATTACHMENT_FIELDS).is_ok());
        let attachment = attachment.ok_or_else(|| Refusal::plain("invalid_attachments"))?;
        for name in ["pretext", "title", "text", "footer"] {
            shown.add(mrkdwn::read(fields::text(attachment, name), names));
        }
        if let Some(found) = attachment.get("blocks") {
            shown.add(blocks::read(found, &format!("/attachments/{place}/blocks")).map_err(refused)?);
        }
    }
    let blocks = body.get("blocks").and_then(Value::as_array).map_or(0, Vec::len);
    if text.trim().is_empty() && blocks == 0 && attachments.is_empty() {
        return Err(Refusal::plain("no_text"));
    }
    Ok(Content { at, body, text: said, blocks: shown })
}
