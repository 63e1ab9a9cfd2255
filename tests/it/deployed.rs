//! The deployed stack end to end: the template on a local AWS, the real function binaries, the strict Bot API.
//!
//! One test, for one deployment: its parts run one after the other and each says what it wanted.

use std::time::{Duration, Instant};

use bellhop_core::event::Proof;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::inbox;
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};
use bellhop_tests::bot_api::limits::{Limits, Scope};
use bellhop_tests::bot_api::{Chat, FakeBotApi, Message, Script, TOKEN};
use bellhop_tests::build::workspace;
use bellhop_tests::github::{self, delivery_id};
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::sign;
use bellhop_tests::stack::Stack;

use crate::duplicates_deployed;
use crate::kinds::Kinds;
use crate::world::{
    ADMIN_TOKEN, GITHUB_SECRET, OTHER_SECRET, SHARED_SECRET, STANDARD_SECRET, assert_accepted, assert_refused, config,
    hook, no_secret_in, shared_hook,
};

const ENVIRONMENT: [(&str, &str); 5] = [
    ("TELEGRAM_BOT_TOKEN", TOKEN),
    ("GITHUB_WEBHOOK_SECRET", GITHUB_SECRET),
    ("OTHER_SECRET", OTHER_SECRET),
    ("SHARED_SECRET", SHARED_SECRET),
    ("STANDARD_SECRET", STANDARD_SECRET),
];

/// A hook's new state is in force after this at the latest: ingress keeps what it read for a minute.
const IN_FORCE: Duration = Duration::from_secs(70);

struct Deployment {
    stack: Stack,
    fake: FakeBotApi,
    http: Http,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_deployed_stack_does_the_main_job() {
    let fake = FakeBotApi::start_with(TOKEN, Limits::default(), 0, 0).await;
    let stack = tokio::task::block_in_place(Stack::deploy);
    let deployment = Deployment { stack, fake, http: Http::new() };
    let kinds = Kinds::load();
    deployment.apply_is_guarded();
    deployment.apply(&(kinds.hooks() + &other_hooks()));
    deployment.break_a_stored_hook();
    deployment.every_kind_arrives(&kinds).await;
    deployment.other_senders_arrive().await;
    deployment.bad_requests_are_refused().await;
    deployment.one_delivery_has_one_effect().await;
    let doors = duplicates_deployed::Doors {
        url: &deployment.stack.deployed.url,
        admin_token: &deployment.stack.deployed.admin_token,
        github: "/webhook/twice",
        standard: "/webhook/std",
    };
    duplicates_deployed::content_counts_and_copies_are_seen(&deployment.http, &deployment.fake, doors).await;
    deployment.large_bodies_arrive().await;
    deployment.bursts_keep_order_and_pace().await;
    deployment.failures_are_retried().await;
    deployment.final_refusals_are_final().await;
    deployment.a_new_configuration_comes_into_force(&kinds).await;
    deployment.an_inbox_that_cannot_be_written_accepts_nothing().await;
    deployment.dead_letters_become_dead_tasks().await;
    deployment.a_webhook_costs_what_is_said().await;
    deployment.nothing_is_left_behind();
}

fn other_hooks() -> String {
    let head = "template = \"{{ payload.marker }} {{ payload.noise | length }}\"";
    shared_hook("", 1)
        + &shared_hook("order", 2)
        + &shared_hook("retry", 3)
        + &shared_hook("wait", 4)
        + &shared_hook("blocked", 5)
        + &hook("std", "std", "standard-webhooks", "STANDARD_SECRET", 6, "", "")
        + &hook("large", "large", "github", "GITHUB_WEBHOOK_SECRET", 7, "", head)
        + &hook("twice", "twice", "github", "GITHUB_WEBHOOK_SECRET", 8, "", "")
        + &hook("small", "small", "github", "GITHUB_WEBHOOK_SECRET", 9, "max_body_bytes = 1000", "")
        + &hook("far", "far", "github", "GITHUB_WEBHOOK_SECRET", 9, "allowed_ips = [\"10.0.0.0/8\"]", "")
        + &hook("tampered-hook", "tampered", "github", "OTHER_SECRET", 9, "", "")
        + &shared_hook("going", 10)
        + &hook("priced", "priced", "github", "GITHUB_WEBHOOK_SECRET", 12, "", "")
}

impl Deployment {
    fn config(&self, hooks: &str) -> String {
        config(&self.fake.url(), hooks)
    }

    fn apply(&self, hooks: &str) {
        let output = self.stack.apply(&self.config(hooks), &self.stack.deployed.admin_token, &ENVIRONMENT);
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert!(output.status.success(), "{printed}\n{}", self.stack.output());
        no_secret_in(&printed);
    }

