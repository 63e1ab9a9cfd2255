//! A message for a chat: what of an event travels to the worker.

use serde::{Deserialize, Serialize};

use super::Telegram;
use crate::action::Material;
use crate::action::key::{Key, KeyRule};
use crate::action::text::Said;
use crate::event::EventHead;
use crate::markup::{Length, Markup, Unit};
use crate::telegram::{CAPTION_UNITS, MESSAGE_UNITS};

/// The longest text of a document, in bytes: it travels in one queue message.
const MOST_DOCUMENT_BYTES: usize = 150 * 1024;

/// The lengths of a message, of a caption, and none.
const MESSAGE: Length = Length { most: MESSAGE_UNITS, unit: Unit::Utf16 };
const CAPTION: Length = Length { most: CAPTION_UNITS, unit: Unit::Utf16 };
const WHOLE: Length = Length { most: usize::MAX, unit: Unit::Utf16 };

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
    /// The message that an action makes of an event, and what went wrong with its templates.
    pub(super) fn render(action: &Telegram, material: &Material<'_>) -> (Self, [Option<String>; 2]) {
        let said = material.text();
        let (key, no_key) = KeyRule::of(action.key.as_ref(), material);
        let is_long = action.as_file && said.parts(Markup::Html, MESSAGE).len() > 1;
        let document = is_long.then(|| Document::of(&said, material.head()));
        // A text and a document do not turn into each other.
        let key = key.filter(|_| document.is_none());
        let parts = match (&document, &key) {
            (Some(_), _) => said.parts(Markup::Html, CAPTION).into_iter().take(1).collect(),
            // One message is edited: what is beyond it stays in the event.
            (None, Some(_)) => vec![material.one_part(&said, Markup::Html, MESSAGE)],
            (None, None) => material.parts(&said, Markup::Html, MESSAGE),
        };
        (Self { parts, style: action.style, document, key }, [said.trouble, no_key])
    }
}

impl Document {
    /// A text, as far as one message of a queue carries it, named after its event.
    fn of(said: &Said, head: &EventHead) -> Self {
        let text = said.parts(Markup::Plain, WHOLE).concat();
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
