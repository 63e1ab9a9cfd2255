use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::limits::{Limits, Scope};
use super::{Chat, FakeBotApi, Mode, Script, TOKEN};
use crate::http::{Answer, Http, headers};

async fn send(fake: &FakeBotApi, body: Value) -> Answer {
    let url = format!("{}/bot{TOKEN}/sendMessage", fake.url());
    Http::new().post(&url, &headers(&[("content-type", "application/json")]), body.to_string()).await
}

async fn check(fake: &FakeBotApi, body: Value, status: u16, description: &str) -> Value {
    let answer = send(fake, body.clone()).await;
    let seen = answer.json();
    assert_eq!(
        (answer.status.as_u16(), seen["description"].as_str().unwrap_or_default()),
        (status, description),
        "{body}: {seen}"
    );
    assert_eq!(seen["ok"], status == 200);
    if status != 200 {
        assert_eq!(seen["error_code"], status);
    }
    seen
}

#[tokio::test]
async fn a_message_is_shown_as_its_html_says() {
    let fake = FakeBotApi::start().await;
    let text = "<b>a</b> &lt;b&gt; <a href=\"https://example.com\">c</a>";
    let seen = check(&fake, json!({"chat_id": 5, "text": text, "parse_mode": "HTML"}), 200, "").await;
    assert_eq!(seen["result"]["text"], "a <b> c");
    assert_eq!(seen["result"]["entities"][0], json!({"type": "bold", "offset": 0, "length": 1}));
    assert_eq!(seen["result"]["chat"], json!({"id": 5, "type": "private"}));
    let shown = fake.messages();
    assert_eq!((shown.len(), shown[0].chat_id, shown[0].text.as_str()), (1, 5, "a <b> c"));
}

#[tokio::test]
async fn forms_queries_and_any_letter_case_are_understood() {
    let fake = FakeBotApi::start_unlimited().await;
    let http = Http::new();
    let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
    let answer =
        http.post(&format!("{}/bot{TOKEN}/SENDMESSAGE", fake.url()), &form, "chat_id=5&text=a+%26%20%C3%A9").await;
    assert_eq!(answer.json()["result"]["text"], "a & é");
    let answer = http.get(&format!("{}/bot{TOKEN}/sendmessage?chat_id=5&text=b", fake.url())).await;
    assert_eq!(answer.json()["result"]["text"], "b");
    let answer = http.get(&format!("{}/bot{TOKEN}/getMe", fake.url())).await;
    assert_eq!(answer.json()["result"]["id"], 4_839_574_812_i64);
}

#[tokio::test]
async fn tokens_and_methods_are_checked() {
    let fake = FakeBotApi::start().await;
    let http = Http::new();
    for (path, status, description) in [
        ("/bot1:AAAA/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 404, "Not Found"),
        (&format!("/bot{TOKEN}/noSuchMethod"), 404, "Not Found: method not found"),
        ("/getMe", 404, "Not Found"),
        ("/nobot/getMe", 404, "Not Found"),
    ] {
        let answer = http.get(&format!("{}{path}", fake.url())).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.json(), json!({"ok": false, "error_code": status, "description": description}), "{path}");
    }
}

