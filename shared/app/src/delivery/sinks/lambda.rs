//! Calls of AWS Lambda functions: what is answered is recorded.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::action::lambda::Invocation;
use bellhop_core::task::MOST_ANSWER_BYTES;
use bellhop_core::work::Payload;
use bytes::Bytes;

use super::Sink;
use super::aws::{Missing, NO_WAY, failure, said};
use crate::delivery::{Attempted, Batch, Failure, attempted};
use crate::ports::{AwsAnswer, AwsCall, AwsReach, Clock, PortResult};

/// The header that says that the function failed, and how: Lambda itself answers 200 then.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// What is missing where a function is.
const FUNCTION: Missing =
    Missing { service: "Lambda", fix: "make the function, or set `function` to one that there is" };

/// Calls functions.
pub struct Lambda {
    /// The way to AWS, where there is one.
    pub aws: Option<AwsReach>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Sink for Lambda {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let started_at = self.clock.now();
        let failed = |failure| Ok(attempted(started_at, started_at, Err(failure)));
        let Some(Payload::Lambda(invocation)) = batch.works.first().map(|work| &work.payload) else {
            return failed(Failure::Refused("it is no call of a function".to_owned()));
        };
        let Some(AwsReach { api, targets }) = &self.aws else {
            return failed(Failure::Closed(NO_WAY.to_owned()));
        };
        let arn = match targets.find(&invocation.function, api.region()) {
            Ok(arn) => arn,
            Err(why) => return failed(Failure::Closed(why)),
        };
        let path = path(arn.text);
        let called = api.call(call(invocation, arn.region, &path)).await;
        let (status, answer, result) = match called {
            Ok(answer) => (Some(answer.status), beginning(&answer), outcome(&answer)),
            Err(refusal) => {
                let answer = if refusal.status.is_some() { said(&refusal) } else { String::new() };
                (refusal.status, answer, Err(failure(FUNCTION, &refusal, arn.text)))
            }
        };
        Ok(Attempted { status, answer, ..attempted(started_at, self.clock.now(), result) })
    }
}

/// The path of a function's calls; all that an ARN has and a path has not is the colon.
fn path(arn: &str) -> String {
    format!("/2015-03-31/functions/{}/invocations", arn.replace(':', "%3A"))
}

/// The call.
fn call<'a>(invocation: &Invocation, region: &'a str, path: &'a str) -> AwsCall<'a> {
    const JSON: (&str, &str) = ("content-type", "application/json");
    const KIND: &str = "x-amz-invocation-type";
    let headers: &[_] = match invocation.is_async {
        true => &[JSON, (KIND, "Event")],
        false => &[JSON, (KIND, "RequestResponse")],
    };
    let body = Bytes::from(invocation.payload.clone());
    let time = Duration::from_secs(invocation.timeout_seconds);
    AwsCall { service: "lambda", region, path, headers, body, time }
}

/// The beginning of what a function answered.
fn beginning(answer: &AwsAnswer) -> String {
    // A character that is cut in two at the end is not there.
    let bytes = &answer.body[..answer.body.len().min(MOST_ANSWER_BYTES)];
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    text.truncate(text.floor_char_boundary(MOST_ANSWER_BYTES));
    if bytes.len() < answer.body.len() && text.ends_with('\u{fffd}') {
        text.pop();
    }
    text
}

/// Whether the function did its work. One that failed may do it later: it is called again as one that did not answer is.
fn outcome(answer: &AwsAnswer) -> Result<(), Failure> {
    match answer.headers.iter().find(|(name, _)| name == FUNCTION_ERROR) {
        None => Ok(()),
        Some((_, how)) => {
            let how = how.to_lowercase();
            let why =
                format!("the function failed ({how} error); what it answered stands beside this, the rest in its log");
            Err(Failure::Passing { why, seconds: None, counts: true })
        }
    }
}

#[cfg(test)]
mod tests;
