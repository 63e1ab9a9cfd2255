//! Jobs through `bellhop serve`: Kai's calls, the API, a file's jobs, and what is due while the process is killed.

use std::collections::BTreeMap;
use std::time::Duration;

use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::http::{Answer, headers};
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, CHAT, World, assert_refused, config, setup};

/// The settings that reminders need.
const SETTINGS: &str = "timezone = \"Europe/Berlin\"\n";

/// A running server with these settings and jobs.
async fn server(settings: &str, jobs: &str) -> World {
    let fake = FakeBotApi::start_unlimited().await;
    let config = config(&fake.url(), jobs).replace("[telegram]", &format!("[telegram]\noperator_chat = {CHAT}"));
    let setup = setup(&format!("{settings}{config}"));
    let bellhop = setup.start();
    World { fake, setup, bellhop, http: bellhop_tests::http::Http::new() }
}

/// Calls the API as an operator.
async fn api(world: &World, method: Method, path: &str, body: Value) -> Answer {
    let token = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}")), ("content-type", "application/json")]);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.http.send(method, &world.bellhop.at(path), &token, body).await
}

/// Calls `/api/schedule` as Kai's clients do.
async fn schedule(world: &World, body: Value) -> Answer {
    let secret = headers(&[("x-webhook-secret", ADMIN_TOKEN), ("content-type", "application/json")]);
    world.http.post(&world.bellhop.at("/api/schedule"), &secret, body.to_string()).await
}

