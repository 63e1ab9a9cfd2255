//! Senders that sign with a private key: their requests are signed here with keys made for the test.

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use std::sync::LazyLock;

use super::negatives::refuse_all;
use super::request::Request;
use super::*;
use crate::sender::Hash;

const BODY: &[u8] = br#"{"hello":"octo"}"#;
const TOPIC: &str = "arn:aws:sns:eu-central-1:000000000000:octo";
const PEM_URL: &str = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem";

/// Two RSA keys, the same in every run.
pub(super) static RSA: LazyLock<[RsaPrivateKey; 2]> =
    LazyLock::new(|| [1, 2].map(|seed| RsaPrivateKey::new(&mut Numbers(seed), 2048).unwrap()));

/// Numbers that only look like chance.
struct Numbers(u64);

impl rsa::rand_core::TryRng for Numbers {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, room: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in room.chunks_mut(32) {
            self.0 += 1 << 8;
            chunk.copy_from_slice(&Sha256::digest(self.0.to_le_bytes())[..chunk.len()]);
        }
        Ok(())
    }
}

impl rsa::rand_core::TryCryptoRng for Numbers {}

/// A signature of RSA with SHA-256.
pub(super) fn rsa_bytes(key: usize, content: &[u8]) -> Vec<u8> {
    RSA[key].sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(content)).unwrap()
}

fn rsa(key: usize, hash: Hash, content: &[u8]) -> String {
    let signature = match hash {
        Hash::Sha1 => RSA[key].sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(content)),
        _ => RSA[key].sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(content)),
    };
    STANDARD.encode(signature.unwrap())
}

fn rsa_der(key: usize) -> Vec<u8> {
    RSA[key].to_public_key().to_public_key_der().unwrap().as_bytes().to_vec()
}

fn pem(kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

/// One DER value.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..128 => vec![u8::try_from(length).unwrap()],
        128..256 => vec![0x81, u8::try_from(length).unwrap()],
        _ => [&[0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [&[tag][..], &head, content].concat()
}

/// A certificate of an RSA key, made out to a name, which counts from 2020 to 2030.
fn certificate(key: usize, name: &str) -> String {
    certificate_of(key, name, "Amazon")
}

/// The same, issued by this organisation.
fn certificate_of(key: usize, name: &str, issuer: &str) -> String {
    let algorithm =
        der(0x30, &[&der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b])[..], &[5, 0]].concat());
    let named = |kind: u8, name: &str| {
        let pair = [der(0x06, &[0x55, 0x04, kind]), der(0x0c, name.as_bytes())].concat();
        der(0x30, &der(0x31, &der(0x30, &pair)))
    };
    let validity = der(0x30, &[der(0x17, b"200101000000Z"), der(0x17, b"300101000000Z")].concat());
    let inside = [
        der(0xa0, &der(0x02, &[2])),
        der(0x02, &[1]),
        algorithm.clone(),
        named(0x0a, issuer),
        validity,
        named(0x03, name),
        rsa_der(key),
    ];
    let signature = der(0x03, &[0; 33]);
    pem("CERTIFICATE", &der(0x30, &[der(0x30, &inside.concat()), algorithm, signature].concat()))
}

/// A request whose proof is made by hand.
fn request(sender: &str, secret: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    Request {
        sender: Sender::named(sender).unwrap(),
        secret: secret.to_owned(),
        fetched: None,
        base: super::request::BASE.to_owned(),
        method: "POST".to_owned(),
        target: "/webhook/p".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.to_vec(),
    }
}

/// The same with the key that it asks for, as it would be found.
fn with_key(request: Request, content: &str) -> Request {
    let pairs = request.pairs();
    let wanted = wanted_key(request.sender, request.inbound(&pairs)).unwrap().unwrap();
    let fetched = FetchedKey::read(wanted, content.as_bytes()).unwrap();
    Request { fetched: Some(fetched), ..request.clone() }
}

