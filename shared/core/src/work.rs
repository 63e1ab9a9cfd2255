//! Messages on the workers' queues: tagged and versioned, so that old ones are still understood after an update.

mod queued;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::action::{Key, Kind, Lane, discord, email, eventbridge, forward, lambda, ntfy, slack, sqs, telegram};
use crate::id::TaskId;
use crate::task::Task;

pub use queued::{Fallback, Queued};

/// A task on its way to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", from = "Written")]
pub struct Work {
    /// The task as it was when it was queued; what workers have written down since overrules it.
    pub task: Task,
    /// What its effect is made of.
    pub payload: Payload,
    /// How it travels.
    pub lane: Lane,
    /// What takes its place where it is dead.
    pub fallback: Option<Fallback>,
    /// The W3C trace context behind the span in which the event was routed, as a `traceparent` header has it.
    pub trace: Option<String>,
}

/// What an effect is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A message for a Telegram chat.
    Telegram(telegram::Message),
    /// A request to another URL.
    Forward(forward::Request),
    /// A message to Slack.
    Slack(slack::Message),
    /// A message to Discord.
    Discord(discord::Message),
    /// A mail.
    Email(email::Message),
    /// An event for a bus of EventBridge.
    Eventbridge(eventbridge::Entry),
    /// A call of an AWS Lambda function.
    Lambda(lambda::Invocation),
    /// A notification through ntfy.
    Ntfy(ntfy::Message),
    /// A message to a queue of SQS.
    Sqs(sqs::Message),
}

/// Work as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Written {
    TelegramV1(TelegramV1),
    ForwardV1 {
        task: Task,
        request: forward::Request,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ordered: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fallback: Option<Fallback>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace: Option<String>,
    },
    SlackV1(Carried<slack::Message>),
    DiscordV1(Carried<discord::Message>),
    EmailV1(Carried<email::Message>),
    EventbridgeV1(Carried<eventbridge::Entry>),
    LambdaV1(Carried<lambda::Invocation>),
    NtfyV1(Carried<ntfy::Message>),
    SqsV1(Carried<sqs::Message>),
}

/// The same, of the queue of messages to chats: its worker carries no reader and no writer of other kinds.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type")]
enum WrittenForChats {
    TelegramV1(TelegramV1),
}

/// A message to a chat with what travels with it.
#[derive(Clone, Serialize, Deserialize)]
struct TelegramV1 {
    task: Task,
    parts: Vec<String>,
    #[serde(default, skip_serializing_if = "telegram::Style::is_plain")]
    style: telegram::Style,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<telegram::Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Key>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback: Option<Fallback>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

/// A payload with what travels with it.
#[derive(Clone, Serialize, Deserialize)]
struct Carried<P> {
    task: Task,
    payload: P,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ordered: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback: Option<Fallback>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

impl Work {
    /// A message for a Telegram chat.
    pub fn telegram(task: Task, parts: Vec<String>) -> Self {
        let message = telegram::Message { parts, ..telegram::Message::default() };
        Self { task, payload: Payload::Telegram(message), lane: Lane::Ordered, fallback: None, trace: None }
    }

    /// A request to another URL.
    pub const fn forward(task: Task, request: forward::Request, lane: Lane) -> Self {
        Self { task, payload: Payload::Forward(request), lane, fallback: None, trace: None }
    }

    /// Reads a message to a chat, and no other kind of work.
    pub fn for_chat(message: &str) -> serde_json::Result<Self> {
        let WrittenForChats::TelegramV1(written) = serde_json::from_str(message)?;
        Ok(written.into())
    }

    /// The parts of a message; none where it is something else.
    pub fn parts(&self) -> &[String] {
        match &self.payload {
            Payload::Telegram(message) => &message.parts,
            Payload::Slack(message) => &message.parts,
            Payload::Discord(message) => &message.parts,
            Payload::Email(message) => std::slice::from_ref(&message.text),
            Payload::Ntfy(message) => std::slice::from_ref(&message.text),
            Payload::Forward(_) | Payload::Eventbridge(_) | Payload::Lambda(_) | Payload::Sqs(_) => &[],
        }
    }

    /// Its kind, which says which worker does it.
    pub const fn kind(&self) -> Kind {
        self.payload.kind()
    }

    /// The line that it waits in: its destination's; or, where its task was held from the beginning, that of all who are held
    /// there until the same moment, so that nobody else waits behind it.
    pub fn line(&self) -> Cow<'_, str> {
        queued::line(&self.task)
    }

