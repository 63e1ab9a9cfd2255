//! What a hook does with an event: a closed set of kinds, each with a room of its own.
//!
//! A room says what is configured, how it is checked, how its destination is named, what of an event travels to its worker,
//! and on which lane. Whatever else needs to know a kind asks here: the compiler finds what a new one lacks.

pub mod discord;
pub mod email;
pub mod eventbridge;
pub mod forward;
pub mod lambda;
pub mod ntfy;
pub mod slack;
pub mod sqs;
pub mod telegram;

mod envelope;
mod key;
mod material;
mod quiet;
mod secrets;
mod spec;
mod text;

use serde::{Deserialize, Serialize};

use crate::pace::Scope;
use crate::secret::SecretRef;
use crate::template::Escape;

pub use key::{Key, KeyRule};
pub use material::{Material, Rendered, Templates, said_elsewhere};
pub use quiet::{Quiet, QuietSpec};
pub use secrets::Place;
pub use spec::ActionSpec;
pub(crate) use spec::Check;
pub use text::TextRule;

/// What a hook does with an event; `S` is where its secrets are, or what they are until they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action<S = SecretRef> {
    /// Sends a message to a Telegram chat.
    Telegram(telegram::Telegram),
    /// Posts the event to another URL.
    Forward(forward::Forward<S>),
    /// Sends a message to Slack.
    Slack(slack::Slack<S>),
    /// Sends a message to Discord.
    Discord(discord::Discord<S>),
    /// Sends a mail.
    Email(email::Email),
    /// Puts the event on a bus of EventBridge.
    Eventbridge(eventbridge::Eventbridge),
    /// Calls an AWS Lambda function.
    Lambda(lambda::Lambda),
    /// Publishes a notification through ntfy.
    Ntfy(ntfy::Ntfy<S>),
    /// Sends a message to a queue of SQS.
    Sqs(sqs::Sqs),
}

/// The kind of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A message to a Telegram chat.
    Telegram,
    /// A request to another URL.
    Forward,
    /// A message to Slack.
    Slack,
    /// A message to Discord.
    Discord,
    /// A mail.
    Email,
    /// An event on a bus of EventBridge.
    Eventbridge,
    /// A call of an AWS Lambda function.
    Lambda,
    /// A notification through ntfy.
    Ntfy,
    /// A message to a queue of SQS.
    Sqs,
    /// What stands for a hook's whole part in an event that could not be routed when it came. It has the id of the first
    /// task that the routing would have made.
    Route,
}

/// A queue of work, with the worker behind it: kinds that may share a worker share its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueName {
    /// Messages to Telegram chats.
    Telegram,
    /// Everything else that goes out.
    Forward,
}

/// How tasks travel to their worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// One at a time for each destination, in the order of their events.
    Ordered,
    /// None waits for another.
    Parallel,
}

impl Kind {
    /// The kinds that have workers.
    pub const WITH_WORKERS: [Self; 9] = [
        Self::Telegram,
        Self::Forward,
        Self::Slack,
        Self::Discord,
        Self::Email,
        Self::Eventbridge,
        Self::Lambda,
        Self::Ntfy,
        Self::Sqs,
    ];

    /// The word for it in configurations, the API, metrics and stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Forward => "forward",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Email => "email",
            Self::Eventbridge => "eventbridge",
            Self::Lambda => "lambda",
            Self::Ntfy => "ntfy",
            Self::Sqs => "sqs",
            Self::Route => "route",
        }
    }

    /// What the log says of an effect that was made.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Telegram | Self::Slack | Self::Discord => "message sent",
            Self::Email => "mail sent",
            Self::Eventbridge => "event put on its bus",
            Self::Lambda => "function called",
            Self::Ntfy => "notification published",
            Self::Sqs => "message put on its queue",
            Self::Forward => "event forwarded",
            Self::Route => "event routed",
        }
    }

    /// Whether a program does something at the far end while its task is open, so that a run of a job is not over; what is
    /// told to people or put on a queue is on its way, however long that takes.
    pub const fn is_call(self) -> bool {
        match self {
            Self::Forward | Self::Lambda => true,
            Self::Telegram
            | Self::Slack
            | Self::Discord
            | Self::Email
            | Self::Eventbridge
            | Self::Ntfy
            | Self::Sqs
            | Self::Route => false,
        }
    }

    /// The queue of its work.
    pub const fn queue(self) -> QueueName {
        match self {
            Self::Telegram | Self::Route => QueueName::Telegram,
            Self::Forward
            | Self::Slack
            | Self::Discord
            | Self::Email
            | Self::Eventbridge
            | Self::Lambda
            | Self::Ntfy
            | Self::Sqs => QueueName::Forward,
        }
    }

    /// Whether the groups of its work bear its name, so that other kinds on its queue have others. The first kinds' never did,
    /// and what waits keeps its group through an update.
    pub const fn names_groups(self) -> bool {
        !matches!(self, Self::Telegram | Self::Forward | Self::Route)
    }

    /// What the pace is that is kept with a destination of the kind.
    pub fn scope(self, destination: &str) -> Scope {
        match self {
            Self::Telegram => Scope::of_chat(destination),
            Self::Slack => Scope::Channel,
            Self::Forward
            | Self::Discord
            | Self::Email
            | Self::Eventbridge
            | Self::Lambda
            | Self::Ntfy
            | Self::Sqs
            | Self::Route => Scope::Answers,
        }
    }

    /// What a notice says that did not happen, and how it names the destination.
    pub const fn lost(self) -> (&'static str, &'static str) {
        match self {
            Self::Telegram | Self::Route => ("A message did not arrive", "in the chat"),
            Self::Slack => ("A message did not arrive", "in Slack at"),
            Self::Discord => ("A message did not arrive", "in Discord at"),
            Self::Email => ("A mail did not arrive", "at"),
            Self::Eventbridge => ("An event was not put on its bus", "at EventBridge:"),
            Self::Lambda => ("A function was not called", "in AWS:"),
            Self::Ntfy => ("A notification did not arrive", "through ntfy at"),
            Self::Sqs => ("A message was not put on its queue", "at SQS:"),
            Self::Forward => ("An event was not forwarded", "to"),
        }
    }

    /// Whether all who call a destination keep one pace, so that what is known of it is read before each turn and written
    /// down after it; where not, it is written down only when the destination begins or ceases to be called.
    pub const fn shares_pace(self) -> bool {
        match self {
            Self::Telegram | Self::Slack | Self::Discord => true,
            Self::Forward | Self::Email | Self::Eventbridge | Self::Lambda | Self::Ntfy | Self::Sqs | Self::Route => {
                false
            }
        }
    }

    /// The kind of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::WITH_WORKERS.into_iter().chain([Self::Route]).find(|kind| kind.as_str() == word)
    }
}