/// A good request of every sender that signs with a key of its own, each with what is found at its key's address.
pub(super) fn all() -> Vec<(Request, String)> {
    let plain = [
        discord(&ed25519(7)),
        standard("standard-webhooks", "webhook"),
        standard("svix", "svix"),
        sendgrid(false),
        sendgrid(true),
        wise(1, Hash::Sha256),
        kick(),
        telnyx(),
    ];
    let aws = certificate(0, "sns.amazonaws.com");
    let fetched = [
        (travis(), json_pem()),
        (sns(0, Hash::Sha1, &[]), aws.clone()),
        (sns(0, Hash::Sha256, &[]), aws),
        (paypal("paypal", ""), certificate(0, "messageverificationcerts.paypal.com")),
        (paypal("paypal-sandbox", ".sandbox"), certificate(0, "messageverificationcerts.sandbox.paypal.com")),
        (plaid("plaid", &plaid_token("ES256", NOW, BODY)), jwk("key_1", "ES256", None)),
        (plaid("plaid-sandbox", &plaid_token("ES256", NOW, BODY)), jwk("key_1", "ES256", None)),
    ];
    let fetched = fetched.into_iter().map(|(request, found)| (with_key(request, &found), found));
    plain.into_iter().map(|request| (request, String::new())).chain(fetched).chain(super::tokens::all()).collect()
}

#[test]
fn nothing_that_a_sender_nearly_signed_passes() {
    let mut names = std::collections::BTreeSet::new();
    for (request, _) in all() {
        let tried = refuse_all(&request);
        assert!(tried >= 400, "{}: only {tried}", request.sender.name);
        names.insert(request.sender.name);
    }
    // With those that our own signer signs for, these are all.
    let left: Vec<_> = Sender::all().iter().filter(|sender| !super::negatives::is_ours(sender)).collect();
    let is_known = |sender: &Sender| {
        // Nobody but Apple signs a notification that passes; what is made of one is refused in `app_store`.
        sender.is_unsigned() || names.contains(sender.name) || matches!(sender.scheme, Scheme::AppStore(_))
    };
    assert!(left.iter().all(|sender| is_known(sender)), "{names:?}");
}

/// The requests above are where the fuzzer begins; `BELLHOP_WRITE_SEEDS=1` writes them again.
#[test]
fn the_fuzzers_requests_are_these() {
    let rows = all().into_iter().map(|(request, found)| {
        serde_json::json!({
            "sender": request.sender.name,
            "secret": request.secret,
            "found": found,
            "target": request.target,
            "headers": request.headers,
            "body": String::from_utf8(request.body).unwrap(),
        })
    });
    let rows: Vec<_> = rows.chain([super::app_store::row()]).collect();
    let text = serde_json::to_string_pretty(&rows).unwrap() + "\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz/signed.json");
    if std::env::var_os("BELLHOP_WRITE_SEEDS").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    assert!(std::fs::read_to_string(file).unwrap() == text, "stale: run this with BELLHOP_WRITE_SEEDS=1");
}

/// An Ed25519 key, the same in every run.
fn ed25519(seed: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
}

/// A request of Discord, signed by a key, at a hook that knows another's.
fn discord(key: &ed25519_dalek::SigningKey) -> Request {
    let (now, public) = (NOW.to_string(), hex::encode(ed25519(7).verifying_key().as_bytes()));
    let signature = hex::encode(key.sign(&[now.as_bytes(), BODY].concat()).to_bytes());
    request("discord", &public, &[("x-signature-ed25519", &signature), ("x-signature-timestamp", &now)], BODY)
}

/// A request of Telnyx.
fn telnyx() -> Request {
    let (now, key) = (NOW.to_string(), ed25519(7));
    let body = br#"{"data":{"event_type":"message.received","id":"msg_1"}}"#;
    let signature = STANDARD.encode(key.sign(&[now.as_bytes(), b"|", body].concat()).to_bytes());
    let public = STANDARD.encode(key.verifying_key().as_bytes());
    request("telnyx", &public, &[("telnyx-signature-ed25519", &signature), ("telnyx-timestamp", &now)], body)
}

/// A request in the asymmetric scheme of Standard Webhooks, with headers of this prefix.
fn standard(name: &str, prefix: &str) -> Request {
    let (now, key) = (NOW.to_string(), ed25519(7));
    let content = [b"msg_1.", now.as_bytes(), b".", BODY].concat();
    let signature = format!("v1a,{}", STANDARD.encode(key.sign(&content).to_bytes()));
    let secret = format!("whpk_{}", STANDARD.encode(key.verifying_key().as_bytes()));
    let [id, time, header] = ["id", "timestamp", "signature"].map(|part| format!("{prefix}-{part}"));
    request(name, &secret, &[(&id, "msg_1"), (&time, &now), (&header, &signature)], BODY)
}

