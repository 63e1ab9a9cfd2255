//! Hooks: changed, disabled, tried out, rotated and deleted.

use std::time::Duration;

use bellhop_tests::github;
use bellhop_tests::http::headers;
use http::Method;
use serde_json::{Value, json};

use super::{call, call_with, get, new_hook, post, text, until};
use crate::world::{ADMIN_TOKEN, OTHER_SECRET, STANDARD_SECRET, World, assert_accepted, assert_refused};

/// A hook in Octipus' shape: everything but a path.
fn github_hook(name: &str, secret: &str) -> Value {
    json!({
        "name": name, "sender": "github", "secrets": [secret],
        "actions": [{"kind": "telegram", "chat": "77"}],
    })
}

/// The status of a door's answer to a signed GitHub delivery.
async fn ring(world: &World, path: &str, secret: &str, number: u32) -> u16 {
    let body = format!(r#"{{"zen":"knock {number}"}}"#);
    let signed = github::headers(secret, "ping", &github::delivery_id(70, number), body.as_bytes());
    world.http.post(&world.bellhop.at(path), &signed, body).await.status.as_u16()
}

#[tokio::test]
async fn a_hook_without_a_path_gets_one_and_has_every_field() {
    let world = World::start("").await;
    let mut spec = github_hook("full", OTHER_SECRET);
    for (field, value) in [
        ("description", json!("what for")),
        ("events", json!(["pu*", "ping"])),
        ("when", json!("payload.zen != 'no'")),
        ("conditions", json!([{"field": "payload.zen", "operator": "exists"}])),
        ("priority", json!(-5)),
        ("max_executions", json!(9)),
        ("cooldown_seconds", json!(0)),
        ("rate_per_minute", json!(30)),
        ("allowed_ips", json!(["127.0.0.0/8", "github"])),
        ("max_body_bytes", json!(1000)),
        ("status", json!("active")),
    ] {
        spec[field] = value;
    }
    let made = post(&world, "/api/hooks", spec.clone(), 201).await;
    for (field, value) in spec.as_object().into_iter().flatten().filter(|(field, _)| *field != "secrets") {
        assert_eq!(made[field], *value, "{field}");
    }
    assert!(text(&made, "path").len() >= 22, "{made}");
    assert_eq!(made["secrets"][0]["fingerprint"].as_str().map(str::len), Some(8), "{made}");
    assert_eq!((&made["executions"], &made["last_triggered_at"]), (&json!(0), &Value::Null));
    let id = text(&made, "id");
    assert_eq!(ring(&world, &text(&made, "url_path"), OTHER_SECRET, 1).await, 200);
    until(&world, &format!("/api/hooks/{id}"), |hook| (hook["executions"] == 1).then_some(())).await;
    let hook = get(&world, &format!("/api/hooks/{id}")).await;
    assert!(hook["last_triggered_at"].as_str().is_some_and(|at| at >= hook["created_at"].as_str().unwrap_or("9")));
    world.finish();
}

#[tokio::test]
async fn fields_are_changed_one_by_one_and_checked_together() {
    let world = World::start("").await;
    let id = text(&post(&world, "/api/hooks", github_hook("one", OTHER_SECRET), 201).await, "id");
    post(&world, "/api/hooks", github_hook("two", OTHER_SECRET), 201).await;
    let url = format!("/api/hooks/{id}");
    let patch = async |fields: Value| call(&world, Method::PATCH, &url, fields).await;

    let before = get(&world, &url).await;
    let changed = patch(json!({"path": "new/place", "events": ["push"], "description": "d"})).await;
    assert_eq!(changed.status.as_u16(), 200, "{}", changed.text());
    let after = changed.json();
    assert_eq!(
        (&after["path"], &after["events"], &after["secrets"]),
        (&json!("new/place"), &json!(["push"]), &before["secrets"])
    );
    assert_eq!(changed.header("etag"), "\"2\"");
    assert_eq!(patch(json!({"description": null, "events": []})).await.json()["description"], "");
    assert_eq!(patch(json!({})).await.json()["version"], 3, "nothing was changed");
    assert_eq!(ring(&world, "/webhook/new/place", OTHER_SECRET, 2).await, 200, "the secret stays");
    assert_eq!(ring(&world, &text(&before, "url_path"), OTHER_SECRET, 3).await, 404, "the old path is free");

    for (field, fields) in [
        ("name", json!({"name": ""})),
        ("colour", json!({"colour": "red"})),
        ("id", json!({"id": "hk_other"})),
        ("when", json!({"when": "payload. =="})),
        ("secrets", json!({"secrets": []})),
        ("secrets", json!({"secrets": null})),
        ("secrets[0]", json!({"secrets": ["env:HOME"]})),
        ("secrets", json!({"sender": "standard-webhooks"})),
        ("path", json!({"sender": "none", "secrets": []})),
        ("actions[0].chat", json!({"actions": [{"kind": "telegram"}]})),
        ("priority", json!({"priority": 5000})),
        ("status", json!({"status": "asleep"})),
    ] {
        let answer = patch(fields.clone()).await;
        assert_refused(&answer, 422);
        assert!(answer.text().contains(field), "{fields}: {}", answer.text());
    }
    let two = patch(json!({"when": "payload. ==", "priority": 5000})).await.text();
    assert!(two.contains("when: ") && two.contains("priority: "), "every wrong field is named: {two}");
    assert_refused(&patch(json!({"name": "two"})).await, 409);
    assert_refused(&patch(json!(["name"])).await, 422);
    assert_eq!(get(&world, &url).await["version"], 3, "nothing was half-applied");

    let sender = patch(json!({"sender": "standard-webhooks", "secrets": [STANDARD_SECRET]})).await;
    assert_eq!(sender.json()["sender"], "standard-webhooks", "{}", sender.text());
    assert_eq!(ring(&world, "/webhook/new/place", OTHER_SECRET, 4).await, 401);
    world.finish();
}

#[tokio::test]
async fn a_generic_senders_scheme_is_changed_option_by_option() {
    let world = World::start("").await;
    let mut spec = github_hook("acme", OTHER_SECRET);
    spec["sender"] = json!("hmac-sha256");
    spec["scheme"] = json!({"header": "X-Acme-Signature", "event_type_field": "action"});
    let made = post(&world, "/api/hooks", spec, 201).await;
    assert_eq!(made["scheme"], json!({"header": "X-Acme-Signature", "event_type_field": "action"}));
    let url = format!("/api/hooks/{}", text(&made, "id"));
    let patch = async |fields: Value| call(&world, Method::PATCH, &url, fields).await;
    let signed = async || post(&world, &format!("{url}/sign"), json!({"body": "{}"}), 200).await["headers"].to_string();
    assert!(signed().await.to_lowercase().contains("x-acme-signature"));

    let changed = patch(json!({"scheme": {"prefix": "v1=", "event_type_field": null}})).await.json();
    assert_eq!(changed["scheme"], json!({"header": "X-Acme-Signature", "prefix": "v1="}));
    assert!(signed().await.contains("v1="));
    for (field, fields) in [
        ("scheme.encoding", json!({"scheme": {"encoding": "base85"}})),
        ("scheme.content", json!({"scheme": {"content": "{header:x-at}"}})),
        ("colour", json!({"scheme": {"colour": "red"}})),
        ("scheme", json!({"scheme": ["x-sign"]})),
        ("scheme", json!({"sender": "github", "secrets": [OTHER_SECRET]})),
        ("secrets", json!({"scheme": {"secret": "hex"}})),
    ] {
        let answer = patch(fields.clone()).await;
        assert_refused(&answer, 422);
        assert!(answer.text().contains(field), "{fields}: {}", answer.text());
    }
    let hex = patch(json!({"scheme": {"secret": "hex"}, "secrets": ["5ec7e7"]})).await;
    assert_eq!(hex.status.as_u16(), 200, "{}", hex.text());
    let plain = patch(json!({"scheme": null, "secrets": [OTHER_SECRET]})).await.json();
    assert_eq!(plain["scheme"], Value::Null);
    assert!(signed().await.to_lowercase().contains("x-signature"));
    world.finish();
}

#[tokio::test]
async fn a_token_for_githubs_api_goes_nowhere_else() {
    let world = World::start("").await;
    let mut spec = github_hook("reconciled", OTHER_SECRET);
    spec["reconcile"] = json!({"of": "repos/octo/hello", "webhook_id": 7, "token": OTHER_SECRET});
    let made = post(&world, "/api/hooks", spec, 201).await;
    let url = format!("/api/hooks/{}", text(&made, "id"));
    let patch = async |fields: Value| call(&world, Method::PATCH, &url, json!({"reconcile": fields})).await;
    let kept = patch(json!({"webhook_id": 8})).await.json();
    assert_eq!(
        (&kept["reconcile"]["webhook_id"], &kept["reconcile"]["token"]),
        (&json!(8), &made["reconcile"]["token"])
    );
    let elsewhere = patch(json!({"api_base": "https://evil.example.com"})).await;
    assert_refused(&elsewhere, 422);
    assert!(elsewhere.text().contains("reconcile.token"), "{}", elsewhere.text());
    assert_eq!(patch(Value::Null).await.json()["reconcile"], Value::Null);
    world.finish();
}

#[tokio::test]
async fn of_two_changes_to_one_version_one_happens() {
    let world = World::start("").await;
    let made = call(&world, Method::POST, "/api/hooks", github_hook("tagged", OTHER_SECRET)).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let url = format!("/api/hooks/{}", text(&made.json(), "id"));
    let with = async |tag: &str, method: Method, rest: &str, body: Value| {
        call_with(&world, ADMIN_TOKEN, &[("if-match", tag)], method, &format!("{url}{rest}"), body).await
    };
    for tag in ["\"7\"", "1", "W/\"1\"", "nonsense"] {
        for (method, rest) in
            [(Method::PATCH, ""), (Method::DELETE, ""), (Method::POST, "/toggle"), (Method::POST, "/rotate")]
        {
            assert_refused(&with(tag, method, rest, json!({})).await, 412);
        }
    }
    assert_eq!(get(&world, &url).await["version"], 1, "and nothing was changed");
    let changes = (0..20).map(|n| with("\"1\"", Method::PATCH, "", json!({"priority": n + 1})));
    let statuses: Vec<_> = futures_util::future::join_all(changes).await.iter().map(|a| a.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 19, "{statuses:?}");
    assert_eq!(with("\"1\", \"2\"", Method::POST, "/toggle", Value::Null).await.status.as_u16(), 200);
    assert_eq!(with("*", Method::POST, "/toggle", Value::Null).await.status.as_u16(), 200);
    assert_eq!(with("\"4\"", Method::DELETE, "", Value::Null).await.status.as_u16(), 204);

    // Without a version the last one wins, and none is lost.
    let url =
        format!("/api/hooks/{}", text(&post(&world, "/api/hooks", github_hook("many", OTHER_SECRET), 201).await, "id"));
    let fields = [json!({"priority": 7}), json!({"description": "d"}), json!({"cooldown_seconds": 9})];
    let changes = fields.iter().map(|fields| call(&world, Method::PATCH, &url, fields.clone()));
    for answer in futures_util::future::join_all(changes).await {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    }
    let hook = get(&world, &url).await;
    assert_eq!(
        (&hook["priority"], &hook["description"], &hook["cooldown_seconds"]),
        (&json!(7), &json!("d"), &json!(9))
    );
    assert_eq!(hook["version"], 4);
    world.finish();
}

#[tokio::test]
async fn a_disabled_hook_refuses_and_a_deleted_one_is_nowhere() {
    let world = World::start("").await;
    let mut spec = github_hook("gone", OTHER_SECRET);
    spec["path"] = json!("gone");
    let id = text(&post(&world, "/api/hooks", spec.clone(), 201).await, "id");
    assert_eq!(ring(&world, "/webhook/gone", OTHER_SECRET, 10).await, 200);
    let url = format!("/api/hooks/{id}");
    until(&world, &format!("{url}/executions"), |list| (list["executions"][0]["status"] == "succeeded").then_some(()))
        .await;

    assert_eq!(post(&world, &format!("{url}/toggle"), Value::Null, 200).await["status"], "disabled");
    let refused = world.http.post(&world.bellhop.at("/webhook/gone"), &[], "{}").await;
    assert_refused(&refused, 403);
    assert!(refused.text().contains("\"disabled\""), "{}", refused.text());
    assert_refused(&call(&world, Method::POST, &format!("{url}/test"), Value::Null).await, 409);
    assert_eq!(post(&world, &format!("{url}/toggle"), Value::Null, 200).await["status"], "active");
    assert_eq!(ring(&world, "/webhook/gone", OTHER_SECRET, 11).await, 200);

    assert_eq!(call(&world, Method::DELETE, &url, Value::Null).await.status.as_u16(), 204);
    assert_eq!(ring(&world, "/webhook/gone", OTHER_SECRET, 12).await, 404);
    assert_eq!(ring(&world, &format!("/webhook/{id}"), OTHER_SECRET, 13).await, 404);
    for (method, rest) in [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::POST, "/toggle"),
        (Method::POST, "/test"),
        (Method::POST, "/sign"),
        (Method::POST, "/rotate"),
        (Method::POST, "/claim"),
        (Method::GET, "/executions"),
    ] {
        let body = if method == Method::PATCH { json!({}) } else { Value::Null };
        assert_refused(&call(&world, method, &format!("{url}{rest}"), body).await, 404);
    }
    assert!(
        !get(&world, &format!("/api/events?hook={id}")).await["items"].as_array().is_none_or(Vec::is_empty),
        "its events stay"
    );
    let again = post(&world, "/api/hooks", spec, 201).await;
    assert_ne!(text(&again, "id"), id, "its path and name are free");
    assert_eq!(ring(&world, "/webhook/gone", OTHER_SECRET, 14).await, 200);
    assert_eq!(ring(&world, &format!("/webhook/{id}"), OTHER_SECRET, 15).await, 404, "its id answers never again");
    world.finish();
}