    /// What must stay in order among itself, or be bounded together: the line, told from those of the other kinds on its
    /// queue.
    pub fn group(&self) -> Cow<'_, str> {
        queued::group(self.kind(), &self.task)
    }

    /// What tells this work from every other: the task, and which retry it is.
    pub fn key(&self) -> String {
        key(&self.task.id, self.task.retries)
    }
}

impl Payload {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Telegram(_) => Kind::Telegram,
            Self::Forward(_) => Kind::Forward,
            Self::Slack(_) => Kind::Slack,
            Self::Discord(_) => Kind::Discord,
            Self::Email(_) => Kind::Email,
            Self::Eventbridge(_) => Kind::Eventbridge,
            Self::Lambda(_) => Kind::Lambda,
            Self::Ntfy(_) => Kind::Ntfy,
            Self::Sqs(_) => Kind::Sqs,
        }
    }

    /// In how many steps the effect is made, each recorded when it is done.
    pub fn steps(&self) -> usize {
        match self {
            Self::Telegram(message) => message.parts.len(),
            Self::Slack(message) => message.parts.len(),
            Self::Discord(message) => message.parts.len(),
            Self::Forward(_)
            | Self::Email(_)
            | Self::Eventbridge(_)
            | Self::Lambda(_)
            | Self::Ntfy(_)
            | Self::Sqs(_) => 1,
        }
    }
}

impl From<Work> for Written {
    fn from(Work { task, payload, lane, fallback, trace }: Work) -> Self {
        let ordered = lane == Lane::Ordered;
        macro_rules! carried {
            ($payload:expr) => {
                Carried { task, payload: $payload, ordered, fallback, trace }
            };
        }
        match payload {
            Payload::Telegram(telegram::Message { parts, style, document, key }) => {
                Self::TelegramV1(TelegramV1 { task, parts, style, document, key, fallback, trace })
            }
            Payload::Forward(request) => Self::ForwardV1 { task, request, ordered, fallback, trace },
            Payload::Slack(payload) => Self::SlackV1(carried!(payload)),
            Payload::Discord(payload) => Self::DiscordV1(carried!(payload)),
            Payload::Email(payload) => Self::EmailV1(carried!(payload)),
            Payload::Eventbridge(payload) => Self::EventbridgeV1(carried!(payload)),
            Payload::Lambda(payload) => Self::LambdaV1(carried!(payload)),
            Payload::Ntfy(payload) => Self::NtfyV1(carried!(payload)),
            Payload::Sqs(payload) => Self::SqsV1(carried!(payload)),
        }
    }
}

impl<P> Carried<P> {
    /// The work that it is.
    fn work(self, payload: impl FnOnce(P) -> Payload) -> Work {
        let lane = if self.ordered { Lane::Ordered } else { Lane::Parallel };
        Work { task: self.task, payload: payload(self.payload), lane, fallback: self.fallback, trace: self.trace }
    }
}

impl From<TelegramV1> for Work {
    fn from(TelegramV1 { task, parts, style, document, key, fallback, trace }: TelegramV1) -> Self {
        let payload = Payload::Telegram(telegram::Message { parts, style, document, key });
        Self { task, payload, lane: Lane::Ordered, fallback, trace }
    }
}

impl From<Written> for Work {
    fn from(written: Written) -> Self {
        match written {
            Written::SlackV1(carried) => carried.work(Payload::Slack),
            Written::DiscordV1(carried) => carried.work(Payload::Discord),
            Written::EmailV1(carried) => carried.work(Payload::Email),
            Written::EventbridgeV1(carried) => carried.work(Payload::Eventbridge),
            Written::LambdaV1(carried) => carried.work(Payload::Lambda),
            Written::NtfyV1(carried) => carried.work(Payload::Ntfy),
            Written::SqsV1(carried) => carried.work(Payload::Sqs),
            Written::TelegramV1(message) => message.into(),
            Written::ForwardV1 { task, request, ordered, fallback, trace } => {
                let lane = if ordered { Lane::Ordered } else { Lane::Parallel };
                Self { fallback, trace, ..Self::forward(task, request, lane) }
            }
        }
    }
}

