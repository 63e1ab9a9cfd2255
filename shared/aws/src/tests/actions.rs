//! What actions call: on MiniStack, and on services that answer as a script says.

use std::time::Duration;

use bellhop_app::ports::{AwsApi as _, AwsCall, AwsRefusal, BusEvent};
use bellhop_core::time::Timestamp;
use bytes::Bytes;
use serde_json::{Value, json};

use super::resources;
use super::scripted::{Service, Step};
use super::stand_in::{Kind, StandIn};
use crate::Aws;

const BUS: &str = "arn:aws:events:eu-central-1:000000000000:event-bus/default";

/// An event with this detail.
fn event<'a>(source: &'a str, detail: &'a str) -> BusEvent<'a> {
    BusEvent { source, detail_type: "push", detail, time: Timestamp::from_seconds(1_795_244_400) }
}

/// Puts events on a bus.
async fn put(aws: &Aws, bus: &str, events: &[BusEvent<'_>]) -> Result<Vec<Result<String, AwsRefusal>>, AwsRefusal> {
    let calls = aws.action_calls();
    calls.put_events(calls.region(), bus, events).await
}

#[tokio::test]
async fn events_arrive_where_a_rule_of_their_bus_on_ministack_sends_them() {
    let stand_in = StandIn::start(Kind::MiniStack);
    let aws = stand_in.aws();
    for name in ["default", "orders"] {
        let (arn, queue_url) = resources::bus(&aws, name).await;
        let events = [event("bellhop.github", "{\"n\":1}"), event("aws.canary", "{}"), event("shop", "{\"n\":\"ü\"}")];
        let taken = put(&aws, &arn, &events).await.unwrap();
        assert!(taken[0].is_ok() && taken[2].is_ok(), "{taken:?}");
        assert_eq!(taken[1].as_ref().unwrap_err().code, "NotAuthorizedForSourceException");
        let mut arrived: Vec<Value> = Vec::new();
        for _ in 0..100 {
            let bodies = resources::drain(&aws, &queue_url).await;
            arrived.extend(bodies.iter().map(|body| serde_json::from_str::<Value>(body).unwrap()));
            if arrived.len() >= 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        arrived.sort_by_key(|event| event["source"].to_string());
        let seen: Vec<_> =
            arrived.iter().map(|event| (&event["source"], &event["detail-type"], &event["detail"])).collect();
        let expected = [("bellhop.github", json!({"n": 1})), ("shop", json!({"n": "ü"}))];
        let expected = expected.map(|(source, detail)| (json!(source), json!("push"), detail));
        assert_eq!(seen, expected.iter().map(|(s, t, d)| (s, t, d)).collect::<Vec<_>>(), "{name}");
        let ids: Vec<_> = arrived.iter().map(|event| event["id"].as_str().unwrap_or_default()).collect();
        assert!(ids.contains(&taken[0].as_ref().unwrap().as_str()), "what is recorded is the event's id: {arrived:?}");
    }
}

#[tokio::test]
async fn what_is_taken_in_part_is_told_event_by_event() {
    let answer = json!({"FailedEntryCount": 2, "Entries": [
        {"EventId": "e-1"},
        {"ErrorCode": "InternalFailure", "ErrorMessage": "later"},
        {"ErrorCode": "MalformedDetail"},
    ]});
    let (service, aws) = Service::start([Step::Answer(200, answer)]);
    let events = [event("a", "{\"n\":1}"), event("b", "{}"), event("c", "[")];
    let taken = put(&aws, BUS, &events).await.unwrap();
    let refused = |code: &str, why: &str| Err(AwsRefusal { status: None, code: code.to_owned(), why: why.to_owned() });
    let expected =
        [Ok("e-1".to_owned()), refused("InternalFailure", "later"), refused("MalformedDetail", "no reason given")];
    assert_eq!(taken, expected);
    let asked = service.asked.lock().unwrap().clone();
    assert_eq!((asked.len(), asked[0].0.as_str()), (1, "PutEvents"), "it is asked once, whatever failed");
    let entry = json!({
        "Time": 1_795_244_400, "Source": "a", "DetailType": "push", "Detail": "{\"n\":1}", "EventBusName": BUS,
    });
    assert_eq!(asked[0].1["Entries"][0], entry);
}

#[tokio::test]
async fn a_call_that_fails_is_made_once_and_says_why_without_a_credential() {
    for (step, status, code) in [
        (Step::Answer(400, json!({"__type": "ThrottlingException", "message": "m"})), Some(400), "ThrottlingException"),
        (Step::Answer(500, json!({"__type": "x#InternalException", "message": "m"})), Some(500), "InternalException"),
        (
            Step::Answer(400, json!({"__type": "AccessDeniedException", "Message": "m"})),
            Some(400),
            "AccessDeniedException",
        ),
        (wrong_signature(), Some(400), "InvalidSignatureException"),
        (Step::Closed, None, ""),
    ] {
        let (service, aws) = Service::start([step]);
        let refusal = put(&aws, BUS, &[event("a", "{}")]).await.unwrap_err();
        assert_eq!((refusal.status, refusal.code.as_str(), service.count()), (status, code, 1), "{refusal}");
        assert!(!refusal.why.is_empty() && !format!("{refusal:?}").contains("canary"), "{refusal:?}");
    }
}

/// What a service says that finds a signature wrong: what it was made over, credentials among it.
fn wrong_signature() -> Step {
    let said = "The Canonical String should have been 'POST\n/\n\nx-amz-security-token:canary\n' by canary";
    Step::Answer(400, json!({"__type": "InvalidSignatureException", "message": said}))
}

/// Posts to a service.
async fn call(aws: &Aws, time: Duration) -> Result<bellhop_app::ports::AwsAnswer, AwsRefusal> {
    let headers = [("content-type", "application/json")];
    let call = AwsCall {
        service: "sns",
        region: "us-east-1",
        path: "/a%3Ab",
        headers: &headers,
        body: Bytes::from("{}"),
        time,
    };
    aws.action_calls().call(call).await
}

#[tokio::test]
async fn another_service_is_called_once_within_its_time() {
    let time = Duration::from_millis(400);
    let (_, aws) = Service::start([Step::Told(202, "x-odd: yes\r\n", json!({"a": 1}))]);
    let answer = call(&aws, time).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (202, &b"{\"a\":1}"[..]));
    assert!(answer.headers.contains(&("x-odd".to_owned(), "yes".to_owned())), "{answer:?}");
    let refusal = Step::Told(429, "x-amzn-errortype: TooManyRequestsException:http://x/\r\n", json!({"Message": "m"}));
    let silence = Step::Silence(Duration::from_secs(2));
    for (step, status, code) in [
        (refusal, Some(429), "TooManyRequestsException"),
        (Step::Answer(503, json!({})), Some(503), ""),
        (wrong_signature(), Some(400), "InvalidSignatureException"),
        (silence, None, ""),
    ] {
        let (service, aws) = Service::start([step]);
        let refusal = call(&aws, time).await.unwrap_err();
        assert_eq!((refusal.status, refusal.code.as_str(), service.count()), (status, code, 1), "{refusal}");
        assert!(!refusal.why.is_empty() && !format!("{refusal:?}").contains("canary"), "{refusal:?}");
    }
}
