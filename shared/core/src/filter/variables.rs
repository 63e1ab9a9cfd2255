//! What conditions know of an event, borrowed from wherever it is; what has to be made is made when it is asked for.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use crate::json;
use crate::template::Facts;

use super::cel::{Exceeded, Map, Meter, Root, Value};

/// The variables of one event at one hook.
#[derive(Debug, Default)]
pub struct Variables<'a> {
    facts: Option<Facts<'a>>,
    event: OnceCell<json::Map>,
    hook: OnceCell<json::Map>,
    cloudevent: OnceCell<json::Value>,
    /// The body as text where it had to be made.
    body: OnceCell<String>,
}

impl<'a> Variables<'a> {
    /// The variables of an event.
    pub fn new(facts: Facts<'a>) -> Self {
        Self { facts: Some(facts), ..Self::default() }
    }

    /// A variable, whole.
    pub(super) fn whole(&'a self, root: Root, meter: &'a Meter) -> Result<Value<'a>, Exceeded> {
        let Some(facts) = &self.facts else {
            return Ok(Value::Null);
        };
        Ok(match root {
            Root::Event => Value::Map(Map::Borrowed(self.event.get_or_init(|| event(facts)))),
            Root::Hook => Value::Map(Map::Borrowed(self.hook.get_or_init(|| facts.hook.variables()))),
            Root::Headers => Value::Map(Map::Headers(&facts.event.headers)),
            Root::Payload => facts.payload.map_or(Value::Null, |payload| Value::of(payload)),
            Root::Body => Value::text(self.body(facts, meter)?),
            Root::CloudEvent => Value::of(self.cloudevent.get_or_init(|| cloudevent(facts))),
            Root::Webhook => {
                let mut entries = meter.keep(Vec::new(), 0)?;
                for name in ["body", "path", "method"] {
                    let value = self.field(root, name, meter)?.unwrap_or(Value::Null);
                    entries.push((Value::text(name), value))?;
                }
                Value::Map(Map::Made(Rc::new(entries)))
            }
        })
    }

    /// A variable's field, if it is there.
    pub(super) fn field(&'a self, root: Root, name: &str, meter: &'a Meter) -> Result<Option<Value<'a>>, Exceeded> {
        let Some(facts) = &self.facts else {
            return Ok(None);
        };
        let head = facts.event;
        Ok(match (root, name) {
            (Root::Event, "type") => head.event_type.as_deref().map(Value::text),
            (Root::Event, "delivery_id") => head.delivery_id.as_deref().map(Value::text),
            (Root::Event | Root::Webhook, "path") => Some(Value::text(&head.path)),
            (Root::Event, "sender") => Some(Value::text(&head.sender)),
            (Root::Event, "test") => Some(Value::Bool(facts.test)),
            (Root::Hook, "name") => Some(Value::text(facts.hook.name)),
            (Root::Webhook, "method") => Some(Value::text(facts.method)),
            (Root::Webhook, "body") => Some(match facts.payload {
                Some(payload) => Value::of(payload),
                None => Value::text(self.body(facts, meter)?),
            }),
            (Root::Webhook, _) => None,
            (Root::Headers, name) => {
                meter.step(head.headers.len() / 4)?;
                Map::Headers(&head.headers).field(name)
            }
            (root, name) => self.whole(root, meter)?.field(name),
        })
    }

    /// The body as text, in its own charset.
    fn body(&'a self, facts: &Facts<'a>, meter: &Meter) -> Result<&'a str, Exceeded> {
        if let Some(text) = self.body.get() {
            return Ok(text);
        }
        meter.read(facts.body.len())?;
        if std::str::from_utf8(facts.body).is_err() {
            meter.has_room(facts.body.len())?;
        }
        match facts.event.text(facts.body) {
            Cow::Borrowed(text) => Ok(text),
            Cow::Owned(text) => {
                meter.hold(text.len())?;
                Ok(self.body.get_or_init(|| text))
            }
        }
    }
}

/// What is known of the event besides its content; what it has not is left out.
fn event(facts: &Facts<'_>) -> json::Map {
    let head = facts.event;
    let content_type = head.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    let fields: [(&str, json::Value); 10] = [
        ("id", head.id.to_string().into()),
        ("type", head.event_type.as_deref().into()),
        ("delivery_id", head.delivery_id.as_deref().into()),
        ("path", head.path.as_str().into()),
        ("received_at", head.received_at.rfc3339().into()),
        ("sender", head.sender.as_str().into()),
        ("test", facts.test.into()),
        ("source_ip", head.source_ip.map(|address| address.to_string()).into()),
        ("size_bytes", facts.body.len().into()),
        ("content_type", content_type.into()),
    ];
    fields.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

/// The envelope of a `CloudEvent`, or null.
fn cloudevent(facts: &Facts<'_>) -> json::Value {
    facts.event.cloudevent(facts.body).into()
}
