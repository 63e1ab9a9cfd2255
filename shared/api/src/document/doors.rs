//! The doors in the document, made of the endpoints that requests are matched by: what is not said of one does not build.

use std::collections::BTreeSet;

use bellhop_core::door::Endpoint;
use bellhop_senders::sender::Sender;
use serde_json::{Map, Value, json};

use super::common::{ACCEPTED, content, refusal, schema};

/// The refusals of events.
const EVENT_REFUSED: [(u16, &str); 9] = [
    (400, "The body broke off, or is not what the sender sends"),
    (401, "The proof is missing, doubled, wrong or too old"),
    (403, "The address is not allowed, or every hook of the path is disabled"),
    (404, "No hook has this path"),
    (408, "The body took too long to arrive"),
    (413, "The body is over the hook's limit"),
    (415, "The body has a content-encoding"),
    (429, "More requests than the hook takes in a minute"),
    (503, "It could not be written down, or the sender's key could not be had; nothing was accepted"),
];

/// The refusals of handshakes.
const HANDSHAKE_REFUSED: [(u16, &str); 8] = [
    (400, "What the sender asks to have sent back is nothing that may be"),
    (401, "The proof is missing, doubled or wrong"),
    (403, "The address is not allowed, or every hook of the path is disabled"),
    (404, "No hook has this path"),
    (405, "The hook's sender shakes no hands this way; `Allow` says what is taken"),
    (413, "The body is over the hook's limit"),
    (415, "The body has a content-encoding"),
    (503, "The hooks could not be read"),
];

/// What is said of one endpoint besides what its methods do.
struct Words {
    /// What the names of its operations end in.
    name: &'static str,
    /// Where one rings there.
    ring: &'static str,
    /// What its parameter is.
    parameter: &'static str,
}

/// The paths with their operations.
pub(super) fn paths() -> Map<String, Value> {
    let item = |endpoint: Endpoint| {
        let operations = endpoint.methods().iter().map(|method| (method.to_lowercase(), operation(endpoint, method)));
        (path(endpoint), Value::Object(operations.collect()))
    };
    Endpoint::ALL.into_iter().map(item).collect()
}

/// An endpoint's path as the document writes it: `/webhook/{path}`.
pub(crate) fn path(endpoint: Endpoint) -> String {
    let (start, parameter) = endpoint.path();
    parameter.map_or_else(|| start.to_owned(), |name| format!("{start}{{{name}}}"))
}

/// What is said of an endpoint.
const fn words(endpoint: Endpoint) -> Words {
    const PATH: &str = "The path of the hook, or its id unless the path is a secret; it may hold slashes";
    const OLDER: &str = "Rings at a hook, under an older name.";
    let (name, ring, parameter) = match endpoint {
        Endpoint::Health => ("health", "Says that it is there.", ""),
        Endpoint::Root => ("_at_the_root", "Rings at the hook whose path is empty.", ""),
        Endpoint::Webhook => ("", "Rings at a hook.", PATH),
        Endpoint::Webhooks => ("_at_an_older_path", OLDER, PATH),
        Endpoint::Channel => ("_at_a_channel", OLDER, PATH),
    };
    Words { name, ring, parameter }
}

/// An operation: what a method does at an endpoint.
fn operation(endpoint: Endpoint, method: &str) -> Value {
    let words = words(endpoint);
    let mut operation = match (endpoint, method) {
        (Endpoint::Health, _) => health(&words),
        (_, "POST") => event(&words),
        (_, method) => handshake(&words, method),
    };
    operation["tags"] = json!(["doors"]);
    operation["security"] = json!([]);
    if let (_, Some(name)) = endpoint.path() {
        operation["parameters"] = json!([{
            "name": name, "in": "path", "required": true, "description": words.parameter, "schema": {"type": "string"},
        }]);
    }
    operation
}

/// The health check.
fn health(words: &Words) -> Value {
    let status = json!({
        "type": "object", "required": ["status"], "properties": {"status": {"type": "string", "const": "ok"}},
    });
    let there = json!({"description": "It is there", "content": content("application/json", &status)});
    json!({"operationId": words.name, "summary": words.ring, "responses": {"200": there}})
}

/// An event: one of Bellhop's own answers, or its sender's.
fn event(words: &Words) -> Value {
    let accepted = "It is written down, or it was a handshake";
    let accepted = json!({"description": accepted, "content": content("application/json", &schema(ACCEPTED))});
    let mut responses = refusals(&EVENT_REFUSED);
    for status in senders_own() {
        let description = "It is written down, and this is what its sender wants to hear";
        responses.insert(status.to_string(), json!({"description": description}));
    }
    responses.insert("200".to_owned(), accepted);
    json!({
        "operationId": format!("ring{}", words.name),
        "summary": words.ring,
        "description": "The sender proves itself as its hook's scheme wants. The answer comes once the event is written \
            down. Senders that want another answer than this one get theirs, with the event's id in `x-bellhop-event`.",
        "requestBody": {"description": "The event, as its sender sends it", "content": content("*/*", &json!({}))},
        "responses": responses,
    })
}

/// A handshake by this method.
fn handshake(words: &Words, method: &str) -> Value {
    let mut responses = refusals(&HANDSHAKE_REFUSED);
    let mut answer =
        json!({"description": "The answer that the sender waits for", "content": content("*/*", &json!({}))});
    if method == "HEAD" {
        answer = json!({"description": "The answer that the sender waits for, without a body"});
        for refusal in responses.values_mut().filter_map(Value::as_object_mut) {
            refusal.remove("content");
        }
    }
    responses.insert("200".to_owned(), answer);
    json!({
        "operationId": format!("greet{}_{}", words.name, method.to_lowercase()),
        "summary": format!("Shakes hands with a hook's sender by {method}."),
        "description": "Some senders ask whether an address is ours before they ring, or now and then. No event comes of it.",
        "responses": responses,
    })
}

/// Refusals by their status.
fn refusals(all: &[(u16, &str)]) -> Map<String, Value> {
    all.iter().map(|(status, description)| (status.to_string(), refusal(*status, description))).collect()
}

/// With what statuses besides 200 senders want an event to be answered.
fn senders_own() -> BTreeSet<u16> {
    let answers = Sender::all().iter().flat_map(|sender| sender.answers);
    answers.map(|answer| answer.status).filter(|status| *status != 200).collect()
}
