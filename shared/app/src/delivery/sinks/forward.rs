//! Requests to other URLs: signed, each a few seconds at most, what is answered recorded.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::action::forward::{Body, Request, signed};
use bellhop_core::task::Task;
use bellhop_core::work::Payload;
use bytes::Bytes;

use super::{Calls, Sink, Values, answer};
use crate::delivery::{Attempted, Batch};
use crate::ports::{Bodies, EventLog, OutboundRequest, PortError, PortResult, Told};

/// Sends requests to other URLs.
pub struct Forward {
    /// What calls are made with.
    pub calls: Calls,
    /// Where the events' own bytes are.
    pub events: Arc<dyn EventLog>,
    /// Where those are that were too large for the record.
    pub bodies: Arc<dyn Bodies>,
}

/// A request as it goes out, or why it never will.
type Prepared = Result<(String, Vec<(String, String)>, Bytes), String>;

#[async_trait]
impl Sink for Forward {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let (Some(task), Some(Payload::Forward(request))) =
            (batch.tasks.first(), batch.works.first().map(|work| &work.payload))
        else {
            return Ok(self.calls.refused("it is no request"));
        };
        let values = self.calls.values(request.secrets().cloned().collect()).await?;
        let (url, headers, body) = match self.prepare(task, request, &values).await? {
            Ok(prepared) => prepared,
            Err(why) => return Ok(self.calls.refused(why)),
        };
        let (method, time, told) =
            (request.method.as_str(), Duration::from_secs(request.timeout_seconds), Told::RECORDED);
        let called = self.calls.send(OutboundRequest { method, url: &url, headers: &headers, body, time, told }).await;
        Ok(called.attempted(&values, |answer, seconds| answer::read(answer.status, seconds)))
    }
}

impl Forward {
    /// The request with its address, its body and its signature; or why there is none.
    async fn prepare(&self, task: &Task, request: &Request, values: &Values) -> PortResult<Prepared> {
        let url = match request.address(&|reference| values.get(reference)) {
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
            let now = self.calls.clock.now();
            let key = values.get(&sign.secret);
            let signed = key.and_then(|key| signed(sign.scheme, key, task.id.as_str(), &body, now));
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
