//! Whole requests, keys, and what is said of them.

use bellhop_core::secret::Secret;
use bellhop_senders::explain::{Case, Finding, explain};
use bellhop_senders::handshake::{Greeting, Host, Reply, greeting, introduction, knock};
use bellhop_senders::sender::{Algorithm, Scheme, SecretFormat};
use bellhop_senders::verify::{FetchedKey, Key, KeyRequest, Wanted, verify};

use super::bodies::stage;
use super::headers::chosen;
use super::request::Request;
use super::stage::{STAGES, Stage};

/// The stages of a request's sender.
fn stages(sender: &str) -> impl Iterator<Item = &'static Stage> {
    STAGES.iter().filter(move |stage| stage.sender.name == sender)
}

/// A whole request for any sender.
pub fn any_request(data: &[u8]) -> bool {
    let Some((sender, request)) = Request::read(data) else { return false };
    stages(sender).filter(|stage| stage.verify(&request).is_ok()).count() > 0
}

/// What an operator is told of any request: never a secret, and that it passes only where it does.
pub fn explained(data: &[u8]) -> bool {
    let Some((sender, request)) = Request::read(data) else { return false };
    let Some(stage) = stages(sender).next() else { return false };
    let ours: Vec<Secret> = stages(sender).map(|stage| stage.secret.clone()).collect();
    let Ok(other) = Secret::new("dec0de5eed5afe7e11a1eb0a7deadfa11deb0a7edec0de5eed5afe7e11a1eb0a") else {
        return false;
    };
    let pairs = request.pairs();
    let explained = |secrets: &[Secret], others: &[(&str, &Secret)]| {
        explain(Case {
            sender: stage.sender,
            secrets,
            others,
            inbound: request.inbound(&pairs),
            fetched: stage.fetched.as_ref(),
            now: request.now(),
        })
    };
    let own = explained(&ours, &[("other", &other)]);
    let foreign = explained(std::slice::from_ref(&other), &[("ours", &stage.secret)]);
    let said_by_request = String::from_utf8_lossy(data);
    for words in own.iter().chain(&foreign).map(Finding::to_string) {
        // A public key and an account's name are no secrets.
        let told = |secret: &&Secret| !said_by_request.contains(secret.expose()) && words.contains(secret.expose());
        assert!(!ours.iter().chain([&other]).any(|secret| told(&secret)), "{sender}: {words}");
    }
    let accepted = matches!(own.first(), Some(Finding::Accepted(_)));
    assert_eq!(accepted, stages(sender).any(|stage| stage.verify(&request).is_ok()), "{sender}: {own:?}");
    accepted
}

/// Every handshake with any request: a reply can be sent, and visits lead only to the sender's own addresses.
pub fn handshakes(data: &[u8]) -> bool {
    let Some((sender, request)) = Request::read(data) else { return false };
    let Some(stage) = stages(sender).next() else { return false };
    // What carries a request here lets no other headers through.
    if request.headers.iter().any(|(_, value)| http::HeaderValue::from_bytes(value).is_err()) {
        return false;
    }
    let pairs = request.pairs();
    let inbound = request.inbound(&pairs);
    let host = Host { sender: stage.sender, keys: &stage.keys, rate_per_minute: 100 };
    let mut shaken = false;
    if let Ok(Some(reply)) = knock(host, inbound, request.now()) {
        check_reply(stage, data, &reply);
        shaken = true;
    }
    if let Some(introduction) = introduction(stage.sender, inbound) {
        check_reply(stage, data, &introduction.reply);
        shaken = true;
    }
    if let Ok(verified) = verify(stage.sender, &stage.keys, inbound, stage.fetched.as_ref(), request.now()) {
        match greeting(&verified, &stage.keys) {
            Some(Greeting::Reply(reply)) => {
                check_reply(stage, data, &reply);
                shaken = true;
            }
            Some(Greeting::Visit(url)) => {
                let host = url.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
                let own = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
                assert!(own && !host.contains(['@', ':', '\\', '?', '#']), "a visit to {url}");
                shaken = true;
            }
            _ => {}
        }
    }
    shaken
}

/// Panics where a reply cannot be sent as it is, or tells the secret.
fn check_reply(stage: &Stage, data: &[u8], reply: &Reply) {
    let name = stage.sender.name;
    assert!((200..500).contains(&reply.status), "{name}: status {}", reply.status);
    assert!(http::HeaderValue::from_str(reply.content_type).is_ok(), "{name}: content type");
    for (header, value) in &reply.headers {
        assert!(http::HeaderName::from_bytes(header.as_bytes()).is_ok(), "{name}: header {header}");
        assert!(http::HeaderValue::from_str(value).is_ok(), "{name}: {header}: {value:?}");
    }
    let secret = stage.secret.expose();
    let told = |text: &str| text.contains(secret) && !String::from_utf8_lossy(data).contains(secret);
    assert!(!told(&reply.body) && !reply.headers.iter().any(|(_, value)| told(value)), "{name} tells its secret");
}

/// Certificates, JSON with keys in PEM, and JSON Web Keys, as they are found at an address.
pub fn fetched_key(data: &[u8]) -> bool {
    let Some((first, content)) = data.split_first() else { return false };
    let (kind, sender) = match first {
        255 => (Wanted::Jwks, "google-pubsub"),
        _ if first % 3 == 0 => (Wanted::Certificate { subject: "sns.amazonaws.com", issuer: "Amazon" }, "aws-sns"),
        _ if first % 3 == 1 => (Wanted::JsonPem("config.notifications.webhook.public_key"), "travis"),
        _ => (Wanted::Jwk, "plaid"),
    };
    let request = KeyRequest { url: "https://example.com/key".to_owned(), id: Some("key_1".to_owned()), kind };
    let read = FetchedKey::read(request, content);
    let Some(stage) = stage(sender, false) else { return read.is_ok() };
    // A key that was asked for under one address proves nothing that names another.
    if let Ok(fetched) = &read {
        let pairs = stage.good.pairs();
        let inbound = stage.good.inbound(&pairs);
        assert!(verify(stage.sender, &stage.keys, inbound, Some(fetched), stage.good.now()).is_err(), "{sender}");
    }
    read.is_ok()
}

/// Secrets as people paste them: public keys, base64, hexadecimal, text.
pub fn public_key(data: &[u8]) -> bool {
    let Some((stage, text)) = chosen(data, |stage| !stage.sender.is_unsigned()) else { return false };
    let Ok(secret) = Secret::new(String::from_utf8_lossy(text)) else { return false };
    let Ok(key) = Key::new(stage.sender, &secret) else { return false };
    let pairs = stage.good.pairs();
    let inbound = stage.good.inbound(&pairs);
    let passed = verify(stage.sender, &[key], inbound, stage.fetched.as_ref(), stage.good.now()).is_ok();
    let exact = match stage.scheme() {
        Scheme::Signed(signed) => {
            signed.secret == SecretFormat::Raw && matches!(signed.algorithm, Algorithm::Hmac(_) | Algorithm::Digest(_))
        }
        Scheme::Token(_) => true,
        Scheme::Jwt(jwt) => jwt.key.is_none(),
        Scheme::AppStore(_) | Scheme::None => false,
    };
    // A longer secret than a hash's block counts as its hash; ours is shorter than every block, so it must be the same.
    let padded = secret.expose().trim_end_matches('\0');
    assert!(!passed || !exact || padded == stage.secret.expose(), "{}: {secret:?} passes", stage.sender.name);
    passed
}
