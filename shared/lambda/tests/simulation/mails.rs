//! Mailboxes with moods, behind a service that answers as SES does.

use async_trait::async_trait;
use bellhop_app::ports::{MailAnswer, MailError, MailFailure, Mailer, OutboundMail};

use crate::outside::Outside;

#[async_trait]
impl Mailer for Outside {
    fn uses_relay(&self) -> bool {
        false
    }

    async fn send(&self, mail: OutboundMail<'_>) -> Result<MailAnswer, MailError> {
        let failed = |kind, code| Err(MailError { kind, code, text: "it is so".to_owned() });
        let (place, text) = (mail.to.join(", "), plain_part(mail.raw));
        let Some(taken) = self.bring(&place, &[&text], None).await else {
            return failed(MailFailure::Passing, None);
        };
        let status = if self.is_heard(&taken).await { taken[0].status } else { 0 };
        match status {
            200 => Ok(MailAnswer { code: 200, text: "id".to_owned() }),
            0 => failed(MailFailure::Passing, None),
            410 => failed(MailFailure::Setup, Some(400)),
            422 => failed(MailFailure::Refused, Some(400)),
            429 => failed(MailFailure::Busy, Some(429)),
            status => failed(MailFailure::Passing, Some(status)),
        }
    }
}

/// The plain text of a mail, whose long lines are broken as quoted-printable breaks them.
fn plain_part(raw: &[u8]) -> String {
    let raw = String::from_utf8_lossy(raw).replace("=\r\n", "");
    let part = raw.split_once("text/plain").map_or("", |(_, rest)| rest);
    part.split("text/html").next().unwrap_or_default().to_owned()
}
