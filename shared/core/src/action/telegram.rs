//! Messages to a Telegram chat.

use serde::{Deserialize, Serialize};

use super::material::Said;
use super::{Check, Lane, Material, Rendered};
use crate::config::{Chat, read_chat};
use crate::telegram::{MESSAGE_UNITS, split};
use crate::template::{Escape, Template, check_tags};
use crate::work::Payload;

/// Sends a message to a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Telegram {
    /// The chat: a numeric id, or `@name` of a public channel or group.
    pub chat: String,
    /// The message's template, in Telegram's HTML; the sender's own text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// A `telegram` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = TelegramAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<Chat>,
    /// The message's template, in Telegram's HTML; the sender's own text unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// What travels to the worker: the message in Telegram's HTML, split to its length limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its parts, in their order.
    pub parts: Vec<String>,
}

impl Telegram {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        if let Some(template) = &spec.template {
            check.take("template", Template::compile(template, Escape::Html).and_then(|_| check_tags(template)));
        }
        let Some(chat) = &spec.chat else {
            check.add("chat", "a `telegram` action needs a chat: `chat = \"123456789\"`");
            return None;
        };
        let chat = check.take("chat", read_chat(chat))?;
        Some(Self { chat, template: spec.template.clone() })
    }

    /// The action as it would be written.
    pub(super) fn spec(&self) -> Spec {
        Spec { chat: Some(Chat::Text(self.chat.clone())), template: self.template.clone() }
    }

    /// The source of its template, where it has one.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        self.template.iter().map(|template| ("template".to_owned(), template.as_str(), Escape::Html)).collect()
    }

    /// Whether the text is the sender's own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        self.template.is_none()
    }

    /// It has no secrets: the bot's token is the operator's.
    pub(super) const fn secrets<S>(&self) -> Vec<(&'static str, &S)> {
        Vec::new()
    }

    /// The chat.
    pub(super) fn destination(&self) -> String {
        self.chat.clone()
    }

    /// The message for the chat, split to its length limit.
    #[expect(clippy::unnecessary_wraps, reason = "rooms are asked alike")]
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let Said { html, trouble } = material.text();
        let parts = material.cut(split(&html, MESSAGE_UNITS));
        Ok(Rendered { payload: Payload::Telegram(Message { parts }), lane: Lane::Ordered, trouble })
    }
}
