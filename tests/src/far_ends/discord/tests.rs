use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{CHANNEL, CONTENT_LIMIT, FakeDiscord, TOKEN, WEBHOOK, Webhook, too_many};
use crate::far_ends::Turn;
use crate::http::{Answer, Http, headers};

async fn call(discord: &FakeDiscord, method: Method, path: &str, body: &Value) -> Answer {
    let json = headers(&[("content-type", "application/json")]);
    let url = format!("{}{path}", discord.url());
    Http::new().send(method, &url, &json, body.to_string()).await
}

async fn post(discord: &FakeDiscord, query: &str, body: &Value) -> Answer {
    call(discord, Method::POST, query, body).await
}

/// The status and code of an answer.
fn told(answer: &Answer) -> (u16, u64) {
    (answer.status.as_u16(), answer.json()["code"].as_u64().unwrap_or_default())
}

#[tokio::test]
async fn every_limit_holds_to_the_letter_and_its_field_is_named() {
    let discord = FakeDiscord::start_unlimited().await;
    let embed = |name: &str, value: Value| json!({"embeds": [{"description": "d", name: value}]});
    let x = |letters: usize| "x".repeat(letters);
    let field = |name: usize, value: usize| json!({"name": x(name), "value": x(value)});
    /// The largest size, the field and code of one more, and a body of a size.
    type Limit<'a> = (usize, &'a str, &'a str, &'a dyn Fn(usize) -> Value);
    let limits: &[Limit<'_>] = &[
        (CONTENT_LIMIT, "/content", "BASE_TYPE_MAX_LENGTH", &|n| json!({"content": x(n)})),
        (CONTENT_LIMIT / 2, "/content", "BASE_TYPE_MAX_LENGTH", &|n| json!({"content": "🛎".repeat(n)})),
        (80, "/username", "BASE_TYPE_MAX_LENGTH", &|n| json!({"content": "a", "username": x(n)})),
        (10, "/embeds", "BASE_TYPE_BAD_LENGTH", &|n| json!({"embeds": vec![json!({"title": "a"}); n]})),
        (256, "/embeds/0/title", "BASE_TYPE_MAX_LENGTH", &|n| embed("title", json!(x(n)))),
        (4096, "/embeds/0/description", "BASE_TYPE_MAX_LENGTH", &|n| embed("description", json!(x(n)))),
        (2048, "/embeds/0/footer/text", "BASE_TYPE_MAX_LENGTH", &|n| embed("footer", json!({"text": x(n)}))),
        (256, "/embeds/0/author/name", "BASE_TYPE_MAX_LENGTH", &|n| embed("author", json!({"name": x(n)}))),
        (25, "/embeds/0/fields", "BASE_TYPE_BAD_LENGTH", &|n| embed("fields", json!(vec![field(1, 1); n]))),
        (256, "/embeds/0/fields/0/name", "BASE_TYPE_MAX_LENGTH", &|n| embed("fields", json!([field(n, 1)]))),
        (1024, "/embeds/0/fields/0/value", "BASE_TYPE_MAX_LENGTH", &|n| embed("fields", json!([field(1, n)]))),
        (0xff_ffff, "/embeds/0/color", "NUMBER_TYPE_MAX", &|n| embed("color", json!(n))),
        (
            6000 - 4096,
            "/embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            &|n| json!({"embeds": [{"description": x(4096)}, {"description": x(n)}]}),
        ),
        (
            100,
            "/allowed_mentions/users",
            "BASE_TYPE_BAD_LENGTH",
            &|n| json!({"content": "a", "allowed_mentions": {"parse": [], "users": vec!["1"; n]}}),
        ),
    ];
    for (most, path, code, body) in limits {
        let good = post(&discord, "?wait=true", &body(*most)).await;
        assert_eq!(good.status, 200, "{path}: {}", good.text());
        let refused = post(&discord, "?wait=true", &body(most + 1)).await;
        assert_eq!(told(&refused), (400, 50035), "{path}");
        let fault = refused.json()["errors"].pointer(&format!("{path}/_errors/0/code")).cloned();
        assert_eq!(fault, Some(json!(code)), "{path}: {}", refused.text());
    }
}

