//! What is a copy, through the deployed stack.

use std::time::Duration;

use bellhop_tests::bot_api::{FakeBotApi, Message};
use bellhop_tests::github::{self, delivery_id};
use bellhop_tests::http::{Http, headers};
use bellhop_tests::sign;
use serde_json::Value;

use crate::world::{GITHUB_SECRET, STANDARD_SECRET, assert_accepted};

/// Where a stack is: its address, its admin token, and the paths of a GitHub hook and of a Standard Webhooks hook.
pub(crate) struct Doors<'a> {
    pub(crate) url: &'a str,
    pub(crate) admin_token: &'a str,
    pub(crate) github: &'a str,
    pub(crate) standard: &'a str,
}

/// An id is no delivery by itself, a captured request under another id does nothing, and both are seen.
pub(crate) async fn content_counts_and_copies_are_seen(http: &Http, fake: &FakeBotApi, doors: Doors<'_>) {
    let post = async |path: &str, headers: &[(String, String)], body: &[u8]| {
        assert_accepted(&http.post(&format!("{}{path}", doors.url), headers, body.to_vec()).await)
    };
    let body = |number: &str| format!(r#"{{"type":"copy.{number}","data":{{"number":"{number}"}}}}"#).into_bytes();
    for number in ["one", "two", "two"] {
        let signed = sign::standard_webhooks(STANDARD_SECRET, "msg_shared", sign::now(), &body(number));
        post(doors.standard, &signed, &body(number)).await;
    }
    let ping = br#"{"zen":"captured once","hook_id":77}"#;
    let mut ids = Vec::new();
    for number in [1, 2] {
        let signed = github::headers(GITHUB_SECRET, "ping", &delivery_id(77, number), ping);
        ids.push(post(doors.github, &signed, ping).await);
    }
    for text in ["copy.one", "copy.two"] {
        let found = |messages: &[Message]| messages.iter().any(|message| message.text.contains(text)).then_some(());
        fake.wait_for(&format!("message with {text:?}"), Duration::from_secs(60), found).await;
    }
    let authorization = format!("Bearer {}", doors.admin_token);
    let bearer = headers(&[("authorization", &authorization)]);
    let (path, mut copies) = (format!("{}/api/events?status=duplicate&sender=github", doors.url), Vec::new());
    for _ in 0..120 {
        let list = http.send(http::Method::GET, &path, &bearer, "").await.json();
        copies = list["items"].as_array().cloned().unwrap_or_default();
        copies.retain(|event| ids.iter().any(|id| event["id"] == id.as_str()));
        if !copies.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let [copy] = copies.as_slice() else { panic!("one of {ids:?} is a copy: {copies:?}") };
    let first = if copy["id"] == ids[0].as_str() { &ids[1] } else { &ids[0] };
    assert_eq!((copy["status"].as_str(), copy["duplicate_of"].as_str()), (Some("duplicate"), Some(first.as_str())));
    assert_eq!((copy["cause"].as_str(), &copy["tasks"]), (Some("same content"), &Value::Array(Vec::new())));
    let shown = fake.messages().iter().filter(|message| message.text.contains("copy.two")).count();
    assert_eq!(shown, 1, "what came again was not told again");
}