    async fn shared(&self, path: &str, body: String) -> Answer {
        let headers = headers(&[("content-type", "application/json"), ("x-webhook-secret", SHARED_SECRET)]);
        self.http.post(&self.stack.at(path), &headers, body).await
    }

    async fn say(&self, path: &str, message: &str) {
        assert_accepted(&self.shared(path, serde_json::json!({"message": message}).to_string()).await);
    }

    async fn github(&self, path: &str, delivery: &str, body: &[u8]) -> Answer {
        let headers = github::headers(GITHUB_SECRET, "ping", delivery, body);
        self.http.post(&self.stack.at(path), &headers, body.to_vec()).await
    }

    async fn wait_for(&self, text: &str, limit: Duration) -> Message {
        let found = |messages: &[Message]| messages.iter().find(|message| message.text.contains(text)).cloned();
        self.fake.wait_for(&format!("message with {text:?}"), limit, found).await
    }

    fn apply_is_guarded(&self) {
        for token in [ADMIN_TOKEN, "", "x"] {
            let output = self.stack.apply(&self.config(&other_hooks()), token, &ENVIRONMENT);
            assert!(!output.status.success(), "a wrong token changes nothing");
        }
        let broken =
            self.config(&other_hooks().replace("secrets = [\"env:STANDARD_SECRET\"]", "secrets = [\"env:NOWHERE\"]"));
        let output = self.stack.apply(&broken, &self.stack.deployed.admin_token, &ENVIRONMENT);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("NOWHERE"), "{said}");
    }

    /// Takes the secrets out of a stored hook, as no API allows it: the door must close, not open.
    fn break_a_stored_hook(&self) {
        let changed = self.stack.python(
            "table = sys.argv[1]\n\
             changed = 0\n\
             for item in aws('dynamodb').scan(TableName=table)['Items']:\n    \
             text = json.dumps(item)\n    \
             if 'tampered-hook' not in text: continue\n    \
             import re\n    \
             new = re.sub(r'(\\\\?\"secrets\\\\?\": ?)\\[[^\\]]*\\]', r'\\1[]', text)\n    \
             new = re.sub(r'(\"secrets\": \\{\"L\": )\\[[^\\]]*\\]', r'\\1[]', new)\n    \
             if new != text:\n        \
             aws('dynamodb').put_item(TableName=table, Item=json.loads(new)); changed += 1\n\
             print(changed)",
            &[&self.stack.deployed.outputs.table_name],
        );
        assert_eq!(changed, "1", "the stored hook was found");
    }

    async fn every_kind_arrives(&self, kinds: &Kinds) {
        kinds.post(&self.stack.deployed.url).await;
        kinds.check(&self.fake, Duration::from_secs(60)).await;
    }

