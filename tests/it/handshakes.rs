//! How senders make sure that an address is ours, over real HTTP: each handshake, and what is none.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::github;
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::raw::exchange;
use bellhop_tests::sign::{hmac_sha256, now};
use ed25519_dalek::{Signer, SigningKey};
use http::Method;
use serde_json::json;

use crate::world::{
    ADMIN_TOKEN, CHAT, GITHUB_SECRET, OTHER_SECRET, World, assert_accepted, assert_refused, config, github_hook, hook,
    setup,
};

const VERIFY_TOKEN: &str = "verify_canary-meta-1d3f5b7a9c";

/// An unsigned hook's path is its secret.
const MONDAY: &str = "/webhook/monday-4c1e9a7f3b5d2e8a6c0f";

type Pairs = Vec<(String, String)>;

/// A server with a hook of each sender that shakes hands; all but GitHub's and Discord's have the other secret.
async fn world() -> World {
    let fake = FakeBotApi::start_unlimited().await;
    let mut hooks = github_hook("github", CHAT);
    for sender in [
        "asana",
        "azure-event-grid",
        "bitbucket-server",
        "cloudevents",
        "dropbox",
        "line",
        "mandrill",
        "microsoft-graph",
        "notion",
        "okta",
        "slack",
        "terraform",
        "trello",
        "twitch",
        "woocommerce",
        "x-twitter",
        "xero",
        "zoom",
    ] {
        hooks += &hook(sender, sender, sender, "OTHER_SECRET", CHAT, "", "");
    }
    hooks += &hook("discord", "discord", "discord", "DISCORD_KEY", CHAT, "", "");
    hooks += &hook("monday", MONDAY.trim_start_matches("/webhook/"), "monday", "", CHAT, "", "");
    let secrets = r#"secrets = ["env:OTHER_SECRET", "env:META_VERIFY"]"#;
    hooks += &hook("meta", "meta", "meta", "", CHAT, secrets, "");
    let public = hex::encode(discord_key().verifying_key().as_bytes());
    let setup = setup(&config(&fake.url(), &hooks)).env("DISCORD_KEY", &public).env("META_VERIFY", VERIFY_TOKEN);
    World { bellhop: setup.start(), setup, fake, http: Http::new() }
}

fn discord_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

impl World {
    async fn ask(&self, method: Method, path: &str, all: &[(&str, &str)], body: &str) -> Answer {
        self.http.send(method, &self.bellhop.at(path), &headers(all), body.to_owned()).await
    }

    async fn post(&self, path: &str, all: &Pairs, body: &str) -> Answer {
        self.http.post(&self.bellhop.at(path), all, body.to_owned()).await
    }

