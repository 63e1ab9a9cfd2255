use serde_json::{Value, json};

use super::super::{ClockPlace, Place, Scheme, Shape};
use super::*;
use crate::inbound::{Inbound, Url};
use crate::secret::Secret;
use crate::sign::{Outline, Post, post};
use crate::time::Timestamp;
use crate::verify::{Key, Refusal, Verified, verify};

const BASE: &str = "https://hooks.example.com";
const BODY: &[u8] = br#"{"kind":"door.opened","delivery":{"id":7}}"#;

/// The options of a JSON object.
fn options(options: Value) -> CustomScheme {
    serde_json::from_value(options).unwrap()
}

/// The sender that options make of a generic one.
fn made(generic: &str, scheme: Value) -> &'static Sender {
    let made = options(scheme.clone()).sender(Sender::named(generic).unwrap());
    made.unwrap_or_else(|troubles| panic!("{generic} {scheme}: {troubles:?}"))
}

/// The fields that are wrong with options, and what is said of them.
fn troubles(generic: &str, scheme: Value) -> Vec<Trouble> {
    options(scheme.clone()).sender(Sender::named(generic).unwrap()).map(|_| scheme).unwrap_err()
}

/// A request that is signed as the sender would.
fn sent(sender: &'static Sender, secret: &str, now: Timestamp) -> Post {
    let outline =
        Outline { url: Url::new(BASE, "/webhook/p?a=1"), body: Some(BODY), event_type: Some("opened"), id: "d-1" };
    post(sender, Some(&Secret::new(secret).unwrap()), outline, now).unwrap()
}

