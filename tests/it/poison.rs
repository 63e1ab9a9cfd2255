//! Messages and tasks that end the process: out of the way after a few tries, and where people see them. And what people
//! have erased, or copy.

use std::process::Command;
use std::time::Duration;

use bellhop_tests::bot_api::{FakeBotApi, Message};
use bellhop_tests::build::workspace;
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::serve::{Bellhop, Setup};
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, SHARED_SECRET, assert_accepted, config, no_secret_in, setup, shared_hook};

/// The operator's chat, and those of the hook with the marked events and of the other.
const OPERATOR: i64 = 900;
const MARKED: i64 = 1;
const OTHER: i64 = 2;

/// How long a process that a message ends lives after that message at most, on a slow machine.
const A_WHILE: Duration = Duration::from_secs(3);

/// A setup with an operator and two hooks.
fn marked(fake: &FakeBotApi) -> Setup {
    let base = format!("api_base = \"{}\"", fake.url());
    let config = config(&fake.url(), &(shared_hook("marked", MARKED) + &shared_hook("other", OTHER)));
    let config = config.replace(&base, &format!("{base}\noperator_chat = \"{OPERATOR}\""));
    setup(&config).env("BELLHOP_FAULT", "marks")
}

/// Starts the process until it stays; how often it ended before.
fn start_until_it_stays(setup: &Setup) -> (Bellhop, usize) {
    for ends in 0..6 {
        match tokio::task::block_in_place(|| setup.try_start()) {
            Ok(mut bellhop) => {
                if !tokio::task::block_in_place(|| bellhop.ends(A_WHILE)) {
                    return (bellhop, ends);
                }
            }
            Err(output) => assert!(!output.contains("Failure"), "{output}"),
        }
    }
    panic!("it never stays");
}

/// Posts a message, whatever comes of it.
async fn ring(http: &Http, bellhop: &Bellhop, path: &str, text: &str) -> Result<Answer, String> {
    let headers = headers(&[("content-type", "application/json"), ("x-webhook-secret", SHARED_SECRET)]);
    let body = json!({"message": text}).to_string();
    http.try_send(Method::POST, &bellhop.at(&format!("/webhook/{path}")), &headers, body).await
}

/// Posts a message, which is accepted.
async fn say(http: &Http, bellhop: &Bellhop, path: &str, text: &str) -> String {
    assert_accepted(&ring(http, bellhop, path, text).await.expect("the server answers"))
}

/// What the management API says.
async fn api(http: &Http, bellhop: &Bellhop, method: Method, path: &str, body: Option<Value>) -> Value {
    let headers = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}")), ("content-type", "application/json")]);
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let answer = http.send(method, &bellhop.at(path), &headers, body).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    if answer.text().is_empty() { Value::Null } else { answer.json() }
}

/// Waits until a chat has this many messages.
async fn wait_for(fake: &FakeBotApi, chat: i64, count: usize) -> Vec<Message> {
    let enough = |messages: &[Message]| (messages.iter().filter(|m| m.chat_id == chat).count() >= count).then_some(());
    fake.wait_for(&format!("{count} messages in chat {chat}"), Duration::from_secs(30), enough).await;
    fake.messages_of(chat)
}

