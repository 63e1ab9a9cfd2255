//! Every operation with every kind of token that must not open it, and with one that does.

use bellhop_tests::http::headers;
use http::Method;
use serde_json::{Value, json};

use super::{call, get, post, text};
use crate::world::{CHAT, SHARED_SECRET, World, shared_hook};

const SCOPES: [&str; 8] = ["hooks", "events", "events:read", "metrics", "jobs", "channel:deploys", "services", "admin"];

/// Whether a token of one scope opens what needs another.
fn opens(scope: &str, needed: &str) -> bool {
    scope == needed || scope == "admin" || (scope, needed) == ("events", "events:read")
}

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    scope: String,
}

/// Every operation that needs a token.
async fn operations(world: &World) -> Vec<Operation> {
    let document = get(world, "/openapi.json").await;
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let scope = operation["security"][0]["bearer"][0].as_str();
            let open = path.starts_with("/webhook") || path.starts_with("/api/webhook") || !path.starts_with("/api");
            assert_eq!(scope.is_none(), open, "{method} {path}");
            let method = method.to_uppercase().parse().expect("a method");
            found.extend(scope.map(|scope| Operation { method, path: path.clone(), scope: scope.to_owned() }));
        }
    }
    assert!(found.len() >= 25, "{} operations", found.len());
    // Who only sees changes nothing, and whatever changes events or tasks needs more.
    for Operation { method, path, scope } in &found {
        if path.starts_with("/api/events") || path.starts_with("/api/tasks") {
            let needed = if method == Method::GET { "events:read" } else { "events" };
            assert_eq!(scope, needed, "{method} {path}");
        }
    }
    found
}

/// What there is, times of use left out.
async fn state(world: &World) -> Value {
    let mut tokens = get(world, "/api/tokens?limit=200").await;
    for token in tokens["items"].as_array_mut().into_iter().flatten() {
        token["last_used_at"] = Value::Null;
    }
    json!([get(world, "/api/hooks").await, tokens, get(world, "/api/events").await, get(world, "/api/tasks").await])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_operation_is_open_to_a_token_that_must_not_open_it() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    let token = async |scope: &str, seconds: Option<u64>| {
        post(&world, "/api/tokens", json!({"name": scope, "scopes": [scope], "expires_in_seconds": seconds}), 201).await
    };
    world.say("/webhook/s", "one").await;
    world.messages_of(CHAT, 1).await;
    let event = get(&world, "/api/events").await["items"][0].clone();
    let hook = text(&get(&world, "/api/hooks").await["items"][0], "id");

    let revoked = token("admin", None).await;
    call(&world, Method::DELETE, &format!("/api/tokens/{}", text(&revoked, "id")), Value::Null).await;
    let expired = token("admin", Some(1)).await;
    let good = text(&token("admin", None).await, "token");
    let mut wrong_checksum = good.clone();
    let last = wrong_checksum.pop();
    wrong_checksum.push(if last == Some('a') { 'b' } else { 'a' });
    let unknown = "bh_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaafmwvby".to_owned();
    let bad: Vec<(&str, Option<String>)> = vec![
        ("none", None),
        ("empty", Some(String::new())),
        ("malformed", Some("nonsense".to_owned())),
        ("wrong checksum", Some(wrong_checksum)),
        ("unknown", Some(unknown)),
        ("revoked", Some(text(&revoked, "token"))),
        ("expired", Some(text(&expired, "token"))),
        ("a hook's secret", Some(SHARED_SECRET.to_owned())),
    ];
    let mut scoped = Vec::new();
    for scope in SCOPES {
        scoped.push((scope, text(&token(scope, None).await, "token")));
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;

    let before = state(&world).await;
    let send = async |operation: &Operation, ids: [&str; 3], header: Option<(&str, String)>| {
        let [hook, event, task] = ids;
        let id = if operation.path.starts_with("/api/hooks") {
            hook
        } else if operation.path.starts_with("/api/tasks") {
            task
        } else {
            event
        };
        let url = world.bellhop.at(&operation.path.replace("{id}", id));
        let header: Vec<_> = header.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        world.http.send(operation.method.clone(), &url, &header, "{}").await.status.as_u16()
    };
    let (event_id, task_id) = (text(&event, "id"), text(&event["tasks"][0], "id"));
    let real = [hook.as_str(), event_id.as_str(), task_id.as_str()];
    let mut wrong_allows = Vec::new();
    let mut tried = 0;
    for operation in operations(&world).await {
        let name = format!("{} {}", operation.method, operation.path);
        for (kind, token) in &bad {
            for header in ["authorization", "x-webhook-secret"] {
                let value =
                    |token: &String| if header == "authorization" { format!("Bearer {token}") } else { token.clone() };
                let status = send(&operation, real, token.as_ref().map(|token| (header, value(token)))).await;
                tried += 1;
                if status != 401 {
                    wrong_allows.push(format!("{name} with {kind} in {header}: {status}"));
                }
            }
        }
        for (scope, token) in &scoped {
            let opens = opens(scope, &operation.scope);
            // Where it opens, nobody's ids are asked for, so that the control changes nothing either.
            let ids = if opens { ["nobody"; 3] } else { real };
            let whole = opens && !operation.path.contains("{id}") && operation.path == "/api/config";
            if whole {
                continue;
            }
            let status = send(&operation, ids, Some(("authorization", format!("Bearer {token}")))).await;
            tried += 1;
            if opens == (status == 403) || status == 401 || status >= 500 {
                wrong_allows.push(format!("{name} with scope {scope}: {status}"));
            }
        }
    }
    assert_eq!(wrong_allows, [""; 0], "of {tried}");
    assert!(tried > 500, "{tried}");
    assert_eq!(state(&world).await, before, "and nothing was changed");

    let config = headers(&[("authorization", &format!("Bearer {good}"))]);
    let applied = world.http.send(Method::PUT, &world.bellhop.at("/api/config"), &config, "{}").await;
    assert_eq!(applied.status.as_u16(), 200, "the control for the operation that was left out: {}", applied.text());
    world.finish();
}
