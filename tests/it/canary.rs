//! Every secret that Bellhop is given is one that the tests can recognise; then everything it says is searched for them.

use std::time::Duration;

use bellhop_tests::bot_api::{FakeBotApi, Mode, TOKEN};
use bellhop_tests::github;
use bellhop_tests::http::{Http, headers};
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, GITHUB_SECRET, World, config, github_hook, setup, shared_hook};

const GIVEN_BY_API: &str = "canary-by-api-4f7b1d9e2c";
const GIVEN_LATER: &str = "canary-later-9a3c5e7d1b";
const READ_TOKEN: &str = "canary-github-read-token-7c1e";
const OFFERED: &str = "canary-offered-by-a-sender-5d8b";
const CREDENTIAL: &str = "canary-credential-of-a-sender-3e";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_leaves_by_any_way() {
    let fake = FakeBotApi::start_unlimited().await;
    let setup = setup(&config(&fake.url(), &(github_hook("github", 1) + &shared_hook("s", 2))));
    let world = World { bellhop: setup.start(), setup, fake, http: Http::new() };
    let mut said = String::new();
    let mut secrets = vec![GIVEN_BY_API.to_owned(), GIVEN_LATER.to_owned(), READ_TOKEN.to_owned()];

    let hook = json!({
        "name": "by-api", "path": "by-api", "sender": "github", "secrets": [GIVEN_BY_API],
        "reconcile": {"of": "repos/octo/hello", "webhook_id": 1, "token": READ_TOKEN, "api_base": "http://127.0.0.1:9"},
        "actions": [{"kind": "telegram", "chat": 3}],
    });
    let hook: Value = serde_json::from_str(&call(&world, Method::POST, "/api/hooks", Some(&hook), ADMIN_TOKEN).await)
        .expect("the hook is JSON");
    said.push_str(&hook.to_string());
    let id = hook["id"].as_str().expect("a hook has an id").to_owned();
    let path = |rest: &str| format!("/api/hooks/{id}{rest}");
    let token = json!({"name": "reader", "scopes": ["events"]});
    let token: Value =
        serde_json::from_str(&call(&world, Method::POST, "/api/tokens", Some(&token), ADMIN_TOKEN).await)
            .expect("the token is JSON");
    secrets.push(token["token"].as_str().expect("the token is shown once").to_owned());

    let asana = json!({
        "name": "asana", "path": "asana", "sender": "asana", "secrets": [GIVEN_BY_API],
        "actions": [{"kind": "telegram", "chat": 3}],
    });
    let asana: Value = serde_json::from_str(&call(&world, Method::POST, "/api/hooks", Some(&asana), ADMIN_TOKEN).await)
        .expect("the hook is JSON");
    let claim = format!("/api/hooks/{}/claim", asana["id"].as_str().expect("a hook has an id"));
    let offered = headers(&[("x-hook-secret", OFFERED)]);
    // Its sender alone hears it again.
    let answer = world.http.post(&world.bellhop.at("/webhook/asana"), &offered, "").await;
    assert_eq!(answer.header("x-hook-secret"), OFFERED);
    said += &answer.text();

    everything_goes_wrong(&world, &path(""), &mut said).await;
    let patch = json!({"secrets": [GIVEN_LATER], "description": "changed"});
    said += &call(&world, Method::PATCH, &path(""), Some(&patch), ADMIN_TOKEN).await;
    let rotated = call(&world, Method::POST, &path("/rotate"), Some(&json!({"grace_seconds": 60})), ADMIN_TOKEN).await;
    let rotated: Value = serde_json::from_str(&rotated).expect("the answer is JSON");
    secrets.push(rotated["secret"].as_str().expect("the new secret is shown once").to_owned());

    for (method, rest, body) in [
        (Method::GET, path(""), None),
        (Method::GET, path("/executions"), None),
        (Method::POST, path("/toggle"), None),
        (Method::POST, path("/toggle"), None),
        (Method::POST, path("/test"), Some(json!({}))),
        (Method::GET, "/api/hooks".to_owned(), None),
        (Method::GET, "/api/events?limit=200".to_owned(), None),
        (Method::GET, "/api/events?status=refused".to_owned(), None),
        (Method::GET, "/api/tasks?limit=200".to_owned(), None),
        (Method::GET, "/api/tokens".to_owned(), None),
        (Method::GET, "/metrics".to_owned(), None),
        (Method::GET, "/openapi.json".to_owned(), None),
    ] {
        said += &call(&world, method, &rest, body.as_ref(), ADMIN_TOKEN).await;
    }
    said += &every_event(&world).await;
    said += &stored(&world, "offer");
    let claimed = call(&world, Method::POST, &claim, None, ADMIN_TOKEN).await;
    assert!(claimed.contains(OFFERED), "what was offered is shown once: {claimed}");
    said += &call(&world, Method::POST, &claim, None, ADMIN_TOKEN).await;
    said += &call(&world, Method::GET, "/api/hooks", None, ADMIN_TOKEN).await;
    said += &stored(&world, "");
    secrets.extend([TOKEN, GITHUB_SECRET, ADMIN_TOKEN, CREDENTIAL, OFFERED].map(str::to_owned));
    said += &world.finish();
    for secret in &secrets {
        assert!(!said.contains(secret.as_str()), "{secret} shows in:\n{}", around(&said, secret));
    }
    // The control: what is no secret does show, so the search looks at the right things.
    for plain in ["by-api", "octo/canary", "the header x-hub-signature-256", "502"] {
        assert!(said.contains(plain), "{plain} shows nowhere");
    }
}