/// The runs of a job, the newest first.
async fn runs(world: &World, job: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/jobs/{job}/runs?limit=200{cursor}");
        let page = api(world, Method::GET, &path, Value::Null).await.json();
        all.extend(page["items"].as_array().expect("a list").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn kai_s_calls_make_reminders_as_they_are() {
    let world = server(SETTINGS, "").await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    for (name, kind, data) in [
        ("once", "once", json!({"run_at": soon.to_string()})),
        ("interval", "interval", json!({"seconds": 3600})),
        ("daily", "daily", json!("{\"times\": [\"09:00\", \"17:30\"]}")),
        ("cron", "cron", json!("{\"expression\": \"0 9 * * 1-5\", \"timezone\": \"America/New_York\"}")),
    ] {
        let body = json!({
            "name": name, "prompt": format!("Water the {{{{ {name} }}}} <plants>"), "schedule_type": kind,
            "schedule_data": data, "job_type": "reminder", "auto_remove": false,
        });
        let answer = schedule(&world, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let made = answer.json();
        assert!(made["job_id"].as_str().is_some_and(|id| id.starts_with("jb_")) && made["name"] == name, "{made}");
        assert_eq!(made.as_object().map(serde_json::Map::len), Some(2), "{made}");
    }
    assert_eq!(world.messages_of(CHAT, 1).await[0].text, "Water the {{ once }} <plants>");
    let jobs = api(&world, Method::GET, "/api/jobs", Value::Null).await.json();
    let zones: BTreeMap<_, _> = jobs["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|job| (job["name"].as_str().unwrap_or_default(), job["schedule"]["timezone"].as_str().unwrap_or_default()))
        .collect();
    let expected = [("cron", "America/New_York"), ("daily", "Europe/Berlin"), ("interval", ""), ("once", "")];
    assert_eq!(zones, BTreeMap::from(expected));
    // Kai's names need not differ.
    let again = json!({"name": "daily", "prompt": "p", "schedule_type": "interval", "schedule_data": {"seconds": 60}});
    assert_eq!(schedule(&world, again).await.json()["name"], "daily (2)");
    world.finish();
}

#[tokio::test]
async fn what_is_wrong_with_a_reminder_is_said_by_field() {
    let world = server("", "").await;
    let good = || json!({"name": "n", "prompt": "p", "schedule_type": "interval", "schedule_data": {"seconds": 60}});
    let with = |field: &str, value: Value| {
        let mut body = good();
        body[field] = value;
        body
    };
    let kind = |kind: &str, data: Value| {
        let mut body = with("schedule_data", data);
        body["schedule_type"] = kind.into();
        body
    };
    for (body, field, words) in [
        (with("schedule_type", json!("weekly")), "schedule_type", "`once`, `interval`, `daily` or `cron`"),
        (with("schedule_data", json!({"every": 5})), "schedule_data", "{\"seconds\": 3600}"),
        (with("schedule_data", json!("not JSON")), "schedule_data", "{\"seconds\": 3600}"),
        (with("schedule_data", json!({"seconds": 0})), "schedule.every_seconds", "between 1"),
        (kind("once", json!({"run_at": "2020-01-01T00:00:00Z"})), "schedule.once", "is past"),
        (kind("daily", json!({"times": ["25:61"], "timezone": "UTC"})), "schedule.daily[0]", "09:00"),
        (kind("daily", json!({"times": ["09:00"]})), "schedule.timezone", "at the top of the configuration"),
        (kind("cron", json!({"expression": "0 0 31 2 *", "timezone": "UTC"})), "schedule.cron", "never comes"),
        (kind("cron", json!({"expression": "0 0 * * *", "timezone": "Mars"})), "schedule.timezone", "Europe/Berlin"),
        (with("prompt", json!(" ")), "prompt", "Water the plants"),
        (with("prompt", json!("x".repeat(1 << 20))), "data", "65536"),
        (with("job_type", json!("agent")), "job_type", "no agents"),
        (with("job_type", json!("cat")), "job_type", "reminder"),
        (with("notify_on_check", json!(true)), "notify_on_check", "agent"),
        (with("colour", json!("red")), "colour", "unknown field"),
    ] {
        let answer = schedule(&world, body.clone()).await;
        assert_refused(&answer, 422);
        let text = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(field) && text.contains(words), "{body}: {text}");
    }
    assert_eq!(api(&world, Method::GET, "/api/jobs", Value::Null).await.json()["items"], json!([]));
    let nobody = crate::world::setup(&config(&world.fake.url(), ""));
    let bellhop = nobody.start();
    let secret = headers(&[("x-webhook-secret", ADMIN_TOKEN)]);
    let answer = world.http.post(&bellhop.at("/api/schedule"), &secret, good().to_string()).await;
    assert_refused(&answer, 422);
    assert!(answer.text().contains("telegram.operator_chat"), "{}", answer.text());
    drop(bellhop);
    world.finish();
}

#[tokio::test]
async fn a_job_is_made_shown_changed_run_paused_and_deleted() {
    let world = server(SETTINGS, "").await;
    let spec = json!({
        "name": "stand-up", "schedule": {"cron": "0 9 * * 1-5"}, "data": {"text": "Stand-up"},
        "actions": [{"kind": "telegram", "chat": CHAT, "template": "{{ payload.data.text }}, run {{ payload.run }}"}],
    });
    let answer = api(&world, Method::POST, "/api/jobs", spec.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let job = answer.json();
    let path = format!("/api/jobs/{}", job["id"].as_str().expect("an id"));
    assert_eq!(job["next_runs"].as_array().map(Vec::len), Some(5));
    assert!(job["next_runs"][0]["local"].as_str().is_some_and(|local| local.ends_with("T09:00:00")), "{job}");
    assert_eq!(job["schedule_words"], "at 09:00, Monday through Friday (Europe/Berlin)");
    assert_eq!((&job["status"], &job["next_run_at"]), (&json!("active"), &job["next_runs"][0]["at"]));
    assert_refused(&api(&world, Method::POST, "/api/jobs", spec).await, 409);

    let run = api(&world, Method::POST, &format!("{path}/run"), Value::Null).await;
    assert_eq!(run.status, 202, "{}", run.text());
    assert_eq!(world.messages_of(CHAT, 1).await[0].text, "Stand-up, run 1");
    let event = api(&world, Method::GET, run.json()["event_url"].as_str().expect("a URL"), Value::Null).await.json();
    assert_eq!((&event["sender"], &event["type"]), (&json!("job"), &json!("asked")), "{event}");
    let last = api(&world, Method::GET, &path, Value::Null).await.json()["last_run"].clone();
    assert_eq!(
        (&last["status"], &last["delivery"], &last["asked"]),
        (&json!("ran"), &json!("delivered"), &json!(true))
    );

    let paused = api(&world, Method::POST, &format!("{path}/pause"), Value::Null).await.json();
    assert_eq!((&paused["status"], &paused["next_run_at"]), (&json!("paused"), &Value::Null));
    let changed = api(&world, Method::PATCH, &path, json!({"schedule": {"every_seconds": 1}, "enabled": true})).await;
    assert_eq!(changed.json()["schedule"], json!({"every_seconds": 1}), "{}", changed.text());
    let enough = |messages: &[bellhop_tests::bot_api::Message]| (messages.len() >= 3).then_some(());
    world.fake.wait_for("two more runs", Duration::from_secs(20), enough).await;
    assert_refused(
        &api(&world, Method::PATCH, &path, json!({"schedule": {"once": "2020-01-01T00:00:00Z"}})).await,
        422,
    );

    assert_eq!(api(&world, Method::DELETE, &path, Value::Null).await.status, 204);
    for gone in ["", "/runs"] {
        assert_refused(&api(&world, Method::GET, &format!("{path}{gone}"), Value::Null).await, 404);
    }
    assert_refused(&api(&world, Method::POST, &format!("{path}/run"), Value::Null).await, 404);
    world.finish();
}

#[tokio::test]
async fn without_a_template_a_job_says_its_text_or_its_name() {
    let action = format!("[[jobs.actions]]\nkind = \"telegram\"\nchat = {CHAT}\n");
    let job = |name: &str, data: &str| {
        format!("[[jobs]]\nname = \"{name}\"\nschedule = {{ every_seconds = 3600 }}\n{data}\n{action}")
    };
    let world = server("", &(job("water <plants>", "") + &job("other", "data = { text = \"Water & wait\" }"))).await;
    let jobs = api(&world, Method::GET, "/api/jobs", Value::Null).await.json();
    for job in jobs["items"].as_array().expect("a list") {
        let path = format!("/api/jobs/{}/run", job["id"].as_str().expect("an id"));
        assert_eq!(api(&world, Method::POST, &path, Value::Null).await.status, 202);
    }
    world.fake.wait_for_text("water <plants>").await;
    world.fake.wait_for_text("Water & wait").await;
    world.finish();
}

#[tokio::test]
async fn a_job_of_a_file_that_is_wrong_is_refused_with_its_place() {
    let wrong = "[[jobs]]\nname = \"n\"\nschedule = { daily = [\"25:61\"], timezone = \"UTC\" }\n\
                 [[jobs.actions]]\nkind = \"telegram\"\nchat = 1\n";
    let error = setup(&config("http://127.0.0.1:9", wrong)).try_start().err().unwrap_or_default();
    assert!(error.contains("jobs[0].schedule.daily[0]") && error.contains("`25:61`"), "{error}");
    let unknown = wrong.replace("25:61", "09:00").replace("name =", "colour = 1\nname =");
    let error = setup(&config("http://127.0.0.1:9", &unknown)).try_start().err().unwrap_or_default();
    assert!(error.contains("unknown field `colour`"), "{error}");
}

#[tokio::test]
async fn a_token_for_jobs_opens_jobs_alone() {
    let world = server(SETTINGS, "").await;
    let token = async |scope: &str| {
        let made = api(&world, Method::POST, "/api/tokens", json!({"name": scope, "scopes": [scope]})).await.json();
        headers(&[("authorization", &format!("Bearer {}", made["token"].as_str().expect("a token")))])
    };
    for (scope, jobs, hooks) in [("jobs", 200, 403), ("hooks", 403, 200)] {
        let token = token(scope).await;
        for (path, status) in [("/api/jobs", jobs), ("/api/hooks", hooks)] {
            let answer = world.http.send(Method::GET, &world.bellhop.at(path), &token, "").await;
            assert_eq!(answer.status.as_u16(), status, "{scope} at {path}");
        }
    }
    world.finish();
}

/// Jobs of a file that are due every second, each with a chat of its own.
fn every_second(jobs: u32) -> String {
    let job = |number: u32| {
        format!(
            "[[jobs]]\nname = \"job-{number}\"\nschedule = {{ every_seconds = 1 }}\ncatch_up = \"all\"\n\
             overlap = \"allow\"\n  [[jobs.actions]]\n  kind = \"telegram\"\n  chat = {}\n  \
             template = \"#{{{{ payload.due_at }}}}\"\n",
            100 + number
        )
    };
    (0..jobs).map(job).collect()
}

/// How often the process is killed unless `BELLHOP_CASES` says otherwise.
const KILLS: u64 = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_due_while_the_process_is_killed_runs_once() {
    let kills = std::env::var("BELLHOP_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(KILLS);
    let World { fake, setup, bellhop, http } = server("", &every_second(5)).await;
    let mut random = bellhop_tests::sign::now().unsigned_abs();
    let mut running = Some(bellhop);
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(300 + (random >> 33) % 1500)).await;
        tokio::task::block_in_place(|| running.take().expect("it runs").kill());
        running = Some(setup.start());
    }
    let world = World { fake, setup, bellhop: running.expect("it runs"), http };
    tokio::time::sleep(Duration::from_secs(2)).await;
    let jobs = api(&world, Method::GET, "/api/jobs", Value::Null).await.json();
    for job in jobs["items"].as_array().expect("a list") {
        let id = job["id"].as_str().expect("an id");
        api(&world, Method::POST, &format!("/api/jobs/{id}/pause"), Value::Null).await;
        let mut runs = runs(&world, id).await;
        runs.reverse();
        let dues: Vec<jiff::Timestamp> = runs.iter().filter_map(|run| run["due_at"].as_str()?.parse().ok()).collect();
        assert!(dues.len() as u64 > kills / 2, "{} runs", dues.len());
        for pair in dues.windows(2) {
            assert_eq!(pair[1].duration_since(pair[0]).as_millis(), 1000, "{pair:?} (each due time has one run)");
        }
        // Whatever was recorded reaches its chat; what was on its way at a kill may come twice.
        let chat: i64 = job["actions"][0]["chat"].as_str().and_then(|chat| chat.parse().ok()).expect("a chat");
        for due in runs.iter().filter_map(|run| run["due_at"].as_str()) {
            let text = format!("#{due}");
            let found = |messages: &[bellhop_tests::bot_api::Message]| {
                messages.iter().any(|message| message.chat_id == chat && message.text.contains(&text)).then_some(())
            };
            world.fake.wait_for(&text, Duration::from_secs(30), found).await;
        }
    }
    world.finish();
}