#[test]
fn a_signature_of_ed25519_is_told_from_the_other_kind() {
    assert!(discord(&ed25519(8)).check(NOW).is_err());
    for good in [standard("standard-webhooks", "webhook"), standard("svix", "svix")] {
        let signature = good.headers[2].1.clone();
        // Beside a signature of the other kind it counts; as one of the other kind it does not.
        let beside = format!("v1,{} {signature}", STANDARD.encode([1; 32]));
        let other = signature.replace("v1a", "v1");
        for (value, passes) in [(beside, true), (other, false)] {
            assert_eq!(good.with(2, Some(value.clone())).check(NOW).is_ok(), passes, "{value}");
        }
    }
}

/// A request of `SendGrid` at a hook with its public key, in PEM or in base64 alone.
fn sendgrid(in_pem: bool) -> Request {
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let head = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
    let public = [&head[..], key.verifying_key().to_sec1_point(false).as_bytes()].concat();
    let now = NOW.to_string();
    let digest = Sha256::digest([now.as_bytes(), BODY].concat());
    let signature: p256::ecdsa::DerSignature = key.sign_prehash(&digest).unwrap();
    let signature = STANDARD.encode(signature.as_bytes());
    let header = "x-twilio-email-event-webhook-signature";
    let secret = if in_pem { pem("PUBLIC KEY", &public) } else { STANDARD.encode(&public) };
    let headers = [(header, signature.as_str()), ("x-twilio-email-event-webhook-timestamp", &now)];
    request("sendgrid", &secret, &headers, BODY)
}

/// A request of Wise, signed by a key over a hash, at a hook that knows the second key.
///
/// Nobody else signs with that one: whatever they signed would be a body that Wise could have signed.
fn wise(key: usize, hash: Hash) -> Request {
    let secret = pem("PUBLIC KEY", &rsa_der(1));
    request("wise", &secret, &[("x-signature-sha256", &rsa(key, hash, BODY))], BODY)
}

#[test]
fn rsa_proves_by_its_own_key_and_hash_alone() {
    for wrong in [wise(0, Hash::Sha256), wise(1, Hash::Sha1)] {
        assert_eq!(wrong.check(NOW), Err(Refusal::Mismatch("x-signature-sha256")));
    }
}

/// A request of Kick.
fn kick() -> Request {
    let secret = pem("PUBLIC KEY", &rsa_der(0));
    let time = Timestamp::from_seconds(NOW).rfc3339();
    let content = [b"msg_1.", time.as_bytes(), b".", BODY].concat();
    let signature = rsa(0, Hash::Sha256, &content);
    let names = ["kick-event-message-id", "kick-event-message-timestamp", "kick-event-signature"];
    request("kick", &secret, &[(names[0], "msg_1"), (names[1], &time), (names[2], &signature)], BODY)
}

/// What Travis publishes.
fn json_pem() -> String {
    let key = pem("PUBLIC KEY", &rsa_der(0));
    serde_json::json!({"config": {"notifications": {"webhook": {"public_key": key}}}}).to_string()
}

/// A request of Travis about `octo/hello`.
fn travis() -> Request {
    let payload = r#"{"id":1,"state":"passed","repository":{"name":"hello","owner_name":"octo"}}"#;
    let encoded: String = form_urlencoded::byte_serialize(payload.as_bytes()).collect();
    let body = format!("payload={encoded}");
    let signature = rsa(0, Hash::Sha1, payload.as_bytes());
    request("travis", "octo/hello", &[("signature", &signature)], body.as_bytes())
}

#[test]
fn travis_proves_itself_and_the_repository() {
    assert_eq!(travis().check(NOW), Err(Refusal::NoKey));
    let good = with_key(travis(), &json_pem());
    assert_eq!(good.check_with("octo/other", NOW), Err(Refusal::AnotherAccount));
    let twice = Request { body: [&good.body[..], b"&", &good.body].concat(), ..good };
    assert_eq!(twice.check(NOW), Err(Refusal::MissingField("payload")));
}

