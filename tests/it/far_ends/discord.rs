//! The REST client of discord.js, and the codes of discord-api-types, against the fake.

use std::time::Duration;

use bellhop_tests::far_ends::Turn;
use bellhop_tests::far_ends::discord::{CHANNEL, CONTENT_LIMIT, FakeDiscord, TOKEN, WEBHOOK, Webhook, too_many};
use serde_json::{Value, json};

use super::ask;

/// A call of a webhook that does not try again.
fn call(discord: &FakeDiscord, method: &str, more: &Value, body: Value) -> Value {
    let mut call = json!({"via": "discord-rest", "api": discord.at("/api"), "webhook": WEBHOOK, "token": TOKEN,
        "method": method, "query": {}, "body": body, "patient": false});
    for (name, value) in more.as_object().into_iter().flatten() {
        call[name] = value.clone();
    }
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn its_client_is_answered_as_it_expects() {
    let discord = FakeDiscord::start_unlimited().await;
    let (forum, muted, thread) = ("1300000000000000101", "1300000000000000102", "1300000000000000201");
    discord.set_webhook(forum, Webhook::Forum);
    discord.set_webhook(muted, Webhook::Forbidden);
    discord.set_thread(thread, true);
    let wait = json!({"query": {"wait": "true"}});
    let loud = json!({"content": "red <@7>", "allowed_mentions": {"parse": ["users"]}, "embeds": [{"title": "t"}]});
    let posted = ask(vec![call(&discord, "post", &wait, loud)], false).await.remove(0);
    let id = posted["result"]["id"].as_str().unwrap_or_default();
    assert_eq!(
        (&posted["result"]["channel_id"], &posted["result"]["mentions"][0]["id"]),
        (&json!(CHANNEL), &json!("7")),
        "{posted}"
    );
    let none = json!({});
    let a = json!({"content": "a"});
    let cases = [
        ("post", none.clone(), a.clone(), 204, 0),
        ("patch", json!({"message": id}), json!({"content": "green", "allowed_mentions": {"parse": []}}), 200, 0),
        ("patch", json!({"message": "1300000000000009999"}), a.clone(), 404, 10008),
        ("post", none.clone(), json!({"content": "x".repeat(CONTENT_LIMIT + 1)}), 400, 50035),
        ("post", none.clone(), json!({"embeds": [{"title": "a", "fields": [{"name": "a"}]}]}), 400, 50035),
        ("post", none, json!({"content": " "}), 400, 50006),
        ("post", json!({"token": "another"}), a.clone(), 401, 50027),
        ("post", json!({"webhook": muted}), a.clone(), 403, 50013),
        ("post", json!({"webhook": "1300000000000000999"}), a.clone(), 404, 10015),
        ("post", json!({"webhook": forum}), a.clone(), 400, 220_001),
        ("post", json!({"query": {"thread_id": "1300000000000000999"}}), a.clone(), 404, 10003),
        ("post", json!({"query": {"thread_id": thread}}), a.clone(), 400, 160_005),
        (
            "post",
            json!({"webhook": forum, "query": {"thread_id": thread}}),
            json!({"content": "a", "thread_name": "b"}),
            400,
            220_002,
        ),
        ("post", json!({}), json!({"content": "a", "thread_name": "b"}), 400, 220_003),
    ];
    let calls = cases.iter().map(|(method, more, body, ..)| call(&discord, method, more, body.clone())).collect();
    let answers = ask(calls, false).await;
    for ((method, more, body, status, code), answer) in cases.iter().zip(&answers) {
        let error = &answer["error"];
        if *code == 0 {
            assert!(error.is_null(), "{method}, {more}, {body}: {answer}");
        } else {
            assert_eq!(
                (&error["status"], &error["code"]),
                (&json!(status), &json!(code)),
                "{method}, {more}, {body}: {answer}"
            );
        }
    }
    // The client reads the nested faults.
    let told = |place: usize| answers[place]["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(told(3), "Invalid Form Body\ncontent[BASE_TYPE_MAX_LENGTH]: Must be 2000 or fewer in length.");
    assert_eq!(told(4), "Invalid Form Body\nembeds[0].fields[0].value[BASE_TYPE_REQUIRED]: This field is required");
    let seen = discord.messages();
    assert_eq!((seen.len(), seen[0].content.text.as_str(), seen[0].content.allows_nobody), (2, "green", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn its_client_needs_no_429_to_keep_the_pace() {
    let discord = FakeDiscord::start().await;
    discord.set_limit(2, Duration::from_millis(1500));
    let patient = json!({"patient": true});
    let calls = (0..5).map(|number| call(&discord, "post", &patient, json!({"content": format!("{number}")})));
    let answers = ask(calls.collect(), true).await;
    assert!(answers.iter().all(|answer| answer["error"].is_null()), "{answers:?}");
    assert_eq!(discord.statuses(), [204; 5], "the headers are enough");
    let seen = discord.messages();
    assert!(
        seen[2].at - seen[0].at >= Duration::from_millis(1500)
            && seen[4].at - seen[2].at >= Duration::from_millis(1500)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn its_client_reads_every_429() {
    let discord = FakeDiscord::start_unlimited().await;
    let body = json!({"content": "a"});
    for scope in ["user", "shared", "global"] {
        discord.next([Turn::Answer(too_many(1.0, scope))]);
        let hasty = ask(vec![call(&discord, "post", &json!({}), body.clone())], false).await.remove(0);
        let error = &hasty["error"];
        let name = error["name"].as_str().unwrap_or_default();
        assert!(name.starts_with("RateLimitError"), "{hasty}");
        assert_eq!((&error["scope"], &error["global"]), (&json!(scope), &json!(scope == "global")), "{hasty}");
        let wait = error["retryAfter"].as_f64().unwrap_or_default();
        assert!((1000.0..1200.0).contains(&wait), "{hasty}");
    }
    discord.next([Turn::Answer(too_many(0.7, "user"))]);
    let patient = ask(vec![call(&discord, "post", &json!({"patient": true}), body)], false).await.remove(0);
    assert!(patient["error"].is_null(), "{patient}");
    let calls = discord.calls();
    assert!(calls[4].came.at - calls[3].came.at >= Duration::from_millis(700));
    assert_eq!((discord.statuses(), discord.messages().len()), (vec![429, 429, 429, 429, 204], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_one_of_discords() {
    let codes = ask(vec![json!({"via": "discord-codes"})], false).await.remove(0);
    for (code, name) in [
        (10003, "UnknownChannel"),
        (10008, "UnknownMessage"),
        (10015, "UnknownWebhook"),
        (50006, "CannotSendAnEmptyMessage"),
        (50013, "MissingPermissions"),
        (50027, "InvalidWebhookToken"),
        (50035, "InvalidFormBodyOrContentType"),
        (50041, "InvalidAPIVersion"),
        (50109, "RequestBodyContainsInvalidJSON"),
        (160_005, "ThreadLocked"),
        (220_001, "WebhooksPostedToForumChannelsMustHaveAThreadNameOrThreadId"),
        (220_002, "WebhooksPostedToForumChannelsCannotHaveBothAThreadNameAndThreadId"),
        (220_003, "WebhooksCanOnlyCreateThreadsInForumChannels"),
    ] {
        assert_eq!(codes["result"][name], code, "{name}");
    }
}
