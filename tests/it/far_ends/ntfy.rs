//! Apprise, which many programs notify with, against the fake.

use std::process::Command;
use std::time::Duration;

use bellhop_tests::build::workspace;
use bellhop_tests::far_ends::ntfy::{Access, FakeNtfy, MESSAGE_LIMIT, TOKEN};
use bellhop_tests::stack;
use serde_json::{Value, json};

use super::run;

/// What Apprise makes of messages: the path and query of its own address of each, and its text.
async fn notify(ntfy: &FakeNtfy, messages: &[(&str, &str, &str)]) -> Vec<Value> {
    let message = |(user, path, body): &(&str, &str, &str)| {
        let url = format!("ntfy://{user}{}/{path}", ntfy.host());
        json!({"url": url, "title": "Grüße 🛎", "body": body, "format": "markdown"})
    };
    let question: Value = messages.iter().map(message).collect();
    let asked = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(stack::python());
        run(command.arg("-B").arg(workspace().join("tests/it/far_ends/ntfy.py")), &question)
    });
    let Ok(Value::Array(answers)) = asked.await else { panic!("Apprise answers with a list") };
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn apprise_is_answered_as_it_expects() {
    let ntfy = FakeNtfy::start().await;
    ntfy.set_access("staff", Access::Users);
    let token = format!("{TOKEN}@");
    let long = "x".repeat(MESSAGE_LIMIT + 1);
    // Apprise takes a comma for the end of an address.
    let all = "alerts?priority=high&tags=skull&click=https%3A%2F%2Fa.example%2Fx&format=markdown&image=no&\
               actions=view%2COpen%2Chttps%3A%2F%2Fa.example%2Fx";
    let cases = [
        ("", all, "**down**", ""),
        (token.as_str(), "staff?image=no", "a", ""),
        ("", "staff?image=no", "a", "error=40301"),
        ("tk_another00000000000000000000@", "staff?image=no", "a", "error=40101"),
        ("", "docs?image=no", "a", "error=40010"),
        ("", "alerts?image=no&click=example", "a", "error=40017"),
        ("", "alerts?image=no&actions=open%2Ca", "a", "error=40018"),
        ("", "alerts?image=no", &long, "error=40014"),
    ];
    let answers = notify(&ntfy, &cases.map(|(user, path, body, _)| (user, path, body))).await;
    for ((user, path, _, code), answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["sent"], code.is_empty(), "{user}{path}: {answer}");
        assert!(answer["log"].as_str().is_some_and(|log| log.contains(code)), "{user}{path}: {answer}");
    }
    let seen = ntfy.messages();
    assert_eq!((seen.len(), seen[1].user.as_deref()), (2, Some("desk")));
    let said = &seen[0].said;
    assert_eq!((said.title.as_str(), said.message.as_str(), said.priority), ("Grüße 🛎", "**down**", 4));
    assert_eq!(
        (said.tags.join(" "), said.click.as_str(), said.markdown),
        ("skull".into(), "https://a.example/x", true)
    );
    assert_eq!(said.actions[0]["url"], "https://a.example/x");
    ntfy.set_limit(Some((1, Duration::from_secs(60))));
    let answers = notify(&ntfy, &[("", "alerts?image=no", "a"), ("", "alerts?image=no", "b")]).await;
    assert_eq!(answers[0]["sent"], true);
    assert!(answers[1]["log"].as_str().is_some_and(|log| log.contains("error=42901")), "{answers:?}");
}
