//! Refusals: how they are answered, and what is recorded of them.

use super::*;

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

/// What is recorded of a request of `BODY` with these headers, at a hook with the secrets ` one` and `two`.
async fn cause(headers: &Pairs, body: &[u8]) -> String {
    let retiring = json!([{"secret": "env:OLD", "until": 1_700_000_001_000u64}]);
    let memory = Memory::with(
        &[
            github(
                json!({"secrets": ["env:GONE", "env:ONE", "env:TWO"], "retiring": retiring, "max_body_bytes": 100_000}),
            ),
            json!({"id": "hk_other", "name": "other", "path": "o", "sender": "gitlab", "secrets": ["env:OTHER"]}),
            json!({"id": "hk_none", "path": "n"}),
        ],
        &[("ONE", " one"), ("TWO", "two"), ("OLD", "old"), ("OTHER", "canary-of-another")],
    );
    let ingress = memory.ingress();
    // The doors are kept while the retiring secret's time ends.
    answer(&ingress, "github", &Pairs::new(), b"").await;
    memory.wait_ms(1_000);
    memory.refused();
    let refused = ring(&ingress, "github", headers, body).await.unwrap_err();
    assert_eq!(refused.message, "the signature is missing, wrong or too old");
    let cause = memory.refused()[0].cause.clone();
    assert!(!cause.contains("canary-of") && !cause.contains("zen"), "{cause}");
    cause
}

#[tokio::test]
async fn a_recorded_refusal_says_what_was_nearly_right() {
    let mismatch = "the header x-hub-signature-256 does not match the body under any of the hook's secrets";
    let with_line_feed = [BODY, b"\n"].concat();
    for (headers, body, findings) in [
        (signed("six"), BODY, ""),
        (signed("one"), BODY, "; secret 2 matches once the white space around it is gone"),
        (signed("canary-of-another"), BODY, "; it matches the secret of the hook `other`"),
        (signed("old"), BODY, "; it matches a secret of the hook whose time is over"),
        (
            signed("two"),
            with_line_feed.as_slice(),
            "; it matches without the white space at its end: something on the way changes the body",
        ),
    ] {
        assert_eq!(cause(&headers, body).await, format!("{mismatch}{findings}"));
    }
    let almost = header("x-hub-signature", "sha256=00");
    assert_eq!(
        cause(&almost, BODY).await,
        "the header x-hub-signature-256 is missing or empty; there is no header x-hub-signature-256, but there is \
         x-hub-signature: the hook may be of another sender"
    );
    let long = header("x-hub-signature-256-and-".repeat(100).as_str(), "x");
    assert_eq!(
        cause(&long, BODY).await.chars().count(),
        "the header x-hub-signature-256 is missing or empty".len() + 500
    );
}

#[tokio::test]
async fn a_long_body_is_not_looked_into() {
    for (length, explained) in [(65_536, true), (65_537, false)] {
        let body = vec![b' '; length];
        let secret = Secret::new("one").unwrap();
        let headers = sign(Sender::named("github").unwrap(), &secret, &body, "", Timestamp::from_ms(0)).unwrap();
        assert_eq!(cause(&headers, &body).await.contains("; secret 2"), explained, "{length}");
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
