//! The `discord` action in one process: messages that are edited, parts, forums, rate limits, and a webhook that is gone.

use std::time::Duration;

use bellhop_tests::far_ends::discord::{FakeDiscord, TOKEN, Webhook, too_many};
use bellhop_tests::far_ends::{Reply, Turn};
use serde_json::json;

use crate::sinks::{Away, event};

/// A process that may call the fake, with a hook for each of these actions' fields.
async fn away(discord: &FakeDiscord, hooks: &[(&str, &str)]) -> Away {
    let hooks: Vec<_> =
        hooks.iter().map(|(path, fields)| (*path, format!("url = \"env:DISCORD_URL\"\n  {fields}"))).collect();
    let hooks: Vec<_> = hooks.iter().map(|(path, fields)| (*path, fields.as_str())).collect();
    Away::start("discord", &discord.host(), &[("DISCORD_URL", &discord.url())], &hooks).await
}

#[tokio::test]
async fn nobody_is_called_and_no_secret_is_told() {
    let discord = FakeDiscord::start().await;
    let away = away(&discord, &[("p", "")]).await;
    let id = away.say("p", &event("@everyone <@1> **bold** `code` https://example.com/a_b_c")).await;
    let task = away.task(&id, "succeeded").await;
    assert_eq!((task["kind"].as_str(), task["attempts"][0]["response_status"].as_u64()), (Some("discord"), Some(200)));
    let message = discord.wait_for_messages(1).await.remove(0);
    assert!(message.content.allows_nobody, "{message:?}");
    assert!(message.content.text.contains("https://example.com/a_b_c"), "{message:?}");
    away.finish_without(&[TOKEN]).await;
}

#[tokio::test]
async fn the_message_of_a_key_is_edited_and_made_anew_when_somebody_has_deleted_it() {
    let discord = FakeDiscord::start().await;
    let away = away(&discord, &[("p", "key = \"{{ payload.key }}\"\n  template = \"{{ payload.text }}\"")]).await;
    let say = async |key: &str, text: &str| {
        let id = away.say("p", &json!({"key": key, "text": text}).to_string()).await;
        away.task(&id, "succeeded").await;
    };
    for (key, text) in [("a", "firing"), ("b", "other"), ("a", "still firing"), ("a", "resolved")] {
        say(key, text).await;
    }
    let messages = discord.messages();
    let texts: Vec<_> = messages.iter().map(|message| message.content.text.as_str()).collect();
    assert_eq!(texts, ["resolved", "other"]);
    assert_eq!(messages[0].earlier.len(), 2);
    discord.remove_message(&messages[0].id);
    say("a", "firing again").await;
    say("a", "resolved again").await;
    let texts: Vec<_> = discord.messages().into_iter().map(|message| message.content.text).collect();
    assert_eq!(texts, ["other", "resolved again"]);
    away.finish();
}

#[tokio::test]
async fn a_burst_stays_within_the_rate_limit_and_in_order() {
    let discord = FakeDiscord::start().await;
    let away = away(&discord, &[("p", "template = \"{{ payload.text }}\"")]).await;
    for number in 0..12 {
        away.say("p", &json!({"text": format!("number {number}")}).to_string()).await;
    }
    let messages = discord.wait_for_messages(12).await;
    let texts: Vec<_> = messages.iter().map(|message| message.content.text.as_str()).collect();
    assert_eq!(texts, (0..12).map(|number| format!("number {number}")).collect::<Vec<_>>());
    assert_eq!(discord.invalid_requests(), 0, "it is heeded before it is passed");
    away.finish();
}

#[tokio::test]
async fn a_long_text_goes_in_parts_and_a_forum_has_them_in_one_post() {
    let discord = FakeDiscord::start_unlimited().await;
    let forum = "200000000000000002";
    discord.set_webhook(forum, Webhook::Forum);
    let url = discord.url_of(forum);
    let away = Away::start(
        "discord",
        &discord.host(),
        &[("FORUM", &url)],
        &[
            ("p", "url = \"env:FORUM\"\n  thread_name = \"{{ payload.title }}\"\n  template = \"{{ payload.text }}\""),
            ("n", "url = \"env:FORUM\""),
        ],
    )
    .await;
    let text: String = (0..700).map(|line| format!("line {line}\n")).collect();
    let id = away.say("p", &json!({"title": "Release", "text": text}).to_string()).await;
    away.task(&id, "succeeded").await;
    let messages = discord.messages();
    assert!(messages.len() > 2, "{}", messages.len());
    assert_eq!(messages[0].thread_name.as_deref(), Some("Release"));
    assert!(messages.iter().all(|message| message.channel == messages[0].channel), "{messages:?}");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let all: Vec<_> = messages.iter().map(|message| message.content.text.as_str()).collect();
    assert_eq!(words(&all.join("\n")), words(&text));
    let task = away.task(&away.say("n", &event("no name")).await, "dead").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("thread_name")), "{task}");
    away.finish();
}

#[tokio::test]
async fn every_answer_is_obeyed_and_a_webhook_that_is_gone_is_told_of_once() {
    let discord = FakeDiscord::start().await;
    let away = away(&discord, &[("p", "")]).await;
    discord.next([Turn::Answer(too_many(1.2, "user"))]);
    let task = away.task(&away.say("p", &event("one")).await, "succeeded").await;
    assert_eq!(task["attempts"][0]["outcome"], "throttled", "{task}");
    discord.next([Turn::Answer(Reply::text(502, "<html>bad gateway</html>"))]);
    let task = away.task(&away.say("p", &event("two")).await, "succeeded").await;
    assert_eq!(task["attempts"].as_array().map(Vec::len), Some(2), "{task}");
    discord.remove_webhook(bellhop_tests::far_ends::discord::WEBHOOK);
    let task = away.task(&away.say("p", &event("three")).await, "dead").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("make another")), "{task}");
    let calls = discord.calls().len();
    away.task(&away.say("p", &event("four")).await, "dead").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(discord.calls().len(), calls, "what is gone is not called any more");
    away.finish_without(&[TOKEN]).await;
}
