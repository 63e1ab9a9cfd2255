use bellhop_core::secret::Secret;
use bellhop_core::sender::Sender;
use bellhop_core::sign::sign;
use bellhop_core::time::Timestamp;
use serde_json::{Value, json};

use super::fakes::Memory;
use super::*;

const BODY: &[u8] = br#"{"zen":"Approachable is better than simple."}"#;

type Pairs = Vec<(String, String)>;

/// A GitHub hook of these fields, with the secrets `ONE` and `TWO`.
fn github(fields: Value) -> Value {
    let mut hook = json!({"id": "hk_github", "path": "github", "sender": "github", "secrets": ["env:ONE", "env:TWO"]});
    hook.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    hook
}

/// A world with such hooks.
fn world(hooks: &[Value]) -> Arc<Memory> {
    Memory::with(hooks, &[("ONE", "one"), ("TWO", "two"), ("OLD", "old")])
}

/// The headers of `BODY` under this secret.
fn signed(secret: &str) -> Pairs {
    let secret = Secret::new(secret).unwrap();
    sign(Sender::named("github").unwrap(), &secret, BODY, "", Timestamp::from_ms(0)).unwrap()
}

/// One header.
fn header(name: &str, value: &str) -> Pairs {
    vec![(name.to_owned(), value.to_owned())]
}

/// Sends a request through both steps.
async fn ring(ingress: &Ingress, path: &str, headers: &Pairs, body: &[u8]) -> Result<EventId, Refused> {
    let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let headers = Headers::new(&pairs);
    let admitted = ingress.admit(path, "192.0.2.1".parse().ok(), headers).await?;
    ingress.accept(&admitted, headers, body).await
}

/// The status and code of the answer to a request; 200 where it is accepted.
async fn answer(ingress: &Ingress, path: &str, headers: &Pairs, body: &[u8]) -> (u16, &'static str) {
    match ring(ingress, path, headers, body).await {
        Ok(_) => (200, "accepted"),
        Err(refused) => (refused.status, refused.code),
    }
}

#[tokio::test]
async fn every_refusal_is_answered_and_recorded_with_its_cause() {
    let hooks = [
        github(json!({})),
        github(json!({"id": "hk_off", "path": "off", "status": "disabled"})),
        github(json!({"id": "hk_off_too", "path": "off", "status": "disabled"})),
        github(json!({"id": "hk_near", "path": "near", "allowed_ips": ["10.0.0.0/8"]})),
        github(json!({"id": "hk_half", "path": "half", "status": "disabled", "created_at": 1})),
        github(json!({"id": "hk_half_near", "path": "half", "allowed_ips": ["10.0.0.0/8"], "created_at": 2})),
        github(json!({"id": "hk_bare", "path": "bare", "secrets": ["env:GONE"]})),
        json!({"id": "hk_open", "path": "an-unsigned-path-is-secret"}),
    ];
    let (none, large) = (Pairs::new(), [b'x'; 101]);
    let github = Some("hk_github");
    for (path, headers, body, status, code, hook, cause, bytes) in [
        ("nobody", none.clone(), BODY, 404, "not_found", None, "no such path", 0),
        ("off", signed("one"), BODY, 403, "disabled", Some("hk_off"), "disabled", 0),
        ("near", signed("one"), BODY, 403, "forbidden", Some("hk_near"), "address not allowed", 0),
        ("half", signed("one"), BODY, 403, "forbidden", Some("hk_half"), "address not allowed", 0),
        ("github", header("content-encoding", "gzip"), BODY, 415, "unsupported_encoding", github, "encoded", 0),
        ("github", header("content-length", "101"), BODY, 413, "too_large", github, "too large", 101),
        ("github", signed("one"), &large, 413, "too_large", github, "too large", 101),
        ("github", signed("six"), BODY, 401, "unauthorized", github, "does not match the body", 45),
        ("github", none.clone(), BODY, 401, "unauthorized", github, "x-hub-signature-256 is missing", 45),
        ("bare", signed("one"), BODY, 401, "unauthorized", Some("hk_bare"), "no usable secret", 45),
        ("an-unsigned-path-is-secret", none, &large, 413, "too_large", Some("hk_open"), "too large", 101),
    ] {
        let memory = world(&hooks);
        assert_eq!(answer(&memory.ingress(), path, &headers, body).await, (status, code), "{cause}");
        assert_eq!(memory.accepted(), [], "{cause}");
        let refused = memory.refused();
        let [refused] = refused.as_slice() else { panic!("{cause}: {} records", refused.len()) };
        assert!(refused.cause.contains(cause), "{}: {cause}", refused.cause);
        assert_eq!(refused.hook.as_ref().map(|hook| hook.as_str()), hook, "{cause}");
        assert_eq!(refused.path.as_deref(), hook.is_none().then_some(path), "{cause}");
        assert_eq!((refused.status, refused.body_bytes), (status, bytes), "{cause}");
        assert_eq!(refused.source_ip, "192.0.2.1".parse().ok(), "{cause}");
        assert_eq!(refused.id.accepted_at(), refused.received_at, "{cause}");
        assert!(!serde_json::to_string(refused).unwrap().contains("unsigned-path"));
    }
}

