use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Draft, sign, sign_request};
use serde_json::{Value, json};

use super::head::is_encoded;
use super::*;
use crate::testing::front::Memory;

const BODY: &[u8] = br#"{"zen":"Approachable is better than simple."}"#;

type Pairs = Vec<(String, String)>;

/// A GitHub hook of these fields, with the secrets `ONE` and `TWO`.
fn github(fields: Value) -> Value {
    let mut hook = json!({"id": "hk_github", "path": "github", "sender": "github", "secrets": ["env:ONE", "env:TWO"]});
    hook.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    hook
}

/// A world with such hooks.
fn world(hooks: &[Value]) -> Arc<Memory> {
    Memory::with(hooks, &[("ONE", "one"), ("TWO", "two"), ("OLD", "old")])
}

/// The headers of `BODY` under this secret.
fn signed(secret: &str) -> Pairs {
    let secret = Secret::new(secret).unwrap();
    sign(Sender::named("github").unwrap(), &secret, BODY, "", Timestamp::from_ms(0)).unwrap()
}

/// One header.
fn header(name: &str, value: &str) -> Pairs {
    vec![(name.to_owned(), value.to_owned())]
}

/// Sends a request through both steps.
async fn ring(ingress: &Ingress, path: &str, headers: &Pairs, body: &[u8]) -> Result<EventId, Refused> {
    ring_at(ingress, (path, path), headers, body).await
}

/// The same, to a target with a query.
async fn ring_at(
    ingress: &Ingress,
    (path, target): (&str, &str),
    headers: &Pairs,
    body: &[u8],
) -> Result<EventId, Refused> {
    let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let headers = Headers::new(&pairs);
    let admitted = ingress.admit(path, "192.0.2.1".parse().ok(), headers).await?;
    match ingress.accept(&admitted, Head { method: "POST", target, headers }, body).await? {
        Taken::Event { id, .. } => Ok(id),
        Taken::Greeted(reply) => panic!("a handshake: {reply:?}"),
    }
}

/// The status and code of the answer to a request; 200 where it is accepted.
async fn answer(ingress: &Ingress, path: &str, headers: &Pairs, body: &[u8]) -> (u16, &'static str) {
    match ring(ingress, path, headers, body).await {
        Ok(_) => (200, "accepted"),
        Err(refused) => (refused.status, refused.code),
    }
}

#[tokio::test]
async fn every_refusal_is_answered_and_recorded_with_its_cause() {
    let hooks = [
        github(json!({})),
        github(json!({"id": "hk_off", "path": "off", "status": "disabled"})),
        github(json!({"id": "hk_off_too", "path": "off", "status": "disabled"})),
        github(json!({"id": "hk_near", "path": "near", "allowed_ips": ["10.0.0.0/8"]})),
        github(json!({"id": "hk_half", "path": "half", "status": "disabled", "created_at": 1})),
        github(json!({"id": "hk_half_near", "path": "half", "allowed_ips": ["10.0.0.0/8"], "created_at": 2})),
        github(json!({"id": "hk_bare", "path": "bare", "secrets": ["env:GONE"]})),
        json!({"id": "hk_open", "path": "an-unsigned-path-is-secret"}),
    ];
    let (none, large) = (Pairs::new(), [b'x'; 101]);
    let github = Some("hk_github");
    for (path, headers, body, status, code, hook, cause, bytes) in [
        ("nobody", none.clone(), BODY, 404, "not_found", None, "no such path", 0),
        ("off", signed("one"), BODY, 403, "disabled", Some("hk_off"), "disabled", 0),
        ("near", signed("one"), BODY, 403, "forbidden", Some("hk_near"), "address not allowed", 0),
        ("half", signed("one"), BODY, 403, "forbidden", Some("hk_half"), "address not allowed", 0),
        ("github", header("content-encoding", "gzip"), BODY, 415, "unsupported_encoding", github, "encoded", 0),
        ("github", header("content-length", "101"), BODY, 413, "too_large", github, "too large", 101),
        ("github", signed("one"), &large, 413, "too_large", github, "too large", 101),
        ("github", signed("six"), BODY, 401, "unauthorized", github, "does not match the body", 45),
        ("github", none.clone(), BODY, 401, "unauthorized", github, "x-hub-signature-256 is missing", 45),
        ("bare", signed("one"), BODY, 401, "unauthorized", Some("hk_bare"), "no usable secret", 45),
        ("an-unsigned-path-is-secret", none, &large, 413, "too_large", Some("hk_open"), "too large", 101),
    ] {
        let memory = world(&hooks);
        assert_eq!(answer(&memory.ingress(), path, &headers, body).await, (status, code), "{cause}");
        assert_eq!(memory.accepted(), [], "{cause}");
        let refused = memory.refused();
        let [refused] = refused.as_slice() else { panic!("{cause}: {} records", refused.len()) };
        assert!(refused.cause.contains(cause), "{}: {cause}", refused.cause);
        assert_eq!(refused.hook.as_ref().map(|hook| hook.as_str()), hook, "{cause}");
        assert_eq!(refused.path.as_deref(), hook.is_none().then_some(path), "{cause}");
        assert_eq!((refused.status, refused.body_bytes), (status, bytes), "{cause}");
        assert_eq!(refused.source_ip, "192.0.2.1".parse().ok(), "{cause}");
        assert_eq!(refused.id.accepted_at(), refused.received_at, "{cause}");
        assert!(!serde_json::to_string(refused).unwrap().contains("unsigned-path"));
    }
}

