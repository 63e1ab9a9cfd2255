//! `bellhop apply`: what it would change, shown without a change; and what it brings with it.

use std::process::{Command, Stdio};

use bellhop_tests::build;
use bellhop_tests::http::headers;
use http::Method;
use serde_json::Value;

use crate::world::{ADMIN_TOKEN, CHAT, SHARED_SECRET, World, config, github_hook, hook, no_secret_in, shared_hook};

/// Where an address is that is a secret itself, and what it is signed with.
const OUT_URL: &str = "https://out.example.com/canary-out-3f5b7d9e1a";
const OUT_SECRET: &str = "canary-sign-6c8e0a2b4d";
const INSTEAD_URL: &str = "https://discord.example.com/api/webhooks/1/canary-instead-0d2f4b6a8c";

/// A hook that forwards to an address that is a secret, or else to another.
const FORWARDING: &str = r#"
[[hooks]]
name = "onward"
path = "onward"
sender = "shared-secret"
secrets = ["env:SHARED_SECRET"]
  [[hooks.actions]]
  kind = "forward"
  url = "env:OUT_URL"
  sign = { scheme = "github", secret = "env:OUT_SECRET" }
  fallback = { kind = "discord", url = "env:INSTEAD_URL" }
"#;

/// Runs `bellhop apply` on the world's configuration; whether it succeeded, and what it printed.
async fn apply(world: &World, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(build::bellhop());
    command
        .arg("apply")
        .args(["--url", &world.bellhop.at(""), "--config"])
        .arg(world.setup.config_path())
        .args(arguments)
        .envs([("TELEGRAM_BOT_TOKEN", bellhop_tests::bot_api::TOKEN), ("BELLHOP_ADMIN_TOKEN", ADMIN_TOKEN)])
        .envs([("SHARED_SECRET", SHARED_SECRET), ("OUT_URL", OUT_URL), ("OUT_SECRET", OUT_SECRET)])
        .env("INSTEAD_URL", INSTEAD_URL)
        .env("GITHUB_WEBHOOK_SECRET", crate::world::GITHUB_SECRET)
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().expect("bellhop runs")).await;
    let output = output.expect("it does not panic");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("it prints UTF-8");
    no_secret_in(&text);
    assert!(!text.contains("canary") && !text.contains("stored:"), "{text}");
    (output.status.success(), text)
}

/// The hooks that the server has, by name.
async fn hooks(world: &World) -> Vec<Value> {
    let admin = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    let answer = world.http.send(Method::GET, &world.bellhop.at("/api/hooks"), &admin, Vec::new()).await;
    let mut hooks = answer.json()["items"].as_array().expect("a list").clone();
    hooks.sort_by_key(|hook| hook["name"].to_string());
    hooks
}

/// The lines of a text that are not about settings of this test alone.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_the_plan_with_its_differences_and_changes_nothing() {
    let world =
        World::start(&(github_hook("stays", CHAT) + &shared_hook("goes", CHAT) + &shared_hook("alters", 1))).await;
    let altered = hook("shared-alters", "alters", "shared-secret", "SHARED_SECRET", 2, "events = [\"push\"]", "");
    let changed = format!(
        "retention_days = 30\n{}",
        config(&world.fake.url(), &(github_hook("stays", CHAT) + &altered + FORWARDING))
    );
    world.setup.write_config(&changed);
    let before = hooks(&world).await;

    // As a start of this server would change it: references stay references.
    let data = world.setup.data();
    let (success, text) = apply(&world, &["--dry-run", "--data", data.to_str().expect("a plain path")]).await;
    assert!(success, "{text}");
    let expected = [
        "~ hook shared-alters",
        "    actions[0].chat: \"1\" -> \"2\"",
        "    events: (nothing) -> [\"push\"]",
        "+ hook onward",
        "- hook shared-goes",
        "~ settings",
        "    retention_days: 90 -> 30",
        "hooks and jobs: 1 to be created, 1 updated, 1 unchanged, 1 deleted; nothing was changed",
    ];
    assert_eq!(lines(&text), expected, "{text}");

    // As `apply` would change it: with values, which are told by their fingerprints.
    let (success, text) = apply(&world, &["--dry-run"]).await;
    assert!(success, "{text}");
    for words in [
        "~ hook hook-stays\n    secrets[0]: \"env:GITHUB_WEBHOOK_SECRET\" -> \"fingerprint ",
        "+ hook onward",
        "- hook shared-goes",
        "    telegram.token: \"env:TELEGRAM_BOT_TOKEN\" -> \"fingerprint ",
        "hooks and jobs: 1 to be created, 2 updated, 0 unchanged, 1 deleted; nothing was changed",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    assert_eq!(hooks(&world).await, before, "nothing was changed");

    // Carried out, nothing is left to do.
    let (success, text) = apply(&world, &[]).await;
    assert!(success && text.contains("hooks and jobs: 1 created, 2 updated, 0 unchanged, 1 deleted"), "{text}");
    let (success, text) = apply(&world, &["--dry-run"]).await;
    let left = ["hooks and jobs: 0 to be created, 0 updated, 3 unchanged, 0 deleted; nothing was changed"];
    assert!(success && lines(&text) == left, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_actions_come_along_and_an_address_that_is_one_stays_one() {
    let world = World::start("").await;
    world.setup.write_config(&config(&world.fake.url(), FORWARDING));
    let (success, text) = apply(&world, &[]).await;
    assert!(success, "{text}");
    let hooks = hooks(&world).await;
    let action = &hooks[0]["actions"][0];
    assert!(
        action["url"]["fingerprint"].is_string() && action["sign"]["secret"]["fingerprint"].is_string(),
        "{action}"
    );
    assert!(!hooks[0].to_string().contains("canary"), "{action}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_in_a_dry_run_too() {
    let world = World::start(&github_hook("stays", CHAT)).await;
    let wrong = config(&world.fake.url(), &github_hook("stays", CHAT).replace("\"github\"", "\"nobody\""));
    world.setup.write_config(&wrong);
    let data = world.setup.data();
    for place in [&["--dry-run"][..], &["--dry-run", "--data", data.to_str().expect("a plain path")]] {
        let (success, text) = apply(&world, place).await;
        assert!(!success && text.contains("unknown sender `nobody`"), "{text}");
    }
    // Only a dry run looks into a folder.
    let (success, text) = apply(&world, &["--data", data.to_str().expect("a plain path")]).await;
    assert!(!success && text.contains("--dry-run"), "{text}");
}
