//! GitHub's messages: on small payloads of ours as snapshots, and on GitHub's own examples where they are installed.

use super::*;

/// One payload and what it is called.
#[derive(serde::Deserialize)]
struct Case {
    case: String,
    event: String,
    payload: Value,
}

/// The message for a payload.
fn message(event: &str, payload: &Value) -> String {
    let body = payload.to_string();
    Delivery { sender: "github", event_type: Some(event), headers: &[], body: body.as_bytes() }.message()
}

#[test]
fn messages_for_the_payloads_of_ours() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../../senders/cases/github.json")).unwrap();
    let mut all = String::new();
    for Case { case, event, payload } in cases {
        all += &format!("## {event}: {case}\n{}\n\n", message(&event, &payload));
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("github", all);
    });
}

#[test]
fn an_empty_or_odd_payload_still_makes_a_message() {
    let events = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../senders/table/github")).unwrap();
    for event in events {
        let event = event.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        for payload in [json!({}), json!([]), json!(7), json!({"action": null, "repository": "x", "commits": 3})] {
            message(&event, &payload);
        }
    }
}

#[test]
fn hostile_values_show_as_text() {
    let hostile = "</b></a><script>\u{202e}&amp;\"'";
    let user = json!({"login": hostile, "name": hostile});
    let payload = json!({
        "action": "opened", "ref": hostile, "compare": hostile, "sender": user, "pusher": user,
        "repository": {"full_name": hostile, "html_url": hostile},
        "commits": [{"id": hostile, "message": hostile, "url": hostile, "author": user}],
        "pull_request": {"number": hostile, "title": hostile, "html_url": hostile, "body": hostile, "head": {"ref": hostile}},
        "issue": {"number": hostile, "title": hostile, "body": hostile}, "comment": {"body": hostile, "path": hostile},
        "review": {"body": hostile}, "release": {"name": hostile, "tag_name": hostile, "body": hostile},
        "workflow_run": {"name": hostile, "conclusion": hostile}, "discussion": {"title": hostile},
    });
    for event in
        ["push", "pull_request", "issues", "issue_comment", "pull_request_review", "release", "workflow_run", "x"]
    {
        assert!(!message(event, &payload).contains("<script"), "{event}");
    }
}

#[test]
fn one_message_holds_the_longest_payload() {
    let long = "x".repeat(50_000);
    let commits = vec![json!({"id": long, "message": long, "url": "https://h/", "author": {"name": "bob"}}); 2_000];
    let text = message("push", &json!({"ref": "refs/heads/main", "compare": "https://h/", "commits": commits}));
    assert_eq!(split(&text, MESSAGE_UNITS).len(), 1);
    let issue = json!({"action": "opened", "issue": {"number": 1, "title": long, "body": long}});
    assert_eq!(split(&message("issues", &issue), MESSAGE_UNITS).len(), 1);
}

#[test]
fn githubs_own_examples_make_messages() {
    let Some(folder) = std::env::var_os("BELLHOP_OCTOKIT_EXAMPLES") else {
        return;
    };
    let file = std::path::Path::new(&folder).join("node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    let kinds: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(kinds.len() >= 50);
    for text in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../senders/table/github")).unwrap() {
        let name = text.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let is_known = kinds.iter().any(|kind| kind["name"] == name.as_str()) || name == "_default" || name == "sample";
        assert!(is_known, "GitHub has no event {name}");
    }
    for kind in kinds {
        let event = kind["name"].as_str().unwrap();
        for example in kind["examples"].as_array().unwrap() {
            let text = message(event, example);
            let shown = html::plain(&text);
            assert!(units(&shown) <= MESSAGE_UNITS);
            assert!(!shown.contains("{{") && !shown.contains("  ") && !shown.contains("\n\n"), "{event}: {text}");
            println!("## {event} {}\n{text}\n", example["action"]);
        }
    }
}
