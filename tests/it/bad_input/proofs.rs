//! Proofs that are none.

use super::*;

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
