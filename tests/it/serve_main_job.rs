//! The main job in one process: a webhook comes in, the right message comes out.

use std::collections::HashSet;
use std::time::Duration;

use bellhop_tests::bot_api::{FakeBotApi, Message, Mode};
use bellhop_tests::github::{self, delivery_id};
use bellhop_tests::http::headers;
use bellhop_tests::sign;
use http::Method;

use crate::kinds::Kinds;
use crate::world::{
    CHAT, GITHUB_SECRET, OTHER_SECRET, STANDARD_SECRET, World, assert_accepted, assert_refused, config, github_hook,
    hook, no_secret_in, setup, shared_hook,
};

#[tokio::test]
async fn a_signed_push_becomes_a_message() {
    let world = World::start(&github_hook("github", CHAT)).await;
    let push = github::examples()
        .into_iter()
        .find(|e| e.event == "push" && String::from_utf8_lossy(&e.body).contains("\"modified\""));
    let push = push.expect("there is a push with commits");
    let payload: serde_json::Value = serde_json::from_slice(&push.body).expect("a push is JSON");
    assert_accepted(&world.github("/webhook/github", "push", &delivery_id(1, 1), &push.body).await);
    let message = world.messages_of(CHAT, 1).await.remove(0);
    let text = &message.text;
    assert!(text.contains(payload["repository"]["full_name"].as_str().unwrap_or_default()), "{text}");
    let subject = payload["commits"][0]["message"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
    assert!(text.contains(subject), "the commit's subject {subject:?} is in {text}");
    assert!(!text.contains("</") && !text.contains("&amp;"), "no markup shows: {text}");
    world.finish();
}

#[tokio::test]
async fn a_ping_is_answered_and_told() {
    let world = World::start(&github_hook("github", CHAT)).await;
    let ping = github::example("ping", "");
    assert_accepted(&world.github("/webhook/github", "ping", &delivery_id(1, 1), &ping.body).await);
    let text = world.messages_of(CHAT, 1).await.remove(0).text;
    assert!(text.to_lowercase().contains("ping") || text.contains("zen") || text.contains("dilutes"), "{text}");
}

#[tokio::test]
async fn every_github_event_kind_becomes_a_readable_message() {
    let kinds = Kinds::load();
    let world = World::start(&kinds.hooks()).await;
    kinds.post(&world.bellhop.url).await;
    kinds.check(&world.fake, Duration::from_secs(30)).await;
}

#[tokio::test]
async fn all_examples_arrive_each_once() {
    let template = "template = \"[{{ event.type }} {{ headers['x-github-delivery'] }}]\"";
    let world = World::start(&hook("all", "all", "github", "GITHUB_WEBHOOK_SECRET", CHAT, "", template)).await;
    let examples = github::examples();
    assert!(examples.len() > 300, "{} examples", examples.len());
    let mut expected = HashSet::new();
    for (example, number) in examples.iter().zip(0..) {
        let id = delivery_id(2, number);
        // Some examples have one body, which would make copies of them: each has white space of its own.
        let space = format!("{number:010b}").replace('0', " ").replace('1', "\t");
        let body = [example.body.as_slice(), space.as_bytes()].concat();
        assert_accepted(&world.github("/webhook/all", &example.event, &id, &body).await);
        expected.insert(format!("[{} {id}]", example.event));
    }
    let texts =
        |messages: &[Message]| messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n\n");
    let done = |messages: &[Message]| (texts(messages).matches('[').count() >= expected.len()).then_some(());
    world.fake.wait_for("text of every example", Duration::from_secs(40), done).await;
    let seen = texts(&world.fake.messages());
    for text in &expected {
        assert_eq!(seen.matches(text.as_str()).count(), 1, "{text}");
    }
    world.finish();
}

#[tokio::test]
async fn standard_webhooks_are_taken_once() {
    let world = World::start(&hook("std", "std", "standard-webhooks", "STANDARD_SECRET", CHAT, "", "")).await;
    let body = br#"{"type":"invoice.paid","data":{"number":"INV-7"}}"#;
    for _ in 0..3 {
        let signed = sign::standard_webhooks(STANDARD_SECRET, "msg_1", sign::now(), body);
        let answer = world.http.post(&world.bellhop.at("/webhook/std"), &signed, body.to_vec()).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }
    let text = world.messages_of(CHAT, 1).await.remove(0).text;
    assert!(text.contains("INV-7") || text.contains("invoice.paid"), "{text}");
    for (age, status) in [(-290, 200), (290, 200), (-310, 401), (310, 401)] {
        let signed = sign::standard_webhooks(STANDARD_SECRET, &format!("msg_{age}"), sign::now() + age, body);
        let answer = world.http.post(&world.bellhop.at("/webhook/std"), &signed, body.to_vec()).await;
        assert_eq!(answer.status.as_u16(), status, "age {age}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_generic_door_takes_a_message_or_any_payload() {
    let world = World::start(&(shared_hook("", CHAT) + &shared_hook("pretty", 5))).await;
    world.say("/webhook", "Disk usage <90%> & rising").await;
    assert_eq!(world.messages_of(CHAT, 1).await[0].text, "Disk usage <90%> & rising");
    assert_accepted(&world.shared("/webhook/pretty", r#"{"service":"db","levels":[1,2],"note":"a<b"}"#).await);
    let text = world.messages_of(5, 1).await.remove(0).text;
    for part in ["\"service\": \"db\"", "\"note\": \"a<b\"", "\"levels\": ["] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test]
async fn every_way_in_leads_to_the_same_door() {
    let world = World::start(&(shared_hook("deploys", CHAT) + &shared_hook("a/b", 6))).await;
    for (path, text) in
        [("/webhook/deploys", "one"), ("/api/webhooks/deploys", "two"), ("/api/webhook/deploys", "three")]
    {
        world.say(path, text).await;
        world.fake.wait_for_text(text).await;
    }
    for (path, text) in [("/webhook/a/b", "four"), ("/api/webhooks/a/b", "five")] {
        world.say(path, text).await;
        assert_eq!(world.fake.wait_for_text(text).await.chat_id, 6);
    }
    let health = world.http.get(&world.bellhop.at("/health")).await;
    assert_eq!((health.status.as_u16(), health.text().as_str()), (200, r#"{"status":"ok"}"#));
}

#[tokio::test]
async fn unsigned_hooks_stand_behind_a_capability_or_an_address() {
    let capability = "k7Qp2ZxN9vLw4TsB8dRfYh";
    let hooks = hook("open", capability, "none", "", CHAT, "", "")
        + &hook("near", "near", "none", "", 5, "allowed_ips = [\"127.0.0.0/8\"]", "")
        + &hook("far", "far", "none", "", 6, "allowed_ips = [\"10.0.0.0/8\", \"2001:db8::/32\"]", "");
    let world = World::start(&hooks).await;
    let post = async |path: &str| world.http.post(&world.bellhop.at(path), &[], r#"{"message":"hi"}"#).await;
    assert_accepted(&post(&format!("/webhook/{capability}")).await);
    assert_accepted(&post("/webhook/near").await);
    assert_refused(&post("/webhook/far").await, 403);
    world.messages_of(CHAT, 1).await;
    world.messages_of(5, 1).await;
    assert!(world.fake.messages_of(6).is_empty());
}

#[tokio::test]
async fn filters_decide_after_acceptance() {
    let hooks =
        hook("only", "f", "github", "GITHUB_WEBHOOK_SECRET", CHAT, "events = [\"issues\", \"pull_request\"]", "")
            + &hook("when", "w", "github", "GITHUB_WEBHOOK_SECRET", 5, "when = 'payload.action == \"opened\"'", "");
    let world = World::start(&hooks).await;
    for (path, event, action) in [
        ("/webhook/f", "push", ""),
        ("/webhook/f", "issues", "deleted"),
        ("/webhook/w", "issues", "deleted"),
        ("/webhook/w", "push", ""),
        ("/webhook/w", "issues", "opened"),
    ] {
        let example = github::example(event, action);
        let id = format!("{path} {event} {action}");
        assert_accepted(&world.github(path, event, &id, &example.body).await);
    }
    world.messages_of(CHAT, 1).await;
    world.messages_of(5, 1).await;
}

#[tokio::test]
async fn templates_are_escaped_and_missing_fields_are_empty() {
    let template = r#"template = "<b>{{ payload.title }}</b>{{ payload.no.such.field }} via <i>{{ hook.name }}</i> {{ webhook.body.n }} {{ webhook.path }}""#;
    let world = World::start(&hook("t", "t", "shared-secret", "SHARED_SECRET", CHAT, "", template)).await;
    assert_accepted(&world.shared("/webhook/t", r#"{"title":"<script> & \"co\"", "n": 7}"#).await);
    let message = world.messages_of(CHAT, 1).await.remove(0);
    assert!(message.text.starts_with("<script> & \"co\" via t 7"), "{}", message.text);
    assert_eq!(message.entities.iter().map(|entity| entity.kind).collect::<Vec<_>>(), ["bold", "italic"]);
}

#[tokio::test]
async fn hooks_may_share_a_path_and_secrets_may_rotate() {
    let both = "secrets = [\"env:OTHER_SECRET\", \"env:GITHUB_WEBHOOK_SECRET\"]";
    let hooks = github_hook("shared", CHAT)
        + &hook("second", "shared", "github", "GITHUB_WEBHOOK_SECRET", 5, "", "")
        + &hook("stranger", "shared", "github", "OTHER_SECRET", 6, "", "")
        + &hook("rotating", "rotating", "github", "", 7, both, "");
    let world = World::start(&hooks).await;
    let body = &github::example("star", "created").body;
    assert_accepted(&world.github("/webhook/shared", "star", "d-1", body).await);
    world.messages_of(CHAT, 1).await;
    world.messages_of(5, 1).await;
    for (secret, delivery) in [(GITHUB_SECRET, "d-2"), (OTHER_SECRET, "d-3")] {
        let signed = github::headers(secret, "star", delivery, body);
        assert_accepted(&world.http.post(&world.bellhop.at("/webhook/rotating"), &signed, body.clone()).await);
    }
    let count = |messages: &[Message]| (messages.iter().any(|m| m.chat_id == 7)).then_some(());
    world.fake.wait_for("message from the rotating hook", Duration::from_secs(20), count).await;
    assert!(world.fake.messages_of(6).is_empty(), "a hook with another secret sees nothing");
}

#[tokio::test]
async fn one_delivery_has_one_effect() {
    let world = World::start(&github_hook("github", CHAT)).await;
    let body = github::example("release", "published").body;
    let signed = github::headers(GITHUB_SECRET, "release", &delivery_id(3, 1), &body);
    let posts = (0..50).map(|_| {
        let (http, url, signed, body) =
            (world.http.clone(), world.bellhop.at("/webhook/github"), signed.clone(), body.clone());
        tokio::spawn(async move { http.post(&url, &signed, body).await })
    });
    for post in posts.collect::<Vec<_>>() {
        let answer = post.await.expect("a post does not panic");
        let status = answer.json()["status"].as_str().unwrap_or_default().to_owned();
        assert!(
            answer.status.as_u16() == 200 && ["accepted", "duplicate"].contains(&status.as_str()),
            "{}",
            answer.text()
        );
    }
    world.messages_of(CHAT, 1).await;
    assert_eq!(world.github("/webhook/github", "release", &delivery_id(3, 1), &body).await.status.as_u16(), 200);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    world.messages_of(CHAT, 1).await;
}

#[tokio::test]
async fn what_was_accepted_outlives_a_restart() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    world.fake.set_mode(Mode::Refused);
    world.say("/webhook/s", "kept over night").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let World { fake, setup, bellhop, .. } = world;
    let (status, output) = bellhop.terminate(Duration::from_secs(10));
    assert!(status.is_some_and(|status| status.success()), "{status:?} {output}");
    fake.set_mode(Mode::Up);
    let again = setup.start();
    fake.wait_for_text("kept over night").await;
    assert!(again.ready_after < Duration::from_secs(2), "{:?}", again.ready_after);
    no_secret_in(&output);
}

#[tokio::test]
async fn without_a_token_messages_are_printed() {
    let fake = FakeBotApi::start().await;
    let setup = setup(&config(&fake.url(), &shared_hook("s", CHAT))).without_env("TELEGRAM_BOT_TOKEN");
    let bellhop = setup.start();
    let signed = headers(&[("x-webhook-secret", crate::world::SHARED_SECRET)]);
    let http = bellhop_tests::http::Http::new();
    assert_accepted(&http.post(&bellhop.at("/webhook/s"), &signed, r#"{"message":"shown <here> & now"}"#).await);
    let line = bellhop.wait_for_output("shown <here> & now", Duration::from_secs(5));
    assert!(line.is_some(), "as it would look: {}", bellhop.output());
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn other_methods_are_handshakes_only() {
    let world = World::start(&github_hook("github", CHAT)).await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let body = b"{}".as_slice();
        let signed = github::headers(GITHUB_SECRET, "push", "d-1", body);
        let answer = world.http.send(method.clone(), &world.bellhop.at("/webhook/github"), &signed, body).await;
        assert!(answer.status.is_client_error(), "{method}: {}", answer.status);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(world.fake.messages().is_empty());
}
