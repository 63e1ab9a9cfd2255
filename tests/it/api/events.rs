//! Events and tasks: listed without gaps, shown whole, done again, erased and purged.

use std::collections::HashSet;

use bellhop_tests::bot_api::{Mode, Script};
use bellhop_tests::github;
use http::Method;
use serde_json::{Value, json};

use super::{call, get, post, text, until};
use crate::world::{CHAT, GITHUB_SECRET, World, assert_accepted, assert_refused, github_hook, hook, shared_hook};

/// How many entries a list holds.
fn count(list: &Value) -> usize {
    list["items"].as_array().map_or(0, Vec::len)
}

/// The id of the hook of this name.
async fn hook_id(world: &World, name: &str) -> String {
    let hooks = get(world, "/api/hooks?limit=200").await;
    let hook = hooks["items"].as_array().into_iter().flatten().find(|hook| hook["name"] == name);
    text(hook.unwrap_or_else(|| panic!("no hook {name}")), "id")
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_doubles_while_more_comes_in() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    for number in 0..120 {
        world.say("/webhook/s", &format!("number {number}")).await;
    }
    world.fake.wait_for_text("number 119").await;
    let (mut seen, mut pages, mut path) = (Vec::new(), 0, "/api/events?limit=25".to_owned());
    loop {
        let page = get(&world, &path).await;
        seen.extend(page["items"].as_array().into_iter().flatten().map(|event| text(event, "id")));
        world.say("/webhook/s", &format!("while page {pages} is read")).await;
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/events?limit=25&cursor={cursor}"),
            None => break,
        }
    }
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");
    assert_eq!((seen.len(), pages), (120, 5));

    world.fake.wait_for_text("while page 4 is read").await;
    let mut tasks = HashSet::new();
    let mut path = "/api/tasks?limit=50".to_owned();
    loop {
        let page = get(&world, &path).await;
        let groups = page["groups"].as_object().into_iter().flatten();
        tasks.extend(groups.flat_map(|(_, group)| group.as_array().into_iter().flatten()).map(|task| text(task, "id")));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/tasks?limit=50&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(tasks.len(), 125);
    world.finish();
}

