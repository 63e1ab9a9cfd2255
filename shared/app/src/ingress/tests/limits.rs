//! What counts against a limit, and what does not.

use super::*;

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
async fn nobody_uses_up_a_hooks_limit_by_handshakes_that_prove_nothing() {
    let memory = world(&[github(json!({"sender": "nylas", "rate_per_minute": 1}))]);
    let ingress = memory.ingress();
    let none = Headers::new(&[]);
    for target in ["/webhook/github?challenge=hello", "/webhook/github", "/webhook/github?challenge="] {
        for _ in 0..20 {
            let admitted = ingress.admit("github", None, none).await.unwrap();
            let answer = ingress.greet(&admitted, Head { method: "GET", target, headers: none }).await;
            let status = answer.map_or_else(|refused| refused.status, |reply| reply.status);
            assert_eq!(
                status,
                if target.ends_with("hello") {
                    200
                } else if target.ends_with('=') {
                    401
                } else {
                    405
                }
            );
        }
    }
    let secret = Secret::new("one").unwrap();
    let signed = sign(Sender::named("nylas").unwrap(), &secret, BODY, "", Timestamp::from_ms(0)).unwrap();
    assert_eq!(answer(&ingress, "github", &signed, BODY).await.0, 200);
    assert_eq!(memory.refused().len(), 10);
}

#[tokio::test]
async fn proved_handshakes_count_and_make_no_event() {
    let memory = world(&[github(json!({"sender": "xero", "rate_per_minute": 2}))]);
    let ingress = memory.ingress();
    let body = br#"{"events":[],"entropy":"HELLO"}"#;
    let secret = Secret::new("two").unwrap();
    let signed = sign(Sender::named("xero").unwrap(), &secret, body, "", Timestamp::from_ms(0)).unwrap();
    let pairs: Vec<_> = signed.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let head = Head { method: "POST", target: "/webhook/github", headers: Headers::new(&pairs) };
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let admitted = ingress.admit("github", None, head.headers).await.unwrap();
        statuses.push(match ingress.accept(&admitted, head, body).await {
            Ok(Taken::Greeted(reply)) => reply.status,
            Ok(Taken::Event { .. }) => 0,
            Err(refused) => refused.status,
        });
    }
    assert_eq!((statuses, memory.accepted()), (vec![200, 200, 429], vec![]));
}

#[tokio::test]
async fn secrets_are_offered_ten_times_a_minute_at_most() {
    let memory = world(&[github(json!({"sender": "asana", "rate_per_minute": 1}))]);
    let ingress = memory.ingress();
    let pairs = [("x-hook-secret", &b"octo0hello1"[..])];
    let head = Head { method: "POST", target: "/webhook/github", headers: Headers::new(&pairs) };
    let mut offered = 0;
    for _ in 0..100 {
        let admitted = ingress.admit("github", None, head.headers).await.unwrap();
        match ingress.accept(&admitted, head, b"").await {
            Ok(Taken::Greeted(reply)) => {
                assert_eq!(reply.headers, [("x-hook-secret", "octo0hello1".to_owned())]);
                offered += 1;
            }
            Ok(Taken::Event { id, .. }) => panic!("{id} is no event"),
            Err(refused) => assert_eq!((refused.status, refused.retry_after), (429, Some(60))),
        }
    }
    assert_eq!((offered, memory.accepted()), (10, vec![]));
    // What one address used up is another's still.
    let admitted = ingress.admit("github", "192.0.2.7".parse().ok(), head.headers).await.unwrap();
    assert!(matches!(ingress.accept(&admitted, head, b"").await, Ok(Taken::Greeted(_))));
    let secret = Secret::new("one").unwrap();
    let signed = sign(Sender::named("asana").unwrap(), &secret, BODY, "", Timestamp::from_ms(0)).unwrap();
    assert_eq!(answer(&ingress, "github", &signed, BODY).await.0, 200);
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