    async fn other_senders_arrive(&self) {
        self.say("/webhook", "generic <one>").await;
        assert_eq!(self.wait_for("generic <one>", Duration::from_secs(20)).await.chat_id, 1);
        let body = br#"{"type":"invoice.paid","data":{"number":"INV-7"}}"#;
        let signed = sign::standard_webhooks(STANDARD_SECRET, "msg_1", sign::now(), body);
        assert_accepted(&self.http.post(&self.stack.at("/webhook/std"), &signed, body.to_vec()).await);
        self.wait_for("invoice.paid", Duration::from_secs(20)).await;
        for (path, text) in [("/api/webhooks/order", "by another way"), ("/api/webhook/order", "by a third way")] {
            self.say(path, text).await;
            self.wait_for(text, Duration::from_secs(20)).await;
        }
        let health = self.http.get(&self.stack.at("/health")).await;
        assert_eq!((health.status.as_u16(), health.text().as_str()), (200, r#"{"status":"ok"}"#));
    }

    async fn bad_requests_are_refused(&self) {
        let body = b"{\"zen\":1}".as_slice();
        let good = github::headers(GITHUB_SECRET, "ping", "d-bad", body);
        let post = async |path: &str, headers: &[(String, String)], body: &[u8]| {
            self.http.post(&self.stack.at(path), headers, body.to_vec()).await
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
        assert_refused(
            &post("/webhook/tampered", &with("x-hub-signature-256", &sign::github("", body)), body).await,
            401,
        );
        assert_refused(&post("/webhook/nowhere", &good, body).await, 404);
        assert_refused(&post("/webhook/far", &good, body).await, 403);
        let zipped = [good.clone(), headers(&[("content-encoding", "gzip")])].concat();
        assert_refused(&post("/webhook/twice", &zipped, body).await, 415);
        assert_refused(&self.github("/webhook/small", "d-small", &[b'x'; 1001]).await, 413);
    }

    async fn one_delivery_has_one_effect(&self) {
        let body = github::example("ping", "").body;
        for _ in 0..8 {
            let answer = self.github("/webhook/twice", &delivery_id(9, 9), &body).await;
            assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        }
        let first = |messages: &[Message]| messages.iter().any(|message| message.chat_id == 8).then_some(());
        self.fake.wait_for("message in chat 8", Duration::from_secs(20), first).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(self.fake.messages_of(8).len(), 1);
    }

    /// More than a queue message holds, and as much as a hook takes: over the bucket and back, byte for byte.
    async fn large_bodies_arrive(&self) {
        for (marker, length) in [("large-300K", 300 << 10), ("large-4M", (4 << 20) - 200)] {
            let noise = noise(length);
            let body = serde_json::json!({"marker": marker, "noise": noise}).to_string();
            assert_accepted(&self.github("/webhook/large", marker, body.as_bytes()).await);
            self.wait_for(&format!("{marker} {}", noise.len()), Duration::from_secs(40)).await;
        }
        assert_refused(&self.github("/webhook/large", "too-large", &vec![b'x'; (4 << 20) + 1]).await, 413);
    }

    async fn bursts_keep_order_and_pace(&self) {
        let refused_before = self.fake.requests().iter().filter(|request| request.status == 429).count();
        let markers: Vec<String> = (0..40).map(|number| format!("#{number:02}")).collect();
        for marker in &markers {
            self.say("/webhook/order", marker).await;
            // The inbox is a standard queue, which keeps no order: only what is routed one after the other has one.
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        let seen = |messages: &[Message]| {
            let words = messages.iter().filter(|m| m.chat_id == 2).flat_map(|m| m.text.split_whitespace());
            let seen: Vec<String> = words.filter(|word| word.starts_with('#')).map(str::to_owned).collect();
            (seen.len() >= markers.len()).then_some(seen)
        };
        let seen = self.fake.wait_for("burst", Duration::from_secs(60), seen).await;
        assert_eq!(seen, markers, "in order, each once");
        assert!(self.fake.violations().is_empty(), "{:#?}", self.fake.violations());
        let refused = self.fake.requests().iter().filter(|request| request.status == 429).count() - refused_before;
        assert_eq!(refused, 0, "the pace is kept without being told");
    }

    async fn failures_are_retried(&self) {
        self.fake.script([Script::status(500, "Internal Server Error")]);
        let started = Instant::now();
        self.say("/webhook/retry", "after a failure").await;
        self.wait_for("after a failure", Duration::from_secs(30)).await;
        assert!(started.elapsed() > Duration::from_millis(3900), "not before its wait: {:?}", started.elapsed());
        self.fake.script([Script::too_many(4, Scope::Bot)]);
        let started = Instant::now();
        self.say("/webhook/wait", "after a wait").await;
        self.wait_for("after a wait", Duration::from_secs(30)).await;
        assert!(started.elapsed() > Duration::from_secs(4), "{:?}", started.elapsed());
        assert!(self.fake.violations().is_empty(), "{:#?}", self.fake.violations());
    }

    async fn final_refusals_are_final(&self) {
        self.fake.set_chat(5, Chat::Blocked);
        self.say("/webhook/blocked", "nobody reads this").await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        let tries = self.fake.requests().iter().filter(|request| request.status == 403).count();
        assert_eq!(tries, 1);
    }

    /// A hook that is gone refuses, a secret that was changed counts, and what stays the same stays up.
    async fn a_new_configuration_comes_into_force(&self, kinds: &Kinds) {
        let hooks = kinds.hooks() + &other_hooks().replace(&shared_hook("going", 10), &shared_hook("come", 11));
        self.apply(&hooks);
        let deadline = Instant::now() + IN_FORCE;
        loop {
            let (gone, come) = (
                self.shared("/webhook/going", "{}".to_owned()).await,
                self.shared("/webhook/come", "{}".to_owned()).await,
            );
            if (gone.status.as_u16(), come.status.as_u16()) == (404, 200) {
                break;
            }
            assert!(Instant::now() < deadline, "not in force after {IN_FORCE:?}: {} {}", gone.status, come.status);
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        self.say("/webhook", "still here").await;
        self.wait_for("still here", Duration::from_secs(20)).await;
    }

    /// Takes the right to write to the inbox away, and gives it back.
    async fn an_inbox_that_cannot_be_written_accepts_nothing(&self) {
        const ROLE: &str = "found = aws('cloudformation').describe_stack_resource(StackName='bellhop', LogicalResourceId='IngressRole')\n\
            role = found['StackResourceDetail']['PhysicalResourceId']\n\
            iam = aws('iam')\n\
            policy = iam.get_role_policy(RoleName=role, PolicyName='ingress')['PolicyDocument']\n\
            for statement in policy['Statement']:\n    \
            if statement['Action'] in ('sqs:SendMessage', ['sqs:SendMessage']): statement['Effect'] = sys.argv[1]\n\
            iam.put_role_policy(RoleName=role, PolicyName='ingress', PolicyDocument=json.dumps(policy))";
        self.stack.python(ROLE, &["Deny"]);
        for _ in 0..3 {
            let answer = self.shared("/webhook", r#"{"message":"not accepted"}"#.to_owned()).await;
            assert_refused(&answer, 503);
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0), "{:?}", answer.headers);
        }
        self.stack.python(ROLE, &["Allow"]);
        self.say("/webhook", "accepted again").await;
        self.wait_for("accepted again", Duration::from_secs(20)).await;
        assert!(!self.fake.messages().iter().any(|message| message.text.contains("not accepted")));
    }

    /// Puts an event and a task where those end that crash their functions, and something that is neither.
    async fn dead_letters_become_dead_tasks(&self) {
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
            hooks: vec![Proof { hook: hook.clone(), secret: None }],
            body: b"{\"crashed\":true}",
            test: false,
        };
        let task = Task::queued(TaskId::new(crashed, &hook, 0), crashed, hook, "telegram", "2", now, later);
        let work = Work::TelegramV1(TelegramV1 { task, parts: Vec::new(), trace: None });
        let work = serde_json::to_string(&work).expect("work is JSON");
        let outputs = &self.stack.deployed.outputs;
        let left = self.stack.python(
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
            &[&outputs.inbox_dead_letter_queue_url, &outputs.telegram_dead_letter_queue_url, &message.to_text(), &work],
        );
        assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["1", "0"], "what can be read is read");
        let stored = self.stack.stored();
        for (id, reason) in [(event, "the router failed on its event"), (crashed, "a worker failed on it")] {
            let row = stored.split("\"pk\"").find(|row| row.contains(&id.to_string()) && row.contains(reason));
            assert!(row.is_some_and(|row| row.contains("dead")), "{id} is dead because {reason}");
        }
    }

    /// What the functions ask of AWS for one webhook of some 7 KB with one action.
    #[expect(clippy::print_stdout, reason = "the table is for people")]
    async fn a_webhook_costs_what_is_said(&self) {
        const TRAIL: &str = "sys.path.insert(0, sys.argv[1])\nfrom benchlib import trail\n";
        let folder = workspace().join("tests/bench").to_string_lossy().into_owned();
        let keep = |kept: &str| {
            self.stack.python(&format!("{TRAIL}trail.keep(os.environ['AWS_ENDPOINT_URL'], {kept})"), &[&folder]);
        };
        let push = github::example("push", "");
        // The first leases what the limits allow; the second is one of the many that share it.
        for number in [1_u32, 2] {
            if number == 2 {
                tokio::time::sleep(Duration::from_secs(2)).await;
                keep("True");
            }
            let headers = push.headers(GITHUB_SECRET, &delivery_id(7, number));
            assert_accepted(&self.http.post(&self.stack.at("/webhook/priced"), &headers, push.body.clone()).await);
            let arrived = |messages: &[Message]| {
                let seen = messages.iter().filter(|message| message.chat_id == 12).count();
                (seen >= number as usize).then_some(())
            };
            self.fake.wait_for("message in chat 12", Duration::from_secs(20), arrived).await;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        keep("False");
        let counted = self.stack.python(&format!("{TRAIL}trail.show_all(aws('cloudtrail'))"), &[&folder]);
        let (table, units) = counted.rsplit_once('\n').expect("a table and a line");
        println!("{table}");
        let units: serde_json::Value = serde_json::from_str(units).expect("the units are JSON");
        let count = |unit: &str| units[unit].as_f64().unwrap_or_default();
        assert_eq!((count("SQS requests"), count("SQS FIFO requests")), (1.0, 1.0), "{units}");
        // The event 2, and one each the claim, the task, the chat and the hook's count.
        assert!((1.0..=6.0).contains(&count("DynamoDB write units")), "{units}");
    }

    fn nothing_is_left_behind(&self) {
        let outputs = &self.stack.deployed.outputs;
        let left = self.stack.python(
            "total = 0\n\
             for url in sys.argv[1:]:\n    \
             names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']\n    \
             seen = aws('sqs').get_queue_attributes(QueueUrl=url, AttributeNames=names)['Attributes']\n    \
             total += sum(int(seen[name]) for name in names)\n\
             print(total)",
            &[&outputs.inbox_dead_letter_queue_url, &outputs.telegram_dead_letter_queue_url],
        );
        assert_eq!(left, "0", "nothing crashed into a dead-letter queue");
        let stored = self.stack.stored();
        assert!(stored.contains("nobody reads this"), "events are stored, and read here");
        no_secret_in(&stored);
        no_secret_in(&self.stack.output());
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
