//! What an operator sees of one process: metrics, one story a log, spans at a collector; and what is watched when deployed.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bellhop_tests::bot_api::{FakeBotApi, Script};
use bellhop_tests::build::workspace;
use bellhop_tests::github::{self, delivery_id};
use bellhop_tests::http::{Answer, Http, headers};
use http::Method;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::world::{
    ADMIN_TOKEN, CHAT, GITHUB_SECRET, World, assert_accepted, assert_refused, config, github_hook, no_secret_in, setup,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Posts a signed push with a `traceparent` header; the event's id.
async fn traced_push(http: &Http, url: &str, delivery: u32, traceparent: &str) -> String {
    let body = format!(
        r#"{{"ref":"refs/heads/main","repository":{{"full_name":"me/mine"}},"commits":[],"number":{delivery}}}"#
    );
    let mut all = github::headers(GITHUB_SECRET, "push", &delivery_id(8, delivery), body.as_bytes());
    all.extend(headers(&[("traceparent", traceparent)]));
    assert_accepted(&http.post(url, &all, body).await)
}

/// Waits for so many lines of the log; the fake Bot API runs meanwhile.
async fn wait_for(world: &World, text: &str, count: usize) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while world.bellhop.output().matches(text).count() < count {
        assert!(Instant::now() < deadline, "not {count} times `{text}` in:\n{}", world.bellhop.output());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Gets the page of metrics.
async fn metrics(world: &World, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    world.http.send(Method::GET, &world.bellhop.at("/metrics"), &headers(&[("authorization", &bearer)]), "").await
}

/// The samples by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.rsplit_once(' ')).map(|(k, v)| (k.to_owned(), v.parse().expect("a number"))).collect()
}

#[tokio::test]
async fn metrics_tell_what_happened_and_only_to_whoever_may_know() {
    let world = World::start(&github_hook("github", CHAT)).await;
    world.fake.script([Script::status(400, "Bad Request: chat not found")]);
    let body = br#"{"zen":"Keep it simple"}"#;
    assert_accepted(&world.github("/webhook/github", "ping", &delivery_id(7, 1), body).await);
    wait_for(&world, "task is dead", 1).await;
    for number in [2, 3, 3] {
        let body = format!(r#"{{"zen":"Keep it simple {number}"}}"#);
        assert_accepted(&world.github("/webhook/github", "ping", &delivery_id(7, number), body.as_bytes()).await);
    }
    wait_for(&world, "\"duplicate\"", 1).await;
    wait_for(&world, "\"message sent\"", 2).await;
    let unsigned = headers(&[("x-github-event", "ping")]);
    assert_refused(&world.http.post(&world.bellhop.at("/webhook/github"), &unsigned, "{}").await, 401);
    assert_refused(&world.http.post(&world.bellhop.at("/webhook/nobody"), &unsigned, "{}").await, 404);
    assert_refused(&world.http.get(&world.bellhop.at("/metrics")).await, 401);
    assert_refused(&metrics(&world, "wrong").await, 401);
    for (scope, status) in
        [("metrics", 200), ("events", 200), ("events:read", 403), ("hooks", 403), ("services", 403), ("jobs", 403)]
    {
        let url = world.bellhop.at("/api/tokens");
        let bearer = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
        let body = serde_json::json!({"name": scope, "scopes": [scope]}).to_string();
        let made = world.http.send(Method::POST, &url, &bearer, body).await.json();
        let token = made["token"].as_str().unwrap_or_default();
        assert_eq!(metrics(&world, token).await.status.as_u16(), status, "{scope}");
    }
    let answer = metrics(&world, ADMIN_TOKEN).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{:?}", answer.headers);
    no_secret_in(&answer.text());
    let samples = samples(&answer.text());
    for (name, value) in [
        ("bellhop_accepted_total", 4.0),
        ("bellhop_duplicates_total", 1.0),
        ("bellhop_delivered_total{kind=\"telegram\"}", 2.0),
        ("bellhop_dead_total", 1.0),
        ("bellhop_refused_total{cause=\"signature\"}", 1.0),
        ("bellhop_refused_total{cause=\"path\"}", 1.0),
        ("bellhop_refused_total{cause=\"limit\"}", 0.0),
        ("bellhop_delivery_seconds_count", 2.0),
        ("bellhop_delivery_seconds_bucket{le=\"+Inf\"}", 2.0),
        ("bellhop_queue_age_seconds{queue=\"inbox\"}", 0.0),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name} in\n{}", answer.text());
    }
    world.finish();
}

#[tokio::test]
async fn what_waits_has_an_age() {
    let world = World::start(&github_hook("github", CHAT)).await;
    world.fake.script([Script::status(500, "Internal Server Error")]);
    assert_accepted(&world.github("/webhook/github", "ping", &delivery_id(7, 9), b"{}").await);
    wait_for(&world, "attempt failed", 1).await;
    let text = metrics(&world, ADMIN_TOKEN).await.text();
    assert_eq!(samples(&text).get("bellhop_retried_total"), Some(&1.0), "{text}");
    assert!(samples(&text)["bellhop_queue_age_seconds{queue=\"work\"}"] > 0.0, "{text}");
}

#[tokio::test]
async fn every_line_of_an_event_has_its_id_and_its_trace() {
    let world = World::start(&github_hook("github", CHAT)).await;
    world.fake.script([Script::status(500, "Internal Server Error")]);
    let url = world.bellhop.at("/webhook/github");
    let event = traced_push(&world.http, &url, 1, &format!("00-{TRACE}-{PARENT}-01")).await;
    wait_for(&world, "\"message sent\"", 1).await;
    // This one's header is none, so its trace is its own and says nothing its id does not say.
    let other = traced_push(&world.http, &url, 2, &format!("00-{TRACE}-{PARENT}")).await;
    world.messages_of(CHAT, 2).await;
    let output = world.finish();
    let lines: Vec<Value> = output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let told = |event: &str| -> Vec<(String, Value)> {
        let own = lines.iter().filter(|line| line["event"] == event);
        own.map(|line| (line["message"].as_str().unwrap_or_default().to_owned(), line["trace"].clone())).collect()
    };
    let expected = ["accepted", "routed", "attempt failed", "message sent"];
    assert_eq!(told(&event), expected.map(|message| (message.to_owned(), TRACE.into())), "{output}");
    let expected = ["accepted", "routed", "message sent"];
    assert_eq!(told(&other), expected.map(|message| (message.to_owned(), Value::Null)), "{output}");
    let first = lines.iter().position(|line| line["message"] == "accepted").expect("it was accepted");
    let last = lines.iter().rposition(|line| line["message"] == "message sent").expect("it was sent");
    for line in &lines[first..=last] {
        assert!([&event, &other].into_iter().any(|event| line["event"] == **event), "whose is {line}");
        let time = line["timestamp"].as_str().unwrap_or_default();
        assert!(time.len() == 24 && time.ends_with('Z'), "Lambda takes a line without a time for INFO: {line}");
    }
}

/// A collector: what was posted to it.
type Posted = Arc<Mutex<Vec<Value>>>;

/// Starts a collector.
async fn collector() -> (String, Posted) {
    let posted = Posted::default();
    let take = |State(posted): State<Posted>, body: String| async move {
        let body = serde_json::from_str(&body).expect("OTLP is JSON");
        posted.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        "{}"
    };
    let app = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&posted));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, posted)
}

