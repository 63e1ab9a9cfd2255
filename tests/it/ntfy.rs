//! The `ntfy` action in one process: what people see, who may publish, and a server that is slow to take it.

use bellhop_tests::far_ends::ntfy::{Access, FakeNtfy, TOKEN, USER, refusal};
use bellhop_tests::far_ends::{Reply, Turn};
use serde_json::json;

use crate::sinks::{Away, event};

/// The topic, whose name is as good as a password.
const TOPIC: &str = "alerts-canary-7f3a";

/// A process that may call the fake, with a hook for each of these actions' fields.
async fn away(ntfy: &FakeNtfy, hooks: &[(&str, &str)]) -> Away {
    let hooks: Vec<_> =
        hooks.iter().map(|(path, fields)| (*path, format!("url = \"env:NTFY_URL\"\n  {fields}"))).collect();
    let hooks: Vec<_> = hooks.iter().map(|(path, fields)| (*path, fields.as_str())).collect();
    let basic = format!("{}:{}", USER.0, USER.1);
    let env = [("NTFY_URL", ntfy.url(TOPIC)), ("NTFY_TOKEN", TOKEN.to_owned()), ("NTFY_USER", basic)];
    let env = env.each_ref().map(|(name, value)| (*name, value.as_str()));
    Away::start("ntfy", &ntfy.host(), &env, &hooks).await
}

#[tokio::test]
async fn a_notification_says_all_that_was_written_and_no_secret_is_told() {
    let ntfy = FakeNtfy::start().await;
    let fields = r#"template = "<b>{{ payload.text }}</b>"
  markup = "html"
  title = "{{ payload.title }}"
  priority = "{{ payload.priority }}"
  tags = ["warning", "{{ payload.tag }}"]
  click = "{{ payload.url }}"
  buttons = [{ label = "Look at {{ payload.title }}", url = "{{ payload.url }}" }]"#;
    let away = away(&ntfy, &[("p", fields), ("q", "")]).await;
    let payload = json!({"text": "the disk *is* full", "title": "web-1\ndown", "priority": "high", "tag": "skull",
        "url": "https://example.com/web-1"});
    let task = away.task(&away.say("p", &payload.to_string()).await, "succeeded").await;
    assert_eq!((task["kind"].as_str(), task["attempts"][0]["response_status"].as_u64()), (Some("ntfy"), Some(200)));
    let message = ntfy.wait_for_messages(1).await.remove(0);
    assert_eq!((message.topic.as_str(), message.user), (TOPIC, None));
    let said = message.said;
    assert_eq!((said.title.as_str(), said.message.as_str()), ("web-1 down", "the disk *is* full"));
    assert_eq!((said.priority, said.markdown, said.click.as_str()), (4, false, "https://example.com/web-1"));
    assert_eq!(said.tags, ["warning", "skull"]);
    assert_eq!((said.actions.len(), said.actions[0]["label"].as_str()), (1, Some("Look at web-1 down")));
    // What an event does not have is left out, and people are told.
    let empty = json!({"text": "bare", "priority": "very", "url": "javascript"}).to_string();
    let task = away.task(&away.say("p", &empty).await, "succeeded").await;
    let reason = task["reason"].as_str().unwrap_or_default();
    assert!(["`priority`", "`click`", "`buttons[0].url`"].iter().all(|field| reason.contains(field)), "{reason}");
    let said = ntfy.wait_for_messages(2).await.remove(1).said;
    assert_eq!((said.title.as_str(), said.priority, said.actions.len(), said.tags.len()), ("", 3, 0, 1));
    away.task(&away.say("q", &event("in the sender's words")).await, "succeeded").await;
    assert!(ntfy.messages()[2].said.message.contains("in the sender's words"));
    away.finish_without(&[TOPIC, TOKEN, USER.1]).await;
}

#[tokio::test]
async fn a_topic_that_is_not_open_takes_a_token_or_a_password() {
    let ntfy = FakeNtfy::start().await;
    ntfy.set_access(TOPIC, Access::Users);
    let hooks = [("t", "token = \"env:NTFY_TOKEN\""), ("u", "token = \"env:NTFY_USER\""), ("n", "")];
    let away = away(&ntfy, &hooks).await;
    for path in ["t", "u"] {
        away.task(&away.say(path, &event(path)).await, "succeeded").await;
    }
    assert!(ntfy.messages().iter().all(|message| message.user.as_deref() == Some(USER.0)));
    let task = away.task(&away.say("n", &event("nobody")).await, "dead").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("may write")), "{task}");
    away.finish_without(&[TOPIC, TOKEN, USER.1]).await;
}

#[tokio::test]
async fn a_burst_comes_in_order_however_often_it_is_too_much_and_a_long_text_is_cut() {
    let ntfy = FakeNtfy::start().await;
    let away = away(&ntfy, &[("p", "template = \"{{ payload.text }}\"")]).await;
    ntfy.next([Turn::Answer(refusal(42901, ""))]);
    let mut last = String::new();
    for number in 0..6 {
        last = away.say("p", &json!({"text": format!("number {number}")}).to_string()).await;
    }
    away.task(&last, "succeeded").await;
    let texts: Vec<_> = ntfy.messages().into_iter().map(|message| message.said.message).collect();
    assert_eq!(texts, (0..6).map(|number| format!("number {number}")).collect::<Vec<_>>());
    ntfy.next([Turn::Answer(Reply::text(502, "<html>bad gateway</html>"))]);
    let task = away.task(&away.say("p", &json!({"text": "after all"}).to_string()).await, "succeeded").await;
    assert_eq!(task["attempts"].as_array().map(Vec::len), Some(2), "{task}");
    for text in ["long ".repeat(3_000), "\"".repeat(9_000), "ü\u{1}".repeat(4_000), "😀".repeat(4_000)] {
        let id = away.say("p", &json!({ "text": text }).to_string()).await;
        away.task(&id, "succeeded").await;
        let said = ntfy.messages().pop().map(|message| message.said.message).unwrap_or_default();
        assert!(said.len() <= 4_096 && said.contains("more characters are in event"), "{said}");
    }
    away.finish();
}
