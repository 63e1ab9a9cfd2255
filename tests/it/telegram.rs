//! The Telegram worker against a Bot API that enforces every limit.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use bellhop_tests::bot_api::limits::Scope;
use bellhop_tests::bot_api::{Chat, FakeBotApi, Message, Mode, Request, Script};
use bellhop_tests::http::headers;
use http::Method;

use crate::world::{ADMIN_TOKEN, CHAT, World, assert_accepted, hook, shared_hook};

/// Splits shown texts into the markers `<name-number>` that were sent in them.
fn markers(messages: &[Message]) -> Vec<String> {
    let words = messages.iter().flat_map(|message| message.text.split_whitespace());
    words.filter(|word| word.starts_with('#')).map(str::to_owned).collect()
}

fn refusals(world: &World) -> Vec<Request> {
    world.fake.requests().into_iter().filter(|request| request.status != 200).collect()
}

async fn wait_for_markers(world: &World, count: usize, limit: Duration) {
    let enough = |messages: &[Message]| (markers(messages).len() >= count).then_some(());
    world.fake.wait_for(&format!("{count} markers"), limit, enough).await;
}

#[tokio::test]
async fn order_is_kept_in_a_chat() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    let expected: Vec<String> = (0..120).map(|number| format!("#{number}")).collect();
    for marker in &expected {
        world.say("/webhook/s", marker).await;
    }
    wait_for_markers(&world, expected.len(), Duration::from_secs(20)).await;
    assert_eq!(markers(&world.fake.messages()), expected);
    world.finish();
}

/// Bursts to private chats and a group, with the documented limits in force: the pace is kept without a refusal.
#[tokio::test]
async fn the_documented_pace_is_kept_and_nothing_is_dropped() {
    let chats = [11, 12, 13, -14];
    let hooks: String = chats.iter().map(|chat| shared_hook(&format!("c{chat}"), *chat)).collect();
    let world = World::start_with(FakeBotApi::start().await, &hooks);
    let mut expected = HashSet::new();
    for number in 0..60 {
        for chat in chats {
            let marker = format!("#{chat}:{number}");
            world.say(&format!("/webhook/c{chat}"), &marker).await;
            expected.insert(marker);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    wait_for_markers(&world, expected.len(), Duration::from_secs(60)).await;
    let seen = markers(&world.fake.messages());
    assert_eq!(seen.len(), expected.len(), "each once");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), expected);
    assert!(world.fake.violations().is_empty(), "{:#?}", world.fake.violations());
    assert!(refusals(&world).is_empty(), "the worker keeps the pace by itself: {:#?}", refusals(&world));
    let counts = world.fake.messages().iter().fold(HashMap::<i64, usize>::new(), |mut counts, message| {
        *counts.entry(message.chat_id).or_default() += 1;
        counts
    });
    assert!(counts.values().all(|count| *count < 60), "bursts are merged: {counts:?}");
}

/// The answers of a Bot API that is too busy: whoever must wait does so to the second, everyone else goes on.
#[tokio::test]
async fn a_429_is_obeyed_to_the_second() {
    let chats: Vec<i64> = (20..41).collect();
    let hooks: String = chats.iter().map(|chat| shared_hook(&format!("c{chat}"), *chat)).collect();
    let world = World::start_with(FakeBotApi::start().await, &hooks);
    world.fake.script([Script::too_many(3, Scope::Bot), Script::too_many(1, Scope::Bot)]);
    let mut expected = HashSet::new();
    for number in 0..200 {
        let chat = if number % 10 == 9 { chats[1 + number / 10] } else { chats[0] };
        let marker = format!("#{chat}:{number}");
        world.say(&format!("/webhook/c{chat}"), &marker).await;
        expected.insert(marker);
    }
    let started = Instant::now();
    wait_for_markers(&world, expected.len(), Duration::from_secs(40)).await;
    assert!(started.elapsed() < Duration::from_secs(20), "after the waits everything drains: {:?}", started.elapsed());
    let seen = markers(&world.fake.messages());
    assert_eq!(seen.len(), expected.len(), "each once");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), expected);
    // What was already on its way when the refusal came cannot be called back.
    let mut impatient = world.fake.violations();
    impatient.retain(|violation| violation.early.after_ms > 200);
    assert!(impatient.is_empty(), "{impatient:#?}");
}

#[tokio::test]
async fn broken_html_goes_as_plain_text() {
    let template = r#"template = "<b>{{ payload.message }} & {{ '<p>' | safe }}so on</b>""#;
    let world = World::start(&hook("t", "t", "shared-secret", "SHARED_SECRET", CHAT, "", template)).await;
    world.say("/webhook/t", "#one").await;
    let message = world.messages_of(CHAT, 1).await.remove(0);
    assert!(message.text.contains("#one") && message.text.contains("so on"), "{}", message.text);
    assert!(message.entities.is_empty(), "{:?}", message.entities);
    assert!(refusals(&world).len() <= 1, "at most one refusal: {:#?}", refusals(&world));
}

