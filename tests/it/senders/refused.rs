//! A refusal explained in the log and the API.

use super::*;

/// Posts a push to the GitHub hook, signed with a secret for a body.
async fn push(world: &World, secret: &str, signed: &[u8], sent: &[u8]) -> Answer {
    let all = bellhop_tests::github::headers(secret, "push", "d-1", signed);
    world.http.post(&world.bellhop.at("/webhook/github"), &all, sent.to_vec()).await
}

/// The refused requests that the API lists.
async fn refused(world: &World) -> Vec<Value> {
    let bearer = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    let url = world.bellhop.at("/api/events?status=refused&limit=100");
    let answer = world.http.send(Method::GET, &url, &bearer, "").await;
    answer.json()["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_refusal_is_explained_in_the_log_and_the_api_and_to_nobody_else() {
    let world = world().await;
    let body = br#"{"canary":"canary-of-the-payload"}"#;
    let changed = [&body[..], b"\n"].concat();
    let plain = push(&world, "nobody's", body, body).await;
    let nearly = [push(&world, GITHUB_SECRET, body, &changed).await, push(&world, OTHER_SECRET, body, body).await];
    assert_refused(&plain, 401);
    let spoken = |answer: &Answer| {
        let mut body = answer.json();
        assert!(body["error"]["request_id"].take().is_string(), "{body}");
        (answer.status, answer.headers.get("content-type").cloned(), body.to_string())
    };
    for answer in &nearly {
        assert_eq!(spoken(answer), spoken(&plain), "the answer is the same whatever was found out");
    }
    let causes = [
        "under any of the hook's secrets\"",
        "under any of the hook's secrets; it matches without the white space at its end: something on the way changes the body\"",
        "under any of the hook's secrets; it matches the secret of the hook `mailgun`",
    ];
    for cause in causes {
        assert_eq!(logged(&world, cause, 1).await, 1, "{cause} in {}", world.bellhop.output());
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    let listed = loop {
        let listed = refused(&world).await;
        if listed.len() >= 3 || Instant::now() > deadline {
            break listed;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let listed: Vec<_> = listed.iter().filter_map(|one| one["cause"].as_str()).collect();
    for cause in ["; it matches without the white space", "; it matches the secret of the hook"] {
        assert!(listed.iter().any(|listed| listed.contains(cause)), "{cause} in {listed:?}");
    }
    // Of a flood, only as many are explained as are recorded.
    for _ in 0..30 {
        assert_refused(&push(&world, GITHUB_SECRET, body, &changed).await, 401);
    }
    assert_eq!(logged(&world, "\"refused\"", 33).await, 33);
    let output = world.finish();
    assert!(!output.contains("canary-of-the-payload"), "{output}");
    assert_eq!(output.matches("; it matches").count(), 9, "{output}");
}
