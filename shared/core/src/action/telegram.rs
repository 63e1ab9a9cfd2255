//! Messages to a Telegram chat.

use serde::{Deserialize, Serialize};

use super::Check;
use crate::config::{Chat, read_chat};
use crate::template::{Escape, Template, check_tags};

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
    pub(super) fn templates(&self) -> Vec<(&str, Escape)> {
        self.template.as_deref().map(|template| (template, Escape::Html)).into_iter().collect()
    }
}