#[tokio::test]
async fn a_proved_request_is_written_down_with_the_secret_that_matched() {
    let retiring = json!([{"secret": "env:OLD", "until": 1_700_000_060_000u64}]);
    let memory = world(&[github(json!({"secrets": ["env:GONE", "env:TWO"], "retiring": retiring}))]);
    let ingress = memory.ingress();
    for (secret, matched) in [("two", Some(1)), ("old", Some(2))] {
        ring(&ingress, "github", &signed(secret), BODY).await.unwrap();
        assert_eq!(memory.accepted()[0].hooks[0].secret, matched, "{secret}");
    }
    // Kept doors refuse it too, and there is no moment at which nothing matches.
    memory.wait_ms(59_999);
    assert_eq!(answer(&ingress, "github", &signed("old"), BODY).await.0, 200);
    memory.wait_ms(1);
    assert_eq!(answer(&ingress, "github", &signed("old"), BODY).await.0, 401);
    assert_eq!(answer(&ingress, "hk_github", &signed("two"), BODY).await.0, 200);
}

#[tokio::test]
async fn hooks_of_one_path_are_named_in_their_order() {
    let memory = world(&[
        github(json!({"id": "hk_b", "created_at": 2})),
        github(json!({"id": "hk_a", "created_at": 1})),
        github(json!({"id": "hk_first", "created_at": 3, "priority": 1})),
        github(json!({"id": "hk_stranger", "secrets": ["env:OLD"], "priority": 9})),
    ]);
    ring(&memory.ingress(), "github", &signed("one"), BODY).await.unwrap();
    let hooks: Vec<_> = memory.accepted()[0].hooks.iter().map(|proof| proof.hook.to_string()).collect();
    assert_eq!(hooks, ["hk_first", "hk_a", "hk_b"]);
}

#[tokio::test]
async fn only_proved_requests_count_and_nothing_is_written_of_those_over_the_limit() {
    let memory = world(&[github(json!({"rate_per_minute": 3}))]);
    let ingress = memory.ingress();
    for _ in 0..10 {
        assert_eq!(answer(&ingress, "github", &signed("six"), BODY).await.0, 401);
    }
    for _ in 0..3 {
        ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
    }
    assert_eq!((memory.accepted().len(), memory.refused().len()), (3, 10));
    let refused = ring(&ingress, "github", &signed("one"), BODY).await.unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (429, Some(20)));
    assert_eq!(memory.accepted(), []);
    memory.wait_ms(20_000);
    ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
}

#[tokio::test]
async fn nobody_uses_up_a_hooks_limit_by_handshakes_that_prove_nothing() {
    let memory = world(&[github(json!({"sender": "nylas", "rate_per_minute": 1}))]);
    let ingress = memory.ingress();
    let none = Headers::new(&[]);
    for target in ["/webhook/github?challenge=hello", "/webhook/github", "/webhook/github?challenge="] {
        for _ in 0..20 {
            let admitted = ingress.admit("github", None, none).await.unwrap();
            let answer = ingress.greet(&admitted, Head { method: "GET", target, headers: none }).await;
            let status = answer.map_or_else(|refused| refused.status, |reply| reply.status);
            assert_eq!(
                status,
                if target.ends_with("hello") {
                    200
                } else if target.ends_with('=') {
                    401
                } else {
                    405
                }
            );
        }
    }
    let secret = Secret::new("one").unwrap();
    let signed = sign(Sender::named("nylas").unwrap(), &secret, BODY, "", Timestamp::from_ms(0)).unwrap();
    assert_eq!(answer(&ingress, "github", &signed, BODY).await.0, 200);
    assert_eq!(memory.refused().len(), 10);
}

