use std::sync::Arc;

use bellhop_senders::inbound::{Headers, Inbound};
use bellhop_senders::verify::Refusal;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::issuer::{
    GOOGLE_ACCOUNT, GOOGLE_KEYS, IN_FORCE, PAYPAL_KEY, PAYPAL_NAME, PLAID_KEY, SNS_KEY, SNS_NAME, Sent, TOPIC,
    TRAVIS_KEY, certificate, google, google_keys, paypal, plaid, plaid_jwk, plaid_question, sns, travis, travis_config,
};
use super::site::Site;
use crate::doors::Door;
use crate::keys::{PublishedKeys, Unproved};
use crate::ports::Clock as _;
use crate::testing::front::Memory;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const MISMATCH: Result<Option<usize>, Unproved> = Err(Unproved::Refused(Refusal::Mismatch("signature")));
const UNAVAILABLE: Result<Option<usize>, Unproved> = Err(Unproved::Unavailable);

/// A documents, a site for it, and a hook.
struct World {
    memory: Arc<Memory>,
    site: Arc<Site>,
    documents: PublishedKeys,
    doors: Vec<Arc<Door>>,
}

impl World {
    /// A world with one hook of this sender at `p`, and its secrets.
    async fn of(site: Arc<Site>, sender: &str, secrets: &[(&'static str, &'static str)]) -> Self {
        let references: Vec<_> = secrets.iter().map(|(name, _)| format!("env:{name}")).collect();
        Self::with(site, &[json!({"id": "hk_1", "sender": sender, "secrets": references})], secrets).await
    }

    /// A world with these hooks at `p`.
    async fn with(site: Arc<Site>, hooks: &[Value], secrets: &[(&'static str, &'static str)]) -> Self {
        let memory = Memory::with(hooks, secrets);
        let doors = memory.doors().doors().await.unwrap().at("p").to_vec();
        Self { documents: PublishedKeys::new(site.clone(), memory.clone()), memory, site, doors }
    }

    /// Travis, with its key in place.
    async fn travis() -> Self {
        let site = Site::open();
        site.put(TRAVIS_KEY, &travis_config(0));
        Self::of(site, "travis", &[("REPOSITORY", "octo/hello")]).await
    }

    /// What a request to the first hook proves: which secret it matched.
    async fn prove(&self, sent: &Sent) -> Result<Option<usize>, Unproved> {
        self.prove_at(0, sent).await
    }

    /// The same for another of the hooks.
    async fn prove_at(&self, door: usize, sent: &Sent) -> Result<Option<usize>, Unproved> {
        self.prove_from("", door, sent).await
    }

    /// The same for a request that comes from this address.
    async fn prove_from(&self, source: &str, door: usize, sent: &Sent) -> Result<Option<usize>, Unproved> {
        let pairs: Vec<_> = sent.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let inbound = Inbound { source_ip: source.parse().ok(), ..Inbound::new(Headers::new(&pairs), &sent.body) };
        let proved = self.documents.prove(&self.doors[door], inbound, self.memory.now()).await;
        proved.map(|verified| verified.matched_key())
    }

    /// How many calls there were since the last time.
    fn calls(&self) -> usize {
        self.site.calls().len()
    }
}

#[tokio::test]
async fn a_key_is_fetched_once_and_serves_for_an_hour() {
    let world = World::travis().await;
    let sent = travis(0, "octo");
    for (waited_ms, calls) in [(0, 1), (0, 0), (HOUR_MS - 1, 0), (1, 1), (HOUR_MS - 1, 0), (1, 1)] {
        world.memory.wait_ms(waited_ms);
        assert_eq!(world.prove(&sent).await, Ok(Some(0)));
        assert_eq!(world.calls(), calls, "after {waited_ms} ms");
    }
    world.memory.wait_ms(HOUR_MS);
    world.site.clear();
    assert_eq!(world.prove(&sent).await, UNAVAILABLE);
}

#[tokio::test]
async fn one_caller_fetches_for_all_that_wait() {
    let sent = travis(0, "octo");
    // What they wait for may be a failure, which is theirs too.
    for (published, answer) in [(false, UNAVAILABLE), (true, Ok(Some(0)))] {
        let site = Site::with_answers(0);
        if published {
            site.put(TRAVIS_KEY, &travis_config(0));
        }
        let world = World::of(site.clone(), "travis", &[("REPOSITORY", "octo/hello")]).await;
        let callers = join_all((0..30).map(|_| world.prove(&sent)));
        let (answers, ()) = join(callers, async { site.go_on(30) }).await;
        assert_eq!((answers, world.calls()), (vec![answer; 30], 1));
    }
}

