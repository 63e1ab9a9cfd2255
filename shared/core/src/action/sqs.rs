//! Messages on queues of SQS, standard and FIFO.
//!
//! Facts: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::envelope::{json, too_large};
use super::{Check, Lane, Material, Rendered};
use crate::arn::Arn;
use crate::template::{Escape, Template};
use crate::work::Payload;

/// What the name of a FIFO queue ends with, and that of no other.
const FIFO: &str = ".fifo";

/// The longest name of a queue, with that end; the longest id of a group.
const MOST_NAME_BYTES: usize = 80;
const MOST_GROUP_BYTES: usize = 128;

/// Sends a message to a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sqs {
    /// The ARN of the queue.
    pub queue: String,
    /// The template of the message; the event with its payload where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The template of the group, in a FIFO queue; the hook's id where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// An `sqs` action, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = SqsAction))]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The ARN of the queue, which is a FIFO queue where it ends with `.fifo`. It must be among what the operator lets
    /// actions call.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub queue: String,
    /// The template of the message; the event with its payload, as JSON, unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The template of the group within which a FIFO queue keeps messages in order; the hook's id unless said. A standard
    /// queue has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// What travels to the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The ARN of the queue.
    pub queue: String,
    /// What it says.
    pub body: String,
    /// Its group, in a FIFO queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl Sqs {
    /// Checks what was written.
    pub(super) fn check(spec: &Spec, check: &mut Check<'_>) -> Option<Self> {
        if !is_queue(&spec.queue) {
            let example = "queue = \"arn:aws:sqs:eu-central-1:111122223333:orders\"";
            check.add("queue", format!("an `sqs` action needs the ARN of a queue: `{example}`"));
        } else if spec.group.is_some() && !is_fifo(&spec.queue) {
            check.add("group", format!("only a FIFO queue has groups, whose name ends with `{FIFO}`: leave it out"));
        }
        for (field, template) in [("body", &spec.body), ("group", &spec.group)] {
            if let Some(template) = template {
                check.take(field, Template::compile(template, Escape::None));
            }
        }
        let Spec { queue, body, group } = spec.clone();
        Some(Self { queue, body, group })
    }

    /// The action as it would be written.
    pub(super) fn spec(&self) -> Spec {
        let Self { queue, body, group } = self.clone();
        Spec { queue, body, group }
    }

    /// The sources of its templates.
    pub(super) fn templates(&self) -> Vec<(String, &str, Escape)> {
        let templates = [("body", &self.body), ("group", &self.group)].into_iter();
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

    /// Its queue.
    pub(super) fn destination(&self) -> String {
        self.queue.clone()
    }

    /// The message; an error is one that no queue takes.
    pub(super) fn render(&self, material: &Material<'_>) -> Result<Rendered, String> {
        let text = match material.rendered("body") {
            None => json("body", material)?,
            Some(Ok(text)) => text,
            Some(Err(failure)) => return Err(format!("the template of its `body` failed: {failure}")),
        };
        let (body, left_out) = taken(&text);
        if body.is_empty() {
            return Err("its `body` is empty, and SQS takes no such message: write a text for every event".to_owned());
        }
        too_large(body.len(), "body")?;
        let left_out = (left_out > 0)
            .then(|| format!("its `body` goes without {left_out} characters that SQS does not take in a text"));
        let (group, lane, trouble) = match is_fifo(&self.queue) {
            true => {
                let (group, trouble) = group(material);
                (Some(group), Lane::Ordered, trouble)
            }
            false => (None, Lane::Parallel, None),
        };
        let message = Message { queue: self.queue.clone(), body: body.into_owned(), group };
        Ok(Rendered::new(Payload::Sqs(message), lane, [left_out, trouble]))
    }
}

/// The URL by which SQS knows a queue, given its ARN.
pub fn url(queue: &Arn<'_>) -> String {
    let Arn { region, account, resource, .. } = queue;
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://sqs.{region}.{domain}/{account}/{resource}")
}

/// Whether a text is the ARN of a queue.
fn is_queue(text: &str) -> bool {
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "sqs") else { return false };
    let name = arn.resource.strip_suffix(FIFO).unwrap_or(arn.resource);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !name.is_empty() && arn.resource.len() <= MOST_NAME_BYTES && name.bytes().all(is_part)
}

/// Whether the queue of an ARN keeps messages in order.
fn is_fifo(queue: &str) -> bool {
    queue.ends_with(FIFO)
}

/// A text as SQS takes it, which is as XML does, and how many characters it lost for that: in JSON each of them has an escape.
fn taken(text: &str) -> (Cow<'_, str>, usize) {
    let lost = text.chars().filter(|c| !is_taken(*c)).count();
    if lost == 0 {
        return (text.into(), 0);
    }
    // What JSON does not escape by itself of them can only be in its strings.
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return (text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff").into(), 0);
    }
    (text.chars().filter(|c| is_taken(*c)).collect::<String>().into(), lost)
}