#[tokio::test]
async fn proved_handshakes_count_and_make_no_event() {
    let memory = world(&[github(json!({"sender": "xero", "rate_per_minute": 2}))]);
    let ingress = memory.ingress();
    let body = br#"{"events":[],"entropy":"HELLO"}"#;
    let secret = Secret::new("two").unwrap();
    let signed = sign(Sender::named("xero").unwrap(), &secret, body, "", Timestamp::from_ms(0)).unwrap();
    let pairs: Vec<_> = signed.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let head = Head { method: "POST", target: "/webhook/github", headers: Headers::new(&pairs) };
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let admitted = ingress.admit("github", None, head.headers).await.unwrap();
        statuses.push(match ingress.accept(&admitted, head, body).await {
            Ok(Taken::Greeted(reply)) => reply.status,
            Ok(Taken::Event { .. }) => 0,
            Err(refused) => refused.status,
        });
    }
    assert_eq!((statuses, memory.accepted()), (vec![200, 200, 429], vec![]));
}

#[tokio::test]
async fn secrets_are_offered_ten_times_a_minute_at_most() {
    let memory = world(&[github(json!({"sender": "asana", "rate_per_minute": 1}))]);
    let ingress = memory.ingress();
    let pairs = [("x-hook-secret", &b"octo0hello1"[..])];
    let head = Head { method: "POST", target: "/webhook/github", headers: Headers::new(&pairs) };
    let mut offered = 0;
    for _ in 0..100 {
        let admitted = ingress.admit("github", None, head.headers).await.unwrap();
        match ingress.accept(&admitted, head, b"").await {
            Ok(Taken::Greeted(reply)) => {
                assert_eq!(reply.headers, [("x-hook-secret", "octo0hello1".to_owned())]);
                offered += 1;
            }
            Ok(Taken::Event { id, .. }) => panic!("{id} is no event"),
            Err(refused) => assert_eq!((refused.status, refused.retry_after), (429, Some(60))),
        }
    }
    assert_eq!((offered, memory.accepted()), (10, vec![]));
    // What one address used up is another's still.
    let admitted = ingress.admit("github", "192.0.2.7".parse().ok(), head.headers).await.unwrap();
    assert!(matches!(ingress.accept(&admitted, head, b"").await, Ok(Taken::Greeted(_))));
    let secret = Secret::new("one").unwrap();
    let signed = sign(Sender::named("asana").unwrap(), &secret, BODY, "", Timestamp::from_ms(0)).unwrap();
    assert_eq!(answer(&ingress, "github", &signed, BODY).await.0, 200);
}

#[tokio::test]
async fn a_forger_has_ten_refusals_a_minute_recorded_per_hook_and_ten_at_nobodys_paths() {
    let memory = world(&[github(json!({})), github(json!({"id": "hk_other", "path": "other"}))]);
    let ingress = memory.ingress();
    for minute in 0..3 {
        for attempt in 0..1000 {
            answer(&ingress, "github", &signed("six"), BODY).await;
            answer(&ingress, &format!("nobody{attempt}"), &Pairs::new(), BODY).await;
        }
        let refused = memory.refused();
        let of_hook = refused.iter().filter(|refused| refused.hook.is_some()).count();
        assert_eq!((of_hook, refused.len() - of_hook), (10, 10), "minute {minute}");
        answer(&ingress, "other", &signed("six"), BODY).await;
        assert_eq!(memory.refused().len(), 1);
        memory.wait_ms(60_000);
    }
}

