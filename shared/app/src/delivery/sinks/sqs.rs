//! Messages on queues of SQS: side by side, or in order where the queue keeps it, which then knows a message that comes again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::action::sqs::url;
use bellhop_core::work::Payload;
use serde::{Deserialize, Serialize};

use super::Sink;
use super::aws::{Missing, NO_WAY, failure, said};
use crate::delivery::{Attempted, Batch, Failure, attempted};
use crate::ports::{AwsAnswer, AwsCall, AwsReach, AwsRefusal, Clock, PortResult};

/// How long a call may take.
const CALL_TIME: Duration = Duration::from_secs(15);

/// What makes a call one that sends a message
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html>).
const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.SendMessage")];

/// What is missing where a queue is.
const QUEUE: Missing = Missing { service: "SQS", fix: "make the queue, or set `queue` to one that there is" };

/// Sends messages.
pub struct Sqs {
    /// The way to AWS, where there is one.
    pub aws: Option<AwsReach>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A message as SQS takes it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    queue_url: String,
    message_body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_group_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_deduplication_id: Option<String>,
}

/// What SQS says of a message that it took.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Taken {
    message_id: String,
}

#[async_trait]
impl Sink for Sqs {
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let started_at = self.clock.now();
        let failed = |failure| Ok(attempted(started_at, started_at, Err(failure)));
        let first = batch.works.first().map(|work| (work, &work.payload));
        let Some((work, Payload::Sqs(message))) = first else {
            return failed(Failure::Refused("it is no message for a queue".to_owned()));
        };
        let Some(AwsReach { api, targets }) = &self.aws else {
            return failed(Failure::Closed(NO_WAY.to_owned()));
        };
        let arn = match targets.find(&message.queue, api.region()) {
            Ok(arn) => arn,
            Err(why) => return failed(Failure::Closed(why)),
        };
        let request = Request {
            queue_url: url(&arn),
            message_body: &message.body,
            message_group_id: message.group.as_deref(),
            // The same in every attempt, and another when people ask for the task again.
            message_deduplication_id: message.group.as_ref().map(|_| work.key()),
        };
        let body = match serde_json::to_vec(&request) {
            Ok(body) => body.into(),
            Err(error) => return failed(Failure::Refused(format!("it cannot be written as JSON: {error}"))),
        };
        let (service, region, path, headers, time) = ("sqs", arn.region, "/", HEADERS.as_slice(), CALL_TIME);
        let called = api.call(AwsCall { service, region, path, headers, body, time }).await;
        let (status, answer, result) = match called {
            Ok(answer) => match taken(&answer) {
                Ok(id) => (Some(answer.status), id, Ok(())),
                Err(failure) => (Some(answer.status), String::new(), Err(failure)),
            },
            Err(refusal) => {
                let answer = if refusal.status.is_some() { said(&refusal) } else { String::new() };
                (refusal.status, answer, Err(meaning(&refusal, arn.text)))
            }
        };
        Ok(Attempted { status, answer, ..attempted(started_at, self.clock.now(), result) })
    }
}

/// The id that a message was given. What answers without one need not have been SQS.
fn taken(answer: &AwsAnswer) -> Result<String, Failure> {
    let read = serde_json::from_slice::<Taken>(&answer.body);
    read.map(|taken| taken.message_id).map_err(|_| {
        let why = format!("SQS: it answered {} and no id of a message", answer.status);
        Failure::Passing { why, seconds: None, counts: true }
    })
}

/// What follows from a refusal: what SQS alone says, and what all services do.
///
/// It has each code in the words of its JSON protocol and in those of the one before
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html#API_SendMessage_Errors>).
fn meaning(refusal: &AwsRefusal, arn: &str) -> Failure {
    let why = format!("{}: {refusal}", QUEUE.service);
    match refusal.code.as_str() {
        "RequestThrottled" | "KmsThrottled" | "KMS.ThrottlingException" => {
            Failure::Passing { why, seconds: None, counts: false }
        }
        "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue" | "InvalidAddress" => {
            Failure::Closed(format!("{why}; {}: {arn}", QUEUE.fix))
        }
        code if code.starts_with("Kms") || code.starts_with("KMS.") => Failure::Closed(format!(
            "{why}; see that the KMS key of the queue is enabled and that its policy lets Bellhop use it: {arn}"
        )),
        _ => failure(QUEUE, refusal, arn),
    }
}

