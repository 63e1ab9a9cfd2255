//! The event as one JSON object, for what takes JSON and nothing else.

use super::Material;
use crate::json::{Map, Value};

/// The most bytes that an event may have on its way to AWS.
///
/// So much a bus of EventBridge takes in one call, and a function that is not waited for
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const MOST_BYTES: usize = 256 * 1024;

/// The text that the template of a field makes, which must be JSON; or the event with its payload, and its body as a text
/// where that is no JSON. An error is a template that failed, or made no JSON.
pub(super) fn json(field: &str, material: &Material<'_>) -> Result<String, String> {
    match material.rendered(field) {
        None => Ok(event(material).to_string()),
        Some(Err(failure)) => Err(format!("the template of its `{field}` failed: {failure}")),
        Some(Ok(text)) => match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => Ok(text),
            Err(error) => Err(format!(
                "its `{field}` is no JSON at line {}, column {}: write values with `tojson`",
                error.line(),
                error.column()
            )),
        },
    }
}

/// An event that is too large, as an error.
pub(super) fn too_large(bytes: usize, field: &str) -> Result<(), String> {
    match bytes > MOST_BYTES {
        false => Ok(()),
        true => Err(format!(
            "it has {bytes} bytes, and AWS takes {MOST_BYTES}: write in `{field}` what of the event is to go there"
        )),
    }
}

/// The event with its payload.
fn event(material: &Material<'_>) -> Value {
    let (facts, head) = (material.facts(), material.head());
    let hook: Map = [("id", facts.hook.id), ("name", facts.hook.name)].into_iter().collect();
    let mut event: Map = [
        ("id", Value::from(head.id.to_string())),
        ("type", head.event_type.as_deref().into()),
        ("delivery_id", head.delivery_id.as_deref().into()),
        ("sender", head.sender.as_str().into()),
        ("hook", hook.into()),
        ("received_at", head.received_at.rfc3339().into()),
        ("test", facts.test.into()),
    ]
    .into_iter()
    .collect();
    match facts.payload {
        Some(payload) => event.insert("payload", Value::clone(payload)),
        None => event.insert("body", head.text(facts.body).into_owned()),
    };
    event.into()
}
