//! More than is taken: of bytes, of requests, of time.

use super::*;

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
