//! What is said of events by one process, and what may not be said at all.

use std::time::Duration;

use bellhop_tests::bot_api::Message;
use bellhop_tests::github::delivery_id;
use bellhop_tests::http::headers;
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, CHAT, OTHER_SECRET, World, assert_accepted, hook, shared_hook};

/// Calls the API with the admin token.
async fn call(world: &World, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let all = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}")), ("content-type", "application/json")]);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = world.http.send(method, &world.bellhop.at(path), &all, body).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn a_template_with_a_tag_that_telegram_does_not_know_is_not_saved() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    let made = |template: &str| {
        json!({"name": "tags", "path": "tags", "sender": "shared-secret", "secrets": [OTHER_SECRET],
            "actions": [{"kind": "telegram", "chat": "77", "template": template}]})
    };
    for (template, said) in [
        ("one<br>two", "`<br>`"),
        ("<p>{{ payload.x }}</p>", "`<p>`"),
        ("<b>{{ payload.x }}", "`<b>` is never closed"),
        ("<span>x</span>", "tg-spoiler"),
        ("{{ payload.x }} < 5", "`&lt;`"),
    ] {
        let (status, answer) = call(&world, Method::POST, "/api/hooks", &made(template)).await;
        let message = answer.to_string();
        assert!(matches!(status, 400 | 422), "{template}: {status} {answer}");
        assert!(
            message.contains("template") && message.contains("line 1") && message.contains(said),
            "{template}: {answer}"
        );
    }
    let (status, answer) = call(&world, Method::POST, "/api/hooks", &made("<b>{{ payload.x }}</b> &lt; 5")).await;
    assert_eq!(status, 201, "{answer}");
    world.finish();
}

#[tokio::test]
async fn a_release_is_told_once_and_three_times_to_who_asks() {
    let asks = "when = 'payload.action == \"released\"'";
    let hooks = hook("plain", "plain", "github", "GITHUB_WEBHOOK_SECRET", 1, "", "")
        + &hook("own", "own", "github", "GITHUB_WEBHOOK_SECRET", 2, "", "template = \"{{ payload.action }}\"")
        + &hook("asks", "asks", "github", "GITHUB_WEBHOOK_SECRET", 3, asks, "");
    let world = World::start(&hooks).await;
    for (action, number) in ["created", "published", "released"].iter().zip(0..) {
        let body = json!({"action": action, "release": {"tag_name": "v1", "draft": false, "prerelease": false},
            "repository": {"full_name": "acme/shop"}, "sender": {"login": "ann"}})
        .to_string();
        for (path, series) in [("plain", 1), ("own", 2), ("asks", 3)] {
            let answer = world
                .github(&format!("/webhook/{path}"), "release", &delivery_id(series, number), body.as_bytes())
                .await;
            assert_accepted(&answer);
        }
    }
    let texts = |messages: Vec<Message>| {
        messages
            .into_iter()
            .flat_map(|message| message.text.split("\n\n").map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let sentence = "acme/shop · ann published the release v1";
    assert_eq!(texts(world.messages_of(3, 1).await), [sentence]);
    assert_eq!(texts(world.messages_of(1, 1).await), [sentence]);
    let all = |messages: &[Message]| {
        let told = messages.iter().filter(|message| message.chat_id == 2);
        (told.map(|message| message.text.split("\n\n").count()).sum::<usize>() == 3).then_some(())
    };
    world.fake.wait_for("each of the three", Duration::from_secs(20), all).await;
    let (_, tasks) = call(&world, Method::GET, "/api/tasks?status=skipped", &Value::Null).await;
    let reasons =
        tasks["groups"]["skipped"].as_array().into_iter().flatten().filter_map(|task| task["reason"].as_str());
    assert_eq!(reasons.filter(|reason| reason.contains("`published`")).count(), 2, "{tasks}");
    world.finish();
}

#[tokio::test]
async fn what_looks_empty_shows_the_payload() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    assert_accepted(&world.shared("/webhook/s", "{\"message\": \"\u{200b}\", \"level\": \"high\"}").await);
    let text = world.messages_of(CHAT, 1).await.remove(0).text;
    assert!(text.contains("\"level\": \"high\"") && !text.contains("too large"), "{text}");
    world.finish();
}
