//! The `forward` action in one process: what arrives, how it is signed, and what every answer leads to.

use std::time::Duration;

use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::github::{self, delivery_id};
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::sink::{Came, Sink};
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, CHAT, GITHUB_SECRET, World, assert_accepted, config, github_hook, setup};

const OUT_SECRET: &str = "out-secret-canary-5d1e";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A GitHub hook at `path` whose events are forwarded; `action` are the action's other fields.
fn hook(path: &str, url: &str, action: &str) -> String {
    let hook = github_hook(path, CHAT);
    let (head, _) = hook.split_once("  [[hooks.actions]]").expect("a hook has actions");
    format!("{head}  [[hooks.actions]]\n  kind = \"forward\"\n  url = \"{url}\"\n  {action}\n")
}

/// A world that may call the sink, with these hooks.
async fn world(sink: &Sink, hooks: &str) -> World {
    let network = format!("\n[network]\nallow_private_hosts = [\"{}\"]\n", sink.host);
    let fake = FakeBotApi::start_unlimited().await;
    let setup = setup(&config(&fake.url(), &(network + hooks)));
    let setup = setup.env("OUT_SECRET", OUT_SECRET).env("OUT_WHSEC", WHSEC).env("OUT_URL", &sink.url("/kept"));
    let bellhop = setup.start();
    World { fake, setup, bellhop, http: Http::new() }
}

/// Calls the management API as its admin.
async fn api(world: &World, method: Method, path: &str) -> Answer {
    let admin = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    world.http.send(method, &world.bellhop.at(path), &admin, Vec::new()).await
}

/// A push, with a number so that each is another.
fn push(number: u32) -> Vec<u8> {
    let mut payload: Value = serde_json::from_slice(&github::example("push", "").body).expect("a push is JSON");
    payload["number"] = number.into();
    serde_json::to_vec(&payload).expect("JSON is written")
}