/// All spans posted so far, by name.
fn spans(posted: &Posted) -> HashMap<String, Value> {
    let posted = posted.lock().unwrap_or_else(PoisonError::into_inner);
    let spans = posted.iter().flat_map(|body| {
        let resource = &body["resourceSpans"][0];
        assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "front-desk");
        resource["scopeSpans"][0]["spans"].as_array().cloned().unwrap_or_default()
    });
    spans.map(|span| (span["name"].as_str().unwrap_or_default().to_owned(), span)).collect()
}

#[tokio::test]
async fn an_event_is_one_trace_at_the_collector() {
    let (url, posted) = collector().await;
    let fake = FakeBotApi::start_unlimited().await;
    let setup = setup(&config(&fake.url(), &github_hook("github", CHAT)))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .env("OTEL_SERVICE_NAME", "front-desk")
        .env("OTEL_BSP_SCHEDULE_DELAY", "50");
    let bellhop = setup.start();
    let http = Http::new();
    let door = bellhop.at("/webhook/github");
    // Whoever began this trace does not want it recorded.
    traced_push(&http, &door, 1, &format!("00-{}-{PARENT}-00", TRACE.replace('4', "5"))).await;
    let event = traced_push(&http, &door, 2, &format!("00-{TRACE}-{PARENT}-01")).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while spans(&posted).len() < 3 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (status, output) = bellhop.terminate(Duration::from_secs(10));
    assert!(status.is_some_and(|status| status.success()), "{output}");
    let spans = spans(&posted);
    assert_eq!(spans.len(), 3, "{spans:#?}");
    for (name, parent, kind) in [
        ("accept", PARENT.into(), 2),
        ("route", spans["accept"]["spanId"].clone(), 5),
        ("deliver", spans["route"]["spanId"].clone(), 3),
    ] {
        let span = &spans[name];
        assert_eq!((&span["traceId"], &span["parentSpanId"]), (&TRACE.into(), &parent), "{name}");
        assert_eq!(span["kind"], kind, "{name}");
        let nanos = |field: &str| span[field].as_str().and_then(|text| text.parse::<u64>().ok());
        assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano") && nanos("startTimeUnixNano").is_some());
        let named =
            |attribute: &Value| attribute["key"] == "bellhop.event" && attribute["value"]["stringValue"] == event;
        assert!(span["attributes"].as_array().is_some_and(|all| all.iter().any(named)), "{span}");
    }
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nobody_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let away = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let fake = FakeBotApi::start_unlimited().await;
    let setup = setup(&config(&fake.url(), &github_hook("github", CHAT)))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &away)
        .env("OTEL_BSP_SCHEDULE_DELAY", "20");
    let world = World { bellhop: setup.start(), setup, fake, http: Http::new() };
    for number in 1..=3 {
        let body = format!(r#"{{"number":{number}}}"#);
        assert_accepted(&world.github("/webhook/github", "ping", &delivery_id(6, number), body.as_bytes()).await);
    }
    wait_for(&world, "the collector took no spans", 1).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    let dropped = loop {
        let dropped = samples(&metrics(&world, ADMIN_TOKEN).await.text())["bellhop_spans_dropped_total"];
        if dropped >= 9.0 || Instant::now() > deadline {
            break dropped;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(dropped, 9.0, "three spans an event");
    world.finish();
}

#[test]
fn templates_pass_the_linter() {
    for template in ["template.yaml", "infra/monitoring.yaml"] {
        let lint = Command::new(workspace().join(".venv/bin/cfn-lint")).arg(workspace().join(template)).output();
        let lint = lint.expect("cfn-lint comes with the tools of infra/requirements.txt");
        assert!(lint.status.success(), "{template}: {}", String::from_utf8_lossy(&lint.stdout));
    }
}
