//! The `sqs` action in one process: from the door to queues on MiniStack, and what is said where there is none.

use std::time::Duration;

use bellhop_tests::stand_in::{Kind, REGION, StandIn};
use http::Method;
use serde_json::{Value, json};

use crate::sinks::{Away, event, hook, replay};
use crate::world::{config, setup};

/// The ARN of a queue.
pub(crate) fn queue(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:000000000000:{name}")
}

/// A queue; FIFO where its name says so.
fn make_queue(aws: &StandIn, name: &str) {
    const SCRIPT: &str = r#"
name = sys.argv[1]
aws("sqs").create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})
"#;
    aws.python(SCRIPT, &[name]);
}

/// What has arrived at a queue, once it is so much, as it is received.
fn arrived(aws: &StandIn, name: &str, count: usize) -> Vec<Value> {
    const SCRIPT: &str = r#"
import time
sqs, name, count, found = aws("sqs"), sys.argv[1], int(sys.argv[2]), []
url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
for _ in range(100):
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found.append(message)
    if len(found) >= count: break
    time.sleep(0.1)
print(json.dumps(found))
"#;
    let found = aws.python(SCRIPT, &[name, &count.to_string()]);
    let found: Vec<Value> = serde_json::from_str(&found).expect("a list");
    assert_eq!(found.len(), count, "{found:?}");
    found
}

#[tokio::test]
async fn a_message_is_the_event_or_what_is_written_out_and_its_id_is_recorded() {
    let aws = StandIn::start(Kind::MiniStack);
    let (all, texts) = (queue("all"), queue("texts"));
    ["all", "texts"].iter().for_each(|name| make_queue(&aws, name));
    let whole = format!("queue = \"{all}\"");
    let text = format!("queue = \"{texts}\"\n  body = \"{{{{ payload.text }}}}\"");
    let hooks = [("whole", whole.as_str()), ("text", &text)];
    let away = Away::in_aws("sqs", &aws, &format!("{all},{texts}"), &hooks).await;
    let odd = "grüß <&> \u{1}\u{7f}\u{ffff}😀\n";
    let id = away.say("whole", &json!({ "message": odd }).to_string()).await;
    let task = away.task(&id, "succeeded").await;
    assert_eq!((&task["kind"], &task["destination"]), (&json!("sqs"), &json!(all)));
    let message = arrived(&aws, "all", 1).remove(0);
    let attempt = &task["attempts"][0];
    assert_eq!((&attempt["answer"], &attempt["response_status"]), (&message["MessageId"], &json!(200)), "{task}");
    let said: Value = serde_json::from_str(message["Body"].as_str().expect("a text")).expect("it is JSON");
    assert_eq!((&said["id"], &said["sender"], &said["test"]), (&json!(id), &json!("shared-secret"), &json!(false)));
    assert_eq!(said["payload"], json!({ "message": odd }), "no character is lost");
    let id = away.say("text", &json!({"message": "m", "text": odd}).to_string()).await;
    let task = away.task(&id, "succeeded").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("without 2 characters")), "{task}");
    let body = arrived(&aws, "texts", 1).remove(0)["Body"].clone();
    assert_eq!(body.as_str().map(str::trim_end), Some("grüß <&> \u{7f}😀"));
    for (text, why) in [("x".repeat(300_000), "262144"), (String::new(), "empty")] {
        let id = away.say("text", &json!({"message": "m", "text": text}).to_string()).await;
        let task = away.task(&id, "dead").await;
        assert!(task["reason"].as_str().is_some_and(|reason| reason.contains(why)), "{task}");
    }
    away.finish();
}

#[tokio::test]
async fn a_fifo_queue_has_the_events_in_their_order_and_a_replay_once_more() {
    let aws = StandIn::start(Kind::MiniStack);
    make_queue(&aws, "orders.fifo");
    let arn = queue("orders.fifo");
    let plain = format!("queue = \"{arn}\"\n  body = \"{{{{ payload.n }}}}\"");
    let grouped = format!("{plain}\n  group = \"{{{{ payload.repo }}}}\"");
    let hooks = [("grouped", grouped.as_str()), ("plain", &plain)];
    let away = Away::in_aws("sqs", &aws, &arn, &hooks).await;
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(away.say("grouped", &json!({"message": "m", "n": n, "repo": "acme/web"}).to_string()).await);
    }
    let mut tasks = Vec::new();
    for id in &ids {
        tasks.push(away.task(id, "succeeded").await);
    }
    let messages = arrived(&aws, "orders.fifo", 12);
    for (n, (message, task)) in messages.iter().zip(&tasks).enumerate() {
        assert_eq!((&message["Body"], &message["MessageId"]), (&json!(n.to_string()), &task["attempts"][0]["answer"]));
        let attributes = &message["Attributes"];
        assert_eq!(attributes["MessageGroupId"], json!("acme/web"));
        let id = task["id"].as_str().unwrap_or_default();
        assert_eq!(attributes["MessageDeduplicationId"], json!(format!("{id}#0")));
    }
    // What is replayed is a message of its own, which the queue does not take for the one before.
    replay(&away, &ids[3]).await;
    let again = arrived(&aws, "orders.fifo", 1).remove(0);
    assert_eq!((&again["Body"], &again["Attributes"]["MessageGroupId"]), (&json!("3"), &json!("acme/web")));
    assert_ne!(again["MessageId"], messages[3]["MessageId"]);
    // Without a template the hook's id is the group.
    let task = away.task(&away.say("plain", &json!({"message": "m", "n": 7}).to_string()).await, "succeeded").await;
    let message = arrived(&aws, "orders.fifo", 1).remove(0);
    assert_eq!(message["Attributes"]["MessageGroupId"], task["hook"], "{task}");
    away.finish();
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_given_up_until_it_is_made_and_somebody_retries() {
    let aws = StandIn::start(Kind::MiniStack);
    let arn = queue("late.fifo");
    let fields = format!("queue = \"{arn}\"");
    let away = Away::in_aws("sqs", &aws, &arn, &[("p", fields.as_str())]).await;
    let event_id = away.say("p", &event("m")).await;
    let task = away.task(&event_id, "dead").await;
    let reason = task["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("QueueDoesNotExist") && reason.contains("make the queue"), "{task}");
    assert!(reason.contains(&arn), "{task}");
    make_queue(&aws, "late.fifo");
    let id = task["id"].as_str().unwrap_or_default();
    let asked = away.api(Method::POST, &format!("/api/tasks/{id}/retry"), None).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    away.task(&event_id, "succeeded").await;
    let message = arrived(&aws, "late.fifo", 1).remove(0);
    assert_eq!(message["Attributes"]["MessageDeduplicationId"], json!(format!("{id}#1")));
    away.finish();
}

#[test]
fn a_queue_that_is_not_listed_is_refused_at_the_start() {
    let arn = queue("orders");
    let fields = format!("queue = \"{arn}\"");
    for targets in ["", &queue("other"), &queue("orders.fifo"), &queue("*"), "arn:aws:sqs:*:*:*"] {
        let setup = setup(&config("http://127.0.0.1:9", &hook("p", "sqs", &fields)));
        let env = [
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("BELLHOP_ACTION_TARGETS", targets),
        ];
        let setup = env.into_iter().fold(setup, |setup, (name, value)| setup.env(name, value));
        let (status, output) = setup.run_to_end(Duration::from_secs(20));
        assert!(status.is_some_and(|status| !status.success()), "{targets}: {output}");
        assert!(output.contains("hooks[0].actions[0].queue") && output.contains("BELLHOP_ACTION_TARGETS"), "{output}");
    }
}