#[tokio::test]
async fn a_caller_who_leaves_keeps_nobody_waiting() {
    let site = Site::with_answers(0);
    site.put(TRAVIS_KEY, &travis_config(0));
    let world = World::of(site.clone(), "travis", &[("REPOSITORY", "octo/hello")]).await;
    let sent = travis(0, "octo");
    let left = tokio::time::timeout(std::time::Duration::ZERO, world.prove(&sent)).await;
    assert!(left.is_err());
    site.go_on(1);
    assert_eq!(world.prove(&sent).await, Ok(Some(0)));
    assert_eq!(world.calls(), 2);
}

#[tokio::test]
async fn a_key_that_cannot_be_had_is_asked_for_again_after_ten_seconds() {
    let world = World::travis().await;
    world.site.clear();
    let sent = travis(0, "octo");
    for (waited_ms, calls) in [(0, 1), (0, 0), (9_999, 0), (1, 1), (9_999, 0)] {
        world.memory.wait_ms(waited_ms);
        assert_eq!(world.prove(&sent).await, UNAVAILABLE);
        assert_eq!(world.calls(), calls, "after {waited_ms} ms");
    }
    world.site.put(TRAVIS_KEY, "this is no key");
    world.memory.wait_ms(1);
    for calls in [1, 0] {
        assert_eq!(world.prove(&sent).await, Err(Unproved::Refused(Refusal::NoKey)));
        assert_eq!(world.calls(), calls);
    }
    world.site.put(TRAVIS_KEY, &travis_config(0));
    world.memory.wait_ms(10_000);
    assert_eq!(world.prove(&sent).await, Ok(Some(0)));
}

#[tokio::test]
async fn a_changed_key_is_noticed_once_a_minute_and_not_more_often() {
    let world = World::travis().await;
    let (old, new) = (travis(0, "octo"), travis(1, "octo"));
    assert_eq!((world.prove(&old).await, world.calls()), (Ok(Some(0)), 1));
    world.site.put(TRAVIS_KEY, &travis_config(1));
    // The key is too young to be doubted.
    world.memory.wait_ms(MINUTE_MS - 1);
    assert_eq!((world.prove(&new).await, world.calls()), (MISMATCH, 0));
    world.memory.wait_ms(1);
    assert_eq!((world.prove(&new).await, world.calls()), (Ok(Some(0)), 1));
    assert_eq!((world.prove(&old).await, world.calls()), (MISMATCH, 0));
    // A forger costs one call a minute.
    world.memory.wait_ms(MINUTE_MS);
    for calls in [1, 0, 0] {
        assert_eq!((world.prove(&old).await, world.calls()), (MISMATCH, calls));
    }
    // While the new key cannot be had, the old one goes on serving, and what it does not match may come again.
    world.site.clear();
    world.memory.wait_ms(MINUTE_MS);
    for calls in [1, 0] {
        assert_eq!((world.prove(&old).await, world.calls()), (UNAVAILABLE, calls));
    }
    assert_eq!((world.prove(&new).await, world.calls()), (Ok(Some(0)), 0));
}

#[tokio::test]
async fn a_certificate_serves_to_its_end_and_no_longer() {
    let world = World::of(Site::open(), "paypal", &[("WEBHOOK", "WH-1")]).await;
    let sent = || paypal(0, "WH-1", PAYPAL_KEY, world.memory.now());
    // The clock starts at 22:13:20.
    world.site.put(PAYPAL_KEY, &certificate(0, PAYPAL_NAME, ("200101000000Z", "231114222320Z")));
    assert_eq!((world.prove(&sent()).await, world.calls()), (Ok(Some(0)), 1));
    world.memory.wait_ms(600_000);
    assert_eq!((world.prove(&sent()).await, world.calls()), (Ok(Some(0)), 0));
    world.memory.wait_ms(1_000);
    for calls in [1, 0] {
        assert_eq!(world.prove(&sent()).await, Err(Unproved::Refused(Refusal::NoKey)));
        assert_eq!(world.calls(), calls);
    }
    world.site.put(PAYPAL_KEY, &certificate(0, PAYPAL_NAME, IN_FORCE));
    world.memory.wait_ms(10_000);
    assert_eq!((world.prove(&sent()).await, world.calls()), (Ok(Some(0)), 1));
    // One that is made out to somebody else, or that begins later, counts no more than one that has ended.
    for wrong in [
        certificate(0, "example.com", IN_FORCE),
        certificate(0, SNS_NAME, IN_FORCE),
        certificate(0, PAYPAL_NAME, ("290101000000Z", "300101000000Z")),
    ] {
        world.memory.wait_ms(HOUR_MS);
        world.site.put(PAYPAL_KEY, &wrong);
        assert_eq!(world.prove(&sent()).await, Err(Unproved::Refused(Refusal::NoKey)));
    }
}

