//! The deployed stack end to end: the template on a local AWS, the real function binaries, the strict Bot API.
//!
//! All is done on one stack, in phases: see [`crate::phases`] and [`crate::deployment`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use bellhop_core::action::Kind;
use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::inbox;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use bellhop_tests::bot_api::limits::Scope;
use bellhop_tests::bot_api::{Chat, Message, Script};
use bellhop_tests::build::workspace;
use bellhop_tests::github::{self, delivery_id};
use bellhop_tests::http::headers;
use bellhop_tests::manifest::Manifest;
use bellhop_tests::sign;

use crate::actions_deployed::ends::SECRETS;
use crate::actions_deployed::{
    a_new_hook_does_its_work_at_once, every_action_arrives, fallbacks_cross_the_queues, make_hooks,
    quiet_hours_hold_what_is_not_urgent, what_may_not_be_called_is_dead_and_says_why,
};
use crate::deployment::{Closed, Deployment, SOON, hooks};
use crate::duplicates_deployed;
use crate::iam;
use crate::kinds::Kinds;
use crate::phases::{Phase, Report, phase};
use crate::world::{
    ADMIN_TOKEN, GITHUB_SECRET, OTHER_SECRET, STANDARD_SECRET, assert_accepted, assert_refused, no_secret_in,
    shared_hook,
};

/// A hook's new state is in force after this at the latest: ingress keeps what it read for a minute.
const IN_FORCE: Duration = Duration::from_secs(70);

/// What is done side by side, each lane in its order: what waits beside what works, for all of it is one local AWS. Each
/// phase has hooks and chats of its own; the first lane alone changes the configuration.
const LANES: [&[Phase]; 4] = [
    &[phase!(apply_is_guarded), phase!(bad_requests_are_refused), phase!(a_new_configuration_comes_into_force)],
    &[phase!(bursts_keep_order_and_pace)],
    &[
        phase!(other_senders_arrive),
        phase!(one_delivery_has_one_effect),
        phase!(content_tells_deliveries_apart_and_copies_are_seen),
        phase!(large_bodies_arrive),
        phase!(failures_are_retried),
        phase!(final_refusals_are_final),
        phase!(dead_letters_become_dead_tasks),
        phase!(every_kind_arrives),
    ],
    &[
        phase!(every_action_arrives),
        phase!(fallbacks_cross_the_queues),
        phase!(quiet_hours_hold_what_is_not_urgent),
        phase!(what_may_not_be_called_is_dead_and_says_why),
    ],
];