/// What is recorded of a request of `BODY` with these headers, at a hook with the secrets ` one` and `two`.
async fn cause(headers: &Pairs, body: &[u8]) -> String {
    let retiring = json!([{"secret": "env:OLD", "until": 1_700_000_001_000u64}]);
    let memory = Memory::with(
        &[
            github(
                json!({"secrets": ["env:GONE", "env:ONE", "env:TWO"], "retiring": retiring, "max_body_bytes": 100_000}),
            ),
            json!({"id": "hk_other", "name": "other", "path": "o", "sender": "gitlab", "secrets": ["env:OTHER"]}),
            json!({"id": "hk_none", "path": "n"}),
        ],
        &[("ONE", " one"), ("TWO", "two"), ("OLD", "old"), ("OTHER", "canary-of-another")],
    );
    let ingress = memory.ingress();
    // The doors are kept while the retiring secret's time ends.
    answer(&ingress, "github", &Pairs::new(), b"").await;
    memory.wait_ms(1_000);
    memory.refused();
    let refused = ring(&ingress, "github", headers, body).await.unwrap_err();
    assert_eq!(refused.message, "the signature is missing, wrong or too old");
    let cause = memory.refused()[0].cause.clone();
    assert!(!cause.contains("canary-of") && !cause.contains("zen"), "{cause}");
    cause
}

#[tokio::test]
async fn a_recorded_refusal_says_what_was_nearly_right() {
    let mismatch = "the header x-hub-signature-256 does not match the body under any of the hook's secrets";
    let with_line_feed = [BODY, b"\n"].concat();
    for (headers, body, findings) in [
        (signed("six"), BODY, ""),
        (signed("one"), BODY, "; secret 2 matches once the white space around it is gone"),
        (signed("canary-of-another"), BODY, "; it matches the secret of the hook `other`"),
        (signed("old"), BODY, "; it matches a secret of the hook whose time is over"),
        (
            signed("two"),
            with_line_feed.as_slice(),
            "; it matches without the white space at its end: something on the way changes the body",
        ),
    ] {
        assert_eq!(cause(&headers, body).await, format!("{mismatch}{findings}"));
    }
    let almost = header("x-hub-signature", "sha256=00");
    assert_eq!(
        cause(&almost, BODY).await,
        "the header x-hub-signature-256 is missing or empty; there is no header x-hub-signature-256, but there is \
         x-hub-signature: the hook may be of another sender"
    );
    let long = header("x-hub-signature-256-and-".repeat(100).as_str(), "x");
    assert_eq!(
        cause(&long, BODY).await.chars().count(),
        "the header x-hub-signature-256 is missing or empty".len() + 500
    );
}

#[tokio::test]
async fn a_long_body_is_not_looked_into() {
    for (length, explained) in [(65_536, true), (65_537, false)] {
        let body = vec![b' '; length];
        let secret = Secret::new("one").unwrap();
        let headers = sign(Sender::named("github").unwrap(), &secret, &body, "", Timestamp::from_ms(0)).unwrap();
        assert_eq!(cause(&headers, &body).await.contains("; secret 2"), explained, "{length}");
    }
}

#[tokio::test]
async fn of_nobodys_path_no_more_than_its_beginning_is_kept() {
    let memory = world(&[]);
    answer(&memory.ingress(), &"é".repeat(5_000), &Pairs::new(), BODY).await;
    assert_eq!(memory.refused()[0].path.as_deref(), Some("é".repeat(200).as_str()));
}

#[tokio::test]
async fn a_store_that_fails_makes_us_unavailable_and_is_not_recorded_as_a_refusal() {
    let memory = world(&[github(json!({}))]);
    let ingress = memory.ingress();
    ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
    memory.fail();
    let refused = ring(&ingress, "github", &signed("one"), BODY).await.unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (503, Some(5)));
    assert_eq!(answer(&ingress, "github", &signed("six"), BODY).await.0, 401);
    memory.wait_ms(60_000);
    assert_eq!(answer(&ingress, "github", &signed("one"), BODY).await.0, 503);
    assert_eq!(memory.refused(), []);
}

#[tokio::test(start_paused = true)]
async fn the_answer_does_not_wait_long_for_the_record() {
    let memory = world(&[]);
    memory.hang();
    let started = tokio::time::Instant::now();
    assert_eq!(answer(&memory.ingress(), "nobody", &Pairs::new(), BODY).await.0, 404);
    assert_eq!(started.elapsed().as_millis() / 10, 50);
}