#[tokio::test]
async fn invented_addresses_take_no_calls_from_others() {
    let hooks = [
        json!({"id": "hk_1", "sender": "paypal", "secrets": ["env:WEBHOOK"]}),
        json!({"id": "hk_2", "sender": "paypal", "secrets": ["env:WEBHOOK"], "created_at": 1}),
        json!({"id": "hk_3", "sender": "aws-sns", "secrets": ["env:TOPIC"], "created_at": 2}),
        json!({"id": "hk_4", "sender": "travis", "secrets": ["env:REPOSITORY"], "created_at": 3}),
    ];
    let secrets = [("WEBHOOK", "WH-1"), ("TOPIC", TOPIC), ("REPOSITORY", "octo/hello")];
    let world = World::with(Site::open(), &hooks, &secrets).await;
    world.site.put(PAYPAL_KEY, &certificate(0, PAYPAL_NAME, IN_FORCE));
    world.site.put(SNS_KEY, &certificate(0, SNS_NAME, IN_FORCE));
    world.site.put(TRAVIS_KEY, &travis_config(0));
    assert_eq!(
        (world.prove_at(0, &paypal(0, "WH-1", PAYPAL_KEY, world.memory.now())).await, world.calls()),
        (Ok(Some(0)), 1)
    );
    // Thirty addresses on each of two hooks, from two addresses.
    let forge = async |door: usize, source: &str, numbers: std::ops::Range<usize>| {
        for number in numbers {
            let forged = paypal(1, "WH-1", &format!("{PAYPAL_KEY}x{number}"), world.memory.now());
            assert_eq!(world.prove_from(source, door, &forged).await, UNAVAILABLE);
        }
        world.calls()
    };
    for door in [0, 1] {
        assert_eq!(forge(door, "192.0.2.1", 100 * door..100 * door + 30).await, 5);
        for source in 2..50 {
            let from = 1000 * (door + 1) + 30 * source;
            assert!(forge(door, &format!("192.0.2.{source}"), from..from + 30).await <= 5);
        }
    }
    // A key that is here serves; another hook's first key is fetched, and one that is the same for all.
    assert_eq!(
        (world.prove_at(0, &paypal(0, "WH-1", PAYPAL_KEY, world.memory.now())).await, world.calls()),
        (Ok(Some(0)), 0)
    );
    let now = world.memory.now();
    let topic = sns(0, "2", TOPIC, SNS_KEY, now);
    assert_eq!((world.prove_at(2, &topic).await, world.calls()), (Ok(Some(0)), 1));
    assert_eq!((world.prove_at(3, &travis(0, "octo")).await, world.calls()), (Ok(Some(0)), 1));
    // A key that is here is renewed, whatever was invented.
    world.site.put(SNS_KEY, &certificate(0, SNS_NAME, IN_FORCE));
    world.memory.wait_ms(HOUR_MS);
    for source in 0..50 {
        let source = format!("198.51.100.{source}");
        assert!(world.prove_from(&source, 2, &forged_sns(&world, &source)).await.is_err());
    }
    assert_eq!(world.calls(), 20, "a hook's forgers have its share and no more");
    let topic = sns(0, "2", TOPIC, SNS_KEY, world.memory.now());
    assert_eq!((world.prove_at(2, &topic).await, world.calls()), (Ok(Some(0)), 1));
}

/// A notification under a certificate at an address that nobody else names.
fn forged_sns(world: &World, mark: &str) -> Sent {
    let address = SNS_KEY.replace(".pem", &format!("{}.pem", mark.replace('.', "-")));
    sns(1, "2", TOPIC, &address, world.memory.now())
}

