//! What is done instead of an action that is dead, in one process.

use bellhop_tests::bot_api::Chat;
use bellhop_tests::far_ends::discord::{FakeDiscord, TOKEN};
use http::Method;
use serde_json::Value;

use crate::sinks::{Away, event, replay};
use crate::world::{CHAT, setup, shared_hook};

/// A hook whose chat is this, and in whose place Discord is told.
fn hook(path: &str, chat: i64) -> String {
    shared_hook(path, chat) + "  fallback = { kind = \"discord\", url = \"env:DISCORD_URL\" }\n"
}

/// The tasks of an event, once so many have ended.
async fn ended(away: &Away, event: &str, count: usize) -> Vec<Value> {
    for _ in 0..400 {
        let shown = away.api(Method::GET, &format!("/api/events/{event}"), None).await.json();
        let tasks = shown["tasks"].as_array().cloned().unwrap_or_default();
        let is_over = |task: &&Value| matches!(task["status"].as_str(), Some("succeeded" | "dead" | "skipped"));
        if tasks.iter().filter(is_over).count() >= count {
            return tasks;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{count} tasks of {event} have not ended");
}

#[tokio::test]
async fn a_chat_that_blocks_the_bot_is_replaced_once_and_the_message_says_so() {
    let discord = FakeDiscord::start_unlimited().await;
    let away = Away::with(&discord.host(), &[("DISCORD_URL", &discord.url())], &(hook("p", 666) + &hook("q", 7))).await;
    away.world.fake.set_chat(666, Chat::Blocked);
    let id = away.say("p", &event("the disk is full")).await;
    let tasks = ended(&away, &id, 2).await;
    let of = |kind: &str| tasks.iter().find(|task| task["kind"] == kind).cloned().unwrap_or_default();
    let (main, other) = (of("telegram"), of("discord"));
    assert_eq!((main["status"].as_str(), other["status"].as_str()), (Some("dead"), Some("succeeded")), "{tasks:?}");
    let reason = other["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("in place of telegram 666") && reason.contains("blocked"), "{reason}");
    let message = discord.wait_for_messages(1).await.remove(0);
    assert!(message.content.text.replace('\\', "").starts_with("Instead of telegram 666: "), "{message:?}");
    assert!(message.content.text.contains("the disk is full"), "{message:?}");
    // Tried again by hand, the chat still blocks the bot: nobody is told twice.
    let path = format!("/api/tasks/{}/retry", main["id"].as_str().unwrap_or_default());
    assert_eq!(away.api(Method::POST, &path, None).await.status, 202);
    away.task(&id, "dead").await;
    // A replay is asked for, and its own.
    replay(&away, &id).await;
    ended(&away, &id, 4).await;
    assert_eq!(discord.wait_for_messages(2).await.len(), 2);
    // Where all is well nobody else is told.
    away.task(&away.say("q", &event("all is well")).await, "succeeded").await;
    assert_eq!(discord.messages().len(), 2);
    let hooks = away.api(Method::GET, "/api/hooks", None).await.text();
    assert!(hooks.contains("\"fallback\":{\"kind\":\"discord\""), "{hooks}");
    away.finish_without(&[TOKEN]).await;
}

#[test]
fn a_fallback_that_cannot_be_is_refused_at_the_start_with_its_field() {
    for (fallback, field, said) in [
        ("{ kind = \"discord\", url = \"env:NOWHERE_SET\" }", ".fallback.url", "NOWHERE_SET"),
        ("{ kind = \"discord\" }", ".fallback.url", "needs an address"),
        ("{ kind = \"pigeon\" }", ".fallback.kind", "pigeon"),
        ("\"email\"", ".fallback", "it is an action"),
        (&format!("{{ kind = \"telegram\", chat = \"{CHAT}\" }}"), ".fallback", "goes where its action goes"),
        (
            "{ kind = \"telegram\", chat = \"7\", fallback = { kind = \"telegram\", chat = \"8\" } }",
            ".fallback",
            "has none of its own",
        ),
    ] {
        let hooks = format!("{}  fallback = {fallback}\n", shared_hook("p", CHAT));
        let (status, output) = setup(&hooks).run_to_end(std::time::Duration::from_secs(5));
        assert!(status.is_some_and(|status| !status.success()), "{fallback}: {output}");
        assert!(
            output.contains(&format!("hooks[0].actions[0]{field}")) && output.contains(said),
            "{fallback}: {output}"
        );
    }
}
