//! Bodies as people really send them, through a served process: read wherever JSON, forms and parts arrive.

use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Outline, post};
use bellhop_tests::http::{Answer, headers};
use bellhop_tests::sign;

use crate::world::{
    CHAT, GITHUB_SECRET, OTHER_SECRET, SHARED_SECRET, World, assert_accepted, assert_refused, github_hook, hook,
    shared_hook,
};

/// The senders that ring, each with its secret's variable and value.
const SENDERS: [(&str, &str, &str); 6] = [
    ("github", "GITHUB_WEBHOOK_SECRET", GITHUB_SECRET),
    ("stripe", "OTHER_SECRET", OTHER_SECRET),
    ("slack", "OTHER_SECRET", OTHER_SECRET),
    ("mailgun", "OTHER_SECRET", OTHER_SECRET),
    ("home-assistant", "SHARED_SECRET", SHARED_SECRET),
    ("shared-secret", "SHARED_SECRET", SHARED_SECRET),
];

/// What a form is sent as.
const FORM: &str = "application/x-www-form-urlencoded";

/// A body that is not sent as it should be: what it is, its content type, its bytes, and what a template shows of its
/// fields `name` and `value`. `NAME` stands for the name of the ring.
const ODD: [(&str, &str, &[u8], &str); 11] = [
    ("called-a-form", FORM, br#"{"level": "high", "name": "NAME", "value": 1}"#, "NAME:1"),
    ("called-text", "text/plain", br#"{"level": "high", "name": "NAME", "value": 1.10}"#, "NAME:1.10"),
    ("marked", "application/json", b"\xef\xbb\xbf{\"level\":\"high\",\"name\":\"NAME\",\"value\":2}", "NAME:2"),
    ("half", "application/json", br#"{"level": "high", "name": "NAME", "value": "cut \ud83d"}"#, "NAME:cut \u{fffd}"),
    ("endless", "application/json", br#"{"level": "high", "name": "NAME", "value": 1e400}"#, "NAME:1e400"),
    (
        "long",
        "application/json",
        br#"{"level": "high", "name": "NAME", "value": 123456789012345678901234567890}"#,
        "NAME:123456789012345678901234567890",
    ),
    ("latin", FORM, b"level=high&name=NAME&value=caf%E9", "NAME:caf\u{fffd}"),
    ("named-latin", "application/x-www-form-urlencoded; charset=ISO-8859-1", b"level=high&name=NAME&value=caf%E9", "NAME:café"),
    (
        "cyrillic",
        "application/x-www-form-urlencoded; charset=windows-1251",
        b"level=high&name=NAME&value=%CF%F0%E8%E2%E5%F2",
        "NAME:Привет",
    ),
    (
        "wrapped",
        FORM,
        b"payload=%EF%BB%BF%7B%22level%22%3A%22high%22%2C%22name%22%3A%22NAME%22%2C%22value%22%3A%22%5Cud83d%22%7D",
        "NAME:\u{fffd}",
    ),
    (
        "parts",
        "multipart/form-data; boundary=xyz",
        b"--xyz\r\nContent-Disposition: form-data; name=\"level\"\r\n\r\nhigh\r\n--xyz\r\n\
          Content-Disposition: form-data; name=\"name\"\r\n\r\nNAME\r\n--xyz\r\n\
          Content-Disposition: form-data; name=\"value\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\r\n--xyz--\r\n",
        "NAME:a.jpg, 3 bytes of image/jpeg",
    ),
];

/// What the hooks show of an event that passes their condition.
const TEMPLATE: &str = "template = \"{{ payload.name }}:{% if payload.value.filename %}{{ payload.value.filename }}, \
     {{ payload.value.size_bytes }} bytes of {{ payload.value.content_type }}{% else %}{{ payload.value }}{% endif %}\"";

/// Posts a body as a sender does, with its proof over these very bytes.
async fn ring(world: &World, sender: &str, secret: &str, id: &str, content_type: &str, body: &[u8]) -> Answer {
    let known = Sender::named(sender).expect("a sender");
    let secret = Secret::new(secret).expect("a secret");
    let target = format!("/webhook/{sender}");
    let outline = Outline { url: Url::new("", &target), body: Some(body), event_type: None, id };
    let now = Timestamp::from_seconds(u64::try_from(sign::now()).expect("it is after 1970"));
    let mut made = match sender {
        // Its proof stands in the body and covers nothing else of it, so the rest may be put around it.
        "mailgun" => post(known, Some(&secret), Outline { body: Some(b"{}"), ..outline }, now),
        _ => post(known, Some(&secret), outline, now),
    }
    .expect("it can be signed");
    if sender == "mailgun" {
        let start = body.iter().position(|byte| *byte == b'{').expect("it is an object") + 1;
        let proof = made.body.strip_prefix(b"{").and_then(|body| body.strip_suffix(b"}")).expect("it is an object");
        made.body = [&body[..start], proof, b",", &body[start..]].concat();
    }
    made.headers.retain(|(name, _)| name != "content-type");
    made.headers.push(("content-type".to_owned(), content_type.to_owned()));
    world.http.post(&world.bellhop.at(&made.target), &made.headers, made.body).await
}

#[tokio::test]
async fn odd_bodies_are_read_for_every_kind_of_sender() {
    let hooks: String = (100..)
        .zip(SENDERS)
        .map(|(chat, (sender, variable, _))| {
            hook(sender, sender, sender, variable, chat, "when = \"payload.level == 'high'\"", TEMPLATE)
        })
        .collect();
    let world = World::start(&hooks).await;
    let mut expected = Vec::new();
    for (sender, _, secret) in SENDERS {
        for (what, content_type, body, shown) in ODD {
            if sender == "mailgun" && !body.starts_with(b"{") && what != "marked" {
                continue;
            }
            let name = format!("{sender}-{what}");
            let at = body.windows(4).position(|window| window == b"NAME").expect("it has a name");
            let body = [&body[..at], name.as_bytes(), &body[at + 4..]].concat();
            let answer = ring(&world, sender, secret, &name, content_type, &body).await;
            assert_eq!(answer.status.as_u16(), 200, "{name}: {}", answer.text());
            expected.push(shown.replace("NAME", &name));
        }
    }
    assert!(expected.len() > 60, "{}", expected.len());
    for text in expected {
        world.fake.wait_for_text(&text).await;
    }
    world.finish();
}

#[tokio::test]
async fn the_first_ring_of_the_readme_shows_its_message() {
    let world = World::start(&shared_hook("", CHAT)).await;
    let sent = headers(&[("x-webhook-secret", SHARED_SECRET), ("content-type", FORM)]);
    let answer = world.http.post(&world.bellhop.at("/webhook"), &sent, r#"{"message": "Hello"}"#).await;
    assert_accepted(&answer);
    assert_eq!(world.messages_of(CHAT, 1).await[0].text, "Hello");
}

#[tokio::test]
async fn a_handshake_may_begin_with_a_byte_order_mark() {
    let world = World::start(&hook("slack", "slack", "slack", "OTHER_SECRET", CHAT, "", "")).await;
    let body = b"\xef\xbb\xbf{\"type\":\"url_verification\",\"challenge\":\"abc\",\"x\":\"\\ud83d\",\"n\":1e400}";
    let answer = ring(&world, "slack", OTHER_SECRET, "1", "application/json", body).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "abc"));
}

#[tokio::test]
async fn a_door_has_one_address_however_it_is_written() {
    let world = World::start(&(shared_hook("a~b", CHAT) + &shared_hook("x/y", 6))).await;
    for (path, chat) in [
        ("/webhook/a~b", CHAT),
        ("/webhook/a%7Eb", CHAT),
        ("/webhook/%61%7eb/", CHAT),
        ("/api/webhooks/a%7Eb", CHAT),
        ("//webhook/x/y", 6),
        ("/webhook//x//y", 6),
        ("/api/webhook/x/%79", 6),
    ] {
        let text = format!("by {path}");
        world.say(path, &text).await;
        assert_eq!(world.fake.wait_for_text(&text).await.chat_id, chat, "{path}");
    }
    for path in [
        "/webhook/x%2Fy",
        "/webhook/a%257Eb",
        "/webhook/./x/y",
        "/webhook/q/../x/y",
        "/webhook/a~b%00",
        "/webhook/%2e/x/y",
    ] {
        assert_refused(&world.shared(path, "{}").await, 404);
    }
}

#[tokio::test]
async fn a_content_encoding_that_is_none_is_taken_as_such() {
    let world = World::start(&github_hook("github", CHAT)).await;
    for (at, encoding, status) in [
        (0, "utf-8", 200),
        (1, "UTF-8", 200),
        (2, "", 200),
        (3, "identity, identity", 200),
        (4, " Identity ", 200),
        (5, "none", 200),
        (6, "8bit", 200),
        (7, "iso-8859-1", 200),
        (8, "utf-8, gzip", 415),
        (9, "x-gzip", 415),
        (10, "zstd", 415),
        (11, "compress", 415),
        (12, "aws-chunked", 415),
    ] {
        let body = format!("{{\"zen\":\"{at}\"}}");
        let mut sent = bellhop_tests::github::headers(GITHUB_SECRET, "ping", &format!("d-{at}"), body.as_bytes());
        sent.push(("content-encoding".to_owned(), encoding.to_owned()));
        let answer = world.http.post(&world.bellhop.at("/webhook/github"), &sent, body).await;
        assert_eq!(answer.status.as_u16(), status, "{encoding:?}: {}", answer.text());
    }
}
