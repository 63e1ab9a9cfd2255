//! What the Bot API answers.

use serde::Deserialize;

/// The longest description kept.
const DESCRIPTION_CHARS: usize = 200;

/// A message arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Its id in its chat.
    pub message_id: i64,
}

/// A message did not arrive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The bot as a whole must wait this long.
    #[error("Telegram asks to wait for {seconds} s")]
    RetryAfter {
        /// How long, in seconds.
        seconds: u64,
    },
    /// The group became a supergroup, which has another id.
    #[error("the group is now the chat {chat}")]
    Migrated {
        /// The new id.
        chat: i64,
    },
    /// Telegram cannot read the HTML: to be sent once more as plain text.
    #[error("Telegram cannot read the formatting: {description}")]
    BadEntities {
        /// What it said.
        description: String,
    },
    /// The message already says this.
    #[error("the message is as it would be")]
    Unchanged,
    /// The message is gone, or may not be edited any more: a new one takes its place.
    #[error("the message cannot be edited: {description}")]
    NotEditable {
        /// What Telegram said.
        description: String,
    },
    /// There is no such chat, or the bot has never met it.
    #[error("there is no such chat, or it has not written to the bot yet")]
    ChatNotFound,
    /// The chat does not let the bot in: blocked, kicked, not a member, or its user is gone.
    #[error("the chat does not let the bot write: {description}")]
    Blocked {
        /// What Telegram said.
        description: String,
    },
    /// The bot token is wrong.
    #[error("Telegram does not accept the bot token")]
    Unauthorized,
    /// Telegram will never take this message.
    #[error("Telegram refuses the message ({code}): {description}")]
    Refused {
        /// The error code.
        code: u16,
        /// What it said.
        description: String,
    },
    /// Telegram, or the way to it, is out of order.
    #[error("Telegram cannot be used now ({code}): {description}")]
    Unavailable {
        /// The error code.
        code: u16,
        /// What it said.
        description: String,
    },
}

impl Failure {
    /// Whether trying again cannot help.
    ///
    /// Not final are also [`Migrated`](Self::Migrated), which is tried at the new chat, [`BadEntities`](Self::BadEntities),
    /// which is tried once as plain text, [`Unchanged`](Self::Unchanged), which is as good as done, and
    /// [`NotEditable`](Self::NotEditable), which is tried as a new message.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::ChatNotFound | Self::Blocked { .. } | Self::Unauthorized | Self::Refused { .. } => true,
            Self::RetryAfter { .. }
            | Self::Migrated { .. }
            | Self::BadEntities { .. }
            | Self::Unchanged
            | Self::NotEditable { .. }
            | Self::Unavailable { .. } => false,
        }
    }
}

/// The answer's envelope.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    result: Option<Message>,
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    parameters: Option<Parameters>,
}

/// What is read of the message that was sent.
#[derive(Deserialize)]
struct Message {
    message_id: i64,
}

/// What helps to handle a failure.
#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

/// Reads the answer to `sendMessage`.
pub fn read_answer(status: u16, body: &[u8]) -> Result<Sent, Failure> {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        // Not Telegram's own words but some proxy's, so nothing is final about them.
        return Err(Failure::Unavailable { code: status, description: "the answer is not the Bot API's".to_owned() });
    };
    match answer.result {
        Some(Message { message_id }) if answer.ok => Ok(Sent { message_id }),
        _ => Err(failure(answer.error_code.unwrap_or(status), &answer)),
    }
}

/// Tells the failures apart.
fn failure(code: u16, answer: &Answer) -> Failure {
    let description = clean(&answer.description);
    let said = description.to_lowercase();
    if let Some(chat) = answer.parameters.as_ref().and_then(|parameters| parameters.migrate_to_chat_id) {
        return Failure::Migrated { chat };
    }
    match code {
        429 => match wait(answer, &said) {
            Some(seconds) => Failure::RetryAfter { seconds },
            None => Failure::Unavailable { code, description },
        },
        401 | 404 => Failure::Unauthorized,
        403 => Failure::Blocked { description },
        400 if said.contains("message is not modified") => Failure::Unchanged,
        400 if said.contains("message to edit not found")
            || said.contains("message can't be edited")
            || said.contains("message_id_invalid") =>
        {
            Failure::NotEditable { description }
        }
        400 if said.contains("chat not found") || said.contains("peer_id_invalid") => Failure::ChatNotFound,
        400 if said.contains("can't parse") || said.contains("entity") || said.contains("entities") => {
            Failure::BadEntities { description }
        }
        400 if said.contains("not enough rights") || said.contains("have no rights") || said.contains("kicked") => {
            Failure::Blocked { description }
        }
        408 | 425 => Failure::Unavailable { code, description },
        400..=499 => Failure::Refused { code, description },
        _ => Failure::Unavailable { code, description },
    }
}

/// How long to wait, in seconds, from the answer's parameters or from its words.
fn wait(answer: &Answer, said: &str) -> Option<u64> {
    let told = answer.parameters.as_ref().and_then(|parameters| parameters.retry_after);
    told.or_else(|| said.split_once("retry after ")?.1.split_whitespace().next()?.parse().ok())
}

/// A description fit to be stored: short, on one line, and without anything that looks like a bot token.
fn clean(description: &str) -> String {
    let words = description.split_whitespace().map(|word| if holds_token(word) { "[redacted]" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(DESCRIPTION_CHARS).collect()
}

/// Whether a word holds a bot token: digits, a colon and a long run of letters, digits, `-` and `_`.
fn holds_token(word: &str) -> bool {
    let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    word.match_indices(':').any(|(at, _)| {
        let secret = word[at + 1..].chars().take_while(|c| is_token(*c)).count();
        word[..at].ends_with(|c: char| c.is_ascii_digit()) && secret >= 20
    })
}

#[cfg(test)]
mod tests;
