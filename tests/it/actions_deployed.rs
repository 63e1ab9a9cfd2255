//! Actions of the deployed stack: every kind as far as its far end, fallbacks from one queue to the other, and what is not
//! the stack's to call.
//!
//! Their hooks are made through the management API, because they name ports that are others for each test.

pub(crate) mod ends;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bellhop_core::action::Kind;
use bellhop_tests::bot_api::Chat;
use bellhop_tests::far_ends::slack::TOKEN;
use bellhop_tests::sign;
use http::Method;
use serde_json::{Value, json};

use self::ends::SHUT;
use crate::deployment::{Closed, Deployment, SOON};
use crate::eventbridge::bus;
use crate::lambda::function;
use crate::sqs::queue;
use crate::world::{SHARED_SECRET, assert_accepted};

/// A chat that blocks the bot, and one that is told instead of others.
const LOST: i64 = 22;
const INSTEAD: i64 = 23;

/// A chat that has quiet hours now.
const QUIET: i64 = 24;

/// The chat of a hook that is made late.
const NEW: i64 = 25;

/// Makes the hooks of these phases.
pub(crate) async fn make_hooks(phase: &Deployment) {
    let ends = &phase.ends;
    let mut every: Vec<Value> = Kind::WITH_WORKERS.into_iter().map(|kind| ends.action(kind)).collect();
    let mut by_the_way = ends.action(Kind::Lambda);
    by_the_way["async"] = json!(true);
    every.push(by_the_way);
    let instead = json!({"kind": "telegram", "chat": INSTEAD.to_string()});
    let api = ends.slack.api_url();
    let nowhere = json!({"kind": "slack", "token": TOKEN, "channel": "C0NOWHERE", "api_base": api.trim_end_matches('/'),
        "fallback": instead});
    let hooks = [
        ("every", json!(every)),
        ("lost", json!([{"kind": "telegram", "chat": LOST.to_string(), "fallback": ends::second_mail()}])),
        ("refused", json!([{"kind": "forward", "url": ends.sink.url("/refused"), "fallback": instead}])),
        ("nowhere", json!([nowhere])),
        ("quiet", json!([{"kind": "telegram", "chat": QUIET.to_string(), "quiet": around_now()}])),
        ("unlisted", json!(calls("unlisted"))),
        ("shut", json!([calls(SHUT), vec![ends::second_mail()]].concat())),
    ];
    for (path, actions) in hooks {
        make_hook(phase, path, &actions).await;
    }
}

/// One event goes to every kind of far end, each once, and what is answered is recorded.
pub(crate) async fn every_action_arrives(phase: Arc<Deployment>) {
    const TEXT: &str = "to every far end";
    let event = ring(&phase, "every", TEXT).await;
    let tasks = phase.ended(&event, Kind::WITH_WORKERS.len() + 1).await;
    assert!(tasks.iter().all(|task| task["status"] == "succeeded"), "{tasks:#?}");
    for kind in Kind::WITH_WORKERS {
        let count = of(&tasks, kind).count();
        let came = phase.ends.came(&phase, kind, TEXT, count);
        assert!(count > 0 && came.len() == count, "{kind:?}: {came:#?}\n{tasks:#?}");
    }
    let answers: Vec<_> = of(&tasks, Kind::Lambda).map(|task| &task["attempts"][0]).collect();
    let statuses: Vec<_> = answers.iter().map(|attempt| attempt["response_status"].as_u64()).collect();
    assert_eq!(statuses, [Some(200), Some(202)], "one is waited for, one is not");
    assert!(answers[0]["answer"].as_str().is_some_and(|answer| answer.contains(TEXT)), "{answers:#?}");
    for kind in [Kind::Email, Kind::Eventbridge, Kind::Sqs] {
        let task = of(&tasks, kind).next().expect("it is there");
        let id = task["attempts"][0]["answer"].as_str().unwrap_or_default();
        assert!(id.len() > 20, "the service's own id is recorded: {task:#?}");
    }
}

