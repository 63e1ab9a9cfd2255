//! A Bot API in memory, which answers as it is told.

use async_trait::async_trait;
use bellhop_core::action::telegram::Style;
use bellhop_core::time::Timestamp;

use super::{Memory, World};
use crate::ports::{Bot, BotAnswer, BotApi, BotMessage, DryRun, PortResult};

/// What decides on an answer.
pub type Answering = Box<dyn FnMut(&Seen) -> PortResult<BotAnswer> + Send>;

/// A message that the Bot API, or the one who looks at what is shown, has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// The chat.
    pub chat: String,
    /// The text.
    pub text: String,
    /// Whether the text was HTML.
    pub html: bool,
    /// The message that it was to take the place of.
    pub edits: Option<i64>,
    /// How it was to be sent.
    pub style: Style,
    /// The text of the document that it came with.
    pub document: Option<String>,
}

/// The Bot API.
#[derive(Default)]
pub(super) struct FakeBot {
    seen: Vec<Seen>,
    answering: Option<Answering>,
}

impl Memory {
    /// Has the Bot API answer so; until then it takes every message.
    pub fn answer(&self, answering: impl FnMut(&Seen) -> PortResult<BotAnswer> + Send + 'static) {
        self.world().bot.answering = Some(Box::new(answering));
    }

    /// The messages the Bot API has seen.
    pub fn seen(&self) -> Vec<Seen> {
        self.world().bot.seen.clone()
    }
}

impl World {
    /// Notes a message.
    fn see(&mut self, message: &BotMessage<'_>, at: Timestamp) -> Seen {
        let (chat, text) = (message.chat.to_owned(), message.text.to_owned());
        let document = message.document.map(|document| document.text.clone());
        let (edits, style) = (message.edits, message.style);
        let seen = Seen { at, chat, text, html: message.html, edits, style, document };
        self.bot.seen.push(seen.clone());
        seen
    }
}

#[async_trait]
impl BotApi for Memory {
    async fn send_message(&self, _: &Bot, message: &BotMessage<'_>) -> PortResult<BotAnswer> {
        self.call("send_message", |world, now| {
            let seen = world.see(message, now);
            match &mut world.bot.answering {
                Some(answering) => answering(&seen),
                None => Ok(BotAnswer { status: 200, body: br#"{"ok":true,"result":{"message_id":7}}"#.to_vec() }),
            }
        })
        .await?
    }
}

impl DryRun for Memory {
    fn show(&self, message: &BotMessage<'_>) {
        let now = self.clock.now();
        self.world().see(message, now);
    }
}
