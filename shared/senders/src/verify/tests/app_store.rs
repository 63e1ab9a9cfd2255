//! Notifications of the App Store: one that Apple signed, and what is made of it; others by certificates of our own.

use serde_json::{Value, json};

use super::request::Request;
use super::*;

/// A test notification as Apple sent it, of an app in the sandbox.
///
/// Facts: a sample in the backend of the app that it is for.
const SIGNED: &str = include_str!("app_store.jws");

/// The app that it is for.
const APP: &str = "com.loki-project.loki-messenger";

/// When it was signed; its certificate counted until October 2025.
const SIGNED_AT: u64 = 1_757_035_472;

/// Apple's notification as a row of the fuzzer's requests; it was signed later than the others.
pub(super) fn row() -> Value {
    let Request { sender, secret, target, body, .. } = request("app-store-sandbox", APP, SIGNED);
    json!({
        "at": SIGNED_AT, "sender": sender.name, "secret": secret, "found": "", "target": target, "headers": [],
        "body": String::from_utf8(body).unwrap(),
    })
}

/// A notification with this document, for this app.
fn request(sender: &str, app: &str, document: &str) -> Request {
    Request {
        sender: Sender::named(sender).unwrap(),
        secret: app.to_owned(),
        fetched: None,
        base: String::new(),
        method: "POST".to_owned(),
        target: "/p".to_owned(),
        headers: Vec::new(),
        body: json!({ "signedPayload": document }).to_string().into_bytes(),
    }
}

/// The document with another value in the place of one of its three parts.
fn with_part(place: usize, part: &str) -> String {
    let mut parts: Vec<&str> = SIGNED.split('.').collect();
    parts[place] = part;
    parts.join(".")
}

/// The document with its head changed.
fn with_head(change: impl FnOnce(&mut Value)) -> String {
    let mut head: Value =
        serde_json::from_slice(&url_safe().decode(SIGNED.split('.').next().unwrap()).unwrap()).unwrap();
    change(&mut head);
    with_part(0, &url_safe().encode(head.to_string()))
}

fn url_safe() -> base64::engine::general_purpose::GeneralPurpose {
    base64::engine::general_purpose::URL_SAFE_NO_PAD
}

#[test]
fn what_apple_signed_is_taken_long_after_its_certificate_ended() {
    let good = request("app-store-sandbox", APP, SIGNED);
    for now in [SIGNED_AT, SIGNED_AT - 300, SIGNED_AT + 10 * 365 * 86_400] {
        assert_eq!(good.check(now), Ok(Some(0)), "{now}");
    }
    assert_eq!(good.check(SIGNED_AT - 301), Err(Refusal::Stale(-301)), "signed in the future");
    let spaced = String::from_utf8(good.body.clone()).unwrap().replace("\":\"", "\": \"") + "\n";
    assert_eq!(Request { body: spaced.into_bytes(), ..good.clone() }.check(SIGNED_AT), Ok(Some(0)));
    assert_eq!(good.check_with(&format!(" {APP}\n"), SIGNED_AT), Ok(Some(0)), "a copied line break does no harm");
}

#[test]
fn what_is_for_another_app_or_another_world_is_refused() {
    let good = request("app-store-sandbox", APP, SIGNED);
    for other in [
        "com.example.bell",
        "com.loki-project.loki-messenger2",
        "com.loki-project.loki-messenge",
        "COM.LOKI-PROJECT.LOKI-MESSENGER",
    ] {
        assert_eq!(good.check_with(other, SIGNED_AT), Err(Refusal::AnotherAccount), "{other}");
    }
    assert_eq!(request("app-store", APP, SIGNED).check(SIGNED_AT), Err(Refusal::Claim("environment")));
}

