//! Tokens: shown once, scoped, expiring, revoked at once, and not to be guessed.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{call, call_with, get, post, text};
use crate::world::{ADMIN_TOKEN, CHAT, SHARED_SECRET, World, assert_refused, shared_hook};

/// The status of a call with a token.
async fn status(world: &World, token: &str, path: &str) -> u16 {
    call_with(world, token, &[], Method::GET, path, Value::Null).await.status.as_u16()
}

#[tokio::test]
async fn a_token_opens_its_scopes_until_it_ends() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    let made =
        post(&world, "/api/tokens", json!({"name": "reader", "scopes": ["events", "channel:deploys"]}), 201).await;
    let (id, token) = (text(&made, "id"), text(&made, "token"));
    assert!(token.starts_with("bh_") && token.len() == 43, "{token}");
    assert_eq!(made["last_used_at"], Value::Null);
    for (path, expected) in [("/api/events", 200), ("/api/tasks", 200), ("/api/hooks", 403), ("/api/tokens", 403)] {
        assert_eq!(status(&world, &token, path).await, expected, "{path}");
    }
    let listed = get(&world, "/api/tokens").await;
    assert_eq!(
        (&listed["items"][0]["id"], &listed["items"][0]["scopes"]),
        (&json!(id), &json!(["events", "channel:deploys"]))
    );
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(&token), "its value is shown once");

    let older = [("x-webhook-secret", token.as_str())];
    let answer =
        world.http.send(Method::GET, &world.bellhop.at("/api/events"), &bellhop_tests::http::headers(&older), "").await;
    assert_eq!(answer.status.as_u16(), 200, "older clients");

    let revoked = call(&world, Method::DELETE, &format!("/api/tokens/{id}"), Value::Null).await;
    assert_eq!(revoked.status.as_u16(), 204);
    assert_eq!(status(&world, &token, "/api/events").await, 401, "at once");
    assert_refused(&call(&world, Method::DELETE, &format!("/api/tokens/{id}"), Value::Null).await, 404);
    assert_eq!(get(&world, "/api/tokens").await["items"], json!([]));

    let short =
        text(&post(&world, "/api/tokens", json!({"scopes": ["admin"], "expires_in_seconds": 1}), 201).await, "token");
    assert_eq!(status(&world, &short, "/api/tokens").await, 200);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(status(&world, &short, "/api/tokens").await, 401, "it has ended");

    let kept = text(&post(&world, "/api/tokens", json!({"scopes": ["admin"]}), 201).await, "token");
    let World { setup, bellhop, fake, http } = world;
    assert!(!bellhop.kill().contains(&token), "no token is logged");
    let world = World { bellhop: setup.start(), setup, fake, http };
    assert_eq!(status(&world, &kept, "/api/tokens").await, 200, "it outlives a restart");
    assert_eq!(status(&world, SHARED_SECRET, "/api/hooks").await, 401, "a hook's secret opens nothing");
    world.finish();
}

#[tokio::test]
async fn a_token_is_checked_field_by_field() {
    let world = World::start("").await;
    for (field, body) in [
        ("scopes", json!({"name": "x"})),
        ("scopes", json!({"scopes": []})),
        ("scopes[1]", json!({"scopes": ["hooks", "everything"]})),
        ("scopes[0]", json!({"scopes": ["channel:a/b"]})),
        ("scopes", json!({"scopes": "hooks"})),
        ("expires_in_seconds", json!({"scopes": ["hooks"], "expires_in_seconds": 0})),
        ("expires_in_seconds", json!({"scopes": ["hooks"], "expires_in_seconds": -1})),
        ("expires_at", json!({"scopes": ["hooks"], "expires_at": "2001-01-01T00:00:00Z"})),
        ("expires_at", json!({"scopes": ["hooks"], "expires_at": "soon"})),
        ("expires_at", json!({"scopes": ["hooks"], "expires_in_seconds": 5, "expires_at": "2090-01-01T00:00:00Z"})),
        ("name", json!({"scopes": ["hooks"], "name": "x".repeat(101)})),
        ("value", json!({"scopes": ["hooks"], "value": "chosen"})),
    ] {
        let answer = call(&world, Method::POST, "/api/tokens", body.clone()).await;
        assert_refused(&answer, 422);
        assert!(answer.text().contains(field), "{body}: {}", answer.text());
    }
    assert_eq!(get(&world, "/api/tokens").await["items"], json!([]), "and none was made");
    let ends = post(
        &world,
        "/api/tokens",
        json!({"scopes": ["hooks", "hooks"], "expires_at": "2030-01-01T00:00:00+01:00"}),
        201,
    )
    .await;
    assert_eq!((&ends["expires_at"], &ends["scopes"]), (&json!("2029-12-31T23:00:00.000Z"), &json!(["hooks"])));
    for limit in [2, 3] {
        post(&world, "/api/tokens", json!({"name": limit.to_string(), "scopes": ["jobs"]}), 201).await;
    }
    let first = get(&world, "/api/tokens?limit=2").await;
    let rest = get(&world, &format!("/api/tokens?limit=2&cursor={}", text(&first, "next_cursor"))).await;
    assert_eq!((first["items"].as_array().map(Vec::len), rest["items"].as_array().map(Vec::len)), (Some(2), Some(1)));
    assert_eq!(rest["next_cursor"], Value::Null);
    world.finish();
}

#[tokio::test]
async fn guesses_are_limited_and_good_tokens_are_not() {
    let world = World::start("").await;
    let good = text(&post(&world, "/api/tokens", json!({"scopes": ["events"]}), 201).await, "token");
    let late = text(&post(&world, "/api/tokens", json!({"scopes": ["events"]}), 201).await, "token");
    assert_eq!(status(&world, &good, "/api/events").await, 200);
    for _ in 0..15 {
        assert_eq!(status(&world, "the-same-wrong-token", "/api/events").await, 401, "no new guess");
    }
    let mut statuses = Vec::new();
    for guess in 0..15 {
        statuses.push(status(&world, &format!("bh_guess{guess}"), "/api/events").await);
    }
    assert!(statuses[..9].iter().all(|status| *status == 401), "{statuses:?}");
    let limited = call_with(&world, "bh_another", &[], Method::GET, "/api/events", Value::Null).await;
    assert_refused(&limited, 429);
    let seconds: u64 = limited.header("retry-after").parse().expect("it says when to come back");
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(status(&world, &late, "/api/events").await, 429, "one that was never right before has to wait");
    assert_eq!(status(&world, &good, "/api/events").await, 200, "one that was is not held up by others");
    assert_eq!(status(&world, ADMIN_TOKEN, "/api/events").await, 200);
    world.finish();
}