/// A chat that is lost is replaced by a mail, and what no chat is by a chat: each on the other worker's queue.
pub(crate) async fn fallbacks_cross_the_queues(phase: Arc<Deployment>) {
    phase.fake.set_chat(LOST, Chat::Blocked);
    let (main, other) = replaced(&phase, "lost", Kind::Telegram, Kind::Email).await;
    assert!(main.contains("blocked"), "{main}");
    assert!(other.starts_with(&format!("in place of telegram {LOST}")), "{other}");
    let mails = ends::second_mails(&phase, "instead of lost");
    let [mail] = mails.as_slice() else { panic!("one mail: {mails:#?}") };
    assert!(mail.starts_with(&format!("Instead of telegram {LOST}: ")), "{mail}");

    phase.ends.sink.answer("/refused", 400, "");
    for (path, kind, why) in [("refused", Kind::Forward, "400"), ("nowhere", Kind::Slack, "channel_not_found")] {
        let (main, other) = replaced(&phase, path, kind, Kind::Telegram).await;
        assert!(main.contains(why), "{main}");
        assert!(other.starts_with(&format!("in place of {} ", kind.as_str())), "{other}");
        let message = phase.wait_for(&format!("instead of {path}")).await;
        assert!(message.text.starts_with(&format!("Instead of {} ", kind.as_str())), "{message:?}");
        assert_eq!(message.chat_id, INSTEAD);
    }
    assert_eq!(phase.fake.messages_of(INSTEAD).len(), 2, "each once");
}

/// In quiet hours what is urgent comes at once, and so does what somebody asks for again; the rest waits for their end.
pub(crate) async fn quiet_hours_hold_what_is_not_urgent(phase: Arc<Deployment>) {
    let event = ring(&phase, "quiet", "it can wait").await;
    let task = phase.task(&event, "queued").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("quiet hours")), "{task:#}");
    ring(&phase, "quiet", "urgent").await;
    phase.wait_for("urgent").await;
    assert_eq!(phase.fake.messages_of(QUIET).len(), 1, "what can wait does");
    let answer = phase.api(Method::POST, &format!("/api/events/{event}/replay"), &Value::Null).await;
    assert_eq!(answer.status.as_u16(), 202, "{}", answer.text());
    phase.wait_for("it can wait").await;
    assert_eq!(phase.task(&event, "queued").await["due_at"], task["due_at"], "the first one still waits");
}

/// What the operator does not list is not asked of AWS, and what AWS denies is given up; both say how to mend it.
pub(crate) async fn what_may_not_be_called_is_dead_and_says_why(phase: Arc<Deployment>) {
    const ROLE: &str = "found = aws('cloudformation').describe_stack_resource(StackName='bellhop', LogicalResourceId='ForwardRole')\n\
        role, effect = found['StackResourceDetail']['PhysicalResourceId'], sys.argv[1]\n\
        statement = {'Effect': 'Deny', 'Action': '*', 'Resource': sys.argv[2:]}\n\
        policy = json.dumps({'Version': '2012-10-17', 'Statement': [statement]})\n\
        name = {'RoleName': role, 'PolicyName': 'shut'}\n\
        if effect == 'Deny': aws('iam').put_role_policy(**name, PolicyDocument=policy)\n\
        else: aws('iam').delete_role_policy(**name)";
    let event = ring(&phase, "unlisted", "nobody listed it").await;
    for task in phase.ended(&event, 3).await {
        let reason = task["reason"].as_str().unwrap_or_default();
        assert!(task["status"] == "dead" && reason.contains("to the parameter ActionTargets"), "{task:#}");
        assert_eq!(task["attempts"][0]["response_status"], Value::Null, "AWS is not asked: {task:#}");
    }
    let identities = bus("").replace(":events:", ":ses:").replace("event-bus/", "identity/*");
    let shut = [bus(SHUT), function(SHUT), queue(SHUT), identities];
    let closed = Closed::by(|effect| {
        let arguments = [&[effect][..], &shut.each_ref().map(String::as_str)].concat();
        tokio::task::block_in_place(|| phase.stack.python(ROLE, &arguments))
    });
    let event = ring(&phase, "shut", "nobody may do this").await;
    for task in phase.ended(&event, 4).await {
        let reason = task["reason"].as_str().unwrap_or_default();
        let fix = if task["kind"] == "email" { "the parameter MailFrom" } else { "the parameter ActionTargets" };
        assert!(task["status"] == "dead" && reason.contains("AccessDenied") && reason.contains(fix), "{task:#}");
    }
    drop(closed);
}