/// The path of an unsigned hook is its secret: no line of the log has it, nor one that is almost the same, whatever is asked
/// of it, and whether the hook is there or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_path_of_an_unsigned_hook_is_in_no_line_of_the_log() {
    const PATH: &str = "k7qm2xvb9tfrz4wnc8shd3";
    let world = World::start(&github_hook("github", 1)).await;
    let open = json!({
        "name": "open", "path": PATH, "sender": "none", "max_body_bytes": 1000,
        "actions": [{"kind": "telegram", "chat": 3}],
    });
    let made = call(&world, Method::POST, "/api/hooks", Some(&open), ADMIN_TOKEN).await;
    let made: Value = serde_json::from_str(&made).expect("the hook is JSON");
    let id = made["id"].as_str().unwrap_or_else(|| panic!("no hook: {made}"));
    let mut said = String::new();
    for there in [true, false] {
        for path in
            [PATH, &PATH[..21], &format!("{PATH}x"), &format!("{PATH}/"), &format!("a/{PATH}"), &format!("{PATH}?a=b")]
        {
            for door in ["/webhook/", "/api/webhooks/", "/api/webhook/"] {
                let url = world.bellhop.at(&format!("{door}{path}"));
                for (method, encoding, body) in [
                    (Method::POST, "identity", "{\"a\":\"text\"}".to_owned()),
                    (Method::POST, "identity", "no JSON".to_owned()),
                    (Method::POST, "gzip", "{}".to_owned()),
                    (Method::POST, "identity", "x".repeat(5_000)),
                    (Method::GET, "identity", String::new()),
                    (Method::PUT, "identity", String::new()),
                ] {
                    let headers = headers(&[("content-encoding", encoding)]);
                    said += &world.http.send(method, &url, &headers, body).await.text();
                }
            }
        }
        if there {
            tokio::time::sleep(Duration::from_secs(1)).await;
            call(&world, Method::DELETE, &format!("/api/hooks/{id}"), None, ADMIN_TOKEN).await;
        }
    }
    said += &call(&world, Method::GET, "/api/events?status=refused&limit=200", None, ADMIN_TOKEN).await;
    said += &world.finish();
    assert!(said.contains("refused"), "refusals are logged");
    let shown = said.match_indices(&PATH[..20]).next().map(|_| around(&said, &PATH[..20]));
    assert_eq!(shown, None);
}