    /// The types of the events that were written down, once there are so many, in alphabetical order.
    async fn events(&self, count: usize) -> Vec<String> {
        let admin = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.http.send(Method::GET, &self.bellhop.at("/api/events"), &admin, String::new()).await;
            let events = answer.json()["items"].as_array().expect("events are listed").clone();
            if events.len() >= count || Instant::now() > deadline {
                let mut types: Vec<_> =
                    events.iter().map(|event| event["type"].as_str().unwrap_or_default().to_owned()).collect();
                types.sort();
                return types;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Checks an answer's status, content type and body.
fn is(answer: &Answer, status: u16, content_type: &str, body: &str) {
    let found = (answer.status.as_u16(), answer.header("content-type"), answer.text());
    assert_eq!(found, (status, content_type, body.to_owned()));
    let echoed = content_type == "text/plain";
    assert_eq!(answer.header("x-content-type-options"), if echoed { "nosniff" } else { "" });
}

/// The lower-case digits of a body's HMAC-SHA256 under a secret.
fn digits(secret: &str, content: &str) -> String {
    hex::encode(hmac_sha256(secret.as_bytes(), content.as_bytes()))
}

/// A body signed as Slack and Zoom do.
fn stamped(secret: &str, stamp: &str, signature: &str, body: &str) -> Pairs {
    let moment = now().to_string();
    let proof = format!("v0={}", digits(secret, &format!("v0:{moment}:{body}")));
    headers(&[("content-type", "application/json"), (stamp, &moment), (signature, &proof)])
}

fn slack(secret: &str, body: &str) -> Pairs {
    stamped(secret, "x-slack-request-timestamp", "x-slack-signature", body)
}

fn zoom(secret: &str, body: &str) -> Pairs {
    stamped(secret, "x-zm-request-timestamp", "x-zm-signature", body)
}

fn twitch(secret: &str, kind: &str, body: &str) -> Pairs {
    let moment = jiff::Timestamp::now().to_string();
    let proof = format!("sha256={}", digits(secret, &format!("msg-1{moment}{body}")));
    headers(&[
        ("twitch-eventsub-message-id", "msg-1"),
        ("twitch-eventsub-message-timestamp", &moment),
        ("twitch-eventsub-message-type", kind),
        ("twitch-eventsub-subscription-type", "stream.online"),
        ("twitch-eventsub-message-signature", &proof),
    ])
}

fn discord(signed: &str) -> Pairs {
    let moment = now().to_string();
    let signature = hex::encode(discord_key().sign(format!("{moment}{signed}").as_bytes()).to_bytes());
    headers(&[("x-signature-timestamp", &moment), ("x-signature-ed25519", &signature)])
}

fn xero(secret: &str, body: &str) -> Pairs {
    headers(&[("x-xero-signature", &STANDARD.encode(hmac_sha256(secret.as_bytes(), body.as_bytes())))])
}

#[tokio::test]
async fn challenges_are_answered_and_make_no_event() {
    let world = world().await;
    get_challenges(&world).await;
    other_methods(&world).await;
    posted_challenges(&world).await;
    introductions(&world).await;
    assert_accepted(&world.github("/webhook/github", "push", "d-1", br#"{"ref":"refs/heads/octo"}"#).await);
    world.messages_of(CHAT, 1).await;
    assert_eq!(world.events(1).await, ["push"]);
    let output = world.finish();
    assert!(!output.contains(VERIFY_TOKEN), "no secret is logged");
}

/// GET with a challenge in the query or in a header.
async fn get_challenges(world: &World) {
    let meta = format!("/webhook/meta?hub.mode=subscribe&hub.challenge=4711&hub.verify_token={VERIFY_TOKEN}");
    is(&world.ask(Method::GET, &meta, &[], "").await, 200, "text/plain", "4711");
    is(&world.ask(Method::GET, &meta.replace("/webhook/", "/api/webhooks/"), &[], "").await, 200, "text/plain", "4711");
    assert_refused(&world.ask(Method::GET, &meta.replace(VERIFY_TOKEN, "verify_other"), &[], "").await, 401);
    assert_refused(&world.ask(Method::GET, &meta.replace(VERIFY_TOKEN, OTHER_SECRET), &[], "").await, 401);
    assert_refused(&world.ask(Method::GET, &meta.replace("4711", &"1".repeat(1_025)), &[], "").await, 400);
    let forged = format!("sha256={}", digits(VERIFY_TOKEN, "{}"));
    assert_refused(&world.ask(Method::POST, "/webhook/meta", &[("x-hub-signature-256", &forged)], "{}").await, 401);

    let hash = STANDARD.encode(hmac_sha256(OTHER_SECRET.as_bytes(), b"hello-octo"));
    let answer = world.ask(Method::GET, "/webhook/x-twitter?crc_token=hello-octo&nonce=1", &[], "").await;
    is(&answer, 200, "application/json", &json!({ "response_token": format!("sha256={hash}") }).to_string());
    assert_refused(&world.ask(Method::GET, "/webhook/x-twitter?crc_token=%7B%7D", &[], "").await, 400);
    let signed = format!("sha256={hash}");
    let signed = [("x-twitter-webhooks-signature", signed.as_str())];
    assert_refused(&world.ask(Method::POST, "/webhook/x-twitter", &signed, "hello-octo").await, 400);

    is(&world.ask(Method::GET, "/webhook/dropbox?challenge=a%2Bb", &[], "").await, 200, "text/plain", "a+b");
    assert_refused(&world.ask(Method::GET, "/webhook/dropbox?challenge=a%0Ab", &[], "").await, 400);
    assert_refused(&world.ask(Method::GET, "/webhook/dropbox", &[], "").await, 405);

    let challenge = ("x-okta-verification-challenge", "hello");
    let answer = world.ask(Method::GET, "/webhook/okta", &[challenge, ("authorization", OTHER_SECRET)], "").await;
    is(&answer, 200, "application/json", r#"{"verification":"hello"}"#);
    for wrong in [vec![challenge], vec![challenge, ("authorization", GITHUB_SECRET)]] {
        assert_refused(&world.ask(Method::GET, "/webhook/okta", &wrong, "").await, 401);
    }
}

/// OPTIONS and HEAD, and methods that are not taken.
async fn other_methods(world: &World) {
    let origin = [("webhook-request-origin", "events.example.com"), ("webhook-request-rate", "120")];
    let granted = |answer: &Answer| {
        is(answer, 200, "", "");
        let found = ["allow", "webhook-allowed-origin", "webhook-allowed-rate"].map(|name| answer.header(name));
        assert_eq!(found, ["POST", "events.example.com", "1000000"]);
    };
    granted(&world.ask(Method::OPTIONS, "/webhook/cloudevents", &origin, "").await);
    let grid = format!("/webhook/azure-event-grid?token={OTHER_SECRET}");
    granted(&world.ask(Method::OPTIONS, &grid, &origin, "").await);
    assert_refused(&world.ask(Method::OPTIONS, "/webhook/azure-event-grid?token=x", &origin, "").await, 401);

    let path = |path: &str| format!("/webhook/{path}");
    for (method, at) in [
        (Method::GET, path("github")),
        (Method::OPTIONS, path("github")),
        (Method::OPTIONS, path("cloudevents")),
        (Method::GET, path("trello")),
        (Method::GET, path("slack?challenge=a")),
        (Method::PUT, path("dropbox?challenge=a")),
        (Method::DELETE, path("trello")),
    ] {
        let answer = world.ask(method.clone(), &at, &[], "").await;
        assert_refused(&answer, 405);
        assert_eq!(answer.header("allow"), "POST", "{method} {at}");
    }
    for method in [Method::GET, Method::POST] {
        assert_refused(&world.ask(method, "/webhook/nobody?challenge=a", &[], "").await, 404);
    }
    for (at, status) in [
        ("/webhook/trello", 200),
        ("/webhook/mandrill", 200),
        ("/health", 200),
        ("/webhook/github", 405),
        ("/webhook/nobody", 404),
    ] {
        let request = format!("HEAD {at} HTTP/1.1\r\nhost: hooks.example.com\r\nconnection: close\r\n\r\n");
        let outcome = exchange(&world.bellhop.url, request.as_bytes(), Duration::from_secs(10)).await;
        assert_eq!(
            (outcome.status(), outcome.body(), outcome.closed),
            (Some(status), "", true),
            "{at}: {}",
            outcome.answer
        );
    }
}

/// Challenges in signed bodies.
async fn posted_challenges(world: &World) {
    let body = r#"{"token":"t","challenge":"hello","type":"url_verification"}"#;
    is(&world.post("/webhook/slack", &slack(OTHER_SECRET, body), body).await, 200, "text/plain", "hello");
    assert_refused(&world.post("/webhook/slack", &slack(GITHUB_SECRET, body), body).await, 401);
    assert_refused(&world.post("/webhook/slack", &headers(&[]), body).await, 401);
    let long = body.replace("hello", &"a".repeat(1_025));
    assert_refused(&world.post("/webhook/slack", &slack(OTHER_SECRET, &long), &long).await, 400);

    let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"hello"}}"#;
    let expected = json!({ "plainToken": "hello", "encryptedToken": digits(OTHER_SECRET, "hello") }).to_string();
    is(&world.post("/webhook/zoom", &zoom(OTHER_SECRET, body), body).await, 200, "application/json", &expected);
    assert_refused(&world.post("/webhook/zoom", &zoom(GITHUB_SECRET, body), body).await, 401);
    assert_refused(&world.post("/webhook/zoom", &headers(&[]), body).await, 401);

    let (kind, body) = ("webhook_callback_verification", r#"{"challenge":"hello","subscription":{}}"#);
    is(&world.post("/webhook/twitch", &twitch(OTHER_SECRET, kind, body), body).await, 200, "text/plain", "hello");
    assert_refused(&world.post("/webhook/twitch", &twitch(GITHUB_SECRET, kind, body), body).await, 401);

    let body = r#"[{"id":"1","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"hello"}}]"#;
    let grid = format!("/webhook/azure-event-grid?token={OTHER_SECRET}");
    let expected = r#"{"validationResponse":"hello"}"#;
    is(&world.post(&grid, &headers(&[]), body).await, 200, "application/json", expected);
    assert_refused(&world.post("/webhook/azure-event-grid?token=x", &headers(&[]), body).await, 401);

    let body = r#"{"challenge":"hello"}"#;
    is(&world.post(MONDAY, &headers(&[]), body).await, 200, "application/json", body);
    assert_refused(&world.post(MONDAY, &headers(&[]), r#"{"challenge":""}"#).await, 400);

    let ping = r#"{"id":"1","token":"t","type":1,"version":1}"#;
    is(&world.post("/webhook/discord", &discord(ping), ping).await, 200, "application/json", r#"{"type":1}"#);
    let ping = r#"{"version":1,"application_id":"1","type":0}"#;
    is(&world.post("/webhook/discord", &discord(ping), ping).await, 204, "application/json", "");
    assert_refused(&world.post("/webhook/discord", &discord("{}"), ping).await, 401);
    assert_refused(&world.post("/webhook/discord", &headers(&[]), ping).await, 401);

    let intent = r#"{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "HELLO"}"#;
    is(&world.post("/webhook/xero", &xero(OTHER_SECRET, intent), intent).await, 200, "", "");
    assert_refused(&world.post("/webhook/xero", &xero(GITHUB_SECRET, intent), intent).await, 401);
}

/// First requests that nothing proves.
async fn introductions(world: &World) {
    let answer = world.ask(Method::POST, "/webhook/microsoft-graph?validationToken=Hello%3a+octo", &[], "").await;
    is(&answer, 200, "text/plain", "Hello: octo");
    let unproved = r#"{"value":[{"clientState":"x"}]}"#;
    let answer = world.ask(Method::POST, "/webhook/microsoft-graph?validationToken=a", &[], unproved).await;
    assert_refused(&answer, 401);
    let answer = world.ask(Method::POST, "/webhook/asana", &[("x-hook-secret", "octo0hello1")], "{}").await;
    is(&answer, 200, "", "");
    assert_eq!(answer.header("x-hook-secret"), "octo0hello1");
    let both = [("x-hook-secret", "octo0hello1"), ("x-hook-signature", "00")];
    assert_refused(&world.ask(Method::POST, "/webhook/asana", &both, "{}").await, 401);
    is(&world.ask(Method::POST, "/webhook/notion", &[], r#"{"verification_token":"octo"}"#).await, 200, "", "");
    assert_refused(
        &world.ask(Method::POST, "/webhook/notion", &[], r#"{"verification_token":"o","id":"1"}"#).await,
        401,
    );
    let ping = [("x-event-key", "diagnostics:ping")];
    is(&world.ask(Method::POST, "/webhook/bitbucket-server", &ping, r#"{"test":true}"#).await, 200, "", "");
    let push = [("x-event-key", "repo:refs_changed")];
    assert_refused(&world.ask(Method::POST, "/webhook/bitbucket-server", &push, r#"{"test":true}"#).await, 401);
    is(&world.ask(Method::POST, "/webhook/woocommerce", &[], "webhook_id=7").await, 200, "", "");
    assert_refused(&world.ask(Method::POST, "/webhook/woocommerce", &[], "webhook_id=x").await, 401);
}

#[tokio::test]
async fn pings_that_are_signed_are_events() {
    let world = world().await;
    assert_accepted(&world.github("/webhook/github", "ping", "d-1", br#"{"zen":"Hello","hook_id":1}"#).await);
    let revoked = r#"{"subscription":{"type":"stream.online","status":"user_removed"},"challenge":"a"}"#;
    assert_accepted(&world.post("/webhook/twitch", &twitch(OTHER_SECRET, "revocation", revoked), revoked).await);
    let event = r#"{"version":1,"type":1,"event":{"type":"APPLICATION_AUTHORIZED","data":{}}}"#;
    let answer = world.post("/webhook/discord", &discord(event), event).await;
    assert_eq!(answer.status.as_u16(), 204, "an event, answered as Discord wants");
    assert!(!answer.header("x-bellhop-event").is_empty());
    let body = r#"{"destination":"U1","events":[]}"#;
    let line = STANDARD.encode(hmac_sha256(OTHER_SECRET.as_bytes(), body.as_bytes()));
    assert_accepted(&world.post("/webhook/line", &headers(&[("x-line-signature", &line)]), body).await);
    let body = r#"{"test":true}"#;
    let signed = github::headers(OTHER_SECRET, "x", "d-2", body.as_bytes());
    let signature = signed.iter().find(|(name, _)| name == "x-hub-signature-256").map_or("", |(_, value)| value);
    let signed = headers(&[("x-event-key", "diagnostics:ping"), ("x-hub-signature", signature)]);
    assert_accepted(&world.post("/webhook/bitbucket-server", &signed, body).await);
    assert_eq!(world.events(5).await, ["", "APPLICATION_AUTHORIZED", "diagnostics:ping", "ping", "stream.online"]);
    world.finish();
}
