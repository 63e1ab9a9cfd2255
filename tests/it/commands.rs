//! The commands for people: what each asks of a server, and what it prints of the answers.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bellhop_tests::build;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::ADMIN_TOKEN;

/// A server that gives prepared answers, each once, and keeps what it was asked.
struct Prepared {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Prepared {
    /// Starts a server with answers: status and body.
    async fn start(answers: Vec<(u16, Value)>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.into_iter()));
        let kept = Arc::clone(&asked);
        let app = Router::new().fallback(move |request: Request| {
            let (kept, answers) = (Arc::clone(&kept), Arc::clone(&answers));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
                let known = parts.headers["authorization"] == format!("Bearer {ADMIN_TOKEN}");
                let line = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line.trim_end().to_owned());
                let next = answers.lock().unwrap_or_else(PoisonError::into_inner).next();
                let (status, body) =
                    next.filter(|_| known).unwrap_or((500, json!({"error": {"message": "nothing left"}})));
                let body = if body.is_null() { String::new() } else { body.to_string() };
                Response::builder().status(status).body(Body::from(body)).expect("an answer")
            }
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked }
    }
}

/// Runs a command against prepared answers; whether it succeeded, what it printed and what it asked.
async fn run(arguments: &[&str], answers: Vec<(u16, Value)>) -> (bool, String, Vec<String>) {
    let server = Prepared::start(answers).await;
    let mut command = Command::new(build::bellhop());
    command
        .args(arguments)
        .env("BELLHOP_URL", &server.url)
        .env("BELLHOP_ADMIN_TOKEN", ADMIN_TOKEN)
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().expect("bellhop runs"));
    let output = output.await.expect("it does not panic");
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8(text).expect("it prints UTF-8");
    let steers = text.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}');
    assert!(!steers && !text.contains(ADMIN_TOKEN), "{text:?}");
    let asked = server.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (output.status.success(), text, asked)
}

/// Checks what a command asks, and words of what it prints.
async fn check(arguments: &[&str], answers: &[(u16, Value)], asked: &[&str], printed: &[&str]) {
    let (success, text, found) = run(arguments, answers.to_vec()).await;
    assert!(success, "{arguments:?}: {text}");
    assert_eq!(found, asked, "{arguments:?}");
    for words in printed {
        assert!(text.contains(words), "{arguments:?}: no {words:?} in {text}");
    }
}

/// An answer of all its fields, of which these are as they are given.
fn with(mut all: Value, given: Value) -> Value {
    if let (Value::Object(all), Value::Object(given)) = (&mut all, given) {
        all.extend(given);
    }
    all
}

/// A hook with these fields.
fn hook(given: Value) -> Value {
    let all = json!({
        "id": "hk_1", "name": "n", "description": "", "path": "p", "url_path": "/webhook/p", "sender": "github",
        "scheme": null, "unsigned": false, "secrets": [{"fingerprint": "0a1b2c3d"}], "retiring": [], "events": [],
        "when": null, "conditions": [], "priority": 0, "max_executions": null, "cooldown_seconds": 0,
        "rate_per_minute": 100, "allowed_ips": [], "max_body_bytes": 4_194_304,
        "actions": [{"kind": "telegram", "chat": "1"}], "deduplicate": null, "reconcile": null, "status": "active",
        "origin": "api", "created_at": "2026", "updated_at": "2026", "last_triggered_at": null, "executions": 0,
        "version": 1,
    });
    with(all, given)
}

/// An event with these fields: in a list, or whole.
fn event(given: Value) -> Value {
    let all = json!({
        "id": "e1", "status": "accepted", "duplicate_of": null, "cause": null, "received_at": "2026", "path": "p",
        "sender": "github", "type": "push", "delivery_id": null, "source_ip": null, "body_bytes": 7, "hooks": [],
        "test": false, "erased_at": null, "tasks": [],
    });
    with(all, given)
}

/// A task with these fields: in a list, or with its attempts.
fn task(given: Value) -> Value {
    let all = json!({
        "id": "t", "event": "e1", "event_type": null, "sender": "github", "hook": "hk_1", "kind": "telegram",
        "destination": "1", "status": "queued", "reason": null, "attempts": 0, "created_at": "2026", "due_at": null,
        "expires_at": "2026", "retries": 0, "replay": null, "test": false,
    });
    with(all, given)
}

