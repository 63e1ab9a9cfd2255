//! Messages on the workers' queues: tagged and versioned, so that old ones are still understood after an update.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::action::{Key, Kind, Lane, discord, email, eventbridge, forward, lambda, slack, telegram};
use crate::id::TaskId;
use crate::task::Task;

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
}

/// Work as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Written {
    TelegramV1 {
        task: Task,
        parts: Vec<String>,
        #[serde(default, skip_serializing_if = "telegram::Style::is_plain")]
        style: telegram::Style,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<telegram::Document>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Key>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace: Option<String>,
    },
    ForwardV1 {
        task: Task,
        request: forward::Request,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ordered: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace: Option<String>,
    },
    SlackV1(Carried<slack::Message>),
    DiscordV1(Carried<discord::Message>),
    EmailV1(Carried<email::Message>),
    EventbridgeV1(Carried<eventbridge::Entry>),
    LambdaV1(Carried<lambda::Invocation>),
}

/// A payload with what travels with it.
#[derive(Clone, Serialize, Deserialize)]
struct Carried<P> {
    task: Task,
    payload: P,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ordered: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
}

impl Work {
    /// A message for a Telegram chat.
    pub fn telegram(task: Task, parts: Vec<String>) -> Self {
        let message = telegram::Message { parts, ..telegram::Message::default() };
        Self { task, payload: Payload::Telegram(message), lane: Lane::Ordered, trace: None }
    }

    /// A request to another URL.
    pub const fn forward(task: Task, request: forward::Request, lane: Lane) -> Self {
        Self { task, payload: Payload::Forward(request), lane, trace: None }
    }

    /// The parts of a message; none where it is something else.
    pub fn parts(&self) -> &[String] {
        match &self.payload {
            Payload::Telegram(message) => &message.parts,
            Payload::Slack(message) => &message.parts,
            Payload::Discord(message) => &message.parts,
            Payload::Email(message) => std::slice::from_ref(&message.text),
            Payload::Forward(_) | Payload::Eventbridge(_) | Payload::Lambda(_) => &[],
        }
    }

    /// Its kind, which says which worker does it.
    pub const fn kind(&self) -> Kind {
        self.payload.kind()
    }

    /// What must stay in order among itself, or be bounded together: the destination, told from those of the other kinds
    /// on its queue.
    pub fn group(&self) -> Cow<'_, str> {
        match self.kind() {
            Kind::Telegram | Kind::Forward | Kind::Route => Cow::Borrowed(&self.task.destination),
            kind @ (Kind::Slack | Kind::Discord | Kind::Email | Kind::Eventbridge | Kind::Lambda) => {
                Cow::Owned(format!("{kind}:{}", self.task.destination))
            }
        }
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
        }
    }

    /// In how many steps the effect is made, each recorded when it is done.
    pub fn steps(&self) -> usize {
        match self {
            Self::Telegram(message) => message.parts.len(),
            Self::Slack(message) => message.parts.len(),
            Self::Discord(message) => message.parts.len(),
            Self::Forward(_) | Self::Email(_) | Self::Eventbridge(_) | Self::Lambda(_) => 1,
        }
    }
}

impl From<Work> for Written {
    fn from(Work { task, payload, lane, trace }: Work) -> Self {
        match payload {
            Payload::Telegram(telegram::Message { parts, style, document, key }) => {
                Self::TelegramV1 { task, parts, style, document, key, trace }
            }
            Payload::Forward(request) => Self::ForwardV1 { task, request, ordered: lane == Lane::Ordered, trace },
            Payload::Slack(payload) => Self::SlackV1(Carried { task, payload, ordered: lane == Lane::Ordered, trace }),
            Payload::Discord(payload) => {
                Self::DiscordV1(Carried { task, payload, ordered: lane == Lane::Ordered, trace })
            }
            Payload::Email(payload) => Self::EmailV1(Carried { task, payload, ordered: lane == Lane::Ordered, trace }),
            Payload::Lambda(payload) => {
                Self::LambdaV1(Carried { task, payload, ordered: lane == Lane::Ordered, trace })
            }
            Payload::Eventbridge(payload) => {
                Self::EventbridgeV1(Carried { task, payload, ordered: lane == Lane::Ordered, trace })
            }
        }
    }
}

impl<P> Carried<P> {
    /// The work that it is.
    fn work(self, payload: impl FnOnce(P) -> Payload) -> Work {
        let lane = if self.ordered { Lane::Ordered } else { Lane::Parallel };
        Work { task: self.task, payload: payload(self.payload), lane, trace: self.trace }
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
            Written::TelegramV1 { task, parts, style, document, key, trace } => {
                let payload = Payload::Telegram(telegram::Message { parts, style, document, key });
                Self { task, payload, lane: Lane::Ordered, trace }
            }
            Written::ForwardV1 { task, request, ordered, trace } => {
                let lane = if ordered { Lane::Ordered } else { Lane::Parallel };
                Self { trace, ..Self::forward(task, request, lane) }
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
    use crate::time::Timestamp;

    /// A task of a kind.
    fn task(kind: Kind) -> Task {
        let (event, hook, now) =
            (EventId::new(Timestamp::from_ms(0), &[0; 10]), HookId::from_text("hk_1"), Timestamp::from_ms(0));
        Task::queued(TaskId::new(event, &hook, 0), kind, "1", now, now)
    }

    #[test]
    fn messages_carry_their_type() {
        let request = serde_json::json!({
            "url": "env:OUT", "method": "PUT", "headers": [["a", "b"]], "body": {"text": "x"}, "timeout_seconds": 9,
            "sign": {"scheme": "standard-webhooks", "secret": "stored:a#b"},
        });
        let request = || serde_json::from_value(request.clone()).unwrap();
        for (work, begins) in [
            (Work::telegram(task(Kind::Telegram), vec!["hi".to_owned()]), r#"{"type":"TelegramV1","task":{"#),
            (Work::forward(task(Kind::Forward), request(), Lane::Parallel), r#"{"type":"ForwardV1","task":{"#),
            (Work::forward(task(Kind::Forward), request(), Lane::Ordered), r#"{"type":"ForwardV1","task":{"#),
        ] {
            let work = Work { trace: Some("t".to_owned()), ..work };
            let json = serde_json::to_string(&work).unwrap();
            assert!(json.starts_with(begins), "{json}");
            assert_eq!(serde_json::from_str::<Work>(&json).unwrap(), work);
        }
        assert!(serde_json::from_str::<Work>(r#"{"type":"TelegramV9"}"#).is_err());
    }

    #[test]
    fn work_of_a_former_version_is_read() {
        let json = r#"{"type":"TelegramV1","task":{"id":"00000000-0000-7000-8000-000000000000.hk_1.0","event":"00000000-0000-7000-8000-000000000000","hook":"hk_1","kind":"telegram","destination":"1","status":"queued","attempts":[],"parts_done":0,"created_at":0,"due_at":0,"expires_at":0},"parts":["hi"]}"#;
        assert_eq!(
            serde_json::from_str::<Work>(json).unwrap(),
            Work::telegram(task(Kind::Telegram), vec!["hi".to_owned()])
        );
    }
}
