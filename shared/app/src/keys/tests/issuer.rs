//! Senders with private keys made for the tests, and what they publish.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bellhop_core::time::Timestamp;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

pub(super) const TOPIC: &str = "arn:aws:sns:eu-central-1:000000000000:octo";
pub(super) const SNS_KEY: &str = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem";
pub(super) const SNS_NAME: &str = "sns.amazonaws.com";
pub(super) const PAYPAL_KEY: &str = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-0";
pub(super) const PAYPAL_NAME: &str = "messageverificationcerts.paypal.com";
pub(super) const TRAVIS_KEY: &str = "https://api.travis-ci.com/config";
pub(super) const GOOGLE_KEYS: &str = "https://www.googleapis.com/oauth2/v3/certs";
pub(super) const GOOGLE_ACCOUNT: &str = "bell@octo.example.com:https://hooks.example.com";
pub(super) const PLAID_KEY: &str = "https://production.plaid.com/webhook_verification_key/get";

/// From when to when a certificate counts that is in force.
pub(super) const IN_FORCE: (&str, &str) = ("200101000000Z", "300101000000Z");

/// Two RSA keys, the same in every run: the sender's, and a stranger's or the sender's next.
static RSA: LazyLock<[RsaPrivateKey; 2]> =
    LazyLock::new(|| [1, 2].map(|seed| RsaPrivateKey::new(&mut Numbers(seed), 2048).unwrap()));

/// Numbers that only look like chance.
struct Numbers(u64);

impl rsa::rand_core::TryRng for Numbers {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|number| u32::try_from(number >> 32).unwrap())
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 += 1 << 8;
        Ok(u64::from_le_bytes(Sha256::digest(self.0.to_le_bytes())[..8].try_into().unwrap()))
    }

    fn try_fill_bytes(&mut self, room: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in room.chunks_mut(8) {
            chunk.copy_from_slice(&self.try_next_u64()?.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl rsa::rand_core::TryCryptoRng for Numbers {}

/// A request on its way to a hook.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// A signature with SHA-256.
fn rsa_sha256(key: usize, content: &[u8]) -> String {
    STANDARD.encode(RSA[key].sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(content)).unwrap())
}

/// A signature with SHA-1.
fn rsa_sha1(key: usize, content: &[u8]) -> String {
    STANDARD.encode(RSA[key].sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(content)).unwrap())
}

fn rsa_der(key: usize) -> Vec<u8> {
    RSA[key].to_public_key().to_public_key_der().unwrap().as_bytes().to_vec()
}

fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
}

/// One DER value.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let head = match content.len() {
        length @ 0..128 => vec![u8::try_from(length).unwrap()],
        length => [&[0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [&[tag][..], &head, content].concat()
}

/// A public key as people copy it.
pub(super) fn public_key(key: usize) -> String {
    pem("PUBLIC KEY", &rsa_der(key))
}

/// A certificate of a key, made out to a name, which counts from the one moment to the other.
pub(super) fn certificate(key: usize, name: &str, (from, to): (&str, &str)) -> String {
    let kind = der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]);
    let algorithm = der(0x30, &[&kind[..], &[5, 0]].concat());
    let named = |kind: u8, name: &str| {
        let pair = [der(0x06, &[0x55, 0x04, kind]), der(0x0c, name.as_bytes())].concat();
        der(0x30, &der(0x31, &der(0x30, &pair)))
    };
    let validity = der(0x30, &[der(0x17, from.as_bytes()), der(0x17, to.as_bytes())].concat());
    let [version, serial] = [der(0xa0, &der(0x02, &[2])), der(0x02, &[1])];
    let inside =
        [version, serial, algorithm.clone(), named(0x0a, "Amazon"), validity, named(0x03, name), rsa_der(key)].concat();
    pem("CERTIFICATE", &der(0x30, &[der(0x30, &inside), algorithm, der(0x03, &[0; 33])].concat()))
}

/// What Travis publishes.
pub(super) fn travis_config(key: usize) -> String {
    json!({"config": {"notifications": {"webhook": {"public_key": public_key(key)}}}}).to_string()
}

/// A build of a repository, as Travis sends it.
pub(super) fn travis(key: usize, owner: &str) -> Sent {
    let payload = json!({"id": 1, "state": "passed", "repository": {"name": "hello", "owner_name": owner}}).to_string();
    let encoded: String = form_urlencoded::byte_serialize(payload.as_bytes()).collect();
    let headers = vec![("signature", rsa_sha1(key, payload.as_bytes()))];
    Sent { headers, body: format!("payload={encoded}").into_bytes() }
}

