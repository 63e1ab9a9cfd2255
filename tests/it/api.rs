//! The management API of one process: who may use it, and hooks made through it.

mod events;
mod hooks;
mod matrix;
mod offers;
mod openapi;
mod tokens;

use std::time::Duration;

use bellhop_tests::http::{Answer, headers};
use http::Method;
use serde_json::{Value, json};

use crate::world::{
    ADMIN_TOKEN, CHAT, OTHER_SECRET, SHARED_SECRET, World, assert_accepted, assert_refused, no_secret_in, shared_hook,
};

/// Calls the API with the admin token.
async fn call(world: &World, method: Method, path: &str, body: Value) -> Answer {
    let answer = call_with(world, ADMIN_TOKEN, &[], method, path, body).await;
    no_secret_in(&answer.text());
    answer
}

/// Calls the API with a token and further headers.
async fn call_with(
    world: &World,
    token: &str,
    more: &[(&str, &str)],
    method: Method,
    path: &str,
    body: Value,
) -> Answer {
    let mut all = headers(&[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")]);
    all.extend(headers(more));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.http.send(method, &world.bellhop.at(path), &all, body).await
}

/// Reads the API's answer to a GET, which must be 200.
async fn get(world: &World, path: &str) -> Value {
    let answer = call(world, Method::GET, path, Value::Null).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    answer.json()
}

/// Posts to the API; the answer must have this status.
async fn post(world: &World, path: &str, body: Value, status: u16) -> Value {
    let answer = call(world, Method::POST, path, body).await;
    assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
    answer.json()
}

/// A field of an answer as text.
fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} is missing in {value}")).to_owned()
}

/// Asks again and again until an answer is as wanted.
async fn until<T>(world: &World, path: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
    for _ in 0..300 {
        if let Some(found) = wanted(&get(world, path).await) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} never answered as wanted: {}", get(world, path).await);
}

fn new_hook(name: &str) -> Value {
    json!({
        "name": name, "path": "made", "sender": "shared-secret", "secrets": [OTHER_SECRET],
        "actions": [{"kind": "telegram", "chat": "77"}],
    })
}

#[tokio::test]
async fn only_the_admin_token_opens_it() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    for (name, value) in [
        ("authorization", String::new()),
        ("authorization", "Bearer".to_owned()),
        ("authorization", "Bearer ".to_owned()),
        ("authorization", "Bearer wrong".to_owned()),
        ("authorization", format!("Basic {ADMIN_TOKEN}")),
        ("authorization", format!("Bearer {}", &ADMIN_TOKEN[1..])),
        ("authorization", format!("Bearer {SHARED_SECRET}")),
        ("x-webhook-secret", SHARED_SECRET.to_owned()),
        ("x-admin", ADMIN_TOKEN.to_owned()),
    ] {
        for (method, path) in [(Method::GET, "/api/hooks"), (Method::POST, "/api/hooks"), (Method::PUT, "/api/config")]
        {
            let answer = world.http.send(method, &world.bellhop.at(path), &headers(&[(name, &value)]), "{}").await;
            assert_refused(&answer, 401);
        }
    }
    for (name, value) in
        [("authorization", format!("Bearer {ADMIN_TOKEN}")), ("x-webhook-secret", ADMIN_TOKEN.to_owned())]
    {
        let answer =
            world.http.send(Method::GET, &world.bellhop.at("/api/hooks"), &headers(&[(name, &value)]), "").await;
        assert_eq!(answer.status.as_u16(), 200, "{name}: {}", answer.text());
        assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(1));
    }
    world.finish();
}

#[tokio::test]
async fn a_hook_made_here_is_a_door_at_once() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    let made = call(&world, Method::POST, "/api/hooks", new_hook("made")).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap_or_default().to_owned();
    let signed = headers(&[("x-webhook-secret", OTHER_SECRET)]);
    for (path, text) in [("made", "by path"), (id.as_str(), "by id")] {
        let body = json!({"message": text}).to_string();
        assert_accepted(&world.http.post(&world.bellhop.at(&format!("/webhook/{path}")), &signed, body).await);
        assert_eq!(world.fake.wait_for_text(text).await.chat_id, 77);
    }
    let unsigned = world.http.post(&world.bellhop.at(&format!("/webhook/{id}")), &[], "{}").await;
    assert_refused(&unsigned, 401);
    assert_eq!(call(&world, Method::GET, &format!("/api/hooks/{id}"), Value::Null).await.status.as_u16(), 200);
    assert_refused(&call(&world, Method::GET, "/api/hooks/none-such", Value::Null).await, 404);
    assert_refused(&call(&world, Method::POST, "/api/hooks", new_hook("made")).await, 409);
    let World { setup, bellhop, fake, http } = world;
    no_secret_in(&bellhop.kill());
    let again = setup.start();
    let body = json!({"message": "after a restart"}).to_string();
    assert_accepted(&http.post(&again.at("/webhook/made"), &signed, body).await);
    fake.wait_for_text("after a restart").await;
}

#[tokio::test]
async fn lists_are_paged_newest_first() {
    let hooks: String = (0..5).map(|number| shared_hook(&format!("p{number}"), CHAT)).collect();
    let world = World::start(&hooks).await;
    let mut names = Vec::new();
    let mut query = "?limit=2".to_owned();
    for _ in 0..3 {
        let page = call(&world, Method::GET, &format!("/api/hooks{query}"), Value::Null).await.json();
        names.extend(page["items"].as_array().into_iter().flatten().map(|hook| hook["name"].clone()));
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    names.sort_by_key(Value::to_string);
    let expected: Vec<Value> = (0..5).map(|number| json!(format!("shared-p{number}"))).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn bad_bodies_are_refused_by_field() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    let with = |field: &str, value: Value| {
        let mut hook = new_hook("bad");
        hook[field] = value;
        hook
    };
    for (field, body) in [
        ("secrets", with("secrets", json!([]))),
        ("secrets", with("secrets", json!([""]))),
        ("secrets", with("secrets", json!([" "]))),
        ("secrets", with("secrets", json!(["env:HOME"]))),
        ("secrets", with("secrets", json!(["file:/etc/passwd"]))),
        ("sender", with("sender", json!("nobody"))),
        ("when", with("when", json!("payload.x =="))),
        ("allowed_ips", with("allowed_ips", json!(["10.0.0.0/99"]))),
        ("actions", with("actions", json!([{"kind": "telegram", "chat": "77", "template": "{{ x."}]))),
        ("colour", with("colour", json!("red"))),
        ("path", with("path", json!("a b/../c"))),
    ] {
        let answer = call(&world, Method::POST, "/api/hooks", body.clone()).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{body}: {}", answer.text());
        assert_refused(&answer, answer.status.as_u16());
        assert!(answer.text().contains(field), "{field}: {}", answer.text());
    }
    let broken = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    for body in ["", "{", "[]", "7", "\u{0}"] {
        let answer = world.http.post(&world.bellhop.at("/api/hooks"), &broken, body).await;
        assert!(matches!(answer.status.as_u16(), 400 | 422), "{body:?}: {}", answer.text());
        assert_refused(&answer, answer.status.as_u16());
    }
    let items = call(&world, Method::GET, "/api/hooks", Value::Null).await.json();
    assert_eq!(items["items"].as_array().map(Vec::len), Some(1), "nothing is half-applied");
}
