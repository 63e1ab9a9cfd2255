//! Senders that sign with a private key: their requests are signed here with keys made for the test.

mod plaid;
mod sns;
mod wrong_keys;

use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use std::sync::LazyLock;

use self::plaid::{jwk, plaid, plaid_token};
use self::sns::sns;
use super::negatives::refuse_all;
use super::request::Request;
use super::*;
use crate::sender::Hash;

const BODY: &[u8] = br#"{"hello":"octo"}"#;

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
