//! The commands about senders: the list, sending as one of them, and why a request was refused, there and in the log.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Outline, post};
use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::build;
use bellhop_tests::http::{Answer, headers};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::{
    ADMIN_TOKEN, CHAT, GITHUB_SECRET, OTHER_SECRET, SHARED_SECRET, STANDARD_SECRET, World, assert_refused, github_hook,
    hook, no_secret_in, setup, shared_hook,
};

/// What a command did: whether it ended well, what it said and what it complained of.
struct Done {
    well: bool,
    said: String,
    complaint: String,
}

/// Runs `bellhop` with these arguments and this standard input, in an environment with the tests' secrets.
fn bellhop(arguments: &[&str], input: &[u8]) -> Done {
    let mut child = Command::new(build::bellhop())
        .args(arguments)
        .env("GITHUB_WEBHOOK_SECRET", GITHUB_SECRET)
        .env("OTHER_SECRET", OTHER_SECRET)
        .env("SHARED_SECRET", SHARED_SECRET)
        .env("STANDARD_SECRET", STANDARD_SECRET)
        .env("BELLHOP_ADMIN_TOKEN", ADMIN_TOKEN)
        .env_remove("BELLHOP_SECRET")
        .env_remove("UNSET")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bellhop starts");
    let mut stdin = child.stdin.take().expect("it has a standard input");
    let input = input.to_vec();
    // A command that has seen enough closes its input.
    let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
    let output = child.wait_with_output().expect("bellhop ends");
    writer.join().expect("writing does not panic");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    let done = Done { well: output.status.success(), said: text(output.stdout), complaint: text(output.stderr) };
    let all = format!("{}{}", done.said, done.complaint);
    no_secret_in(&all);
    assert!(!all.contains("panicked"), "{arguments:?}: {all}");
    let steers = all.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}');
    assert!(!steers, "{arguments:?}: {all:?}");
    done
}

/// Runs a command that must end well; what it said.
fn said(arguments: &[&str], input: &[u8]) -> String {
    let Done { well, said, complaint } = bellhop(arguments, input);
    assert!(well && complaint.is_empty(), "{arguments:?}: {said}{complaint}");
    said
}

/// Runs a command that must fail, with these words in its complaint.
fn fails(arguments: &[&str], input: &[u8], words: &str) -> Done {
    let done = bellhop(arguments, input);
    assert!(!done.well && done.complaint.contains(words), "{arguments:?}: {}{}", done.said, done.complaint);
    done
}

/// A file with this content in a folder of its own.
fn file(name: &str, content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("a file can be written");
    (folder, path)
}

/// A path as an argument.
fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The moment of the saved requests.
const MOMENT: &str = "2026-11-21T07:36:45Z";

/// A request of a sender as it goes over the wire, signed at [`MOMENT`].
fn request(sender: &str, secret: &str, body: &[u8]) -> Vec<u8> {
    let sender = Sender::named(sender).expect("a sender");
    let secret = Secret::new(secret).expect("a secret");
    let url = Url::new("https://hooks.example.com", "/webhook/p?a=1");
    let outline = Outline { url, body: Some(body), event_type: None, id: "msg_1" };
    let now = Timestamp::from_rfc3339(MOMENT).expect("a moment");
    let post = post(sender, Some(&secret), outline, now).expect("it can be signed");
    let mut wire = format!("POST {} HTTP/1.1\r\nHost: hooks.example.com\r\n", post.target);
    for (name, value) in &post.headers {
        wire += &format!("{name}: {value}\r\n");
    }
    wire += &format!("Content-Length: {}\r\n\r\n", post.body.len());
    [wire.as_bytes(), &post.body].concat()
}

#[test]
fn senders_are_listed_by_category_and_word() {
    let all = said(&["senders"], b"");
    assert_eq!(all.lines().count(), Sender::all().len() + 1, "{all}");
    assert!(all.ends_with("`bellhop senders NAME` shows one\n"), "{all}");
    let line = all.lines().find(|line| line.starts_with("github ")).expect("a line of github");
    let columns: Vec<_> = line.split_whitespace().collect();
    assert_eq!(columns, ["github", "GitHub", "code", "hmac-sha256", "✓", "vectors"]);
    let home = said(&["senders", "home"], b"");
    assert!(home.contains("home-assistant") && !home.contains("github"), "{home}");
    let keyed = said(&["senders", "ED25519"], b"");
    assert!(keyed.contains("discord") && !keyed.contains("github"), "{keyed}");
    let json: Vec<Value> = serde_json::from_str(&said(&["senders", "--json"], b"")).expect("a list");
    assert_eq!(json.len(), Sender::all().len());
    assert!(json.iter().all(|sender| sender["proof"].is_string() && sender["setup"].is_array()));
}

