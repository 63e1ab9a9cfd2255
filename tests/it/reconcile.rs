//! Deliveries lost in an outage: GitHub never sends them again by itself, so Bellhop asks.

use std::collections::HashSet;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::build;
use bellhop_tests::github_api::{FakeGitHubApi, Limit, TOKEN};
use bellhop_tests::serve::{Bellhop, Setup};

use crate::world::{GITHUB_SECRET, config, hook, no_secret_in, setup};

/// The webhook whose lost deliveries are asked for, and the one whose are not.
const ASKED: &str = "repos/octo/hello/hooks/7";
const LEFT: &str = "repos/octo/other/hooks/8";

const ASKED_CHAT: i64 = 71;
const LEFT_CHAT: i64 = 72;

/// How many webhooks are sent while Bellhop is down, half a minute from each other: ten minutes.
const OUTAGE: u64 = 20;

/// Both hooks; the first says where its deliveries are listed.
fn hooks(github: &FakeGitHubApi) -> String {
    let reconcile = format!(
        "reconcile = {{ of = \"repos/octo/hello\", webhook_id = 7, token = \"env:GITHUB_TOKEN\", api_base = \"{}\" }}",
        github.url()
    );
    let asked = hook("asked", "asked", "github", "GITHUB_WEBHOOK_SECRET", ASKED_CHAT, &reconcile, TEMPLATE);
    asked + &hook("left", "left", "github", "GITHUB_WEBHOOK_SECRET", LEFT_CHAT, "", TEMPLATE)
}

const TEMPLATE: &str = "template = \"number {{ payload.number }}\"";

/// Points both webhooks at a server; at none, so that what is sent waits, where there is no URL.
fn point(github: &FakeGitHubApi, bellhop: Option<&Bellhop>) {
    for (place, path) in [(ASKED, "/webhook/asked"), (LEFT, "/webhook/left")] {
        github.put_webhook(place, &bellhop.map(|bellhop| bellhop.at(path)).unwrap_or_default(), GITHUB_SECRET);
    }
}

