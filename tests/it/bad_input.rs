//! Bad input at the front door: what is refused, how, and that nothing of it goes further.

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
async fn signatures_that_are_no_proof_are_refused() {
    let world =
        World::start(&(github_hook("github", CHAT) + &hook("o", "other", "github", "OTHER_SECRET", 5, "", ""))).await;
    let good = sign::github(GITHUB_SECRET, BODY);
    let digits = good.trim_start_matches("sha256=");
    let sha1 = "sha1=5f1d7c9a3e5f1d7c9a3e5f1d7c9a3e5f1d7c9a3e";
    let flipped = format!("{}{}", &good[..good.len() - 1], if good.ends_with('0') { '1' } else { '0' });
    let cases: Vec<Vec<String>> = vec![
        vec![],
        vec![String::new()],
        vec!["sha256=".to_owned()],
        vec!["sha256".to_owned()],
        vec![good[..good.len() - 1].to_owned()],
        vec![good[..good.len() / 2].to_owned()],
        vec![format!("{good}0")],
        vec![format!("{good}00")],
        vec![format!("{good} x")],
        vec![flipped],
        vec![digits.to_owned()],
        vec![format!("SHA256={digits}")],
        vec![format!("sha256:{digits}")],
        vec![format!("sha1={digits}")],
        vec![sha1.to_owned()],
        vec![format!("sha512={digits}")],
        vec!["sha256=".to_owned() + &"g".repeat(64)],
        vec!["sha256=".to_owned() + &"0".repeat(64)],
        vec![format!("{good},{good}")],
        vec![format!("{good}, sha256={}", "0".repeat(64))],
        vec![good.clone(), good.clone()],
        vec![good.clone(), "sha256=".to_owned() + &"0".repeat(64)],
        vec!["sha256=".to_owned() + &"0".repeat(64), good.clone()],
        vec![sign::github(OTHER_SECRET, BODY)],
        vec![sign::github("", BODY)],
    ];
    for signatures in cases {
        let signatures: Vec<&str> = signatures.iter().map(String::as_str).collect();
        let answer = post_signed(&world, "/webhook/github", &signatures, BODY).await;
        assert_eq!(answer.status.as_u16(), 401, "{signatures:?}: {}", answer.text());
        assert_refused(&answer, 401);
    }
    for (name, body) in [
        ("a byte flipped", BODY.to_ascii_uppercase()),
        ("a byte more", [BODY, b"\n"].concat()),
        ("a byte less", BODY[1..].to_vec()),
    ] {
        assert_eq!(post_signed(&world, "/webhook/github", &[&good], &body).await.status.as_u16(), 401, "{name}");
    }
    assert_eq!(
        post_signed(&world, "/webhook/other", &[&good], BODY).await.status.as_u16(),
        401,
        "another hook's secret"
    );
    nothing_was_sent(&world).await;
    assert_accepted(&post_signed(&world, "/webhook/github", &[&good], BODY).await);
    world.messages_of(CHAT, 1).await;
    world.finish();
}

/// Decided: hexadecimal digits are read in either case, for the comparison is of the decoded bytes.
#[tokio::test]
async fn upper_case_hexadecimal_is_accepted() {
    let world = World::start(&github_hook("github", CHAT)).await;
    let digits = sign::github(GITHUB_SECRET, BODY).trim_start_matches("sha256=").to_ascii_uppercase();
    assert_accepted(&post_signed(&world, "/webhook/github", &[&format!("sha256={digits}")], BODY).await);
    world.messages_of(CHAT, 1).await;
}

