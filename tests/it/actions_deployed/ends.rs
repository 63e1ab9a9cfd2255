//! The far ends of the deployed stack's actions: strict fakes, and what the local AWS has beside the stack.

use bellhop_core::action::Kind;
use bellhop_tests::far_ends::discord::{self, FakeDiscord};
use bellhop_tests::far_ends::ntfy::FakeNtfy;
use bellhop_tests::far_ends::slack::{self, FakeSlack};
use bellhop_tests::sink::Sink;
use bellhop_tests::stack::Stack;
use serde_json::{Value, json};

use crate::deployment::{Deployment, SOON};
use crate::eventbridge::bus;
use crate::lambda::function;
use crate::sqs::queue;

/// Who the stack's mails are from.
pub(crate) const MAIL_FROM: &str = "desk@bellhop.example";

/// Who has the mails of actions, and those of fallbacks.
const READERS: [&str; 2] = ["reader@bellhop.example", "second@bellhop.example"];

/// The chat of the action that has every kind beside it.
const CHAT: i64 = 21;

/// What a bus, a function and a queue are called that actions may call, and those that the operator lists though the
/// function has no right to them.
const OPEN: &str = "far-end";
pub(crate) const SHUT: &str = "far-end-shut";

/// A topic, whose name is as good as a password.
const TOPIC: &str = "alerts-canary-4c1b";

/// What is a secret in the actions' fields.
pub(crate) const SECRETS: [&str; 4] = [slack::HOOK, slack::TOKEN, discord::TOKEN, TOPIC];

/// The parameters with which the stack may call them.
pub(crate) fn parameters() -> [(&'static str, String); 2] {
    let targets = [OPEN, SHUT].map(|name| [bus(name), function(name), queue(name)].join(","));
    [("MailFrom", MAIL_FROM.to_owned()), ("ActionTargets", targets.join(","))]
}

/// Makes what there is in the local AWS: a bus whose events go to a queue, a function that tells its log and its caller
/// what it was called with, a queue, and addresses that may write and read mails.
pub(crate) fn make(stack: &Stack) {
    const SCRIPT: &str = r#"
import io, zipfile
name, addresses = sys.argv[1], sys.argv[2:]
events, sqs = aws("events"), aws("sqs")
for queue in (name, f"{name}-rule"): sqs.create_queue(QueueName=queue)
events.create_event_bus(Name=name)
events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"account": [{"exists": True}]}))
arn = f"arn:aws:sqs:{os.environ['AWS_REGION']}:000000000000:{name}-rule"
events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as files:
    files.writestr("main.py", "import json\ndef handler(event, _):\n    print(json.dumps(event))\n    return {'seen': event}")
aws("lambda").create_function(FunctionName=name, Runtime="python3.12", Role=role, Handler="main.handler",
    Code={"ZipFile": packed.getvalue()})
for address in addresses: aws("sesv2").create_email_identity(EmailIdentity=address)
"#;
    stack.python(SCRIPT, &[&[OPEN, MAIL_FROM][..], &READERS].concat());
}

/// The far ends that are outside of AWS.
pub(crate) struct Ends {
    pub(crate) slack: FakeSlack,
    pub(crate) sink: Sink,
    discord: FakeDiscord,
    ntfy: FakeNtfy,
}

impl Ends {
    /// Starts them.
    pub(crate) async fn start() -> Self {
        Self {
            slack: FakeSlack::start().await,
            sink: Sink::start().await,
            discord: FakeDiscord::start().await,
            ntfy: FakeNtfy::start().await,
        }
    }

