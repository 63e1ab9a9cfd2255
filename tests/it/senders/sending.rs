//! `bellhop send`: requests as a sender makes them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn samples_are_accepted_by_hooks_of_every_family() {
    let world = world().await;
    let url = world.bellhop.url.clone();
    apart(move || {
        for (sender, event, secret) in [
            ("github", None, "env:GITHUB_WEBHOOK_SECRET"),
            ("github", Some("pull_request"), "env:GITHUB_WEBHOOK_SECRET"),
            ("standard-webhooks", None, "env:STANDARD_SECRET"),
            ("stripe", Some("charge.refunded"), "env:OTHER_SECRET"),
            ("netlify", None, "env:OTHER_SECRET"),
            ("mailgun", None, "env:OTHER_SECRET"),
            ("shared-secret", None, "env:SHARED_SECRET"),
            ("none", None, "unused"),
        ] {
            let path = match sender {
                "standard-webhooks" => "standard",
                "shared-secret" => "shared",
                "none" => "open",
                name => name,
            };
            let to = format!("{url}/webhook/{path}");
            let mut arguments = vec!["send", sender];
            arguments.extend(event);
            arguments.extend(["--to", &to, "--secret", secret]);
            let said = said(&arguments, b"");
            assert!(said.contains("\n200\n") && said.contains("\"status\":\"accepted\""), "{said}");
            assert!(said.contains(event.unwrap_or("POST")), "{said}");
        }
        // A file's bytes go as they are, and the secret may stand in a file too.
        let (_folder, secret) = file("secret", format!("{GITHUB_SECRET}\n").as_bytes());
        let (to, secret) = (format!("{url}/webhook/github"), format!("file:{}", text(&secret)));
        let body = b"{ \"zen\" : \"Keep  it\" }\r\n";
        said(&["send", "github", "ping", "--to", &to, "--secret", &secret, "--body", "-"], body);
        let (_folder, path) = file("body.json", body);
        said(&["send", "github", "ping", "--to", &to, "--secret", &secret, "--body", text(&path)], b"");
        // Twilio signs the URL, and the server's public one is another.
        let to = format!("{url}/webhook/twilio");
        let done =
            fails(&["send", "twilio", "--to", &to, "--secret", "env:OTHER_SECRET"], b"", "the answer is 401, not 2xx");
        assert!(done.said.contains("\n401\n") && done.said.contains("\"unauthorized\""), "{}", done.said);
    })
    .await;
    assert_eq!(logged(&world, "\"accepted\"", 10).await, 10);
    // Found out by the server: it is the other URL, or nothing that it could know.
    assert_eq!(logged(&world, "\"refused\"", 1).await, 1);
    world.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_has_an_id_for_each_and_is_counted_by_answer() {
    let world = world().await;
    let url = world.bellhop.url.clone();
    apart(move || {
        let at = |path: &str| format!("{url}/webhook/{path}");
        let (github, stripe) = (at("github"), at("stripe"));
        let good = ["send", "github", "--secret", "env:GITHUB_WEBHOOK_SECRET", "--to", &github];
        let counted = said(&[&good[..], &["--count", "40", "--concurrency", "4"]].concat(), b"");
        assert!(counted.starts_with("sent     40 in ") && counted.contains("\nanswers  200: 40\n"), "{counted}");
        assert!(
            counted.contains("latency  p50 ") && counted.contains(" ms, p99 ") && counted.contains(" ms, max "),
            "{counted}"
        );
        // Stripe's ids stand in the body.
        let paced = ["send", "stripe", "payout.paid", "--secret", "env:OTHER_SECRET", "--to", &stripe];
        let paced = said(&[&paced[..], &["--rate", "50", "--for", "1"]].concat(), b"");
        assert!(paced.contains("sent     50 in ") && paced.contains("answers  200: 50\n"), "{paced}");
        let bad = ["send", "github", "--secret", "env:OTHER_SECRET", "--to", &github, "--count", "3"];
        let done = fails(&bad, b"", "3 of 3 were not answered 2xx");
        assert!(done.said.contains("answers  401: 3\n"), "{}", done.said);
        let nobody = ["send", "github", "--secret", "env:OTHER_SECRET", "--to", "http://127.0.0.1:1/", "--count", "2"];
        let done = fails(&nobody, b"", "2 of 2 were not answered 2xx");
        assert!(done.said.contains("answers  no answer: no connection: 2\n"), "{}", done.said);
    })
    .await;
    assert_eq!(logged(&world, "\"routed\"", 90).await, 90);
    assert_eq!(logged(&world, "\"duplicate\"", 0).await, 0);
    world.finish();
}