#[tokio::test]
async fn shared_secrets_are_compared_whole() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    let wrong = [
        vec![],
        vec![String::new()],
        vec![SHARED_SECRET[1..].to_owned()],
        vec![SHARED_SECRET[..SHARED_SECRET.len() - 1].to_owned()],
        vec![format!("{SHARED_SECRET}x")],
        vec![SHARED_SECRET.to_ascii_uppercase()],
        vec![OTHER_SECRET.to_owned()],
        vec![format!("{SHARED_SECRET},{SHARED_SECRET}")],
        vec![SHARED_SECRET.to_owned(), SHARED_SECRET.to_owned()],
        vec!["x".to_owned(), SHARED_SECRET.to_owned()],
    ];
    for values in wrong {
        let all: Vec<(String, String)> =
            values.iter().map(|value| ("x-webhook-secret".to_owned(), value.clone())).collect();
        let answer = world.http.post(&world.bellhop.at("/webhook/s"), &all, r#"{"message":"no"}"#).await;
        assert_eq!(answer.status.as_u16(), 401, "{} values", values.len());
        assert_refused(&answer, 401);
    }
    nothing_was_sent(&world).await;
    world.finish();
}

#[tokio::test]
async fn standard_webhooks_need_all_three_headers_and_the_right_key() {
    let world = World::start(&hook("std", "std", "standard-webhooks", "STANDARD_SECRET", CHAT, "", "")).await;
    let url = world.bellhop.at("/webhook/std");
    let good = sign::standard_webhooks(crate::world::STANDARD_SECRET, "msg_1", sign::now(), BODY);
    let with = |name: &str, value: &str| {
        let mut all = good.clone();
        all.retain(|(known, _)| known != name);
        all.push((name.to_owned(), value.to_owned()));
        all
    };
    let signature = good[3].1.clone();
    for (name, value) in [
        ("webhook-id", ""),
        ("webhook-id", "msg_2"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "hello"),
        ("webhook-timestamp", "NaN"),
        ("webhook-timestamp", "99999999999999999999"),
        ("webhook-timestamp", "-1"),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1"),
        ("webhook-signature", &signature[..signature.len() - 4]),
        ("webhook-signature", &signature.replace("v1,", "v0,")),
        ("webhook-signature", &signature.replace("v1,", "v1a,")),
        ("webhook-signature", &signature["v1,".len()..]),
        ("webhook-signature", &format!("{signature}A")),
    ] {
        let answer = world.http.post(&url, &with(name, value), BODY).await;
        assert_eq!(answer.status.as_u16(), 401, "{name}: {value:?}: {}", answer.text());
    }
    for missing in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let rest: Vec<_> = good.iter().filter(|(name, _)| name != missing).cloned().collect();
        assert_refused(&world.http.post(&url, &rest, BODY).await, 401);
        let doubled = [good.clone(), good.iter().filter(|(name, _)| name == missing).cloned().collect()].concat();
        assert_eq!(world.http.post(&url, &doubled, BODY).await.status.as_u16(), 401, "{missing} twice");
    }
    let several = with("webhook-signature", &format!("v1,{} v2,abc {signature}", "A".repeat(43) + "="));
    assert_accepted(&world.http.post(&url, &several, BODY).await);
    world.finish();
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
async fn bodies_over_the_limit_are_refused() {
    let world = World::start(
        &(github_hook("github", CHAT)
            + &hook("small", "small", "github", "GITHUB_WEBHOOK_SECRET", 5, "max_body_bytes = 100", "")),
    )
    .await;
    let signature = sign::github(GITHUB_SECRET, &[b'x'; 5 << 20]);
    let chunk = [format!("{:x}\r\n", 1 << 16).as_bytes(), &vec![b'x'; 1 << 16], b"\r\n"].concat();
    let head = format!(
        "POST /webhook/github HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nX-GitHub-Event: ping\r\nX-Hub-Signature-256: {signature}\r\n\r\n"
    );
    let chunked = [head.as_bytes(), &chunk.repeat(80), b"0\r\n\r\n"].concat();
    let chunked = raw::exchange(&world.bellhop.url, &chunked, Duration::from_secs(10)).await;
    assert_eq!(chunked.status(), Some(413), "a length that is not announced is counted: {chunked:?}");
    let whole = format!(
        "POST /webhook/github HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nX-GitHub-Event: ping\r\nX-Hub-Signature-256: {signature}\r\n\r\n",
        5 << 20
    );
    let whole = [whole.as_bytes(), &[b'x'; 5 << 20]].concat();
    let whole = raw::exchange(&world.bellhop.url, &whole, Duration::from_secs(10)).await;
    assert_eq!(whole.status(), Some(413), "a sender that sends it all hears why: {whole:?}");
    let announced = format!(
        "POST /webhook/github HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nX-GitHub-Event: ping\r\n\r\n",
        5 << 20
    );
    let announced = raw::exchange(&world.bellhop.url, announced.as_bytes(), Duration::from_secs(5)).await;
    assert_eq!(announced.status(), Some(413), "refused before it is sent: {announced:?}");
    assert_error_body(announced.body());
    assert_refused(&world.github("/webhook/small", "ping", "d-2", &[b'x'; 101]).await, 413);
    nothing_was_sent(&world).await;
    assert_accepted(&world.github("/webhook/small", "ping", "d-3", &[b'x'; 100]).await);
    assert_accepted(&world.github("/webhook/github", "ping", "d-4", &vec![b'x'; 4 << 20]).await);
    world
        .fake
        .wait_for("the two that fit", Duration::from_secs(20), |messages| (messages.len() >= 2).then_some(()))
        .await;
    world.finish();
}

