//! Real GitHub webhook bodies: the examples of the npm package `@octokit/webhooks-examples`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{http, npm, sign};

/// One recorded webhook.
#[derive(Debug, Clone)]
pub struct Example {
    /// The value of `X-GitHub-Event`.
    pub event: String,
    /// The body's `action`, where it has one.
    pub action: Option<String>,
    /// The body, byte for byte as it is posted.
    pub body: Vec<u8>,
}

impl Example {
    /// The headers of a signed delivery.
    pub fn headers(&self, secret: &str, delivery: &str) -> Vec<(String, String)> {
        headers(secret, &self.event, delivery, &self.body)
    }
}

/// The headers GitHub sends with a delivery of `body`.
pub fn headers(secret: &str, event: &str, delivery: &str, body: &[u8]) -> Vec<(String, String)> {
    http::headers(&[
        ("content-type", "application/json"),
        ("user-agent", "GitHub-Hookshot/044aadd"),
        ("x-github-delivery", delivery),
        ("x-github-event", event),
        ("x-github-hook-id", "292430182"),
        ("x-hub-signature-256", &sign::github(secret, body)),
    ])
}

/// A delivery id in GitHub's form, different for each pair of numbers.
pub fn delivery_id(series: u32, number: u32) -> String {
    format!("{series:08x}-7e21-11ee-8c90-{number:012x}")
}

/// Every example of every event kind, installing the package when it is not there yet.
pub fn examples() -> Vec<Example> {
    #[derive(Deserialize)]
    struct Kind {
        name: String,
        examples: Vec<Box<RawValue>>,
    }
    #[derive(Deserialize)]
    struct Action {
        action: Option<String>,
    }
    let index = std::fs::read(npm::packages().join("@octokit/webhooks-examples/api.github.com/index.json"))
        .expect("the examples are readable");
    let kinds: Vec<Kind> = serde_json::from_slice(&index).expect("the examples are JSON");
    let of_kind = |kind: Kind| {
        let event = kind.name;
        kind.examples.into_iter().map(move |example| {
            let action = serde_json::from_str::<Action>(example.get()).ok().and_then(|found| found.action);
            Example { event: event.clone(), action, body: example.get().as_bytes().to_vec() }
        })
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

/// One example of each event kind.
pub fn one_of_each_kind() -> Vec<Example> {
    let mut examples = examples();
    examples.dedup_by(|next, first| next.event == first.event);
    examples
}

/// The first example of `event` whose action is `action`, or any where that is empty.
pub fn example(event: &str, action: &str) -> Example {
    let wanted =
        |example: &Example| example.event == event && (action.is_empty() || example.action.as_deref() == Some(action));
    examples().into_iter().find(wanted).expect("the package has such an example")
}
