//! Bad input at the front door: what is refused, how, and that nothing of it goes further.

mod bounds;
mod proofs;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bellhop_tests::github;
use bellhop_tests::http::headers;
use bellhop_tests::raw;
use bellhop_tests::sign;
use http::Method;

use crate::world::{
    CHAT, GITHUB_SECRET, OTHER_SECRET, SHARED_SECRET, World, assert_accepted, assert_error_body, assert_refused,
    github_hook, hook, no_secret_in, shared_hook,
};

const BODY: &[u8] = br#"{"zen":"Keep it logically awesome.","hook_id":7}"#;

/// Posts `body` with GitHub's headers, the signature given or left out.
async fn post_signed(world: &World, path: &str, signatures: &[&str], body: &[u8]) -> bellhop_tests::http::Answer {
    let mut all =
        headers(&[("content-type", "application/json"), ("x-github-event", "ping"), ("x-github-delivery", "d-1")]);
    all.extend(signatures.iter().map(|signature| ("x-hub-signature-256".to_owned(), (*signature).to_owned())));
    world.http.post(&world.bellhop.at(path), &all, body.to_vec()).await
}

async fn nothing_was_sent(world: &World) {
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(world.fake.requests().is_empty(), "{:#?}", world.fake.requests());
}

#[tokio::test]
async fn unknown_paths_are_not_found() {
    let world = World::start(&github_hook("github", CHAT)).await;
    for path in [
        "/webhook",
        "/webhook/",
        "/webhook/nowhere",
        "/webhook/githu",
        "/webhook/github/more",
        "/webhook/GITHUB",
        "/webhook/%00",
        "/webhook/..%2f..%2fetc%2fpasswd",
        "/api/webhooks/nowhere",
        "/api/webhook/nowhere",
        "/nowhere",
        "/",
    ] {
        let answer = world.github(path, "ping", "d-1", BODY).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}: {}", answer.text());
        assert_refused(&answer, 404);
    }
    nothing_was_sent(&world).await;
}

#[tokio::test]
async fn signed_bodies_that_are_no_json_are_kept_and_delivered_as_text() {
    let bodies: [(&[u8], &str); 5] = [
        (b"{\"half\": ", "{\"half\":"),
        (b"plain words <b> & co", "plain words <b> & co"),
        (b"caf\xe9 \xff\xfe end-of-latin", "end-of-latin"),
        (b"payload=%7B%22a%22%3A1%7D&form=yes", "form=yes"),
        (b"{\"a\":\"\xed\xa0\x80 lone-surrogate\"", "lone-surrogate"),
    ];
    let hooks: String = (50..).zip(&bodies).map(|(chat, _)| github_hook(&format!("c{chat}"), chat)).collect();
    let world = World::start(&hooks).await;
    for (chat, (body, shown)) in (50..).zip(bodies) {
        assert_accepted(&world.github(&format!("/webhook/c{chat}"), "push", "d-1", body).await);
        let text = world.messages_of(chat, 1).await.remove(0).text;
        assert!(text.contains(shown), "{shown:?} in {text:?}");
    }
    let empty = World::start(&github_hook("github", CHAT)).await;
    assert_accepted(&empty.github("/webhook/github", "push", "d-1", b"").await);
    assert!(!empty.messages_of(CHAT, 1).await[0].text.is_empty(), "an empty body is told too");
}

/// A disk that is full: every answer is 503, and what was accepted before is all delivered.
#[tokio::test]
async fn an_inbox_that_cannot_be_written_accepts_nothing() {
    let fake = bellhop_tests::bot_api::FakeBotApi::start_unlimited().await;
    let setup = crate::world::setup(&crate::world::config(&fake.url(), &shared_hook("s", CHAT))).file_size_limit(3000);
    let world = World { bellhop: setup.start(), setup, fake, http: bellhop_tests::http::Http::new() };
    // Letters that do not compress well, so that the limit is reached soon.
    let mut seed = 7_u64;
    let mut noise = || {
        (0..60_000)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b'!' + u8::try_from(seed >> 57).unwrap_or_default() % 90)
            })
            .filter(|c| !"\"\\&<>".contains(*c))
            .collect::<String>()
    };
    let mut accepted = Vec::new();
    let mut refused = 0;
    for number in 0..400 {
        let answer =
            world.shared("/webhook/s", &format!(r##"{{"message":"#{number}.","noise":"{}"}}"##, noise())).await;
        if answer.status.as_u16() == 200 {
            accepted.push(format!("#{number}."));
        } else {
            assert_refused(&answer, 503);
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0), "{:?}", answer.headers);
            refused += 1;
        }
        if refused >= 5 {
            break;
        }
    }
    assert!(
        refused >= 5 && !accepted.is_empty(),
        "the limit was reached: {} accepted, {refused} refused",
        accepted.len()
    );
    world.bellhop.raise_file_limit();
    let started = Instant::now();
    while world.shared("/webhook/s", r##"{"message":"#again."}"##).await.status.as_u16() != 200 {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "it recovers when there is room again:\n{}",
            world.bellhop.output()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    accepted.push("#again.".to_owned());
    for marker in &accepted {
        world.fake.wait_for_text(marker).await;
    }
    // What arrived while nothing could be written down may have arrived once more.
    let shown: String = world.fake.messages().iter().map(|message| format!("{}\n\n", message.text)).collect();
    let shown: BTreeSet<_> = shown.split_whitespace().filter(|word| word.starts_with('#')).collect();
    assert_eq!(shown, accepted.iter().map(String::as_str).collect(), "nothing refused was delivered");
}

/// Every refusal at once, then the output is searched for every secret.
#[tokio::test]
async fn no_secret_shows_anywhere() {
    let world = World::start(&(github_hook("github", CHAT) + &shared_hook("s", 5))).await;
    for path in ["/webhook/github", "/webhook/s", "/webhook/nowhere", "/api/hooks", "/api/config"] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let all = headers(&[
                ("authorization", &format!("Bearer {OTHER_SECRET}")),
                ("x-webhook-secret", OTHER_SECRET),
                ("x-hub-signature-256", OTHER_SECRET),
                ("x-github-event", "push"),
            ]);
            let answer = world.http.send(method, &world.bellhop.at(path), &all, BODY).await;
            no_secret_in(&answer.text());
        }
    }
    world.fake.set_mode(bellhop_tests::bot_api::Mode::Refused);
    world.say("/webhook/s", "while down").await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    world.fake.set_mode(bellhop_tests::bot_api::Mode::BadGateway);
    world.fake.wait_for("no message", Duration::from_secs(1), |_| Some(())).await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    world.fake.set_mode(bellhop_tests::bot_api::Mode::Up);
    let setup = &world.setup;
    let stored = std::fs::read_dir(setup.data()).expect("there is a data folder").flatten();
    for file in stored.filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(OTHER_SECRET), "{}", file.path().display());
        assert!(!text.contains(SHARED_SECRET), "{}", file.path().display());
    }
    world.finish();
}
