//! Events on buses of EventBridge, from which rules of AWS fan them out.
//!
//! Facts: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>.

use serde::{Deserialize, Serialize};

use super::envelope::{json, too_large};
use super::{Check, Lane, Material, Rendered};
use crate::arn::Arn;
use crate::template::{Escape, Template};
use crate::time::Timestamp;
use crate::work::Payload;

pub use super::envelope::MOST_BYTES;

/// The bus unless said.
const BUS: &str = "default";

/// The type of an event that has none.
const DETAIL_TYPE: &str = "webhook";

/// The longest type of an event, in characters; the longest source and name of a bus, in bytes.
const MOST_TYPE_CHARS: usize = 128;
const MOST_NAME_BYTES: usize = 256;

/// What the time of an entry counts for, in bytes (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>).
const TIME_BYTES: usize = 14;

/// Puts the event on a bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eventbridge {
    /// The name or the ARN of the bus.
    pub bus: String,
    /// The template of the type that rules go by; the event's own where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<String>,
    /// The source that rules go by; `bellhop.` and the sender where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The template of the detail; the event with its payload where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// An `eventbridge` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = EventbridgeAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The bus: its name in the stack's own region, or its ARN; `default` unless said. It must be among what the operator
    /// lets actions call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus: Option<String>,
    /// The template of the `detail-type` that rules go by, up to 128 characters; the event's type unless said, and `webhook`
    /// where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<String>,
    /// The `source` that rules go by; `bellhop.` and the sender's name unless said. It must not begin with `aws.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The template of the `detail`, a JSON object; the event with its payload unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What travels to the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name or the ARN of the bus.
    pub bus: String,
    /// The source.
    pub source: String,
    /// The type.
    pub detail_type: String,
    /// The detail, a JSON object.
    pub detail: String,
    /// When the event came.
    pub time: Timestamp,
}

impl Eventbridge {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        let bus = spec.bus.as_deref().unwrap_or(BUS);
        let is_bus = match bus.starts_with("arn:") {
            true => Arn::parse(bus).and_then(|arn| arn.bus()).is_some_and(is_name),
            false => is_name(bus),
        };
        if !is_bus {
            check.add("bus", "not the name or the ARN of an event bus such as `default`");
        }
        let source = spec.source.as_deref();
        if source.is_some_and(|source| source.starts_with("aws.")) {
            check.add("source", "sources that begin with `aws.` are those of AWS itself: write one of your own");
        } else if !source.is_none_or(is_name) {
            check.add("source", "a source is a word of letters, digits and `/._-` such as `bellhop.github`");
        }
        for (field, template) in [("detail_type", &spec.detail_type), ("detail", &spec.detail)] {
            if let Some(template) = template {
                check.take(field, Template::compile(template, Escape::None));
            }
        }
        let Spec { detail_type, source, detail, .. } = spec.clone();
        Some(Self { bus: bus.to_owned(), detail_type, source, detail })
    }

    /// The action as it would be written.
    pub(super) fn spec(&self) -> Spec {
        let Self { bus, detail_type, source, detail } = self.clone();
        Spec { bus: Some(bus), detail_type, source, detail }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        let templates = [("detail_type", &self.detail_type), ("detail", &self.detail)].into_iter();
        templates.filter_map(|(field, template)| Some((field.to_owned(), template.as_deref()?, Escape::None))).collect()
    }

    /// It passes the event on, and says nothing of its own.
    pub(super) const fn speaks_for_sender(&self) -> bool {
        false
    }

    /// It has no secrets: AWS knows who asks.
    pub(super) const fn secrets<S>(&self) -> Vec<(&'static str, &S)> {
        Vec::new()
    }

    /// Its bus.
    pub(super) fn destination(&self) -> String {
        self.bus.clone()
    }

    /// The entry for the bus; an error is a detail that no bus takes.
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let head = material.head();
        let detail = json("detail", material)?;
        if !detail.trim_start().starts_with('{') {
            return Err("its `detail` is JSON and no object: put it into one".to_owned());
        }
        let (made, trouble) = match material.rendered("detail_type") {
            Some(Ok(made)) => (Some(made), None),
            Some(Err(failure)) => {
                (None, Some(format!("the event's own type is used: the template of `detail_type` failed, {failure}")))
            }
            None => (None, None),
        };
        let made = made.map(|made| one_line(&made)).filter(|made| !made.is_empty());
        let own = || head.event_type.as_deref().map(one_line).filter(|own| !own.is_empty());
        let detail_type = made.or_else(own).unwrap_or_else(|| DETAIL_TYPE.to_owned());
        let source = self.source.clone().unwrap_or_else(|| format!("bellhop.{}", head.sender));
        let entry = Entry { bus: self.bus.clone(), source, detail_type, detail, time: head.received_at };
        too_large(entry.bytes(), "detail")?;
        Ok(Rendered::new(Payload::Eventbridge(entry), Lane::Ordered, [trouble]))
    }
}

impl Entry {
    /// For how many bytes it counts.
    pub const fn bytes(&self) -> usize {
        TIME_BYTES + self.source.len() + self.detail_type.len() + self.detail.len()
    }
}

/// Whether a text may be the name of a bus or a source.
fn is_name(text: &str) -> bool {
    let is_text = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    (1..=MOST_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_text)
}

/// A type on one line, cut to what EventBridge takes.
fn one_line(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(MOST_TYPE_CHARS).collect()
}

#[cfg(test)]
mod tests;
