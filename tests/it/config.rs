//! Configurations that must not start: one clear line with file, line and what to do.

use std::fs;
use std::time::Duration;

use crate::world::{no_secret_in, setup};

/// A hook that is right, for the cases to spoil.
const HOOK: &str = r#"
[[hooks]]
name = "h"
path = "github"
sender = "github"
secrets = ["env:GITHUB_WEBHOOK_SECRET"]
  [[hooks.actions]]
  kind = "telegram"
  chat = "123"
"#;

/// Starts with `config` and expects a refusal that names the line of `place` and says `words`.
fn check(config: &str, place: &str, words: &[&str]) {
    check_with(config, &[], place, words);
}

fn check_with(config: &str, environment: &[(&str, &str)], place: &str, words: &[&str]) {
    let mut setup = setup(config);
    for (name, value) in environment {
        setup = setup.env(name, value);
    }
    let (status, output) = setup.run_to_end(Duration::from_secs(5));
    let shown = format!("--- configuration:\n{config}\n--- output:\n{output}");
    assert!(status.is_some_and(|status| !status.success()), "it must end and fail, not {status:?}\n{shown}");
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "one line\n{shown}");
    assert!(!output.contains("panicked") && !output.contains("listening"), "{shown}");
    assert!(output.contains("bellhop.toml"), "the file is named\n{shown}");
    let number = config.lines().position(|line| line.contains(place)).expect("the case names a line of its own") + 1;
    let numbers: Vec<&str> = lines[0].split(|c: char| !c.is_ascii_digit()).collect();
    assert!(numbers.contains(&number.to_string().as_str()), "line {number} is named\n{shown}");
    for word in words {
        assert!(output.to_lowercase().contains(&word.to_lowercase()), "it says {word:?}\n{shown}");
    }
    no_secret_in(&output);
    let written = fs::read_dir(setup.data()).map(|entries| entries.count()).unwrap_or_default();
    assert_eq!(written, 0, "nothing is half-applied\n{shown}");
}

fn with(line: &str, instead: &str) -> String {
    assert!(HOOK.contains(line), "{line}");
    HOOK.replace(line, instead)
}

#[test]
fn unknown_fields_are_refused() {
    check(&format!("colour = \"red\"\n{HOOK}"), "colour", &["colour"]);
    check(&format!("[limits]\nrate_per_hour = 3\n{HOOK}"), "rate_per_hour", &["rate_per_hour"]);
    check(&format!("[telegramm]\ntoken = \"env:X\"\n{HOOK}"), "telegramm", &["telegramm"]);
    check(&with("path = \"github\"", "path = \"github\"\npahts = \"x\""), "pahts", &["pahts"]);
    check(&with("chat = \"123\"", "chat = \"123\"\n  tempalte = \"x\""), "tempalte", &["tempalte"]);
}

#[test]
fn broken_toml_is_refused() {
    check(&format!("{HOOK}\nname = \"unclosed"), "unclosed", &[]);
    check(&with("path = \"github\"", "path = 7"), "path = 7", &["string"]);
    check(
        &with("secrets = [\"env:GITHUB_WEBHOOK_SECRET\"]", "secrets = \"env:GITHUB_WEBHOOK_SECRET\""),
        "secrets",
        &[],
    );
    check(&with("path = \"github\"", "path = \"github\"\npath = \"again\""), "again", &[]);
}

#[test]
fn secrets_must_be_there() {
    let secrets = "secrets = [\"env:GITHUB_WEBHOOK_SECRET\"]";
    check(&with(secrets, ""), "[[hooks]]", &["secrets"]);
    check(&with(secrets, "secrets = []"), "secrets = []", &["secret"]);
    check(&with(secrets, "secrets = [\"\"]"), "secrets = [", &["env:"]);
    check(&with(secrets, "secrets = [\"env:\"]"), "secrets = [", &["env:"]);
    check(&with(secrets, "secrets = [\"env:NO_SUCH_VARIABLE\"]"), "secrets = [", &["NO_SUCH_VARIABLE"]);
    check(&with(secrets, "secrets = [\"file:/no/such/file\"]"), "secrets = [", &["/no/such/file"]);
    check(&with(secrets, "secrets = [\"vault:x\"]"), "secrets = [", &["env:"]);
    check_with(HOOK, &[("GITHUB_WEBHOOK_SECRET", "")], "secrets = [", &["GITHUB_WEBHOOK_SECRET"]);
    check_with(HOOK, &[("GITHUB_WEBHOOK_SECRET", " ")], "secrets = [", &["GITHUB_WEBHOOK_SECRET"]);
    let standard = with("sender = \"github\"", "sender = \"standard-webhooks\"");
    check_with(&standard, &[("GITHUB_WEBHOOK_SECRET", "whsec_")], "secrets = [", &["secret"]);
    check_with(&standard, &[("GITHUB_WEBHOOK_SECRET", "whsec_!!!not-base64")], "secrets = [", &["secret"]);
}

