//! A message for a chat: what of an event travels to the worker.

use serde::{Deserialize, Serialize};

use super::Telegram;
use crate::action::Material;
use crate::action::key::{Key, KeyRule};
use crate::event::EventHead;
use crate::telegram::{CAPTION_UNITS, MESSAGE_UNITS, html, split};

/// The longest text of a document, in bytes: it travels in one queue message.
const MOST_DOCUMENT_BYTES: usize = 150 * 1024;

/// The room for the note of what is left out of a message.
const NOTE_UNITS: usize = 128;

/// What travels to the worker: the message in Telegram's HTML, split to its length limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its parts, in their order; the caption alone where there is a document.
    pub parts: Vec<String>,
    /// How it is sent.
    #[serde(default, skip_serializing_if = "Style::is_plain")]
    pub style: Style,
    /// The document that it goes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// The key that it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

/// How messages are sent: those that differ in it are never one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Style {
    /// The number of a forum's topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<i64>,
    /// Whether they come without a sound.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Whether links show a preview.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub link_preview: bool,
}

/// A text that goes as a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Style {
    /// Whether nothing was said.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

impl Message {
    /// The message that an action makes of an event, and why a template was not used.
    pub(super) fn render(action: &Telegram, material: &Material<'_>) -> (Self, Option<String>) {
        let said = material.text();
        let (key, no_key) = action.key.as_ref().map_or((None, None), |key| KeyRule::of(key, material));
        let trouble = [said.trouble, no_key].into_iter().flatten().reduce(|first, second| format!("{first}; {second}"));
        let (mut parts, mut document) = (split(&said.html, MESSAGE_UNITS), None);
        if parts.len() > 1 && action.as_file {
            document = Some(Document::of(&html::plain(&said.html), material.head()));
            parts = split(&said.html, CAPTION_UNITS);
            parts.truncate(1);
        } else if key.is_some() {
            // One message is edited: what is beyond it stays in the event.
            parts = material.cut_to_one(parts, || split(&said.html, MESSAGE_UNITS - NOTE_UNITS));
        } else {
            parts = material.cut(parts);
        }
        // Text and documents do not turn into each other.
        let key = key.filter(|_| document.is_none());
        (Self { parts, style: action.style, document, key }, trouble)
    }
}

impl Document {
    /// A text, as far as one message of a queue carries it, named after its event.
    fn of(text: &str, head: &EventHead) -> Self {
        let kept = text.floor_char_boundary(MOST_DOCUMENT_BYTES);
        let mut whole = text[..kept].to_owned();
        if kept < text.len() {
            let left_out = text[kept..].chars().count();
            whole.push_str(&format!("\n… {left_out} more characters are in event {}\n", head.id));
        }
        let name = format!("{}-{}", head.sender, head.event_type.as_deref().unwrap_or("event"));
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = name.chars().take(60).map(|c| if fits(c) { c } else { '-' }).collect();
        Self { name: format!("{name}.txt"), text: whole }
    }
}
