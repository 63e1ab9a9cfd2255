//! Messages to a Telegram chat.

mod message;

use serde::{Deserialize, Serialize};

use super::key::KeyRule;
use super::text::TextRule;
use super::{Check, Lane, Material, Quiet, QuietSpec, Rendered};
use crate::config::{Chat, between, read_chat};
use crate::markup::Markup;
use crate::template::Escape;
use crate::work::Payload;

pub use message::{Document, Message, Style};

/// Sends a message to a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telegram {
    /// The chat: a numeric id, or `@name` of a public channel or group.
    pub chat: String,
    /// The message's template; the sender's own text where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The markup of the template.
    #[serde(default = "html", skip_serializing_if = "is_html")]
    pub markup: Markup,
    /// How its messages are sent.
    #[serde(default, skip_serializing_if = "Style::is_plain")]
    pub style: Style,
    /// Whether a text that is too long for one message goes as a document.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_file: bool,
    /// What makes its events' keys: the message of a key is edited as later events come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyRule>,
    /// The hours in which what is not urgent waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
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
    /// The message's template; the sender's own text unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The markup of the template: `html`, which is Telegram's, or `plain`; `html` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markup: Option<Markup>,
    /// The number of a forum's topic; the general one unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<i64>,
    /// Whether messages come without a sound.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Whether links show a preview.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub link_preview: bool,
    /// Whether a text that is too long for one message goes as a document, with its beginning beside it; in several
    /// messages unless said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub as_file: bool,
    /// The template of a key: one message stands for all events of a key, and is edited as they come. An event without a
    /// key is a message of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// For how long after its last event a key's message is edited, in seconds, from 60 to 31,536,000; 604,800 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_seconds: Option<u64>,
    /// The hours in which what is not urgent waits, and comes together at their end; none unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietSpec>,
}

impl Telegram {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        let text = TextRule::check(spec.template.as_ref(), spec.markup, &[Markup::Html, Markup::Plain], check);
        if let Some(topic) = spec.topic {
            check.take("topic", between(topic, 1, i64::from(i32::MAX)));
        }
        let key = KeyRule::check(spec.key.as_ref(), spec.key_seconds, check);
        let quiet = Quiet::check(spec.quiet.as_ref(), check);
        let Some(chat) = &spec.chat else {
            check.add("chat", "a `telegram` action needs a chat: `chat = \"123456789\"`");
            return None;
        };
        let chat = check.take("chat", read_chat(chat))?;
        let style = Style { topic: spec.topic, silent: spec.silent, link_preview: spec.link_preview };
        let (template, markup) = text?.map_or((None, html()), |text| (Some(text.template), text.markup));
        Some(Self { chat, template, markup, style, as_file: spec.as_file, key: key?, quiet: quiet? })
    }

    /// The action as it would be written.
    pub(super) fn spec(&self) -> Spec {
        Spec {
            chat: Some(Chat::Text(self.chat.clone())),
            template: self.template.clone(),
            markup: self.template.as_ref().map(|_| self.markup),
            topic: self.style.topic,
            silent: self.style.silent,
            link_preview: self.style.link_preview,
            as_file: self.as_file,
            key: self.key.as_ref().map(|key| key.template.clone()),
            key_seconds: self.key.as_ref().map(|key| key.seconds),
            quiet: self.quiet.as_ref().map(Quiet::spec),
        }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        let text =
            self.template.iter().map(|template| ("template".to_owned(), template.as_str(), self.markup.escape()));
        text.chain(self.key.iter().map(KeyRule::template)).collect()
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

    /// The message for the chat.
    #[expect(clippy::unnecessary_wraps, reason = "rooms are asked alike")]
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let (message, troubles) = Message::render(self, material);
        Ok(Rendered::new(Payload::Telegram(message), Lane::Ordered, troubles))
    }
}

/// The markup of templates that say nothing of it.
const fn html() -> Markup {
    Markup::Html
}

/// Whether a markup is HTML.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_html(markup: &Markup) -> bool {
    matches!(markup, Markup::Html)
}

#[cfg(test)]
mod tests;
