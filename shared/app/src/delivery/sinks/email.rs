//! Mails: as plain text and as HTML, those of a key in one thread.

mod written;

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::mail::{Mailbox, Relay};
use bellhop_core::task::MOST_ANSWER_BYTES;
use bellhop_core::work::Payload;

use super::{Calls, SettingsCache, Sink};
use crate::delivery::{Attempted, Batch, Failure, attempted};
use crate::ports::{MailError, MailFailure, Mailer, OutboundMail, PortResult};

/// Sends mails.
pub struct Email {
    /// What hands them over.
    pub mailer: Arc<dyn Mailer>,
    /// The time, and where the mail server's password is kept.
    pub calls: Calls,
    /// Who mails are from, and which server they are handed to.
    pub settings: Arc<SettingsCache>,
}

#[async_trait]
impl Sink for Email {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let (Some(task), Some(Payload::Email(message))) =
            (batch.tasks.first(), batch.works.first().map(|work| &work.payload))
        else {
            return Ok(self.calls.refused("it is no mail"));
        };
        let settings = self.settings.settings().await?;
        let from = settings.email_from.as_deref().ok_or_else(|| "there is none".to_owned()).and_then(Mailbox::parse);
        let from = match from {
            Ok(from) => from,
            Err(wrong) => return Ok(self.closed(format!("mails have no sender, set `from` in `[email]`: {wrong}"))),
        };
        let relay = match self.mailer.uses_relay() {
            false => None,
            true => {
                let values = self.calls.values(settings.email_smtp.iter().cloned().collect()).await?;
                let url = settings.email_smtp.as_ref().ok_or_else(|| "there is none".to_owned());
                match url.and_then(|url| Relay::parse(values.get(url)?.expose())) {
                    Ok(relay) => Some(relay),
                    Err(wrong) => return Ok(self.closed(format!("no mail server, set `smtp` in `[email]`: {wrong}"))),
                }
            }
        };
        let started_at = self.calls.clock.now();
        let raw = match written::mail(&from, message, task, started_at) {
            Ok(raw) => raw,
            Err(why) => return Ok(self.calls.refused(why)),
        };
        let mail = OutboundMail { relay: relay.as_ref(), from: &from.address, to: &message.to, raw: &raw };
        let sent = self.mailer.send(mail).await;
        let (status, answer) = match &sent {
            Ok(answer) => (Some(answer.code), answer.text.as_str()),
            Err(error) => (error.code, if error.code.is_some() { error.text.as_str() } else { "" }),
        };
        let answer = answer[..answer.floor_char_boundary(MOST_ANSWER_BYTES)].to_owned();
        let result = sent.map(|_| ()).map_err(failure);
        Ok(Attempted { status, answer, ..attempted(started_at, self.calls.clock.now(), result) })
    }
}

impl Email {
    /// An attempt that came to nothing because something is not set up.
    fn closed(&self, why: String) -> Attempted {
        self.calls.failed(Failure::Closed(why))
    }
}

/// What follows from a mail that was not taken.
fn failure(error: MailError) -> Failure {
    let MailError { kind, text: why, .. } = error;
    match kind {
        MailFailure::Busy => Failure::Passing { why, seconds: None, counts: false },
        MailFailure::Passing => Failure::Passing { why, seconds: None, counts: true },
        MailFailure::Refused => Failure::Refused(why),
        MailFailure::NoMailbox | MailFailure::Setup => Failure::Closed(why),
    }
}

#[cfg(test)]
mod tests;