impl QueueName {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Telegram, Self::Forward];

    /// The queue's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Forward => "forward",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an action's room answers; each room has all that is asked for in this way.
macro_rules! of_room {
    ($action:expr, $room:ident => $answer:expr) => {
        match $action {
            Action::Telegram($room) => $answer,
            Action::Forward($room) => $answer,
            Action::Slack($room) => $answer,
            Action::Discord($room) => $answer,
            Action::Email($room) => $answer,
            Action::Eventbridge($room) => $answer,
            Action::Lambda($room) => $answer,
            Action::Ntfy($room) => $answer,
            Action::Sqs($room) => $answer,
        }
    };
}
pub(in crate::action) use of_room;

impl<S> Action<S> {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Telegram(_) => Kind::Telegram,
            Self::Forward(_) => Kind::Forward,
            Self::Slack(_) => Kind::Slack,
            Self::Discord(_) => Kind::Discord,
            Self::Email(_) => Kind::Email,
            Self::Eventbridge(_) => Kind::Eventbridge,
            Self::Lambda(_) => Kind::Lambda,
            Self::Ntfy(_) => Kind::Ntfy,
            Self::Sqs(_) => Kind::Sqs,
        }
    }

    /// Whether it says something in the sender's own words, because it has no template of its own.
    pub fn speaks_for_sender(&self) -> bool {
        of_room!(self, room => room.speaks_for_sender())
    }

    /// The hours in which what is not urgent waits.
    pub const fn quiet(&self) -> Option<&Quiet> {
        if let Self::Telegram(telegram) = self { telegram.quiet.as_ref() } else { None }
    }

    /// The same with each of its secrets made another.
    #[must_use]
    pub fn map<T>(self, make: impl FnMut(S) -> T) -> Action<T> {
        match self {
            Self::Telegram(action) => Action::Telegram(action),
            Self::Email(action) => Action::Email(action),
            Self::Eventbridge(action) => Action::Eventbridge(action),
            Self::Lambda(action) => Action::Lambda(action),
            Self::Sqs(action) => Action::Sqs(action),
            Self::Forward(action) => Action::Forward(action.map(make)),
            Self::Slack(action) => Action::Slack(action.map(make)),
            Self::Discord(action) => Action::Discord(action.map(make)),
            Self::Ntfy(action) => Action::Ntfy(action.map(make)),
        }
    }

    /// The sources of its templates, each with its field and with what it is rendered into.
    pub fn templates(&self) -> Vec<(String, &str, Escape)> {
        of_room!(self, room => room.templates())
    }
}

impl<S> Action<S> {
    /// What it calls in AWS, by its ARN or the name of a bus, with the field that says so.
    pub const fn aws_target(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Eventbridge(room) => Some(("bus", room.bus.as_str())),
            Self::Lambda(room) => Some(("function", room.function.as_str())),
            Self::Sqs(room) => Some(("queue", room.queue.as_str())),
            Self::Telegram(_)
            | Self::Forward(_)
            | Self::Slack(_)
            | Self::Discord(_)
            | Self::Email(_)
            | Self::Ntfy(_) => None,
        }
    }
}

impl Action {
    /// Where its effect goes, as people name it: nothing of it is secret.
    pub fn destination(&self) -> String {
        of_room!(self, room => room.destination())
    }

    /// What of an event travels to its worker; or why nothing ever will.
    pub fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        of_room!(self, room => room.render(material))
    }
}

#[cfg(test)]
mod tests;