#[test]
fn a_document_that_apple_did_not_sign_is_refused() {
    let field = "signedPayload";
    let wrong = Err(Refusal::WrongField(field));
    let claims = url_safe().decode(SIGNED.split('.').nth(1).unwrap()).unwrap();
    let other = String::from_utf8(claims).unwrap().replace("TEST", "REFUND");
    let strangers = Err(Refusal::Certificates(field));
    let swap = |one: usize, other: usize| with_head(|head| head["x5c"].as_array_mut().unwrap().swap(one, other));
    let at = |moment: u64| with_part(1, &url_safe().encode(other.replace("1757035472686", &moment.to_string())));
    for (document, refusal) in [
        (with_part(1, &url_safe().encode(&other)), wrong),
        (with_part(2, &url_safe().encode([7; 64])), wrong),
        (with_part(2, &url_safe().encode([0; 64])), wrong),
        (with_part(2, &url_safe().encode([7; 63])), wrong),
        (with_part(2, ""), wrong),
        // Its certificates are Apple's own, and did not count then.
        (at(1_694_548_312_000), strangers),
        (at(1_760_212_313_000), strangers),
        (at(0), strangers),
        (swap(0, 1), strangers),
        (swap(1, 2), strangers),
        (with_head(|head| head["x5c"][0] = head["x5c"][1].clone()), strangers),
        (with_head(|head| head["x5c"][1] = head["x5c"][2].clone()), strangers),
        (with_head(|head| head["x5c"][0] = json!("")), strangers),
        (with_head(|head| head["x5c"][0] = json!("AAAA".repeat(10_000))), strangers),
        // The third is not looked at, but for what is signed.
        (with_head(|head| head["x5c"][2] = json!("")), wrong),
    ] {
        assert_eq!(request("app-store-sandbox", APP, &document).check(SIGNED_AT), refusal, "{document}");
    }
    let malformed = Err(Refusal::MalformedField(field));
    for document in [
        with_head(|head| head["alg"] = json!("none")),
        with_head(|head| head["alg"] = json!("HS256")),
        with_head(|head| head["crit"] = json!(["b64"])),
        with_head(|head| drop(head.as_object_mut().unwrap().remove("x5c"))),
        with_head(|head| head["x5c"] = json!([])),
        with_head(|head| head["x5c"].as_array_mut().unwrap().truncate(2)),
        with_head(|head| head["x5c"].as_array_mut().unwrap().push(json!("AAAA"))),
        with_part(0, "e30"),
        with_part(0, ""),
        with_part(1, ""),
        with_part(1, "e30"),
        with_part(1, "!"),
        format!("{SIGNED}="),
        format!("{SIGNED}.e30"),
        SIGNED.replace('.', "_"),
        String::new(),
    ] {
        assert_eq!(request("app-store-sandbox", APP, &document).check(SIGNED_AT), malformed, "{document}");
    }
}

#[test]
fn a_body_without_a_document_is_refused_before_anything_is_checked() {
    let good = request("app-store-sandbox", APP, SIGNED);
    let with = |body: Vec<u8>| Request { body, ..good.clone() }.check(SIGNED_AT);
    for body in ["", "{", "null", "[]", "signedPayload=x"] {
        assert!(matches!(with(body.into()), Err(Refusal::Unparsable | Refusal::MissingField(_))), "{body}");
    }
    for body in ["{}", r#"{"signedPayload":7}"#, r#"{"signedPayload":null}"#, r#"{"signedpayload":"x"}"#] {
        assert_eq!(with(body.into()), Err(Refusal::MissingField("signedPayload")), "{body}");
    }
    let long = [good.body.as_slice(), &b" ".repeat(256 * 1024)].concat();
    assert_eq!(with(long), Err(Refusal::TooLong(262_144)), "longer than any notification");
}

#[test]
fn the_root_is_the_one_that_apple_publishes() {
    let root = include_bytes!("../../../certificates/apple-root-ca-g3.der");
    // https://www.apple.com/certificateauthority/
    assert_eq!(
        hex::encode(sha2::Sha256::digest(root)),
        "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"
    );
}