/// Whatever Telegram's parser dislikes: the same text goes once more, as plain text, and only once.
#[tokio::test]
async fn a_parse_error_is_answered_with_plain_text_once() {
    let template = r#"template = "<b>{{ payload.message }}</b> &lt;ok&gt;""#;
    let world = World::start(&hook("t", "t", "shared-secret", "SHARED_SECRET", CHAT, "", template)).await;
    let dislike = "Bad Request: can't parse entities: Unsupported start tag \"b\" at byte offset 0";
    world.fake.script([Script::status(400, dislike)]);
    world.say("/webhook/t", "#two").await;
    let message = world.messages_of(CHAT, 1).await.remove(0);
    assert_eq!((message.text.as_str(), message.parse_mode.as_str()), ("#two <ok>", ""));
    world.fake.script([Script::status(400, dislike), Script::status(400, "Bad Request: message is too long")]);
    world.say("/webhook/t", "#three").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.fake.requests().len(), 4, "not a third time: {:#?}", world.fake.requests());
}

/// Texts of every awkward kind; the pieces shown add up to the text sent.
#[tokio::test]
async fn long_texts_are_split_without_loss() {
    let texts = [
        "word ".repeat(2500),
        "x".repeat(10_000),
        "😀".repeat(4097),
        "é\u{301}👩‍👩‍👧‍👦🇩🇪".repeat(700),
        "line\n".repeat(2000),
        format!("{}😀{}", "a".repeat(4095), "b".repeat(50)),
        "<b>&amp;</b> & \"<\" ".repeat(600),
        "עברית مرحبا \u{202e}abc ".repeat(400),
    ];
    let hooks: String = (100..).zip(&texts).map(|(chat, _)| shared_hook(&format!("c{chat}"), chat)).collect();
    let world = World::start(&hooks).await;
    for (chat, text) in (100..).zip(&texts) {
        let body = serde_json::json!({"message": text}).to_string();
        assert_accepted(&world.shared(&format!("/webhook/c{chat}"), &body).await);
    }
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    for (chat, text) in (100..).zip(&texts) {
        let expected = bare(text);
        let shown = |messages: &[Message]| {
            let pieces: String = messages.iter().filter(|m| m.chat_id == chat).map(|m| bare(&m.text)).collect();
            (pieces.len() >= expected.len()).then_some(pieces)
        };
        let shown = world.fake.wait_for("the whole text", Duration::from_secs(20), shown).await;
        assert!(shown == expected, "chat {chat}: the text came out changed");
    }
    assert!(refusals(&world).is_empty(), "no text was refused: {:#?}", refusals(&world));
}

#[tokio::test]
async fn formatting_survives_a_split() {
    let template = r#"template = "<b>{{ payload.message }}</b>""#;
    let world = World::start(&hook("t", "t", "shared-secret", "SHARED_SECRET", CHAT, "", template)).await;
    let body = serde_json::json!({"message": "a&b ".repeat(1800)}).to_string();
    assert_accepted(&world.shared("/webhook/t", &body).await);
    let messages = world.messages_of(CHAT, 2).await;
    for message in &messages {
        assert_eq!(message.entities.len(), 1, "each piece is bold: {:?}", message.entities);
        assert!(message.entities[0].length + 1 >= message.text.trim().encode_utf16().count());
    }
    let shown: String = messages.iter().map(|message| message.text.replace(' ', "")).collect();
    assert_eq!(shown, "a&b".repeat(1800));
}

#[tokio::test]
async fn a_migrated_group_is_followed_and_remembered() {
    let world = World::start(&shared_hook("s", -5)).await;
    world.fake.set_chat(-5, Chat::Migrated { to: -1_000_000_000_005 });
    for marker in ["#1", "#2"] {
        world.say("/webhook/s", marker).await;
        assert_eq!(world.fake.wait_for_text(marker).await.chat_id, -1_000_000_000_005);
        tokio::time::sleep(Duration::from_millis(1200)).await;
    }
    assert_eq!(refusals(&world).len(), 1, "the old id is used once: {:#?}", refusals(&world));
}

#[tokio::test]
async fn final_refusals_are_not_tried_again() {
    let world = World::start(&(shared_hook("b", 31) + &shared_hook("u", 32) + &shared_hook("ok", 33))).await;
    world.fake.set_chat(31, Chat::Blocked);
    world.fake.set_chat(32, Chat::Unknown);
    for path in ["b", "u", "ok"] {
        world.say(&format!("/webhook/{path}"), "#once").await;
    }
    world.messages_of(33, 1).await;
    tokio::time::sleep(Duration::from_millis(7000)).await; // The first retry of anything else comes after 5 s ± 20 %.
    let mut statuses: Vec<u16> = world.fake.requests().iter().map(|request| request.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 403]);
}

