//! Requests to other URLs: signed, each a few seconds at most, what is answered recorded.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::action::forward::{Body, Request, signed};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Payload;
use bytes::Bytes;

use super::sinks::Sink;
use super::{Attempted, Batch, Failure, attempted};
use crate::ports::{
    Bodies, Clock, EventLog, Outbound, OutboundAnswer, OutboundError, OutboundRequest, PortError, PortResult, Secrets,
};

/// Sends requests to other URLs.
pub struct Forward {
    /// The client.
    pub outbound: Arc<dyn Outbound>,
    /// Where the events' own bytes are.
    pub events: Arc<dyn EventLog>,
    /// Where those are that were too large for the record.
    pub bodies: Arc<dyn Bodies>,
    /// Where addresses and keys are kept.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A request as it goes out, or why it never will.
type Prepared = Result<(String, Vec<(String, String)>, Bytes), String>;

#[async_trait]
impl Sink for Forward {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let started_at = self.clock.now();
        let (Some(task), Some(Payload::Forward(request))) =
            (batch.tasks.first(), batch.works.first().map(|work| &work.payload))
        else {
            return Ok(attempted(started_at, started_at, Err(Failure::Refused("it is no request".to_owned()))));
        };
        let (url, headers, body) = match self.prepare(task, request, started_at).await? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(attempted(started_at, started_at, Err(Failure::Refused(why)))),
        };
        let time = Duration::from_secs(request.timeout_seconds);
        let sent = OutboundRequest { method: request.method.as_str(), url: &url, headers: &headers, body, time };
        let answered = self.outbound.send(sent).await;
        Ok(concluded(started_at, self.clock.now(), answered))
    }
}

impl Forward {
    /// The request with its address, its body and its signature; or why there is none.
    async fn prepare(&self, task: &Task, request: &Request, now: Timestamp) -> PortResult<Prepared> {
        let kept: Vec<SecretRef> = request.secrets().cloned().collect();
        let values = if kept.is_empty() { Default::default() } else { self.secrets.resolve(&kept).await? };
        let value = |reference: &SecretRef| -> Result<&Secret, String> {
            values.get(reference).ok_or_else(|| format!("the secret of the action is missing: {}", named(reference)))
        };
        let url = match request.address(&value) {
            Ok(url) => url,
            Err(why) => return Ok(Err(why)),
        };
        let body = match &request.body {
            Body::Text(text) => Bytes::from(text.clone()),
            Body::Original => match self.original(task).await? {
                Some(body) => body,
                None => return Ok(Err("its event's content was erased".to_owned())),
            },
        };
        let mut headers = request.headers.clone();
        if let Some(sign) = &request.sign {
            // The id is the task's, which is the same for each attempt.
            let signed = value(&sign.secret).and_then(|key| signed(sign.scheme, key, task.id.as_str(), &body, now));
            match signed {
                Ok(signed) => {
                    headers.retain(|(name, _)| signed.iter().all(|(own, _)| own != name));
                    headers.extend(signed);
                }
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok((url, headers, body)))
    }

    /// An event's own bytes; `None` where they were erased.
    async fn original(&self, task: &Task) -> PortResult<Option<Bytes>> {
        let event = self.events.event(task.event).await?;
        let event = event.ok_or_else(|| PortError::new("the event is not recorded yet, or gone", task.event))?;
        if event.head.erased_at.is_some() {
            return Ok(None);
        }
        match event.body.is_empty() && event.head.body_bytes > 0 {
            true => self.bodies.get(task.event).await.map(|body| Some(Bytes::from(body))),
            false => Ok(Some(Bytes::from(event.body))),
        }
    }
}

/// What came of a request.
fn concluded(started_at: Timestamp, ended_at: Timestamp, answered: Result<OutboundAnswer, OutboundError>) -> Attempted {
    match answered {
        Ok(answer) => {
            let seconds = answer.retry_after.as_deref().and_then(|text| answer::seconds(text, ended_at));
            let result = answer::read(answer.status, seconds);
            let failed = result.is_err().then_some(seconds).flatten();
            Attempted {
                status: Some(answer.status),
                answer: answer.body,
                blocked_until: failed.map(|seconds| ended_at.plus_ms(seconds.saturating_mul(1000))),
                ..attempted(started_at, ended_at, result)
            }
        }
        Err(error) => {
            let failure = match error.kind.may_pass() {
                true => Failure::Passing { why: error.to_string(), seconds: None, counts: true },
                false => Failure::Refused(error.to_string()),
            };
            attempted(started_at, ended_at, Err(failure))
        }
    }
}

/// A reference as it may be shown.
fn named(reference: &SecretRef) -> String {
    reference.fingerprint().map_or_else(|| reference.to_string(), |print| format!("one kept here, {print}"))
}

#[cfg(test)]
mod tests;