#[tokio::test]
async fn what_the_documentation_does_not_know_is_refused() {
    let discord = FakeDiscord::start_unlimited().await;
    for (body, code) in [
        (json!({}), 50006),
        (json!({"content": " \n"}), 50006),
        (json!({"embeds": []}), 50006),
        (json!({"content": null}), 50035),
        (json!({"content": 5}), 50035),
        (json!({"text": "a"}), 50035),
        (json!({"content": "a", "tts": "no"}), 50035),
        (json!({"content": "a", "username": "Discord bot"}), 50035),
        (json!({"content": "a", "avatar_url": "x.png"}), 50035),
        (json!({"content": "a", "flags": 64}), 50035),
        (json!({"content": "a", "components": []}), 50035),
        (json!({"embeds": {}}), 50035),
        (json!({"embeds": ["a"]}), 50035),
        (json!({"embeds": [{"titel": "a"}]}), 50035),
        (json!({"embeds": [{"title": ""}]}), 50035),
        (json!({"embeds": [{"title": "a", "timestamp": "today"}]}), 50035),
        (json!({"embeds": [{"title": "a", "url": "a b"}]}), 50035),
        (json!({"embeds": [{"fields": [{"name": "a"}]}]}), 50035),
        (json!({"embeds": [{"footer": {"icon_url": "https://a.example"}}]}), 50035),
        (json!({"content": "a", "allowed_mentions": []}), 50035),
        (json!({"content": "a", "allowed_mentions": {"parse": ["here"]}}), 50035),
        (json!({"content": "a", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}), 50035),
        (json!(["a"]), 50109),
    ] {
        assert_eq!(told(&post(&discord, "", &body).await), (400, code), "{body}");
    }
    for (query, status) in
        [("", 204), ("?wait=false", 204), ("?wait=true", 200), ("?wait=yes", 400), ("?w=1", 400), ("?thread_id=5", 400)]
    {
        assert_eq!(post(&discord, query, &json!({"content": "a"})).await.status.as_u16(), status, "{query}");
    }
    let http = Http::new();
    for (kind, body, code) in [
        ("text/plain", "{\"content\": \"a\"}", 50035),
        ("application/x-www-form-urlencoded", "content=a", 50035),
        ("application/json", "{\"content\"", 50109),
    ] {
        let answer = http.post(&discord.url(), &headers(&[("content-type", kind)]), body).await;
        assert_eq!(told(&answer), (400, code), "{kind}");
    }
    assert_eq!(discord.messages().len(), 3);
}

#[tokio::test]
async fn webhooks_threads_and_forums_are_told_apart() {
    let discord = FakeDiscord::start_unlimited().await;
    let (forum, muted, lost) = ("1300000000000000101", "1300000000000000102", "1300000000000000103");
    let (open, locked) = ("1300000000000000201", "1300000000000000202");
    discord.set_webhook(forum, Webhook::Forum);
    discord.set_webhook(muted, Webhook::Forbidden);
    discord.set_webhook(lost, Webhook::NoChannel);
    discord.set_thread(open, false);
    discord.set_thread(locked, true);
    let plain = json!({"content": "a"});
    let named = json!({"content": "a", "thread_name": "b"});
    let at = |webhook: &str| format!("/api/v10/webhooks/{webhook}/{TOKEN}");
    for (path, body, status, code) in [
        (at(WEBHOOK), &plain, 204, 0),
        (format!("{}?thread_id={open}", at(WEBHOOK)), &plain, 204, 0),
        (format!("{}?thread_id={locked}", at(WEBHOOK)), &plain, 400, 160_005),
        (format!("{}?thread_id={lost}", at(WEBHOOK)), &plain, 404, 10003),
        (at(WEBHOOK), &named, 400, 220_003),
        (at(forum), &plain, 400, 220_001),
        (at(forum), &named, 204, 0),
        (format!("{}?thread_id={open}", at(forum)), &named, 400, 220_002),
        (format!("{}?thread_id={open}", at(forum)), &plain, 204, 0),
        (at(muted), &plain, 403, 50013),
        (at(lost), &plain, 404, 10003),
        (at("1300000000000000999"), &plain, 404, 10015),
        (at("12"), &plain, 400, 50035),
        (format!("/api/webhooks/{WEBHOOK}/another"), &plain, 401, 50027),
        (format!("/api/v3/webhooks/{WEBHOOK}/{TOKEN}"), &plain, 400, 50041),
        ("/webhooks".to_owned(), &plain, 404, 0),
    ] {
        let json = headers(&[("content-type", "application/json")]);
        let answer = Http::new().post(&discord.at(&path), &json, body.to_string()).await;
        assert_eq!(told(&answer), (status, code), "{path}: {body}");
    }
    let seen = discord.messages();
    let channels: Vec<_> = seen.iter().map(|message| message.channel.as_str()).collect();
    assert_eq!(channels, [CHANNEL, open, &seen[2].id, open], "a thread of a forum has the id of its first message");
    assert_eq!(seen[2].thread_name.as_deref(), Some("b"));
    assert_eq!(discord.invalid_requests(), 2);
    discord.remove_message(&seen[1].id);
    let again = post(&discord, "?wait=true", &plain).await.json();
    assert!(seen.iter().all(|message| again["id"] != message.id.as_str()), "{again}");
    assert_eq!((discord.take_messages().len(), discord.messages().len()), (4, 0));
    discord.remove_webhook(WEBHOOK);
    assert_eq!(told(&post(&discord, "", &plain).await), (404, 10015));
}

