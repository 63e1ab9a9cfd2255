//! Messages to Discord: in order for each webhook, within its rate limits, the message of a key edited.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::action::Key;
use bellhop_core::action::discord::Message;
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

/// What of an answer is read: it repeats the message, and says what is left of the rate limit
/// (<https://discord.com/developers/docs/topics/rate-limits>).
const TOLD: Told = Told { body_bytes: 64 * 1024, headers: &[REMAINING, RESET_AFTER] };
const REMAINING: &str = "x-ratelimit-remaining";
const RESET_AFTER: &str = "x-ratelimit-reset-after";

/// The longest wait that an answer may ask for, in seconds: a day.
const LONGEST_WAIT: f64 = 86_400.0;

/// How long the post that a message has begun is remembered for its other parts, in seconds: a task is dead sooner.
const POST_SECONDS: u64 = 2 * 24 * 60 * 60;

/// That a message shows no previews of its links.
const SUPPRESS_EMBEDS: u32 = 1 << 2;

/// Discord's own codes (<https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>).
const UNKNOWN_MESSAGE: u32 = 10_008;
const UNKNOWN_WEBHOOK: u32 = 10_015;
const INVALID_TOKEN: u32 = 50_027;
const FORUM_WITHOUT_THREAD: u32 = 220_001;
const THREAD_OUTSIDE_FORUM: u32 = 220_003;

/// Sends messages to Discord.
pub struct Discord {
    /// What calls are made with.
    pub calls: Calls,
    /// What is remembered of messages that stand for keys.
    pub documents: Arc<dyn Documents>,
}

/// A message as Discord takes it.
#[derive(Serialize)]
struct Body<'a> {
    content: &'a str,
    allowed_mentions: AllowedMentions,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_name: Option<&'a str>,
}

/// Whom a message calls: nobody, whatever it says.
#[derive(Serialize)]
struct AllowedMentions {
    parse: [&'static str; 0],
}

/// A message as Discord tells of it.
#[derive(Deserialize)]
struct Sent {
    id: String,
    channel_id: String,
}

/// Why Discord does not take one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: u32,
    message: String,
    retry_after: Option<f64>,
}

/// Where a message is: its id, and its thread where it is in one.
#[derive(Clone)]
struct Place {
    message: String,
    thread: Option<String>,
}

impl Place {
    /// A place as it is kept.
    fn read(text: &str) -> Self {
        match text.split_once('/') {
            Some((message, thread)) => Self { message: message.to_owned(), thread: Some(thread.to_owned()) },
            None => Self { message: text.to_owned(), thread: None },
        }
    }

    /// How it is kept.
    fn text(&self) -> String {
        self.thread.as_ref().map_or_else(|| self.message.clone(), |thread| format!("{}/{thread}", self.message))
    }
}

#[async_trait]
impl Sink for Discord {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let (Some(task), Some(Payload::Discord(message))) =
            (batch.tasks.first(), batch.works.first().map(|work| &work.payload))
        else {
            return Ok(self.calls.refused("it is no message"));
        };
        let values = self.calls.values(vec![message.url.clone()]).await?;
        let keyed = KeyedMessages { documents: &*self.documents, clock: &*self.calls.clock };
        let key = key(message, task);
        let standing = match &key {
            Some(key) => keyed.of(task, key).await?,
            None => None,
        };
        if message.key.is_some() && standing.as_ref().is_some_and(|standing| standing.is_newer_than(task)) {
            return Ok(self.calls.failed(Failure::overtaken()));
        }
        let mut before = standing.map(|standing| Place::read(&standing.id));
        loop {
            let called = match self.send(message, task, before.as_ref(), &values).await {
                Ok(called) => called,
                Err(why) => return Ok(self.calls.refused(why)),
            };
            // Somebody deleted the message: a new one takes its place.
            if before.is_some() && message.key.is_some() && refusal(&called).code == UNKNOWN_MESSAGE {
                before = None;
                continue;
            }
            let sent = called.answered.as_ref().ok().and_then(|answer| serde_json::from_str::<Sent>(&answer.body).ok());
            let left = called.answered.as_ref().ok().and_then(exhausted_ms);
            let mut attempted = called.attempted(&values, read);
            let until = left.map(|ms| attempted.ended_at.plus_ms(ms));
            attempted.blocked_until = attempted.blocked_until.max(until);
            if let (Ok(()), Some(key), Some(sent)) = (&attempted.result, &key, sent) {
                let began = message.thread_name.is_some() && before.is_none();
                let thread = if began { Some(sent.channel_id) } else { before.and_then(|before| before.thread) };
                keyed.note(task, key, Place { message: sent.id, thread }.text()).await?;
            }
            return Ok(attempted);
        }
    }
}

