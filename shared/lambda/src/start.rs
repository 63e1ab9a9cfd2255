//! A function's start: logs, configuration, and where messages go without a bot.

use bellhop_app::logging::{self, Form};
use bellhop_app::ports::{BotMessage, DryRun, PortResult};
use bellhop_app::tokens::AdminToken;
use bellhop_core::action::QueueName;

/// A variable that a function needs is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadVariable {
    /// It is not set, or empty.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// Its value is not what it must be.
    #[error("the environment variable {0} is not {1}")]
    Wrong(&'static str, &'static str),
}

/// Logs as JSON, from the level that the function is configured with.
pub fn start_logging() {
    logging::start(Form::Json, std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref());
}

/// Takes the outcome of a read that was made early, for speed alone: where it failed, it is made again when needed.
pub fn warmed<T>(read: PortResult<T>) {
    if let Err(error) = read {
        log::warn!(error:%; "not read at the start");
    }
}

/// The value of a variable.
pub fn required(name: &'static str) -> Result<String, BadVariable> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty()).ok_or(BadVariable::Missing(name))
}

/// The value of a variable that may be absent, which is empty then.
pub fn optional(name: &'static str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The addresses of the workers' queues, by name.
pub fn work_queue_urls() -> Result<Vec<(QueueName, String)>, BadVariable> {
    let variable = |queue| match queue {
        QueueName::Telegram => "BELLHOP_TELEGRAM_QUEUE_URL",
        QueueName::Forward => "BELLHOP_FORWARD_QUEUE_URL",
    };
    QueueName::ALL.into_iter().map(|queue| Ok((queue, required(variable(queue))?))).collect()
}

/// The admin token that `BELLHOP_ADMIN_TOKEN_SHA256` tells of.
pub fn admin_token() -> Result<AdminToken, BadVariable> {
    const NAME: &str = "BELLHOP_ADMIN_TOKEN_SHA256";
    let digest = required(NAME)?;
    AdminToken::from_sha256_hex(&digest).ok_or(BadVariable::Wrong(NAME, "a SHA-256 in hex"))
}

/// Shows messages in the log while there is no bot.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoggedMessages;

impl DryRun for LoggedMessages {
    fn show(&self, message: &BotMessage<'_>) {
        log::info!(chat = message.chat, text = message.text; "no bot: the message would be");
    }
}
