//! Requests of the HTTP API, as recorded and as changed.

use std::sync::Arc;

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::doors::DoorCache;
use bellhop_app::ingress::{Ingress, Parts};
use bellhop_app::keys::PublishedKeys;
use bellhop_app::limiter::Limiter;
use bellhop_app::offers::Offers;
use bellhop_app::ranges::RangeBook;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

use super::ports::{Memory, SECRET_PATH, clock};
use crate::http::{Answer, answer};

/// A recorded event.
fn recorded(name: &str) -> Value {
    let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The answer to a request, and the inbox messages it left.
async fn ring_at(memory: Memory, request: &Value) -> (Answer, Vec<String>) {
    let memory = Arc::new(memory);
    let (ranges, cache) = (RangeBook::new(memory.clone()), Cache::new(clock(), Changes::default()));
    let doors = DoorCache::new(memory.clone(), memory.clone(), ranges, cache);
    let ingress = Ingress::new(Parts {
        doors: Arc::new(doors),
        inbox: memory.clone(),
        orders: memory.clone(),
        limiter: Limiter::alone(),
        keys: PublishedKeys::new(memory.clone(), clock()),
        offers: Offers::new(memory.clone(), clock()),
        clock: clock(),
    });
    let payload = serde_json::from_value(request.clone()).unwrap();
    let mut context = Context::default();
    context.request_id = "request-1".to_owned();
    let answer = answer(&ingress, &LambdaEvent { payload, context }).await;
    let inbox = memory.inbox.lock().unwrap().clone();
    (answer, inbox)
}

async fn ring(request: &Value) -> (Answer, Vec<String>) {
    ring_at(Memory::default(), request).await
}

#[tokio::test]
async fn recorded_webhooks_are_taken_in_with_their_exact_bodies() {
    let push = recorded("github-push")["body"].as_str().unwrap().to_owned();
    for name in
        ["github-push", "github-push-base64", "github-push-odd-header-case", "github-ping", "shared-secret-message"]
    {
        let (answer, inbox) = ring(&recorded(name)).await;
        assert_eq!(answer.status_code, 200, "{name}: {}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["status"], "accepted");
        let [message] = inbox.as_slice() else { panic!("{name}: {} messages", inbox.len()) };
        assert!(message.contains(body["id"].as_str().unwrap()));
        if name.starts_with("github-push") {
            assert!(message.ends_with(&format!("\n{push}")), "{name}");
        }
    }
}

#[tokio::test]
async fn refusals_have_the_error_body_and_leave_nothing() {
    let push = recorded("github-push");
    let changed = |pointer: &str, value: Value| {
        let mut event = push.clone();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    let signature = |value: Value| changed("/headers/x-hub-signature-256", value);
    let upper = push["headers"]["x-hub-signature-256"].as_str().unwrap()[7..].to_uppercase();
    let mut encoded = push.clone();
    encoded["headers"]["content-encoding"] = json!("gzip");
    let mut broken = recorded("github-push-base64");
    broken["body"] = json!("not base64!");
    for (what, event, status) in [
        ("doubled signature", recorded("github-push-doubled-signature"), 401),
        ("empty signature", signature(json!("")), 401),
        ("no signature", signature(Value::Null), 401),
        ("sha1 in its place", signature(json!("sha1=460751bcf89d084e0d19b6d5e9d798647b903b50")), 401),
        ("upper-case name of the hash", signature(json!(format!("SHA256={upper}"))), 401),
        ("a changed byte", changed("/body", json!(push["body"].as_str().unwrap().replacen("main", "maim", 1))), 401),
        ("unknown path", changed("/rawPath", json!("/webhook/nobody")), 404),
        ("no door", changed("/rawPath", json!("/elsewhere")), 404),
        ("a doubled escape", changed("/rawPath", json!("/webhook/%2567ithub")), 404),
        ("GET", changed("/requestContext/http/method", json!("GET")), 405),
        ("OPTIONS", changed("/requestContext/http/method", json!("OPTIONS")), 405),
        ("5 MB", changed("/body", json!("x".repeat(5_000_000))), 413),
        ("a promise of 5 MB", changed("/headers/content-length", json!("5000000")), 413),
        ("gzip", encoded, 415),
        ("broken base64", broken, 400),
    ] {
        let (answer, inbox) = ring(&event).await;
        assert_eq!(answer.status_code, status, "{what}: {}", answer.body);
        assert!(inbox.is_empty(), "{what}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(body["error"]["request_id"], "request-1", "{what}");
        assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{what}");
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{what}");
    }
}

#[tokio::test]
async fn a_path_that_is_written_otherwise_leads_to_the_same_door() {
    let mut event = recorded("github-push");
    event["rawPath"] = json!("//webhook/%67ithub");
    let (answer, inbox) = ring(&event).await;
    assert_eq!((answer.status_code, inbox.len()), (200, 1), "{}", answer.body);
}

#[tokio::test]
async fn a_hook_whose_path_is_its_secret_has_no_other_door() {
    for prefix in ["/webhook/", "/api/webhooks/", "/api/webhook/", "//webhook//"] {
        for (name, status) in [(SECRET_PATH, 200), ("hk_open", 404), ("hk_nobody", 404), ("hk_github", 401)] {
            let request = bodiless("POST", &format!("{prefix}{name}"), "", &json!({}));
            let (answer, inbox) = ring(&request).await;
            assert_eq!((answer.status_code, inbox.len()), (status, usize::from(status == 200)), "{prefix}{name}");
        }
    }
}

/// A request without a body, as the HTTP API passes it on.
fn bodiless(method: &str, path: &str, query: &str, headers: &Value) -> Value {
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": {"http": {"method": method, "sourceIp": "192.0.2.7"}},
    })
}

#[tokio::test]
async fn handshakes_pass_through_the_api_and_leave_nothing() {
    let none = json!({});
    let okta = json!({"X-Okta-Verification-Challenge": "hello", "Authorization": "bellhop-example-secret"});
    let origin = json!({"WebHook-Request-Origin": "events.example.com"});
    let permission =
        [("allow", "POST"), ("webhook-allowed-origin", "events.example.com"), ("webhook-allowed-rate", "100")];
    let plain = [("content-type", "text/plain"), ("x-content-type-options", "nosniff")];
    let typed = [("content-type", "application/json")];
    for (method, path, query, sent, status, headers, body) in [
        ("GET", "/webhook/dropbox", "challenge=a%2Bb%20c", &none, 200, &plain[..], "a+b c"),
        ("GET", "/api/webhooks/dropbox", "x=1&challenge=a", &none, 200, &plain, "a"),
        ("GET", "/webhook/okta", "", &okta, 200, &typed, r#"{"verification":"hello"}"#),
        ("OPTIONS", "/webhook/cloudevents", "", &origin, 200, &permission, ""),
        ("HEAD", "/webhook/trello", "", &none, 200, &[], ""),
        ("POST", "/webhook/microsoft-graph", "validationToken=Hello%3a+octo", &none, 200, &plain, "Hello: octo"),
    ] {
        let (answer, inbox) = ring(&bodiless(method, path, query, sent)).await;
        let found: Vec<_> = answer.headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        assert_eq!((answer.status_code, found.as_slice(), answer.body.as_str()), (status, headers, body), "{path}");
        assert!(inbox.is_empty(), "{path}");
    }
    for (method, path, query, status, allow) in [
        ("GET", "/webhook/dropbox", "challenge=a%0A", 400, None),
        ("GET", "/webhook/okta", "", 405, Some("POST")),
        ("HEAD", "/webhook/dropbox", "challenge=a", 405, Some("POST")),
        ("OPTIONS", "/webhook/trello", "", 405, Some("POST")),
        ("HEAD", "/webhook/nobody", "", 404, None),
    ] {
        let (answer, _) = ring(&bodiless(method, path, query, &none)).await;
        let found = (answer.status_code, answer.headers.get("allow").map(AsRef::as_ref));
        assert_eq!(found, (status, allow), "{method} {path}");
        assert_eq!(answer.body.is_empty(), method == "HEAD", "{method} {path}");
    }
}

#[tokio::test]
async fn an_inbox_that_fails_is_told_apart_from_a_refusal() {
    let broken = Memory { inbox_broken: true, ..Memory::default() };
    let (answer, _) = ring_at(broken, &recorded("github-push")).await;
    assert_eq!((answer.status_code, answer.headers.get("retry-after").map(AsRef::as_ref)), (503, Some("5")));
}

#[tokio::test]
async fn the_health_check_needs_no_hook() {
    let (answer, _) = ring(&recorded("health")).await;
    assert_eq!((answer.status_code, answer.body.as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(answer.headers.get("content-type").map(AsRef::as_ref), Some("application/json"));
}

#[test]
fn another_trigger_is_refused() {
    assert!(serde_json::from_value::<crate::http::Event>(recorded("inbox-batch")).is_err());
}