impl Discord {
    /// Sends the next part of a message, or puts it in the place of the one before; an error is why it never can be.
    async fn send(
        &self,
        message: &Message,
        task: &Task,
        before: Option<&Place>,
        values: &Values,
    ) -> Result<Called, String> {
        let whole = values.get(&message.url)?.expose().trim();
        let (base, query) = whole.split_once('?').unwrap_or((whole, ""));
        let base = base.trim_end_matches('/');
        let edits = before.filter(|_| message.key.is_some());
        let thread = before.and_then(|before| before.thread.as_deref()).or(message.thread.as_deref());
        let (method, mut url) = match edits {
            Some(before) => ("PATCH", format!("{base}/messages/{}?", before.message)),
            None => ("POST", format!("{base}?wait=true&")),
        };
        url.push_str(query);
        if let Some(thread) = thread {
            url.push_str(&format!("&thread_id={thread}"));
        }
        let body = Body {
            content: message.parts.get(task.parts_done).map_or("", String::as_str),
            allowed_mentions: AllowedMentions { parse: [] },
            flags: edits.is_none().then_some(SUPPRESS_EMBEDS),
            thread_name: message.thread_name.as_deref().filter(|_| before.is_none()),
        };
        let body = Bytes::from(serde_json::to_vec(&body).map_err(|error| error.to_string())?);
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        Ok(self
            .calls
            .send(OutboundRequest { method, url: &url, headers: &headers, body, time: CALL_TIME, told: TOLD })
            .await)
    }
}

/// Under which key the place of a message is kept: its own, or the task's where its other parts must find the post that the
/// first has begun.
fn key(message: &Message, task: &Task) -> Option<Key> {
    let has_more = message.thread_name.is_some() && message.parts.len() > 1;
    let of_task = || Key { digest: task.id.to_string(), seconds: POST_SECONDS };
    message.key.clone().or_else(|| has_more.then(of_task))
}

/// Why Discord did not take a call, as far as it said so.
fn refusal(called: &Called) -> Refusal {
    let answer = called.answered.as_ref().ok().filter(|answer| answer.status >= 400);
    answer.and_then(|answer| serde_json::from_str(&answer.body).ok()).unwrap_or_default()
}

/// How long no other call may be made, in milliseconds, where the answer says that this was the last one for a while.
fn exhausted_ms(answer: &OutboundAnswer) -> Option<u64> {
    let is_last = answer.header(REMAINING)?.trim() == "0";
    let seconds = answer.header(RESET_AFTER)?.trim().parse::<f64>().ok().filter(|_| is_last)?;
    Some(milliseconds(seconds))
}

/// Seconds as whole milliseconds, none too few, and a day at most.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 86,400,000")]
fn milliseconds(seconds: f64) -> u64 {
    (seconds.clamp(0.0, LONGEST_WAIT) * 1000.0).ceil() as u64
}

