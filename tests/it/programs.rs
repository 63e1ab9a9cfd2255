//! Conditions and templates that would use the process up: refused when they are saved, and survived when an event makes
//! them so.

use std::time::Duration;

use bellhop_tests::http::{Answer, headers};
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, SHARED_SECRET, World, assert_accepted, assert_refused};

/// The server's API.
async fn call(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let token = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}")), ("content-type", "application/json")]);
    world.http.send(method, &world.bellhop.at(path), &token, body.to_string()).await
}

/// A hook of a shared secret at a path.
fn spec(path: &str, when: Option<&str>, template: Option<&str>) -> Value {
    json!({"name": path, "path": path, "sender": "shared-secret", "secrets": [SHARED_SECRET], "when": when,
        "actions": [{"kind": "telegram", "chat": "77", "template": template}]})
}

/// Makes a hook.
async fn make(world: &World, path: &str, when: Option<&str>, template: Option<&str>) -> Answer {
    call(world, Method::POST, "/api/hooks", &spec(path, when, template)).await
}

/// Rings a hook's door and gives its task once it has ended: its status and its reason.
async fn ring(world: &World, path: &str, body: &Value) -> (String, String) {
    let event =
        format!("/api/events/{}", assert_accepted(&world.shared(&format!("/webhook/{path}"), &body.to_string()).await));
    for _ in 0..400 {
        let found = call(world, Method::GET, &event, &Value::Null).await;
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

/// `{% set a = a ~ a %}` so many times, beginning with an expression.
fn doubled(first: &str, times: usize) -> String {
    format!("{{% set a = {first} %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(times))
}

#[tokio::test]
async fn a_template_that_would_use_the_process_up_is_refused_when_it_is_saved() {
    let world = World::start("").await;
    let memory = "line 1: the template holds more than 8 MiB at once";
    let steps = "line 1: the template takes more than 1,000,000 steps";
    let long = "x".repeat(20_000);
    let deep = |open: &str, times: usize| format!("{{{{ {} }}}}", open.repeat(times));
    for (template, what) in [
        (r#"{{ "%1000000000d"|format(1) }}"#.to_owned(), memory),
        ("{{ 'x'|indent(1000000000) }}".to_owned(), memory),
        (doubled("'x'", 32), memory),
        (format!("{{{{ 'x'{} }}}}", "|replace('x', 'xxxxxxxxxxxxxxxx')".repeat(8)), steps),
        (format!("{{{{ range(100000)|join('{long}') }}}}"), memory),
        ("{{ range(10)|slice(300000000) }}".to_owned(), steps),
        ("{{ 'x' * 100000000 }}".to_owned(), memory),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}".to_owned(), steps),
        (deep("1+", 16_000), "nests deeper than"),
        (deep("a.", 16_000), "nests deeper than"),
        (deep("[", 30_000), "nests deeper than"),
    ] {
        let refused = make(&world, "t", None, Some(&template)).await;
        assert_refused(&refused, 422);
        let message = refused.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(what) && message.contains("actions[0].template"), "{template:.60}: {message}");
        assert_eq!(world.http.get(&world.bellhop.at("/health")).await.status, 200, "{template:.60}");
    }
    assert_eq!(make(&world, "good", None, Some("{{ payload.message | upper }}")).await.status, 201);
    let id = call(&world, Method::GET, "/api/hooks", &Value::Null).await.json()["items"][0]["id"].clone();
    let path = format!("/api/hooks/{}", id.as_str().unwrap_or_default());
    let fields = json!({"actions": [{"kind": "telegram", "chat": "77", "template": doubled("'x'", 32)}]});
    assert_refused(&call(&world, Method::PATCH, &path, &fields).await, 422);
    let config = json!({"hooks": [spec("t", None, Some(&doubled("'x'", 32)))]});
    assert_refused(&call(&world, Method::PUT, "/api/config", &config).await, 422);
    assert_eq!(ring(&world, "good", &json!({"message": "hello"})).await.0, "succeeded");
    assert_eq!(world.messages_of(77, 1).await[0].text, "HELLO");
    world.finish();
}

#[tokio::test]
async fn a_template_that_an_event_makes_too_much_of_gives_way_to_the_senders_text() {
    let world = World::start("").await;
    let templates = [
        (doubled("payload.x", 32), "holds more than 8 MiB at once"),
        ("{{ payload.x * payload.n }}".to_owned(), "holds more than 8 MiB at once"),
        ("{{ payload.x | indent(payload.n) }}".to_owned(), "holds more than 8 MiB at once"),
        ("{{ payload.list | slice(payload.n) }}".to_owned(), "takes more than 1,000,000 steps"),
        ("{% for a in payload.list %}{% if payload == payload %}{% endif %}{% endfor %}".to_owned(), "1,000,000 steps"),
        ("{% for a in payload.list %}{{ payload }}{% endfor %}".to_owned(), "makes more than 1048576 bytes"),
    ];
    let body = json!({"message": "hello", "x": "xxxx", "n": 1_000_000_000, "list": vec![1; 10_000]});
    for (number, (template, what)) in templates.iter().enumerate() {
        let path = format!("t{number}");
        let made = make(&world, &path, None, Some(template)).await;
        assert_eq!(made.status, 201, "{template}: {}", made.text());
        let (status, reason) = ring(&world, &path, &body).await;
        assert_eq!(status, "succeeded", "{template}: {reason}");
        assert!(reason.contains(what) && reason.contains("the sender's own text is used"), "{template}: {reason}");
    }
    let messages = world.messages_of(77, templates.len()).await;
    assert!(messages.iter().all(|message| message.text == "hello"), "{messages:?}");
    world.finish();
}

#[tokio::test]
async fn no_condition_ends_the_process_or_holds_up_the_others() {
    let world = World::start("").await;
    for (path, when) in [
        ("c0", format!("{} == 1", ["1"; 2_000].join("+"))),
        ("c1", format!("payload{} == 1", "[0]".repeat(1_300))),
        ("c2", "payload.a.all(x, payload.a.all(y, x == y))".to_owned()),
        ("c3", format!("{}true", "!".repeat(4_000))),
        ("c4", format!("{}true", "false?false:".repeat(330))),
        (
            "c5",
            "payload.s.matches('(x{1,40}y?){10}') && payload.a.all(x, payload.s.matches('x*' + string(x)))".to_owned(),
        ),
        ("c6", "payload.a.map(x, payload.s + payload.s).size() > 0".to_owned()),
    ] {
        let made = make(&world, path, Some(&when), None).await;
        assert_eq!(made.status, 201, "{when:.60}: {}", made.text());
    }
    let body = json!({"a": vec![1; 30_000], "s": "x".repeat(60_000), "message": "hello"});
    for (path, ended, what) in [
        ("c0", "skipped", "does not hold"),
        ("c1", "skipped", "does not hold"),
        ("c2", "dead", "takes more than 1,000,000 steps on this event"),
        ("c3", "succeeded", ""),
        ("c4", "succeeded", ""),
        ("c5", "dead", "takes more than 1,000,000 steps on this event"),
        ("c6", "dead", "holds more than 8 MiB at once on this event"),
    ] {
        let (status, reason) = ring(&world, path, &body).await;
        assert!(status == ended && reason.contains(what), "{path}: {status}, {reason}");
    }
    world.finish();
}
