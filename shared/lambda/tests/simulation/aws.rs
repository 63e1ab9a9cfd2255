//! Services of AWS with moods: buses, which answer event by event, functions and queues.

use async_trait::async_trait;
use bellhop_app::ports::{AwsAnswer, AwsApi, AwsCall, AwsRefusal, BusEvent};
use serde_json::{Value, json};

use crate::outside::Outside;
use crate::places::{bus_of, queue_of};

/// How many events and bytes one call may have.
const MOST_EVENTS: usize = 10;
const MOST_BYTES: usize = 256 * 1024;

/// A refusal with a code, or without one where there is none.
fn refusal(status: Option<u16>, code: &str) -> AwsRefusal {
    AwsRefusal { status, code: code.to_owned(), why: "it is so".to_owned() }
}

/// No answer.
fn lost() -> AwsRefusal {
    refusal(None, "")
}

/// What EventBridge says that means this status, of a call or of one of its events.
fn of_bus(status: u16) -> AwsRefusal {
    match status {
        422 => refusal(None, "MalformedDetail"),
        410 => refusal(None, "EventBusNotFound"),
        429 => refusal(None, "ThrottlingException"),
        503 => refusal(Some(503), "ServiceUnavailable"),
        _ => refusal(None, "InternalFailure"),
    }
}

/// What Lambda says that means this status. A function that fails of itself is an answer like any other.
fn of_function(status: u16, waits: bool) -> Result<AwsAnswer, AwsRefusal> {
    let answer = |status, headers, body: Value| AwsAnswer { status, headers, body: body.to_string().into() };
    match status {
        200 if waits => Ok(answer(200, Vec::new(), json!({"ok": true}))),
        200 => Ok(AwsAnswer { status: 202, ..AwsAnswer::default() }),
        408 if waits => {
            let failed = ("x-amz-function-error".to_owned(), "Unhandled".to_owned());
            Ok(answer(200, vec![failed], json!({"errorMessage": "it is so"})))
        }
        0 => Err(lost()),
        422 => Err(refusal(Some(400), "InvalidRequestContentException")),
        410 => Err(refusal(Some(404), "ResourceNotFoundException")),
        429 => Err(refusal(Some(429), "TooManyRequestsException")),
        502 => Err(refusal(Some(502), "EC2ThrottledException")),
        503 => Err(refusal(Some(503), "ServiceUnavailable")),
        _ => Err(refusal(Some(500), "ServiceException")),
    }
}

/// What SQS says that means this status. What answers without the id of a message is something else in its place.
fn of_queue(status: u16) -> Result<AwsAnswer, AwsRefusal> {
    let answer = |body: String| AwsAnswer { status: 200, body: body.into(), ..AwsAnswer::default() };
    match status {
        200 => Ok(answer(json!({"MessageId": "m1"}).to_string())),
        408 => Ok(answer("<html>".to_owned())),
        0 => Err(lost()),
        422 => Err(refusal(Some(400), "InvalidMessageContents")),
        410 => Err(refusal(Some(400), "QueueDoesNotExist")),
        429 => Err(refusal(Some(400), "RequestThrottled")),
        503 => Err(refusal(Some(503), "ServiceUnavailable")),
        _ => Err(refusal(Some(500), "InternalFailure")),
    }
}

#[async_trait]
impl AwsApi for Outside {
    fn region(&self) -> &'static str {
        "eu-central-1"
    }

    async fn put_events(
        &self,
        _: &str,
        bus: &str,
        events: &[BusEvent<'_>],
    ) -> Result<Vec<Result<String, AwsRefusal>>, AwsRefusal> {
        let place = bus_of(bus);
        let details: Vec<_> = events.iter().map(|event| event.detail).collect();
        let bytes: usize = details.iter().map(|detail| detail.len()).sum();
        if events.is_empty() || events.len() > MOST_EVENTS || bytes > MOST_BYTES {
            self.sim.broken(format!("{place} got {} events in a call", events.len()));
        }
        let taken = self.bring(place, &details, None).await.ok_or_else(lost)?;
        if !self.is_heard(&taken).await {
            return Err(lost());
        }
        if taken.iter().any(|taken| taken.status == 503) {
            return Err(of_bus(503));
        }
        let answer = |status| if status == 200 { Ok(format!("id-{place}")) } else { Err(of_bus(status)) };
        Ok(taken.iter().map(|taken| answer(taken.status)).collect())
    }

    async fn call(&self, call: AwsCall<'_>) -> Result<AwsAnswer, AwsRefusal> {
        let body = String::from_utf8_lossy(&call.body).into_owned();
        if call.service == "sqs" {
            let message: Value = serde_json::from_str(&body).unwrap();
            let url = message["QueueUrl"].as_str().unwrap();
            let text = message["MessageBody"].as_str().unwrap();
            let place = queue_of(url.rsplit('/').next().unwrap());
            let id = message["MessageDeduplicationId"].as_str();
            if place.ends_with(".fifo") != (id.is_some() && message["MessageGroupId"].is_string()) {
                self.sim.broken(format!("{place} got {body}"));
            }
            let taken = self.bring(&place, &[text], id).await.ok_or_else(lost)?;
            return if self.is_heard(&taken).await { of_queue(taken[0].status) } else { Err(lost()) };
        }
        let arn = call.path.split('/').nth(3).unwrap().replace("%3A", ":");
        let waits = call.headers.contains(&("x-amz-invocation-type", "RequestResponse"));
        let taken = self.bring(&arn, &[&body], None).await.ok_or_else(lost)?;
        if self.is_heard(&taken).await { of_function(taken[0].status, waits) } else { Err(lost()) }
    }
}
