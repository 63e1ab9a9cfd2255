//! Mails on their way out.

use async_trait::async_trait;
use bellhop_core::mail::Relay;

/// A mail to hand over.
///
/// It has no `Debug`: its server has a password.
#[derive(Clone, Copy)]
pub struct OutboundMail<'a> {
    /// The server that it is handed to; `None` where the mailer has one of its own.
    pub relay: Option<&'a Relay>,
    /// The address that it is from.
    pub from: &'a str,
    /// The addresses that it goes to, at least one.
    pub to: &'a [String],
    /// All of it, with its headers, as RFC 5322 has it.
    pub raw: &'a [u8],
}

/// What a server said when it took a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAnswer {
    /// Its code: of SMTP, or of HTTP.
    pub code: u16,
    /// Its text.
    pub text: String,
}

/// A mail was not taken, for all of its addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct MailError {
    /// What follows from it.
    pub kind: MailFailure,
    /// The server's code, where it answered.
    pub code: Option<u16>,
    /// What failed, and how to mend it; it holds no secret.
    pub text: String,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailFailure {
    /// The server takes no more mails of ours for now.
    Busy,
    /// No server could be asked, or it asks to come back.
    Passing,
    /// The server does not take this mail.
    Refused,
    /// Nobody has one of its addresses.
    NoMailbox,
    /// The way out is not set up as it must be, and takes no mail of ours.
    Setup,
}

/// Hands mails over.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Whether mails go to a server that the configuration names.
    fn uses_relay(&self) -> bool;

    /// Hands a mail over once, to all of its addresses or to none, within a time of its own.
    async fn send(&self, mail: OutboundMail<'_>) -> Result<MailAnswer, MailError>;
}