#[tokio::test]
async fn a_hook_with_a_scheme_of_its_own_is_verified_by_it_and_its_credentials_are_not_kept() {
    let own = json!({
        "header": "x-acme-signature", "prefix": "sha256=", "encoding": "base64",
        "content": "{header:x-acme-time}.{body}", "timestamp_header": "x-acme-time", "timestamp_unit": "s",
        "event_type_header": "x-acme-event", "delivery_id_header": "x-acme-id",
    });
    let memory = world(&[
        json!({"id": "hk_acme", "path": "acme", "sender": "hmac-sha256", "secrets": ["env:ONE"], "scheme": own}),
        json!({"id": "hk_token", "path": "acme", "sender": "header-token", "secrets": ["env:TWO"],
               "scheme": {"header": "x-acme"}, "priority": -1}),
    ]);
    let (ingress, sender) = (memory.ingress(), memory.hooks[0].sender().unwrap());
    let now = Timestamp::from_ms(1_700_000_000_000);
    let mut headers = sign(sender, &Secret::new("one").unwrap(), BODY, "d-1", now).unwrap();
    for (name, value) in [("x-acme-event", "opened"), ("x-acme-id", "d-1"), ("x-acme", "two")] {
        headers.extend(header(name, value));
    }
    ring(&ingress, "acme", &headers, BODY).await.unwrap();
    let event = memory.accepted().remove(0);
    assert_eq!((event.event_type.as_deref(), event.delivery_id.as_deref()), (Some("opened"), Some("d-1")));
    assert_eq!((event.sender.as_str(), event.hooks.len()), ("hmac-sha256", 2));
    assert!(event.headers.contains(&("x-acme".to_owned(), "[redacted]".to_owned())), "{:?}", event.headers);

    let plain = sign(Sender::named("hmac-sha256").unwrap(), &Secret::new("one").unwrap(), BODY, "", now).unwrap();
    assert_eq!(answer(&ingress, "acme", &plain, BODY).await.0, 401);
    memory.wait_ms(301_000);
    let headers: Pairs = headers.into_iter().filter(|(name, _)| name != "x-acme").collect();
    assert_eq!(answer(&ingress, "acme", &headers, BODY).await.0, 401);
    assert_eq!(memory.accepted(), []);
}

#[tokio::test]
async fn a_hook_whose_scheme_this_version_does_not_know_lets_nothing_in() {
    let memory = world(&[json!({"id": "hk_later", "path": "later", "sender": "hmac-sha256", "secrets": ["env:ONE"],
               "scheme": {"encoding": "base85"}})]);
    assert_eq!(answer(&memory.ingress(), "later", &signed("one"), BODY).await.0, 404);
}

#[test]
fn what_is_no_coding_is_no_encoding() {
    for none in [
        "",
        " ",
        "identity",
        "Identity",
        "identity, identity",
        "utf-8",
        "UTF-8",
        "utf8",
        "iso-8859-1",
        "none",
        "8bit",
        "binary",
    ] {
        assert!(!is_encoded(none.as_bytes()), "{none}");
    }
    for coding in [
        "gzip",
        "GZIP",
        "x-gzip",
        "br",
        "deflate",
        "zstd",
        "compress",
        "aws-chunked",
        "identity, gzip",
        "utf-8,br",
        "\u{e9}",
    ] {
        assert!(is_encoded(coding.as_bytes()), "{coding}");
    }
}

#[tokio::test]
async fn a_proof_is_not_looked_for_in_a_body_that_its_sender_does_not_send() {
    let hook = json!({"id": "hk_chat", "path": "chat", "sender": "mattermost", "secrets": ["env:ONE"], "max_body_bytes": 4_194_304});
    let memory = world(&[hook]);
    let body = |length: usize| {
        let text = br#"{"token":"one"}"#;
        [text, vec![b' '; length - text.len()].as_slice()].concat()
    };
    let ingress = memory.ingress();
    for (length, promised, status) in [(262_144, 262_144, 200), (262_145, 0, 413), (20, 262_145, 413)] {
        let headers = header("content-length", &promised.to_string());
        assert_eq!(answer(&ingress, "chat", &headers, &body(length)).await.0, status, "{length}");
    }
    let refused = ring(&ingress, "chat", &Pairs::new(), &body(4_000_000)).await.unwrap_err();
    assert!(refused.message.contains("262144 bytes"), "{}", refused.message);
    assert_eq!(memory.refused().iter().map(|refused| refused.cause.as_str()).collect::<Vec<_>>(), ["too large"; 3]);
}

