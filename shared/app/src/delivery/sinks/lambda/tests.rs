use bellhop_core::action::{Kind, Lane};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::*;
use crate::ports::{AwsRefusal, Written};
use crate::testing::memory::{AwsSeen, Memory, SetClock};

const NOW: Timestamp = Timestamp::from_seconds(1_795_244_400);
const ARN: &str = "arn:aws:lambda:us-east-1:111122223333:function:notify:live";

/// A sink whose calls go to memory.
fn stage(targets: &str) -> (Arc<Memory>, Lambda) {
    let clock = Arc::new(SetClock::new(NOW));
    let memory = Arc::new(Memory::new(clock.clone()));
    let aws = Some(AwsReach::new(memory.clone(), targets));
    (memory, Lambda { aws, clock })
}

/// What comes of a call of a function.
async fn attempt(sink: &Lambda, function: &str, is_async: bool) -> Attempted {
    let id = TaskId::new(EventId::new(NOW, &[1; 10]), &HookId::from_text("hk_1"), 0);
    let task = Task::queued(id, Kind::Lambda, function, NOW, NOW);
    let payload = Payload::Lambda(Invocation {
        function: function.to_owned(),
        payload: "{\"a\":1}".to_owned(),
        is_async,
        timeout_seconds: 9,
    });
    let work = Work { task, payload, lane: Lane::Parallel, fallback: None, trace: None };
    let batch = Batch::new(std::slice::from_ref(&work), vec![Written::Nothing], NOW);
    sink.attempt(&batch).await.unwrap()
}

/// What comes of one that is answered so.
async fn answered(answer: Result<AwsAnswer, AwsRefusal>) -> Attempted {
    let (memory, sink) = stage(ARN);
    memory.answer_call(Box::new(move |_: &AwsSeen| answer.clone()));
    attempt(&sink, ARN, false).await
}

#[tokio::test]
async fn a_function_is_called_in_its_region_and_its_answer_is_recorded() {
    let (memory, sink) = stage(ARN);
    memory.answer_call(Box::new(|seen: &AwsSeen| {
        let is_async = seen.words.contains(&"x-amz-invocation-type: Event".to_owned());
        let (status, body) = if is_async { (202, "") } else { (200, "{\"ok\":true}") };
        Ok(AwsAnswer { status, headers: Vec::new(), body: Bytes::from(body) })
    }));
    let waited = attempt(&sink, ARN, false).await;
    assert_eq!((waited.result, waited.status, waited.answer.as_str()), (Ok(()), Some(200), "{\"ok\":true}"));
    let by_the_way = attempt(&sink, ARN, true).await;
    assert_eq!((by_the_way.result, by_the_way.status, by_the_way.answer.as_str()), (Ok(()), Some(202), ""));
    let seen = memory.asked_of_aws();
    let arn = ARN.replace(':', "%3A");
    assert_eq!(seen[0].place, format!("lambda/2015-03-31/functions/{arn}/invocations"));
    assert_eq!((seen[0].region.as_str(), seen[0].text.as_str()), ("us-east-1", "{\"a\":1}"));
    assert_eq!(seen[0].words, ["content-type: application/json", "x-amz-invocation-type: RequestResponse"]);
}

#[tokio::test]
async fn a_function_that_failed_is_called_again_and_what_it_said_is_recorded() {
    for how in ["Unhandled", "Handled"] {
        let headers = vec![(FUNCTION_ERROR.to_owned(), how.to_owned())];
        let body = Bytes::from("{\"errorMessage\":\"no such order\"}");
        let failed = answered(Ok(AwsAnswer { status: 200, headers, body })).await;
        let Err(Failure::Passing { why, seconds: None, counts: true }) = &failed.result else { panic!("{failed:?}") };
        assert!(why.contains(&how.to_lowercase()), "{why}");
        assert_eq!((failed.status, failed.answer.as_str()), (Some(200), "{\"errorMessage\":\"no such order\"}"));
    }
}

#[tokio::test]
async fn every_refusal_has_one_meaning() {
    let refusal = |status, code: &str| AwsRefusal { status, code: code.to_owned(), why: "why".to_owned() };
    for (status, code, counts) in [
        (Some(429), "TooManyRequestsException", false),
        (Some(429), "", false),
        (Some(500), "ServiceException", true),
        (Some(502), "EC2ThrottledException", true),
        (Some(409), "ResourceConflictException", true),
        (None, "", true),
    ] {
        let attempted = answered(Err(refusal(status, code))).await;
        assert!(matches!(&attempted.result, Err(Failure::Passing { counts: found, .. }) if *found == counts), "{code}");
        assert_eq!((attempted.status, attempted.answer.is_empty()), (status, status.is_none()));
    }
    for (status, code, fix) in
        [(403, "AccessDeniedException", "ActionTargets"), (404, "ResourceNotFoundException", "make the function")]
    {
        let attempted = answered(Err(refusal(Some(status), code))).await;
        let Err(Failure::Closed(why)) = &attempted.result else { panic!("{attempted:?}") };
        assert!(why.contains(code) && why.contains(fix) && why.contains(ARN), "{why}");
    }
    for (status, code) in [(400, "InvalidRequestContentException"), (413, "RequestTooLargeException")] {
        let attempted = answered(Err(refusal(Some(status), code))).await;
        assert_eq!(attempted.result, Err(Failure::Refused(format!("Lambda: {code}: why"))));
    }
}

#[tokio::test]
async fn of_a_long_answer_the_beginning_is_kept() {
    for (body, length) in [("x".repeat(6_000_000), MOST_ANSWER_BYTES), ("ü".repeat(3_000), MOST_ANSWER_BYTES)] {
        let attempted = answered(Ok(AwsAnswer { status: 200, headers: Vec::new(), body: Bytes::from(body) })).await;
        assert_eq!((attempted.answer.len(), attempted.answer.contains('\u{fffd}')), (length, false));
    }
    let odd = format!("x{}", "ü".repeat(3_000));
    let attempted = answered(Ok(AwsAnswer { status: 200, headers: Vec::new(), body: Bytes::from(odd) })).await;
    assert_eq!((attempted.answer.len(), attempted.answer.contains('\u{fffd}')), (MOST_ANSWER_BYTES - 1, false));
}

#[tokio::test]
async fn one_that_is_not_listed_is_not_called_and_the_reason_says_where_to_list_it() {
    for (targets, function) in [("", ARN), (ARN, &ARN[..ARN.len() - 5]), ("arn:aws:lambda:*:*:function:*", ARN)] {
        let (memory, sink) = stage(targets);
        let Err(Failure::Closed(why)) = attempt(&sink, function, false).await.result else { panic!("{targets}") };
        assert!(why.contains("ActionTargets") && why.contains(function), "{why}");
        assert!(memory.asked_of_aws().is_empty());
    }
    let sink = Lambda { aws: None, clock: Arc::new(SetClock::new(NOW)) };
    let Err(Failure::Closed(why)) = attempt(&sink, ARN, false).await.result else { panic!("there is no way") };
    assert!(why.contains("AWS_ACCESS_KEY_ID"), "{why}");
}
