//! The `eventbridge` action in one process: from the door to a rule's target on MiniStack, and what is said where it cannot be.

use std::time::Duration;

use bellhop_tests::serve::Setup;
use bellhop_tests::stand_in::{Kind, REGION, StandIn};
use http::Method;
use serde_json::{Value, json};

use crate::sinks::{Away, event, hook, replay};
use crate::world::{config, setup};

const LIMIT: Duration = Duration::from_secs(20);
const SECRET: &str = "canary-7f3a-secret-access-key";

/// The ARN of a bus.
pub(crate) fn bus(name: &str) -> String {
    format!("arn:aws:events:{REGION}:000000000000:event-bus/{name}")
}

/// A bus whose every event goes to a queue of its name.
pub(crate) fn make_bus(aws: &StandIn, name: &str) {
    const SCRIPT: &str = r#"
events, sqs, name = aws("events"), aws("sqs"), sys.argv[1]
if name != "default": events.create_event_bus(Name=name)
sqs.create_queue(QueueName=name)
events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"account": [{"exists": True}]}))
arn = f"arn:aws:sqs:{os.environ['AWS_REGION']}:000000000000:{name}"
events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
"#;
    aws.python(SCRIPT, &[name]);
}

/// What has arrived at the queue of a bus, once it is so much, in the order of its details.
pub(crate) fn arrived(aws: &StandIn, name: &str, count: usize) -> Vec<Value> {
    const SCRIPT: &str = r#"
import time
sqs, name, count, found = aws("sqs"), sys.argv[1], int(sys.argv[2]), []
url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
for _ in range(100):
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found.append(json.loads(message["Body"]))
    if len(found) >= count: break
    time.sleep(0.1)
print(json.dumps(sorted(found, key=lambda event: json.dumps(event["detail"], sort_keys=True))))
"#;
    let found = aws.python(SCRIPT, &[name, &count.to_string()]);
    let found: Vec<Value> = serde_json::from_str(&found).expect("a list");
    assert_eq!(found.len(), count, "{found:?}");
    found
}

#[tokio::test]
async fn an_event_arrives_where_a_rule_of_its_bus_sends_it() {
    let aws = StandIn::start(Kind::MiniStack);
    ["default", "orders"].iter().for_each(|name| make_bus(&aws, name));
    let orders = format!(
        "bus = \"{}\"\n  source = \"shop\"\n  detail_type = \"Order {{{{ payload.state }}}}\"\n  \
         detail = '{{\"order\": {{{{ payload.id | tojson }}}}}}'",
        bus("orders")
    );
    let targets = format!("{},{}", bus("default"), bus("orders"));
    let away = Away::in_aws("eventbridge", &aws, &targets, &[("d", ""), ("o", &orders)]).await;
    let id = away.say("d", &json!({"message": "grüß <&>", "n": [1, null]}).to_string()).await;
    let task = away.task(&id, "succeeded").await;
    let event = arrived(&aws, "default", 1).remove(0);
    assert_eq!((&task["kind"], &task["destination"]), (&json!("eventbridge"), &json!("default")));
    assert_eq!(task["attempts"][0]["answer"], event["id"], "its id at EventBridge is recorded: {task}");
    assert_eq!((&event["source"], &event["detail-type"]), (&json!("bellhop.shared-secret"), &json!("webhook")));
    let detail = &event["detail"];
    assert_eq!((detail["id"].as_str(), &detail["test"]), (Some(id.as_str()), &json!(false)));
    assert_eq!(detail["payload"], json!({"message": "grüß <&>", "n": [1, null]}));
    let id = away.say("o", &json!({"id": "a\"7", "state": "paid"}).to_string()).await;
    away.task(&id, "succeeded").await;
    replay(&away, &id).await;
    for event in arrived(&aws, "orders", 2) {
        assert_eq!((&event["source"], &event["detail-type"]), (&json!("shop"), &json!("Order paid")));
        assert_eq!(event["detail"], json!({"order": "a\"7"}));
    }
    away.finish();
}