#[tokio::test]
async fn messages_are_edited_where_they_are() {
    let discord = FakeDiscord::start_unlimited().await;
    let thread = "1300000000000000201";
    discord.set_thread(thread, false);
    let first = post(&discord, "?wait=true", &json!({"content": "red <@7>", "embeds": [{"title": "t"}]})).await.json();
    assert_eq!((&first["content"], &first["mentions"][0]["id"]), (&json!("red <@7>"), &json!("7")));
    let id = first["id"].as_str().unwrap_or_default();
    let in_thread = post(&discord, &format!("?wait=true&thread_id={thread}"), &json!({"content": "x"})).await.json();
    let other = in_thread["id"].as_str().unwrap_or_default();
    let inert = json!({"content": "green <@7>", "allowed_mentions": {"parse": []}});
    for (path, body, status, code) in [
        (format!("/messages/{id}"), inert, 200, 0),
        (format!("/messages/{id}"), json!({"embeds": null}), 200, 0),
        (format!("/messages/{id}"), json!({"content": null}), 400, 50006),
        (format!("/messages/{id}"), json!({"content": "a", "username": "b"}), 400, 50035),
        (format!("/messages/{id}?wait=true"), json!({"content": "a"}), 400, 50035),
        (format!("/messages/{other}"), json!({"content": "a"}), 404, 10008),
        (format!("/messages/{other}?thread_id={thread}"), json!({"content": "a"}), 200, 0),
        ("/messages/1300000000000009999".to_owned(), json!({"content": "a"}), 404, 10008),
        ("/messages/x".to_owned(), json!({"content": "a"}), 400, 50035),
    ] {
        assert_eq!(told(&call(&discord, Method::PATCH, &path, &body).await), (status, code), "{path}: {body}");
    }
    let seen = &discord.messages()[0];
    assert_eq!((seen.content.text.as_str(), seen.content.embeds.len(), seen.earlier.len()), ("green <@7>", 0, 2));
    assert_eq!((seen.earlier[0].mentions.calls.len(), seen.earlier[0].allows_nobody), (1, false));
    assert_eq!((seen.earlier[1].mentions.calls.len(), seen.earlier[1].allows_nobody), (0, true));
    assert_eq!(seen.content.mentions.calls.len(), 1, "an edit that allows nobody nothing allows all");
    let shown = call(&discord, Method::GET, &format!("/messages/{id}"), &json!({})).await.json();
    assert_eq!((&shown["mention_everyone"], shown["edited_timestamp"].is_string()), (&json!(false), true));
    assert_eq!(call(&discord, Method::DELETE, &format!("/messages/{id}"), &json!({})).await.status, 204);
    assert_eq!(told(&call(&discord, Method::GET, &format!("/messages/{id}"), &json!({})).await), (404, 10008));
    assert_eq!(call(&discord, Method::GET, "", &json!({})).await.json()["channel_id"], CHANNEL);
}

#[tokio::test]
async fn each_webhook_has_a_bucket_that_every_answer_tells() {
    let discord = FakeDiscord::start().await;
    discord.set_limit(2, Duration::from_millis(1200));
    let body = json!({"content": "a"});
    for (left, status) in [("1", 204), ("0", 204), ("0", 429)] {
        let answer = post(&discord, "", &body).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-remaining")), (status, left));
        assert_eq!((answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-bucket").len()), ("2", 32));
        let reset: f64 = answer.header("x-ratelimit-reset-after").parse().unwrap_or_default();
        assert!(reset > 0.5 && reset <= 1.2, "{reset}");
        if status == 429 {
            let told = answer.json();
            let wait = told["retry_after"].as_f64().unwrap_or_default();
            assert!(wait > 0.5 && wait <= 1.2, "{wait}");
            assert_eq!(
                (answer.header("retry-after"), answer.header("x-ratelimit-scope")),
                (["1", "2"][usize::from(wait > 1.0)], "user")
            );
            assert_eq!((&told["message"], &told["global"]), (&json!("You are being rate limited."), &json!(false)));
        }
    }
    discord.next([Turn::Answer(too_many(64.57, "global"))]);
    let global = post(&discord, "", &body).await;
    assert_eq!((global.header("retry-after"), global.header("x-ratelimit-global")), ("65", "true"));
    tokio::time::sleep(Duration::from_millis(1250)).await;
    assert_eq!(post(&discord, "", &body).await.status, 204);
    assert_eq!((discord.invalid_requests(), discord.messages().len()), (2, 3));
}