#[tokio::test]
async fn texts_are_checked() {
    let fake = FakeBotApi::start_unlimited().await;
    let parse = "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"";
    check(&fake, json!({"chat_id": 5, "text": "<b>a", "parse_mode": "HTML"}), 400, parse).await;
    check(&fake, json!({"chat_id": 5, "text": "<b>a"}), 200, "").await;
    check(&fake, json!({"chat_id": 5, "text": " \n "}), 400, "Bad Request: message text is empty").await;
    check(&fake, json!({"chat_id": 5}), 400, "Bad Request: message text is empty").await;
    check(
        &fake,
        json!({"chat_id": 5, "text": "<b></b>", "parse_mode": "HTML"}),
        400,
        "Bad Request: text must be non-empty",
    )
    .await;
    check(
        &fake,
        json!({"chat_id": 5, "text": "a", "parse_mode": "Markdown"}),
        400,
        "Bad Request: unsupported parse_mode",
    )
    .await;
    check(&fake, json!({"text": "a"}), 400, "Bad Request: chat_id is empty").await;
    let fits = "😀".repeat(2048);
    check(&fake, json!({"chat_id": 5, "text": format!("<b>{fits}</b>"), "parse_mode": "HTML"}), 200, "").await;
    check(&fake, json!({"chat_id": 5, "text": format!("{fits}a")}), 400, "Bad Request: message is too long").await;
    let answer = Http::new()
        .post(&format!("{}/bot{TOKEN}/sendMessage", fake.url()), &headers(&[("content-type", "application/json")]), "{")
        .await;
    assert_eq!(answer.json()["description"], "Bad Request: can't parse JSON object");
}

#[tokio::test]
async fn ends_are_trimmed_and_entities_follow() {
    let fake = FakeBotApi::start().await;
    let seen = check(&fake, json!({"chat_id": 5, "text": " \r\n <b>é\r\n</b> ", "parse_mode": "HTML"}), 200, "").await;
    assert_eq!(seen["result"]["text"], "é");
    assert_eq!(seen["result"]["entities"], json!([{"type": "bold", "offset": 0, "length": 1}]));
}

#[tokio::test]
async fn chats_may_be_unknown_blocked_or_migrated() {
    let fake = FakeBotApi::start_unlimited().await;
    fake.set_chat(1, Chat::Unknown);
    fake.set_chat(2, Chat::Blocked);
    fake.set_chat(-3, Chat::Migrated { to: -1_000_000_000_003 });
    check(&fake, json!({"chat_id": 1, "text": "a"}), 400, "Bad Request: chat not found").await;
    check(&fake, json!({"chat_id": "@nobody", "text": "a"}), 400, "Bad Request: chat not found").await;
    check(&fake, json!({"chat_id": "me", "text": "a"}), 400, "Bad Request: chat not found").await;
    check(&fake, json!({"chat_id": "2", "text": "a"}), 403, "Forbidden: bot was blocked by the user").await;
    let seen = check(
        &fake,
        json!({"chat_id": -3, "text": "a"}),
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
    )
    .await;
    assert_eq!(seen["parameters"], json!({"migrate_to_chat_id": -1_000_000_000_003_i64}));
    assert!(fake.messages().is_empty());
}

#[tokio::test]
async fn too_many_messages_wait_and_impatience_is_recorded() {
    let fake = FakeBotApi::start().await;
    check(&fake, json!({"chat_id": 5, "text": "a"}), 200, "").await;
    let first = send(&fake, json!({"chat_id": 5, "text": "b"})).await;
    assert_eq!(first.status.as_u16(), 429);
    assert_eq!(first.header("retry-after"), "2");
    assert_eq!(first.json()["parameters"], json!({"retry_after": 2}));
    assert_eq!(first.json()["description"], "Too Many Requests: retry after 2");
    assert!(fake.violations().is_empty(), "the first refusal is no fault of the sender");
    assert_eq!(send(&fake, json!({"chat_id": 5, "text": "c"})).await.status.as_u16(), 429);
    let violations = fake.violations();
    assert_eq!((violations.len(), violations[0].chat_id, violations[0].scope), (1, 5, Scope::Chat));
    tokio::time::sleep(Duration::from_millis(2050)).await;
    check(&fake, json!({"chat_id": 5, "text": "d"}), 200, "").await;
    assert_eq!(fake.messages_of(5).len(), 2);
    assert_eq!(fake.requests().len(), 4);
}