#[cfg(test)]
mod tests {
    use bellhop_core::action::sqs::Message;
    use bellhop_core::action::{Kind, Lane};
    use bellhop_core::id::{EventId, HookId, ReplayId, TaskId};
    use bellhop_core::task::Task;
    use bellhop_core::time::Timestamp;
    use bellhop_core::work::{Work, key};
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::ports::Written;
    use crate::testing::memory::{AwsSeen, Memory, SetClock};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_244_400);
    const STANDARD: &str = "arn:aws:sqs:us-east-1:111122223333:orders";
    const ORDERED: &str = "arn:aws:sqs:us-east-1:111122223333:orders.fifo";

    /// A sink whose calls go to memory.
    fn stage(targets: &str) -> (Arc<Memory>, Sqs) {
        let clock = Arc::new(SetClock::new(NOW));
        let memory = Arc::new(Memory::new(clock.clone()));
        let aws = Some(AwsReach::new(memory.clone(), targets));
        (memory, Sqs { aws, clock })
    }

    /// What comes of a message to a queue whose task was asked for again so often.
    async fn attempt(sink: &Sqs, queue: &str, retries: u32) -> Attempted {
        let id = TaskId::new(EventId::new(NOW, &[1; 10]), &HookId::from_text("hk_1"), 0);
        let task = Task { retries, ..Task::queued(id, Kind::Sqs, queue, NOW, NOW) };
        let group = (queue == ORDERED).then(|| "g".to_owned());
        let payload = Payload::Sqs(Message { queue: queue.to_owned(), body: "{\"a\":\"ü\"}".to_owned(), group });
        let work = Work { task, payload, lane: Lane::Parallel, fallback: None, trace: None };
        let batch = Batch::new(std::slice::from_ref(&work), vec![Written::Nothing], NOW);
        sink.attempt(&batch).await.unwrap()
    }

    /// What comes of one that is answered so.
    async fn answered(answer: Result<AwsAnswer, AwsRefusal>) -> Attempted {
        let (memory, sink) = stage(STANDARD);
        memory.answer_call(Box::new(move |_: &AwsSeen| answer.clone()));
        attempt(&sink, STANDARD, 0).await
    }

    /// An answer of a 200.
    fn good(body: &'static str) -> Result<AwsAnswer, AwsRefusal> {
        Ok(AwsAnswer { status: 200, headers: Vec::new(), body: Bytes::from(body) })
    }

    #[tokio::test]
    async fn a_message_goes_to_its_queue_and_its_id_is_recorded() {
        let (memory, sink) = stage(&format!("{STANDARD},{ORDERED}"));
        memory.answer_call(Box::new(|_: &AwsSeen| good(r#"{"MessageId":"m-1","MD5OfMessageBody":"x"}"#)));
        for (queue, retries) in [(STANDARD, 0), (ORDERED, 0), (ORDERED, 0), (ORDERED, 1)] {
            let sent = attempt(&sink, queue, retries).await;
            assert_eq!((sent.result, sent.status, sent.answer.as_str()), (Ok(()), Some(200), "m-1"));
        }
        let seen = memory.asked_of_aws();
        for seen in &seen {
            assert_eq!((seen.region.as_str(), seen.place.as_str()), ("us-east-1", "sqs/"));
            assert_eq!(seen.words, ["content-type: application/x-amz-json-1.0", "x-amz-target: AmazonSQS.SendMessage"]);
        }
        let asked: Vec<Value> = seen.iter().map(|seen| serde_json::from_str(&seen.text).unwrap()).collect();
        let url = "https://sqs.us-east-1.amazonaws.com/111122223333/orders";
        assert_eq!(asked[0], json!({"QueueUrl": url, "MessageBody": "{\"a\":\"ü\"}"}));
        let task = TaskId::new(EventId::new(NOW, &[1; 10]), &HookId::from_text("hk_1"), 0);
        assert_eq!(
            asked[1],
            json!({"QueueUrl": format!("{url}.fifo"), "MessageBody": "{\"a\":\"ü\"}", "MessageGroupId": "g",
                "MessageDeduplicationId": format!("{task}#0")})
        );
        assert_eq!(asked[2], asked[1], "the queue knows an attempt that is made again");
        assert_eq!(asked[3]["MessageDeduplicationId"], json!(format!("{task}#1")));
    }

    #[test]
    fn the_longest_id_of_a_task_is_one_that_the_queue_takes() {
        let hook = HookId::from_random(&[255; 22]);
        let (event, replay) = (EventId::new(NOW, &[255; 10]), ReplayId::from_random(&[255; 22]));
        let id = TaskId::replayed(event, &hook, usize::from(u8::MAX), &replay).fallback();
        let key = key(&id, u32::MAX);
        assert!(key.len() <= 128 && key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
    }

    #[tokio::test]
    async fn every_refusal_has_one_meaning() {
        let refusal = |status, code: &str| AwsRefusal { status, code: code.to_owned(), why: "why".to_owned() };
        for (status, code, counts) in [
            (Some(400), "RequestThrottled", false),
            (Some(403), "RequestThrottled", false),
            (Some(400), "KmsThrottled", false),
            (Some(400), "KMS.ThrottlingException", false),
            (Some(400), "ThrottlingException", false),
            (Some(500), "InternalFailure", true),
            (Some(503), "ServiceUnavailable", true),
            (Some(403), "InvalidSecurity", true),
            (None, "", true),
        ] {
            let attempted = answered(Err(refusal(status, code))).await;
            assert!(
                matches!(&attempted.result, Err(Failure::Passing { counts: found, .. }) if *found == counts),
                "{code}: {attempted:?}"
            );
            assert_eq!((attempted.status, attempted.answer.is_empty()), (status, status.is_none()));
        }
        for (status, code, fix) in [
            (403, "AccessDenied", "ActionTargets"),
            (400, "AccessDeniedException", "ActionTargets"),
            (400, "QueueDoesNotExist", "make the queue"),
            (400, "AWS.SimpleQueueService.NonExistentQueue", "make the queue"),
            (404, "InvalidAddress", "make the queue"),
            (400, "KmsAccessDenied", "KMS key"),
            (400, "KmsDisabled", "KMS key"),
            (400, "KMS.NotFoundException", "KMS key"),
        ] {
            let attempted = answered(Err(refusal(Some(status), code))).await;
            let Err(Failure::Closed(why)) = &attempted.result else { panic!("{code}: {attempted:?}") };
            assert!(why.contains(code) && why.contains(fix) && why.contains(STANDARD), "{why}");
        }
        for code in ["InvalidMessageContents", "InvalidParameterValue", "UnsupportedOperation", "SomethingNew"] {
            let attempted = answered(Err(refusal(Some(400), code))).await;
            assert_eq!(attempted.result, Err(Failure::Refused(format!("SQS: {code}: why"))));
        }
    }

    #[tokio::test]
    async fn what_answers_without_an_id_did_not_take_the_message() {
        for body in ["", "<html>welcome</html>", "{}", "{\"MessageId\":7}"] {
            let attempted = answered(good(body)).await;
            let Err(Failure::Passing { why, counts: true, .. }) = &attempted.result else { panic!("{attempted:?}") };
            assert!(why.contains("200") && attempted.answer.is_empty(), "{attempted:?}");
        }
    }

    #[tokio::test]
    async fn one_that_is_not_listed_is_not_called_and_the_reason_says_where_to_list_it() {
        for (targets, queue) in [("", STANDARD), (STANDARD, ORDERED), ("arn:aws:sqs:*:*:*", STANDARD)] {
            let (memory, sink) = stage(targets);
            let Err(Failure::Closed(why)) = attempt(&sink, queue, 0).await.result else { panic!("{targets}") };
            assert!(why.contains("ActionTargets") && why.contains(queue), "{why}");
            assert!(memory.asked_of_aws().is_empty());
        }
        let sink = Sqs { aws: None, clock: Arc::new(SetClock::new(NOW)) };
        let Err(Failure::Closed(why)) = attempt(&sink, STANDARD, 0).await.result else { panic!("there is no way") };
        assert!(why.contains("AWS_ACCESS_KEY_ID"), "{why}");
    }
}
