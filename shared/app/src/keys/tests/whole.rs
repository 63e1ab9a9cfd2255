//! Whole requests through the front door.

use std::sync::Arc;

use bellhop_senders::inbound::Headers;
use serde_json::{Value, json};

use super::issuer::{
    IN_FORCE, PAYPAL_KEY, PAYPAL_NAME, PLAID_KEY, SNS_KEY, SNS_NAME, Sent, TOPIC, TRAVIS_KEY, certificate, paypal,
    plaid, plaid_jwk, plaid_question, public_key, sns, travis, travis_config, wise,
};
use super::site::Site;
use crate::ingress::{Head, Ingress, Parts, Taken};
use crate::keys::PublishedKeys;
use crate::limiter::Limiter;
use crate::offers::Offers;
use crate::ports::Clock as _;
use crate::testing::front::Memory;

/// What a request was answered, what was recorded of its refusal, and how many calls it cost.
type Outcome = (u16, Option<&'static str>, usize);

/// A front door with a hook of each of these senders at the sender's name, and what the senders publish.
struct World {
    memory: Arc<Memory>,
    site: Arc<Site>,
    ingress: Ingress,
}

impl World {
    fn new() -> Self {
        let hook = |sender: &str, secrets: &[&str]| -> Value {
            json!({"id": format!("hk_{sender}"), "path": sender, "sender": sender, "secrets": secrets,
                "rate_per_minute": 1000, "max_body_bytes": 10_000})
        };
        let secrets: [(&str, &str); 6] = [
            ("TOPIC", TOPIC),
            ("OLD_TOPIC", "arn:aws:sns:eu-central-1:000000000000:old"),
            ("WEBHOOK", "WH-1"),
            ("REPOSITORY", "octo/hello"),
            ("ACCOUNT", "client:secret"),
            ("WISE", Box::leak(public_key(0).into_boxed_str())),
        ];
        let hooks = [
            hook("aws-sns", &["env:OLD_TOPIC", "env:TOPIC"]),
            hook("paypal", &["env:WEBHOOK"]),
            hook("travis", &["env:REPOSITORY"]),
            hook("plaid", &["env:ACCOUNT"]),
            hook("wise", &["env:WISE"]),
        ];
        let (memory, site) = (Memory::with(&hooks, &secrets), Site::open());
        let ingress = Ingress::new(Parts {
            doors: Arc::new(memory.doors()),
            inbox: memory.clone(),
            orders: memory.clone(),
            limiter: Limiter::alone(),
            keys: PublishedKeys::new(site.clone(), memory.clone()),
            offers: Offers::new(memory.clone(), memory.clone()),
            clock: memory.clone(),
        });
        Self { memory, site, ingress }
    }

    /// The same where every sender publishes its key.
    fn published() -> Self {
        let world = Self::new();
        world.site.put(SNS_KEY, &certificate(0, SNS_NAME, IN_FORCE));
        world.site.put(PAYPAL_KEY, &certificate(0, PAYPAL_NAME, IN_FORCE));
        world.site.put(TRAVIS_KEY, &travis_config(0));
        let question = plaid_question(("client", "secret"), "key_1");
        world.site.put_for(PLAID_KEY, Some(&question), &plaid_jwk(7, "key_1"));
        world
    }

    /// Sends a request to a hook: its status, whether the refusal's record says this, and how many calls there were.
    async fn ring(&self, path: &str, sent: &Sent) -> (u16, String, usize) {
        let pairs: Vec<_> = sent.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let headers = Headers::new(&pairs);
        let admitted = self.ingress.admit(path, None, headers).await.unwrap();
        let head = Head { method: "POST", target: path, headers };
        let status = match self.ingress.accept(&admitted, head, &sent.body).await {
            Ok(Taken::Event { .. }) => 200,
            Ok(Taken::Greeted(reply)) => panic!("a handshake: {reply:?}"),
            Err(refused) => refused.status,
        };
        assert_eq!(self.memory.accepted().len(), usize::from(status == 200), "{path}");
        let refused = self.memory.refused().pop().map(|refused| refused.cause);
        (status, refused.unwrap_or_default(), self.site.calls().len())
    }

    /// Checks what comes of a request.
    async fn check(&self, what: &str, path: &str, sent: &Sent, (status, cause, calls): Outcome) {
        let found = self.ring(path, sent).await;
        assert_eq!((found.0, found.2), (status, calls), "{path}: {what}: {}", found.1);
        assert!(cause.is_none_or(|cause| found.1.contains(cause)), "{path}: {what}: {}", found.1);
    }
}

#[tokio::test]
async fn senders_with_keys_of_their_own_are_let_in_and_their_forgers_are_not() {
    let now = World::new().memory.now();
    for (path, good, strangers, calls) in [
        ("aws-sns", sns(0, "1", TOPIC, SNS_KEY, now), sns(1, "1", TOPIC, SNS_KEY, now), 1),
        ("aws-sns", sns(0, "2", TOPIC, SNS_KEY, now), sns(1, "2", TOPIC, SNS_KEY, now), 1),
        ("paypal", paypal(0, "WH-1", PAYPAL_KEY, now), paypal(1, "WH-1", PAYPAL_KEY, now), 1),
        ("travis", travis(0, "octo"), travis(1, "octo"), 1),
        ("plaid", plaid(7, "key_1", now), plaid(8, "key_1", now), 1),
        ("wise", wise(0), wise(1), 0),
    ] {
        let world = World::published();
        world.check("good", path, &good, (200, None, calls)).await;
        world.check("again", path, &good, (200, None, 0)).await;
        world.check("a stranger's", path, &strangers, (401, Some("does not match"), 0)).await;
        let body = String::from_utf8(good.body.clone()).unwrap();
        let words = ["hello", "PAYMENT", "passed", "ERROR", "change"];
        let body = words.iter().fold(body, |body, word| body.replacen(word, "x", 1)).into_bytes();
        assert_ne!(body, good.body);
        world.check("spoiled", path, &Sent { body, ..good.clone() }, (401, None, 0)).await;
        world.check("unsigned", path, &Sent { headers: vec![], body: b"{}".to_vec() }, (401, None, 0)).await;
    }
}

#[tokio::test]
async fn what_a_sender_signed_for_somebody_else_is_refused() {
    let world = World::published();
    let theirs = "arn:aws:sns:eu-central-1:111111111111:octo";
    for (path, sent, cause, calls) in [
        ("aws-sns", sns(0, "2", theirs, SNS_KEY, world.memory.now()), "another account", 0),
        ("travis", travis(0, "mallory"), "another account", 0),
        // Whose it is shows only in the signature.
        ("paypal", paypal(0, "WH-2", PAYPAL_KEY, world.memory.now()), "does not match", 1),
    ] {
        world.check("another's", path, &sent, (401, Some(cause), calls)).await;
    }
}

#[tokio::test]
async fn a_key_at_an_address_of_nobodys_is_never_fetched() {
    let world = World::published();
    let now = world.memory.now();
    for base in ["https://sns.eu-central-1.amazonaws.com.evil.example", "http://127.0.0.1", "https://[::1]"] {
        let address = format!("{base}/SimpleNotificationService-0123abcd.pem");
        world.site.put(&address, &certificate(1, SNS_NAME, IN_FORCE));
        let forged = sns(1, "2", TOPIC, &address, now);
        world.check(base, "aws-sns", &forged, (401, Some("address of the signing key"), 0)).await;
        let address = format!("{base}/v1/notifications/certs/CERT-360caa42-0");
        world.site.put(&address, &certificate(1, PAYPAL_NAME, IN_FORCE));
        let forged = paypal(1, "WH-1", &address, now);
        world.check(base, "paypal", &forged, (401, Some("address of the signing key"), 0)).await;
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_count_lets_nobody_in() {
    for wrong in [
        certificate(0, SNS_NAME, ("200101000000Z", "231101000000Z")),
        certificate(0, SNS_NAME, ("240101000000Z", "300101000000Z")),
        certificate(0, "sns.amazonaws.com.evil.example", IN_FORCE),
        certificate(0, PAYPAL_NAME, IN_FORCE),
        public_key(0),
        "<html>".to_owned(),
    ] {
        let world = World::new();
        world.site.put(SNS_KEY, &wrong);
        let sent = sns(0, "2", TOPIC, SNS_KEY, world.memory.now());
        world.check(&wrong, "aws-sns", &sent, (401, Some("could not be had"), 1)).await;
        world.check(&wrong, "aws-sns", &sent, (401, Some("could not be had"), 0)).await;
    }
}

#[tokio::test]
async fn a_sender_whose_key_cannot_be_had_is_asked_to_come_again() {
    let world = World::new();
    let now = world.memory.now();
    for (path, sent) in [
        ("aws-sns", sns(0, "2", TOPIC, SNS_KEY, now)),
        ("paypal", paypal(0, "WH-1", PAYPAL_KEY, now)),
        ("travis", travis(0, "octo")),
        ("plaid", plaid(7, "key_1", now)),
    ] {
        world.check("not there", path, &sent, (503, None, 1)).await;
        world.check("not there", path, &sent, (503, None, 0)).await;
    }
}
