//! The `slack` action in one process: messages, threads, parts, pace, and what every answer leads to.

use bellhop_tests::far_ends::slack::{CHANNEL, Channel, FakeSlack, HOOK, Hook, TOKEN};
use bellhop_tests::far_ends::{Reply, Turn};
use serde_json::Value;

use crate::sinks::{Away, event, replay};

/// The fields of an action that posts by the fake's webhook.
const WEBHOOK: &str = "url = \"env:SLACK_URL\"";

/// The fields of an action that posts as the fake's bot.
fn bot(slack: &FakeSlack, channel: &str) -> String {
    let base = slack.api_url();
    format!("token = \"env:SLACK_TOKEN\"\n  channel = \"{channel}\"\n  api_base = \"{}\"", base.trim_end_matches('/'))
}

/// A process that may call the fake, with a hook for each of these actions' fields.
async fn away(slack: &FakeSlack, hooks: &[(&str, &str)]) -> Away {
    let url = slack.url();
    Away::start("slack", &slack.host(), &[("SLACK_URL", &url), ("SLACK_TOKEN", TOKEN)], hooks).await
}

#[tokio::test]
async fn an_event_arrives_by_webhook_and_as_a_bot_and_no_secret_is_told() {
    let slack = FakeSlack::start().await;
    let bot = bot(&slack, CHANNEL);
    let away = away(&slack, &[("hook", WEBHOOK), ("bot", &bot)]).await;
    for path in ["hook", "bot"] {
        let id = away.say(path, &event(&format!("<!channel> *bold* & @here {path}"))).await;
        let task = away.task(&id, "succeeded").await;
        assert_eq!(
            (task["kind"].as_str(), task["attempts"][0]["response_status"].as_u64()),
            (Some("slack"), Some(200))
        );
    }
    let messages = slack.wait_for_messages(2).await;
    for message in &messages {
        assert_eq!((message.content.mentions(), message.content.unescaped()), (vec![], vec![]), "{message:?}");
        assert!(message.content.text.text.replace('\u{2060}', "").contains("<!channel> *bold* & @here"), "{message:?}");
        assert_eq!(message.content.body["unfurl_links"], false);
    }
    assert_eq!(slack.calls()[0].came.header("content-type"), "application/json; charset=utf-8");
    away.finish_without(&[TOKEN, HOOK]).await;
}

#[tokio::test]
async fn events_of_a_key_are_one_thread_and_a_deleted_first_message_begins_another() {
    let slack = FakeSlack::start().await;
    let action =
        format!("{}\n  key = \"{{{{ payload.key }}}}\"\n  template = \"{{{{ payload.text }}}}\"", bot(&slack, CHANNEL));
    let away = away(&slack, &[("p", &action)]).await;
    for (key, text) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2"), ("", "alone"), ("a", "a3")] {
        away.say("p", &format!(r#"{{"key":"{key}","text":"{text}"}}"#)).await;
    }
    let messages = slack.wait_for_messages(6).await;
    let thread = |text: &str| {
        let of = |text: &str| messages.iter().find(|message| message.content.text.text == text).expect("it is there");
        of(text).thread_ts.as_ref().map(|root| {
            let root = messages.iter().find(|message| message.ts == *root);
            root.map(|root| root.content.text.text.clone()).unwrap_or_default()
        })
    };
    for (text, root) in
        [("a1", None), ("b1", None), ("a2", Some("a1")), ("b2", Some("b1")), ("alone", None), ("a3", Some("a1"))]
    {
        assert_eq!(thread(text).as_deref(), root, "{text}");
    }
    away.finish();
}

#[tokio::test]
async fn a_long_text_goes_in_order_and_in_parts_at_the_pace_of_a_channel() {
    let slack = FakeSlack::start().await;
    slack.set_burst(Some(1));
    let away =
        away(&slack, &[("p", &format!("{}\n  template = \"{{{{ payload.text }}}}\"", bot(&slack, CHANNEL)))]).await;
    let text: String = (0..1_000).map(|line| format!("line {line}\n")).collect();
    let body = serde_json::json!({ "text": text }).to_string();
    let id = away.say("p", &body).await;
    away.say("p", r#"{"text":"afterwards"}"#).await;
    away.task(&id, "succeeded").await;
    let shown = slack.wait_for_messages(4).await;
    let all: Vec<_> = shown.iter().map(|message| message.content.text.text.as_str()).collect();
    assert_eq!(all.last(), Some(&"afterwards"));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&all[..all.len() - 1].join("\n")), words(&text));
    assert!(slack.statuses().iter().all(|status| *status == 200), "{:?}", slack.statuses());
    away.finish();
}

#[tokio::test]
async fn every_answer_is_obeyed() {
    let slack = FakeSlack::start().await;
    let archived = "C0ARCHIVED00";
    slack.set_channel(archived, Channel::Archived);
    let (here, there) = (bot(&slack, CHANNEL), bot(&slack, archived));
    let away = away(&slack, &[("hook", WEBHOOK), ("bot", &here), ("archived", &there)]).await;
    let reason = |task: &Value| task["reason"].as_str().unwrap_or_default().to_owned();
    // A wait is obeyed exactly, and wears nothing out.
    slack.next([Turn::Answer(Reply::text(429, "rate_limited").retry_after(2))]);
    let task = away.task(&away.say("hook", &event("one")).await, "succeeded").await;
    assert_eq!(
        (task["attempts"][0]["outcome"].as_str(), task["attempts"].as_array().map(Vec::len)),
        (Some("throttled"), Some(2))
    );
    // What is final is final.
    let task = away.task(&away.say("archived", &event("two")).await, "dead").await;
    assert!(reason(&task).contains("is_archived") && task["attempts"].as_array().map(Vec::len) == Some(1), "{task}");
    slack.set_hook(HOOK, Hook::Removed, CHANNEL);
    let task = away.task(&away.say("hook", &event("three")).await, "dead").await;
    assert!(reason(&task).contains("make a new one"), "{task}");
    // What passes is tried again, and a replay goes through once all is well.
    slack.next([Turn::Answer(Reply::text(500, "rollup_error"))]);
    let id = away.say("bot", &event("four")).await;
    let task = away.task(&id, "succeeded").await;
    assert_eq!(task["attempts"].as_array().map(Vec::len), Some(2), "{task}");
    replay(&away, &id).await;
    slack.wait_for_messages(3).await;
    away.finish_without(&[TOKEN, HOOK]).await;
}
