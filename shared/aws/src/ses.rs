//! Mails on their way out through Amazon SES.
//!
//! Facts: <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bellhop_app::ports::{MailAnswer, MailError, MailFailure, Mailer, OutboundMail};
use http::Method;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::signed::{Call, Signed};

/// Hands mails to SES.
#[derive(Clone)]
pub struct Ses {
    signed: Signed,
    url: String,
}

/// A mail as SES takes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Question<'a> {
    from_email_address: &'a str,
    destination: Destination<'a>,
    content: Content,
}

/// Where it goes.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination<'a> {
    to_addresses: &'a [String],
}

/// What is in it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Raw,
}

/// All of it, in Base64.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

/// What SES says when it has taken one.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Taken {
    message_id: String,
}

impl Ses {
    /// SES at this address.
    pub(crate) fn new(signed: Signed, address: &str) -> Self {
        Self { signed, url: format!("{address}/v2/email/outbound-emails") }
    }

    /// Has a stand-in take an address for one that was verified.
    #[cfg(test)]
    pub(crate) async fn verify(&self, address: &str) {
        let url = self.url.replace("outbound-emails", "identities");
        let body = serde_json::json!({ "EmailIdentity": address }).to_string();
        let call = Call {
            method: Method::POST,
            url: &url,
            headers: &[("content-type", "application/json")],
            body: body.into(),
        };
        assert!(self.signed.call(&call).await.is_ok_and(|reply| reply.status.is_success()), "it knows the address");
    }
}

#[async_trait]
impl Mailer for Ses {
    fn uses_relay(&self) -> bool {
        false
    }

    async fn send(&self, mail: OutboundMail<'_>) -> Result<MailAnswer, MailError> {
        let question = Question {
            from_email_address: mail.from,
            destination: Destination { to_addresses: mail.to },
            content: Content { raw: Raw { data: STANDARD.encode(mail.raw) } },
        };
        let passing = |code: Option<u16>, text: String| MailError { kind: MailFailure::Passing, code, text };
        let body = serde_json::to_vec(&question).map_err(|error| passing(None, error.to_string()))?;
        let headers = [("content-type", "application/json")];
        let call = Call { method: Method::POST, url: &self.url, headers: &headers, body: body.into() };
        let reply = self.signed.call(&call).await.map_err(|why| passing(None, format!("SES did not answer: {why}")))?;
        let code = reply.status.as_u16();
        if reply.status.is_success() {
            let taken: Taken = serde_json::from_slice(&reply.body).unwrap_or_default();
            return Ok(MailAnswer { code, text: taken.message_id });
        }
        let refusal = Refusal::read(&reply);
        let (kind, fix) = meaning(code, &refusal.code);
        Err(MailError { kind, code: Some(code), text: format!("{}{fix}", refusal.as_error("SES took no mail")) })
    }
}

/// What follows from a refusal, and how to mend it.
fn meaning(status: u16, code: &str) -> (MailFailure, &'static str) {
    match code {
        "TooManyRequestsException" | "LimitExceededException" | "Throttling" | "ThrottlingException" => {
            (MailFailure::Busy, "; SES limits how many mails you may send: its console shows how many, and raises it")
        }
        "MessageRejected" => (
            MailFailure::Setup,
            "; verify the address of `from` in SES, and while the account is in the sandbox those of `to` too",
        ),
        "MailFromDomainNotVerifiedException" | "NotFoundException" => {
            (MailFailure::Setup, "; verify the domain of `from` in SES, and its MAIL FROM domain if it has one")
        }
        "AccountSuspendedException" | "SendingPausedException" => {
            (MailFailure::Setup, "; the SES console says why this account may send nothing, and how it may again")
        }
        "AccessDeniedException" | "AccessDenied" => (
            MailFailure::Setup,
            "; deploy with the parameter MailFrom set to the address of `from`: the function may send from that alone",
        ),
        _ if status == 429 => (MailFailure::Busy, ""),
        _ if status >= 500 => (MailFailure::Passing, ""),
        _ if status == 403 => (MailFailure::Passing, ""),
        _ => (MailFailure::Refused, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_one_meaning() {
        for (status, code, kind) in [
            (429, "TooManyRequestsException", MailFailure::Busy),
            (400, "LimitExceededException", MailFailure::Busy),
            (400, "ThrottlingException", MailFailure::Busy),
            (429, "", MailFailure::Busy),
            (400, "MessageRejected", MailFailure::Setup),
            (400, "MailFromDomainNotVerifiedException", MailFailure::Setup),
            (404, "NotFoundException", MailFailure::Setup),
            (400, "AccountSuspendedException", MailFailure::Setup),
            (400, "SendingPausedException", MailFailure::Setup),
            (403, "AccessDeniedException", MailFailure::Setup),
            // A key that has just ended, or a clock that is wrong.
            (403, "ExpiredTokenException", MailFailure::Passing),
            (500, "InternalFailure", MailFailure::Passing),
            (503, "", MailFailure::Passing),
            (400, "BadRequestException", MailFailure::Refused),
        ] {
            let (found, fix) = meaning(status, code);
            assert_eq!(found, kind, "{status} {code}");
            assert_eq!(
                fix.starts_with("; "),
                found == MailFailure::Setup || (found == MailFailure::Busy && !code.is_empty())
            );
        }
    }
}
