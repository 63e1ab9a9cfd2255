//! Notifications through ntfy: in order for each topic, as JSON to the topic's server.

use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::action::ntfy::{Button, Message, authorization, topic};
use bellhop_core::work::Payload;
use bytes::Bytes;
use serde::Serialize;

use super::{Calls, Sink, Values, answer};
use crate::delivery::{Attempted, Batch, Failure};
use crate::ports::{OutboundAnswer, OutboundRequest, PortResult, Told};

/// How long a call may take.
const CALL_TIME: Duration = Duration::from_secs(15);

/// How long to wait where the server says that it is too much, and not for how long, in seconds: the public one lets one more
/// come after five.
const WAIT_SECONDS: u64 = 10;

/// Publishes notifications.
pub struct Ntfy {
    /// What calls are made with.
    pub calls: Calls,
}

/// A notification as ntfy takes it.
#[derive(Serialize)]
struct Body<'a> {
    topic: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    markdown: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action<'a>>,
}

/// A button as ntfy takes it.
#[derive(Serialize)]
struct Action<'a> {
    action: &'static str,
    label: &'a str,
    url: &'a str,
}

/// A request: its address, its headers and its body.
type Prepared = (String, Vec<(String, String)>, Bytes);

#[async_trait]
impl Sink for Ntfy {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let Some(Payload::Ntfy(message)) = batch.works.first().map(|work| &work.payload) else {
            return Ok(self.calls.refused("it is no notification"));
        };
        let secrets = [&message.url].into_iter().chain(&message.token).cloned().collect();
        let values = self.calls.values(secrets).await?;
        let (url, headers, body) = match request(message, &values) {
            Ok(request) => request,
            Err(why) => return Ok(self.calls.refused(why)),
        };
        let (method, time, told) = ("POST", CALL_TIME, Told::RECORDED);
        let called = self.calls.send(OutboundRequest { method, url: &url, headers: &headers, body, time, told }).await;
        Ok(called.attempted(&values, read))
    }
}

/// The request that publishes a message; an error is why there is none.
fn request(message: &Message, values: &Values) -> Result<Prepared, String> {
    let (server, topic) = topic(values.get(&message.url)?.expose())?;
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if let Some(token) = &message.token {
        headers.push(("authorization".to_owned(), authorization(values.get(token)?)));
    }
    let body = Body {
        topic,
        message: &message.text,
        markdown: message.markdown,
        title: message.title.as_deref(),
        priority: message.priority,
        tags: &message.tags,
        click: message.click.as_deref(),
        actions: message.buttons.iter().map(|Button { label, url }| Action { action: "view", label, url }).collect(),
    };
    let body = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
    Ok((format!("{server}/"), headers, body.into()))
}

/// What an answer says, and how to mend what it refuses.
fn read(answer: &OutboundAnswer, seconds: Option<u64>) -> Result<(), Failure> {
    answer::read(answer.status, seconds).map_err(|failure| match (answer.status, failure) {
        (401, Failure::Closed(why)) => Failure::Closed(format!("{why}: the server does not know this `token`")),
        (403, Failure::Closed(why)) => Failure::Closed(format!(
            "{why}: the topic is not open to whoever's `token` this is; give one that may write"
        )),
        (404, Failure::Closed(why)) => Failure::Closed(format!("{why}: no ntfy server is at this `url`")),
        (429, Failure::Passing { why, .. }) => Failure::Throttled { why, seconds: WAIT_SECONDS },
        (_, failure) => failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an answer of this status says.
    fn told(status: u16, seconds: Option<u64>) -> Result<(), Failure> {
        let answer =
            OutboundAnswer { status, retry_after: None, headers: Vec::new(), body: String::new(), is_whole: true };
        read(&answer, seconds)
    }

    #[test]
    fn every_answer_has_one_meaning() {
        assert_eq!(told(200, None), Ok(()));
        for (status, mends) in [(401, "`token`"), (403, "give one that may write"), (404, "`url`")] {
            let failure = told(status, None).unwrap_err();
            assert!(matches!(&failure, Failure::Closed(why) if why.contains(mends)), "{status}: {failure:?}");
        }
        for status in [400, 413] {
            assert!(matches!(told(status, None), Err(Failure::Refused(_))), "{status}");
        }
        // Too much is no fault of the server's, and says nothing against it.
        for (asked, wait) in [(None, WAIT_SECONDS), (Some(7), 7)] {
            assert!(
                matches!(told(429, asked), Err(Failure::Throttled { seconds, .. }) if seconds == wait),
                "{asked:?}"
            );
        }
        for status in [500, 502, 503, 507] {
            let failure = told(status, None);
            assert!(matches!(failure, Err(Failure::Passing { counts: true, .. })), "{status}: {failure:?}");
        }
    }
}