#[tokio::test]
async fn scripted_answers_come_in_order_and_once() {
    let fake = FakeBotApi::start_unlimited().await;
    let shown_all_the_same = Script { deliver: true, ..Script::status(502, "Bad Gateway") };
    fake.script([Script::status(500, "Internal Server Error"), shown_all_the_same, Script::too_many(1, Scope::Bot)]);
    check(&fake, json!({"chat_id": 5, "text": "a"}), 500, "Internal Server Error").await;
    check(&fake, json!({"chat_id": 5, "text": "b"}), 502, "Bad Gateway").await;
    let seen = check(&fake, json!({"chat_id": 5, "text": "c"}), 429, "Too Many Requests: retry after 1").await;
    assert_eq!(seen["parameters"], json!({"retry_after": 1}));
    assert_eq!(send(&fake, json!({"chat_id": 6, "text": "d"})).await.status.as_u16(), 429, "the whole bot waits");
    tokio::time::sleep(Duration::from_millis(1050)).await;
    check(&fake, json!({"chat_id": 6, "text": "e"}), 200, "").await;
    let texts: Vec<String> = fake.messages().into_iter().map(|message| message.text).collect();
    assert_eq!(texts, ["b", "e"]);
}

#[tokio::test]
async fn it_can_be_down_in_three_ways_and_come_back() {
    let fake = FakeBotApi::start_unlimited().await;
    let url = format!("{}/bot{TOKEN}/sendMessage?chat_id=5&text=a", fake.url());
    let http = Http::new();
    assert_eq!(http.get(&url).await.status.as_u16(), 200);
    fake.set_mode(Mode::Refused);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(http.try_send(Method::GET, &url, &[], "").await.is_err());
    assert_eq!(http.get(&format!("{}/_control/messages", fake.control_url())).await.status.as_u16(), 200);
    fake.set_mode(Mode::BadGateway);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = http.get(&url).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (502, "text/html"));
    fake.set_mode(Mode::Hang);
    let hung = tokio::time::timeout(Duration::from_millis(300), http.try_send(Method::GET, &url, &[], "")).await;
    assert!(hung.is_err());
    fake.set_mode(Mode::Up);
    fake.set_latency(Duration::from_millis(100));
    let before = std::time::Instant::now();
    assert_eq!(http.get(&url).await.status.as_u16(), 200);
    assert!(before.elapsed() >= Duration::from_millis(100));
    assert_eq!(fake.messages().len(), 2);
}

#[tokio::test]
async fn another_process_can_do_the_same() {
    let fake = FakeBotApi::start_with(TOKEN, Limits::default(), 0, 0).await;
    let control = |path: &str| format!("{}/_control{path}", fake.control_url());
    let http = Http::new();
    let json_body = headers(&[("content-type", "application/json")]);
    for (path, body) in [
        ("/limits", json!({"enforce": false})),
        ("/chat", json!({"chat_id": 9, "state": "blocked"})),
        ("/chat", json!({"chat_id": -9, "state": "migrated", "to": -10})),
        ("/chat", json!({"chat_id": 8, "state": "open", "username": "@eight"})),
        ("/fault", json!({"latency_ms": 1, "answers": [{"status": 500, "description": "no"}]})),
    ] {
        let answer = http.post(&control(path), &json_body, body.to_string()).await;
        assert_eq!(answer.status.as_u16(), 200, "{path} {}", answer.text());
    }
    check(&fake, json!({"chat_id": 5, "text": "a"}), 500, "no").await;
    check(&fake, json!({"chat_id": 9, "text": "a"}), 403, "Forbidden: bot was blocked by the user").await;
    for text in ["b", "c"] {
        check(&fake, json!({"chat_id": "@eight", "text": text}), 200, "").await;
    }
    let seen = http.get(&control("/messages?chat=8&after=1")).await.json();
    assert_eq!((seen["messages"].as_array().map(Vec::len), &seen["messages"][0]["text"]), (Some(1), &json!("c")));
    assert_eq!(http.get(&control("/requests")).await.json()["requests"].as_array().map(Vec::len), Some(4));
    assert_eq!(http.get(&control("/violations")).await.json(), json!({"violations": []}));
    assert_eq!(http.post(&control("/fault"), &json_body, "{\"mode\":\"asleep\"}").await.status.as_u16(), 400);
    assert_eq!(http.post(&control("/reset"), &json_body, "").await.status.as_u16(), 200);
    assert_eq!(http.get(&control("/messages")).await.json(), json!({"messages": []}));
}