/// A secret written where a reference belongs is not repeated in the error.
#[test]
fn secrets_of_actions_must_be_there_too() {
    let forward = |fields: &str| {
        let action = "  kind = \"telegram\"\n  chat = \"123\"";
        assert!(HOOK.contains(action), "the hook has another action");
        HOOK.replace(action, &format!("  kind = \"forward\"\n{fields}"))
    };
    let missing = ["OUT_NOWHERE", "is not set"];
    check(&forward("  url = \"env:OUT_NOWHERE\"\n"), "  url = ", &missing);
    check(&forward("  url = { secret = \"env:OUT_NOWHERE\" }\n"), "  url = ", &missing);
    let sign = "  url = \"https://example.com\"\n  sign = { scheme = \"github\", secret = \"env:OUT_NOWHERE\" }\n";
    check(&forward(sign), "  sign = ", &missing);
}

#[test]
fn a_literal_secret_is_not_echoed() {
    let literal = with("env:GITHUB_WEBHOOK_SECRET", crate::world::OTHER_SECRET);
    check(&literal, "secrets = [", &["env:"]);
}

#[test]
fn bad_templates_conditions_and_networks_are_refused() {
    let chat = "  chat = \"123\"";
    check(&with(chat, "  chat = \"123\"\n  template = \"{{ payload.\""), "template = ", &["template"]);
    check(&with(chat, "  chat = \"123\"\n  template = \"{% if x %}\""), "template = ", &["template"]);
    check(
        &with(chat, "  chat = \"123\"\n  template = \"{{ payload.x | nosuchfilter }}\""),
        "template = ",
        &["nosuchfilter"],
    );
    let path = "path = \"github\"";
    check(&with(path, "path = \"github\"\nwhen = 'payload.x =='"), "when = ", &["when"]);
    check(&with(path, "path = \"github\"\nwhen = 'nothing.known == 1'"), "when = ", &["nothing"]);
    check(&with(path, "path = \"github\"\nallowed_ips = [\"10.0.0.0/33\"]"), "allowed_ips", &["10.0.0.0/33"]);
    check(&with(path, "path = \"github\"\nallowed_ips = [\"everywhere\"]"), "allowed_ips", &["everywhere"]);
}

#[test]
fn a_scheme_of_ones_own_is_checked() {
    let sender = "sender = \"github\"";
    let own = |scheme: &str| with(sender, &format!("sender = \"hmac-sha256\"\nscheme = {{ {scheme} }}"));
    check(&own("heder = \"x-sign\""), "scheme = ", &["heder"]);
    check(&own("header = \"x sign\""), "scheme = ", &["header", "x sign"]);
    check(&own("content = \"{header:x-at}\""), "scheme = ", &["content", "{body}"]);
    check(&own("content = \"{boy}{body}\""), "scheme = ", &["content", "{boy}", "{path}"]);
    check(&own("encoding = \"base85\""), "scheme = ", &["encoding", "base64url"]);
    check(&own("timestamp_header = \"x-at\", timestamp_unit = \"s\""), "scheme = ", &["not signed"]);
    check(&own("tolerance_seconds = 5"), "scheme = ", &["timestamp_header"]);
    check(&with(sender, "sender = \"github\"\nscheme = { header = \"x-sign\" }"), "scheme = ", &["hmac-sha256"]);
    let hex = own("secret = \"hex\"");
    check_with(&hex, &[("GITHUB_WEBHOOK_SECRET", "not hexadecimal")], "secrets = [", &["hexadecimal"]);
}

#[test]
fn bad_addresses_are_refused() {
    check(&format!("public_url = \"hooks.example.com\"\n{HOOK}"), "public_url", &["https://"]);
    check(&format!("public_url = \"ftp://hooks.example.com\"\n{HOOK}"), "public_url", &["http"]);
    check(&format!("public_url = \"https://user:pass@hooks.example.com\"\n{HOOK}"), "public_url", &["public_url"]);
    check(&format!("[telegram]\napi_base = \"not a url\"\n{HOOK}"), "api_base", &["api_base"]);
}

#[test]
fn senders_actions_and_chats_must_be_known() {
    check(&with("sender = \"github\"", "sender = \"gihtub\""), "gihtub", &["gihtub", "github"]);
    check(&with("kind = \"telegram\"", "kind = \"pigeon\""), "pigeon", &["pigeon", "telegram"]);
    check(&with("  chat = \"123\"", "  chat = \"me\""), "chat = ", &["chat"]);
    check(&with("  chat = \"123\"", ""), "[[hooks.actions]]", &["chat"]);
    check(&with("name = \"h\"", ""), "[[hooks]]", &["name"]);
}