/// What an answer says.
fn read(answer: &OutboundAnswer, seconds: Option<u64>) -> Result<(), Failure> {
    let refusal: Refusal = serde_json::from_str(&answer.body).unwrap_or_default();
    let asked =
        refusal.retry_after.filter(|seconds| *seconds >= 0.0).map(|seconds| milliseconds(seconds).div_ceil(1000));
    let why = match (refusal.code, refusal.message.is_empty()) {
        (0, true) => format!("Discord answered {}", answer.status),
        (code, _) => {
            let message: String = refusal.message.chars().filter(|c| !c.is_control()).take(200).collect();
            format!("Discord answered {}, code {code}: {message}", answer.status)
        }
    };
    match (answer.status, refusal.code) {
        (429, _) => match asked.or(seconds) {
            Some(seconds) => Err(Failure::Throttled { why, seconds }),
            None => Err(Failure::Passing { why, seconds: None, counts: true }),
        },
        (404, UNKNOWN_WEBHOOK) | (401 | 403, INVALID_TOKEN) => {
            Err(Failure::Gone(format!("{why}; the webhook was deleted: make another, and give the action its address")))
        }
        (400, FORUM_WITHOUT_THREAD) => Err(Failure::Closed(format!(
            "{why}; the channel is a forum: give the action a `thread_name` or a `thread`"
        ))),
        (400, THREAD_OUTSIDE_FORUM) => {
            Err(Failure::Closed(format!("{why}; the channel is no forum: take `thread_name` off the action")))
        }
        (400, _) => Err(Failure::Refused(why)),
        (401 | 403 | 404, _) => Err(Failure::Closed(why)),
        _ => answer::read(answer.status, seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> OutboundAnswer {
        OutboundAnswer { status, retry_after: None, headers: Vec::new(), body: body.to_owned(), is_whole: true }
    }

    #[test]
    fn every_answer_has_one_meaning() {
        assert_eq!(read(&answer(200, r#"{"id":"1","channel_id":"2"}"#), None), Ok(()));
        assert_eq!(read(&answer(204, ""), None), Ok(()));
        for (status, body, expected) in [
            (404, r#"{"message":"Unknown Webhook","code":10015}"#, "gone"),
            (401, r#"{"message":"Invalid Webhook Token","code":50027}"#, "gone"),
            (404, r#"{"message":"Unknown Channel","code":10003}"#, "closed"),
            (403, r#"{"message":"Missing Permissions","code":50013}"#, "closed"),
            (404, "<html>", "closed"),
            (400, r#"{"message":"Invalid Form Body","code":50035,"errors":{}}"#, "refused"),
            (400, r#"{"message":"Cannot send an empty message","code":50006}"#, "refused"),
            (400, r#"{"message":"forum","code":220001}"#, "closed"),
            (429, r#"{"message":"You are being rate limited.","retry_after":0.35,"global":false}"#, "throttled 1"),
            (429, r#"{"message":"You are being rate limited.","retry_after":64.57,"global":true}"#, "throttled 65"),
            (429, "<html>", "passing"),
            (500, "", "passing"),
            (502, "<html>", "passing"),
        ] {
            let failure = read(&answer(status, body), None).unwrap_err();
            let name = match &failure {
                Failure::Throttled { seconds, .. } => format!("throttled {seconds}"),
                Failure::Passing { .. } => "passing".to_owned(),
                Failure::Refused(_) => "refused".to_owned(),
                Failure::Overtaken(_) => "overtaken".to_owned(),
                Failure::Closed(_) => "closed".to_owned(),
                Failure::Gone(_) => "gone".to_owned(),
            };
            assert_eq!(name, expected, "{status} {body}: {failure}");
        }
    }

    #[test]
    fn the_last_call_of_a_bucket_says_how_long_there_is_no_other() {
        let with = |remaining: &str, reset_after: &str| OutboundAnswer {
            headers: vec![(REMAINING, remaining.to_owned()), (RESET_AFTER, reset_after.to_owned())],
            ..answer(200, "{}")
        };
        for (remaining, reset_after, expected) in [
            ("0", "1.237", Some(1_237)),
            ("0", "0.0001", Some(1)),
            ("0", "1e9", Some(86_400_000)),
            ("0", "-3", Some(0)),
            ("0", "soon", None),
            ("1", "1.237", None),
            ("", "1", None),
        ] {
            assert_eq!(exhausted_ms(&with(remaining, reset_after)), expected, "{remaining} {reset_after}");
        }
        assert_eq!(exhausted_ms(&answer(200, "{}")), None);
    }
}