/// An SNS message with these fields, signed by a key.
fn sns(key: usize, hash: Hash, changed: &[(&str, &str)]) -> Request {
    let time = Timestamp::from_seconds(NOW).rfc3339();
    let version = if hash == Hash::Sha1 { "1" } else { "2" };
    let mut fields = vec![
        ("Message", "hello"),
        ("MessageId", "1"),
        ("Subject", "a subject"),
        ("Timestamp", &time),
        ("TopicArn", TOPIC),
        ("Type", "Notification"),
    ];
    fields.iter_mut().for_each(|(name, value)| {
        changed.iter().filter(|(other, _)| other == name).for_each(|(_, other)| *value = other);
    });
    let content: String = fields.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
    let signature = rsa(key, hash, content.as_bytes());
    fields.extend([("Signature", signature.as_str()), ("SignatureVersion", version), ("SigningCertURL", PEM_URL)]);
    let body: serde_json::Map<_, _> = fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    request("aws-sns", TOPIC, &[], serde_json::to_string(&body).unwrap().as_bytes())
}

#[test]
fn sns_proves_itself_and_the_topic() {
    let name = "sns.amazonaws.com";
    for hash in [Hash::Sha1, Hash::Sha256] {
        let good = with_key(sns(0, hash, &[]), &certificate(0, name));
        for field in ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "SignatureVersion"] {
            assert!(good.with_field(field, "x").check(NOW).is_err(), "{field}");
        }
        // The version that a message names is a part of what it proves.
        let other = if hash == Hash::Sha1 { "2" } else { "1" };
        assert!(good.with_field("SignatureVersion", other).check(NOW).is_err());
        assert_eq!(good.check_with("arn:aws:sns:eu-central-1:000000000000:other", NOW), Err(Refusal::AnotherAccount));
    }
    let topic = [("TopicArn", "arn:aws:sns:eu-central-1:111111111111:octo")];
    let theirs = with_key(sns(0, Hash::Sha256, &topic), &certificate(0, name));
    assert_eq!(theirs.check(NOW), Err(Refusal::AnotherAccount));
    // What can be seen without the key is said without it, so that nobody has us fetch keys for another's topic.
    let unknown = Request { fetched: None, ..theirs };
    assert_eq!(unknown.check(NOW), Err(Refusal::AnotherAccount));
    assert_eq!(
        unknown.with_field("Signature", "AAAA").check_with(topic[0].1, NOW),
        Err(Refusal::MalformedField("Signature"))
    );
    assert_eq!(unknown.check_with(topic[0].1, NOW), Err(Refusal::NoKey));
    let forged = with_key(sns(1, Hash::Sha256, &[]), &certificate(0, name));
    assert_eq!(forged.check(NOW), Err(Refusal::WrongField("Signature")));
    // A certificate does not count after its end, and none that is made out to somebody else counts at all.
    let wanted = |request: &Request| wanted_key(request.sender, request.inbound(&[])).unwrap().unwrap();
    let message = sns(0, Hash::Sha256, &[]);
    assert!(FetchedKey::read(wanted(&message), certificate(0, "example.com").as_bytes()).is_err());
    for issuer in ["Mallory", "Amazon Web Services", "amazon"] {
        let theirs = certificate_of(0, name, issuer);
        assert!(FetchedKey::read(wanted(&message), theirs.as_bytes()).is_err(), "{issuer}");
    }
    let late = with_key(sns(0, Hash::Sha256, &[("Timestamp", "2031-01-01T00:00:00Z")]), &certificate(0, name));
    assert_eq!(late.check(1_924_992_000), Err(Refusal::NoKey));
    // A key fetched from one address is no key for another.
    let elsewhere = PEM_URL.replace("0123abcd", "4567");
    let good = with_key(message, &certificate(0, name));
    assert_eq!(good.with_field("SigningCertURL", &elsewhere).check(NOW), Err(Refusal::NoKey));
}

