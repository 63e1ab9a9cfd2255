use super::*;
use crate::sender::{Algorithm, SecretFormat};
use crate::verify::{Refusal, verify};
use proptest::prelude::*;
use proptest::sample::Index;

const BASE: &str = "https://hooks.example.com";
const TARGET: &str = "/webhook/p?a=1";

/// A signed request, ready to be sent or to be spoiled.
#[derive(Clone)]
struct Sent {
    sender: &'static Sender,
    secret: Secret,
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    /// Signs a request of this sender; `None` where only the sender itself can.
    fn signed(sender: &'static Sender, secret: &Secret, body: &[u8], id: &str, now: Timestamp) -> Option<Self> {
        let draft = Draft { method: "POST", url: Url::new(BASE, TARGET), body, id };
        let proof = match sign_request(sender, secret, draft, now) {
            Err(Unsignable::OnlyItself) => return None,
            Err(Unsignable::Secret(BadKey::NotPublicKey)) => return None,
            other => other.unwrap(),
        };
        let mut target = TARGET.to_owned();
        proof.query.iter().for_each(|parameter| target.push_str(&format!("&{parameter}")));
        let body = proof.body.unwrap_or_else(|| body.to_vec());
        Some(Self { sender, secret: secret.clone(), method: "POST", target, headers: proof.headers, body })
    }

    fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        let key = Key::new(self.sender, &self.secret).unwrap();
        let pairs: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let url = Url::new(BASE, &self.target);
        let inbound = Inbound { method: self.method, url, ..Inbound::new(Headers::new(&pairs), &self.body) };
        verify(self.sender, &[key], inbound, None, now).map(|_| ())
    }
}

/// A secret that every scheme can read: hexadecimal is base64 too, where its length is right.
fn secret_for(sender: &Sender, bytes: &[u8]) -> Secret {
    let text = hex::encode(bytes);
    let is_pair = sender.scheme == Scheme::Token(TokenPlace::Basic) || is_asked_for(sender);
    Secret::new(if is_pair { format!("user@octo.example:{text}") } else { text }).unwrap()
}

/// Whether the sender's key is asked for with the secret.
fn is_asked_for(sender: &Sender) -> bool {
    matches!(&sender.scheme, Scheme::Jwt(jwt) if jwt.key.is_some())
}

