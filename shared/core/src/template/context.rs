//! What templates and conditions know of an event.

use minijinja::Value;
use serde_json::{Map, json};

use crate::event::EventHead;
use crate::hook::Hook;

/// The share of control and replacement characters, one in so many, from which a body counts as binary.
const BINARY_SHARE: usize = 3;

/// What is known of an event at one of its hooks, borrowed from wherever it is.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The event.
    pub event: &'a EventHead,
    /// The hook whose action is being done.
    pub hook: &'a Hook,
    /// The request's method.
    pub method: &'a str,
    /// The body's exact bytes.
    pub body: &'a [u8],
    /// The body as JSON; `None` where it is something else.
    pub payload: Option<&'a serde_json::Value>,
    /// Whether the event was made by someone who tries the hook out.
    pub test: bool,
}

/// The variables of a template.
#[derive(Debug, Clone)]
pub struct Context(Value);

impl Facts<'_> {
    /// The variables without the body: `event`, `hook`, `headers`, and `cloudevent` where there is one.
    ///
    /// Conditions add `payload`, `body` and `webhook` where they name them, templates always have them.
    pub fn variables(&self) -> Map<String, serde_json::Value> {
        let (event, hook) = (self.event, self.hook);
        let mut variables = Map::new();
        let described = json!({
            "id": event.id.to_string(),
            "type": event.event_type,
            "delivery_id": event.delivery_id,
            "path": event.path,
            "received_at": event.received_at.rfc3339(),
            "sender": event.sender,
            "test": self.test,
            "source_ip": event.source_ip,
            "size_bytes": self.body.len(),
            "content_type": self.header("content-type"),
        });
        variables.insert("event".to_owned(), described);
        let described = json!({ "id": hook.id.as_str(), "name": hook.name, "path": hook.path, "sender": hook.sender });
        variables.insert("hook".to_owned(), described);
        variables.insert("headers".to_owned(), self.headers());
        if let Some(envelope) = event.cloudevent(self.body) {
            variables.insert("cloudevent".to_owned(), envelope);
        }
        variables
    }

    /// The headers as a map; of one that stands there twice, the first.
    fn headers(&self) -> serde_json::Value {
        let mut headers = Map::new();
        for (name, value) in &self.event.headers {
            headers.entry(name.as_str()).or_insert_with(|| value.as_str().into());
        }
        headers.into()
    }

    /// The first value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        self.event.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Context {
    /// The variables for one event at one hook.
    pub fn new(facts: &Facts<'_>) -> Self {
        let body = String::from_utf8_lossy(facts.body);
        let binary = is_binary(&body);
        let body = Value::from(body.into_owned());
        let payload = facts.payload.map_or(Value::UNDEFINED, to_value);
        let webhook = Value::from_pairs([
            ("body", if facts.payload.is_some() { payload.clone() } else { body.clone() }),
            ("path", Value::from(facts.event.path.as_str())),
            ("method", Value::from(facts.method)),
            ("binary", Value::from(binary)),
        ]);
        let described = facts.variables();
        let described = described.iter().map(|(name, value)| (name.as_str(), to_value(value)));
        let carried = [("payload", payload), ("body", body), ("webhook", webhook)];
        Self(Value::from_pairs(described.chain(carried)))
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

/// A JSON value for templates; null counts as missing. It nests no deeper than the parser lets JSON nest.
pub(super) fn to_value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::UNDEFINED,
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => items.iter().map(to_value).collect(),
        serde_json::Value::Object(fields) => {
            Value::from_pairs(fields.iter().map(|(name, value)| (name.as_str(), to_value(value))))
        }
        serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(whole), _, _) => Value::from(whole),
            (_, Some(whole), _) => Value::from(whole),
            (_, _, Some(real)) => Value::from(real),
            _ => Value::from(number.to_string()),
        },
    }
}

/// Whether a text was no text: a NUL in it, or one character in three unreadable.
fn is_binary(text: &str) -> bool {
    let unreadable = |c: &char| *c == '\u{fffd}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1b}'));
    text.contains('\0') || text.chars().filter(unreadable).count() * BINARY_SHARE > text.chars().count()
}
