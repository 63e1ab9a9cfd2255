//! Places of every kind: how an action brings events to one, and what it is called in tasks and out there.

use bellhop_core::action::{Action, Kind, Lane};
use bellhop_core::hook::Hook;
use bellhop_core::pace::Scope;
use bellhop_core::secret::SecretRef;
use serde_json::{Value, json};

use crate::sim::hook_id;

/// How many places there are of each way.
pub(crate) const MOST: usize = 10;

/// The API of Slack.
pub(crate) const SLACK: &str = "https://slack.example/api";

/// What things in AWS are called before their names.
const BUS: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/";
const FUNCTION: &str = "arn:aws:lambda:eu-central-1:111122223333:function:";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:111122223333:";

/// One place of those that work of a kind goes to on a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) lane: Lane,
    /// Which of them it is, from 0.
    number: usize,
}

/// The lanes that work of a kind travels on.
const fn lanes(kind: Kind) -> &'static [Lane] {
    match kind {
        Kind::Telegram | Kind::Slack | Kind::Discord | Kind::Eventbridge | Kind::Ntfy => &[Lane::Ordered],
        Kind::Email | Kind::Lambda => &[Lane::Parallel],
        Kind::Forward | Kind::Sqs => &[Lane::Ordered, Lane::Parallel],
        Kind::Route => &[],
    }
}

/// Every kind that goes out, with each of its lanes.
pub(crate) fn ways() -> Vec<(Kind, Lane)> {
    Kind::WITH_WORKERS.into_iter().flat_map(|kind| lanes(kind).iter().map(move |lane| (kind, *lane))).collect()
}

/// All places there are.
pub(crate) fn all() -> impl Iterator<Item = Place> {
    ways().into_iter().flat_map(|way| (0..MOST).map(move |number| Place::new(way, number)))
}

impl Place {
    pub(crate) const fn new((kind, lane): (Kind, Lane), number: usize) -> Self {
        Self { kind, lane, number }
    }

    /// The action that brings events there, with this template of its text.
    pub(crate) fn action(self, template: &str) -> Action {
        let (word, name) = (self.word(), self.name());
        let key = json!({"template": "{{ payload.key }}", "seconds": 31_536_000});
        let action = match self.kind {
            Kind::Telegram => json!({"kind": "telegram", "chat": name, "template": template}),
            Kind::Forward => json!({
                "kind": "forward", "url": name, "method": "POST", "body": template,
                "ordered": self.lane == Lane::Ordered, "timeout_seconds": 10,
            }),
            Kind::Slack => json!({
                "kind": "slack", "key": key, "text": {"template": template, "markup": "mrkdwn"},
                "way": {"bot": {"token": kept("slack"), "channel": name, "api_base": SLACK}},
            }),
            Kind::Discord => {
                let text = json!({"template": template, "markup": "markdown"});
                json!({"kind": "discord", "url": kept(&word), "key": key, "text": text})
            }
            Kind::Email => {
                json!({"kind": "email", "to": [name], "text": {"template": template, "markup": "plain"}, "key": key})
            }
            Kind::Eventbridge => json!({"kind": "eventbridge", "bus": name, "detail": in_json(template)}),
            Kind::Lambda => json!({
                "kind": "lambda", "function": name, "payload": in_json(template), "timeout_seconds": 10,
                "async": self.number % 2 == 1,
            }),
            Kind::Ntfy => {
                json!({"kind": "ntfy", "url": kept(&word), "text": {"template": template, "markup": "plain"}})
            }
            Kind::Sqs => json!({"kind": "sqs", "queue": name, "body": template}),
            Kind::Route => Value::Null,
        };
        let action: Action = serde_json::from_value(action).unwrap();
        assert_eq!((action.kind(), action.destination()), (self.kind, name));
        action
    }

    /// The word that tells it from others of its way.
    fn word(self) -> String {
        let number = self.number + 1;
        let is_ordered = self.lane == Lane::Ordered;
        match self.kind {
            // Every other two are groups, which have a pace of their own.
            Kind::Telegram if self.number % 4 > 1 => format!("-{number}"),
            Kind::Telegram => number.to_string(),
            Kind::Forward => format!("{}{number}", if is_ordered { 'o' } else { 'p' }),
            Kind::Slack => format!("C{number}"),
            Kind::Discord => format!("d{number}"),
            Kind::Email => format!("m{number}"),
            Kind::Eventbridge => format!("b{number}"),
            Kind::Lambda => format!("f{number}"),
            Kind::Ntfy => format!("n{number}"),
            Kind::Sqs => format!("q{number}{}", if is_ordered { ".fifo" } else { "" }),
            Kind::Route => String::new(),
        }
    }

    /// What its tasks call it.
    pub(crate) fn name(self) -> String {
        let word = self.word();
        match self.kind {
            Kind::Telegram | Kind::Slack | Kind::Eventbridge | Kind::Route => word,
            Kind::Forward => format!("https://{word}.example/in"),
            Kind::Discord | Kind::Ntfy => name_of_kept(&word),
            Kind::Email => format!("{word}@example.com"),
            Kind::Lambda => format!("{FUNCTION}{word}"),
            Kind::Sqs => format!("{QUEUE}{word}"),
        }
    }

    /// The address that it is kept under a word for, where it is.
    pub(crate) fn kept(self) -> Option<(String, String)> {
        let word = self.word();
        match self.kind {
            Kind::Discord => Some((word.clone(), format!("https://{word}.example/api"))),
            Kind::Ntfy => Some((word.clone(), format!("https://{word}.example/topic"))),
            _ => None,
        }
    }

    /// Whether it is called no faster than so, whatever it answers.
    pub(crate) fn has_pace(self) -> bool {
        self.kind.scope(&self.name()) != Scope::Answers
    }
}

/// A hook with these actions, and with these fields.
pub(crate) fn hook(number: u64, actions: &[Action], fields: &Value) -> Hook {
    let id = hook_id(number);
    let mut hook = json!({
        "id": id, "name": id, "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 100,
        "max_body_bytes": 4096, "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        "actions": actions, "deduplicate": "id",
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        hook[name] = value.clone();
    }
    serde_json::from_value(hook).unwrap()
}

/// The ARNs of everything in AWS that may be called, separated by commas.
pub(crate) fn aws_targets() -> String {
    let arn = |place: Place| match place.kind {
        Kind::Eventbridge => Some(format!("{BUS}{}", place.name())),
        Kind::Lambda | Kind::Sqs => Some(place.name()),
        _ => None,
    };
    all().filter_map(arn).collect::<Vec<_>>().join(",")
}

/// The name of the bus of an ARN.
pub(crate) fn bus_of(arn: &str) -> &str {
    arn.strip_prefix(BUS).unwrap_or_default()
}

/// The ARN of the queue of a name.
pub(crate) fn queue_of(name: &str) -> String {
    format!("{QUEUE}{name}")
}

/// What tasks call a place whose address is kept under a word.
pub(crate) fn name_of_kept(word: &str) -> String {
    format!("a kept address {word}{word}")
}

/// Where the secret of a name is kept.
fn kept(name: &str) -> SecretRef {
    SecretRef::stored(name, &format!("{name}{name}"))
}

/// A template of a JSON object with this text.
fn in_json(template: &str) -> String {
    format!("{{\"text\": {}}}", template.replace(" }}", " | tojson }}"))
}