#[tokio::test]
async fn encodings_other_than_identity_are_refused() {
    let world = World::start(&github_hook("github", CHAT)).await;
    for (encoding, status) in
        [("gzip", 415), ("br", 415), ("deflate", 415), ("GZIP", 415), ("identity, gzip", 415), ("identity", 200)]
    {
        let mut all = github::headers(GITHUB_SECRET, "ping", &format!("d-{encoding}"), BODY);
        all.push(("content-encoding".to_owned(), encoding.to_owned()));
        let answer = world.http.post(&world.bellhop.at("/webhook/github"), &all, BODY).await;
        assert_eq!(answer.status.as_u16(), status, "{encoding}: {}", answer.text());
        if status != 200 {
            assert_refused(&answer, status);
        }
    }
    world.messages_of(CHAT, 1).await;
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

#[tokio::test]
async fn deep_and_wide_json_is_harmless() {
    let world = World::start(
        &(github_hook("deep", 51) + &github_hook("wide", 52) + &github_hook("long", 53) + &github_hook("plain", 54)),
    )
    .await;
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    let mut wide = String::from("{");
    for number in 0..100_000 {
        write!(wide, "\"k{number}\":{number},").expect("writing to a string works");
    }
    wide.push_str("\"end\":0}");
    let long = format!("{{\"n\":{}}}", "9".repeat(1_000_000));
    let before = world.bellhop.resident_bytes();
    for (path, body) in [("deep", deep), ("wide", wide), ("long", long)] {
        let started = Instant::now();
        let answer = world.github(&format!("/webhook/{path}"), "push", "d-1", body.as_bytes()).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: verified, so accepted: {}", answer.text());
        assert!(started.elapsed() < Duration::from_secs(1), "{path}: {:?}", started.elapsed());
    }
    for chat in [51, 52, 53] {
        let some =
            |messages: &[bellhop_tests::bot_api::Message]| messages.iter().any(|m| m.chat_id == chat).then_some(());
        world.fake.wait_for(&format!("message in {chat}"), Duration::from_secs(20), some).await;
    }
    let grown = world.bellhop.resident_bytes().saturating_sub(before);
    assert!(grown < 64 << 20, "memory grew by {} MiB", grown >> 20);
    assert_accepted(&world.github("/webhook/plain", "ping", "d-2", BODY).await);
    world.messages_of(54, 1).await;
}

#[tokio::test]
async fn oversized_headers_end_the_connection_alone() {
    let world = World::start(&github_hook("github", CHAT)).await;
    let one = format!("GET /health HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(64 << 10));
    let many: String = (0..2000).map(|number| format!("X-H-{number}: {}\r\n", "b".repeat(24))).collect();
    let many = format!("POST /webhook/github HTTP/1.1\r\nHost: x\r\n{many}Content-Length: 0\r\n\r\n");
    let line = format!("GET /webhook/{} HTTP/1.1\r\nHost: x\r\n\r\n", "c".repeat(64 << 10));
    for (name, request) in [("one header", one), ("many headers", many), ("request line", line)] {
        let outcome = raw::exchange(&world.bellhop.url, request.as_bytes(), Duration::from_secs(5)).await;
        assert!(matches!(outcome.status(), Some(400 | 413 | 414 | 431) | None), "{name}: {outcome:?}");
        assert!(outcome.closed, "{name}: the connection is closed: {outcome:?}");
    }
    for garbage in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"GET\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
    ] {
        let outcome = raw::exchange(&world.bellhop.url, garbage, Duration::from_secs(3)).await;
        assert!(matches!(outcome.status(), Some(400 | 404 | 505) | None), "{outcome:?}");
    }
    assert_eq!(world.http.get(&world.bellhop.at("/health")).await.status.as_u16(), 200);
    world.finish();
}

#[tokio::test]
async fn slow_senders_are_cut_off_while_others_are_served() {
    let world = World::start(&github_hook("github", CHAT)).await;
    let url = world.bellhop.url.clone();
    let (a, b, c) = (url.clone(), url.clone(), url.clone());
    let limit = Duration::from_secs(40);
    let tick = Duration::from_millis(500);
    let silent = tokio::spawn(async move { raw::drip(&a, b"", b"", tick, limit).await });
    let header = tokio::spawn(async move {
        raw::drip(&b, b"POST /webhook/github HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n", tick, limit).await
    });
    let head = b"POST /webhook/github HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: ping\r\nX-Hub-Signature-256: sha256=00\r\nContent-Length: 100000\r\n\r\n";
    let body = tokio::spawn(async move { raw::drip(&c, head, b"x", tick, limit).await });
    for number in 0..20 {
        let started = Instant::now();
        assert_accepted(&world.github("/webhook/github", "ping", &format!("d-{number}"), BODY).await);
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (name, task, longest) in [("header", header, 15), ("body", body, 35), ("silent", silent, 40)] {
        let outcome = task.await.expect("a raw client does not panic");
        assert!(outcome.closed && outcome.took < Duration::from_secs(longest), "{name}: {outcome:?}");
        assert_ne!(outcome.status(), Some(200), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn floods_are_refused_before_they_are_written() {
    let limited = r#"
[[hooks]]
name = "limited"
path = "limited"
sender = "shared-secret"
secrets = ["env:SHARED_SECRET"]
rate_per_minute = 5
  [[hooks.actions]]
  kind = "telegram"
  chat = "4711"
"#;
    let world = World::start(&(limited.to_owned() + &shared_hook("free", 5))).await;
    for number in 0..5 {
        world.say("/webhook/limited", &format!("#{number}")).await;
    }
    for _ in 0..5 {
        let answer = world.shared("/webhook/limited", r#"{"message":"too much"}"#).await;
        assert_refused(&answer, 429);
        let wait: u64 = answer.header("retry-after").parse().unwrap_or_default();
        assert!((1..=60).contains(&wait), "retry-after: {:?}", answer.header("retry-after"));
    }
    world.say("/webhook/free", "other hooks pass").await;
    let five = |messages: &[bellhop_tests::bot_api::Message]| {
        let text: Vec<&str> = messages.iter().filter(|m| m.chat_id == CHAT).map(|m| m.text.as_str()).collect();
        let text = text.join(" ");
        (text.matches('#').count() >= 5).then_some(text)
    };
    let text = world.fake.wait_for("the five that passed", Duration::from_secs(20), five).await;
    assert!(!text.contains("too much"), "{text}");
}

/// The default limits: 100 a minute for a hook, 1,000 for all.
#[tokio::test]
async fn limits_hold_unless_said_otherwise() {
    let hook = |name: &str| {
        format!(
            "[[hooks]]\nname = \"{name}\"\npath = \"{name}\"\nsender = \"shared-secret\"\nsecrets = [\"env:SHARED_SECRET\"]\n[[hooks.actions]]\nkind = \"telegram\"\nchat = \"5\"\n"
        )
    };
    let hooks: String = (0..12).map(|number| hook(&format!("h{number}"))).collect();
    let fake = bellhop_tests::bot_api::FakeBotApi::start_unlimited().await;
    let config = format!("[telegram]\ntoken = \"env:TELEGRAM_BOT_TOKEN\"\napi_base = \"{}\"\n{hooks}", fake.url());
    let setup = crate::world::setup(&config);
    let world = World { bellhop: setup.start(), setup, fake, http: bellhop_tests::http::Http::new() };
    let mut accepted = Vec::new();
    for number in 0..12 {
        let mut count = 0;
        for request in 0..105 {
            let answer =
                world.shared(&format!("/webhook/h{number}"), &format!(r#"{{"message":"{number} {request}"}}"#)).await;
            count += usize::from(answer.status.as_u16() == 200);
        }
        accepted.push(count);
    }
    assert!((100..=103).contains(&accepted[0]), "of one hook: {accepted:?}");
    let all: usize = accepted.iter().sum();
    assert!((1000..=1100).contains(&all), "of all hooks: {all}, {accepted:?}");
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
    let shown: String = world.fake.messages().iter().map(|message| format!("{}\n\n", message.text)).collect();
    assert_eq!(shown.matches('#').count(), accepted.len(), "nothing refused was delivered");
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

/// A hook that signs nothing, and is known by where it comes from.
fn unsigned_hook(path: &str, ips: &str) -> String {
    hook(&format!("hook-{path}"), path, "none", "", CHAT, &format!("allowed_ips = [{ips}]"), "")
}

#[tokio::test]
async fn no_web_page_rings_at_a_hook_that_knows_its_sender_by_the_address() {
    let hooks = unsigned_hook("near", "\"127.0.0.1\"") + &unsigned_hook("lan", "\"127.0.0.0/8\", \"10.0.0.0/8\"");
    let world = World::start(&(hooks + &shared_hook("s", CHAT))).await;
    let own = world.bellhop.url.trim_start_matches("http://").to_owned();
    let own_origin = format!("http://{own}");
    let port = own.rsplit(':').next().unwrap_or_default();
    let (rebound, beside) = (format!("evil.example:{port}"), format!("http://localhost:{}", port.len()));
    let rebound_origin = format!("http://{rebound}");
    let pages: [&[(&str, &str)]; 9] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", &beside)],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        &[("origin", &own_origin), ("sec-fetch-site", "cross-site")],
        &[("host", &rebound), ("origin", &rebound_origin), ("sec-fetch-site", "same-origin")],
        &[("host", &rebound), ("origin", &rebound_origin)],
    ];
    for path in ["/webhook/near", "/webhook/lan", "/api/webhooks/near", "/api/webhook/near"] {
        for page in pages {
            let answer = world.http.post(&world.bellhop.at(path), &headers(page), r#"{"message":"no"}"#).await;
            assert_refused(&answer, 403);
        }
    }
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let page = headers(&[("sec-fetch-site", "cross-site")]);
        let answer = world.http.send(method.clone(), &world.bellhop.at("/webhook/near"), &page, "").await;
        assert_eq!(answer.status.as_u16(), 403, "{method}: not even a handshake");
    }
    let refused = world.bellhop.wait_for_output("another site's page", Duration::from_secs(5));
    assert!(refused.is_some(), "the operator is told why: {}", world.bellhop.output());
    // Where the sender proves itself it does not matter who makes it ask, and a program is no page.
    let signed = headers(&[("x-webhook-secret", SHARED_SECRET), ("origin", "https://evil.example")]);
    assert_accepted(&world.http.post(&world.bellhop.at("/webhook/s"), &signed, r#"{"message":"signed"}"#).await);
    let own_page = [("origin", own_origin.as_str()), ("sec-fetch-site", "same-origin")];
    for (text, given) in [("a program", &[][..]), ("our own page", &own_page)] {
        let body = format!(r#"{{"message":"{text}"}}"#);
        assert_accepted(&world.http.post(&world.bellhop.at("/webhook/near"), &headers(given), body).await);
    }
    // They come fast, so some may come together in one message.
    for text in ["signed", "a program", "our own page"] {
        world.fake.wait_for_text(text).await;
    }
    world.finish();
}