    /// An action of this kind that goes to its far end.
    pub(crate) fn action(&self, kind: Kind) -> Value {
        match kind {
            Kind::Telegram => json!({"kind": "telegram", "chat": CHAT.to_string()}),
            Kind::Forward => json!({"kind": "forward", "url": self.sink.url("/carried")}),
            Kind::Slack => json!({"kind": "slack", "url": self.slack.url()}),
            Kind::Discord => json!({"kind": "discord", "url": self.discord.url()}),
            Kind::Email => json!({"kind": "email", "to": [READERS[0]]}),
            Kind::Eventbridge => json!({"kind": "eventbridge", "bus": OPEN}),
            Kind::Lambda => json!({"kind": "lambda", "function": function(OPEN)}),
            Kind::Ntfy => json!({"kind": "ntfy", "url": self.ntfy.url(TOPIC)}),
            Kind::Sqs => json!({"kind": "sqs", "queue": queue(OPEN)}),
            Kind::Route => panic!("no action is of the kind {kind:?}"),
        }
    }

    /// What has come through actions of this kind of an event whose text this is, once it is so much.
    pub(crate) fn came(&self, phase: &Deployment, kind: Kind, text: &str, count: usize) -> Vec<String> {
        let mut came: Vec<String> = match kind {
            Kind::Telegram => phase.fake.messages_of(CHAT).into_iter().map(|message| message.text).collect(),
            Kind::Forward => {
                let came = self.sink.at("/carried").into_iter();
                came.map(|one| String::from_utf8_lossy(&one.body).into_owned()).collect()
            }
            Kind::Slack => self.slack.messages().into_iter().map(|message| message.content.text.text).collect(),
            Kind::Discord => self.discord.messages().into_iter().map(|message| message.content.text).collect(),
            Kind::Ntfy => self.ntfy.messages().into_iter().map(|message| message.said.message).collect(),
            Kind::Email => mails(phase, READERS[0], text),
            Kind::Eventbridge | Kind::Lambda | Kind::Sqs => in_aws(phase, kind.as_str(), text, count),
            Kind::Route => panic!("no action is of the kind {kind:?}"),
        };
        came.retain(|one| one.contains(text));
        came
    }
}

/// The action that goes to the second reader.
pub(crate) fn second_mail() -> Value {
    json!({"kind": "email", "to": [READERS[1]]})
}

/// The second reader's mails that hold this text.
pub(crate) fn second_mails(phase: &Deployment, text: &str) -> Vec<String> {
    mails(phase, READERS[1], text)
}

/// What SES has sent from our address to this one, as plain text, where it holds this.
fn mails(phase: &Deployment, to: &str, text: &str) -> Vec<String> {
    const SCRIPT: &str = r#"
import urllib.request
sender, reader, text = sys.argv[1:]
with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_ministack/ses/messages") as answer:
    mails = [mail for of_account in json.load(answer)["messages"].values() for mail in of_account]
mails = [mail for mail in mails if (mail["Source"], mail["To"]) == (sender, [reader])]
print(json.dumps([mail["BodyText"] for mail in mails if text in mail["BodyText"]]))
"#;
    list(phase, SCRIPT, &[MAIL_FROM, to, text])
}

/// What has come to the queue, to that behind the bus's rule, or to the function's log, and holds this, once it is so much.
fn in_aws(phase: &Deployment, kind: &str, text: &str, count: usize) -> Vec<String> {
    const SCRIPT: &str = r#"
import time
name, kind, text, count, end = *sys.argv[1:4], int(sys.argv[4]), time.monotonic() + float(sys.argv[5])
def lines():
    pages = aws("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
    return [event["message"] for page in pages for event in page["events"]]
def bodies(queue):
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    return [message["Body"] for message in messages]
sqs = aws("sqs")
read = {"eventbridge": lambda: bodies(f"{name}-rule"), "sqs": lambda: bodies(name), "lambda": lines}[kind]
while len(found := [one for one in read() if text in one]) < count and time.monotonic() < end: time.sleep(0.1)
print(json.dumps(found))
"#;
    let limit = SOON.as_secs().to_string();
    list(phase, SCRIPT, &[OPEN, kind, text, &count.to_string(), &limit])
}

/// The list that this prints.
fn list(phase: &Deployment, script: &str, arguments: &[&str]) -> Vec<String> {
    let printed = tokio::task::block_in_place(|| phase.stack.python(script, arguments));
    serde_json::from_str(&printed).expect("it prints a list")
}