/// Rings in every wrong way and lets Telegram fail in every way.
async fn everything_goes_wrong(world: &World, hook: &str, said: &mut String) {
    let body = |number| format!(r#"{{"number":{number},"repository":{{"full_name":"octo/canary"}}}}"#).into_bytes();
    let signed = |secret: &str, number: u32| {
        let mut signed = github::headers(secret, "push", &github::delivery_id(8, number), &body(number));
        signed.extend(headers(&[
            ("authorization", CREDENTIAL),
            ("x-gitlab-token", CREDENTIAL),
            ("cookie", CREDENTIAL),
        ]));
        signed
    };
    for (number, mode) in (0u32..).zip([Mode::BadGateway, Mode::Refused, Mode::Up]) {
        world.fake.set_mode(mode);
        for (path, secret) in [("github", GITHUB_SECRET), ("by-api", GIVEN_BY_API), ("by-api", GITHUB_SECRET)] {
            let url = world.bellhop.at(&format!("/webhook/{path}"));
            *said += &world.http.post(&url, &signed(secret, number), body(number)).await.text();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let unsigned = headers(&[("x-github-event", "push"), ("x-webhook-secret", GIVEN_BY_API)]);
    *said += &world.http.post(&world.bellhop.at("/webhook/by-api"), &unsigned, body(9)).await.text();
    for token in [GIVEN_BY_API, GITHUB_SECRET, "bh_wrong", ""] {
        *said += &call(world, Method::GET, hook, None, token).await;
    }
    for wrong in
        [json!({"secrets": GIVEN_LATER}), json!({"secrets": [GIVEN_LATER], "sender": "none"}), json!([GIVEN_LATER])]
    {
        *said += &call(world, Method::PATCH, hook, Some(&wrong), ADMIN_TOKEN).await;
        *said += &call(world, Method::POST, "/api/hooks", Some(&wrong), ADMIN_TOKEN).await;
    }
    // Retries come after five seconds.
    tokio::time::sleep(Duration::from_secs(7)).await;
}

/// Every event by itself.
async fn every_event(world: &World) -> String {
    let list = call(world, Method::GET, "/api/events?limit=200", None, ADMIN_TOKEN).await;
    let list: Value = serde_json::from_str(&list).expect("the list is JSON");
    let mut said = String::new();
    for event in list["items"].as_array().into_iter().flatten() {
        let id = event["id"].as_str().unwrap_or_default();
        said += &call(world, Method::GET, &format!("/api/events/{id}"), None, ADMIN_TOKEN).await;
    }
    assert!(said.len() > 1000, "there were events to look at");
    said
}

/// Everything in the database, the place for secrets left out, and the notes of a topic: until it is claimed, and for an
/// hour at most, the note of an offer is such a place too.
fn stored(world: &World, unseen: &str) -> String {
    let file = world.setup.data().join("bellhop.db");
    let script = "import sqlite3, sys\n\
        store = sqlite3.connect(sys.argv[1])\n\
        tables = [row[0] for row in store.execute(\"SELECT name FROM sqlite_master WHERE type = 'table'\")]\n\
        assert 'vault' in tables and len(tables) > 5, tables\n\
        for table in tables:\n    \
        if table != 'vault' and not table.startswith('sqlite'):\n        \
        seen = ' WHERE collection <> ?' if table == 'documents' else ''\n        \
        print(table, store.execute(f'SELECT * FROM {table}{seen}', [sys.argv[2]] if seen else []).fetchall())";
    let output =
        std::process::Command::new("python3").args(["-c", script]).arg(file).arg(unseen).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Calls the management API and returns what it says, whatever that is.
async fn call(world: &World, method: Method, path: &str, body: Option<&Value>, token: &str) -> String {
    let headers = headers(&[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")]);
    let body = body.map(Value::to_string).unwrap_or_default();
    world.http.send(method, &world.bellhop.at(path), &headers, body).await.text()
}

/// What stands around a text.
fn around<'t>(text: &'t str, found: &str) -> &'t str {
    let place = text.find(found).unwrap_or_default();
    let begin = (0..=place.saturating_sub(300)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let end = (place + 100..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    &text[begin..end]
}
