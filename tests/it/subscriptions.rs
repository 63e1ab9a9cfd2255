//! What apps and hubs ask before they send, and how what they send then is answered, over real HTTP.

use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::sign::hmac_sha256;
use http::Method;
use serde_json::json;

use crate::world::{CHAT, OTHER_SECRET, World, config, hook, setup};

/// The topic that a hook is subscribed to.
const TOPIC: &str = "https://feeds.example.com/octo.xml";

/// An unsigned hook's path is its secret.
const STRAVA: &str = "strava-4c1e9a7f3b5d2e8a6c0f";

/// A server with a hook of each of these senders; all have the other secret.
async fn world() -> World {
    let fake = FakeBotApi::start_unlimited().await;
    let mut hooks = String::new();
    for sender in ["dropbox-sign", "figma", "google-calendar", "lark", "mailchimp", "viber"] {
        hooks += &hook(sender, sender, sender, "OTHER_SECRET", CHAT, "", "");
    }
    hooks += &hook("strava", STRAVA, "strava", "OTHER_SECRET", CHAT, "", "");
    hooks += &hook("websub", "websub", "websub", "", CHAT, r#"secrets = ["env:OTHER_SECRET", "env:TOPIC"]"#, "");
    let setup = setup(&config(&fake.url(), &hooks)).env("TOPIC", TOPIC);
    World { bellhop: setup.start(), setup, fake, http: Http::new() }
}

impl World {
    async fn get(&self, target: &str) -> Answer {
        self.http.send(Method::GET, &self.bellhop.at(target), &headers(&[]), String::new()).await
    }

    async fn send(&self, target: &str, all: &[(&str, &str)], body: &str) -> Answer {
        self.http.post(&self.bellhop.at(target), &headers(all), body.to_owned()).await
    }
}

/// An answer's status, content type and body.
fn shown(answer: &Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.header("content-type").to_owned(), answer.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_ask_first_are_answered_as_they_want_it() {
    let world = world().await;
    let (plain, json_type) = ("text/plain", "application/json");
    let strava = format!("/webhook/{STRAVA}?hub.mode=subscribe&hub.challenge=15f7&hub.verify_token=");
    let topic: String = form_urlencoded::byte_serialize(TOPIC.as_bytes()).collect();
    let websub = format!("/webhook/websub?hub.mode=subscribe&hub.challenge=4711&hub.topic={topic}");
    for (target, status, content_type, body) in [
        (format!("{strava}{OTHER_SECRET}"), 200, json_type, r#"{"hub.challenge":"15f7"}"#),
        (websub.clone(), 200, plain, "4711"),
        (format!("/webhook/mailchimp?secret={OTHER_SECRET}"), 200, "", ""),
    ] {
        assert_eq!(shown(&world.get(&target).await), (status, content_type.to_owned(), body.to_owned()), "{target}");
    }
    for (target, status) in [
        (format!("{strava}guessed"), 401),
        (websub.replace("octo", "other"), 401),
        (websub.replace("=subscribe", "=unsubscribe"), 405),
        ("/webhook/lark".to_owned(), 405),
    ] {
        assert_eq!(world.get(&target).await.status.as_u16(), status, "{target}");
    }
    let lark = |token: &str| json!({"challenge": "ajls", "token": token, "type": "url_verification"}).to_string();
    let asked = world.send("/webhook/lark", &[], &lark(OTHER_SECRET)).await;
    assert_eq!(shown(&asked), (200, json_type.to_owned(), r#"{"challenge":"ajls"}"#.to_owned()));
    assert_eq!(world.send("/webhook/lark", &[], &lark("guessed")).await.status.as_u16(), 401);
    assert_eq!(world.send("/webhook/lark", &[], r#"{"encrypt":"FIAf"}"#).await.status.as_u16(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_makes_no_event_and_an_event_is_answered_in_its_senders_words() {
    let world = world().await;
    let viber = |body: &str| hex::encode(hmac_sha256(OTHER_SECRET.as_bytes(), body.as_bytes()));
    let channel = |state| [("x-goog-channel-token", OTHER_SECRET), ("x-goog-resource-state", state)];
    let figma = |kind: &str| json!({"event_type": kind, "passcode": OTHER_SECRET}).to_string();
    let hello = r#"{"event":"webhook","timestamp":1}"#;
    for answer in [
        world.send("/webhook/google-calendar", &channel("sync"), "").await,
        world.send("/webhook/viber", &[("x-viber-content-signature", &viber(hello))], hello).await,
        world.send("/webhook/figma", &[], &figma("PING")).await,
    ] {
        assert_eq!(shown(&answer), (200, String::new(), String::new()));
    }
    let accepted = |answer: &Answer| answer.status.as_u16() == 200 && answer.text().contains("accepted");
    assert!(accepted(&world.send("/webhook/google-calendar", &channel("exists"), "").await));
    assert!(accepted(&world.send("/webhook/figma", &[], &figma("FILE_UPDATE")).await));
    let hash = hex::encode(hmac_sha256(OTHER_SECRET.as_bytes(), b"1763631000signature_request_sent"));
    let event = json!({"event_time": "1763631000", "event_type": "signature_request_sent", "event_hash": hash});
    let text = json!({"event": event, "signature_request": {"title": "The lease"}}).to_string();
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("json", &text).finish();
    let sent = [("content-type", "application/x-www-form-urlencoded")];
    let answer = world.send("/webhook/dropbox-sign", &sent, &form).await;
    assert_eq!(shown(&answer), (200, "text/plain".to_owned(), "Hello API Event Received".to_owned()));
}