/// A page of a list of hooks.
fn hooks() -> (u16, Value) {
    (200, json!({"items": [hook(json!({"name": "my repos"}))], "next_cursor": null}))
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_read_to_their_end_or_their_limit() {
    let mark = json!({"id": "t", "hook": "hk_1", "kind": "telegram", "status": "dead"});
    let event = event(json!({"test": true, "tasks": [mark]}));
    let refused = json!({"id": "e2", "received_at": "2026", "status": 401, "cause": "no\u{1b}[2J\u{202e}signature",
        "source_ip": "192.0.2.1", "body_bytes": 7, "hook": "hk_1", "path": null});
    let page = |items: &[&Value], next: Value| (200, json!({"items": items, "next_cursor": next}));
    check(
        &["events", "--hook", "my repos", "--status", "dead"],
        &[hooks(), page(&[&event], json!("c1")), page(&[&refused], json!(null))],
        &[
            "GET /api/hooks?limit=200",
            "GET /api/events?hook=hk_1&status=dead&limit=200",
            "GET /api/events?hook=hk_1&status=dead&limit=200&cursor=c1",
        ],
        &["telegram dead  TEST", "refused 401  from 192.0.2.1, 7 bytes: no·[2J·signature"],
    )
    .await;
    check(
        &["events", "--limit", "1"],
        &[page(&[&event, &event], json!("c1"))],
        &["GET /api/events?limit=200"],
        &["e1"],
    )
    .await;
    let groups = json!({
        "queued": [task(json!({"id": "a"}))], "running": [], "retrying": [], "done": [], "skipped": [],
        "dead": [task(json!({"id": "b", "status": "dead", "reason": "blocked"}))],
    });
    check(
        &["tasks", "--status", "dead"],
        &[(200, json!({"groups": groups, "next_cursor": null}))],
        &["GET /api/tasks?status=dead&limit=200"],
        &["dead       b", "blocked", "queued     a"],
    )
    .await;
    check(
        &["hooks"],
        &[page(&[&hook(json!({"name": "n\u{7}", "unsigned": true}))], json!(null))],
        &["GET /api/hooks?limit=200"],
        &["n·  UNSIGNED"],
    )
    .await;
}

/// A job with these fields.
fn job(given: Value) -> Value {
    let due = json!({"at": "2027-03-01T08:00:00.000Z", "local": "2027-03-01T09:00:00"});
    let run = json!({
        "event": "e1", "due_at": "2027-02-26", "asked": true, "status": "ran", "delivery": "failed", "reason": "blocked\u{7}",
        "started_at": null, "duration_ms": null,
    });
    let all = json!({
        "id": "jb_1", "name": "stand-up", "description": "d\u{1b}[2J", "schedule": {"cron": "0 9 * * 1-5"},
        "schedule_words": "at 09:00", "start_at": null, "end_at": null, "max_runs": null, "jitter_seconds": 0, "data": {},
        "when": null, "catch_up": "once", "overlap": "skip", "auto_remove": false, "actions": [], "enabled": true,
        "status": "active", "next_run_at": "2027-03-01T08:00:00.000Z", "next_runs": [due], "last_run": run, "runs": 7,
        "origin": "api", "created_at": "2026", "updated_at": "2026", "version": 1,
    });
    with(all, given)
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_made_shown_run_paused_and_deleted() {
    let list = |next: Value| (200, json!({"items": [job(json!({}))], "next_cursor": next}));
    let one = || (200, job(json!({})));
    check(
        &["jobs"],
        &[list(json!("c1")), list(json!(null))],
        &["GET /api/jobs?limit=200", "GET /api/jobs?limit=200&cursor=c1"],
        &["jb_1  active    next 2027-03-01T09:00:00", "last failed", "stand-up: at 09:00"],
    )
    .await;
    check(
        &["jobs", "show", "stand-up"],
        &[list(json!(null)), one()],
        &["GET /api/jobs?name=stand-up&limit=200", "GET /api/jobs/jb_1"],
        &["d·[2J", "next 2027-03-01T08:00:00.000Z  (2027-03-01T09:00:00 there)", "failed      e1  asked for  blocked·"],
    )
    .await;
    let add = |more: [&'static str; 2]| {
        [["jobs", "add", "--name", "n"].as_slice(), &more, &["--chat", "1", "--text", "t"]].concat()
    };
    let body = |schedule: &str| {
        let action = "{\"chat\":\"1\",\"kind\":\"telegram\",\"template\":\"{{ payload.data.text }}\"}";
        format!(
            "POST /api/jobs {{\"actions\":[{action}],\"data\":{{\"text\":\"t\"}},\"name\":\"n\",\"schedule\":{schedule}}}"
        )
    };
    for (more, schedule) in [
        (["--every", "weekday 09:00"], r#"{"cron":"0 9 * * 1-5"}"#),
        (["--every", "10 minutes"], r#"{"every_seconds":600}"#),
        (["--cron", "0 9 1 * *"], r#"{"cron":"0 9 1 * *"}"#),
        (["--at", "2027-01-31T09:00:00-05:00"], r#"{"once":"2027-01-31T09:00:00-05:00"}"#),
        (["--at", "2027-01-31 09:00"], r#"{"once":"2027-01-31 09:00"}"#),
    ] {
        check(&add(more), &[one()], &[&body(schedule)], &["at 09:00"]).await;
    }
    let asked = (202, json!({"id": "e9", "event_url": "/api/events/e9"}));
    check(&["jobs", "run", "jb_1"], &[asked], &["POST /api/jobs/jb_1/run"], &["it runs as event e9"]).await;
    check(&["jobs", "pause", "jb_1"], &[one()], &["POST /api/jobs/jb_1/pause"], &["stand-up is paused"]).await;
    check(&["jobs", "resume", "jb_1"], &[one()], &["POST /api/jobs/jb_1/resume"], &["due next at 2027-03-01T09:00:00"])
        .await;
    check(&["jobs", "delete", "jb_1"], &[(204, json!(null))], &["DELETE /api/jobs/jb_1"], &["jb_1 is deleted"]).await;
    let (success, text, _) =
        run(&["jobs", "show", "nobody"], vec![(200, json!({"items": [], "next_cursor": null}))]).await;
    assert!(!success && text.contains("no job is called `nobody`"), "{text}");
    for (more, words) in
        [(["--every", "blue moon"], "write `10 minutes`"), (["--in", "soon"], "write a stretch of time")]
    {
        let (success, text, asked) = run(&add(more), Vec::new()).await;
        assert!(!success && text.contains(words) && asked.is_empty(), "{more:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_is_shown_whole() {
    let attempt = json!({
        "started_at": "2026", "outcome": "failed", "duration_ms": 12, "detail": "403", "response_status": 403,
        "answer": "",
    });
    let task = task(json!({
        "id": "e1.hk_1.0", "destination": "123", "status": "dead", "reason": "blocked", "attempts": [attempt],
    }));
    let event = event(json!({
        "path": "a", "hooks": [{"id": "hk_1", "secret": 0}], "hook_names": {"hk_1": "my-repos"},
        "headers": [{"name": "x-a", "value": "b\u{1b}]0;title\u{7}"}], "body": "{\n \"a\": 1\u{9b}\n}",
        "body_encoding": "utf-8", "body_cut": false, "tasks": [task],
    }));
    check(
        &["events", "a/../b"],
        &[(200, event)],
        &["GET /api/events/a%2F..%2Fb"],
        &[
            "hook: my-repos (hk_1)",
            "task e1.hk_1.0: telegram to 123, dead blocked",
            "failed after 12 ms  403",
            "x-a: b·]0;title·",
            "\n \"a\": 1·\n}",
        ],
    )
    .await;
}

/// How far a replay is.
fn replay(given: Value) -> (u16, Value) {
    let all = json!({
        "id": "rp_1", "status": "running", "selected": null, "from": "2026", "to": "2026", "hook": null, "seen": 0,
        "replayed": 0, "tasks": 0, "created_at": "2026", "finished_at": null,
    });
    (200, with(all, given))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_something_asks_for_it_part_by_part() {
    check(
        &["purge", "--hook", "hk_9", "--before", "2026-01-01"],
        &[
            (200, json!({"deleted": 200, "kept": 1, "more": true, "next_cursor": "c1"})),
            (200, json!({"deleted": 3, "kept": 0, "more": false, "next_cursor": null})),
        ],
        &[
            r#"POST /api/events/purge {"before":"2026-01-01T00:00:00.000Z","cursor":null,"hook":"hk_9","limit":200}"#,
            r#"POST /api/events/purge {"before":"2026-01-01T00:00:00.000Z","cursor":"c1","hook":"hk_9","limit":200}"#,
        ],
        &["events deleted: 203; 1 stay"],
    )
    .await;
    check(
        &["retry", "--all-dead", "--hook", "hk_9"],
        &[(202, json!({"count": 200, "next_cursor": "c1"})), (202, json!({"count": 2, "next_cursor": null}))],
        &[
            r#"POST /api/tasks/retry {"cursor":null,"hook":"hk_9","status":"dead"}"#,
            r#"POST /api/tasks/retry {"cursor":"c1","hook":"hk_9","status":"dead"}"#,
        ],
        &["tasks done again: 202"],
    )
    .await;
    check(
        &["retry", "t1", "t2"],
        &[(202, json!({"id": "t1"})), (202, json!({"id": "t2"}))],
        &["POST /api/tasks/t1/retry", "POST /api/tasks/t2/retry"],
        &["t2 is done again"],
    )
    .await;
    check(
        &["replay", "--from", "2026-01-01", "--to", "2026-01-02T12:00:00Z"],
        &[
            (202, json!({"replay_id": "rp_1", "status_url": "/api/events/replays/rp_1"})),
            replay(json!({"seen": 25, "replayed": 20, "tasks": 20})),
            replay(json!({"seen": 30, "replayed": 24, "tasks": 24, "status": "finished", "finished_at": "2026"})),
        ],
        &[
            r#"POST /api/events/replay {"from":"2026-01-01T00:00:00.000Z","to":"2026-01-02T12:00:00.000Z"}"#,
            "GET /api/events/replays/rp_1",
            "GET /api/events/replays/rp_1",
        ],
        &["events looked at: 25, done again: 20, tasks: 20", "events looked at: 30, done again: 24, tasks: 24"],
    )
    .await;
    check(
        &["test", "my repos"],
        &[hooks(), (202, json!({"id": "e1", "event_url": "/api/events/e1"}))],
        &["GET /api/hooks?limit=200", "POST /api/hooks/hk_1/test"],
        &["bellhop events e1"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_listed_and_revoked() {
    let token = json!({
        "id": "tk_1", "name": "ci\r", "scopes": ["events"], "created_at": "2026", "expires_at": null,
        "last_used_at": "2026",
    });
    check(
        &["tokens", "create", "--name", "ci", "--scope", "events", "--scope", "channel:a", "--expires", "90d"],
        &[(201, with(token.clone(), json!({"token": "bh_new"})))],
        &[r#"POST /api/tokens {"expires_in_seconds":7776000,"name":"ci","scopes":["events","channel:a"]}"#],
        &["tk_1", "bh_new"],
    )
    .await;
    let list = (200, json!({"items": [token], "next_cursor": null}));
    check(&["tokens"], &[list], &["GET /api/tokens?limit=200"], &["ends never", "used 2026", "ci·"]).await;
    check(&["tokens", "revoke", "tk_1"], &[(204, Value::Null)], &["DELETE /api/tokens/tk_1"], &["tk_1 is revoked"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offered_secret_is_claimed_by_name_or_id() {
    let claimed = json!({"secret": "offered-6b1f", "offered_at": "2026-11-21", "source_ip": "192.0.2.7"});
    check(
        &["hooks", "claim", "my repos"],
        &[hooks(), (200, claimed.clone())],
        &["GET /api/hooks?limit=200", "POST /api/hooks/hk_1/claim"],
        &["offered at 2026-11-21 from 192.0.2.7", "\noffered-6b1f\n", "the hook's first secret now"],
    )
    .await;
    let mut shown = claimed;
    (shown["note"], shown["source_ip"]) = (json!("put it into\u{1b}[2J the file"), Value::Null);
    check(
        &["hooks", "claim", "hk_9"],
        &[(200, shown)],
        &["POST /api/hooks/hk_9/claim"],
        &["from an unknown address", "\noffered-6b1f\nput it into·[2J the file\n"],
    )
    .await;
    let offer =
        json!({"id": "of_1\r", "offered_at": "2026-11-21", "source_ip": "192.0.2.7", "fingerprint": "0a1b2c3d"});
    let offers = (200, json!({"items": [offer], "next_cursor": null}));
    check(
        &["hooks", "offers", "my repos"],
        &[hooks(), offers],
        &["GET /api/hooks?limit=200", "GET /api/hooks/hk_1/offers"],
        &["of_1·  offered at 2026-11-21 from 192.0.2.7  fingerprint 0a1b2c3d"],
    )
    .await;
    let claimed = (200, json!({"secret": "offered-6b1f", "offered_at": "2026-11-21", "source_ip": null}));
    let asked = ["POST /api/hooks/hk_9/claim {\"offer\":\"of_1\"}"];
    check(&["hooks", "claim", "hk_9", "--offer", "of_1"], &[claimed], &asked, &["\noffered-6b1f\n"]).await;
    let failure = (404, json!({"error": {"message": "nothing is offered to this hook"}}));
    let (success, text, _) = run(&["hooks", "claim", "hk_9"], vec![failure]).await;
    assert!(!success && text.contains("answered 404: nothing is offered to this hook"), "{text}");
    let list = (200, json!({"items": [hook(json!({"name": "n"}))], "next_cursor": null}));
    check(&["hooks", "list"], &[list], &["GET /api/hooks?limit=200"], &["hk_1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_version_is_read_or_told_apart() {
    let newer = hook(json!({
        "name": "newer", "colour": "red", "status": "resting", "deduplicate": "weekly",
        "actions": [{"kind": "pigeon", "loft": 7}], "secrets": [{"sealed": "x"}],
    }));
    let page = (200, json!({"items": [newer], "next_cursor": null, "total": 1}));
    check(&["hooks"], &[page], &["GET /api/hooks?limit=200"], &["hk_1  resting ", "newer"]).await;
    let mut older = hook(json!({}));
    older.as_object_mut().expect("a hook is an object").remove("url_path");
    let page = (200, json!({"items": [hook(json!({})), older], "next_cursor": null}));
    let (success, text, _) = run(&["hooks"], vec![page]).await;
    let told = ["answered GET /api/hooks?limit=200", "items[1]: missing field `url_path`"];
    assert!(!success && told.iter().all(|words| text.contains(words)), "{text}");
    let (success, text, _) = run(&["tokens"], vec![(200, json!("canary"))]).await;
    assert!(!success && text.contains("cannot read: the body:") && !text.contains("canary"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_sends_its_token_over_plain_http_to_another_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("bellhop.toml");
    std::fs::write(&config, "retention_days = 1\n").expect("a file");
    let config = config.to_string_lossy().into_owned();
    let commands: [&[&str]; 15] = [
        &["apply", "--config", &config],
        &["apply", "--config", &config, "--dry-run"],
        &["hooks"],
        &["hooks", "claim", "hk_1"],
        &["test", "hk_1"],
        &["events"],
        &["events", "e1"],
        &["replay", "e1"],
        &["tasks"],
        &["retry", "t1"],
        &["purge", "--hook", "hk_1", "--before", "1d"],
        &["tokens"],
        &["tokens", "create", "--name", "x", "--scope", "events"],
        &["tokens", "revoke", "tk_1"],
        &["explain", "--event", "e1", "--sender", "none"],
    ];
    // A name of this machine for which no exception is made: what was sent all the same would arrive.
    let server = Prepared::start(Vec::new()).await;
    let port = server.url.rsplit(':').next().unwrap_or_default().to_owned();
    for arguments in commands {
        for (insecure, refused) in [(false, true), (true, false)] {
            let mut command = Command::new(build::bellhop());
            command.args(&arguments[..1]).args(insecure.then_some("--insecure-http")).args(&arguments[1..]);
            command.stdin(Stdio::null());
            command.env("BELLHOP_URL", format!("http://0.0.0.0:{port}")).env("BELLHOP_ADMIN_TOKEN", ADMIN_TOKEN);
            let output = tokio::task::spawn_blocking(move || command.output().expect("bellhop runs"));
            let output = output.await.expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success(), "{arguments:?}: {said}");
            assert_eq!(
                said.contains("--insecure-http") && said.contains("plain HTTP"),
                refused,
                "{arguments:?}: {said}"
            );
            let asked = std::mem::take(&mut *server.asked.lock().unwrap_or_else(PoisonError::into_inner));
            assert_eq!(asked.is_empty(), refused, "{arguments:?} sent {asked:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_before_anything_is_asked() {
    for arguments in [
        ["purge", "--hook", "hk_1"].as_slice(),
        &["purge", "--hook", "hk_1", "--before", "soon"],
        &["retry"],
        &["retry", "t1", "--all-dead"],
        &["replay"],
        &["replay", "e1", "--from", "1d"],
        &["tokens", "create", "--name", "x"],
        &["tokens", "create", "--name", "x", "--scope", "events", "--expires", "0d"],
    ] {
        let (success, text, asked) = run(arguments, Vec::new()).await;
        assert!(!success && asked.is_empty() && !text.contains("panicked"), "{arguments:?}: {asked:?} {text}");
    }
    let (success, text, asked) = run(&["test", "nobody"], vec![hooks()]).await;
    assert!(!success && asked.len() == 1 && text.contains("no hook is called `nobody`"), "{text}");
    let failure = (409, json!({"error": {"message": "the task\u{1b}[1m has not ended"}}));
    let (success, text, _) = run(&["retry", "t1"], vec![failure]).await;
    assert!(!success && text.contains("answered 409: the task·[1m has not ended"), "{text}");
}
