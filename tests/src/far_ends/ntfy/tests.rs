use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{Access, FakeNtfy, MESSAGE_LIMIT, TOKEN};
use crate::far_ends::Turn;
use crate::http::{Answer, Http, headers};

/// A message as JSON.
async fn post(ntfy: &FakeNtfy, body: &Value) -> Answer {
    Http::new().post(&ntfy.url(""), &headers(&[("content-type", "application/json")]), body.to_string()).await
}

/// A message to a topic.
async fn put(ntfy: &FakeNtfy, target: &str, given: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    Http::new().send(Method::PUT, &ntfy.url(target), &headers(given), body).await
}

/// Checks that an answer refuses, in the server's own shape.
fn refuses(answer: &Answer, code: u64, what: &str) {
    let told = answer.json();
    assert_eq!(told["code"], code, "{what}: {told}");
    assert_eq!(
        (answer.status.as_u16(), told["http"].as_u64()),
        (u16::try_from(code / 100).unwrap_or(0), Some(code / 100))
    );
    assert!(told["error"].is_string(), "{told}");
}

#[tokio::test]
async fn json_and_headers_say_the_same() {
    let ntfy = FakeNtfy::start().await;
    let action = json!({"action": "view", "label": "Open", "url": "https://a.example/x"});
    let body = json!({"topic": "alerts", "title": "grüß 🛎", "message": "down\nagain", "priority": 5,
        "tags": ["warning", "skull"], "click": "https://a.example/", "actions": [action], "markdown": true});
    let shown = post(&ntfy, &body).await.json();
    let plain = [
        ("title", "grüß 🛎"),
        ("priority", "urgent"),
        ("tags", "warning, skull"),
        ("click", "https://a.example/"),
        ("actions", "view, Open, https://a.example/x"),
        ("markdown", "yes"),
    ];
    assert_eq!(put(&ntfy, "alerts", &plain, "down\nagain").await.status, 200);
    let coded = [("x-title", "=?UTF-8?B?Z3LDvMOfIPCfm44=?="), ("content-type", "text/markdown"), ("p", "5")];
    let query = "alerts?tags=warning,skull&click=https://a.example/&actions=view,Open,https://a.example/x";
    assert_eq!(put(&ntfy, query, &coded, "down\nagain").await.status, 200);
    let seen = ntfy.messages();
    assert_eq!((seen.len(), &seen[0].said, &seen[1].said), (3, &seen[1].said, &seen[2].said));
    assert_eq!((&shown["event"], &shown["id"], &shown["priority"]), (&json!("message"), &json!(seen[0].id), &json!(5)));
    assert_eq!(shown["content_type"], "text/markdown");
    let least = post(&ntfy, &json!({"topic": "alerts"})).await.json();
    assert_eq!(
        (&least["message"], &least["priority"], &least["title"]),
        (&json!("triggered"), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn what_the_server_does_not_take_is_refused() {
    let ntfy = FakeNtfy::start().await;
    let view = json!({"action": "view", "label": "a", "url": "https://a.example"});
    for (body, code) in [
        (json!({"message": "a"}), 40009),
        (json!({"topic": "a b"}), 40009),
        (json!({"topic": "x".repeat(65)}), 40009),
        (json!({"topic": "docs"}), 40010),
        (json!({"topic": "a", "priority": 0}), 40007),
        (json!({"topic": "a", "priority": 6}), 40007),
        (json!({"topic": "a", "priority": "5"}), 40017),
        (json!({"topic": "a", "text": "b"}), 40017),
        (json!({"topic": "a", "tags": "b"}), 40017),
        (json!({"topic": "a", "tags": [1]}), 40017),
        (json!({"topic": "a", "click": "a.example"}), 40017),
        (json!({"topic": "a", "icon": "a.example"}), 40021),
        (json!({"topic": "a", "actions": [{"action": "view", "label": "a"}]}), 40018),
        (json!({"topic": "a", "actions": vec![view.clone(); 4]}), 40018),
        (json!({"topic": "a", "message": "x".repeat(MESSAGE_LIMIT + 1)}), 40014),
        (json!({"topic": "a", "message": "x".repeat(2 * MESSAGE_LIMIT)}), 41303),
        (json!(["a"]), 40017),
    ] {
        refuses(&post(&ntfy, &body).await, code, &body.to_string());
    }
    let long = "ü".repeat(MESSAGE_LIMIT / 2 + 1);
    for (target, given, body, code) in [
        ("a%20b", ("title", "a"), Bytes::from("b"), 40401),
        ("v1/health", ("title", "a"), Bytes::from("b"), 40401),
        ("static", ("title", "a"), Bytes::from("b"), 40010),
        ("a", ("priority", "loud"), Bytes::from("b"), 40007),
        ("a", ("priority", "0"), Bytes::from("b"), 40007),
        ("a", ("actions", "open, a"), Bytes::from("b"), 40018),
        ("a", ("click", "a.example"), Bytes::from("b"), 40017),
        ("a", ("icon", "data:a"), Bytes::from("b"), 40021),
        ("a", ("markdown", "perhaps"), Bytes::from("b"), 40017),
        ("", ("title", "a"), Bytes::from("{\"topic\": \"a\", \"title\": \"b\"}"), 40017),
        ("a", ("titel", "a"), Bytes::from("b"), 40017),
        ("a?colour=red", ("title", "a"), Bytes::from("b"), 40017),
        ("a?title=b", ("title", "a"), Bytes::from("b"), 40017),
        ("a", ("title", "=?UTF-8?B?8J+b?="), Bytes::from("b"), 40011),
        ("a", ("title", "a"), Bytes::from(long), 40014),
        ("a", ("title", "a"), Bytes::from_static(b"\xff"), 40014),
    ] {
        refuses(&put(&ntfy, target, &[given], body).await, code, &format!("{target}: {given:?}"));
    }
    refuses(&post(&ntfy, &json!("{")).await, 40017, "a text");
    refuses(&Http::new().post(&ntfy.url(""), &[], "{").await, 40024, "no JSON");
    refuses(&Http::new().get(&ntfy.url("a")).await, 40401, "GET");
    let raw = b"PUT /a HTTP/1.1\r\nhost: x\r\ntitle: ";
    let raw = [&raw[..], b"caf\xe9\r\ncontent-length: 1\r\nconnection: close\r\n\r\nb"].concat();
    let latin = crate::raw::exchange(&ntfy.at(""), &raw, Duration::from_secs(5)).await;
    assert_eq!((latin.status(), latin.body().contains("40011")), (Some(400), true), "{}", latin.answer);
    assert!(ntfy.messages().is_empty());
    let longest = json!({"topic": "a", "message": "x".repeat(MESSAGE_LIMIT)});
    assert_eq!(post(&ntfy, &longest).await.status, 200);
}

#[tokio::test]
async fn topics_have_readers_and_writers() {
    let ntfy = FakeNtfy::start().await;
    ntfy.set_access("staff", Access::Users);
    ntfy.set_access("news", Access::ReadOnly);
    let bearer = format!("Bearer {TOKEN}");
    let basic = "Basic ZGVzazpub3QgYSByZWFsIHBhc3M6d29yZA==";
    let of_token = "Basic OnRrX25vdGFyZWFsdG9rZW5vZmFueW9uZTAwMDAwMDA=";
    for (topic, authorization, code) in [
        ("open", "", 0),
        ("staff", "", 40301),
        ("staff", bearer.as_str(), 0),
        ("staff", basic, 0),
        ("staff", of_token, 0),
        ("news", &bearer, 40301),
        ("staff", "Bearer tk_another", 40101),
        ("open", "Bearer tk_another", 40101),
        ("open", TOKEN, 40101),
        ("open", "Basic eDp5", 40101),
        ("open", "Basic !", 40101),
    ] {
        let given = [("authorization", authorization)];
        let answer = put(&ntfy, topic, &given[usize::from(authorization.is_empty())..], "a").await;
        if code == 0 {
            assert_eq!(answer.status, 200, "{topic}, {authorization}: {}", answer.text());
        } else {
            refuses(&answer, code, authorization);
        }
    }
    let users: Vec<_> = ntfy.messages().into_iter().map(|message| message.user).collect();
    assert_eq!(users, [None, Some("desk".into()), Some("desk".into()), Some("desk".into())]);
}

#[tokio::test]
async fn requests_have_a_limit_when_it_is_switched_on() {
    let ntfy = FakeNtfy::start().await;
    ntfy.set_limit(Some((2, Duration::from_millis(500))));
    for code in [0, 0, 42901] {
        assert_eq!(put(&ntfy, "a", &[], "b").await.json()["code"].as_u64().unwrap_or_default(), code);
    }
    tokio::time::sleep(Duration::from_millis(550)).await;
    assert_eq!(put(&ntfy, "a", &[], "b").await.status, 200);
    ntfy.set_limit(None);
    ntfy.next([Turn::Answer(super::refusal(42908, ""))]);
    refuses(&put(&ntfy, "a", &[], "b").await, 42908, "a turn");
    assert_eq!(ntfy.messages().len(), 3);
}