#[test]
fn numbers_must_make_sense() {
    check(&format!("retention_days = 0\n{HOOK}"), "retention_days", &["retention_days"]);
    check(&format!("retention_days = -3\n{HOOK}"), "retention_days", &[]);
    check(
        &with("path = \"github\"", "path = \"github\"\nrate_per_minute = 0"),
        "rate_per_minute",
        &["rate_per_minute"],
    );
    check(&with("path = \"github\"", "path = \"github\"\nmax_body_bytes = 0"), "max_body_bytes", &["max_body_bytes"]);
}

#[test]
fn unsigned_hooks_need_a_capability_or_an_address() {
    let unsigned = |path: &str, more: &str| {
        format!(
            "[[hooks]]\nname = \"unsigned\"\npath = \"{path}\"\nsender = \"none\"\n{more}\n  [[hooks.actions]]\n  kind = \"telegram\"\n  chat = \"5\"\n"
        )
    };
    for path in ["open", "", "abcdefghijklmnopqrstu", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        check(&unsigned(path, ""), if path.is_empty() { "path = \"\"" } else { path }, &["allowed_ips"]);
    }
}

#[test]
fn names_are_not_given_twice() {
    let second = HOOK.replace("path = \"github\"", "path = \"second\"");
    let config = format!("{HOOK}{second}");
    let (status, output) = setup(&config).run_to_end(Duration::from_secs(5));
    assert!(status.is_some_and(|status| !status.success()), "{output}");
    assert!(output.contains("`h`") || output.contains("\"h\""), "{output}");
}

#[test]
fn a_missing_file_is_named() {
    let setup = setup(HOOK);
    fs::remove_file(setup.config_path()).expect("the file can be removed");
    let (status, output) = setup.run_to_end(Duration::from_secs(5));
    assert!(status.is_some_and(|status| !status.success()), "{status:?}");
    assert!(output.contains("bellhop.toml"), "{output}");
    assert_eq!(output.lines().filter(|line| !line.trim().is_empty()).count(), 1, "{output}");
}

/// The positive control: the hook that every case spoils starts as it is.
#[test]
fn the_unspoiled_configuration_starts() {
    let setup = setup(HOOK);
    let bellhop = setup.start();
    assert!(bellhop.url.starts_with("http://127.0.0.1:"), "{}", bellhop.url);
    let (status, output) = bellhop.terminate(Duration::from_secs(10));
    assert!(status.is_some_and(|status| status.success()), "{status:?} {output}");
}

/// Starts with this admin token in the environment, or in the file of an earlier start, and returns what it says.
fn start_with_token(variable: Option<&str>, file: Option<&str>) -> (bool, String) {
    let mut setup = setup(HOOK);
    setup = match variable {
        Some(token) => setup.env("BELLHOP_ADMIN_TOKEN", token),
        None => setup.without_env("BELLHOP_ADMIN_TOKEN"),
    };
    if let Some(token) = file {
        fs::create_dir_all(setup.data()).expect("a folder can be made");
        fs::write(setup.data().join("admin-token"), token).expect("a file can be written");
    }
    let (status, output) = setup.run_to_end(Duration::from_secs(3));
    // One that goes on listening is ended after the time.
    (status.is_none() && output.contains("listening on "), output)
}

#[test]
fn a_short_admin_token_is_refused() {
    for short in ["t", "admin", "fifteen-letters", "  fifteen-letters \n", "äöüäöüäöüäöüäöü"] {
        for (variable, file, place) in
            [(Some(short), None, "BELLHOP_ADMIN_TOKEN"), (None, Some(short), "data/admin-token")]
        {
            let (listens, output) = start_with_token(variable, file);
            assert!(!listens, "{short}: {output}");
            let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
            assert_eq!(lines.len(), 1, "one line: {output}");
            assert!(lines[0].contains(place) && lines[0].contains("16 characters"), "{output}");
            assert!(short.len() < 6 || !output.contains(short.trim()), "it is not repeated: {output}");
        }
    }
    let (listens, output) = start_with_token(Some("sixteen-letters!"), None);
    assert!(listens, "{output}");
}

#[test]
fn an_allow_list_of_everybody_is_refused_for_an_unsigned_hook() {
    let unsigned = |ips: &str| {
        let hook = with("sender = \"github\"", &format!("sender = \"none\"\nallowed_ips = {ips}"));
        hook.replace("path = \"github\"", "path = \"a\"").replace("secrets = [\"env:GITHUB_WEBHOOK_SECRET\"]\n", "")
    };
    for ips in ["[\"0.0.0.0/0\"]", "[\"0.0.0.0/1\", \"128.0.0.0/1\"]", "[\"::ffff:0:0/96\"]", "[\"github\"]"] {
        check(&unsigned(ips), "allowed_ips", &["allowed_ips", "leave it out"]);
    }
}
