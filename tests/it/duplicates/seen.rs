//! Copies as people see them: in the list, one by one, in the metrics and on the command line; and what hooks may say.

use std::process::Command;
use std::time::Duration;

use bellhop_tests::bot_api::Message;
use bellhop_tests::build;
use bellhop_tests::github::{self, delivery_id};
use bellhop_tests::http::headers;
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, GITHUB_SECRET, SHARED_SECRET, World, assert_accepted, github_hook, hook};

/// Calls the API.
async fn call(world: &World, method: Method, path: &str, body: Value) -> (u16, Value) {
    let authorization = format!("Bearer {ADMIN_TOKEN}");
    let bearer = headers(&[("authorization", &authorization), ("content-type", "application/json")]);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = world.http.send(method, &world.bellhop.at(path), &bearer, body).await;
    (answer.status.as_u16(), answer.json())
}

/// Waits until so many copies are listed.
async fn copies(world: &World, count: usize) -> Vec<Value> {
    let mut items = Vec::new();
    for _ in 0..200 {
        let (_, list) = call(world, Method::GET, "/api/events?status=duplicate", Value::Null).await;
        items = list["items"].as_array().cloned().unwrap_or_default();
        if items.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(items.len(), count, "{items:#?}");
    items
}

/// What a command prints.
async fn printed(world: &World, arguments: &[&str]) -> String {
    let mut command = Command::new(build::bellhop());
    command.args(arguments).env("BELLHOP_URL", &world.bellhop.url).env("BELLHOP_ADMIN_TOKEN", ADMIN_TOKEN);
    let output = tokio::task::spawn_blocking(move || command.output().expect("bellhop runs")).await.expect("it ends");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

#[tokio::test]
async fn a_captured_request_under_another_id_does_nothing_and_is_seen() {
    let hooks =
        github_hook("gh", 1) + &hook("all", "gh", "github", "GITHUB_WEBHOOK_SECRET", 2, "deduplicate = \"off\"", "");
    let world = World::start(&(github_hook("one", 3) + &hooks)).await;
    let push = br#"{"ref":"refs/heads/main","repository":{"full_name":"octo/captured"},"commits":[]}"#;
    let post = async |path: &str, number| {
        let signed = github::headers(GITHUB_SECRET, "push", &delivery_id(31, number), push);
        assert_accepted(&world.http.post(&world.bellhop.at(path), &signed, push.to_vec()).await)
    };
    let first = post("/webhook/one", 1).await;
    assert_eq!(world.messages_of(3, 1).await.len(), 1);
    let copy = post("/webhook/one", 2).await;
    let listed = copies(&world, 1).await;
    let fields = |event: &Value| {
        ["id", "status", "duplicate_of", "cause"].map(|name| event[name].as_str().unwrap_or_default().to_owned())
    };
    let expected = [copy.as_str(), "duplicate", first.as_str(), "same content"];
    assert_eq!(fields(&listed[0]), expected);
    let (_, whole) = call(&world, Method::GET, &format!("/api/events/{copy}"), Value::Null).await;
    assert_eq!(fields(&whole), expected);
    assert_eq!((&whole["tasks"], whole["body"].as_str()), (&json!([]), std::str::from_utf8(push).ok()));
    assert_eq!(whole["hooks"][0]["duplicate_of"], first.as_str());
    let (_, original) = call(&world, Method::GET, &format!("/api/events/{first}"), Value::Null).await;
    assert_eq!(fields(&original)[1..], ["accepted", "", ""]);

    let list = printed(&world, &["events", "--status", "duplicate"]).await;
    assert!(list.contains(&copy) && list.contains(&format!("duplicate of {first}: same content")), "{list}");
    let one = printed(&world, &["events", &copy]).await;
    assert!(one.contains(&format!("a duplicate of {first} there: same content")), "{one}");

    // At a path of two hooks it is a copy for one of them.
    post("/webhook/gh", 3).await;
    // What waits for its chat together would be told in one message.
    world.messages_of(2, 1).await;
    let partly = post("/webhook/gh", 4).await;
    assert_eq!(world.messages_of(2, 2).await.len(), 2);
    assert_eq!(world.messages_of(1, 1).await.len(), 1);
    let partly =
        copies(&world, 2).await.into_iter().find(|event| event["id"] == partly.as_str()).expect("it is listed");
    assert_eq!(fields(&partly)[1..], ["accepted", "", ""]);
    let at_hooks = partly["hooks"].as_array().into_iter().flatten();
    assert_eq!(at_hooks.filter(|hook| hook["cause"] == "same content").count(), 1, "{partly}");
    assert_eq!(partly["tasks"].as_array().map(Vec::len), Some(1));

    let (status, _) = call(&world, Method::POST, &format!("/api/events/{copy}/replay"), json!({})).await;
    assert_eq!(status, 202);
    assert_eq!(world.messages_of(3, 2).await.len(), 2, "asked for, it is told");
    let authorization = format!("Bearer {ADMIN_TOKEN}");
    let metrics = world
        .http
        .send(Method::GET, &world.bellhop.at("/metrics"), &headers(&[("authorization", &authorization)]), "")
        .await;
    assert!(metrics.text().contains("bellhop_duplicates_total 2\n"), "{}", metrics.text());
    world.finish();
}

#[tokio::test]
async fn a_hook_says_what_makes_a_copy() {
    let of = |name: &str, chat, own: &str| hook(name, name, "shared-secret", "SHARED_SECRET", chat, own, "");
    let world = World::start(
        &(of("row", 1, "")
            + &of("id", 2, "deduplicate = \"id\"")
            + &of("content", 3, "deduplicate = \"content\"")
            + &of("off", 4, "deduplicate = \"off\"")),
    )
    .await;
    for (path, chat, expected) in [("row", 1, 3), ("id", 2, 2), ("content", 3, 2), ("off", 4, 4)] {
        for (id, text) in [("a", "one"), ("a", "two"), ("b", "one"), ("a", "one")] {
            let signed = headers(&[
                ("x-webhook-secret", SHARED_SECRET),
                ("idempotency-key", id),
                ("content-type", "application/json"),
            ]);
            let body = json!({"message": format!("{path} {text}")}).to_string();
            assert_accepted(&world.http.post(&world.bellhop.at(&format!("/webhook/{path}")), &signed, body).await);
        }
        // What waits for its chat together is told in one message.
        let lines = |messages: &[Message]| {
            let of_chat = messages.iter().filter(|message| message.chat_id == chat);
            of_chat.flat_map(|message| message.text.split("\n\n")).count()
        };
        let enough = |messages: &[Message]| (lines(messages) >= expected).then_some(());
        world.fake.wait_for(&format!("{expected} of {path}"), Duration::from_secs(20), enough).await;
        assert_eq!(lines(&world.fake.messages()), expected, "{path}");
    }

    let new = |sender: &str, own: &str| {
        json!({"name": format!("{sender}-{own}"), "sender": sender, "secrets": ["canary-of-no-consequence"], "deduplicate": own,
            "actions": [{"kind": "telegram", "chat": "9"}]})
    };
    let (status, made) = call(&world, Method::POST, "/api/hooks", new("paystack", "content")).await;
    assert_eq!((status, made["deduplicate"].as_str()), (201, Some("content")), "{made}");
    let path = format!("/api/hooks/{}", made["id"].as_str().unwrap_or_default());
    for (patch, status, shown) in [
        (json!({"deduplicate": "off"}), 200, json!("off")),
        (json!({"deduplicate": null}), 200, Value::Null),
        (json!({"deduplicate": "id"}), 422, Value::Null),
        (json!({"deduplicate": "body"}), 422, Value::Null),
    ] {
        let (found, answer) = call(&world, Method::PATCH, &path, patch.clone()).await;
        assert_eq!(found, status, "{patch}: {answer}");
        assert_eq!(call(&world, Method::GET, &path, Value::Null).await.1["deduplicate"], shown, "{patch}");
    }
    let (_, refused) = call(&world, Method::PATCH, &path, json!({"deduplicate": "id"})).await;
    let message = refused["error"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("deduplicate: the sender `paystack` sends no delivery id"), "{message}");
    world.finish();
}