#[tokio::test]
async fn many_at_once_all_arrive_and_each_has_its_own_answer() {
    let aws = StandIn::start(Kind::MiniStack);
    make_bus(&aws, "default");
    let away =
        Away::in_aws("eventbridge", &aws, &bus("default"), &[("p", "detail = '{\"n\": {{ payload.n }}}'")]).await;
    let mut ids = Vec::new();
    for n in 0..35 {
        ids.push(away.say("p", &json!({"message": "m", "n": n}).to_string()).await);
    }
    let mut answers = Vec::new();
    for id in &ids {
        answers.push(away.task(id, "succeeded").await["attempts"][0]["answer"].clone());
    }
    let events = arrived(&aws, "default", 35);
    for event in &events {
        let place = usize::try_from(event["detail"]["n"].as_u64().expect("a number")).expect("a place");
        assert_eq!(event["id"], answers[place], "each task has the id of its own event");
    }
    away.finish();
}

#[tokio::test]
async fn an_event_that_no_bus_takes_is_dead_and_says_why() {
    let aws = StandIn::start(Kind::MiniStack);
    make_bus(&aws, "default");
    let hooks =
        [("list", "detail = '[{{ payload.n | tojson }}]'"), ("text", "detail = '{{ payload.n }}'"), ("whole", "")];
    let away = Away::in_aws("eventbridge", &aws, &bus("default"), &hooks).await;
    let large = json!({"message": "m", "n": "x".repeat(300_000)}).to_string();
    for (path, body, why) in [
        ("list", event("m"), "no object"),
        ("text", json!({"message": "m", "n": "canary"}).to_string(), "no JSON"),
        ("whole", large, "262144"),
    ] {
        let task = away.task(&away.say(path, &body).await, "dead").await;
        let reason = task["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(why) && !reason.contains("canary"), "{path}: {task}");
    }
    away.finish();
}

#[tokio::test]
async fn credentials_are_told_to_nobody_and_one_that_is_not_there_is_tried_again() {
    let hooks = hook("p", "eventbridge", "");
    let env = [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "canary-7f3a-key-id"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", "canary-7f3a-session-token"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("BELLHOP_ACTION_TARGETS", &bus("default")),
    ];
    let away = Away::with("localhost", &env, &hooks).await;
    let task = away.task(&away.say("p", &event("m")).await, "retrying").await;
    assert!(task["attempts"][0]["detail"].as_str().is_some_and(|why| why.starts_with("EventBridge: ")), "{task}");
    away.finish_without(&["canary-7f3a"]).await;
}

/// What a process says that is started with these variables and an action of this kind.
fn refused(fields: &str, env: &[(&str, &str)]) -> String {
    let names =
        ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "BELLHOP_ACTION_TARGETS"];
    let setup = names
        .iter()
        .fold(setup(&config("http://127.0.0.1:9", &hook("p", "eventbridge", fields))), |setup: Setup, name| {
            setup.without_env(name)
        });
    let setup = env.iter().fold(setup, |setup, (name, value)| setup.env(name, value));
    let (status, output) = setup.run_to_end(LIMIT);
    assert!(status.is_some_and(|status| !status.success()), "{output}");
    output
}

#[test]
fn what_is_missing_is_said_at_the_start() {
    let keys = [("AWS_REGION", REGION), ("AWS_ACCESS_KEY_ID", "canary"), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    for left_out in 0..keys.len() {
        let given: Vec<_> =
            keys.iter().enumerate().filter(|(place, _)| *place != left_out).map(|(_, key)| *key).collect();
        let output = refused("", &given);
        let missing = format!("({}: the variable is not set)", keys[left_out].0);
        assert!(output.contains("hooks[0].actions[0].bus") && output.contains(&missing), "{output}");
        assert!(!output.contains("canary"), "{output}");
    }
    for targets in ["", &bus("other"), "arn:aws:events:*:*:event-bus/*"] {
        let output = refused("", &[&keys[..], &[("BELLHOP_ACTION_TARGETS", targets)]].concat());
        assert!(output.contains("BELLHOP_ACTION_TARGETS") && output.contains("bellhop.toml:"), "{output}");
    }
}

#[tokio::test]
async fn a_hook_of_the_api_is_held_to_the_same_list_and_says_what_is_missing() {
    let away = Away::with("localhost", &[("AWS_REGION", "")], "").await;
    let hook = json!({
        "name": "p", "path": "p", "sender": "shared-secret", "secrets": [crate::world::SHARED_SECRET],
        "actions": [{"kind": "eventbridge", "bus": bus("default")}],
    });
    let made = away.api(Method::POST, "/api/hooks", Some(&hook)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["actions"][0]["bus"], json!(bus("default")));
    let task = away.task(&away.say("p", &event("m")).await, "dead").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("AWS_ACCESS_KEY_ID")), "{task}");
    away.finish();
}