/// Texts with what may stand escaped in them written out: `\\u0063`, `%63`, base64 of a user's name and password.
fn spelled_out(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let characters: Vec<char> = (' '..='~').collect();
    for c in characters.into_iter().filter(|c| c.is_ascii_alphanumeric() || "-+:".contains(*c)) {
        for form in [
            format!("\\u{:04x}", u32::from(c)),
            format!("\\u{:04X}", u32::from(c)),
            format!("%{:02x}", u32::from(c)),
            format!("%{:02X}", u32::from(c)),
        ] {
            text = text.replace(&form, &c.to_string());
        }
    }
    text
}

#[tokio::test]
async fn no_token_of_any_sender_is_written_down_in_any_spelling() {
    const CANARY: &str = "canary-user:canary+pass-4f7b1d9e2c";
    // As `base64` writes it.
    const BASIC: &str = "Y2FuYXJ5LXVzZXI6Y2FuYXJ5K3Bhc3MtNGY3YjFkOWUyYw";
    let escaped: String = CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let encoded: String = CANARY.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut senders = 0;
    for sender in Sender::all().iter().filter(|sender| sender.signs_nothing() && !sender.is_unsigned()) {
        let hook = json!({"id": "hk_1", "path": "p", "sender": sender.name, "secrets": ["env:CANARY"], "max_body_bytes": 100_000});
        let memory = Memory::with(&[hook], &[("CANARY", CANARY)]);
        let (ingress, secret) = (memory.ingress(), Secret::new(CANARY).unwrap());
        let draft = Draft { method: "POST", url: Url::new("https://x", "/webhook/p"), body: br#"{"a":1}"#, id: "1" };
        let proof = sign_request(sender, &secret, draft, Timestamp::from_ms(1_700_000_000_000)).unwrap();
        let target = format!("/webhook/p?{}", proof.query.join("&"));
        let mut headers = proof.headers.clone();
        headers.extend(header("x-original-uri", &target));
        let body = proof.body.unwrap_or_else(|| br#"{"a":1}"#.to_vec());
        let text = String::from_utf8(body.clone()).unwrap();
        // The same once more in other spellings: escaped, and in fields that stand there twice.
        let mut bodies = vec![text.clone()];
        if text.contains(CANARY) {
            bodies.push(text.replace(CANARY, &escaped));
            bodies.push(format!("\u{feff}{text}"));
            bodies.push(text.replacen('{', &format!("{},", text.trim_end_matches('}').trim_end_matches(']')), 1));
            bodies.push(text.replacen('{', &text.trim_end_matches('}').replace(']', "],"), 1));
        } else if text.contains("canary") {
            let value = form_urlencoded::byte_serialize(CANARY.as_bytes()).collect::<String>();
            bodies.push(text.replace(&value, &encoded));
        }
        let mut accepted = 0;
        for body in &bodies {
            let taken = ring_at(&ingress, ("p", &target), &headers, body.as_bytes()).await;
            accepted += usize::from(taken.is_ok());
            for message in memory.messages() {
                let said = spelled_out(&message);
                assert!(!said.contains("canary") && !said.contains(BASIC), "{}: {body}: {said}", sender.name);
                let kept = said.contains("[redacted]");
                assert!(kept || sender.scheme.carrier().is_empty(), "{}: {said}", sender.name);
            }
        }
        assert!(accepted > 0, "{}: {text}", sender.name);
        senders += 1;
    }
    assert!(senders > 30, "{senders}");
}

#[tokio::test]
async fn a_body_that_carries_no_token_is_written_down_as_it_came() {
    let memory = world(&[
        github(json!({})),
        json!({"id": "hk_chat", "path": "chat", "sender": "mattermost", "secrets": ["env:ONE"]}),
    ]);
    let ingress = memory.ingress();
    ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
    let written = memory.messages().remove(0);
    assert!(written.ends_with(&[b"\n", BODY].concat()));
    ring(&ingress, "chat", &Pairs::new(), br#"{ "token":"one", "text" : "a\u0062 1.0"}"#).await.unwrap();
    let written = memory.messages().remove(0);
    assert!(written.ends_with(b"\n{ \"token\":\"[redacted]\", \"text\" : \"a\\u0062 1.0\"}"));
}