#[test]
fn a_keys_address_is_one_of_the_senders_own() {
    for bad in [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com:443/SimpleNotificationService-0.pem",
        "https://evil@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://evil.example/@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.a.b.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3-accelerate.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.s3.dualstack.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        // A region that is not the topic's.
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns..amazonaws.com/SimpleNotificationService-0.pem",
        "https://s3.amazonaws.com/SimpleNotificationService-0.pem",
        "https://SNS.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com/a/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem?x=1",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem#x",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-%30.pem",
        "https://sns.eu-central-1.amazonaws.com\\.evil.example/SimpleNotificationService-0.pem",
        "https://sns.eu-central-1.amazonaws.com",
        "https:///SimpleNotificationService-0.pem",
        " https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem",
        "",
    ] {
        let message = sns(0, Hash::Sha256, &[]).with_field("SigningCertURL", bad);
        assert_eq!(wanted_key(message.sender, message.inbound(&[])), Err(Refusal::KeyAddress), "{bad}");
    }
    for (good, topic) in [
        (PEM_URL, TOPIC),
        (
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0.pem",
            "arn:aws-cn:sns:cn-north-1:111122223333:octo",
        ),
    ] {
        let message = sns(0, Hash::Sha256, &[]).with_field("SigningCertURL", good).with_field("TopicArn", topic);
        assert_eq!(wanted_key(message.sender, message.inbound(&[])).unwrap().unwrap().url, good);
    }
    let github = Sender::named("github").unwrap();
    assert_eq!(wanted_key(github, Inbound::new(Headers::new(&[]), b"")), Ok(None));
}

/// A request of `PayPal`, from its own host or the sandbox's.
fn paypal(name: &str, host: &str) -> Request {
    let url = format!("https://api{host}.paypal.com/v1/notifications/certs/CERT-360caa42-0");
    let content = format!("id_1|2023-11-14T22:13:20Z|WH-1|{}", crc32fast::hash(BODY));
    let signature = rsa(0, Hash::Sha256, content.as_bytes());
    let headers = [
        ("paypal-auth-algo", "SHA256withRSA"),
        ("paypal-cert-url", &url),
        ("paypal-transmission-id", "id_1"),
        ("paypal-transmission-sig", &signature),
        ("paypal-transmission-time", "2023-11-14T22:13:20Z"),
    ];
    request(name, "WH-1", &headers, BODY)
}

#[test]
fn paypal_proves_itself_and_the_webhook() {
    let good = with_key(paypal("paypal", ""), &certificate(0, "messageverificationcerts.paypal.com"));
    // The sandbox has keys of its own.
    let pairs = good.pairs();
    let sandbox = Sender::named("paypal-sandbox").unwrap();
    assert_eq!(wanted_key(sandbox, good.inbound(&pairs)), Err(Refusal::KeyAddress));
    assert_eq!(good.check_with("WH-2", NOW), Err(Refusal::Mismatch("paypal-transmission-sig")));
    // What was captured is of no use for long, and costs no key.
    for (later, refusal) in [(300, None), (301, Some(Refusal::Stale(301)))] {
        assert_eq!(good.check(NOW + later).err(), refusal);
    }
    let unknown = Request { fetched: None, ..good };
    assert_eq!(unknown.check(NOW + 301), Err(Refusal::Stale(301)));
    assert_eq!(unknown.sender.delivery_id.in_headers(unknown.inbound(&unknown.pairs()).headers), Some("id_1"));
}

/// The key of Plaid's tokens.
fn plaid_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