/// A body that this sender might send.
fn body_for(sender: &Sender, bytes: &[u8]) -> Vec<u8> {
    let text = hex::encode(bytes);
    match &sender.scheme {
        Scheme::Signed(Signed { document: Some(name), .. }) => {
            format!("{name}=%7B%22k%22%3A%22{text}%22%7D").into_bytes()
        }
        Scheme::Signed(scheme) if scheme.content.contains(&Part::Form) => format!("k={text}").into_bytes(),
        Scheme::Signed(scheme) if scheme.content.contains(&Part::FormOrBodyHash) => format!("k={text}").into_bytes(),
        Scheme::Signed(scheme) if scheme.timestamp.is_some_and(|clock| matches!(clock.place, ClockPlace::Field(_))) => {
            format!(r#"{{"k":"{text}"}}"#).into_bytes()
        }
        Scheme::Signed(Signed { place: Carrier::Field(_), .. }) | Scheme::Token(TokenPlace::Field(_)) => {
            format!(r#"{{"k":"{text}"}}"#).into_bytes()
        }
        Scheme::Token(TokenPlace::Form(_)) => format!("k={text}").into_bytes(),
        _ => bytes.to_vec(),
    }
}

/// Whether a scheme covers the whole body.
fn covers_body(sender: &Sender) -> bool {
    match &sender.scheme {
        Scheme::Signed(Signed { place: Carrier::Field(_), .. }) => false,
        scheme => scheme.covers_body(),
    }
}

/// The text with one bit of one letter changed.
fn flipped(text: &str, place: Index, bit: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = place.index(bytes.len());
    bytes[at] ^= 1 << bit;
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]
    #[test]
    fn whatever_is_signed_verifies_and_one_flipped_bit_does_not(
        which in any::<Index>(),
        secret in proptest::collection::vec(any::<u8>(), 32),
        body in proptest::collection::vec(any::<u8>(), 1..400),
        id in "[a-z0-9_-]{1,40}",
        at in 0u64..4_000_000_000,
        place in any::<Index>(),
        header in any::<Index>(),
        bit in 0u8..7,
    ) {
        let sender = which.get(Sender::all());
        let (secret, now) = (secret_for(sender, &secret), Timestamp::from_seconds(at));
        let Some(sent) = Sent::signed(sender, &secret, &body_for(sender, &body), &id, now) else { return Ok(()) };
        prop_assert_eq!(sent.check(now), Ok(()), "{}", sender.name);

        let mut other = sent.clone();
        let length = other.body.len();
        other.body[place.index(length)] ^= 1 << bit;
        if covers_body(sender) {
            prop_assert!(other.check(now).is_err(), "{}: body", sender.name);
        }
        if !sent.headers.is_empty() {
            let mut other = sent.clone();
            let value = &mut other.headers[header.index(sent.headers.len())].1;
            let before = value.clone();
            *value = flipped(value, place, bit);
            // Letters of hexadecimal digits and of words like `Bearer` count in either case.
            if !value.eq_ignore_ascii_case(&before) {
                prop_assert!(other.check(now).is_err(), "{}: {before} became {value}", sender.name, value = other.headers[header.index(sent.headers.len())].1);
            }
        }
        let signs_url = matches!(&sender.scheme, Scheme::Signed(s) if s.content.iter().any(is_of_url))
            || matches!(&sender.scheme, Scheme::Jwt(jwt) if jwt.url_hash.is_some());
        if signs_url {
            prop_assert!(Sent { target: flipped(TARGET, place, bit), ..sent.clone() }.check(now).is_err(), "{}: URL", sender.name);
        }
        if matches!(&sender.scheme, Scheme::Signed(s) if s.content.contains(&Part::Method)) {
            prop_assert!(Sent { method: "PUT", ..sent }.check(now).is_err(), "{}: method", sender.name);
        }
    }
}

/// Whether a part of the content is the whole URL, or its path and query.
fn is_of_url(part: &Part) -> bool {
    matches!(part, Part::Url | Part::UrlAnyPort | Part::UrlHubspot | Part::UrlContentful)
}

#[test]
fn every_sender_that_shares_a_secret_can_be_signed_for() {
    let now = Timestamp::from_seconds(1_700_000_000);
    for sender in Sender::all() {
        let by_itself = match &sender.scheme {
            Scheme::Signed(scheme) => !matches!(scheme.algorithm, Algorithm::Hmac(_) | Algorithm::Digest(_)),
            Scheme::Jwt(jwt) => jwt.key.is_some(),
            Scheme::AppStore(_) => true,
            Scheme::Token(_) | Scheme::None => false,
        };
        let sent = Sent::signed(sender, &secret_for(sender, &[7; 32]), &body_for(sender, b"hello"), "msg_1", now);
        assert_eq!(sent.is_none(), by_itself, "{}", sender.name);
        if let Some(sent) = sent {
            assert_eq!(sent.check(now), Ok(()), "{}", sender.name);
        }
    }
}

#[test]
fn every_sample_is_sent_as_its_sender_would_and_proves_itself() {
    let now = Timestamp::from_seconds(1_700_000_000);
    let (mut signed, mut forms) = (0, 0);
    for sender in Sender::all() {
        let secret = secret_for(sender, &[7; 32]);
        let outline = Outline { url: Url::new(BASE, TARGET), body: None, event_type: None, id: "msg_1" };
        let sent = match post(sender, Some(&secret), outline, now) {
            Err(Unsignable::OnlyItself | Unsignable::Secret(BadKey::NotPublicKey)) => continue,
            other => other.unwrap_or_else(|why| panic!("{}: {why}", sender.name)),
        };
        let key = Key::new(sender, &secret).unwrap();
        let pairs = sent.pairs();
        assert_eq!(
            verify(sender, &[key], sent.inbound(BASE, &pairs), None, now).map(|_| ()),
            Ok(()),
            "{}",
            sender.name
        );
        let is_form =
            sent.headers.contains(&("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        assert_eq!(is_form, !matches!(sent.body.first(), Some(b'{' | b'[')), "{}", sender.name);
        assert!(!is_form || !sent.target.contains("bodySHA256"), "{}", sender.name);
        signed += 1;
        forms += usize::from(is_form);
    }
    assert!(signed > 150 && forms >= 4, "{signed} signed, {forms} of them forms");
}

#[test]
fn a_proof_in_the_body_is_spoiled_with_it() {
    let now = Timestamp::from_seconds(1_700_000_000);
    for (name, path) in [
        ("adyen", "notificationItems.0.NotificationRequestItem.additionalData.hmacSignature"),
        ("adyen", "notificationItems.0.NotificationRequestItem.eventCode"),
        ("mailgun", "signature.signature"),
        ("mailgun", "signature.token"),
        ("microsoft-graph", "value.0.clientState"),
    ] {
        let sender = Sender::named(name).unwrap();
        let sent = Sent::signed(sender, &secret_for(sender, &[7; 32]), b"{}", "msg_1", now).unwrap();
        assert_eq!(sent.check(now), Ok(()), "{name}");
        let mut document = crate::json::read(&sent.body).unwrap();
        body::set(&mut document, path, "x");
        let other = Sent { body: document.to_string().into_bytes(), ..sent };
        assert!(other.check(now).is_err(), "{name}: {path}");
    }
    // One item signed and one not is not a signed body.
    let adyen = Sender::named("adyen").unwrap();
    let two = br#"{"notificationItems":[{"NotificationRequestItem":{"eventCode":"A"}},{"NotificationRequestItem":{"eventCode":"B"}}]}"#;
    let sent = Sent::signed(adyen, &secret_for(adyen, &[7; 32]), two, "m", now).unwrap();
    assert_eq!(sent.check(now), Ok(()));
    let spoiled = String::from_utf8(sent.body.clone()).unwrap().replacen("\"B\"", "\"C\"", 1);
    assert!(Sent { body: spoiled.into_bytes(), ..sent }.check(now).is_err());
}

#[test]
fn a_senders_headers_are_those_it_would_send() {
    let named = |sender: &str| {
        let secret = Secret::new("c2VjcmV0LXNlY3JldC1zZWNyZXQ=").unwrap();
        let headers = sign(Sender::named(sender).unwrap(), &secret, b"{}", "msg_1", Timestamp::from_ms(5_999)).unwrap();
        headers.into_iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    assert_eq!(named("none"), [""; 0]);
    assert_eq!(named("shared-secret"), ["x-webhook-secret: c2VjcmV0LXNlY3JldC1zZWNyZXQ="]);
    assert_eq!(named("bearer"), ["authorization: Bearer c2VjcmV0LXNlY3JldC1zZWNyZXQ="]);
    for (sender, starts) in [
        ("github", &["x-hub-signature-256: sha256="][..]),
        ("standard-webhooks", &["webhook-id: msg_1", "webhook-timestamp: 5", "webhook-signature: v1,"]),
        ("stripe", &["stripe-signature: t=5,v1="]),
        ("paddle", &["paddle-signature: ts=5;h1="]),
        ("workos", &["workos-signature: t=5999,v1="]),
        (
            "zendesk",
            &["x-zendesk-webhook-signature-timestamp: 1970-01-01T00:00:05.999Z", "x-zendesk-webhook-signature: "],
        ),
        ("coinbase-cdp", &["x-event-id: msg_1", "x-hook0-signature: t=5,h=x-event-id,v1="]),
        ("netlify", &["x-webhook-signature: eyJhbGciOiJIUzI1NiIs"]),
    ] {
        let found = named(sender);
        assert_eq!(found.len(), starts.len(), "{found:?}");
        assert!(found.iter().zip(starts).all(|(found, start)| found.starts_with(start)), "{found:?}");
    }
}

#[test]
fn what_cannot_be_signed_says_why() {
    let secret = Secret::new("not base64!").unwrap();
    let error = |sender: &str| {
        sign(Sender::named(sender).unwrap(), &secret, b"text", "m", Timestamp::default()).map(|_| ()).unwrap_err()
    };
    assert_eq!(error("standard-webhooks"), Unsignable::Secret(BadKey::NotBase64));
    assert_eq!(error("adyen-platform"), Unsignable::Secret(BadKey::NotHex));
    assert_eq!(error("basic"), Unsignable::Secret(BadKey::NotBasic));
    assert_eq!(error("discord"), Unsignable::Secret(BadKey::NotPublicKey));
    assert_eq!(error("aws-sns"), Unsignable::OnlyItself);
    assert_eq!(error("plaid"), Unsignable::Secret(BadKey::NotClient));
    assert_eq!(error("square"), Unsignable::NoPublicUrl);
    assert_eq!(error("messagebird"), Unsignable::NoPublicUrl);
    assert_eq!(error("mailgun"), Unsignable::NotJson);
    assert_eq!(format!("{:?}", Proof { query: vec!["token=canary".to_owned()], ..Proof::default() }), "[redacted]");
}

#[test]
fn a_secret_of_each_format_is_read() {
    let formats: Vec<_> = Sender::all()
        .iter()
        .filter_map(|sender| match &sender.scheme {
            Scheme::Signed(scheme) => Some(scheme.secret),
            _ => None,
        })
        .collect();
    for format in [
        SecretFormat::Raw,
        SecretFormat::Whsec,
        SecretFormat::Base64,
        SecretFormat::Hex,
        SecretFormat::Nfkd,
        SecretFormat::PublicKey,
    ] {
        assert!(formats.contains(&format), "{format:?} is used by no row");
    }
}

#[test]
fn every_sample_gets_a_delivery_id_of_its_own() {
    let read = |sender: &Sender, post: &Post| {
        let header = |name: &str| {
            let found = post.headers.iter().find(|(found, _)| found == name);
            found.map(|(_, value)| std::borrow::Cow::Owned(value.clone()))
        };
        let document = crate::json::read(&post.body).ok();
        sender.delivery_id.read(&header, document.as_ref()).map(std::borrow::Cow::into_owned)
    };
    let mut told_apart = 0;
    for sender in Sender::all() {
        let url = Url::new("https://hooks.example.com", "/webhook/p");
        let posted =
            |id| post(sender, None, Outline { url, body: None, event_type: None, id }, Timestamp::default()).unwrap();
        let [one, two] = ["msg_1", "msg_2"].map(|id| read(sender, &posted(id)));
        assert!(one.is_none() || one != two, "{} sends {one:?} twice", sender.name);
        told_apart += usize::from(one.is_some());
    }
    assert!(told_apart > 80, "{told_apart}");
    let github = Sender::named("github").unwrap();
    assert_eq!(with_id(github, b"{\"id\":1}", "msg_1"), b"{\"id\":1}", "its ids stand in a header");
    let stripe = Sender::named("stripe").unwrap();
    assert_eq!(with_id(stripe, b"hello", "msg_1"), b"hello");
}
