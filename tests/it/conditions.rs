//! Conditions through a running server: what is refused when a hook is saved, and what an event's task says.

mod differential;
mod generated;

use std::time::Duration;

use bellhop_tests::http::headers;
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, SHARED_SECRET, World, assert_accepted, assert_refused, hook, no_secret_in, setup};

/// A hook of a shared secret whose chat has the number of its path.
fn conditional(path: &str, chat: i64, condition: &str) -> String {
    hook(path, path, "shared-secret", "SHARED_SECRET", chat, condition, "")
}

/// Rings a hook's door and gives what became of its one task: its status and its reason.
async fn ring(world: &World, path: &str, more: &[(&str, &str)], body: &str) -> (String, String) {
    let mut all = headers(&[("content-type", "application/json"), ("x-webhook-secret", SHARED_SECRET)]);
    all.extend(headers(more));
    let answer = world.http.post(&world.bellhop.at(&format!("/webhook/{path}")), &all, body.to_owned()).await;
    let event = format!("/api/events/{}", assert_accepted(&answer));
    let token = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    for _ in 0..400 {
        let found = world.http.send(Method::GET, &world.bellhop.at(&event), &token, "").await;
        let found: Value = serde_json::from_str(&found.text()).unwrap_or_default();
        let task = &found["tasks"][0];
        let status = task["status"].as_str().unwrap_or_default();
        if matches!(status, "succeeded" | "skipped" | "dead") {
            return (status.to_owned(), task["reason"].as_str().unwrap_or_default().to_owned());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{event} has no task that ended");
}

#[tokio::test]
async fn missing_fields_do_not_keep_a_hook_from_acting() {
    let conditions = [
        "!has(payload.draft) || payload.draft == false",
        "has(payload.draft) ? payload.draft : true",
        "!(has(payload.level) && payload.level > 3)",
        "headers['x-env'] != 'test' && payload['draft'] != true",
        "payload.commits.all(c, c.draft != true)",
        "headers['X-Webhook-Secret'] != null && headers['X-ENV'] == null",
    ];
    let hooks = conditions
        .iter()
        .zip(0..)
        .map(|(when, number)| conditional(&format!("w{number}"), 100 + number, &format!("when = \"{when}\"")));
    let world = World::start(&hooks.collect::<String>()).await;
    for (number, when) in conditions.iter().enumerate() {
        assert_eq!(ring(&world, &format!("w{number}"), &[], "{}").await.0, "succeeded", "{when}");
    }
    let (status, reason) = ring(&world, "w0", &[], r#"{"draft": true}"#).await;
    assert_eq!((status.as_str(), reason.as_str()), ("skipped", "its condition does not hold"));
    assert_eq!(ring(&world, "w3", &[("X-Env", "test")], r#"{"n": 1}"#).await.0, "skipped");
    world.finish();
}

#[tokio::test]
async fn plain_conditions_find_fields_however_they_are_written() {
    let plain = |field: &str, operator: &str, value: &str| {
        format!("conditions = [{{ field = '{field}', operator = '{operator}', value = {value} }}]")
    };
    let conditions = [
        plain("payload.list[0].x", "equals", "7"),
        plain("headers.X-Env", "equals", "'prod'"),
        plain("payload.labels.app.kubernetes.io/name", "equals", "'web'"),
        plain("payload.labels[\"app.kubernetes.io/name\"]", "equals", "'web'"),
        plain("payload.count", "gt", "'50'"),
        plain("payload.id", "equals", "'123456789012345678901234567890'"),
        plain("payload.order", "equals", "820982911946154508"),
    ];
    let hooks = conditions.iter().zip(0..).map(|(condition, n)| conditional(&format!("p{n}"), 100 + n, condition));
    let world = World::start(&hooks.collect::<String>()).await;
    let body = r#"{"list": [{"x": 7}], "labels": {"app.kubernetes.io/name": "web"}, "count": 51,
        "id": 123456789012345678901234567890, "order": 820982911946154508}"#;
    for (number, condition) in conditions.iter().enumerate() {
        let (status, reason) = ring(&world, &format!("p{number}"), &[("x-env", "prod")], body).await;
        assert_eq!((status.as_str(), reason.as_str()), ("succeeded", ""), "{condition}");
    }
    let near = body.replace("820982911946154508", "820982911946154509");
    let (status, reason) = ring(&world, "p6", &[], &near).await;
    assert_eq!((status.as_str(), reason.as_str()), ("skipped", "its condition on `payload.order` does not hold"));
    world.finish();
}

#[tokio::test]
async fn what_cannot_be_decided_says_which_part_met_what() {
    let cases = [
        (
            "event.path == 'r0' && payload.count > 3",
            "`payload.count > 3`: `payload.count` is a text and `3` is a number; `>` does not take these together",
        ),
        ("payload.level > 3", "its condition does not hold: `payload.level` is null or absent"),
        ("payload.a.all(x, payload.a.all(y, x == y))", "takes more than 1,000,000 steps on this event"),
        ("payload.a.map(x, payload.a.map(y, y)).size() > 0", "holds more than 8 MiB at once on this event"),
    ];
    let hooks = cases
        .iter()
        .zip(0..)
        .map(|((when, _), n)| conditional(&format!("r{n}"), 100 + n, &format!("when = \"{when}\"")));
    let world = World::start(&hooks.collect::<String>()).await;
    let body = json!({"count": "no-number", "a": vec![1; 30_000]}).to_string();
    for (number, (when, what)) in cases.iter().enumerate() {
        let (status, reason) = ring(&world, &format!("r{number}"), &[], &body).await;
        // A bound is nobody's decision: the task is dead, so that it is seen and can be done again.
        assert_eq!(status, if what.ends_with("on this event") { "dead" } else { "skipped" }, "{when}");
        assert!(reason.contains(what) && !reason.contains("no-number"), "{when}: {reason}");
    }
    world.finish();
}

#[tokio::test]
async fn what_can_never_hold_is_refused_when_it_is_saved() {
    let world = World::start("").await;
    let token = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}")), ("content-type", "application/json")]);
    let nested = "(".repeat(500) + "true" + &")".repeat(500);
    let plain = |field: &str, operator: &str, value: Value| json!({"conditions": [{"field": field, "operator": operator, "value": value}]});
    for (fields, what) in [
        (json!({"when": "payload.ref.startswith('x')"}), "did you mean `startsWith`?"),
        (json!({"when": "foo(payload.ref)"}), "unknown function `foo`"),
        (json!({"when": "action == 'opened'"}), "did you mean `payload.action`?"),
        (json!({"when": "headers['x-count'] > 3"}), "is a text and `3` is a number"),
        (json!({"when": "'text'"}), "neither true nor false"),
        (json!({"when": nested}), "nests deeper than 64 levels"),
        (json!({"when": "a".repeat(5000)}), "4096 bytes"),
        (plain("action", "equals", json!("x")), "did you mean `payload.action`?"),
        (plain("$.action", "equals", json!("x")), "did you mean `payload.action`?"),
        (plain("body.action", "equals", json!("x")), "did you mean `payload.action`?"),
        (plain("event.typ", "equals", json!("x")), "did you mean `type`?"),
        (plain("payload.a", "in", json!([])), "empty list"),
    ] {
        let mut spec = json!({"name": "h", "path": "h", "sender": "shared-secret", "secrets": [SHARED_SECRET],
            "actions": [{"kind": "telegram", "chat": "77"}]});
        spec.as_object_mut().expect("an object").extend(fields.as_object().cloned().unwrap_or_default());
        let answer = world.http.send(Method::POST, &world.bellhop.at("/api/hooks"), &token, spec.to_string()).await;
        assert_refused(&answer, 422);
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        let field = if fields.get("when").is_some() { "when" } else { "conditions[0]" };
        assert!(message.contains(what) && message.contains(field), "{fields}: {message}");
    }
    world.finish();
}

#[test]
fn a_configuration_is_refused_with_the_line_and_the_fix() {
    for (condition, what) in [
        ("when = \"payload.ref.startswith('x')\"", "did you mean `startsWith`?"),
        ("conditions = [{ field = 'action', operator = 'equals', value = 'x' }]", "did you mean `payload.action`?"),
    ] {
        let (status, output) = setup(&conditional("h", 7, condition)).run_to_end(Duration::from_secs(10));
        assert!(status.is_some_and(|status| !status.success()), "{output}");
        assert!(output.contains("bellhop.toml:") && output.contains(what), "{output}");
        no_secret_in(&output);
    }
}