/// What needs the stack for itself: it stops the bot, changes a role, starts the front door again, or counts every call.
const ALONE: [Phase; 6] = [
    phase!(a_wait_of_the_bot_is_obeyed),
    phase!(roles_may_do_no_more_than_their_functions),
    phase!(an_inbox_that_cannot_be_written_accepts_nothing),
    phase!(a_new_hook_does_its_work_at_once),
    phase!(a_webhook_costs_what_is_said),
    phase!(nothing_is_left_behind),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn every_phase_does_what_it_says() {
    let stack = Arc::new(Deployment::join().await);
    make_hooks(&stack).await;
    // The functions start one after the other, not all at once.
    stack.say("/webhook", "the first of all").await;
    stack.wait_for("the first of all").await;
    let mut report = Report::default();
    report.side_by_side(&stack, &LANES).await;
    report.in_turn(&stack, &ALONE).await;
    report.finish();
}

async fn apply_is_guarded(phase: Arc<Deployment>) {
    for token in [ADMIN_TOKEN, "", "x"] {
        let (done, said) = phase.try_apply(&phase.config(&shared_hook("", 1)), token);
        assert!(!done, "a wrong token changes nothing: {said}");
    }
    let broken = hooks().replace("secrets = [\"env:STANDARD_SECRET\"]", "secrets = [\"env:NOWHERE\"]");
    let (done, said) = phase.try_apply(&phase.config(&broken), &phase.stack.deployed.admin_token);
    assert!(!done && said.contains("NOWHERE"), "{said}");
    phase.say("/webhook/order", "all hooks are still there").await;
    phase.wait_for("all hooks are still there").await;
}

async fn roles_may_do_no_more_than_their_functions(phase: Arc<Deployment>) {
    tokio::task::block_in_place(|| iam::refuses_what_is_not_theirs(&phase.stack));
}

async fn every_kind_arrives(phase: Arc<Deployment>) {
    let kinds = Kinds::load();
    kinds.post(&phase.stack.deployed.url).await;
    kinds.check(&phase.fake, 2 * SOON).await;
}

async fn other_senders_arrive(phase: Arc<Deployment>) {
    phase.say("/webhook", "generic <one>").await;
    assert_eq!(phase.wait_for("generic <one>").await.chat_id, 1);
    let body = br#"{"type":"invoice.paid","data":{"number":"INV-7"}}"#;
    let signed = sign::standard_webhooks(STANDARD_SECRET, "msg_1", sign::now(), body);
    assert_accepted(&phase.http.post(&phase.stack.at("/webhook/std"), &signed, body.to_vec()).await);
    phase.wait_for("invoice.paid").await;
    for (path, text) in [("/api/webhooks/order", "by another way"), ("/api/webhook/order", "by a third way")] {
        phase.say(path, text).await;
        phase.wait_for(text).await;
    }
    let health = phase.http.get(&phase.stack.at("/health")).await;
    assert_eq!((health.status.as_u16(), health.text().as_str()), (200, r#"{"status":"ok"}"#));
}

async fn bad_requests_are_refused(phase: Arc<Deployment>) {
    let body = b"{\"zen\":1}".as_slice();
    let good = github::headers(GITHUB_SECRET, "ping", "d-bad", body);
    let post = async |path: &str, headers: &[(String, String)], body: &[u8]| {
        phase.http.post(&phase.stack.at(path), headers, body.to_vec()).await
    };
    let unsigned: Vec<_> = good.iter().filter(|(name, _)| name != "x-hub-signature-256").cloned().collect();
    let with = |name: &str, value: &str| [unsigned.clone(), headers(&[(name, value)])].concat();
    let signature = sign::github(GITHUB_SECRET, body);
    assert_refused(&post("/webhook/twice", &unsigned, body).await, 401);
    assert_refused(&post("/webhook/twice", &good, b"{\"zen\":2}").await, 401);
    let foreign = with("x-hub-signature-256", &sign::github(OTHER_SECRET, body));
    assert_refused(&post("/webhook/twice", &foreign, body).await, 401);
    let doubled = with("x-hub-signature-256", &format!("{signature},{signature}"));
    assert_refused(&post("/webhook/twice", &doubled, body).await, 401);
    assert_refused(&post("/webhook/tampered", &foreign, body).await, 401);
    assert_refused(&post("/webhook/tampered", &with("x-hub-signature-256", &sign::github("", body)), body).await, 401);
    assert_refused(&post("/webhook/nowhere", &good, body).await, 404);
    assert_refused(&post("/webhook/far", &good, body).await, 403);
    let zipped = [good.clone(), headers(&[("content-encoding", "gzip")])].concat();
    assert_refused(&post("/webhook/twice", &zipped, body).await, 415);
    assert_refused(&phase.github("/webhook/small", "d-small", &[b'x'; 1001]).await, 413);
}

async fn one_delivery_has_one_effect(phase: Arc<Deployment>) {
    let body = github::example("ping", "").body;
    let mut copies = Vec::new();
    for _ in 0..8 {
        copies.push(assert_accepted(&phase.github("/webhook/twice", &delivery_id(9, 9), &body).await));
    }
    phase.messages_of(8, 1).await;
    // A second effect of what was routed by now would stand before another delivery's in its chat.
    for copy in &copies {
        phase.told_apart(copy).await;
    }
    let other = [body.as_slice(), b"\n"].concat();
    assert_accepted(&phase.github("/webhook/twice", &delivery_id(9, 10), &other).await);
    phase.messages_of(8, 2).await;
}

async fn content_tells_deliveries_apart_and_copies_are_seen(phase: Arc<Deployment>) {
    let doors = duplicates_deployed::Doors {
        url: &phase.stack.deployed.url,
        admin_token: &phase.stack.deployed.admin_token,
        github: "/webhook/copied",
        standard: "/webhook/std",
    };
    duplicates_deployed::content_counts_and_copies_are_seen(&phase.http, &phase.fake, doors).await;
}

/// More than a queue message holds, and as much as a hook takes: over the bucket and back, byte for byte.
async fn large_bodies_arrive(phase: Arc<Deployment>) {
    for (marker, length) in [("large-300K", 300 << 10), ("large-4M", (4 << 20) - 200)] {
        let noise = noise(length);
        let body = serde_json::json!({"marker": marker, "noise": noise}).to_string();
        assert_accepted(&phase.github("/webhook/large", marker, body.as_bytes()).await);
        phase.wait_for(&format!("{marker} {}", noise.len())).await;
    }
    assert_refused(&phase.github("/webhook/large", "too-large", &vec![b'x'; (4 << 20) + 1]).await, 413);
}

async fn bursts_keep_order_and_pace(phase: Arc<Deployment>) {
    let markers: Vec<String> = (0..40).map(|number| format!("#{number:02}")).collect();
    for marker in &markers {
        // The inbox is a standard queue, which keeps no order: only what is routed one after the other has one.
        let event = phase.say("/webhook/order", marker).await;
        phase.routed(&event).await;
    }
    let seen = |messages: &[Message]| {
        let words = messages.iter().filter(|m| m.chat_id == 2).flat_map(|m| m.text.split_whitespace());
        let seen: Vec<String> = words.filter(|word| word.starts_with('#')).map(str::to_owned).collect();
        (seen.len() >= markers.len()).then_some(seen)
    };
    let seen = phase.fake.wait_for("burst", 2 * SOON, seen).await;
    assert_eq!(seen, markers, "in order, each once");
    phase.no_violation_in(2);
    let refused = phase.fake.requests_of(2).iter().filter(|request| request.status == 429).count();
    assert_eq!(refused, 0, "the pace is kept without being told");
}

async fn failures_are_retried(phase: Arc<Deployment>) {
    phase.fake.script([Script::status(500, "Internal Server Error").for_chat(3)]);
    let started = Instant::now();
    phase.say("/webhook/retry", "after a failure").await;
    phase.wait_for("after a failure").await;
    assert!(started.elapsed() > Duration::from_millis(3900), "not before its wait: {:?}", started.elapsed());
    phase.no_violation_in(3);
}

async fn a_wait_of_the_bot_is_obeyed(phase: Arc<Deployment>) {
    let before = phase.fake.violations().len();
    phase.fake.script([Script::too_many(4, Scope::Bot)]);
    let started = Instant::now();
    phase.say("/webhook/wait", "after a wait").await;
    phase.wait_for("after a wait").await;
    assert!(started.elapsed() > Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(phase.fake.violations().len(), before, "{:#?}", phase.fake.violations());
}

async fn final_refusals_are_final(phase: Arc<Deployment>) {
    phase.fake.set_chat(5, Chat::Blocked);
    let event = phase.say("/webhook/blocked", "nobody reads this").await;
    phase.task(&event, "dead").await;
    // A further attempt would stand before the next message of its chat.
    phase.fake.set_chat(5, Chat::Open);
    phase.say("/webhook/blocked", "somebody reads this").await;
    phase.wait_for("somebody reads this").await;
    let tries = phase.fake.requests_of(5).iter().filter(|request| request.status == 403).count();
    assert_eq!((tries, phase.fake.messages_of(5).len()), (1, 1));
}

/// A hook that is gone refuses, a secret that was changed counts, and what stays the same stays up.
async fn a_new_configuration_comes_into_force(phase: Arc<Deployment>) {
    phase.say("/webhook/going", "still there").await;
    phase.wait_for("still there").await;
    phase.apply(&hooks().replace(&shared_hook("going", 10), &shared_hook("come", 11)));
    let body = b"{}".as_slice();
    let known = github::headers(OTHER_SECRET, "ping", "d-tampered", body);
    let deadline = Instant::now() + IN_FORCE;
    loop {
        let (gone, come, broken) = (
            phase.shared("/webhook/going", "{}".to_owned()).await.status.as_u16(),
            phase.shared("/webhook/come", "{}".to_owned()).await.status.as_u16(),
            phase.http.post(&phase.stack.at("/webhook/tampered"), &known, body).await.status.as_u16(),
        );
        if (gone, come, broken) == (404, 200, 401) {
            break;
        }
        assert!(Instant::now() < deadline, "not in force after {IN_FORCE:?}: {gone} {come} {broken}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    phase.say("/webhook", "still here").await;
    phase.wait_for("still here").await;
}

/// Takes the right to write to the inbox away, and gives it back.
async fn an_inbox_that_cannot_be_written_accepts_nothing(phase: Arc<Deployment>) {
    const ROLE: &str = "found = aws('cloudformation').describe_stack_resource(StackName='bellhop', LogicalResourceId='IngressRole')\n\
        role = found['StackResourceDetail']['PhysicalResourceId']\n\
        iam = aws('iam')\n\
        policy = iam.get_role_policy(RoleName=role, PolicyName='ingress')['PolicyDocument']\n\
        for statement in policy['Statement']:\n    \
        if statement['Action'] in ('sqs:SendMessage', ['sqs:SendMessage']): statement['Effect'] = sys.argv[1]\n\
        iam.put_role_policy(RoleName=role, PolicyName='ingress', PolicyDocument=json.dumps(policy))";
    let closed = Closed::by(|effect| phase.stack.python(ROLE, &[effect]));
    for _ in 0..3 {
        let answer = phase.shared("/webhook", r#"{"message":"not accepted"}"#.to_owned()).await;
        assert_refused(&answer, 503);
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0), "{:?}", answer.headers);
    }
    drop(closed);
    phase.say("/webhook", "accepted again").await;
    phase.wait_for("accepted again").await;
    assert!(!phase.fake.messages().iter().any(|message| message.text.contains("not accepted")));
}

/// Puts an event and a task where those end that crash their functions, and something that is neither.
async fn dead_letters_become_dead_tasks(phase: Arc<Deployment>) {
    let (event, crashed) = (event_id("dead-event"), event_id("dead-work!"));
    let hook = HookId::from_text("hk_crashed");
    let now = now();
    let later = now.plus_ms(3_600_000);
    let message = inbox::Message {
        id: event,
        path: "order",
        sender: "none",
        event_type: None,
        delivery_id: None,
        received_at: now,
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: vec![Proof::new(hook.clone(), None)],
        body: b"{\"crashed\":true}",
        test: false,
    };
    let task = Task::queued(TaskId::new(crashed, &hook, 0), Kind::Telegram, "2", now, later);
    let work = Work::telegram(task, Vec::new());
    let work = serde_json::to_string(&work).expect("work is JSON");
    let deployed = &phase.stack.deployed;
    let left = phase.stack.python(
        "inbox, telegram, message, work = sys.argv[1:]\n\
         sqs = aws('sqs')\n\
         for body in (message, 'neither'): sqs.send_message(QueueUrl=inbox, MessageBody=body)\n\
         sqs.send_message(QueueUrl=telegram, MessageBody=work, MessageGroupId='2', MessageDeduplicationId='2')\n\
         answer = aws('lambda').invoke(FunctionName='bellhop-scheduler', Payload=b'{}')\n\
         assert 'FunctionError' not in answer, answer['Payload'].read()\n\
         names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']\n\
         for url in (inbox, telegram):\n    \
         seen = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)['Attributes']\n    \
         print(sum(int(seen[name]) for name in names))\n\
         sqs.purge_queue(QueueUrl=inbox)",
        &[deployed.dead_letter_url("inbox"), deployed.dead_letter_url("telegram"), &message.to_text(), &work],
    );
    assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["1", "0"], "what can be read is read");
    let stored = phase.stack.stored();
    for (id, reason) in [(event, "the router failed on its event"), (crashed, "a worker failed on it")] {
        let row = stored.split("\"pk\"").find(|row| row.contains(&id.to_string()) && row.contains(reason));
        assert!(row.is_some_and(|row| row.contains("dead")), "{id} is dead because {reason}");
    }
}

/// What the functions ask of AWS for one webhook of some 7 KB with one action.
#[expect(clippy::print_stdout, reason = "shown with the report of the phases")]
async fn a_webhook_costs_what_is_said(phase: Arc<Deployment>) {
    const TRAIL: &str = "sys.path.insert(0, sys.argv[1])\nfrom benchlib import trail\n";
    let folder = workspace().join("tests/bench").to_string_lossy().into_owned();
    let keep = |kept: &str| {
        phase.stack.python(&format!("{TRAIL}trail.keep(os.environ['AWS_ENDPOINT_URL'], {kept})"), &[&folder]);
    };
    let push = github::example("push", "");
    // The first leases what the limits allow; the second is one of the many that share it.
    for number in [1_u32, 2] {
        let before = phase.stack.runs("telegram");
        if number == 2 {
            phase.settle();
            keep("True");
        }
        // Another content each time, or it would be a copy.
        let body = [push.body.as_slice(), &b"\n\n"[..number as usize]].concat();
        let headers = github::headers(GITHUB_SECRET, "push", &delivery_id(7, number), &body);
        assert_accepted(&phase.http.post(&phase.stack.at("/webhook/priced"), &headers, body).await);
        let arrived = |messages: &[Message]| {
            let seen = messages.iter().filter(|message| message.chat_id == 12).count();
            (seen >= number as usize).then_some(())
        };
        phase.fake.wait_for("message in chat 12", SOON, arrived).await;
        // It is recorded when the function has ended; asking the queues or the table would cost, too.
        let deadline = Instant::now() + SOON;
        while phase.stack.runs("telegram") <= before {
            assert!(Instant::now() < deadline, "the function has not ended within {SOON:?}");
        }
    }
    keep("False");
    let counted = phase.stack.python(&format!("{TRAIL}trail.show_all(aws('cloudtrail'))"), &[&folder]);
    let (table, units) = counted.rsplit_once('\n').expect("a table and a line");
    println!("{table}");
    let units: serde_json::Value = serde_json::from_str(units).expect("the units are JSON");
    let count = |unit: &str| units[unit].as_f64().unwrap_or_default();
    assert_eq!((count("SQS requests"), count("SQS FIFO requests")), (1.0, 1.0), "{units}");
    // The event 2, and one each the claim, the turn at the chat and the hook's count.
    assert!((1.0..=5.0).contains(&count("DynamoDB write units")), "{units}");
}

/// The last phase: of all the others nothing crashed, and no secret was kept or said.
async fn nothing_is_left_behind(phase: Arc<Deployment>) {
    phase.say("/webhook/last", "the last to be read").await;
    phase.wait_for("the last to be read").await;
    phase.settle();
    let manifest = Manifest::load();
    let dead_letters: Vec<&str> =
        manifest.queues.keys().map(|queue| phase.stack.deployed.dead_letter_url(queue)).collect();
    let left = phase.stack.python(
        "total = 0\n\
         for url in sys.argv[1:]:\n    \
         names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']\n    \
         seen = aws('sqs').get_queue_attributes(QueueUrl=url, AttributeNames=names)['Attributes']\n    \
         total += sum(int(seen[name]) for name in names)\n\
         print(total)",
        &dead_letters,
    );
    assert_eq!(left, "0", "nothing crashed into a dead-letter queue");
    let stored = phase.stack.stored();
    assert!(stored.contains("the last to be read"), "events are stored, and read here");
    no_secret_in(&stored);
    let said = phase.stack.output();
    no_secret_in(&said);
    for secret in SECRETS {
        assert!(!stored.contains(secret) && !said.contains(secret), "{secret} is kept or said");
    }
}

/// The present moment, to the second.
fn now() -> Timestamp {
    Timestamp::from_seconds(sign::now().unsigned_abs())
}

/// The id of an event of this moment.
fn event_id(seed: &str) -> EventId {
    let mut random = [0; 10];
    random.copy_from_slice(&seed.as_bytes()[..10]);
    EventId::new(now(), &random)
}

/// Letters that do not compress well.
fn noise(length: usize) -> String {
    let mut seed = 7_u64;
    let mut letter = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
                [usize::try_from(seed >> 58).unwrap_or_default()],
        )
    };
    (0..length).map(|_| letter()).collect()
}
