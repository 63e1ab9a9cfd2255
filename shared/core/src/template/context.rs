//! What templates and conditions know of an event.

use std::sync::{Arc, OnceLock};

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use super::numbers::{self, Writings};
use super::tree;
use crate::event::EventHead;
use crate::json::{self, Map};

/// The share of control and replacement characters, one in so many, from which a body counts as binary.
const BINARY_SHARE: usize = 3;

/// What templates and conditions know as `hook`: a hook, or the job whose due time an event is.
#[derive(Debug, Clone, Copy)]
pub struct HookFacts<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its path, as [`EventHead::path`] has it.
    pub path: &'a str,
    /// The name of its sender.
    pub sender: &'a str,
}

/// What is known of an event at one of its hooks, borrowed from wherever it is.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The event.
    pub event: &'a EventHead,
    /// The hook whose action is being done.
    pub hook: HookFacts<'a>,
    /// The request's method.
    pub method: &'a str,
    /// The body's exact bytes.
    pub body: &'a [u8],
    /// The body as JSON; `None` where it is something else.
    pub payload: Option<&'a Arc<json::Value>>,
    /// Whether the event was made by someone who tries the hook out.
    pub test: bool,
}

/// The variables of a template.
#[derive(Debug, Clone)]
pub struct Context(Value);

/// Octipus' names for what is known of a request; whether its text is none is found out where somebody asks.
#[derive(Debug)]
struct Webhook {
    body: Value,
    path: Value,
    method: Value,
    text: Value,
    binary: OnceLock<Value>,
}

impl HookFacts<'_> {
    /// The fields of the variable `hook`.
    pub(crate) fn variables(&self) -> Map {
        let fields = [("id", self.id), ("name", self.name), ("path", self.path), ("sender", self.sender)];
        fields.into_iter().collect()
    }
}

impl Facts<'_> {
    /// The variables without the body: `event`, `hook`, `headers`, and `cloudevent` where there is one.
    ///
    /// Conditions add `payload`, `body` and `webhook` where they name them, templates always have them.
    pub fn variables(&self) -> Map {
        let (event, hook) = (self.event, self.hook);
        let described: [(&str, json::Value); 10] = [
            ("id", event.id.to_string().into()),
            ("type", event.event_type.as_deref().into()),
            ("delivery_id", event.delivery_id.as_deref().into()),
            ("path", event.path.as_str().into()),
            ("received_at", event.received_at.rfc3339().into()),
            ("sender", event.sender.as_str().into()),
            ("test", self.test.into()),
            ("source_ip", event.source_ip.map(|address| address.to_string()).into()),
            ("size_bytes", self.body.len().into()),
            ("content_type", self.header("content-type").into()),
        ];
        let mut variables: Map = [
            ("event", described.into_iter().collect::<Map>()),
            ("hook", hook.variables()),
            ("headers", self.headers()),
        ]
        .into_iter()
        .collect();
        if let Some(envelope) = event.cloudevent(self.body) {
            variables.insert("cloudevent", envelope);
        }
        variables
    }

    /// The headers as a map; of one that stands there twice, the first.
    fn headers(&self) -> Map {
        self.event.headers.iter().rev().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// The first value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        self.event.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Context {
    /// The variables for one event at one hook.
    pub fn new(facts: &Facts<'_>) -> Self {
        let body = Value::from(facts.event.text(facts.body));
        let writings = Arc::new(Writings::default());
        let payload = facts.payload.map_or(Value::UNDEFINED, |payload| tree::shared(payload, &writings));
        let webhook = Value::from_object(Webhook {
            body: if facts.payload.is_some() { payload.clone() } else { body.clone() },
            path: Value::from(facts.event.path.as_str()),
            method: Value::from(facts.method),
            text: body.clone(),
            binary: OnceLock::new(),
        });
        let described = facts.variables().into_iter();
        let described = described.map(|(name, value)| (Value::from(&*name), tree::shared(&Arc::new(value), &writings)));
        let described = described.collect::<Vec<_>>();
        let writings = Value::from_dyn_object(writings);
        let carried = [("payload", payload), ("body", body), ("webhook", webhook), (numbers::NAME, writings)];
        let carried = carried.into_iter().map(|(name, value)| (Value::from(name), value));
        Self(Value::from_pairs(described.into_iter().chain(carried)))
    }

    /// The variables, cheap to copy.
    pub(super) fn root(&self) -> Value {
        self.0.clone()
    }

    /// A variable's field, as text where it is text.
    pub(super) fn field(&self, variable: &str, name: &str) -> Option<String> {
        let value = self.0.get_attr(variable).ok()?.get_attr(name).ok()?;
        value.as_str().map(str::to_owned)
    }

    /// No variables at all.
    pub(super) fn empty() -> Value {
        Value::from_pairs(std::iter::empty::<(Value, Value)>())
    }
}

impl Object for Webhook {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "binary" => Some(self.binary.get_or_init(|| self.text.as_str().is_some_and(is_binary).into()).clone()),
            "body" => Some(self.body.clone()),
            "method" => Some(self.method.clone()),
            "path" => Some(self.path.clone()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["binary", "body", "method", "path"])
    }
}

/// Whether a text was no text: a NUL in it, or one character in three unreadable.
fn is_binary(text: &str) -> bool {
    let unreadable = |c: &char| *c == '\u{fffd}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}'));
    text.contains('\0') || text.chars().filter(unreadable).count() * BINARY_SHARE > text.chars().count()
}
