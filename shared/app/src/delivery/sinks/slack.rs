//! Messages to Slack: in order for each channel, at its pace, those of a key in one thread.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::action::slack::{Message, Way};
use bellhop_core::task::Task;
use bellhop_core::work::Payload;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Called, Calls, Sink, Values, answer};
use crate::delivery::keyed::KeyedMessages;
use crate::delivery::{Attempted, Batch, Failure};
use crate::ports::{Documents, OutboundAnswer, OutboundRequest, PortResult, Told};

/// How long a call may take.
const CALL_TIME: Duration = Duration::from_secs(15);

/// How much of an answer is read, in bytes: it repeats the message.
const TOLD: Told = Told { body_bytes: 128 * 1024, headers: &[] };

/// How long to wait where Slack says that it is too much, and not for how long, in seconds.
const WAIT_SECONDS: u64 = 30;

/// Errors of Slack's own, after which the same call may go well.
const PASSING: [&str; 6] =
    ["fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org", "rollup_error"];

/// Errors that say that the message is wrong; all others say that it is not welcome there.
const OF_MESSAGE: [&str; 12] = [
    "invalid_arguments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_json",
    "invalid_payload",
    "invalid_post_type",
    "json_not_object",
    "markdown_text_conflict",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "too_many_attachments",
];

/// Sends messages to Slack.
pub struct Slack {
    /// What calls are made with.
    pub calls: Calls,
    /// What is remembered of threads.
    pub documents: Arc<dyn Documents>,
}

/// A message as Slack takes it.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    text: &'a str,
    unfurl_links: bool,
    unfurl_media: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
}

/// What a method answers.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    error: String,
    ts: Option<String>,
}

#[async_trait]
impl Sink for Slack {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let (Some(task), Some(Payload::Slack(message))) =
            (batch.tasks.first(), batch.works.first().map(|work| &work.payload))
        else {
            return Ok(self.calls.refused("it is no message"));
        };
        let values = self.calls.values(vec![message.secret().clone()]).await?;
        let keyed = KeyedMessages { documents: &*self.documents, clock: &*self.calls.clock };
        let root = match &message.key {
            Some(key) => keyed.of(task, key).await?,
            None => None,
        };
        let mut thread = root.map(|root| root.id);
        loop {
            let called = match self.post(message, task, thread.as_deref(), &values).await {
                Ok(called) => called,
                Err(why) => return Ok(self.calls.refused(why)),
            };
            let said = called.answered.as_ref().ok().and_then(|answer| serde_json::from_str(&answer.body).ok());
            // The first message was deleted: this one takes its place.
            if thread.is_some() && said.as_ref().is_some_and(|said: &Answer| is_without_thread(&said.error)) {
                thread = None;
                continue;
            }
            let attempted = called.attempted(&values, |answer, seconds| match &message.way {
                Way::Webhook { .. } => read_webhook(answer, seconds),
                Way::Bot { .. } => read_method(answer, said.as_ref(), seconds),
            });
            if let (Ok(()), Some(key)) = (&attempted.result, &message.key)
                && let Some(root) = thread.or_else(|| said.and_then(|said| said.ts))
            {
                keyed.note(task, key, root).await?;
            }
            return Ok(attempted);
        }
    }
}

impl Slack {
    /// Posts the next part of a message; an error is why it never can be.
    async fn post(
        &self,
        message: &Message,
        task: &Task,
        thread_ts: Option<&str>,
        values: &Values,
    ) -> Result<Called, String> {
        let secret = values.get(message.secret())?.expose().trim();
        let json = || ("content-type".to_owned(), "application/json; charset=utf-8".to_owned());
        let (url, headers, channel) = match &message.way {
            Way::Webhook { .. } => (secret.to_owned(), vec![json()], None),
            Way::Bot { channel, api_base, .. } => {
                let authorization = ("authorization".to_owned(), format!("Bearer {secret}"));
                (format!("{api_base}/chat.postMessage"), vec![json(), authorization], Some(channel.as_str()))
            }
        };
        let text = message.parts.get(task.parts_done).map_or("", String::as_str);
        let body = Body { channel, text, unfurl_links: false, unfurl_media: false, thread_ts };
        let body = Bytes::from(serde_json::to_vec(&body).map_err(|error| error.to_string())?);
        let request =
            OutboundRequest { method: "POST", url: &url, headers: &headers, body, time: CALL_TIME, told: TOLD };
        Ok(self.calls.send(request).await)
    }
}

/// Whether an error says that there is no such thread.
fn is_without_thread(error: &str) -> bool {
    matches!(error, "thread_not_found" | "invalid_thread_ts" | "message_not_found" | "cannot_reply_to_message")
}

/// What an incoming webhook's answer says: a status, and a word in plain text.
fn read_webhook(answer: &OutboundAnswer, seconds: Option<u64>) -> Result<(), Failure> {
    let word = answer.body.trim();
    match answer.status {
        200..=299 => Ok(()),
        429 => Err(throttled(seconds)),
        400..=499 if is_word(word) => Err(failure(word, answer.status == 410)),
        status => answer::read(status, seconds),
    }
}