#[tokio::test]
async fn a_failure_is_retried_after_its_wait_while_others_pass() {
    let world = World::start(&(shared_hook("a", 41) + &shared_hook("b", 42))).await;
    world.fake.script([Script::status(500, "Internal Server Error")]);
    let started = Instant::now();
    world.say("/webhook/a", "#a").await;
    let first = |world: &World| world.fake.requests().len();
    while first(&world) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.say("/webhook/b", "#b").await;
    world.fake.wait_for_text("#b").await;
    assert!(started.elapsed() < Duration::from_secs(3), "another chat does not wait");
    world.fake.wait_for_text("#a").await;
    let waited = started.elapsed();
    assert!((Duration::from_millis(3900)..Duration::from_millis(7500)).contains(&waited), "5 s ± 20 %, not {waited:?}");
}

#[tokio::test]
async fn every_way_to_be_down_is_survived() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    for (mode, marker) in [(Mode::Refused, "#refused"), (Mode::BadGateway, "#gateway")] {
        world.fake.set_mode(mode);
        world.say("/webhook/s", marker).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        world.fake.set_mode(Mode::Up);
        world.fake.wait_for_text(marker).await;
    }
    assert_eq!(markers(&world.fake.messages()), ["#refused", "#gateway"]);
    world.finish();
}

/// A hook at a path whose action has these further fields.
fn with(path: &str, chat: i64, fields: &str) -> String {
    hook(&format!("with-{path}"), path, "shared-secret", "SHARED_SECRET", chat, "", fields)
}

/// Posts a body to a hook, and waits until its event's task has succeeded.
async fn arrive(world: &World, path: &str, body: &serde_json::Value) {
    let event = assert_accepted(&world.shared(&format!("/webhook/{path}"), &body.to_string()).await);
    let admin = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    for _ in 0..400 {
        let shown =
            world.http.send(Method::GET, &world.bellhop.at(&format!("/api/events/{event}")), &admin, Vec::new()).await;
        if shown.json()["tasks"][0]["status"] == "succeeded" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the event {event} did not arrive");
}

#[tokio::test]
async fn one_message_a_key_turns_green_and_goes_on_anew_where_it_cannot_be_edited() {
    let fields = "key = \"{{ payload.key }}\"\n  template = \"<b>{{ payload.text }}</b>\"";
    let world = World::start(&with("k", CHAT, fields)).await;
    for (key, text) in [("a", "firing"), ("b", "other"), ("a", "resolved"), ("a", "resolved")] {
        let number = world.fake.requests().len();
        arrive(&world, "k", &serde_json::json!({"key": key, "text": text, "number": number})).await;
    }
    let shown = world.fake.messages_of(CHAT);
    let texts: Vec<_> = shown.iter().map(|message| (message.text.as_str(), message.earlier.len())).collect();
    assert_eq!(texts, [("resolved", 1), ("other", 0)], "what changes nothing is as good as done");
    world.fake.close_edits(shown[0].message_id);
    arrive(&world, "k", &serde_json::json!({"key": "a", "text": "firing again"})).await;
    arrive(&world, "k", &serde_json::json!({"key": "a", "text": "resolved again"})).await;
    let shown = world.fake.messages_of(CHAT);
    assert_eq!((shown.len(), shown[2].text.as_str(), shown[2].earlier.len()), (3, "resolved again", 1));
    world.finish();
}

#[tokio::test]
async fn a_topic_silence_and_a_document_are_as_the_action_says() {
    let (forum, chat) = (-100_123, 77);
    let hooks = with("t", forum, "topic = 42\n  silent = true\n  template = \"{{ payload.text }}\"")
        + &with("d", chat, "as_file = true\n  template = \"{{ payload.text }}\"");
    let world = World::start(&hooks).await;
    world.fake.set_topic(forum, 42);
    arrive(&world, "t", &serde_json::json!({"text": "in the topic"})).await;
    let message = world.fake.messages_of(forum).remove(0);
    assert_eq!((message.topic, message.silent, message.text.as_str()), (Some(42), true, "in the topic"));
    let text: String = (0..900).map(|line| format!("line <{line}> ü\n")).collect();
    arrive(&world, "d", &serde_json::json!({ "text": text })).await;
    let message = world.fake.messages_of(chat).remove(0);
    let document = message.document.expect("it came as a document");
    assert_eq!((document.name.as_str(), document.text.trim()), ("shared-secret-event.txt", text.trim()));
    assert!(text.starts_with(message.text.trim()) && message.text.len() > 500, "{}", message.text);
    let refused: Vec<_> = world.fake.requests().into_iter().filter(|request| request.status != 200).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    world.finish();
}
