//! What each scope of a token may point at, and what it is shown of paths that are secrets.

use std::collections::BTreeSet;
use std::time::Duration;

use bellhop_tests::http::{Answer, headers};
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, CHAT, OTHER_SECRET, World, assert_accepted, assert_refused, hook, setup, shared_hook};

/// Calls the API with a token.
async fn call(world: &World, token: &str, method: Method, path: &str, body: &Value) -> Answer {
    let all = headers(&[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")]);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.http.send(method, &world.bellhop.at(path), &all, body).await
}

/// A token with these scopes.
async fn token(world: &World, scopes: &[&str]) -> String {
    let spec = json!({"name": scopes.join(" "), "scopes": scopes});
    let made = call(world, ADMIN_TOKEN, Method::POST, "/api/tokens", &spec).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    made.json()["token"].as_str().unwrap_or_default().to_owned()
}

/// A GitHub hook with a secret of its own.
fn github(name: &str) -> Value {
    let actions = json!([{"kind": "telegram", "chat": CHAT.to_string()}]);
    json!({"name": name, "path": name, "sender": "github", "secrets": [OTHER_SECRET], "actions": actions})
}

/// Every place of a body that the API takes at which a secret or an address stands, by the schema and the field.
///
/// Whoever adds one says in `what_a_scope_may_point_at` who may write what there.
const JOINED: [&str; 23] = [
    "ConfigSpec.public_url",
    "CustomScheme.secret",
    "CustomScheme.signature_key",
    "CustomScheme.timestamp_key",
    "DiscordAction.url",
    "EmailSpec.smtp",
    "ForwardAction.url",
    "HookSpec.secrets",
    "NetworkSpec.allow_private_hosts",
    "NewHook.secrets",
    "NtfyAction.token",
    "NtfyAction.url",
    "NtfyButton.url",
    "ReconcileSpec.api_base",
    "ReconcileSpec.token",
    "RotateSpec.secret",
    "SecretUrl.secret",
    "SignSpec.secret",
    "SlackAction.api_base",
    "SlackAction.token",
    "SlackAction.url",
    "TelegramSpec.api_base",
    "TelegramSpec.token",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_with_a_secret_or_an_address_is_known() {
    let world = World::start("").await;
    let document = call(&world, ADMIN_TOKEN, Method::GET, "/openapi.json", &Value::Null).await.json();
    let mut asked = BTreeSet::new();
    for operation in document["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
        for method in operation.as_object().into_iter().flat_map(|methods| methods.values()) {
            reachable(&document, &method["requestBody"], &mut asked);
        }
    }
    const WORDS: [&str; 13] = [
        "secret",
        "token",
        "password",
        "credential",
        "key",
        "url",
        "base",
        "host",
        "address",
        "endpoint",
        "arn",
        "smtp",
        "auth",
    ];
    let mut found = BTreeSet::new();
    for name in &asked {
        for field in
            document["components"]["schemas"][name]["properties"].as_object().into_iter().flat_map(|p| p.keys())
        {
            // A message's key is a template, and tells events apart.
            let is_of_messages = matches!(field.as_str(), "key" | "key_seconds");
            if !is_of_messages && field.split('_').any(|part| WORDS.contains(&part.trim_end_matches('s'))) {
                found.insert(format!("{name}.{field}"));
            }
        }
    }
    let known: BTreeSet<_> = JOINED.map(str::to_owned).into_iter().collect();
    assert_eq!(found, known, "say in `what_a_scope_may_point_at` who may write what into a new one");
    world.finish();
}

/// Adds the names of the schemas that a part of the document refers to, and of those that they refer to.
fn reachable(document: &Value, part: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|at| at.rsplit('/').next());
            if let Some(name) = name.filter(|name| names.insert((*name).to_owned())) {
                reachable(document, &document["components"]["schemas"][name], names);
            }
            fields.values().for_each(|field| reachable(document, field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| reachable(document, item, names)),
        _ => {}
    }
}

/// Where Bellhop keeps secrets, in many writings.
const OWN: [&str; 6] = [
    "ssm:/bellhop/prod/secrets/hk_1-0123abcd",
    "ssm://bellhop//prod/secrets/hk_1",
    "ssm:/Bellhop/prod/Secrets/hk_1",
    "ssm:/bellhop/prod/secrets/a/b",
    "ssm:/bellhop/prod/secrets/hk_1:1",
    "ssm:arn:aws:ssm:eu-central-1:111122223333:parameter/bellhop/prod/secrets/hk_1",
];

/// Names that Systems Manager takes from nobody.
const BAD: [&str; 5] = ["ssm:team/x", "ssm:/team/a b", "ssm:/team//x", "ssm:/aws/x", "ssm:/team/x/"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_scope_may_point_at() {
    let world = World::start("").await;
    let hooks = token(&world, &["hooks"]).await;
    let events = token(&world, &["events"]).await;
    let (parameter, foreign) = ("ssm:/team/github", "https://attacker.example.com");
    let here = |at: &str| {
        let all = OWN.iter().chain(&BAD).chain(&["env:HOME", "file:/etc/passwd", "stored:hk_1-0123abcd"]);
        all.map(|text| (at.to_owned(), json!(text), false, false)).collect::<Vec<_>>()
    };
    // A field, its value, and whether a token of `hooks` and one of `admin` may write it.
    let mut cases = vec![
        ("secrets[0]".to_owned(), json!(OTHER_SECRET), true, true),
        ("secrets[0]".to_owned(), json!(parameter), false, true),
        ("reconcile.token".to_owned(), json!("ghp_0123456789"), true, true),
        ("reconcile.token".to_owned(), json!(parameter), false, true),
        ("reconcile.api_base".to_owned(), json!("https://api.github.com"), true, true),
        ("reconcile.api_base".to_owned(), json!(foreign), false, true),
        ("reconcile.api_base".to_owned(), json!("https://api.github.com.example.com"), false, true),
        ("reconcile.api_base".to_owned(), json!("http://api.github.com"), false, true),
        ("actions[0].sign.secret".to_owned(), json!("a-secret-of-the-receiver"), true, true),
        ("actions[0].sign.secret".to_owned(), json!(parameter), false, true),
        ("actions[0].url.secret".to_owned(), json!(foreign), true, true),
        ("actions[0].url.secret".to_owned(), json!(parameter), false, true),
    ];
    for kind in ["slack", "discord", "ntfy"] {
        cases.push((format!("{kind} actions[0].url"), json!("https://attacker.example.com/in"), true, true));
        cases.push((format!("{kind} actions[0].url"), json!(parameter), false, true));
    }
    cases.push(("slack actions[0].token".to_owned(), json!("xoxb-0123456789"), true, true));
    cases.push(("slack actions[0].token".to_owned(), json!(parameter), false, true));
    cases.push(("slack actions[0].api_base".to_owned(), json!(foreign), true, true));
    cases.push(("ntfy actions[0].token".to_owned(), json!("tk_0123456789"), true, true));
    cases.push(("ntfy actions[0].token".to_owned(), json!(parameter), false, true));
    // What a button opens, it opens on a phone.
    cases.push(("ntfy actions[0].buttons[0].url".to_owned(), json!(foreign), true, true));
    for field in [
        "secrets[0]",
        "reconcile.token",
        "actions[0].sign.secret",
        "actions[0].url.secret",
        "slack actions[0].url",
        "slack actions[0].token",
        "discord actions[0].url",
        "ntfy actions[0].url",
        "ntfy actions[0].token",
    ] {
        cases.extend(here(field));
    }
    for (number, (place, value, by_hooks, by_admin)) in cases.iter().enumerate() {
        let (kind, field) = place.split_once(' ').unwrap_or(("", place));
        for (who, bearer, may) in [("hooks", &hooks, *by_hooks), ("admin", &ADMIN_TOKEN.to_owned(), *by_admin)] {
            let name = format!("{who}-{number}");
            let mut spec = github(&name);
            spec["reconcile"] = json!({"of": "repos/o/r", "webhook_id": 1, "token": "ghp_0123456789"});
            let mut fields = json!({});
            match field {
                _ if !kind.is_empty() => {
                    let mut action = match (kind, field) {
                        (_, "actions[0].url") => json!({"kind": kind}),
                        ("ntfy", _) => json!({"kind": kind, "url": "https://ntfy.example.com/in", "token": "tk_1",
                            "buttons": [{"label": "look", "url": "https://example.com"}]}),
                        _ => json!({"kind": kind, "token": "xoxb-0123456789", "channel": "C0123456789"}),
                    };
                    match field {
                        "actions[0].buttons[0].url" => action["buttons"][0]["url"] = value.clone(),
                        _ => action[field.trim_start_matches("actions[0].")] = value.clone(),
                    }
                    (spec["actions"], fields["actions"]) = (json!([action]), json!([action]));
                }
                "secrets[0]" => (spec["secrets"], fields["secrets"]) = (json!([value]), json!([value])),
                "actions[0].sign.secret" => {
                    let sign = json!({"scheme": "github", "secret": value});
                    let forward = json!({"kind": "forward", "url": "https://example.com/hook", "sign": sign});
                    (spec["actions"], fields["actions"]) = (json!([forward]), json!([forward]));
                }
                "actions[0].url.secret" => {
                    let forward = json!({"kind": "forward", "url": {"secret": value}});
                    (spec["actions"], fields["actions"]) = (json!([forward]), json!([forward]));
                }
                other => {
                    let inner = other.trim_start_matches("reconcile.");
                    spec["reconcile"][inner] = value.clone();
                    fields["reconcile"] = json!({"token": "ghp_0123456789", inner: value});
                }
            }
            may_point(&world, bearer, (&spec, &fields), field, may, &format!("{who}: {field} = {value}")).await;
            // What an action may point at, its fallback may, and no more.
            if let Some(inner) = field.strip_prefix("actions[0].") {
                for target in [&mut spec, &mut fields] {
                    let inside = target["actions"][0].take();
                    target["actions"][0] = json!({"kind": "telegram", "chat": CHAT.to_string(), "fallback": inside});
                }
                (spec["name"], spec["path"]) = (json!(name.clone() + "-f"), json!(name + "-f"));
                let field = format!("actions[0].fallback.{inner}");
                may_point(&world, bearer, (&spec, &fields), &field, may, &format!("{who}: {field} = {value}")).await;
            }
        }
        // A secret that is rotated in is a value, whoever gives it.
        if field == "secrets[0]" && *value != json!(OTHER_SECRET) {
            let id =
                call(&world, ADMIN_TOKEN, Method::POST, "/api/hooks", &github(&format!("r-{number}"))).await.json();
            let path = format!("/api/hooks/{}/rotate", id["id"].as_str().unwrap_or_default());
            let rotated = call(&world, ADMIN_TOKEN, Method::POST, &path, &json!({"secret": value})).await;
            check(&rotated, false, 200, "secret", &format!("rotates in {value}"));
        }
    }
    for value in OWN.iter().chain(&BAD).chain(&["env:HOME", "file:/etc/passwd"]) {
        let bad = json!({"telegram": {"token": value}});
        let applied = call(&world, ADMIN_TOKEN, Method::PUT, "/api/config", &bad).await;
        check(&applied, false, 200, "telegram.token", value);
        let bad = json!({"email": {"from": "bellhop@example.com", "smtp": value}});
        let applied = call(&world, ADMIN_TOKEN, Method::PUT, "/api/config", &bad).await;
        check(&applied, false, 200, "email.smtp", value);
        let mut spec = github("applied");
        spec["secrets"] = json!([value]);
        let applied = call(&world, ADMIN_TOKEN, Method::PUT, "/api/config", &json!({"hooks": [spec]})).await;
        check(&applied, false, 200, "hooks[0].secrets[0]", value);
    }
    for (bearer, path) in [(&hooks, "/api/config"), (&events, "/api/config")] {
        assert_refused(&call(&world, bearer, Method::PUT, path, &json!({})).await, 403);
        assert_refused(&call(&world, bearer, Method::POST, &format!("{path}/plan"), &json!({})).await, 403);
    }
    assert_refused(&call(&world, &events, Method::POST, "/api/hooks", &github("no")).await, 403);
    world.finish();
}

/// Checks whether a token may make this hook, and give another these fields.
async fn may_point(world: &World, bearer: &str, (spec, fields): (&Value, &Value), field: &str, may: bool, what: &str) {
    let made = call(world, bearer, Method::POST, "/api/hooks", spec).await;
    check(&made, may, 201, field, &format!("made by {what}"));
    let mut before = github(&format!("before-{}", spec["name"].as_str().unwrap_or_default()));
    before["reconcile"] = json!({"of": "repos/o/r", "webhook_id": 1, "token": "ghp_0123456789"});
    let id = call(world, ADMIN_TOKEN, Method::POST, "/api/hooks", &before).await.json()["id"].clone();
    let path = format!("/api/hooks/{}", id.as_str().unwrap_or_default());
    let patched = call(world, bearer, Method::PATCH, &path, fields).await;
    check(&patched, may, 200, field, &format!("changed by {what}"));
}

/// Checks that something was done, or refused with the field's name.
fn check(answer: &Answer, may: bool, done: u16, field: &str, what: &str) {
    if may {
        assert_eq!(answer.status.as_u16(), done, "{what}: {}", answer.text());
    } else {
        assert!(matches!(answer.status.as_u16(), 403 | 422), "{what}: {} {}", answer.status, answer.text());
        assert!(answer.text().contains(field), "{what}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_of_the_file_is_changed_without_its_address_being_named_again() {
    let reconcile = "reconcile = { of = \"repos/o/r\", webhook_id = 1, token = \"env:OTHER_SECRET\", \
                     api_base = \"https://ghe.example.com/api/v3\" }";
    let world = World::start(&hook("own", "own", "github", "GITHUB_WEBHOOK_SECRET", CHAT, reconcile, "")).await;
    let hooks = token(&world, &["hooks"]).await;
    let list = call(&world, &hooks, Method::GET, "/api/hooks", &Value::Null).await.json();
    let path = format!("/api/hooks/{}", list["items"][0]["id"].as_str().unwrap_or_default());
    let kept = call(&world, &hooks, Method::PATCH, &path, &json!({"description": "ours"})).await;
    assert_eq!((kept.status.as_u16(), &kept.json()["reconcile"]), (200, &list["items"][0]["reconcile"]));
    for base in ["https://attacker.example.com", "https://ghe.example.com/api", "https://ghe.example.com.x/api/v3"] {
        let moved = json!({"reconcile": {"api_base": base, "token": "ghp_0123456789"}});
        check(&call(&world, &hooks, Method::PATCH, &path, &moved).await, false, 200, "reconcile.api_base", base);
        // Not even an operator takes the token along that was meant for another address.
        let moved = json!({"reconcile": {"api_base": base}});
        check(&call(&world, ADMIN_TOKEN, Method::PATCH, &path, &moved).await, false, 200, "reconcile.token", base);
    }
    world.finish();
}

#[test]
fn a_file_points_at_nothing_of_bellhops_own() {
    for name in OWN.iter().chain(&BAD) {
        let hooks = shared_hook("s", CHAT).replace("env:SHARED_SECRET", name);
        let (status, output) = setup(&hooks).run_to_end(Duration::from_secs(5));
        assert!(status.is_some_and(|status| !status.success()), "{name}: {output}");
        assert!(output.contains("hooks[0].secrets[0]") && !output.contains("works only"), "{name}: {output}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_of_a_secret_is_no_part_of_its_name() {
    let world = World::start("").await;
    let made = call(&world, ADMIN_TOKEN, Method::POST, "/api/hooks", &github("kept")).await.json();
    let shown = made["secrets"][0]["fingerprint"].as_str().unwrap_or_default().to_owned();
    assert_eq!(shown.len(), 8, "{made}");
    let script = "import sqlite3, sys\n\
                  print([row[0] for row in sqlite3.connect(sys.argv[1]).execute('SELECT name FROM vault')])";
    let file = world.setup.data().join("bellhop.db");
    let output = std::process::Command::new("python3").args(["-c", script]).arg(&file).output().expect("python runs");
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    let id = made["id"].as_str().unwrap_or_default();
    assert!(names.contains(id) && !names.contains(&shown), "{names} {shown}");
    // The same secret given again is no change, and another is.
    let path = format!("/api/hooks/{id}");
    let again = call(&world, ADMIN_TOKEN, Method::PATCH, &path, &json!({"secrets": [OTHER_SECRET]})).await.json();
    assert_eq!((&again["version"], &again["secrets"]), (&made["version"], &made["secrets"]));
    world.finish();
}

/// A hook whose path is all that protects it; its id and its path.
async fn unsigned(world: &World, name: &str, more: Value) -> (String, String) {
    let mut spec = json!({"name": name, "sender": "none", "actions": [{"kind": "telegram", "chat": CHAT.to_string()}]});
    for (field, value) in more.as_object().into_iter().flatten() {
        spec[field] = value.clone();
    }
    let made = call(world, ADMIN_TOKEN, Method::POST, "/api/hooks", &spec).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    let made = made.json();
    let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
    (text("id"), text("path"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_whose_path_is_its_secret_has_no_other_door() {
    let world = World::start(&shared_hook("signed", CHAT)).await;
    let (id, path) = unsigned(&world, "open", json!({})).await;
    let (fenced, _) = unsigned(&world, "fenced", json!({"path": "fenced", "allowed_ips": ["127.0.0.1/32"]})).await;
    let list = call(&world, ADMIN_TOKEN, Method::GET, "/api/hooks", &Value::Null).await.json();
    let signed = list["items"].as_array().into_iter().flatten().find(|hook| hook["path"] == "signed");
    let signed = signed.and_then(|hook| hook["id"].as_str()).unwrap_or_default().to_owned();
    for prefix in ["/webhook/", "/api/webhooks/", "/api/webhook/", "//webhook//", "/%77ebhook/"] {
        for (method, status) in [(Method::POST, 404), (Method::OPTIONS, 404), (Method::HEAD, 404)] {
            let answer = world.http.send(method.clone(), &world.bellhop.at(&format!("{prefix}{id}")), &[], "{}").await;
            assert_eq!(answer.status.as_u16(), status, "{method} {prefix}");
            let nobodys = world.http.send(method.clone(), &world.bellhop.at(&format!("{prefix}hk_0")), &[], "{}").await;
            assert_eq!(answer.status, nobodys.status, "{method} {prefix}");
        }
        let by_path = world.http.post(&world.bellhop.at(&format!("{prefix}{path}")), &[], "{}").await;
        assert_accepted(&by_path);
        let by_id = world.http.post(&world.bellhop.at(&format!("{prefix}{signed}")), &[], "{}").await;
        assert_refused(&by_id, 401);
    }
    assert_accepted(&world.http.post(&world.bellhop.at(&format!("/webhook/{fenced}")), &[], "{}").await);
    assert!(!world.finish().contains(&path), "the log shows the secret path");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sees_events_sees_no_secret_path() {
    let world = World::start("").await;
    let (_, path) = unsigned(&world, "open", json!({})).await;
    // A hook that checks a secret shares the path: its events tell the path no more than the other's.
    let mut shared = github("shared");
    (shared["path"], shared["sender"]) = (json!(path), json!("shared-secret"));
    assert_eq!(call(&world, ADMIN_TOKEN, Method::POST, "/api/hooks", &shared).await.status.as_u16(), 201);
    let door = world.bellhop.at(&format!("/webhook/{path}"));
    let plain = headers(&[("x-original-uri", &format!("/webhook/{path}?a=b")), ("referer", &door)]);
    let mut with_secret = plain.clone();
    with_secret.extend(headers(&[("x-webhook-secret", OTHER_SECRET)]));
    let mut ids = vec![assert_accepted(&world.http.post(&door, &plain, r#"{"message":"one"}"#).await)];
    ids.push(assert_accepted(&world.http.post(&door, &with_secret, r#"{"message":"two"}"#).await));
    // Mistyped, or with something after it, it is nobody's path, and still most of a secret.
    for wrong in [format!("{path}/github"), format!("{path}x"), path.to_uppercase(), format!("hooks/{path}")] {
        let wrong = world.bellhop.at(&format!("/webhook/{wrong}"));
        assert_eq!(world.http.post(&wrong, &[], "{}").await.status.as_u16(), 404, "{wrong}");
    }
    let encoded = world.http.post(&door, &headers(&[("content-encoding", "gzip")]), "{}").await;
    assert_eq!(encoded.status.as_u16(), 415);
    let events = token(&world, &["events"]).await;
    let mut said = String::new();
    for _ in 0..200 {
        said.clear();
        for list in ["/api/events?limit=200", "/api/events?status=refused", "/api/tasks?limit=200", "/metrics"] {
            said += &call(&world, &events, Method::GET, list, &Value::Null).await.text();
        }
        for id in &ids {
            said += &call(&world, &events, Method::GET, &format!("/api/events/{id}"), &Value::Null).await.text();
        }
        if ids.iter().all(|id| said.matches(id.as_str()).count() >= 3) && said.contains("encoded") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(said.contains("x-original-uri") && said.contains("encoded"), "{said}");
    let secret = path.trim_start_matches("in-").to_lowercase();
    said += &world.finish();
    assert!(!said.to_lowercase().contains(&secret), "the path {path} shows in:\n{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_hooks_broken_secret_is_that_hooks_trouble_alone() {
    let folder = std::env::temp_dir().join(format!("bellhop-rights-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder is made");
    let names = ["gone", "large", "folder", "binary"];
    let files = names.map(|name| folder.join(name));
    let hooks: String = names
        .iter()
        .zip(&files)
        .map(|(name, file)| {
            std::fs::write(file, OTHER_SECRET).expect("a file is written");
            shared_hook(name, CHAT).replace("env:SHARED_SECRET", &format!("file:{}", file.display()))
        })
        .collect();
    let world = World::start(&(hooks + &shared_hook("good", CHAT))).await;
    std::fs::remove_file(&files[0]).expect("a file is removed");
    std::fs::write(&files[1], OTHER_SECRET.repeat(100_000)).expect("a file is written");
    std::fs::remove_file(&files[2]).and_then(|()| std::fs::create_dir(&files[2])).expect("a folder is made");
    std::fs::write(&files[3], [0xff, 0xfe, 0x00]).expect("a file is written");
    // A parameter cannot be had in one process at all.
    let mut spec = github("parameter");
    spec["secrets"] = json!(["ssm:/team/github"]);
    assert_eq!(call(&world, ADMIN_TOKEN, Method::POST, "/api/hooks", &spec).await.status.as_u16(), 201);
    for name in names.iter().chain(&["parameter"]) {
        let signed = headers(&[("x-webhook-secret", OTHER_SECRET)]);
        let answer = world.http.post(&world.bellhop.at(&format!("/webhook/{name}")), &signed, "{}").await;
        assert!(matches!(answer.status.as_u16(), 401 | 503), "{name}: {}", answer.text());
        assert_accepted(&world.shared("/webhook/good", &json!({"message": name}).to_string()).await);
    }
    std::fs::remove_dir_all(&folder).expect("the folder is removed");
    world.finish();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_a_bucket_is_not_even_fetched() {
    let world = World::start("").await;
    let topic = "arn:aws:sns:us-west-2:111122223333:octo";
    let mut spec = github("topic");
    (spec["sender"], spec["secrets"]) = (json!("aws-sns"), json!([topic]));
    assert_eq!(call(&world, ADMIN_TOKEN, Method::POST, "/api/hooks", &spec).await.status.as_u16(), 201);
    for host in [
        "sns.s3.amazonaws.com",
        "sns.s3-us-west-2.amazonaws.com",
        "sns.s3-accelerate.amazonaws.com",
        "sns.s3.dualstack.us-west-2.amazonaws.com",
        "sns.us-east-1.amazonaws.com",
        "sns.us-west-2.amazonaws.com.cn",
    ] {
        let message = json!({
            "Type": "Notification", "MessageId": "1", "TopicArn": topic, "Message": "hello", "Signature": "AAAA",
            "Timestamp": "2026-11-30T00:00:00.000Z", "SignatureVersion": "2",
            "SigningCertURL": format!("https://{host}/SimpleNotificationService-0123abcd.pem"),
        });
        let answer = world.http.post(&world.bellhop.at("/webhook/topic"), &[], message.to_string()).await;
        assert_refused(&answer, 401);
    }
    let log = world.finish();
    assert_eq!(log.matches("address of the signing key").count(), 6, "{log}");
}