#[tokio::test]
async fn what_is_signed_here_is_accepted_at_the_door() {
    let world = World::start("").await;
    let body = r#"{"type":"a.b","odd":"ü\n"}"#;
    for (sender, secret) in [("github", OTHER_SECRET), ("standard-webhooks", STANDARD_SECRET)] {
        let mut spec = github_hook(sender, secret);
        spec["sender"] = json!(sender);
        let made = post(&world, "/api/hooks", spec, 201).await;
        let admin = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
        let url = world.bellhop.at(&format!("/api/hooks/{}/sign", text(&made, "id")));
        let answer = world.http.post(&url, &admin, body).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        let signed: Vec<_> = answer.json()["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        assert!(!signed.is_empty());
        let door = world.bellhop.at(&text(&made, "url_path"));
        assert_accepted(&world.http.post(&door, &signed, body).await);
        assert_refused(&world.http.post(&door, &signed, format!("{body} ")).await, 401);
    }
    let made = post(&world, "/api/hooks", new_hook("token"), 201).await;
    let answer = post(&world, &format!("/api/hooks/{}/sign", text(&made, "id")), json!({}), 200).await;
    assert_eq!(answer, json!({"headers": {"x-webhook-secret": "<the hook's secret>"}}));
    world.finish();
}

#[tokio::test]
async fn a_test_event_goes_all_the_way_and_is_marked() {
    let world = World::start("").await;
    for (number, (sender, secret)) in [
        ("github", OTHER_SECRET),
        ("standard-webhooks", STANDARD_SECRET),
        ("shared-secret", OTHER_SECRET),
        ("none", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let chat = 100 + i64::try_from(number).unwrap_or_default();
        let secrets = if secret.is_empty() { json!([]) } else { json!([secret]) };
        let spec = json!({
            "name": sender, "sender": sender, "secrets": secrets, "actions": [{"kind": "telegram", "chat": chat}],
        });
        let url = format!("/api/hooks/{}", text(&post(&world, "/api/hooks", spec, 201).await, "id"));
        for round in 1..=2 {
            let event = text(&post(&world, &format!("{url}/test"), Value::Null, 202).await, "id");
            let path = format!("/api/events/{event}");
            let done =
                until_there(&world, &path, |event| (event["tasks"][0]["status"] == "succeeded").then(|| event.clone()))
                    .await;
            assert_eq!((&done["test"], &done["tasks"][0]["test"]), (&json!(true), &json!(true)), "{done}");
            world.messages_of(chat, round).await;
        }
    }
    let made = post(&world, "/api/hooks", new_hook("own body"), 201).await;
    let url = format!("/api/hooks/{}/test?type=deploy", text(&made, "id"));
    let event = text(&post(&world, &url, json!({"message": "my own words"}), 202).await, "id");
    world.fake.wait_for_text("my own words").await;
    assert_eq!(
        until_there(&world, &format!("/api/events/{event}"), |event| Some(event.clone())).await["type"],
        "deploy"
    );
    let tests = get(&world, "/api/events?status=test&limit=200").await;
    assert_eq!(tests["items"].as_array().map(Vec::len), Some(9));
    world.finish();
}

/// Asks until there is an answer, and it is as wanted: a test event is recorded a moment after it is accepted.
async fn until_there<T>(world: &World, path: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
    for _ in 0..100 {
        let answer = call(world, Method::GET, path, Value::Null).await;
        if let Some(found) =
            Some(answer.json()).filter(|_| answer.status.as_u16() == 200).and_then(|found| wanted(&found))
        {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} never answered as wanted");
}

#[tokio::test]
async fn a_rotated_secret_ends_after_its_grace() {
    let world = World::start("").await;
    let made = post(&world, "/api/hooks", github_hook("rotated", OTHER_SECRET), 201).await;
    let (url, door) = (format!("/api/hooks/{}", text(&made, "id")), text(&made, "url_path"));
    let rotated = call(&world, Method::POST, &format!("{url}/rotate"), json!({"grace_seconds": 1})).await;
    assert_eq!((rotated.status.as_u16(), rotated.header("etag")), (200, "\"2\""), "{}", rotated.text());
    let secret = text(&rotated.json(), "secret");
    assert!(secret.len() >= 32, "{secret}");
    assert_eq!(ring(&world, &door, OTHER_SECRET, 20).await, 200, "the old one still matches");
    assert_eq!(ring(&world, &door, &secret, 21).await, 200);
    let hook = get(&world, &url).await;
    assert_eq!(hook["retiring"][0]["fingerprint"], made["secrets"][0]["fingerprint"]);
    assert!(!hook.to_string().contains(&secret), "it is shown once");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(ring(&world, &door, OTHER_SECRET, 22).await, 401, "and is refused after that");
    assert_eq!(ring(&world, &door, &secret, 23).await, 200);

    let given =
        post(&world, &format!("{url}/rotate"), json!({"secret": "my-own-choice", "grace_seconds": 0}), 200).await;
    assert_eq!(given["secret"], "my-own-choice");
    assert_eq!(ring(&world, &door, &secret, 24).await, 401, "no grace at all");
    assert_eq!(ring(&world, &door, "my-own-choice", 25).await, 200);
    assert_eq!(get(&world, &url).await["retiring"], json!([]));
    for (body, field) in [
        (json!({"grace_seconds": 604_801}), "grace_seconds"),
        (json!({"secret": ""}), "secret"),
        (json!({"secret": "env:HOME"}), "secret"),
        (json!({"grace": 1}), "grace"),
    ] {
        let answer = call(&world, Method::POST, &format!("{url}/rotate"), body).await;
        assert_refused(&answer, 422);
        assert!(answer.text().contains(field), "{}", answer.text());
    }
    let standard = json!({"name": "std", "sender": "standard-webhooks", "secrets": [STANDARD_SECRET], "actions": [{"kind": "telegram", "chat": 1}]});
    let id = text(&post(&world, "/api/hooks", standard, 201).await, "id");
    let whsec = text(&post(&world, &format!("/api/hooks/{id}/rotate"), Value::Null, 200).await, "secret");
    assert!(whsec.starts_with("whsec_"), "{whsec}");
    let unsigned = json!({"name": "none", "sender": "none", "actions": [{"kind": "telegram", "chat": 1}]});
    let id = text(&post(&world, "/api/hooks", unsigned, 201).await, "id");
    assert_refused(&call(&world, Method::POST, &format!("/api/hooks/{id}/rotate"), Value::Null).await, 409);
    let output = world.finish();
    assert!(!output.contains(&secret) && !output.contains("my-own-choice"), "no secret is logged");
}