#[test]
fn one_sender_is_shown_with_its_steps() {
    let slack = said(&["senders", "slack", "--url", "https://hooks.example.com/webhook/s"], b"");
    for words in [
        "Slack (slack)\n",
        "sender = \"slack\"",
        "HMAC-SHA256 in the header x-slack-signature, not older or newer than 300 s",
        "checked against   published signatures",
        "wants an answer   within 3 s",
        "url_verification is answered",
        "To set it up:\n  1. ",
        "the hook's URL (https://hooks.example.com/webhook/s)",
    ] {
        assert!(slack.contains(words), "no {words:?} in {slack}");
    }
    let plain = said(&["senders", "slack"], b"");
    assert!(plain.contains("the hook's URL") && !plain.contains("https://hooks"), "{plain}");
    let unverified = Sender::all().iter().find(|sender| sender.facts().verified.name() == "unverified");
    if let Some(sender) = unverified {
        assert!(said(&["senders", sender.name], b"").contains("⚠ unverified"));
    }
    let json: Value = serde_json::from_str(&said(&["senders", "slack", "--json"], b"")).expect("an object");
    assert_eq!(
        (&json["name"], &json["family"], &json["deadline_seconds"]),
        (&json!("slack"), &json!("hmac-sha256"), &json!(3))
    );
}

#[test]
fn the_configuration_says_the_urls_of_its_hooks() {
    let hooks = github_hook("one", CHAT) + &github_hook("two", CHAT).replace("GITHUB_WEBHOOK_SECRET", "UNSET");
    let (_folder, path) = file("bellhop.toml", format!("public_url = \"https://h.example\"\n{hooks}").as_bytes());
    let shown = said(&["senders", "github", "--config", text(&path)], b"");
    assert!(
        shown.contains("hook's URL        https://h.example/webhook/one, https://h.example/webhook/two\n"),
        "{shown}"
    );
    assert!(shown.contains("the hook's URL (https://h.example/webhook/one)"), "{shown}");
    fails(&["senders", "stripe", "--config", text(&path)], b"", "has no hook with `sender = \"stripe\"`");
    let (_folder, path) = file("bellhop.toml", hooks.as_bytes());
    fails(&["senders", "github", "--config", text(&path)], b"", "has no `public_url`");
    let (_folder, path) = file("bellhop.toml", b"public_url = 7");
    fails(&["senders", "github", "--config", text(&path)], b"", "bellhop.toml:1:");
    fails(&["senders", "github", "--config", "/nowhere.toml"], b"", "/nowhere.toml cannot be read");
}

#[test]
fn a_name_that_is_none_is_met_with_near_ones() {
    let near = "no sender is called `gihtub`; did you mean `github`?";
    fails(&["senders", "gihtub"], b"", near);
    fails(&["send", "gihtub", "--to", "http://127.0.0.1:1/"], b"", near);
    fails(&["explain", "--sender", "gihtub", "--secret", "x"], b"", near);
    fails(&["senders", "qqqqqqqq\u{1b}[2J"], b"", "no sender is called `qqqqqqqq·[2J`; `bellhop senders` lists all");
    fails(&["senders", "--config", "x"], b"", "required");
    fails(&["senders", "github", "--url", "https://a", "--config", "x"], b"", "cannot be used with");
}

