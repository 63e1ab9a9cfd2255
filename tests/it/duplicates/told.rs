//! Events that share what their senders call a delivery's id: every one of them is told, and a copy of none is.

use std::time::{Duration, Instant};

use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Outline, post};
use bellhop_tests::bot_api::{FakeBotApi, Message};
use bellhop_tests::http::Http;
use bellhop_tests::sign;
use serde_json::{Value, json};

use crate::world::{SHARED_SECRET, World, assert_accepted, config, hook, setup};

/// What senders call.
const PUBLIC: &str = "https://hooks.example.com";

/// The first chat.
const FIRST_CHAT: i64 = 100;

/// Two deliveries of a sender, and what they share.
struct Pair {
    sender: &'static str,
    /// What stands in the header of the id, in both.
    id: &'static str,
    headers: &'static [(&'static str, &'static str)],
    bodies: [Value; 2],
}

/// A pair whose id is in the body.
fn in_body(sender: &'static str, one: Value, two: Value) -> Pair {
    Pair { sender, id: "", headers: &[], bodies: [one, two] }
}

/// Every row of a kind that is known to have lost events, and one of each generic sender.
fn pairs() -> Vec<Pair> {
    let click = |link: &str| json!({"RecordType": "Click", "MessageID": "00000000-1", "OriginalLink": link});
    let changed = |at: u64| json!([{"eventId": 1, "subscriptionId": 2, "occurredAt": at, "attemptNumber": 0, "subscriptionType": "contact.creation"}]);
    let payments = |more: &[&str]| {
        let events: Vec<_> = ["EV1"]
            .iter()
            .chain(more)
            .map(|id| json!({"id": id, "action": "paid_out", "resource_type": "payments"}))
            .collect();
        json!({"events": events})
    };
    let users = |more: &[&str]| {
        let events: Vec<_> =
            ["u1"].iter().chain(more).map(|id| json!({"uuid": id, "eventType": "user.lifecycle.create"})).collect();
        json!({"eventType": "com.okta.event_hook", "data": {"events": events}})
    };
    let logs = |more: &[&str]| {
        json!(["l1"].iter().chain(more).map(|id| json!({"log_id": id, "data": {"type": "s"}})).collect::<Vec<_>>())
    };
    let grid = |more: &[&str]| {
        json!(
            ["g1"]
                .iter()
                .chain(more)
                .map(|id| json!({"id": id, "eventType": "Made", "subject": id, "data": {}}))
                .collect::<Vec<_>>()
        )
    };
    let adyen = |more: &[&str]| {
        let items: Vec<_> = ["8515"].iter().chain(more).map(|reference| json!({"NotificationRequestItem": {
            "pspReference": reference, "eventCode": "AUTHORISATION", "success": "true", "merchantAccountCode": "Test",
            "merchantReference": "m", "amount": {"value": 1130, "currency": "EUR"}, "additionalData": {},
        }})).collect();
        json!({"live": "false", "notificationItems": items})
    };
    let order = |number: u64| json!({"id": number, "number": number.to_string()});
    let issue = |title: &str| json!({"object_kind": "issue", "object_attributes": {"title": title}});
    let said = |text: &str| json!({"message": text});
    let mut pairs = vec![
        Pair { sender: "woocommerce", id: "1700000000", headers: &[], bodies: [order(101), order(102)] },
        in_body("postmark", click("https://example.com/a"), click("https://example.com/b")),
        in_body("hubspot", changed(1), changed(2)),
        in_body("hubspot-v1", changed(1), changed(2)),
        in_body("hubspot-v2", changed(1), changed(2)),
        in_body("gocardless", payments(&[]), payments(&["EV2"])),
        Pair { sender: "gitlab", id: "", headers: &[("x-gitlab-event-uuid", "u-1")], bodies: [issue("a"), issue("b")] },
        in_body("okta", users(&[]), users(&["u2"])),
        in_body("auth0", logs(&[]), logs(&["l2"])),
        in_body("azure-event-grid", grid(&[]), grid(&["g2"])),
        in_body("adyen", adyen(&[]), adyen(&["8516"])),
    ];
    for sender in
        ["hmac-sha256", "hmac-sha512", "hmac-sha1", "header-token", "bearer", "basic", "api-key", "query-token"]
    {
        pairs.push(Pair {
            sender,
            id: "",
            headers: &[("x-webhook-id", "sub-1")],
            bodies: [said("first"), said("second")],
        });
    }
    pairs
}