/// Waits until an event's message is sent and that is written down.
async fn until_sent(http: &Http, bellhop: &Bellhop, event: &str) {
    let token = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    for _ in 0..300 {
        // Before it is routed, there is no such event.
        let seen = http.send(Method::GET, &bellhop.at(&format!("/api/events/{event}")), &token, "").await;
        if seen.status == 200 && seen.json()["tasks"][0]["status"] == "succeeded" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the event {event} is not delivered");
}

/// Lets a marked event end the process; it must be dead after so many ends, told of once, and nothing else hurt.
async fn check(mark: &str, most_ends: usize) {
    let fake = FakeBotApi::start_unlimited().await;
    let (setup, http) = (marked(&fake), Http::new());
    let mut bellhop = setup.start();
    let before = say(&http, &bellhop, "other", "before").await;
    // What was sent and not written down yet would be sent again.
    until_sent(&http, &bellhop, &before).await;
    // It may end before it answers.
    let _ = ring(&http, &bellhop, "marked", &format!("{mark} it")).await;
    assert!(tokio::task::block_in_place(|| bellhop.ends(Duration::from_secs(20))), "{mark}: the fault does not work");
    drop(bellhop);
    let (bellhop, ends) = start_until_it_stays(&setup);
    assert_eq!(ends + 1, most_ends, "{mark}: it ended so often");
    say(&http, &bellhop, "other", "after").await;
    let others = wait_for(&fake, OTHER, 2).await;
    let texts: Vec<_> = others.iter().map(|message| message.text.trim()).collect();
    assert!(texts[0].contains("before") && texts[1].contains("after"), "{mark}: {texts:?}");
    let notices = wait_for(&fake, OPERATOR, 1).await;
    assert!(notices[0].text.contains("ended the process again and again"), "{mark}: {}", notices[0].text);

    let dead = api(&http, &bellhop, Method::GET, "/api/events?status=dead", None).await;
    let event = dead["items"][0]["id"].as_str().expect("an event is dead");
    let seen = api(&http, &bellhop, Method::GET, &format!("/api/events/{event}"), None).await;
    let task = &seen["tasks"][0];
    assert_eq!(task["status"], "dead", "{mark}: {seen}");
    let reason = task["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("ended the process"), "{mark}: {reason}");
    assert!(seen["body"].as_str().is_some_and(|body| body.contains(mark)), "{mark}: the event has its body: {seen}");

    // And so it stays.
    no_secret_in(&tokio::task::block_in_place(|| bellhop.terminate(Duration::from_secs(10))).1);
    let (bellhop, ends) = start_until_it_stays(&setup);
    assert_eq!((ends, fake.messages_of(OPERATOR).len(), fake.messages_of(MARKED).len()), (0, 1, 0), "{mark}");

    // Asked for again, it is no better, and no worse: the order is set aside.
    if mark.starts_with("router") {
        let id = task["id"].as_str().expect("a task has an id");
        let token = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
        // It may end before it answers.
        let _ =
            http.try_send(Method::POST, &bellhop.at(&format!("/api/tasks/{id}/retry")), &token, String::new()).await;
        drop(bellhop);
        let (_bellhop, ends) = start_until_it_stays(&setup);
        assert!(ends <= most_ends, "{mark}: {ends} ends over the order");
        let notices = wait_for(&fake, OPERATOR, 2).await;
        assert!(notices[1].text.contains(&format!("an order to retry the task {id}")), "{}", notices[1].text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_aborts_the_router_is_dead_after_two_tries() {
    check("router-abort", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_overflows_the_stack_is_dead_after_two_tries() {
    check("router-overflow", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_over_which_the_system_kills_the_process_is_dead_after_three_tries() {
    check("router-kill", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_aborts_the_worker_is_dead_after_two_tries() {
    check("worker-abort", 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_over_which_the_system_kills_the_process_is_dead_after_three_tries() {
    check("worker-kill", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_beside_poison_is_not_taken_for_it() {
    let fake = FakeBotApi::start_unlimited().await;
    let (setup, http) = (marked(&fake), Http::new());
    let mut bellhop = setup.start();
    let texts: Vec<_> = (0..20).map(|n| if n == 10 { "router-abort".to_owned() } else { format!("#{n}.") }).collect();
    for text in &texts {
        // It may have ended already.
        if ring(&http, &bellhop, "other", text).await.is_err() {
            bellhop = start_until_it_stays(&setup).0;
            say(&http, &bellhop, "other", text).await;
        }
    }
    drop(bellhop);
    let (bellhop, ends) = start_until_it_stays(&setup);
    assert!(ends <= 2, "{ends} ends");
    let expected: Vec<_> = texts.iter().filter(|text| text.starts_with('#')).collect();
    let all = |messages: &[Message]| {
        expected.iter().all(|text| messages.iter().any(|m| m.chat_id == OTHER && m.text.contains(*text))).then_some(())
    };
    fake.wait_for("every other message", Duration::from_secs(60), all).await;
    let dead = api(&http, &bellhop, Method::GET, "/api/tasks?status=dead", None).await;
    assert_eq!(dead["groups"]["dead"].as_array().map(Vec::len), Some(1), "{dead}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_purged_is_in_no_file_any_more() {
    const CONTENT: &str = "canary-of-an-event-71c5";
    const SECRET: &str = "canary-of-a-deleted-hook-93af";
    let fake = FakeBotApi::start_unlimited().await;
    let (setup, http) = (marked(&fake), Http::new());
    let bellhop = setup.start();
    let hook = json!({
        "name": "gone", "path": "gone", "sender": "shared-secret", "secrets": [SECRET],
        "actions": [{"kind": "telegram", "chat": OTHER, "template": "hello"}],
    });
    let hook = api(&http, &bellhop, Method::POST, "/api/hooks", Some(hook)).await;
    let headers =
        headers(&[("content-type", "application/json"), ("user-agent", CONTENT), ("x-webhook-secret", SECRET)]);
    assert_accepted(&http.post(&bellhop.at("/webhook/gone"), &headers, "{}").await);
    wait_for(&fake, OTHER, 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let holds = |text: &str| {
        let files = std::fs::read_dir(setup.data()).expect("there is a data folder");
        let files = files.map(|file| std::fs::read(file.expect("a file is listed").path()).expect("a file is read"));
        files.filter(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes())).count()
    };
    assert!(holds(CONTENT) > 0 && holds(SECRET) > 0, "the search looks at the right things");
    let id = hook["id"].as_str().expect("a hook has an id");
    let purge = json!({"hook": id, "before": "2100-01-01T00:00:00Z"});
    let purged = api(&http, &bellhop, Method::POST, "/api/events/purge", Some(purge)).await;
    assert_eq!(purged["deleted"], 1, "{purged}");
    assert_eq!(holds(CONTENT), 0);
    api(&http, &bellhop, Method::DELETE, &format!("/api/hooks/{id}"), None).await;
    assert_eq!(holds(SECRET), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_copy_of_the_data_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let documented = std::fs::read_to_string(workspace().join("docs/OPERATIONS.md")).expect("there is a document");
    let command = documented.lines().find(|line| line.contains(".backup")).expect("the command is documented").trim();
    let fake = FakeBotApi::start_unlimited().await;
    let setup = marked(&fake);
    let _bellhop = setup.start();
    let copy = setup.folder().join("copy.db");
    for before in [false, true] {
        if before {
            std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o644)).expect("a mode can be set");
        }
        let command = command.replace("DATA", setup.data().to_str().expect("the folder has a name"));
        let ran =
            Command::new("sh").args(["-c", &format!("umask 022; {command}")]).current_dir(setup.folder()).output();
        let ran = ran.expect("a shell runs");
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
        let mode = copy.metadata().expect("there is a copy").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{command}");
        let bytes = std::fs::read(&copy).expect("the copy can be read");
        assert!(bytes.starts_with(b"SQLite format 3") && bytes.len() > 10_000);
    }
}