/// Bytes as they stand in JSON Web Tokens.
fn url_safe(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Plaid's key as it is found, with this id, for this algorithm and up to this moment.
fn jwk(id: &str, alg: &str, end: Option<u64>) -> String {
    let key = plaid_key();
    let point = key.verifying_key().to_sec1_point(false);
    let (x, y) = (url_safe(point.x().unwrap()), url_safe(point.y().unwrap()));
    let key =
        serde_json::json!({"alg": alg, "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y, "expired_at": end});
    serde_json::json!({ "key": key }).to_string()
}

/// A token of Plaid about a body.
fn plaid_token(alg: &str, iat: u64, body: &[u8]) -> String {
    let head = format!(r#"{{"alg":"{alg}","kid":"key_1","typ":"JWT"}}"#);
    let claims = format!(r#"{{"iat":{iat},"request_body_sha256":"{}"}}"#, hex::encode(Sha256::digest(body)));
    let input = format!("{}.{}", url_safe(head.as_bytes()), url_safe(claims.as_bytes()));
    let signature: p256::ecdsa::Signature = plaid_key().sign_prehash(&Sha256::digest(&input)).unwrap();
    format!("{input}.{}", url_safe(&signature.to_bytes()))
}

/// A request of Plaid, or of its sandbox, with this token.
fn plaid(name: &str, token: &str) -> Request {
    request(name, "client:secret", &[("plaid-verification", token)], BODY)
}

#[test]
fn plaid_proves_itself_by_a_key_of_its_id() {
    let token = plaid_token;
    let plaid = |token: &str| plaid("plaid", token);
    let good = with_key(plaid(&token("ES256", NOW, BODY)), &jwk("key_1", "ES256", None));
    assert_eq!(good.check(NOW), Ok(Some(0)));
    let pairs = good.pairs();
    let wanted = wanted_key(good.sender, good.inbound(&pairs)).unwrap().unwrap();
    assert_eq!((wanted.id.as_deref(), wanted.kind), (Some("key_1"), Wanted::Jwk));
    for (other, refusal) in [
        (token("ES256", NOW - 301, BODY), Refusal::Stale(301)),
        (token("ES256", NOW + 301, BODY), Refusal::Stale(-301)),
        (token("ES256", NOW, b"{}"), Refusal::Claim("request_body_sha256")),
        (token("HS256", NOW, BODY), Refusal::Claim("alg")),
        (token("none", NOW, BODY), Refusal::Claim("alg")),
    ] {
        let spoiled = Request { fetched: good.fetched.clone(), ..plaid(&other) };
        assert_eq!(spoiled.check(NOW), Err(refusal));
    }
    for bad in [jwk("key_2", "ES256", None), jwk("key_1", "RS256", None), "{}".to_owned(), String::new()] {
        assert!(FetchedKey::read(wanted.clone(), bad.as_bytes()).is_err(), "{bad}");
    }
    let client = Key::new(good.sender, &Secret::new("client:se:cret").unwrap()).unwrap();
    let asked = question(&wanted, &client).unwrap();
    assert_eq!(asked.expose(), r#"{"client_id":"client","key_id":"key_1","secret":"se:cret"}"#);
    assert_eq!(format!("{asked:?}"), "[redacted]");
    for bad in ["client", ":secret", "client:"] {
        assert_eq!(Key::new(good.sender, &Secret::new(bad).unwrap()).err(), Some(BadKey::NotClient), "{bad}");
    }
    let ended = FetchedKey::read(wanted, jwk("key_1", "ES256", Some(NOW - 1)).as_bytes()).unwrap();
    assert_eq!(Request { fetched: Some(ended), ..good.clone() }.check(NOW), Err(Refusal::NoKey));
}

#[test]
fn public_keys_of_the_wrong_kind_are_refused() {
    let [rsa, ed] = [pem("PUBLIC KEY", &rsa_der(0)), hex::encode([7; 32])];
    let numbers = der(0x30, &[der(0x02, &[&[0][..], &[0xab; 128]].concat()), der(0x02, &[1, 0, 1])].concat());
    let kind = der(0x30, &[&der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01])[..], &[5, 0]].concat());
    let small = pem("PUBLIC KEY", &der(0x30, &[kind, der(0x03, &[&[0][..], &numbers].concat())].concat()));
    for (sender, secret) in [
        ("discord", rsa.as_str()),
        ("discord", "00"),
        ("discord", "not a key"),
        // The neutral element: every signature would be one of it.
        ("discord", &format!("01{}", "00".repeat(31))),
        ("sendgrid", &rsa),
        ("sendgrid", &ed),
        ("wise", &ed),
        ("wise", "-----BEGIN PUBLIC KEY-----"),
        ("wise", &small),
    ] {
        assert_eq!(
            Key::new(Sender::named(sender).unwrap(), &Secret::new(secret).unwrap()).err(),
            Some(BadKey::NotPublicKey),
            "{sender}"
        );
    }
}

#[test]
fn a_key_that_anybody_can_sign_for_is_refused() {
    let discord = Sender::named("discord").unwrap();
    for (text, weak) in [
        ("0000000000000000000000000000000000000000000000000000000000000000", true),
        ("0000000000000000000000000000000000000000000000000000000000000080", true),
        ("0100000000000000000000000000000000000000000000000000000000000000", true),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", true),
        ("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", true),
        ("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", true),
        ("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true),
        ("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true),
        ("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true),
        (&hex::encode(ed25519(7).verifying_key().as_bytes()), false),
    ] {
        let refused = Key::new(discord, &Secret::new(text).unwrap()).is_err();
        assert_eq!(refused, weak, "{text}");
        // Another implementation finds the same.
        let bytes: [u8; 32] = hex::decode(text).unwrap().try_into().unwrap();
        let other = ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|key| key.is_weak());
        assert_eq!(other, weak, "{text}");
    }
}