/// What a method's answer says: 200 whatever happened, and JSON that says what.
fn read_method(answer: &OutboundAnswer, said: Option<&Answer>, seconds: Option<u64>) -> Result<(), Failure> {
    match said {
        Some(Answer { ok: true, .. }) if answer.status == 200 => Ok(()),
        Some(said) if matches!(said.error.as_str(), "ratelimited" | "rate_limited") => Err(throttled(seconds)),
        Some(said) if PASSING.contains(&said.error.as_str()) => {
            Err(Failure::Passing { why: named(&said.error), seconds, counts: true })
        }
        Some(said) if is_word(&said.error) => Err(failure(&said.error, false)),
        _ if answer.status == 429 => Err(throttled(seconds)),
        _ if answer.status != 200 => answer::read(answer.status, seconds),
        // Not Slack's own words but some proxy's, so nothing is final about them.
        _ => Err(Failure::Passing { why: "the answer is not Slack's".to_owned(), seconds, counts: true }),
    }
}

/// Slack asks to wait.
fn throttled(seconds: Option<u64>) -> Failure {
    let seconds = seconds.unwrap_or(WAIT_SECONDS);
    Failure::Throttled { why: format!("Slack asks to wait for {seconds} s"), seconds }
}

/// An error that stays, and how to mend it.
fn failure(error: &str, is_gone: bool) -> Failure {
    let mend = match error {
        "invalid_auth" | "not_authed" | "token_expired" | "token_revoked" | "account_inactive" => {
            ": give the action a token that is valid"
        }
        "missing_scope" | "no_permission" => ": give the app the scope `chat:write`, and install it again",
        "not_in_channel" => ": invite the app to the channel",
        "channel_not_found" => ": check the channel's id, and invite the app to it",
        "no_service" | "invalid_token" | "no_active_hooks" | "no_service_id" => {
            ": the webhook was removed; make a new one, and give the action its address"
        }
        "is_archived" | "channel_is_archived" => ": the channel is archived",
        _ => "",
    };
    let why = format!("{}{mend}", named(error));
    match is_gone {
        true => Failure::Gone(why),
        false if OF_MESSAGE.contains(&error) => Failure::Refused(why),
        false => Failure::Closed(why),
    }
}

/// An error of Slack's, as people read it.
fn named(error: &str) -> String {
    format!("Slack says `{error}`")
}

/// Whether an error is a word of Slack's, and no page of some proxy.
fn is_word(error: &str) -> bool {
    (1..=64).contains(&error.len())
        && error.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> OutboundAnswer {
        OutboundAnswer { status, retry_after: None, headers: Vec::new(), body: body.to_owned(), is_whole: true }
    }

    fn method(status: u16, body: &str, seconds: Option<u64>) -> Result<(), Failure> {
        read_method(&answer(status, body), serde_json::from_str(body).ok().as_ref(), seconds)
    }

    #[test]
    fn every_answer_of_a_webhook_has_one_meaning() {
        assert_eq!(read_webhook(&answer(200, "ok"), None), Ok(()));
        for (status, word, expected) in [
            (400, "invalid_payload", "refused"),
            (400, "no_text", "refused"),
            (400, "too_many_attachments", "refused"),
            (403, "action_prohibited", "closed"),
            (403, "invalid_token", "closed"),
            (404, "channel_not_found", "closed"),
            (404, "no_service", "closed"),
            (404, "<html>not found</html>", "closed"),
            (410, "channel_is_archived", "gone"),
            (429, "rate_limited", "throttled"),
            (500, "rollup_error", "passing"),
            (502, "<html>bad gateway</html>", "passing"),
            (302, "", "closed"),
        ] {
            let failure = read_webhook(&answer(status, word), None).unwrap_err();
            assert_eq!(name(&failure), expected, "{status} {word}: {failure}");
        }
        assert!(matches!(read_webhook(&answer(429, ""), Some(7)), Err(Failure::Throttled { seconds: 7, .. })));
    }

    #[test]
    fn every_answer_of_a_method_has_one_meaning() {
        assert_eq!(method(200, r#"{"ok":true,"ts":"1.2"}"#, None), Ok(()));
        for (status, error, expected) in [
            (200, "invalid_auth", "closed"),
            (200, "token_revoked", "closed"),
            (200, "channel_not_found", "closed"),
            (200, "not_in_channel", "closed"),
            (200, "is_archived", "closed"),
            (200, "missing_scope", "closed"),
            (200, "msg_too_long", "refused"),
            (200, "no_text", "refused"),
            (200, "invalid_blocks", "refused"),
            (200, "ratelimited", "throttled"),
            (429, "ratelimited", "throttled"),
            (200, "internal_error", "passing"),
            (503, "service_unavailable", "passing"),
            (200, "some_error_of_tomorrow", "closed"),
        ] {
            let failure = method(status, &format!(r#"{{"ok":false,"error":"{error}"}}"#), None).unwrap_err();
            assert_eq!(name(&failure), expected, "{status} {error}: {failure}");
        }
        for (status, body, expected) in [
            (200, "<html>a captive portal</html>", "passing"),
            (200, r#"{"ok":false}"#, "passing"),
            (200, r#"{"ok":false,"error":"<b>\n"}"#, "passing"),
            (502, "<html>bad gateway</html>", "passing"),
            (404, "nothing here", "closed"),
        ] {
            let failure = method(status, body, None).unwrap_err();
            assert_eq!(name(&failure), expected, "{status} {body}: {failure}");
        }
    }

    /// A failure's name.
    fn name(failure: &Failure) -> &'static str {
        match failure {
            Failure::Throttled { .. } => "throttled",
            Failure::Passing { .. } => "passing",
            Failure::Refused(_) => "refused",
            Failure::Overtaken(_) => "overtaken",
            Failure::Closed(_) => "closed",
            Failure::Gone(_) => "gone",
        }
    }
}