/// Checks a request, and hands what was proved to `then`.
fn checked<T>(
    sender: &'static Sender,
    secret: &str,
    post: &Post,
    now: Timestamp,
    then: impl FnOnce(Verified<'_>) -> T,
) -> Result<T, Refusal> {
    let pairs = post.pairs();
    let key = Key::new(sender, &Secret::new(secret).unwrap()).unwrap();
    verify(sender, &[key], post.inbound(BASE, &pairs), None, now).map(then)
}

#[test]
fn whatever_the_options_what_is_signed_verifies_and_nothing_else() {
    let now = Timestamp::from_seconds(1_700_000_000);
    let acme = json!({
        "header": "X-Acme-Signature", "prefix": "sha256=", "encoding": "base64",
        "content": "{header:X-Acme-Timestamp}.{body}", "secret": "base64", "timestamp_header": "x-acme-timestamp",
        "timestamp_unit": "s", "tolerance_seconds": 60, "event_type_header": "x-acme-event",
        "delivery_id_header": "x-acme-id",
    });
    let everything = "v1:{method}:{url}:{path}:{query}:{header:x-acme-event}:{{{body}}}";
    for (generic, scheme, header, starts) in [
        ("hmac-sha256", acme, "x-acme-signature", "sha256="),
        ("hmac-sha256", json!({"header": "x-sign"}), "x-sign", ""),
        ("hmac-sha1", json!({"prefix": "sha1="}), "x-signature", "sha1="),
        ("hmac-sha512", json!({"encoding": "base64url", "secret": "whsec"}), "x-signature", ""),
        ("hmac-sha512", json!({"content": everything, "event_type_header": "X-Acme-Event"}), "x-signature", ""),
        ("hmac-sha256", json!({"secret": "hex", "content": "{body}\n"}), "x-signature", ""),
        (
            "hmac-sha256",
            json!({"signature_key": "v1", "timestamp_key": "t", "timestamp_unit": "ms", "content": "{pair:t}.{body}"}),
            "x-signature",
            "t=1700000000000,v1=",
        ),
        ("header-token", json!({"header": "X-Acme-Key", "prefix": "Key "}), "x-acme-key", "Key "),
        ("bearer", json!({"prefix": "Token "}), "authorization", "Token "),
        ("query-token", json!({"parameter": "Key"}), "", ""),
        ("query-token", json!({"event_type_field": "kind"}), "", ""),
    ] {
        let (sender, secret) = (made(generic, scheme.clone()), "c2VjcmV0LXNlY3JldC0wMTIz");
        let secret = if scheme["secret"] == "hex" { "5ec7e7" } else { secret };
        assert_eq!(sender.scheme_for("whsec_x"), &sender.scheme, "{scheme}");
        let post = sent(sender, secret, now);
        assert_eq!(checked(sender, secret, &post, now, |_| ()), Ok(()), "{generic} {scheme}");
        let found = post.headers.iter().find(|(name, _)| name == header);
        assert!(header.is_empty() || found.is_some_and(|(_, value)| value.starts_with(starts)), "{scheme}: {found:?}");

        let other = if scheme["secret"] == "hex" { "5ec7e8" } else { "c2VjcmV0LXNlY3JldC0wMTI0" };
        assert!(checked(sender, other, &post, now, |_| ()).is_err(), "{scheme}: another secret");
        if matches!(sender.scheme, Scheme::Signed(_)) {
            let spoiled = Post { body: b"{}".to_vec(), ..post.clone() };
            assert!(checked(sender, secret, &spoiled, now, |_| ()).is_err(), "{scheme}: another body");
            for (name, _) in post.headers.iter().filter(|(name, _)| options_sign(sender, name)) {
                let mut spoiled = post.clone();
                spoiled.headers.iter_mut().filter(|(found, _)| found == name).for_each(|(_, value)| value.push('0'));
                assert!(checked(sender, secret, &spoiled, now, |_| ()).is_err(), "{scheme}: another {name}");
            }
        }
        let plain = Sender::named(generic).unwrap();
        let secret = Secret::new(secret).unwrap();
        let pairs = post.pairs();
        if let Ok(key) = Key::new(plain, &secret) {
            let is_same = verify(plain, &[key], post.inbound(BASE, &pairs), None, now).is_ok();
            assert_eq!(is_same, scheme == json!({"event_type_field": "kind"}), "{scheme}: the generic sender");
        }
    }
}

/// Whether a header is the signature or a part of what is signed.
fn options_sign(sender: &Sender, name: &str) -> bool {
    let Scheme::Signed(signed) = &sender.scheme else { return false };
    name == sender.scheme.carrier()
        || signed.content.iter().any(|part| matches!(part, super::super::Part::Header(found) if *found == name))
}

#[test]
fn the_time_counts_as_the_options_say() {
    let sender = made(
        "hmac-sha256",
        json!({"timestamp_header": "x-at", "timestamp_unit": "iso8601", "tolerance_seconds": 10, "content": "{header:x-at}{body}"}),
    );
    let at = |seconds: i64| Timestamp::from_seconds(1_700_000_000 + seconds.unsigned_abs());
    let post = sent(sender, "secret", at(0));
    for (seconds, expected) in [(10, Ok(())), (11, Err(Refusal::Stale(11)))] {
        assert_eq!(checked(sender, "secret", &post, at(seconds), |_| ()), expected);
    }
    let usual = made(
        "hmac-sha256",
        json!({"timestamp_header": "x-at", "timestamp_unit": "http-date", "content": "{header:x-at}{body}"}),
    );
    let post = sent(usual, "secret", at(0));
    for (seconds, expected) in [(300, Ok(())), (301, Err(Refusal::Stale(301)))] {
        assert_eq!(checked(usual, "secret", &post, at(seconds), |_| ()), expected);
    }
}

#[test]
fn the_event_says_its_type_and_id_where_the_options_say() {
    let now = Timestamp::from_seconds(0);
    for (scheme, event_type, delivery_id) in [
        (json!({"event_type_header": "X-Kind", "delivery_id_header": "X-Id"}), Some("opened"), Some("d-1")),
        (json!({"event_type_field": "kind", "delivery_id_field": "delivery.id"}), Some("door.opened"), Some("7")),
        (
            json!({"event_type_header": "x-kind", "event_type_field": "kind", "delivery_id_field": "none"}),
            Some("opened"),
            None,
        ),
        (json!({"header": "x-other"}), Some("opened"), Some("d-1")),
    ] {
        let sender = made("hmac-sha256", scheme.clone());
        let post = sent(sender, "secret", now);
        let pairs = post.pairs();
        let inbound: Inbound<'_> = post.inbound(BASE, &pairs);
        let header = |name: &str| inbound.headers.text(name).map(Into::into);
        let body = crate::json::read(BODY).ok();
        let read = |place: Place| place.read(&header, body.as_ref()).map(std::borrow::Cow::into_owned);
        assert_eq!(read(sender.event_type).as_deref(), event_type, "{scheme}");
        assert_eq!(read(sender.delivery_id).as_deref(), delivery_id, "{scheme}");
    }
}

#[test]
fn a_wrong_option_is_named() {
    let clock = "the time is not signed";
    let hmac = "hmac-sha256";
    for (generic, scheme, field, says) in [
        ("github", json!({"header": "x-sign"}), "", "hmac-sha256, hmac-sha512, query-token"),
        ("none", json!({"header": "x-sign"}), "", "scheme of its own"),
        ("basic", json!({"event_type_field": "kind"}), "", "scheme of its own"),
        (hmac, json!({"header": "x sign"}), "header", "x sign"),
        (hmac, json!({"header": ""}), "header", "letters"),
        (hmac, json!({"header": "x:sign"}), "header", "letters"),
        (hmac, json!({"header": "x".repeat(201)}), "header", "letters"),
        (hmac, json!({"prefix": "a\nb"}), "prefix", "ASCII"),
        (hmac, json!({"prefix": "ü"}), "prefix", "ASCII"),
        (hmac, json!({"prefix": "v1=", "signature_key": "v1"}), "prefix", "pairs"),
        (hmac, json!({"encoding": "base32"}), "encoding", "hex, base64, base64url"),
        (hmac, json!({"secret": "rot13"}), "secret", "raw, base64, hex, whsec"),
        (hmac, json!({"content": "{header:x-at}"}), "content", "{body}"),
        (hmac, json!({"content": ""}), "content", "{body}"),
        (hmac, json!({"content": "{{body}}"}), "content", "{body}"),
        (hmac, json!({"content": "{bdoy}{body}"}), "content", "{bdoy}"),
        (hmac, json!({"content": "{secret}{body}"}), "content", "{secret}"),
        (hmac, json!({"content": "{cookie:a}{body}"}), "content", "{cookie:a}"),
        (hmac, json!({"content": "{header:}{body}"}), "content", "name of a header"),
        (hmac, json!({"content": "{header:a b}{body}"}), "content", "a b"),
        (hmac, json!({"content": "{pair:a b}{body}", "signature_key": "v1"}), "content", "a b"),
        (hmac, json!({"content": "{pair:t}{body}"}), "content", "signature_key"),
        (hmac, json!({"content": "{body"}), "content", "brace"),
        (hmac, json!({"content": "{body}}"}), "content", "brace"),
        (hmac, json!({"content": format!("{{body}}{}", "x".repeat(1000))}), "content", "longer"),
        (hmac, json!({"timestamp_header": "x-at", "content": "{header:x-at}{body}"}), "timestamp_unit", "iso8601"),
        (hmac, json!({"timestamp_unit": "s"}), "timestamp_unit", "timestamp_header"),
        (hmac, json!({"tolerance_seconds": 5}), "tolerance_seconds", "timestamp_header"),
        (hmac, json!({"timestamp_header": "x-at", "timestamp_unit": "s"}), "timestamp_header", clock),
        (hmac, json!({"timestamp_key": "t", "timestamp_unit": "s", "signature_key": "v1"}), "timestamp_key", clock),
        (
            hmac,
            json!({"timestamp_header": "x-at", "timestamp_unit": "min", "content": "{header:x-at}{body}"}),
            "timestamp_unit",
            "min",
        ),
        (
            hmac,
            json!({"timestamp_header": "x-at", "timestamp_unit": "s", "tolerance_seconds": 0, "content": "{header:x-at}{body}"}),
            "tolerance_seconds",
            "86400",
        ),
        (
            hmac,
            json!({"timestamp_header": "x-at", "timestamp_key": "t", "timestamp_unit": "s", "signature_key": "v1",
                   "content": "{header:x-at}{pair:t}{body}"}),
            "timestamp_key",
            "one place",
        ),
        (hmac, json!({"event_type_header": "a b"}), "event_type_header", "letters"),
        (hmac, json!({"event_type_header": "X-Signature"}), "event_type_header", "secret"),
        (hmac, json!({"delivery_id_header": "x-sign", "header": "X-Sign"}), "delivery_id_header", "secret"),
        ("header-token", json!({"delivery_id_header": "Authorization"}), "delivery_id_header", "secret"),
        (hmac, json!({"event_type_field": ""}), "event_type_field", "data.0.kind"),
        (hmac, json!({"delivery_id_field": "a..b"}), "delivery_id_field", "data.0.kind"),
        (hmac, json!({"parameter": "key"}), "parameter", "no such option"),
        ("header-token", json!({"content": "{body}"}), "content", "header, prefix"),
        ("bearer", json!({"secret": "hex"}), "secret", "no such option"),
        ("query-token", json!({"header": "x-key"}), "header", "parameter"),
        ("query-token", json!({"parameter": "a b"}), "parameter", "a b"),
    ] {
        let found = troubles(generic, scheme.clone());
        let found = found.iter().find(|trouble| trouble.field == field);
        let message = found.map(|trouble| trouble.message.as_str()).unwrap_or_default();
        assert!(message.contains(says), "{generic} {scheme}: {message:?}");
    }
    let all = troubles(hmac, json!({"header": "a b", "encoding": "x", "content": "x", "event_type_field": ""}));
    assert_eq!(all.len(), 4, "every one is named: {all:?}");
    for unknown in [json!({"heade": "x"}), json!({"header": 7}), json!({"tolerance_seconds": -1})] {
        assert!(serde_json::from_value::<CustomScheme>(unknown.clone()).is_err(), "{unknown}");
    }
}

#[test]
fn the_same_options_make_one_sender_and_others_another() {
    let one = made("hmac-sha256", json!({"header": "x-once"}));
    assert!(std::ptr::eq(one, made("hmac-sha256", json!({"header": "x-once"}))));
    assert!(!std::ptr::eq(one, made("hmac-sha512", json!({"header": "x-once"}))));
    assert!(!std::ptr::eq(one, made("hmac-sha256", json!({"header": "x-twice"}))));
    let generic = Sender::named("hmac-sha256").unwrap();
    assert_eq!((one.name, one.sample(), one.facts()), (generic.name, generic.sample(), generic.facts()));
    let pairs = made(
        "hmac-sha256",
        json!({"signature_key": "v1", "timestamp_key": "t", "timestamp_unit": "s", "content": "{pair:t}.{body}"}),
    );
    let Scheme::Signed(signed) = &pairs.scheme else { panic!("{:?}", pairs.scheme) };
    assert_eq!(signed.shape, Shape::Pairs { separators: ",;", signature: "v1" });
    assert_eq!(signed.timestamp.map(|clock| clock.place), Some(ClockPlace::Pair("t")));
}

#[test]
fn every_name_in_the_list_is_a_generic_sender() {
    for name in CUSTOMISABLE {
        let sender = Sender::named(name).unwrap();
        assert_eq!(sender.facts().category, "generic");
        assert!(CustomScheme::default().sender(sender).is_ok(), "{name}");
    }
}
