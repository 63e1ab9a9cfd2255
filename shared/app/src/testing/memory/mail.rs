//! A mailer in memory, which takes mails or does not, as it is told.

use async_trait::async_trait;

use super::{Memory, World};
use crate::ports::{MailAnswer, MailError, Mailer, OutboundMail};

/// What decides on an answer.
pub type Taking = Box<dyn FnMut(&Handed) -> Result<MailAnswer, MailError> + Send>;

/// A mail that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// The server, `host:port`.
    pub relay: Option<String>,
    /// The address that it was from.
    pub from: String,
    /// The addresses that it was for.
    pub to: Vec<String>,
    /// All of it.
    pub raw: String,
}

/// The mailer.
#[derive(Default)]
pub(super) struct FakeMailer {
    handed: Vec<Handed>,
    taking: Option<Taking>,
}

impl Memory {
    /// Has the mailer answer so; until then it takes every mail.
    pub fn answer_mail(&self, taking: Taking) {
        self.world().mail.taking = Some(taking);
    }

    /// Every mail that was handed over, oldest first.
    pub fn mails(&self) -> Vec<Handed> {
        self.world().mail.handed.clone()
    }
}

#[async_trait]
impl Mailer for Memory {
    fn uses_relay(&self) -> bool {
        true
    }

    async fn send(&self, mail: OutboundMail<'_>) -> Result<MailAnswer, MailError> {
        let handed = Handed {
            relay: mail.relay.map(|relay| format!("{}:{}", relay.host, relay.port)),
            from: mail.from.to_owned(),
            to: mail.to.to_vec(),
            raw: String::from_utf8_lossy(mail.raw).into_owned(),
        };
        let World { mail, .. } = &mut *self.world();
        mail.handed.push(handed.clone());
        let well = || Ok(MailAnswer { code: 250, text: "2.0.0 Ok".to_owned() });
        mail.taking.as_mut().map_or_else(well, |taking| taking(&handed))
    }
}