#[tokio::test]
async fn events_are_found_by_what_is_known_of_them() {
    let world = World::start(&(github_hook("github", 1) + &shared_hook("s", 2))).await;
    let (github, shared) = (hook_id(&world, "hook-github").await, hook_id(&world, "shared-s").await);
    for (number, kind) in (1..).zip(["push", "issues", "issue_comment"]) {
        let body = format!(r#"{{"number":{number},"repository":{{"full_name":"octo/hello"}}}}"#);
        world.github("/webhook/github", kind, &github::delivery_id(3, number), body.as_bytes()).await;
        // Times are in milliseconds; each event is to have its own.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    world.say("/webhook/s", "hello").await;
    until(&world, "/api/events?status=succeeded", |list| (count(list) == 4).then_some(())).await;
    let delivery = github::delivery_id(3, 2);
    let middle = get(&world, &format!("/api/events?delivery={delivery}")).await;
    let middle = text(&middle["items"][0], "received_at");
    for (query, expected) in [
        (String::new(), 4),
        (format!("hook={github}"), 3),
        (format!("hook={shared}"), 1),
        ("hook=hk_nobody".to_owned(), 0),
        ("sender=github".to_owned(), 3),
        ("type=push".to_owned(), 1),
        ("type=issue*".to_owned(), 2),
        ("status=succeeded&type=push".to_owned(), 1),
        ("status=dead".to_owned(), 0),
        ("status=test".to_owned(), 0),
        (format!("delivery={}", &delivery[4..]), 1),
        (format!("from={middle}"), 3),
        (format!("to={middle}"), 1),
        (format!("from={middle}&to=2099-01-01T00:00:00%2B01:00&sender=github"), 2),
        ("from=2099-01-01T00:00:00Z".to_owned(), 0),
    ] {
        assert_eq!(count(&get(&world, &format!("/api/events?{query}")).await), expected, "{query}");
    }
    for (field, query) in [
        ("limit", "limit=0"),
        ("limit", "limit=201"),
        ("limit", "limit=many"),
        ("cursor", "cursor=nonsense"),
        ("from", "from=yesterday"),
        ("to", "to=2026-13-01T00:00:00Z"),
        ("colour", "colour=red"),
        ("variant", "status=asleep"),
    ] {
        let answer = call(&world, Method::GET, &format!("/api/events?{query}"), Value::Null).await;
        assert_refused(&answer, 400);
        assert!(answer.text().contains(field), "{query}: {}", answer.text());
    }
    let board = get(&world, &format!("/api/tasks?hook={github}&status=succeeded&kind=telegram")).await;
    assert_eq!(board["groups"]["done"].as_array().map(Vec::len), Some(3), "{board}");
    assert_eq!(get(&world, "/api/tasks?kind=forward").await["groups"]["done"], json!([]));
    let answer = call(&world, Method::GET, "/api/tasks?kind=pigeon", Value::Null).await;
    assert_refused(&answer, 400);
    assert!(answer.text().contains("kind") && answer.text().contains("telegram"), "{}", answer.text());
    world.finish();
}

#[tokio::test]
async fn an_event_is_shown_whole_until_its_content_is_erased() {
    let two = hook("other", "github", "github", "OTHER_SECRET", 5, "", "") + &github_hook("github", 4);
    let world = World::start(&two).await;
    world.fake.set_mode(Mode::BadGateway);
    let body = br#"{"zen":"all of it"}"#;
    let mut signed = github::headers(GITHUB_SECRET, "push", &github::delivery_id(4, 1), body);
    signed.push(("authorization".to_owned(), "Bearer canary-of-a-sender".to_owned()));
    let id = assert_accepted(&world.http.post(&world.bellhop.at("/webhook/github"), &signed, body.to_vec()).await);
    until(&world, "/api/events?status=retrying", |list| (count(list) == 1).then_some(())).await;
    world.fake.set_mode(Mode::Up);
    let path = format!("/api/events/{id}");
    until(&world, &path, |event| (event["tasks"][0]["status"] == "succeeded").then_some(())).await;

    let event = get(&world, &path).await;
    let own = hook_id(&world, "hook-github").await;
    assert_eq!(event["body"], "{\"zen\":\"all of it\"}");
    assert_eq!((&event["body_encoding"], &event["body_cut"]), (&json!("utf-8"), &json!(false)));
    assert_eq!(event["hooks"], json!([{"id": own, "secret": 0}]), "the hook whose secret matched, and by which");
    assert_eq!(event["hook_names"], json!({own.clone(): "hook-github"}));
    let header = |name: &str| {
        let headers = event["headers"].as_array().into_iter().flatten();
        headers.into_iter().find(|header| header["name"] == name).map(|header| header["value"].clone())
    };
    assert_eq!(header("authorization"), Some(json!("[redacted]")));
    assert_eq!(header("x-github-event"), Some(json!("push")));
    let attempts = event["tasks"][0]["attempts"].as_array().expect("there are attempts");
    assert_eq!(
        (attempts.len(), &attempts[0]["outcome"], &attempts[1]["outcome"]),
        (2, &json!("failed"), &json!("succeeded"))
    );
    assert!(attempts[0]["started_at"].is_string() && attempts[0]["duration_ms"].is_u64(), "{attempts:?}");
    let task = text(&event["tasks"][0], "id");
    assert_eq!(get(&world, &format!("/api/tasks/{task}")).await, event["tasks"][0]);

    let binary: Vec<u8> = (0..=255).collect();
    let signed = github::headers(GITHUB_SECRET, "push", &github::delivery_id(4, 2), &binary);
    let odd = assert_accepted(&world.http.post(&world.bellhop.at("/webhook/github"), &signed, binary.clone()).await);
    until(&world, "/api/events", |list| (count(list) == 2).then_some(())).await;
    let odd = get(&world, &format!("/api/events/{odd}")).await;
    use base64::Engine as _;
    assert_eq!(odd["body"], base64::engine::general_purpose::STANDARD.encode(&binary));
    assert_eq!(odd["body_encoding"], "base64");

    assert_eq!(call(&world, Method::DELETE, &format!("{path}/content"), Value::Null).await.status.as_u16(), 204);
    let erased = get(&world, &path).await;
    assert_eq!(
        (&erased["body"], &erased["headers"], erased["tasks"] == event["tasks"]),
        (&Value::Null, &json!([]), true)
    );
    assert!(erased["erased_at"].is_string() && erased["body_bytes"] == body.len(), "{erased}");
    assert_refused(&call(&world, Method::POST, &format!("{path}/replay"), Value::Null).await, 409);
    for gone in [
        "/api/events/nonsense",
        "/api/events/01a1fd09-f46b-72c1-aacf-56e2dc797b0d",
        "/api/tasks/nonsense",
        "/api/tasks/01a1fd09-f46b-72c1-aacf-56e2dc797b0d.hk_1.0",
        "/api/events/replays/rp_nobody",
    ] {
        assert_refused(&call(&world, Method::GET, gone, Value::Null).await, 404);
    }
    world.finish();
}

#[tokio::test]
async fn old_events_of_a_hook_are_purged_and_shared_ones_stay() {
    let shared = hook("other", "github", "github", "GITHUB_WEBHOOK_SECRET", 7, "", "");
    let world = World::start(&(shared + &github_hook("github", 6) + &shared_hook("s", 8))).await;
    for number in 0..12 {
        world.say("/webhook/s", &format!("number {number}")).await;
    }
    world.github("/webhook/github", "push", &github::delivery_id(6, 1), b"{}").await;
    until(&world, "/api/events", |list| (count(list) == 13).then_some(())).await;
    let mine = hook_id(&world, "shared-s").await;
    let purge = async |hook: &str, before: &str, limit: Option<u32>, cursor: Value| {
        post(
            &world,
            "/api/events/purge",
            json!({"hook": hook, "before": before, "limit": limit, "cursor": cursor}),
            200,
        )
        .await
    };
    assert_eq!(purge(&mine, "2020-01-01T00:00:00Z", None, Value::Null).await["deleted"], 0);
    let first = purge(&mine, "2099-01-01T00:00:00Z", Some(5), Value::Null).await;
    assert_eq!((&first["deleted"], &first["more"]), (&json!(5), &json!(true)), "{first}");
    let rest = purge(&mine, "2099-01-01T00:00:00Z", None, first["next_cursor"].clone()).await;
    assert_eq!(
        (&rest["deleted"], &rest["more"], &rest["next_cursor"]),
        (&json!(7), &json!(false), &Value::Null),
        "{rest}"
    );
    let kept = purge(&hook_id(&world, "other").await, "2099-01-01T00:00:00Z", None, Value::Null).await;
    assert_eq!((&kept["deleted"], &kept["kept"]), (&json!(0), &json!(1)));
    assert_eq!(count(&get(&world, "/api/events").await), 1);
    for (field, body) in [
        ("before", json!({"hook": mine, "before": "soon"})),
        ("before", json!({"hook": mine})),
        ("limit", json!({"hook": mine, "before": "2020-01-01T00:00:00Z", "limit": 201})),
        ("cursor", json!({"hook": mine, "before": "2020-01-01T00:00:00Z", "cursor": "x"})),
    ] {
        let answer = call(&world, Method::POST, "/api/events/purge", body).await;
        assert_refused(&answer, 422);
        assert!(answer.text().contains(field), "{}", answer.text());
    }
    world.finish();
}

#[tokio::test]
async fn what_cannot_be_done_anew_is_refused_by_field() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    for (field, body) in [
        ("events", json!({})),
        ("events", json!({"events": []})),
        ("events[1]", json!({"events": ["01a1fd09-f46b-72c1-aacf-56e2dc797b0d", "nonsense"]})),
        ("events", json!({"events": vec!["01a1fd09-f46b-72c1-aacf-56e2dc797b0d"; 1001]})),
        ("events", json!({"events": ["01a1fd09-f46b-72c1-aacf-56e2dc797b0d"], "sender": "github"})),
        ("from", json!({"from": "soon"})),
        ("to", json!({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"})),
        ("colour", json!({"colour": "red"})),
    ] {
        let answer = call(&world, Method::POST, "/api/events/replay", body).await;
        assert_refused(&answer, 422);
        assert!(answer.text().contains(field), "{}", answer.text());
    }
    assert_refused(&call(&world, Method::POST, "/api/events/nonsense/replay", Value::Null).await, 404);
    assert_refused(&call(&world, Method::POST, "/api/tasks/nonsense/retry", Value::Null).await, 404);
    assert_refused(&call(&world, Method::POST, "/api/tasks/retry", json!({"status": "queued"})).await, 422);
    world.fake.set_mode(Mode::BadGateway);
    world.say("/webhook/s", "stuck").await;
    let task = until(&world, "/api/tasks?status=retrying", |board| {
        board["groups"]["retrying"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    let early = call(&world, Method::POST, &format!("/api/tasks/{task}/retry"), Value::Null).await;
    assert_refused(&early, 409);
    assert!(early.text().contains("retrying"), "{}", early.text());
    assert_eq!(post(&world, "/api/tasks/retry", json!({"status": "dead"}), 202).await["count"], 0);
    world.finish();
}

#[tokio::test]
async fn one_event_a_selection_and_a_range_are_done_anew() {
    let world = World::start(&(shared_hook("s", CHAT) + &github_hook("github", 9))).await;
    for number in 0..30 {
        world.say("/webhook/s", &format!("number {number}")).await;
    }
    world.github("/webhook/github", "push", &github::delivery_id(9, 1), b"{}").await;
    world.fake.wait_for_text("number 29").await;
    let all = until(&world, "/api/events?limit=200", |list| (count(list) == 31).then(|| list.clone())).await;
    let ids: Vec<_> = all["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|event| event["sender"] != "github")
        .map(|event| text(event, "id"))
        .collect();
    let finished = async |asked: Value| {
        let url = text(&asked, "status_url");
        until(&world, &url, |replay| (replay["status"] == "finished").then(|| replay.clone())).await
    };

    let one = finished(post(&world, &format!("/api/events/{}/replay", ids[0]), Value::Null, 202).await).await;
    assert_eq!((&one["selected"], &one["replayed"], &one["tasks"]), (&json!(1), &json!(1), &json!(1)), "{one}");
    let event = get(&world, &format!("/api/events/{}", ids[0])).await;
    assert_eq!(event["tasks"].as_array().map(Vec::len), Some(2), "new tasks, same event: {event}");

    let some = finished(post(&world, "/api/events/replay", json!({"events": &ids[..3]}), 202).await).await;
    assert_eq!((&some["selected"], &some["replayed"]), (&json!(3), &json!(3)), "{some}");
    let range = json!({"from": "2020-01-01T00:00:00Z", "sender": "shared-secret"});
    let range = finished(post(&world, "/api/events/replay", range, 202).await).await;
    assert_eq!(
        (&range["selected"], &range["replayed"], &range["tasks"]),
        (&Value::Null, &json!(30), &json!(30)),
        "{range}"
    );
    let done = |board: &Value| (board["groups"]["done"].as_array().map(Vec::len) == Some(65)).then_some(());
    until(&world, "/api/tasks?limit=200&status=succeeded", done).await;
    assert_eq!(world.fake.messages_of(9).len(), 1, "no other sender's");
    world.finish();
}

#[tokio::test]
async fn a_dead_task_is_done_anew() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    world.fake.script([Script::status(403, "Forbidden: bot was blocked by the user")]);
    world.say("/webhook/s", "dead at first").await;
    let task =
        until(&world, "/api/tasks?status=dead", |board| board["groups"]["dead"][0]["id"].as_str().map(str::to_owned))
            .await;
    post(&world, &format!("/api/tasks/{task}/retry"), Value::Null, 202).await;
    world.fake.wait_for_text("dead at first").await;
    let done =
        until(&world, &format!("/api/tasks/{task}"), |task| (task["status"] == "succeeded").then(|| task.clone()))
            .await;
    assert_eq!((&done["retries"], done["attempts"].as_array().map(Vec::len)), (&json!(1), Some(2)), "{done}");
    world.finish();
}

#[tokio::test]
async fn refused_requests_are_listed_with_their_cause() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    assert_refused(&world.http.post(&world.bellhop.at("/webhook/s"), &[], "{}").await, 401);
    // Ids of the same millisecond have no order.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_refused(&world.http.post(&world.bellhop.at("/webhook/nowhere"), &[], "{}").await, 404);
    let list = until(&world, "/api/events?status=refused", |list| (count(list) == 2).then(|| list.clone())).await;
    let (nowhere, wrong) = (&list["items"][0], &list["items"][1]);
    assert_eq!(
        (&nowhere["status"], &nowhere["path"], &nowhere["hook"]),
        (&json!(404), &json!("nowhere"), &Value::Null)
    );
    assert_eq!((&wrong["status"], &wrong["hook"]), (&json!(401), &json!(hook_id(&world, "shared-s").await)));
    assert!(text(wrong, "cause").contains("x-webhook-secret") && wrong["source_ip"] == "127.0.0.1", "{wrong}");
    world.finish();
}