/// Whether SQS takes a character (<https://www.w3.org/TR/REC-xml/#charsets>).
const fn is_taken(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

/// The group of a message, and why it is not the one that its template makes.
fn group(material: &Material<'_>) -> (String, Option<String>) {
    let hook = || material.facts().hook.id.to_owned();
    match material.rendered("group") {
        None => (hook(), None),
        Some(Ok(made)) => match made.trim() {
            "" => (hook(), None),
            made => (group_id(made), None),
        },
        Some(Err(failure)) => {
            (hook(), Some(format!("the hook's id is its group: the template of `group` failed, {failure}")))
        }
    }
}

/// What may be the id of a group: the word itself, or its digest where SQS would refuse it, so that no two become one.
fn group_id(word: &str) -> String {
    match word.len() <= MOST_GROUP_BYTES && word.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => word.to_owned(),
        false => hex::encode(Sha256::digest(word)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::envelope::MOST_BYTES;
    use super::*;
    use crate::action::tests::{assert_refused, head, rendered, stored};
    use crate::action::{Action, ActionSpec};

    const STANDARD: &str = "arn:aws:sqs:eu-central-1:111122223333:orders_1";
    const ORDERED: &str = "arn:aws:sqs:eu-central-1:111122223333:orders-1.fifo";

    /// An action for a FIFO queue with a field.
    fn with(field: &str, value: Value) -> Value {
        let mut action = json!({"kind": "sqs", "queue": ORDERED});
        action[field] = value;
        action
    }

    /// The message that an action makes of a payload, its lane, and what went wrong with its templates.
    fn made(action: &Value, payload: Value) -> Result<(Message, Lane, String), String> {
        let rendered = rendered(&stored(action), &head(&[], false), payload)?;
        let Payload::Sqs(message) = rendered.payload else { panic!("it is a message") };
        Ok((message, rendered.lane, rendered.trouble.unwrap_or_default()))
    }

    #[test]
    fn every_wrong_field_is_named() {
        let arn = |name: &str| json!(format!("arn:aws:sqs:eu-central-1:111122223333:{name}"));
        assert_refused(
            &[
                (json!({"kind": "sqs"}), "queue"),
                (with("queue", json!("canary")), "queue"),
                (with("queue", json!("https://sqs.eu-central-1.amazonaws.com/111122223333/canary")), "queue"),
                (with("queue", json!("arn:aws:sns:eu-central-1:111122223333:canary")), "queue"),
                (with("queue", json!("arn:aws:sqs:canary.example.com:111122223333:a")), "queue"),
                (with("queue", arn("canary*")), "queue"),
                (with("queue", arn("canary.other")), "queue"),
                (with("queue", arn("canary/a")), "queue"),
                (with("queue", arn("canary:a")), "queue"),
                (with("queue", arn(".fifo")), "queue"),
                (with("queue", arn(&"a".repeat(81))), "queue"),
                (with("queue", arn(&format!("{}.fifo", "a".repeat(76)))), "queue"),
                (with("body", json!("{{ payload")), "body"),
                (with("body", json!(["canary"])), "body"),
                (with("group", json!("{{ payload")), "group"),
                (json!({"kind": "sqs", "queue": STANDARD, "group": "canary"}), "group"),
                (with("url", json!("canary")), "url"),
            ],
            "canary",
        );
        stored(&with("queue", arn(&format!("{}.fifo", "a".repeat(75)))));
    }

    #[test]
    fn what_was_written_comes_back() {
        for written in [
            json!({"kind": "sqs", "queue": ORDERED, "body": "{{ payload | tojson }}", "group": "{{ payload.x }}"}),
            json!({"kind": "sqs", "queue": STANDARD}),
        ] {
            let action = stored(&written);
            assert_eq!(serde_json::to_value(ActionSpec::of(&action)).unwrap(), written);
            assert_eq!(serde_json::from_str::<Action>(&serde_json::to_string(&action).unwrap()).unwrap(), action);
            let queue = written["queue"].as_str().unwrap();
            assert_eq!((action.destination().as_str(), action.secrets().len()), (queue, 0));
            assert_eq!(action.aws_target(), Some(("queue", queue)));
        }
    }

    #[test]
    fn a_queue_has_an_address_of_its_region_and_account() {
        let of = |arn: &str| url(&Arn::parse(arn).unwrap());
        assert_eq!(of(ORDERED), "https://sqs.eu-central-1.amazonaws.com/111122223333/orders-1.fifo");
        let chinese = "arn:aws-cn:sqs:cn-north-1:444455556666:a";
        assert_eq!(of(chinese), "https://sqs.cn-north-1.amazonaws.com.cn/444455556666/a");
    }

    #[test]
    fn a_message_is_the_event_or_what_is_written_out() {
        let (message, lane, trouble) = made(&json!({"kind": "sqs", "queue": STANDARD}), json!({"a": "ü"})).unwrap();
        let event: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!((&event["type"], &event["payload"]), (&json!("push"), &json!({"a": "ü"})));
        assert_eq!((message.group, lane, trouble.as_str()), (None, Lane::Parallel, ""));
        let (message, lane, _) = made(&with("body", json!("<b>{{ payload.x }}</b>")), json!({"x": "a&b"})).unwrap();
        assert_eq!((message.body.as_str(), message.group.as_deref()), ("<b>a&b</b>", Some("hk_1")));
        assert_eq!((message.queue.as_str(), lane), (ORDERED, Lane::Ordered));
    }

    #[test]
    fn a_group_is_what_sqs_takes_and_no_two_become_one() {
        let action = with("group", json!(" {{ payload.x }}\n"));
        let of = |x: &str| made(&action, json!({ "x": x })).unwrap().0.group.unwrap();
        for (x, group) in [("refs/heads/main", "refs/heads/main"), ("!~", "!~"), ("", "hk_1"), (" \n", "hk_1")] {
            assert_eq!(of(x), group);
        }
        assert_eq!(of(&"x".repeat(128)).len(), 128);
        let odd =
            [of("two words"), of("two  words"), of("ü"), of("a\u{1}"), of(&"x".repeat(129)), of(&"x".repeat(130))];
        let different: std::collections::BTreeSet<_> = odd.iter().collect();
        assert!(odd.iter().all(|group| group.len() == 64) && different.len() == odd.len(), "{odd:?}");
        let action = with("group", json!("{{ 1 // payload.zero }}"));
        let (message, _, trouble) = made(&action, json!({"zero": 0})).unwrap();
        assert_eq!(message.group.as_deref(), Some("hk_1"));
        assert!(trouble.contains("`group`"), "{trouble}");
    }

    #[test]
    fn what_sqs_does_not_take_is_escaped_in_json_and_left_out_of_texts() {
        let odd: String =
            ('\0'..='\u{20}').chain("\u{7f}\u{fffd}\u{fffe}\u{ffff}\u{10000}\u{10ffff}".chars()).collect();
        let body = |template: Option<&str>| {
            let action = template.map_or(json!({"kind": "sqs", "queue": STANDARD}), |body| with("body", json!(body)));
            let (message, _, trouble) = made(&action, json!({ "x": odd })).unwrap();
            assert!(message.body.chars().all(is_taken), "{:?}", message.body);
            (message.body, trouble)
        };
        let (whole, trouble) = body(None);
        let whole: Value = serde_json::from_str(&whole).unwrap();
        assert_eq!((&whole["payload"]["x"], trouble.as_str()), (&json!(odd), ""));
        let (written, trouble) = body(Some("[{{ payload.x | tojson }}]"));
        assert_eq!((serde_json::from_str::<Value>(&written).unwrap(), trouble.as_str()), (json!([odd]), ""));
        let (text, trouble) = body(Some("{{ payload.x }}"));
        assert_eq!(text, "\t\n\r \u{7f}\u{fffd}\u{10000}\u{10ffff}");
        assert!(trouble.contains("`body`") && trouble.contains("without 31 characters"), "{trouble}");
    }

    #[test]
    fn what_no_queue_takes_is_refused_before_it_goes_there() {
        for (template, x, said) in [
            ("{{ payload.x }}", "", "empty"),
            ("{{ payload.x }}", "\u{1}\u{ffff}", "empty"),
            ("{{ 1 // payload.zero }}", "canary", "failed"),
        ] {
            let error = made(&with("body", json!(template)), json!({ "x": x, "zero": 0 })).unwrap_err();
            assert!(error.contains(said) && error.contains("`body`") && !error.contains("canary"), "{error}");
        }
        let action = with("body", json!("{{ payload.x }}"));
        assert_eq!(made(&action, json!({"x": "x".repeat(MOST_BYTES)})).unwrap().0.body.len(), MOST_BYTES);
        for (template, x) in [
            ("{{ payload.x }}", "x".repeat(MOST_BYTES + 1)),
            // An escape is longer than what it stands for.
            ("{{ payload.x | tojson }}", "\u{ffff}".repeat(MOST_BYTES / 6 + 1)),
        ] {
            let error = made(&with("body", json!(template)), json!({ "x": x })).unwrap_err();
            assert!(error.contains("262144") && error.contains("`body`"), "{error}");
        }
    }
}
