mod limits;
mod refusals;
mod tokens;

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
async fn a_proved_request_is_written_down_with_the_secret_that_matched() {
    let retiring = json!([{"secret": "env:OLD", "until": 1_700_000_060_000u64}]);
    let memory = world(&[github(json!({"secrets": ["env:GONE", "env:TWO"], "retiring": retiring}))]);
    let ingress = memory.ingress();
    for (secret, matched) in [("two", Some(1)), ("old", Some(2))] {
        ring(&ingress, "github", &signed(secret), BODY).await.unwrap();
        assert_eq!(memory.accepted()[0].owners[0].secret, matched, "{secret}");
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
    let hooks: Vec<_> = memory.accepted()[0].owners.iter().map(|proof| proof.owner.to_string()).collect();
    assert_eq!(hooks, ["hk_first", "hk_a", "hk_b"]);
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
    assert_eq!((event.sender.as_str(), event.owners.len()), ("hmac-sha256", 2));
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