#[tokio::test]
async fn an_address_of_another_shape_costs_nothing() {
    let world = World::of(Site::open(), "paypal", &[("WEBHOOK", "WH-1")]).await;
    for path in ["certs/x", "certs/CERT-", "certs/CERT-a/b", "certs/CERT-a?b", "certs/CERT-..", "certs/CERT-%41"] {
        let forged = paypal(1, "WH-1", &format!("https://api.paypal.com/v1/notifications/{path}"), world.memory.now());
        assert_eq!(world.prove(&forged).await, Err(Unproved::Refused(Refusal::KeyAddress)), "{path}");
    }
    let long = format!("{PAYPAL_KEY}{}", "0".repeat(64));
    assert_eq!(
        world.prove(&paypal(1, "WH-1", &long, world.memory.now())).await,
        Err(Unproved::Refused(Refusal::KeyAddress))
    );
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn what_is_refused_anyway_is_not_worth_a_call() {
    let world = World::travis().await;
    let another = Err(Unproved::Refused(Refusal::AnotherAccount));
    assert_eq!((world.prove(&travis(0, "mallory")).await, world.calls()), (another, 0));
    let unsigned = Sent { headers: vec![], ..travis(0, "octo") };
    assert_eq!(world.prove(&unsigned).await, Err(Unproved::Refused(Refusal::Missing("signature"))));
    let short = Sent { headers: vec![("signature", "AAAA".to_owned())], ..travis(0, "octo") };
    assert_eq!(world.prove(&short).await, Err(Unproved::Refused(Refusal::Malformed("signature"))));
    assert_eq!(world.calls(), 0);
    // Two repositories, of which the second is the one: that the first is another is no reason.
    let secrets = [("ONE", "octo/other"), ("TWO", "octo/hello"), ("THREE", "octo/third")];
    let world = World::of(world.site, "travis", &secrets).await;
    assert_eq!((world.prove(&travis(0, "octo")).await, world.calls()), (Ok(Some(1)), 1));
}

#[tokio::test]
async fn a_sender_without_such_keys_has_nothing_fetched() {
    let world = World::of(Site::open(), "github", &[("ONE", "one")]).await;
    let forged = Sent { headers: vec![("x-hub-signature-256", format!("sha256={}", "00".repeat(32)))], body: vec![] };
    let mismatch = Err(Unproved::Refused(Refusal::Mismatch("x-hub-signature-256")));
    assert_eq!((world.prove(&forged).await, world.calls()), (mismatch, 0));
}

#[tokio::test]
async fn plaids_key_is_asked_for_with_each_account_and_is_that_accounts_alone() {
    let hooks = [
        json!({"id": "hk_1", "sender": "plaid", "secrets": ["env:OLD", "env:NEW"]}),
        json!({"id": "hk_2", "sender": "plaid", "secrets": ["env:OTHER"], "created_at": 1}),
    ];
    let secrets = [("OLD", "client:old"), ("NEW", "client:new"), ("OTHER", "mallory:hers")];
    let world = World::with(Site::open(), &hooks, &secrets).await;
    let question = |secret| plaid_question(("client", secret), "key_1");
    world.site.put_for(PLAID_KEY, Some(&question("new")), &plaid_jwk(7, "key_1"));
    let sent = plaid(7, "key_1", world.memory.now());
    // The old secret is taken no more.
    assert_eq!(world.prove(&sent).await, Ok(Some(1)));
    let calls = [question("old"), question("new")].map(|json| (PLAID_KEY.to_owned(), Some(json)));
    assert_eq!(world.site.calls(), calls);
    assert_eq!((world.prove(&sent).await, world.calls()), (Ok(Some(1)), 0));
    // The key is here, but not for an account that may not have it.
    assert_eq!((world.prove_at(1, &sent).await, world.calls()), (UNAVAILABLE, 1));
    // A key of another id is no answer.
    let strange = plaid(7, "key_2", world.memory.now());
    world.site.put_for(PLAID_KEY, Some(&plaid_question(("mallory", "hers"), "key_2")), &plaid_jwk(7, "key_1"));
    assert_eq!(world.prove_at(1, &strange).await, Err(Unproved::Refused(Refusal::NoKey)));
    let forged = plaid(8, "key_1", world.memory.now());
    world.site.put_for(PLAID_KEY, Some(&question("old")), &plaid_jwk(7, "key_1"));
    world.memory.wait_ms(10_000);
    assert_eq!(world.prove(&forged).await, Err(Unproved::Refused(Refusal::Mismatch("plaid-verification"))));
}

#[tokio::test]
async fn a_visit_goes_well_where_somebody_answers() {
    let world = World::travis().await;
    assert!(world.documents.visit(TRAVIS_KEY).await);
    assert!(!world.documents.visit("https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription").await);
    assert_eq!(world.calls(), 2);
}

#[tokio::test]
async fn a_set_of_keys_serves_for_all_ids_and_a_new_one_is_looked_for_once_a_minute() {
    let site = Site::open();
    site.put(GOOGLE_KEYS, &google_keys(0, "k1"));
    let world = World::of(site, "google-pubsub", &[("ACCOUNT", GOOGLE_ACCOUNT)]).await;
    let sent = |key, id: &str| google(key, id, world.memory.now());
    assert_eq!(world.prove(&sent(0, "k1")).await, Ok(Some(0)));
    assert_eq!(world.calls(), 1);
    let mismatch = Err(Unproved::Refused(Refusal::Mismatch("authorization")));
    for id in ["k1", "k2", "forged", "another"] {
        assert_eq!(world.prove(&sent(1, id)).await, mismatch, "{id}");
    }
    assert_eq!(world.calls(), 0, "made-up ids cost no call");
    world.site.put(GOOGLE_KEYS, &google_keys(1, "k2"));
    world.memory.wait_ms(MINUTE_MS + 1);
    assert_eq!(world.prove(&sent(1, "k2")).await, Ok(Some(0)));
    assert_eq!(world.calls(), 1, "the key is a new one of Google's");
    assert_eq!(world.prove(&sent(0, "k1")).await, mismatch, "and the old one is gone");
    assert_eq!(world.calls(), 0);
}