/// A front door that has just started takes an event of a hook that was just made; the router, which read its rules before,
/// finds the hook all the same.
pub(crate) async fn a_new_hook_does_its_work_at_once(phase: Arc<Deployment>) {
    const START_AGAIN: &str = "door, name = aws('lambda'), {'FunctionName': 'bellhop-ingress'}\n\
        memory = door.get_function_configuration(**name)['MemorySize']\n\
        door.update_function_configuration(**name, MemorySize=memory)\n\
        door.get_waiter('function_updated').wait(**name, WaiterConfig={'Delay': 1})";
    phase.say("/webhook", "the router has read its rules").await;
    phase.wait_for("the router has read its rules").await;
    make_hook(&phase, "new", &json!([{"kind": "telegram", "chat": NEW.to_string()}])).await;
    tokio::task::block_in_place(|| phase.stack.python(START_AGAIN, &[]));
    let event = ring(&phase, "new", "the first of its hook").await;
    phase.routed(&event).await;
    phase.wait_for("the first of its hook").await;
}

/// Makes a hook for shared secrets that has these actions.
async fn make_hook(phase: &Deployment, path: &str, actions: &Value) {
    let hook = json!({"name": path, "path": format!("actions/{path}"), "sender": "shared-secret",
        "secrets": [SHARED_SECRET], "actions": actions});
    let answer = phase.api(Method::POST, "/api/hooks", &hook).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
}

/// Quiet hours that began six hours ago and end in six.
fn around_now() -> Value {
    let hour = |away: i64| format!("{:02}:00", (sign::now() / 3600 + away).rem_euclid(24));
    json!({"from": hour(-6), "to": hour(6), "timezone": "+00:00", "unless": "payload.message == 'urgent'"})
}

/// An action of each kind that calls AWS, to what has this name there.
fn calls(name: &str) -> Vec<Value> {
    vec![
        json!({"kind": "eventbridge", "bus": bus(name)}),
        json!({"kind": "lambda", "function": function(name)}),
        json!({"kind": "sqs", "queue": queue(name)}),
    ]
}

/// Rings at a hook whose one action dies and is replaced; the reasons of both tasks.
async fn replaced(phase: &Deployment, path: &str, main: Kind, other: Kind) -> (String, String) {
    let event = ring(phase, path, &format!("instead of {path}")).await;
    let tasks = phase.ended(&event, 2).await;
    let reason = |kind: Kind, status: &str| {
        let task = of(&tasks, kind).find(|task| task["status"] == status);
        let reason = task.and_then(|task| task["reason"].as_str()).map(str::to_owned);
        reason.unwrap_or_else(|| panic!("no {kind:?} is {status}: {tasks:#?}"))
    };
    (reason(main, "dead"), reason(other, "succeeded"))
}

/// The tasks of this kind.
fn of(tasks: &[Value], kind: Kind) -> impl Iterator<Item = &Value> {
    tasks.iter().filter(move |task| task["kind"] == kind.as_str())
}

/// Posts a message to one of these hooks, and returns the event's id. A front door that was open before the hook was made
/// learns of it within a minute.
async fn ring(phase: &Deployment, path: &str, text: &str) -> String {
    let deadline = Instant::now() + SOON;
    loop {
        let answer = phase.shared(&format!("/webhook/actions/{path}"), json!({ "message": text }).to_string()).await;
        if answer.status.as_u16() != 404 || Instant::now() > deadline {
            return assert_accepted(&answer);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
