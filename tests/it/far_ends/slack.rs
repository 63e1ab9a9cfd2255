//! Slack's own clients against the fake.

use bellhop_tests::far_ends::slack::{CHANNEL, Channel, FakeSlack, HOOK, Hook, TEXT_LIMIT, TOKEN};
use bellhop_tests::far_ends::{Reply, Turn};
use serde_json::{Value, json};

use super::ask;

/// A message by webhook.
fn ring(slack: &FakeSlack, path: &str, message: Value) -> Value {
    json!({"via": "slack-webhook", "url": slack.at(path), "message": message})
}

/// A call of a method that does not try again.
fn call(slack: &FakeSlack, method: &str, fields: Value) -> Value {
    json!({"via": "slack-web-api", "url": slack.api_url(), "token": TOKEN, "method": method, "fields": fields})
}

#[tokio::test(flavor = "multi_thread")]
async fn its_webhook_client_is_answered_as_it_expects() {
    let slack = FakeSlack::start().await;
    slack.set_hook("/services/T0BELLHOP/B1/a", Hook::Removed, CHANNEL);
    slack.set_hook("/services/T0BELLHOP/B2/a", Hook::Working, "C0OLD");
    slack.set_hook("/services/T0BELLHOP/B3/a", Hook::Working, "C0STAFF");
    slack.set_channel("C0OLD", Channel::Archived);
    slack.set_channel("C0STAFF", Channel::Restricted);
    slack.next_at("?busy", [Turn::Answer(Reply::text(429, "rate_limited").retry_after(30))]);
    let section = json!({"type": "section", "text": {"type": "mrkdwn", "text": "*a* &amp; <https://a.example|b>"}});
    let cases = [
        (HOOK, json!("a & b"), 200, "ok"),
        (HOOK, json!({"text": "a", "blocks": [section, {"type": "divider"}], "unfurl_links": false}), 200, "ok"),
        (HOOK, json!({"text": ""}), 400, "no_text"),
        (HOOK, json!({"text": "x".repeat(TEXT_LIMIT + 1)}), 400, "msg_too_long"),
        (HOOK, json!({"text": "a", "blocks": vec![json!({"type": "divider"}); 51]}), 400, "invalid_blocks"),
        (HOOK, json!({"text": 1}), 400, "invalid_payload"),
        (HOOK, json!({"attachments": vec![json!({"text": "a"}); 101]}), 400, "too_many_attachments"),
        ("/services/T0BELLHOP/B1/a", json!("a"), 404, "no_service"),
        ("/services/T0BELLHOP/B2/a", json!("a"), 410, "channel_is_archived"),
        ("/services/T0BELLHOP/B3/a", json!("a"), 403, "action_prohibited"),
        ("/services/T0BELLHOP/B0FRONTDESK/x", json!("a"), 403, "invalid_token"),
        (&format!("{HOOK}?busy"), json!("a"), 429, "rate_limited"),
    ];
    let answers =
        ask(cases.iter().map(|(path, message, ..)| ring(&slack, path, message.clone())).collect(), false).await;
    for ((path, message, status, word), answer) in cases.iter().zip(answers) {
        let error = &answer["error"];
        if *status == 200 {
            assert_eq!(answer["result"]["text"], *word, "{path}, {message}: {answer}");
        } else {
            assert_eq!(
                (&error["status"], &error["body"]),
                (&json!(status), &json!(word)),
                "{path}, {message}: {answer}"
            );
            assert_eq!(error["code"], "slack_webhook_http_error");
        }
    }
    let seen = slack.messages();
    assert_eq!((seen.len(), seen[0].content.text.text.as_str()), (2, "a & b"));
    assert_eq!((seen[0].content.unescaped().len(), seen[1].content.shown()), (1, "*a* & b"));
    assert_eq!(seen[1].content.blocks.links, [("https://a.example".to_owned(), "b".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_client_of_the_web_api_is_answered_as_it_expects() {
    let slack = FakeSlack::start().await;
    slack.set_channel("C0OLD", Channel::Archived);
    slack.set_channel("C0OTHER", Channel::NotMember);
    let blocks = json!([{"type": "header", "text": {"type": "plain_text", "text": "Down"}}]);
    let first = json!({"channel": CHANNEL, "text": "red", "blocks": blocks, "unfurl_links": false});
    let posted = ask(vec![call(&slack, "chat.postMessage", first)], false).await.remove(0);
    let ts = posted["result"]["ts"].as_str().unwrap_or_default();
    assert_eq!(posted["result"]["message"]["blocks"], blocks, "{posted}");
    let cases = [
        ("chat.postMessage", json!({"channel": CHANNEL, "text": "why", "thread_ts": ts}), ""),
        ("chat.update", json!({"channel": CHANNEL, "ts": ts, "text": "green"}), ""),
        ("chat.update", json!({"channel": CHANNEL, "ts": "1.2", "text": "green"}), "message_not_found"),
        ("chat.postMessage", json!({"channel": CHANNEL, "text": "a", "thread_ts": "1.2"}), "thread_not_found"),
        ("chat.postMessage", json!({"channel": "C0NONE", "text": "a"}), "channel_not_found"),
        ("chat.postMessage", json!({"channel": "C0OLD", "text": "a"}), "is_archived"),
        ("chat.postMessage", json!({"channel": "C0OTHER", "text": "a"}), "not_in_channel"),
        ("chat.postMessage", json!({"channel": CHANNEL}), "no_text"),
        ("chat.postMessage", json!({"text": "a"}), "invalid_arguments"),
        ("chat.postMessage", json!({"channel": CHANNEL, "text": "x".repeat(TEXT_LIMIT + 1)}), "msg_too_long"),
        ("chat.postMessage", json!({"channel": CHANNEL, "blocks": [{"type": "x"}]}), "invalid_blocks"),
        ("chat.fly", json!({}), "unknown_method"),
    ];
    let answers =
        ask(cases.iter().map(|(method, fields, _)| call(&slack, method, fields.clone())).collect(), false).await;
    for ((method, fields, word), answer) in cases.iter().zip(answers) {
        let (result, error) = (&answer["result"], &answer["error"]);
        if word.is_empty() {
            assert_eq!(result["ok"], true, "{method}, {fields}: {answer}");
        } else {
            assert_eq!(error["code"], "slack_webapi_platform_error", "{method}, {fields}: {answer}");
            assert_eq!(error["data"]["error"], *word, "{method}, {fields}");
        }
    }
    let mut stranger = call(&slack, "chat.postMessage", json!({"channel": CHANNEL, "text": "a"}));
    stranger["token"] = json!("xoxb-another");
    let refused = ask(vec![stranger], false).await.remove(0);
    assert_eq!(refused["error"]["data"]["error"], "invalid_auth");
    let seen = slack.messages();
    assert_eq!((seen.len(), seen[0].content.shown(), seen[0].earlier[0].shown()), (2, "green", "Down"));
    assert_eq!(seen[1].thread_ts.as_deref(), Some(ts));
}

#[tokio::test(flavor = "multi_thread")]
async fn its_client_waits_as_long_as_it_is_told_to() {
    let slack = FakeSlack::start().await;
    slack.set_burst(Some(1));
    let message = |patient: bool, text: &str| {
        let mut call = call(&slack, "chat.postMessage", json!({"channel": CHANNEL, "text": text}));
        call["patient"] = json!(patient);
        call
    };
    let hasty = ask(vec![message(false, "a"), message(false, "b")], false).await;
    assert_eq!(hasty[0]["result"]["ok"], true);
    assert_eq!(hasty[1]["error"]["code"], "slack_webapi_rate_limited_error", "{hasty:?}");
    assert_eq!(hasty[1]["error"]["retryAfter"], 1);
    let patient = ask(vec![message(true, "c"), message(true, "d")], false).await;
    assert!(patient.iter().all(|answer| answer["result"]["ok"] == true), "{patient:?}");
    let seen = slack.messages();
    let texts: Vec<_> = seen.iter().map(|message| message.content.shown()).collect();
    assert_eq!(texts, ["a", "c", "d"]);
    assert!(seen[2].at - seen[1].at >= std::time::Duration::from_millis(950), "{:?} and {:?}", seen[1].at, seen[2].at);
}
