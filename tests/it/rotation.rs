//! A secret is rotated while requests come in: none is refused in the overlap, and the old secret opens nothing after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bellhop_tests::github;
use bellhop_tests::http::{Http, headers};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::world::{ADMIN_TOKEN, CHAT, World};

/// Ten senders with a pause of 100 ms: 100 requests a second.
const SENDERS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

const FIRST: &str = "the-first-secret-of-this-hook";

/// How long both secrets are taken.
const GRACE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_refused_while_both_secrets_hold() {
    let world = World::start("").await;
    let hook = json!({
        "name": "rotating", "path": "rotating", "sender": "github", "secrets": [FIRST], "rate_per_minute": 1_000_000,
        "actions": [{"kind": "telegram", "chat": CHAT}],
    });
    let hook = call(&world, "/api/hooks", &hook, 201).await;
    let id = hook["id"].as_str().expect("a hook has an id").to_owned();

    let (secret, current) = watch::channel(FIRST.to_owned());
    let stop = Arc::new(AtomicBool::new(false));
    let url = world.bellhop.at("/webhook/rotating");
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| tokio::spawn(send(sender, url.clone(), current.clone(), Arc::clone(&stop))))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rotated =
        call(&world, &format!("/api/hooks/{id}/rotate"), &json!({"grace_seconds": GRACE.as_secs()}), 200).await;
    let begin = Instant::now();
    let second = rotated["secret"].as_str().expect("the new secret is shown").to_owned();
    // The operator takes a moment to bring the new secret to the sender.
    tokio::time::sleep(GRACE / 2).await;
    secret.send_replace(second.clone());
    tokio::time::sleep((GRACE + Duration::from_secs(1)).saturating_sub(begin.elapsed())).await;
    stop.store(true, Ordering::Relaxed);
    let mut accepted = 0;
    for sender in senders {
        accepted += sender.await.expect("no sender was refused");
    }
    assert!(accepted > 300, "{accepted} requests in five seconds");

    for (secret, status) in [(FIRST, 401), (second.as_str(), 200)] {
        let body = br#"{"zen":"after"}"#;
        let signed = github::headers(secret, "ping", &github::delivery_id(99, status), body);
        let answer = world.http.post(&url, &signed, body.to_vec()).await;
        assert_eq!(u32::from(answer.status.as_u16()), status, "{}", answer.text());
    }
    let output = world.finish();
    assert!(!output.contains(&second) && !output.contains(FIRST), "no secret is logged");
}

/// Posts until told to stop with the secret of the moment; every answer must be 200.
async fn send(sender: u32, url: String, secret: watch::Receiver<String>, stop: Arc<AtomicBool>) -> usize {
    let http = Http::new();
    let mut ticks = tokio::time::interval(PAUSE);
    for number in 0.. {
        ticks.tick().await;
        if stop.load(Ordering::Relaxed) {
            return usize::try_from(number).unwrap_or_default();
        }
        let body = format!(r#"{{"zen":"{sender} {number}"}}"#);
        let secret = secret.borrow().clone();
        let signed = github::headers(&secret, "ping", &github::delivery_id(sender, number), body.as_bytes());
        let answer = http.post(&url, &signed, body).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }
    unreachable!("the numbers do not end")
}

/// Posts to the management API and reads the answer, which must have this status.
async fn call(world: &World, path: &str, body: &Value, status: u16) -> Value {
    let headers = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}")), ("content-type", "application/json")]);
    let answer = world.http.post(&world.bellhop.at(path), &headers, body.to_string()).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    answer.json()
}