/// Sends webhooks of both places, as many as there are numbers.
async fn send(github: &FakeGitHubApi, numbers: std::ops::Range<u64>) {
    let end = numbers.end;
    for number in numbers {
        let body = format!(r#"{{"number":{number}}}"#);
        for place in [ASKED, LEFT] {
            // Whole seconds, as GitHub writes them, inside the ten minutes that each look goes back.
            github.deliver(place, "push", body.as_bytes(), (end - number) * 29).await;
        }
    }
}

/// Waits until no delivery of a place is lost any more.
async fn nothing_lost(github: &FakeGitHubApi, place: &str, bellhop: &Bellhop) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !github.lost(place).is_empty() {
        assert!(Instant::now() < deadline, "lost: {:?}\n{}", github.lost(place), bellhop.output());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The numbers that a chat was told, each of them once, after a moment in which more might come.
async fn told(bot: &FakeBotApi, chat: i64, count: usize) -> HashSet<String> {
    let enough = |messages: &[bellhop_tests::bot_api::Message]| {
        let lines: usize = messages.iter().filter(|m| m.chat_id == chat).map(|m| numbers(&m.text).count()).sum();
        (lines >= count).then_some(())
    };
    bot.wait_for("message for each webhook", Duration::from_secs(20), enough).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let messages = bot.messages_of(chat);
    let all: Vec<_> = messages.iter().flat_map(|m| numbers(&m.text)).map(str::to_owned).collect();
    let once: HashSet<_> = all.iter().cloned().collect();
    assert_eq!(once.len(), all.len(), "one came twice: {all:?}");
    once
}

/// The numbers in a message, which may join several.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.trim().strip_prefix("number "))
}

/// Checks that the output holds no secret, the token of GitHub's API least of all.
fn no_token_in(output: &str) {
    no_secret_in(output);
    assert!(!output.contains(TOKEN), "GitHub's token shows in:\n{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_ten_minutes_loses_nothing() {
    let (github, bot) = (FakeGitHubApi::start().await, FakeBotApi::start_unlimited().await);
    let setup = setup(&config(&bot.url(), &hooks(&github))).env("GITHUB_TOKEN", TOKEN);
    point(&github, None);
    let bellhop = setup.start();
    point(&github, Some(&bellhop));
    send(&github, 0..3).await;
    let before = told(&bot, ASKED_CHAT, 3).await;
    assert_eq!((before.len(), github.lost(ASKED).len()), (3, 0));

    bellhop.kill();
    send(&github, 3..3 + OUTAGE).await;
    assert_eq!(github.lost(ASKED).len() as u64, OUTAGE);
    point(&github, None);
    let bellhop = setup.start();
    point(&github, Some(&bellhop));
    nothing_lost(&github, ASKED, &bellhop).await;

    let after = told(&bot, ASKED_CHAT, 3 + OUTAGE as usize).await;
    assert_eq!(after.len() as u64, 3 + OUTAGE);
    assert_eq!(github.redeliveries() as u64, OUTAGE, "each is asked for once");
    assert_eq!(github.mistakes(), [] as [&str; 0]);
    // The control: nobody asks for the other webhook's.
    assert_eq!(told(&bot, LEFT_CHAT, 3).await.len(), 3);
    assert_eq!(github.lost(LEFT).len() as u64, OUTAGE);
    no_token_in(&bellhop.output());
}

/// Runs `bellhop reconcile` in the folder of a server.
async fn reconcile(setup: &Setup, config: &str, token: &str, arguments: &[&str]) -> (Output, String) {
    let file = setup.folder().join("reconcile.toml");
    std::fs::write(&file, config).expect("a configuration can be written");
    let mut command = Command::new(build::bellhop());
    command.arg("reconcile").arg("--config").arg(file).args(arguments).stdin(Stdio::null());
    command.env("TELEGRAM_BOT_TOKEN", "").env("GITHUB_WEBHOOK_SECRET", GITHUB_SECRET).env("GITHUB_TOKEN", token);
    let output = tokio::task::spawn_blocking(move || command.output().expect("bellhop runs"));
    let output = output.await.expect("it does not panic");
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    no_token_in(&text);
    assert!(token.is_empty() || !text.contains(token), "{text}");
    (output, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_brings_back_what_nobody_asked_for() {
    let (github, bot) = (FakeGitHubApi::start().await, FakeBotApi::start_unlimited().await);
    let with_token = config(&bot.url(), &hooks(&github));
    // The server has no token, so only the command asks.
    let setup = setup(&with_token).without_env("GITHUB_TOKEN");
    point(&github, None);
    let bellhop = setup.start();
    bellhop.wait_for_output("there is no token", Duration::from_secs(10)).expect("the server says why it does not ask");
    github.put_webhook(ASKED, "http://127.0.0.1:9/webhook", GITHUB_SECRET);
    github.put_webhook(LEFT, "http://127.0.0.1:9/webhook", GITHUB_SECRET);
    send(&github, 0..OUTAGE).await;
    point(&github, Some(&bellhop));

    let (output, text) = reconcile(&setup, &with_token, TOKEN, &["--dry-run"]).await;
    assert!(output.status.success() && text.contains(&format!("lost: {OUTAGE}")), "{text}");
    let (output, text) = reconcile(&setup, &with_token, TOKEN, &["--since", "255s"]).await;
    assert!(output.status.success() && text.contains("asked for: 8"), "{text}");
    for (token, arguments, expected) in [
        ("ghp_canaryWrongToken77aa", [].as_slice(), "401"),
        (TOKEN, ["--hook", "left"].as_slice(), "reconcile"),
        ("", [].as_slice(), "GITHUB_TOKEN"),
    ] {
        let (output, text) = reconcile(&setup, &with_token, token, arguments).await;
        assert!(!output.status.success() && text.contains(expected), "{text}");
    }
    assert_eq!(github.redeliveries(), 8, "only what was asked for");

    github.limit_after(4, Limit::Reset(120));
    let (output, text) = reconcile(&setup, &with_token, TOKEN, &[]).await;
    assert!(!output.status.success() && text.contains("asked for: 3; there are more"), "{text}");
    github.unlimit();
    let (output, text) = reconcile(&setup, &with_token, TOKEN, &[]).await;
    assert!(output.status.success(), "{text}");
    nothing_lost(&github, ASKED, &bellhop).await;
    assert_eq!(told(&bot, ASKED_CHAT, OUTAGE as usize).await.len() as u64, OUTAGE);
    no_token_in(&bellhop.output());
}