/// The key of the work of a task that was asked for again so often ([`Work::key`]).
pub fn key(task: &TaskId, retries: u32) -> String {
    format!("{task}#{retries}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EventId, HookId};
    use crate::secret::SecretRef;
    use crate::task::TaskStatus;
    use crate::time::Timestamp;

    /// A task of a kind.
    fn task(kind: Kind) -> Task {
        let (event, hook, now) =
            (EventId::new(Timestamp::from_ms(0), &[0; 10]), HookId::from_text("hk_1"), Timestamp::from_ms(0));
        Task::queued(TaskId::new(event, &hook, 0), kind, "1", now, now)
    }

    /// A signed request.
    fn request() -> forward::Request {
        let request = serde_json::json!({
            "url": "env:OUT", "method": "PUT", "headers": [["a", "b"]], "body": {"text": "x"}, "timeout_seconds": 9,
            "sign": {"scheme": "standard-webhooks", "secret": "stored:a#b"},
        });
        serde_json::from_value(request).unwrap()
    }

    #[test]
    fn messages_carry_their_type() {
        for (work, begins) in [
            (Work::telegram(task(Kind::Telegram), vec!["hi".to_owned()]), r#"{"type":"TelegramV1","task":{"#),
            (Work::forward(task(Kind::Forward), request(), Lane::Parallel), r#"{"type":"ForwardV1","task":{"#),
            (Work::forward(task(Kind::Forward), request(), Lane::Ordered), r#"{"type":"ForwardV1","task":{"#),
        ] {
            let work = Work { trace: Some("t".to_owned()), ..work };
            let json = serde_json::to_string(&work).unwrap();
            assert!(json.starts_with(begins), "{json}");
            assert_eq!(serde_json::from_str::<Work>(&json).unwrap(), work);
            let for_chat = Work::for_chat(&json).ok();
            assert_eq!(work.queued_for_chat().ok(), for_chat.is_some().then(|| work.queued().unwrap()));
            assert_eq!(for_chat, Some(work).filter(|work| work.kind() == Kind::Telegram));
        }
        assert!(serde_json::from_str::<Work>(r#"{"type":"TelegramV9"}"#).is_err());
    }

    #[test]
    fn what_waits_from_the_beginning_has_a_line_of_its_own() {
        let now = Timestamp::from_ms(7);
        let at_once = task(Kind::Telegram);
        let held = Task { held_until: Some(now.plus_ms(1)), due_at: now.plus_ms(1), ..at_once.clone() };
        // Whatever becomes of it, work that is made of it once more has the same line; until somebody asks for it again.
        let retrying = Task { status: TaskStatus::Retrying, due_at: now.plus_ms(9), ..held.clone() };
        let failed = Task { held_until: None, ..retrying.clone() };
        let mut again = retrying.clone();
        again.retry(1, now);
        let quiet = "1 from 1970-01-01T00:00:00.008Z";
        for (task, line) in [(at_once, "1"), (held, quiet), (retrying, quiet), (failed, "1"), (again, "1")] {
            assert_eq!(Work::telegram(task, Vec::new()).group(), line);
        }
    }

    #[test]
    fn work_of_a_former_version_is_read() {
        let json = r#"{"type":"TelegramV1","task":{"id":"00000000-0000-7000-8000-000000000000.hk_1.0","event":"00000000-0000-7000-8000-000000000000","hook":"hk_1","kind":"telegram","destination":"1","status":"queued","attempts":[],"parts_done":0,"created_at":0,"due_at":0,"expires_at":0},"parts":["hi"]}"#;
        assert_eq!(
            serde_json::from_str::<Work>(json).unwrap(),
            Work::telegram(task(Kind::Telegram), vec!["hi".to_owned()])
        );
    }

    /// Work of every kind that has a worker, on every lane that it may travel.
    fn works() -> Vec<Work> {
        let url = || SecretRef::stored("a", "b");
        let parts = || vec!["a \"quoted\" <b>part</b>\n\u{1}\u{ffff}".to_owned()];
        let work = |kind: Kind, lane| {
            let mut task = task(kind);
            (task.id, task.destination) = (task.id.fallback(), "there".to_owned());
            let payload = match kind {
                Kind::Telegram => return Work::telegram(task, parts()),
                Kind::Forward => Payload::Forward(request()),
                Kind::Slack => {
                    let way = slack::Way::Webhook { url: url() };
                    Payload::Slack(slack::Message { way, parts: parts(), key: None })
                }
                Kind::Discord => {
                    let (url, parts) = (url(), parts());
                    Payload::Discord(discord::Message { url, parts, thread: None, thread_name: None, key: None })
                }
                Kind::Email => {
                    let (to, subject) = (vec!["me@example.com".to_owned()], "Grüße".to_owned());
                    Payload::Email(email::Message { to, subject, text: parts().concat(), key: None })
                }
                Kind::Eventbridge => {
                    let [bus, source, detail_type] = ["default", "shop", "paid"].map(str::to_owned);
                    Payload::Eventbridge(eventbridge::Entry {
                        bus,
                        source,
                        detail_type,
                        detail: "{}".to_owned(),
                        time: Timestamp::from_ms(7),
                    })
                }
                Kind::Lambda => {
                    let (function, payload) = ("arn:aws:lambda:x".to_owned(), "{}".to_owned());
                    Payload::Lambda(lambda::Invocation { function, payload, is_async: true, timeout_seconds: 9 })
                }
                Kind::Ntfy => Payload::Ntfy(ntfy::Message {
                    url: url(),
                    token: Some(url()),
                    text: parts().concat(),
                    markdown: true,
                    title: Some("Grüße".to_owned()),
                    priority: Some(5),
                    tags: parts(),
                    click: Some("https://example.com/".to_owned()),
                    buttons: vec![ntfy::Button::default()],
                }),
                Kind::Sqs => {
                    let [queue, group] = ["arn:aws:sqs:x.fifo", "g"].map(str::to_owned);
                    Payload::Sqs(sqs::Message { queue, body: parts().concat(), group: Some(group) })
                }
                Kind::Route => unreachable!("no worker routes"),
            };
            Work { task, payload, lane, fallback: None, trace: Some("t".to_owned()) }
        };
        let lanes = |kind| [Lane::Ordered, Lane::Parallel].map(|lane| work(kind, lane));
        Kind::WITH_WORKERS.into_iter().flat_map(lanes).collect()
    }

    #[test]
    fn a_fallback_of_every_kind_is_passed_on_as_its_own_queue_reads_it() {
        let mut dead = Task { destination: "666".to_owned(), ..task(Kind::Telegram) };
        dead.die("the bot is blocked");
        for work in works() {
            // It went through a queue of another kind, in work that its worker reads.
            let fallback = Some(Fallback::new(&work).unwrap());
            let main = Work { fallback, ..Work::telegram(dead.clone(), vec!["main".to_owned()]) };
            let message = main.queued().unwrap().message;
            let carried = serde_json::from_str::<Work>(&message).unwrap().fallback.unwrap();
            assert_eq!(Fallback::in_message(&message).as_ref(), Some(&carried));
            let (task, queued) = carried.in_place_of(&dead).unwrap();
            let wanted = work.clone().in_place_of(&dead);
            assert_eq!(serde_json::from_str::<Work>(&queued.message).unwrap(), wanted);
            let Queued { message, .. } = queued.clone();
            assert_eq!(queued, Queued { message, ..wanted.queued().unwrap() }, "{}", work.kind());
            assert_eq!(task, wanted.task);
            assert_eq!(task.reason.unwrap(), "in place of telegram 666, which is dead: the bot is blocked");
        }
    }

    #[test]
    fn what_was_said_of_a_fallback_already_is_said_after_what_it_takes_the_place_of() {
        let mut work = Work::telegram(task(Kind::Telegram), Vec::new());
        work.task.reason = Some("its template failed".to_owned());
        let reason = work.in_place_of(&task(Kind::Telegram)).task.reason.unwrap();
        assert_eq!(reason, "in place of telegram 1, which is dead: no reason is known; its template failed");
    }

    #[test]
    fn what_no_longer_reads_as_work_still_says_what_takes_its_place() {
        let fallback = Fallback::new(&works()[0]).unwrap();
        let message = serde_json::json!({"type": "TelegramV9", "fallback": fallback}).to_string();
        serde_json::from_str::<Work>(&message).unwrap_err();
        assert_eq!(Fallback::in_message(&message), Some(fallback));
        for nothing in ["", "no JSON", "[]", "{}", r#"{"fallback":null}"#, r#"{"fallback":"x"}"#] {
            assert_eq!(Fallback::in_message(nothing), None, "{nothing}");
        }
        let nobodys = Fallback::in_message(r#"{"fallback":{"type":"TelegramV1"}}"#).unwrap();
        nobodys.in_place_of(&task(Kind::Telegram)).unwrap_err();
    }
}