/// Calls a method with a JSON body; the status and the description.
async fn call(fake: &FakeBotApi, method: &str, body: Value) -> (u16, String) {
    let url = format!("{}/bot{TOKEN}/{method}", fake.url());
    let answer = Http::new().post(&url, &headers(&[("content-type", "application/json")]), body.to_string()).await;
    (answer.status.as_u16(), answer.json()["description"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_message_is_edited_while_it_may_be() {
    let fake = FakeBotApi::start_unlimited().await;
    check(&fake, json!({"chat_id": 5, "text": "firing"}), 200, "").await;
    let edit = |chat: i64, id: u64, text: &str| json!({"chat_id": chat, "message_id": id, "text": text});
    let not_found = "Bad Request: message to edit not found";
    for (body, status, description) in [
        (edit(5, 1, "resolved"), 200, ""),
        (edit(5, 1, "resolved"), 400, "Bad Request: message is not modified"),
        (edit(5, 2, "x"), 400, not_found),
        (edit(6, 1, "x"), 400, not_found),
        (edit(5, 1, " "), 400, "Bad Request: message text is empty"),
        (json!({"chat_id": 5, "text": "x"}), 400, not_found),
    ] {
        let (seen, said) = call(&fake, "editMessageText", body.clone()).await;
        assert!(seen == status && said.starts_with(description), "{body}: {seen} {said}");
    }
    fake.close_edits(1);
    assert_eq!(
        call(&fake, "editMessageText", edit(5, 1, "y")).await,
        (400, "Bad Request: message can't be edited".to_owned())
    );
    let message = fake.messages().remove(0);
    assert_eq!((message.text.as_str(), message.earlier), ("resolved", vec!["firing".to_owned()]));
}

#[tokio::test]
async fn topics_sounds_and_documents_are_checked() {
    let fake = FakeBotApi::start_unlimited().await;
    fake.set_topic(-7, 42);
    let text = |extra: Value| {
        let mut body = json!({"chat_id": -7, "text": "a"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    for (extra, status) in [
        (json!({"message_thread_id": 42, "disable_notification": true}), 200),
        (json!({"message_thread_id": 43}), 400),
        (json!({"message_thread_id": "x"}), 400),
        (json!({"disable_notification": "yes"}), 400),
    ] {
        assert_eq!(call(&fake, "sendMessage", text(extra.clone())).await.0, status, "{extra}");
    }
    let message = fake.messages().remove(0);
    assert_eq!((message.topic, message.silent), (Some(42), true));
    let form = |caption: &str, document: &str| {
        format!(
            "--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n5\r\n--x\r\nContent-Disposition: form-data; \
             name=\"caption\"\r\n\r\n{caption}\r\n--x\r\nContent-Disposition: form-data; name=\"document\"; \
             filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n{document}\r\n--x--\r\n"
        )
    };
    let url = format!("{}/bot{TOKEN}/sendDocument", fake.url());
    let kind = headers(&[("content-type", "multipart/form-data; boundary=x")]);
    for (body, status) in [
        (form("c", "all of\nit"), 200),
        (form(&"c".repeat(1_025), "d"), 400),
        (form("c", ""), 400),
        ("--x".to_owned(), 400),
    ] {
        assert_eq!(Http::new().post(&url, &kind, body.clone()).await.status, status, "{body}");
    }
    let document = fake.messages_of(5).remove(0);
    assert_eq!((document.text.as_str(), document.document.unwrap().text.as_str()), ("c", "all of\nit"));
}