/// A notification of a topic, as SNS sends it, with the address of its certificate.
pub(super) fn sns(key: usize, version: &str, topic: &str, address: &str, now: Timestamp) -> Sent {
    let time = now.rfc3339();
    let mut fields = vec![
        ("Message", "hello"),
        ("MessageId", "1"),
        ("Timestamp", &time),
        ("TopicArn", topic),
        ("Type", "Notification"),
    ];
    let content: String = fields.iter().map(|(name, value)| format!("{name}\n{value}\n")).collect();
    let signature = if version == "1" { rsa_sha1 } else { rsa_sha256 }(key, content.as_bytes());
    fields.extend([("Signature", signature.as_str()), ("SignatureVersion", version), ("SigningCertURL", address)]);
    let body: Map<_, _> = fields.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    Sent { headers: vec![], body: Value::from(body).to_string().into_bytes() }
}

/// An event of a webhook, as `PayPal` sends it, with the address of its certificate.
pub(super) fn paypal(key: usize, webhook: &str, address: &str, now: Timestamp) -> Sent {
    let (body, time) = (br#"{"id":"WH-EVENT","event_type":"PAYMENT.SALE.COMPLETED"}"#, now.rfc3339());
    let content = format!("id_1|{time}|{webhook}|{}", crc32fast::hash(body));
    let headers = [
        ("content-type", "application/json"),
        ("paypal-auth-algo", "SHA256withRSA"),
        ("paypal-cert-url", address),
        ("paypal-transmission-id", "id_1"),
        ("paypal-transmission-sig", &rsa_sha256(key, content.as_bytes())),
        ("paypal-transmission-time", &time),
    ];
    Sent { headers: headers.map(|(name, value)| (name, value.to_owned())).to_vec(), body: body.to_vec() }
}

/// A transfer, as Wise sends it.
pub(super) fn wise(key: usize) -> Sent {
    let body = br#"{"event_type":"transfers#state-change"}"#;
    Sent { headers: vec![("x-signature-sha256", rsa_sha256(key, body))], body: body.to_vec() }
}

/// Plaid's signing key of this seed.
fn plaid_key(seed: u8) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()
}

/// What Plaid answers whoever asks for a key with a good account.
pub(super) fn plaid_jwk(seed: u8, id: &str) -> String {
    let point = plaid_key(seed).verifying_key().to_sec1_point(false);
    let [x, y] = [point.x().unwrap(), point.y().unwrap()].map(|half| URL_SAFE_NO_PAD.encode(half));
    json!({"key": {"alg": "ES256", "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y}}).to_string()
}

/// What is posted to Plaid to be given a key.
pub(super) fn plaid_question(account: (&str, &str), id: &str) -> String {
    format!(r#"{{"client_id":"{}","key_id":"{id}","secret":"{}"}}"#, account.0, account.1)
}

/// An event as Plaid sends it, signed with the key of this seed and id.
pub(super) fn plaid(seed: u8, id: &str, now: Timestamp) -> Sent {
    let body = br#"{"webhook_type":"ITEM","webhook_code":"ERROR"}"#;
    let head = json!({"alg": "ES256", "kid": id, "typ": "JWT"}).to_string();
    let claims = json!({"iat": now.as_seconds(), "request_body_sha256": hex::encode(Sha256::digest(body))}).to_string();
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
    let signature: p256::ecdsa::Signature = plaid_key(seed).sign_prehash(&Sha256::digest(&input)).unwrap();
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
    Sent { headers: vec![("plaid-verification", token)], body: body.to_vec() }
}

/// Google's set of keys: one with this id.
pub(super) fn google_keys(key: usize, id: &str) -> String {
    let public = RSA[key].to_public_key();
    let [n, e] = [public.n_bytes(), public.e_bytes()].map(|number| URL_SAFE_NO_PAD.encode(number));
    json!({"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": id, "n": n, "e": e}]}).to_string()
}

/// A message of Pub/Sub, with a token by the key that is said to have this id.
pub(super) fn google(key: usize, id: &str, now: Timestamp) -> Sent {
    let (email, audience) = GOOGLE_ACCOUNT.split_once(':').unwrap();
    let head = json!({"alg": "RS256", "kid": id, "typ": "JWT"}).to_string();
    let claims = json!({
        "aud": audience, "email": email, "email_verified": true, "iss": "https://accounts.google.com",
        "iat": now.as_seconds(), "exp": now.as_seconds() + 3_600,
    });
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = RSA[key].sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(&input)).unwrap();
    let token = format!("Bearer {input}.{}", URL_SAFE_NO_PAD.encode(signature));
    Sent { headers: vec![("authorization", token)], body: b"{}".to_vec() }
}