#[tokio::test]
async fn a_proved_request_is_written_down_with_the_secret_that_matched() {
    let retiring = json!([{"secret": "env:OLD", "until": 1_700_000_060_000u64}]);
    let memory = world(&[github(json!({"secrets": ["env:GONE", "env:TWO"], "retiring": retiring}))]);
    let ingress = memory.ingress();
    for (secret, matched) in [("two", Some(1)), ("old", Some(2))] {
        ring(&ingress, "github", &signed(secret), BODY).await.unwrap();
        assert_eq!(memory.accepted()[0].hooks[0].secret, matched, "{secret}");
    }
    // Kept doors refuse it too, and there is no moment at which nothing matches.
    memory.wait_ms(59_999);
    assert_eq!(answer(&ingress, "github", &signed("old"), BODY).await.0, 200);
    memory.wait_ms(1);
    assert_eq!(answer(&ingress, "github", &signed("old"), BODY).await.0, 401);
    assert_eq!(answer(&ingress, "hk_github", &signed("two"), BODY).await.0, 200);
}

#[tokio::test]
async fn hooks_of_one_path_are_named_in_their_order() {
    let memory = world(&[
        github(json!({"id": "hk_b", "created_at": 2})),
        github(json!({"id": "hk_a", "created_at": 1})),
        github(json!({"id": "hk_first", "created_at": 3, "priority": 1})),
        github(json!({"id": "hk_stranger", "secrets": ["env:OLD"], "priority": 9})),
    ]);
    ring(&memory.ingress(), "github", &signed("one"), BODY).await.unwrap();
    let hooks: Vec<_> = memory.accepted()[0].hooks.iter().map(|proof| proof.hook.to_string()).collect();
    assert_eq!(hooks, ["hk_first", "hk_a", "hk_b"]);
}

#[tokio::test]
async fn only_proved_requests_count_and_nothing_is_written_of_those_over_the_limit() {
    let memory = world(&[github(json!({"rate_per_minute": 3}))]);
    let ingress = memory.ingress();
    for _ in 0..10 {
        assert_eq!(answer(&ingress, "github", &signed("six"), BODY).await.0, 401);
    }
    for _ in 0..3 {
        ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
    }
    assert_eq!((memory.accepted().len(), memory.refused().len()), (3, 10));
    let refused = ring(&ingress, "github", &signed("one"), BODY).await.unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (429, Some(20)));
    assert_eq!(memory.accepted(), []);
    memory.wait_ms(20_000);
    ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
}

#[tokio::test]
async fn a_forger_has_ten_refusals_a_minute_recorded_per_hook_and_ten_at_nobodys_paths() {
    let memory = world(&[github(json!({})), github(json!({"id": "hk_other", "path": "other"}))]);
    let ingress = memory.ingress();
    for minute in 0..3 {
        for attempt in 0..1000 {
            answer(&ingress, "github", &signed("six"), BODY).await;
            answer(&ingress, &format!("nobody{attempt}"), &Pairs::new(), BODY).await;
        }
        let refused = memory.refused();
        let of_hook = refused.iter().filter(|refused| refused.hook.is_some()).count();
        assert_eq!((of_hook, refused.len() - of_hook), (10, 10), "minute {minute}");
        answer(&ingress, "other", &signed("six"), BODY).await;
        assert_eq!(memory.refused().len(), 1);
        memory.wait_ms(60_000);
    }
}

#[tokio::test]
async fn of_nobodys_path_no_more_than_its_beginning_is_kept() {
    let memory = world(&[]);
    answer(&memory.ingress(), &"é".repeat(5_000), &Pairs::new(), BODY).await;
    assert_eq!(memory.refused()[0].path.as_deref(), Some("é".repeat(200).as_str()));
}

#[tokio::test]
async fn a_store_that_fails_makes_us_unavailable_and_is_not_recorded_as_a_refusal() {
    let memory = world(&[github(json!({}))]);
    let ingress = memory.ingress();
    ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
    memory.fail();
    let refused = ring(&ingress, "github", &signed("one"), BODY).await.unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (503, Some(5)));
    assert_eq!(answer(&ingress, "github", &signed("six"), BODY).await.0, 401);
    memory.wait_ms(60_000);
    assert_eq!(answer(&ingress, "github", &signed("one"), BODY).await.0, 503);
    assert_eq!(memory.refused(), []);
}

#[tokio::test(start_paused = true)]
async fn the_answer_does_not_wait_long_for_the_record() {
    let memory = world(&[]);
    memory.hang();
    let started = tokio::time::Instant::now();
    assert_eq!(answer(&memory.ingress(), "nobody", &Pairs::new(), BODY).await.0, 404);
    assert_eq!(started.elapsed().as_millis() / 10, 50);
}