/// The task of an event, once it is as wanted.
async fn task(world: &World, event: &str, wanted: &str) -> Value {
    for _ in 0..200 {
        let shown = api(world, Method::GET, &format!("/api/events/{event}")).await.json();
        let task = shown["tasks"][0].clone();
        if task["status"] == wanted {
            let id = task["id"].as_str().unwrap_or_default();
            return api(world, Method::GET, &format!("/api/tasks/{id}")).await.json();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!(
        "the task of {event} is not {wanted}: {}",
        api(world, Method::GET, &format!("/api/events/{event}")).await.text()
    );
}

#[tokio::test]
async fn the_original_arrives_as_it_came_signed_and_named() {
    let sink = Sink::start().await;
    let sign = |scheme: &str, secret: &str| format!("sign = {{ scheme = \"{scheme}\", secret = \"env:{secret}\" }}");
    let hooks = [
        hook("plain", &sink.url("/plain?x=1"), ""),
        hook("standard", &sink.url("/standard"), &sign("standard-webhooks", "OUT_WHSEC")),
        hook("github", &sink.url("/github"), &sign("github", "OUT_SECRET")),
        hook("kept", "env:OUT_URL", ""),
    ];
    let world = world(&sink, &hooks.concat()).await;
    for (number, path) in (1..).zip(["plain", "standard", "github", "kept"]) {
        let body = push(number);
        let accepted = world.github(&format!("/webhook/{path}"), "push", &delivery_id(9, number), &body).await;
        let event = assert_accepted(&accepted);
        let came = sink.wait_for(&format!("/{path}"), 1).await.remove(0);
        assert_eq!((came.method.as_str(), &came.body[..]), ("POST", &body[..]), "{path}");
        assert_eq!(came.header("x-github-event"), "push");
        assert_eq!(came.header("x-bellhop-event"), event);
        assert_eq!(came.header("x-bellhop-hops"), "1");
        assert!(came.header("x-bellhop-delivery").starts_with(&event), "{:?}", came.headers);
        assert_eq!(came.header("content-length"), body.len().to_string());
        assert_eq!(came.header("host"), sink.host);
        assert!(came.header("user-agent").starts_with("Bellhop/"), "{:?}", came.headers);
        let sender = if path == "standard" { "standard-webhooks" } else { "github" };
        let secret = if path == "standard" { WHSEC } else { OUT_SECRET };
        let is_signed = matches!(path, "standard" | "github");
        assert_eq!(verifies(&came, sender, secret), is_signed, "{path}: {:?}", came.headers);
        let shown = task(&world, &event, "succeeded").await;
        assert_eq!(shown["attempts"][0]["response_status"], 200, "{shown}");
        assert_eq!(shown["attempts"][0]["answer"], "answered 200", "{shown}");
        assert_eq!((shown["kind"].as_str(), shown["attempts"].as_array().map(Vec::len)), (Some("forward"), Some(1)));
    }
    let output = world.finish();
    assert!(!output.contains(OUT_SECRET) && !output.contains(WHSEC), "{output}");
}

/// Whether a request proves itself by a sender's scheme.
fn verifies(came: &Came, sender: &str, secret: &str) -> bool {
    use bellhop_senders::{inbound, secret::Secret, sender::Sender, time::Timestamp, verify};
    let sender = Sender::named(sender).expect("a sender of the table");
    let keys = [verify::Key::new(sender, &Secret::new(secret).expect("a secret")).expect("a key")];
    let pairs: Vec<(&str, &[u8])> =
        came.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = inbound::Inbound::new(inbound::Headers::new(&pairs), &came.body);
    let now = u64::try_from(bellhop_tests::sign::now()).expect("it is after 1970");
    verify::verify(sender, &keys, request, None, Timestamp::from_seconds(now)).is_ok()
}

#[tokio::test]
async fn a_body_and_headers_are_made_of_the_event() {
    let sink = Sink::start().await;
    // As Octipus' `webhook` action and forwarding to n8n are written.
    let action = r#"method = "PUT"
  headers = { x-env = "prod", x-ref = "{{ payload.ref }}" }
  body = '{"repo":{{ payload.repository.full_name | tojson }},"type":"{{ event.type }}","odd":{{ webhook.body.number }}}'"#;
    let world = world(&sink, &hook("n8n", &sink.url("/n8n"), action)).await;
    let body = push(7);
    assert_accepted(&world.github("/webhook/n8n", "push", &delivery_id(9, 1), &body).await);
    let came = sink.wait_for("/n8n", 1).await.remove(0);
    let (sent, made): (Value, Value) =
        (serde_json::from_slice(&body).expect("JSON"), serde_json::from_slice(&came.body).expect("JSON"));
    assert_eq!(made, json!({"repo": sent["repository"]["full_name"], "type": "push", "odd": 7}));
    assert_eq!((came.method.as_str(), came.header("content-type").as_str()), ("PUT", "application/json"));
    assert_eq!(
        (came.header("x-env").as_str(), came.header("x-ref").as_str()),
        ("prod", sent["ref"].as_str().unwrap_or("?"))
    );
    world.finish();
}

#[tokio::test]
async fn answers_are_obeyed() {
    let sink = Sink::start().await;
    let paths = ["again", "wait", "final", "moved", "gone"];
    let hooks: String = paths.iter().map(|path| hook(path, &sink.url(&format!("/{path}")), "")).collect();
    let world = world(&sink, &hooks).await;
    sink.answer("/again", 503, "retry-after: 1");
    sink.answer("/wait", 429, "retry-after: 2");
    sink.answer("/final", 422, "");
    sink.answer("/moved", 302, "location: /elsewhere");
    sink.answer("/gone", 410, "");
    let mut events = Vec::new();
    for (number, path) in (1..).zip(paths) {
        let answer = world.github(&format!("/webhook/{path}"), "push", &delivery_id(8, number), &push(number)).await;
        events.push(assert_accepted(&answer));
    }
    for (path, seconds, event) in [("/again", 1, &events[0]), ("/wait", 2, &events[1])] {
        let came = sink.wait_for(path, 2).await;
        let waited = came[1].at - came[0].at;
        assert!(
            waited >= Duration::from_secs(seconds) && waited < Duration::from_secs(seconds + 4),
            "{path}: {waited:?}"
        );
        assert_eq!(came[0].header("x-bellhop-delivery"), came[1].header("x-bellhop-delivery"), "ids stay");
        assert_eq!(task(&world, event, "succeeded").await["attempts"].as_array().map(Vec::len), Some(2));
    }
    let dead = task(&world, &events[2], "dead").await;
    assert!(dead["reason"].as_str().is_some_and(|reason| reason.contains("422")), "{dead}");
    assert_eq!(dead["attempts"][0]["answer"], "answered 422");
    let dead = task(&world, &events[3], "dead").await;
    assert!(dead["reason"].as_str().is_some_and(|reason| reason.contains("redirects are not followed")), "{dead}");
    assert_eq!(sink.at("/elsewhere").len(), 0);
    // What is gone is called no more, until somebody retries with success.
    task(&world, &events[4], "dead").await;
    let next = world.github("/webhook/gone", "push", &delivery_id(8, 99), &push(99)).await;
    let next = assert_accepted(&next);
    let dead = task(&world, &next, "dead").await;
    assert!(dead["reason"].as_str().is_some_and(|reason| reason.contains("disabled")), "{dead}");
    assert_eq!(sink.at("/gone").len(), 1, "it was not called again");
    let id = dead["id"].as_str().unwrap_or_default();
    let asked = api(&world, Method::POST, &format!("/api/tasks/{id}/retry")).await;
    assert_eq!(asked.status.as_u16(), 202, "{}", asked.text());
    task(&world, &next, "succeeded").await;
    let last = world.github("/webhook/gone", "push", &delivery_id(8, 100), &push(100)).await;
    task(&world, &assert_accepted(&last), "succeeded").await;
    world.finish();
}

#[tokio::test]
async fn order_is_kept_where_it_is_asked_for_and_a_slow_address_holds_up_nobody() {
    let sink = Sink::start().await;
    let hooks = [
        hook("ordered", &sink.url("/ordered"), "ordered = true"),
        hook("slow", &sink.url("/slow"), "timeout_seconds = 30"),
        hook("side", &sink.url("/side"), ""),
    ];
    let world = world(&sink, &hooks.concat()).await;
    // The first must be retried, and all the others wait for it.
    sink.answer("/ordered", 503, "retry-after: 1");
    for number in 0..40 {
        for path in ["slow", "ordered", "side"] {
            let id = delivery_id(7, number);
            assert_accepted(&world.github(&format!("/webhook/{path}"), "push", &id, &push(number)).await);
        }
    }
    let numbers = |came: &[Came]| -> Vec<u64> {
        let number = |one: &Came| serde_json::from_slice::<Value>(&one.body).expect("JSON")["number"].as_u64();
        came.iter().filter_map(number).collect()
    };
    let side = sink.wait_for("/side", 40).await;
    let mut found = numbers(&side);
    found.sort_unstable();
    assert_eq!(found, (0..40).collect::<Vec<_>>());
    let ordered = sink.wait_for("/ordered", 41).await;
    assert_eq!(numbers(&ordered)[1..], (0..40).collect::<Vec<_>>()[..], "{:?}", numbers(&ordered));
    assert!(sink.at("/slow").len() <= 16, "{} at once", sink.at("/slow").len());
}

#[tokio::test]
async fn a_private_address_that_nobody_named_is_never_called() {
    let (sink, other) = (Sink::start().await, Sink::start().await);
    let world = world(&sink, &hook("in", &other.url("/in"), "")).await;
    let accepted = world.github("/webhook/in", "push", &delivery_id(6, 1), &push(1)).await;
    let dead = task(&world, &assert_accepted(&accepted), "dead").await;
    let reason = dead["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("127.0.0.1") || reason.contains("private") || reason.contains("https"), "{reason}");
    assert!(!reason.contains("/in"), "an address may be what opens the door: {reason}");
    assert_eq!(other.at("/in").len(), 0);
    world.finish();
}

#[tokio::test]
async fn what_goes_round_in_a_circle_ends() {
    let sink = Sink::start().await;
    let world = world(&sink, &hook("loop", &sink.url("/loop"), "")).await;
    for (hops, skipped) in [("4", false), ("5", true), ("x", true)] {
        let body = push(u32::from(hops.as_bytes()[0]));
        let id = delivery_id(5, u32::from(hops.as_bytes()[0]));
        let mut headers = github::headers(GITHUB_SECRET, "push", &id, &body);
        headers.push(("x-bellhop-hops".to_owned(), hops.to_owned()));
        let answer = world.http.post(&world.bellhop.at("/webhook/loop"), &headers, body).await;
        let task = task(&world, &assert_accepted(&answer), if skipped { "skipped" } else { "succeeded" }).await;
        let told = task["reason"].as_str().is_some_and(|reason| reason.contains("circle"));
        assert_eq!(told, skipped, "{task}");
    }
    assert_eq!(sink.wait_for("/loop", 1).await[0].header("x-bellhop-hops"), "5");
    world.finish();
}