#[test]
fn a_request_is_shown_and_not_sent() {
    let to = "http://127.0.0.1:1/webhook/x?a='b'";
    let shown = said(&["send", "github", "push", "--to", to, "--secret", "env:GITHUB_WEBHOOK_SECRET", "--show"], b"");
    assert!(shown.starts_with(r"curl --request POST 'http://127.0.0.1:1/webhook/x?a='\''b'\''' \"), "{shown}");
    for words in ["--header 'x-github-event: push'", "'x-hub-signature-256: sha256=", "--data-binary '{"] {
        assert!(shown.contains(words), "no {words} in {shown}");
    }
    let shown = said(&["send", "slack", "--to", to, "--secret", "env:OTHER_SECRET", "--dry-run"], b"");
    assert!(shown.starts_with("# signed at 2") && shown.contains(", accepted for 300 s\ncurl "), "{shown}");
    // What is sent itself is not shown, however it is spelled on its way.
    for (sender, secret, words) in [
        ("bearer", "env:SHARED_SECRET", "'authorization: Bearer SECRET'"),
        ("gitlab", "env:SHARED_SECRET", "'x-gitlab-token: SECRET'"),
        ("query-token", "env:SHARED_SECRET", "token=SECRET'"),
        ("microsoft-graph", "env:SHARED_SECRET", "\"clientState\":\"SECRET\""),
        ("basic", "canary-user:canary-password", "--user USER:PASSWORD"),
    ] {
        let shown = said(&["send", sender, "--to", "http://127.0.0.1:1/", "--secret", secret, "--show"], b"");
        assert!(shown.contains(words) && shown.contains("stands for the secret"), "{shown}");
        assert!(!shown.contains("canary") && !shown.contains("Y2FuYXJ5"), "{shown}");
    }
    let (_folder, path) = file("body", b"\x00\xff");
    let body = ["send", "github", "ping", "--to", to, "--secret", "x", "--show", "--body", text(&path)];
    assert!(said(&body, b"").contains("--data-binary @FILE"));
}

#[test]
fn the_shown_command_is_one_that_a_shell_runs() {
    let shown =
        said(&["send", "github", "--to", "http://127.0.0.1:1/it's", "--secret", "env:OTHER_SECRET", "--show"], b"");
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{shown}");
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    let words = String::from_utf8(output.stdout).expect("UTF-8");
    let words: Vec<_> = words.split('\0').collect();
    assert_eq!(words[..3], ["--request", "POST", "http://127.0.0.1:1/it's"]);
    let body: Value = serde_json::from_str(words[words.len() - 2]).expect("the body is the last word");
    assert!(body.is_object());
}

#[test]
fn what_cannot_be_sent_says_why_before_anything_is_sent() {
    let to = "http://127.0.0.1:1/";
    let send = |more: &[&str], words: &str| {
        let done = fails(&[&["send"], more].concat(), b"", words);
        assert!(!done.said.contains("POST"), "{}", done.said);
    };
    send(&["github", "--to", to], "`github` signs its requests: give the hook's secret with `--secret env:NAME`");
    send(&["github"], "--to");
    send(&["github", "--to", to, "--secret", "env:UNSET"], "the environment variable UNSET is not set");
    send(&["github", "--to", to, "--secret", "file:/nowhere"], "the file /nowhere cannot be read");
    send(&["github", "--to", to, "--secret", "ssm:/a"], "works only in a deployed stack");
    send(&["github", "--to", to, "--secret", ""], "the secret is empty");
    send(&["standard-webhooks", "--to", to, "--secret", "not base64!"], "cannot be signed: the secret is not base64");
    send(&["basic", "--to", to, "--secret", "word"], "must be `user:password`");
    for (url, words) in [
        ("127.0.0.1:8080/webhook/x", "write it whole"),
        ("localhost", "no http:// or https:// before it"),
        ("/webhook/x", "no http:// or https:// before it"),
        ("ftp://a/b", "only http:// and https://"),
        ("http://user:canary@a/b", "has a user name or password"),
        ("http://", "this is no URL"),
        ("", "this is no URL"),
    ] {
        let done = fails(&["send", "github", "--to", url, "--secret", "env:OTHER_SECRET"], b"", words);
        assert!(!done.complaint.contains("canary"), "{}", done.complaint);
    }
    for sender in ["discord", "aws-sns", "paypal", "plaid", "sendgrid"] {
        send(&[sender, "--to", to, "--secret", "env:OTHER_SECRET"], "itself can sign its requests");
    }
    send(
        &["stripe", "no.such", "--to", to, "--secret", "x"],
        "no body is kept for `no.such`; there are: account.updated",
    );
    send(&["stripe", "charge.refunded", "--to", to, "--secret", "x", "--body", "/dev/null"], "leave it out here");
    send(&["github", "--to", to, "--secret", "x", "--body", "/nowhere"], "/nowhere cannot be read");
    send(&["mailgun", "--to", to, "--secret", "x", "--body", "/dev/null"], "must be a JSON object");
    for more in [
        &["--rate", "5"][..],
        &["--for", "5"],
        &["--rate", "5", "--for", "soon"],
        &["--rate", "0", "--for", "5"],
        &["--count", "0"],
        &["--count", "1", "--concurrency", "0"],
        &["--concurrency", "3"],
        &["--count", "5", "--rate", "5", "--for", "5"],
        &["--count", "5", "--show"],
    ] {
        send(&[&["github", "--to", to, "--secret", "env:OTHER_SECRET"], more].concat(), "");
    }
}
