//! `bellhop explain`: why a request was refused, or would be.

use super::*;

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
