//! Accepted events at both front doors: each sender hears what it wants to.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use bellhop_api::web::router;
use bellhop_app::cache::{Cache, Changes};
use bellhop_app::doors::DoorCache;
use bellhop_app::ingress::{Ingress, Parts};
use bellhop_app::keys::PublishedKeys;
use bellhop_app::limiter::Limiter;
use bellhop_app::offers::Offers;
use bellhop_app::ports::{Clock as _, HookWriter as _, Vault as _};
use bellhop_app::ranges::RangeBook;
use bellhop_app::testing::memory::Memory;
use bellhop_core::config::Settings;
use bellhop_core::secret::Secret;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Outline, Post, post};
use ed25519_dalek::{Signer as _, SigningKey};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::ports::{self, clock};
use crate::http::answer;

const PUBLIC_URL: &str = "https://hooks.example.org";

/// An answer: its status, its headers and its body.
#[derive(Debug, PartialEq)]
struct Heard {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Heard {
    /// A header, empty where it is not there.
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A front door with one hook of a sender, and the world behind it.
async fn door(sender: &Sender, secret: &Secret) -> (Arc<Ingress>, Memory) {
    let memory = Memory::new(clock());
    let hook = serde_json::from_value(json!({
        "id": "hk_1", "name": "n", "path": "p", "sender": sender.name, "secrets": ["stored:s"],
        "rate_per_minute": 100, "max_body_bytes": 4096, "status": "active", "origin": "api",
        "actions": [], "created_at": 0, "updated_at": 0,
    }));
    let settings = Settings { public_url: Some(PUBLIC_URL.to_owned()), ..Settings::default() };
    memory.write_hooks(&[hook.unwrap()], &[], Some(&settings)).await.unwrap();
    memory.keep("s", secret).await.unwrap();
    let port = Arc::new(memory.clone());
    let (ranges, cache) = (RangeBook::new(port.clone()), Cache::new(clock(), Changes::default()));
    let ingress = Ingress::new(Parts {
        doors: Arc::new(DoorCache::new(port.clone(), port.clone(), ranges, cache)),
        inbox: port.clone(),
        orders: port.clone(),
        limiter: Limiter::alone(),
        keys: PublishedKeys::new(Arc::new(ports::Memory::default()), clock()),
        offers: Offers::new(port, clock()),
        clock: clock(),
    });
    (Arc::new(ingress), memory)
}

/// The answer of the door in one process.
async fn at_the_server(ingress: &Arc<Ingress>, post: &Post) -> Heard {
    let mut request = http::Request::post(&post.target);
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(post.body.clone())).unwrap();
    let (parts, body) = router(ingress.clone(), None).oneshot(request).await.unwrap().into_parts();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let body = to_bytes(body, 4096).await.unwrap();
    Heard { status: parts.status.as_u16(), headers: headers.collect(), body: String::from_utf8(body.to_vec()).unwrap() }
}

/// The answer of the deployed door.
async fn at_the_function(ingress: &Ingress, post: &Post) -> Heard {
    let (path, query) = post.target.split_once('?').unwrap_or((&post.target, ""));
    let headers: BTreeMap<_, _> = post.headers.iter().cloned().collect();
    let event = json!({
        "rawPath": path, "rawQueryString": query, "headers": headers, "requestContext": {"http": {"method": "POST"}},
        "body": String::from_utf8(post.body.clone()).unwrap(),
    });
    let event = LambdaEvent { payload: serde_json::from_value(event).unwrap(), context: Context::default() };
    let answer = answer(ingress, &event).await;
    let headers = answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_owned()));
    Heard { status: answer.status_code, headers: headers.collect(), body: answer.body }
}

/// A request of a sender, and the secret it proves itself by.
fn request(sender: &'static Sender, body: Option<&str>) -> (Secret, Post) {
    let outline = Outline {
        url: Url::new(PUBLIC_URL, "/webhook/p"),
        body: body.map(str::as_bytes),
        event_type: None,
        id: "octo-1",
    };
    let now = clock().now();
    if let Some(secret) = sender.new_secret(&[7; 32]) {
        let post = post(sender, Some(&secret), outline, now).unwrap();
        return (secret, post);
    }
    assert_eq!(sender.name, "discord", "no other sender here has a key of its own");
    let (key, at) = (SigningKey::from_bytes(&[7; 32]), now.as_seconds().to_string());
    let mut post = post(sender, None, outline, now).unwrap();
    let signature = key.sign(&[at.as_bytes(), &post.body].concat());
    post.headers.push(("x-signature-timestamp".to_owned(), at));
    post.headers.push(("x-signature-ed25519".to_owned(), hex::encode(signature.to_bytes())));
    (Secret::new(hex::encode(key.verifying_key().as_bytes())).unwrap(), post)
}

#[tokio::test]
async fn each_sender_hears_what_it_wants_to() {
    let json = "application/json";
    let shown = r#"{"type":4,"data":{"content":"Received.","flags":64}}"#;
    for (name, body, status, content_type, expected) in [
        ("github", None, 200, json, None),
        ("telegram", Some(r#"{"update_id":7,"message":{"text":"hello"}}"#), 200, json, None),
        ("asana", None, 200, json, None),
        ("mailgun", None, 200, json, None),
        ("twilio", None, 200, "text/xml", Some("<Response/>")),
        ("slack", None, 200, "", Some("")),
        ("slack", Some("command=%2Focto&text=hello"), 200, "", Some("")),
        ("slack", Some("payload=%7B%22type%22%3A%22block_actions%22%7D"), 200, "", Some("")),
        ("teams", None, 200, json, Some(r#"{"type":"message","text":"Received."}"#)),
        ("xero", None, 200, "", Some("")),
        ("adyen", None, 200, "text/plain", Some("[accepted]")),
        ("adyen-platform", None, 200, "text/plain", Some("[accepted]")),
        ("discord", Some(r#"{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}"#), 204, "", Some("")),
        ("discord", Some(r#"{"type":2,"id":"7","data":{"name":"octo"}}"#), 200, json, Some(shown)),
        ("discord", Some(r#"{"type":3,"id":"7"}"#), 200, json, Some(shown)),
        ("discord", Some(r#"{"type":4,"id":"7"}"#), 200, json, Some(r#"{"type":8,"data":{"choices":[]}}"#)),
        ("discord", Some(r#"{"type":5,"id":"7"}"#), 200, json, Some(shown)),
    ] {
        let sender = Sender::named(name).unwrap();
        let (secret, post) = request(sender, body);
        let (ingress, memory) = door(sender, &secret).await;
        for server in [true, false] {
            let heard = match server {
                true => at_the_server(&ingress, &post).await,
                false => at_the_function(&ingress, &post).await,
            };
            let what = format!("{name} {body:?} {heard:?}");
            let messages = memory.with_inbox(bellhop_app::testing::memory::Queue::take_all);
            let [message] = messages.as_slice() else { panic!("{what}: {} messages", messages.len()) };
            assert_eq!((heard.status, heard.header("content-type")), (status, content_type), "{what}");
            let id = match expected {
                Some(expected) => {
                    assert_eq!(heard.body, expected, "{what}");
                    heard.header("x-bellhop-event").to_owned()
                }
                None => {
                    let said: Value = serde_json::from_str(&heard.body).unwrap();
                    assert_eq!((&said["status"], heard.header("x-bellhop-event")), (&json!("accepted"), ""), "{what}");
                    said["id"].as_str().unwrap().to_owned()
                }
            };
            assert!(!id.is_empty() && message.contains(&id), "{what}: {message}");
        }
    }
}