/// A server with a public URL and hooks of several families.
async fn world() -> World {
    let fake = FakeBotApi::start_unlimited().await;
    let hooks = [
        github_hook("github", CHAT),
        shared_hook("shared", CHAT),
        hook("standard", "standard", "standard-webhooks", "STANDARD_SECRET", CHAT, "", ""),
        hook("stripe", "stripe", "stripe", "OTHER_SECRET", CHAT, "", ""),
        hook("twilio", "twilio", "twilio", "OTHER_SECRET", CHAT, "", ""),
        hook("netlify", "netlify", "netlify", "OTHER_SECRET", CHAT, "", ""),
        hook("mailgun", "mailgun", "mailgun", "OTHER_SECRET", CHAT, "", ""),
        hook("open", "open", "none", "", CHAT, "allowed_ips = [\"127.0.0.0/8\"]", ""),
    ];
    let config = crate::world::config(&fake.url(), &hooks.concat());
    // What the sender calls, though the server listens elsewhere.
    let setup = setup(&format!("public_url = \"https://hooks.example.com\"\n{config}"));
    let bellhop = setup.start();
    World { fake, setup, bellhop, http: bellhop_tests::http::Http::new() }
}

/// Runs a blocking part of a test.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("it does not panic")
}

/// How often a text stands in what the server has logged, once it stands there so often.
async fn logged(world: &World, text: &str, count: usize) -> usize {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let found = world.bellhop.output().matches(text).count();
        if found >= count || Instant::now() > deadline {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

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

#[test]
fn a_saved_request_is_explained() {
    let body = br#"{"zen":"Keep it","who":"octo"}"#;
    let (github, slack) = (request("github", GITHUB_SECRET, body), request("slack", OTHER_SECRET, body));
    let mine = ["explain", "--sender", "github", "--secret", "env:GITHUB_WEBHOOK_SECRET"];
    let well = said(&mine, &github);
    assert!(well.contains("POST /webhook/p?…, ") && well.contains("accepted: it is accepted, by secret 1\n"), "{well}");
    let (_folder, path) = file("request", &github);
    said(&[&mine[..], &[text(&path)]].concat(), b"");
    // The lines of the head may have lost their carriage returns.
    let end = github.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&github[..end + 4]).replace("\r\n", "\n");
    said(&mine, &[head.as_bytes(), &github[end + 4..]].concat());
    // The same request as JSON.
    let lines: Vec<_> = head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
    let body_text = String::from_utf8_lossy(body);
    let as_json = json!({"method": "POST", "url": "/webhook/p", "headers": lines, "body": body_text}).to_string();
    said(&mine, as_json.as_bytes());

    let refused = |arguments: &[&str], request: &[u8], words: &[&str]| {
        let done = fails(&[&["explain"], arguments].concat(), request, "the request is refused");
        for words in words {
            assert!(done.said.contains(words), "{arguments:?}: no {words:?} in {}", done.said);
        }
    };
    let with_line_feed = [&github[..], b"\n"].concat();
    refused(
        &mine[1..],
        &with_line_feed,
        &[
            "refused: the header x-hub-signature-256 does not match the body",
            "found: the head promises a body of 30 bytes, and there are 31\n  fix: if the request was saved by an editor",
            "found: it matches without the white space at its end",
        ],
    );
    refused(
        &["--sender", "github", "--secret", "env:OTHER_SECRET"],
        &github,
        &["any of the hook's secrets\n  fix: copy the secret again"],
    );
    refused(
        &["--sender", "github", "--secret", "env:OTHER_SECRET", "--other", "mine=env:GITHUB_WEBHOOK_SECRET"],
        &github,
        &["found: it matches the secret of the hook `mine`\n  fix: give this hook that secret"],
    );
    let slacks = ["--sender", "slack", "--secret", "env:OTHER_SECRET"];
    said(&[&["explain"], &slacks[..], &["--at", MOMENT]].concat(), &slack);
    refused(
        &[&slacks[..], &["--at", "2026-11-21T07:48:37Z"]].concat(),
        &slack,
        &["refused: the clock is off by 712 s", "found: the signature is right and 712 s old", "fix: set the clocks"],
    );
    refused(&slacks, &slack, &["say with --at when it came in"]);
    refused(
        &["--sender", "gitea", "--secret", "env:GITHUB_WEBHOOK_SECRET"],
        &github,
        &[
            "x-gitea-signature is missing",
            "found: it matches as a request of the sender `github`\n  fix: write `sender = \"github\"`",
        ],
    );
    let square = request("square", OTHER_SECRET, body);
    let squares = ["--sender", "square", "--secret", "env:OTHER_SECRET"];
    said(&[&["explain"], &squares[..], &["--url", "https://hooks.example.com/"]].concat(), &square);
    let elsewhere = [&squares[..], &["--url", "http://hooks.example.com"]].concat();
    refused(&elsewhere, &square, &["found: it matches for the URL https://hooks.example.com/webhook/p"]);
    refused(
        &squares,
        &square,
        &["set public_url", "found: it matches for the URL https://hooks.example.com/webhook/p"],
    );
}

#[test]
fn the_configuration_is_our_side_of_the_story() {
    let hooks = [
        github_hook("mine", CHAT),
        hook("other", "other", "github", "OTHER_SECRET", CHAT, "", ""),
        hook("gone", "gone", "github", "UNSET", CHAT, "", ""),
        hook("square", "square", "square", "OTHER_SECRET", CHAT, "", ""),
    ];
    let config = format!("public_url = \"https://hooks.example.com\"\n{}", hooks.concat());
    let (_folder, path) = file("bellhop.toml", config.as_bytes());
    let of = |name: &'static str| ["explain", "--config", text(&path), "--hook", name];
    let github = request("github", GITHUB_SECRET, b"{}");
    let told = said(&of("hook-mine"), &github);
    assert!(told.contains("note: a secret of the hook gone is not tried: the environment variable UNSET"), "{told}");
    let done = fails(&of("other"), &github, "the request is refused");
    assert!(done.said.contains("found: it matches the secret of the hook `hook-mine`"), "{}", done.said);
    said(&of("square"), &request("square", OTHER_SECRET, b"{}"));
    fails(&of("nobody"), &github, "has no hook `nobody`; it has: hook-mine, other, gone, square");
    fails(&of("gone"), &github, "gone: the environment variable UNSET is not set");
    fails(&["explain", "--config", "/nowhere.toml", "--hook", "x"], &github, "/nowhere.toml cannot be read");
    fails(&["explain", "--config", text(&path), "--sender", "github"], &github, "cannot be used with");
}

#[test]
fn what_is_no_request_is_told_from_one() {
    let run = |input: &[u8], words: &str| {
        let done = fails(&["explain", "--sender", "github", "--secret", "env:OTHER_SECRET"], input, words);
        assert!(!done.complaint.contains("hunter2"), "{}", done.complaint);
    };
    run(b"", "standard input is no saved request: it is empty");
    run(b"\n\n", "it is empty");
    run(b"hunter2", "it does not begin with a line such as `POST /webhook/github HTTP/1.1`");
    run(b"\x7fELF\x02\x01\x01", "it does not begin with a line");
    run(b"POST /a HTTP/1.1\nhunter2", "line 2 is no header");
    run(b"{\"hunter2\":1}", "line 1 of the JSON");
    let huge = [b"POST /a HTTP/1.1\n\n".as_slice(), &vec![b' '; 64 * 1024 * 1024]].concat();
    run(&huge, "more than 64 MiB");
    for (arguments, words) in [
        (&["--secret", "x"][..], "--sender"),
        (&["--sender", "github"], "`github` signs its requests"),
        (&["--sender", "github", "--secret", "env:UNSET"], "UNSET is not set"),
        (&["--sender", "github", "--secret", "x", "--other", "env:UNSET"], "--other is a name, `=` and a reference"),
        (&["--sender", "github", "--secret", "x", "--at", "soon"], "write a day"),
        (&["--sender", "github", "--secret", "x", "--url", "hooks.example.com"], "write it whole"),
        (&["--sender", "github", "--secret", "x", "/nowhere"], "/nowhere cannot be read"),
        (&["--sender", "github", "--hook", "x"], "cannot be used with"),
    ] {
        fails(&[&["explain"], arguments].concat(), b"POST / HTTP/1.1\n\n", words);
    }
    // A request without any proof is one all the same.
    let bare =
        fails(&["explain", "--sender", "github", "--secret", "x"], b"POST / HTTP/1.1\n\n", "the request is refused");
    assert!(bare.said.contains("missing or empty") && bare.said.contains("found: the body is empty"), "{}", bare.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_event_is_explained_as_far_as_it_was_stored() {
    let world = world().await;
    let url = world.bellhop.url.clone();
    apart(move || {
        let server = ["--server", &url];
        let id = |sender: &str, path: &str, secret: &str| {
            let said = said(&["send", sender, "--to", &format!("{url}/webhook/{path}"), "--secret", secret], b"");
            let answer =
                said.lines().find_map(|line| serde_json::from_str::<Value>(line).ok().filter(Value::is_object));
            answer.and_then(|answer| answer["id"].as_str().map(str::to_owned)).expect("an id")
        };
        let stripe = id("stripe", "stripe", "env:OTHER_SECRET");
        let explain = |event: &str, secret: &'static str| {
            // The event is routed a moment after it was accepted.
            let deadline = Instant::now() + Duration::from_secs(20);
            loop {
                let done = bellhop(&[&["explain", "--event", event, "--secret", secret], &server[..]].concat(), b"");
                if !done.complaint.contains("404") || Instant::now() > deadline {
                    return done;
                }
            }
        };
        let done = explain(&stripe, "env:OTHER_SECRET");
        assert!(
            done.well && done.said.contains("accepted: it is accepted, by secret 1"),
            "{}{}",
            done.said,
            done.complaint
        );
        let done = explain(&stripe, "env:SHARED_SECRET");
        assert!(
            !done.well && done.said.contains("refused: the header stripe-signature does not match"),
            "{}",
            done.said
        );
        let shared = id("shared-secret", "shared", "env:SHARED_SECRET");
        let done = explain(&shared, "env:SHARED_SECRET");
        let hidden = "these headers cannot be checked, and the proof is among them: x-webhook-secret";
        assert!(!done.well && done.said.contains(hidden), "{}", done.said);
        fails(&[&["explain", "--event", "nobody", "--secret", "x"], &server[..]].concat(), b"", "answered 404");
    })
    .await;
    world.finish();
}

/// Posts a push to the GitHub hook, signed with a secret for a body.
async fn push(world: &World, secret: &str, signed: &[u8], sent: &[u8]) -> Answer {
    let all = bellhop_tests::github::headers(secret, "push", "d-1", signed);
    world.http.post(&world.bellhop.at("/webhook/github"), &all, sent.to_vec()).await
}

/// The refused requests that the API lists.
async fn refused(world: &World) -> Vec<Value> {
    let bearer = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    let url = world.bellhop.at("/api/events?status=refused&limit=100");
    let answer = world.http.send(Method::GET, &url, &bearer, "").await;
    answer.json()["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_refusal_is_explained_in_the_log_and_the_api_and_to_nobody_else() {
    let world = world().await;
    let body = br#"{"canary":"canary-of-the-payload"}"#;
    let changed = [&body[..], b"\n"].concat();
    let plain = push(&world, "nobody's", body, body).await;
    let nearly = [push(&world, GITHUB_SECRET, body, &changed).await, push(&world, OTHER_SECRET, body, body).await];
    assert_refused(&plain, 401);
    let spoken = |answer: &Answer| {
        let mut body = answer.json();
        assert!(body["error"]["request_id"].take().is_string(), "{body}");
        (answer.status, answer.headers.get("content-type").cloned(), body.to_string())
    };
    for answer in &nearly {
        assert_eq!(spoken(answer), spoken(&plain), "the answer is the same whatever was found out");
    }
    let causes = [
        "under any of the hook's secrets\"",
        "under any of the hook's secrets; it matches without the white space at its end: something on the way changes the body\"",
        "under any of the hook's secrets; it matches the secret of the hook `mailgun`",
    ];
    for cause in causes {
        assert_eq!(logged(&world, cause, 1).await, 1, "{cause} in {}", world.bellhop.output());
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    let listed = loop {
        let listed = refused(&world).await;
        if listed.len() >= 3 || Instant::now() > deadline {
            break listed;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let listed: Vec<_> = listed.iter().filter_map(|one| one["cause"].as_str()).collect();
    for cause in ["; it matches without the white space", "; it matches the secret of the hook"] {
        assert!(listed.iter().any(|listed| listed.contains(cause)), "{cause} in {listed:?}");
    }
    // Of a flood, only as many are explained as are recorded.
    for _ in 0..30 {
        assert_refused(&push(&world, GITHUB_SECRET, body, &changed).await, 401);
    }
    assert_eq!(logged(&world, "\"refused\"", 33).await, 33);
    let output = world.finish();
    assert!(!output.contains("canary-of-the-payload"), "{output}");
    assert_eq!(output.matches("; it matches").count(), 9, "{output}");
}