/// The secret of a sender's hook, and the variable that names it.
fn secret(sender: &str) -> (Secret, String) {
    let row = Sender::named(sender).expect("a sender");
    let secret = row.new_secret(&[7; 32]).expect("a secret can be made");
    (secret, format!("SECRET_OF_{}", sender.to_uppercase().replace('-', "_")))
}

/// Posts one delivery, signed now.
async fn deliver(http: &Http, base: &str, pair: &Pair, id: &str, body: &Value) {
    let row = Sender::named(pair.sender).expect("a sender");
    let target = format!("/webhook/{}", pair.sender);
    let body = body.to_string();
    let outline = Outline { url: Url::new(PUBLIC, &target), body: Some(body.as_bytes()), event_type: None, id };
    let now = Timestamp::from_seconds(sign::now().unsigned_abs());
    let made = post(row, Some(&secret(pair.sender).0), outline, now).expect("it can be signed");
    let mut headers = made.headers;
    if pair.id.is_empty() {
        // A sender without an id of its own in a header sends none of those that it might.
        headers.retain(|(name, _)| Some(name.as_str()) != row.delivery_id.header());
    }
    headers.extend(pair.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let answer = http.post(&format!("{base}{}", made.target), &headers, made.body).await;
    assert_eq!(answer.status.as_u16(), 200, "{}: {}", pair.sender, answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_that_share_an_id_are_all_told() {
    let fake = FakeBotApi::start_unlimited().await;
    let pairs = pairs();
    let hooks = pairs.iter().zip(FIRST_CHAT..).map(|(pair, chat)| {
        hook(pair.sender, pair.sender, pair.sender, &secret(pair.sender).1, chat, "", "template = \"{{ body }}\"")
    });
    let text = format!("public_url = \"{PUBLIC}\"\n{}", config(&fake.url(), &hooks.collect::<String>()));
    let mut setup = setup(&text);
    for pair in &pairs {
        let (value, name) = secret(pair.sender);
        setup = setup.env(&name, value.expose());
    }
    let bellhop = setup.start();
    let world = World { fake, setup, bellhop, http: Http::new() };
    for pair in &pairs {
        for body in [&pair.bodies[0], &pair.bodies[1], &pair.bodies[1], &pair.bodies[0]] {
            deliver(&world.http, &world.bellhop.url, pair, pair.id, body).await;
        }
    }
    for (pair, chat) in pairs.iter().zip(FIRST_CHAT..) {
        // What waits for its chat together is told in one message.
        let told = |messages: &[Message]| -> Vec<String> {
            let texts = messages.iter().filter(|message| message.chat_id == chat);
            texts.flat_map(|message| message.text.split("\n\n")).map(str::to_owned).collect()
        };
        let both = |messages: &[Message]| (told(messages).len() >= 2).then_some(());
        world.fake.wait_for(&format!("both of {}", pair.sender), Duration::from_secs(20), both).await;
        let texts = told(&world.fake.messages());
        assert_eq!(texts.len(), 2, "{}: {texts:#?}", pair.sender);
        assert_ne!(texts[0], texts[1], "{}", pair.sender);
    }
    world.finish();
}

#[tokio::test]
async fn without_an_id_the_same_again_is_new_once_its_time_is_over() {
    let world = World::start(&hook("s", "s", "shared-secret", "SHARED_SECRET", 5, "", "")).await;
    let begin = Instant::now();
    for _ in 0..3 {
        world.say("/webhook/s", "backup done").await;
    }
    assert_eq!(world.messages_of(5, 1).await.len(), 1);
    let headers = bellhop_tests::http::headers(&[("x-webhook-secret", SHARED_SECRET), ("idempotency-key", "run-2")]);
    let body = json!({"message": "backup done"}).to_string();
    assert_accepted(&world.http.post(&world.bellhop.at("/webhook/s"), &headers, body).await);
    assert_eq!(world.messages_of(5, 2).await.len(), 2, "an id of its own says that it is meant");
    tokio::time::sleep(Duration::from_secs(31).saturating_sub(begin.elapsed())).await;
    world.say("/webhook/s", "backup done").await;
    assert_eq!(world.messages_of(5, 3).await.len(), 3);
    world.finish();
}
