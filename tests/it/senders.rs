//! The commands about senders: the list, sending as one of them, and why a request was refused, there and in the log.

mod explained;
mod refused;
mod sending;

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
