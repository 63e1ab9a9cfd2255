mod app_store;
mod asymmetric;
mod bits;
mod claims;
mod keyed_tokens;
mod negatives;
mod request;
mod senders;
mod tokens;
mod vectors;
mod writing;

use ::hmac::{Hmac, KeyInit, Mac as _};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::secret::Secret;
use crate::sender::Signed;

type Pairs<'a> = Vec<(&'a str, &'a [u8])>;
type Checked = Result<Option<usize>, Refusal>;

const NOW: u64 = 1_700_000_000;
const BODY: &[u8] = br#"{"zen":"Keep it logically awesome."}"#;

/// Checks a request with these headers and secrets at `NOW`.
fn check(sender: &str, secrets: &[&str], headers: &[(&str, &[u8])], body: &[u8]) -> Result<Option<usize>, Refusal> {
    check_at(NOW, sender, secrets, headers, body)
}

fn check_at(
    now: u64,
    sender: &str,
    secrets: &[&str],
    headers: &[(&str, &[u8])],
    body: &[u8],
) -> Result<Option<usize>, Refusal> {
    let sender = Sender::named(sender).unwrap();
    let keys: Vec<_> = secrets.iter().map(|text| Key::new(sender, &Secret::new(*text).unwrap()).unwrap()).collect();
    let inbound = Inbound::new(Headers::new(headers), body);
    verify(sender, &keys, inbound, None, Timestamp::from_seconds(now)).map(|verified| verified.matched_key())
}

/// An HMAC-SHA256 computed apart from the code under test.
fn mac(secret: &[u8], content: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

fn github(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret.as_bytes(), body)))
}

fn standard(secret: &[u8], id: &str, time: &str, body: &[u8]) -> String {
    let content = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
    format!("v1,{}", STANDARD.encode(mac(secret, &content)))
}

const SIGNATURE: &str = "x-hub-signature-256";

#[test]
fn a_github_request_proves_itself_with_any_secret() {
    let signature = github("two", BODY);
    assert_eq!(check("github", &["one", "two"], &[(SIGNATURE, signature.as_bytes())], BODY), Ok(Some(1)));
    // Hex is hex in either case: the bytes are compared, not the letters.
    let upper = signature.to_uppercase().replace("SHA256=", "sha256=");
    assert_eq!(check("github", &["two"], &[(SIGNATURE, upper.as_bytes())], BODY), Ok(Some(0)));
}

#[test]
fn what_is_not_githubs_signature_is_refused() {
    let good = github("secret", BODY);
    let sha1 = format!("sha1={}", &good[7..47]);
    let other = github("other", BODY);
    let missing = Err(Refusal::Missing(SIGNATURE));
    let malformed = Err(Refusal::Malformed(SIGNATURE));
    let mismatch = Err(Refusal::Mismatch(SIGNATURE));
    let cases: [(Pairs<'_>, Checked); 11] = [
        (vec![], missing),
        (vec![(SIGNATURE, b"")], missing),
        (vec![("x-hub-signature", sha1.as_bytes())], missing),
        (vec![(SIGNATURE, b"sha256=")], malformed),
        (vec![(SIGNATURE, &good.as_bytes()[..good.len() - 1])], malformed),
        (vec![(SIGNATURE, &good.as_bytes()[..good.len() - 2])], malformed),
        (vec![(SIGNATURE, sha1.as_bytes())], malformed),
        (vec![(SIGNATURE, &good.as_bytes()[7..])], malformed),
        (vec![(SIGNATURE, b"sha256=\xff\xfe")], malformed),
        (vec![(SIGNATURE, other.as_bytes())], mismatch),
        (vec![(SIGNATURE, good.as_bytes()), (SIGNATURE, good.as_bytes())], Err(Refusal::Doubled(SIGNATURE))),
    ];
    for (headers, expected) in cases {
        assert_eq!(check("github", &["secret"], &headers, BODY), expected, "{headers:?}");
    }
    for wrong in [format!("{good}0"), format!("{good},{good}"), format!(" {good}"), good.replace("sha256", "SHA256")] {
        assert_eq!(check("github", &["secret"], &[(SIGNATURE, wrong.as_bytes())], BODY), malformed, "{wrong}");
    }
    assert_eq!(check("github", &["secret"], &[(SIGNATURE, good.as_bytes())], &BODY[1..]), mismatch);
    assert_eq!(check("github", &[], &[(SIGNATURE, good.as_bytes())], BODY), Err(Refusal::NoSecret));
}

#[test]
fn a_standard_webhook_may_carry_several_signatures() {
    let now = NOW.to_string();
    let key = b"0123456789abcdef01234567";
    let secret = format!("whsec_{}", STANDARD.encode(key));
    let good = standard(key, "msg_1", &now, BODY);
    let run = |signature: &str, time: &str| {
        let headers: &[(&str, &[u8])] = &[
            ("webhook-id", b"msg_1"),
            ("webhook-timestamp", time.as_bytes()),
            ("webhook-signature", signature.as_bytes()),
        ];
        check("standard-webhooks", &[&secret], headers, BODY)
    };
    let stranger = format!("v1,{}", STANDARD.encode([7; 32]));
    assert_eq!(run(&good, &now), Ok(Some(0)));
    assert_eq!(run(&format!("v1a,abc {stranger} {good}"), &now), Ok(Some(0)));
    assert_eq!(run(&stranger, &now), Err(Refusal::Mismatch("webhook-signature")));
    for bad in ["v1,", "v1", "v0,abc", &good[..good.len() - 1], &good[3..], &format!("{good},{good}")] {
        assert_eq!(run(bad, &now), Err(Refusal::Malformed("webhook-signature")), "{bad}");
    }
    for time in ["", "0x5", "-5", "1e9", "NaN", "99999999999999999999", " 1700000000"] {
        assert!(run(&good, time).is_err(), "{time}");
    }
}

#[test]
fn a_timestamp_counts_for_five_minutes_either_way() {
    let key = b"0123456789abcdef01234567";
    let secret = STANDARD.encode(key);
    let signed_at = NOW.to_string();
    let signature = standard(key, "m", &signed_at, BODY);
    let headers: &[(&str, &[u8])] = &[
        ("webhook-id", b"m"),
        ("webhook-timestamp", signed_at.as_bytes()),
        ("webhook-signature", signature.as_bytes()),
    ];
    for (now, passes) in [(NOW - 300, true), (NOW + 300, true), (NOW - 301, false), (NOW + 301, false)] {
        assert_eq!(check_at(now, "standard-webhooks", &[&secret], headers, BODY).is_ok(), passes, "{now}");
    }
}

#[test]
fn a_shared_secret_is_compared_whole() {
    let header = "x-webhook-secret";
    for (token, passes) in [
        ("s3cret", true),
        ("s3cre", false),
        ("s3crets", false),
        ("S3CRET", false),
        ("", false),
        ("s3cret,s3cret", false),
    ] {
        assert_eq!(
            check("shared-secret", &["x", "s3cret"], &[(header, token.as_bytes())], BODY).is_ok(),
            passes,
            "{token}"
        );
    }
    let twice: &[(&str, &[u8])] = &[(header, b"s3cret"), (header, b"s3cret")];
    assert_eq!(check("shared-secret", &["s3cret"], twice, BODY), Err(Refusal::Doubled(header)));
}

#[test]
fn an_unsigned_sender_proves_nothing() {
    assert_eq!(check("none", &[], &[], BODY), Ok(None));
}

#[test]
fn keys_do_not_print_and_bad_ones_are_refused() {
    let sender = Sender::named("standard-webhooks").unwrap();
    for bad in ["whsec_", "not base64!", "whsec_*"] {
        assert!(Key::new(sender, &Secret::new(bad).unwrap()).is_err(), "{bad}");
    }
    let key = Key::new(Sender::named("github").unwrap(), &Secret::new("canary").unwrap()).unwrap();
    assert!(!format!("{key:?}").contains("canary"));
}

#[test]
fn a_key_matches_until_its_end_and_keeps_its_place() {
    let (end, moment) = (Timestamp::from_seconds(NOW), |ms: u64| Timestamp::from_ms(NOW * 1000 - 1 + ms));
    let signature = github("old", BODY);
    let cases: [(&str, Pairs<'_>); 2] =
        [("github", vec![(SIGNATURE, signature.as_bytes())]), ("shared-secret", vec![("x-webhook-secret", b"old")])];
    for (name, headers) in cases {
        let sender = Sender::named(name).unwrap();
        let key = |text: &str| Key::new(sender, &Secret::new(text).unwrap()).unwrap();
        let inbound = Inbound::new(Headers::new(&headers), BODY);
        let check = |keys: &[Key], now| verify(sender, keys, inbound, None, now).map(|verified| verified.matched_key());
        let retiring = [key("new"), key("old").until(end)];
        assert_eq!(check(&retiring, moment(0)), Ok(Some(1)), "{name}");
        assert!(matches!(check(&retiring, moment(1)), Err(Refusal::Mismatch(_))), "{name}");
        assert_eq!(check(&[key("old").until(end), key("old")], end), Ok(Some(1)), "{name}");
        assert_eq!(check(&[key("old").until(end)], end), Err(Refusal::NoSecret), "{name}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_one_flipped_bit_does_not(
        secret in "[!-~]{1,100}",
        body in proptest::collection::vec(any::<u8>(), 1..400),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let signature = github(&secret, &body);
        prop_assert!(check("github", &[&secret], &[(SIGNATURE, signature.as_bytes())], &body).is_ok());
        let mut other = body.clone();
        other[place.index(body.len())] ^= 1 << bit;
        prop_assert!(check("github", &[&secret], &[(SIGNATURE, signature.as_bytes())], &other).is_err());
        let mut bytes = mac(secret.as_bytes(), &body);
        bytes[place.index(32)] ^= 1 << bit;
        let flipped = format!("sha256={}", hex::encode(bytes));
        prop_assert!(check("github", &[&secret], &[(SIGNATURE, flipped.as_bytes())], &body).is_err());
    }

    #[test]
    fn no_header_makes_a_verifier_panic_or_accept(
        sender in prop::sample::select(vec!["github", "standard-webhooks", "shared-secret"]),
        value in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let headers: Vec<(&str, &[u8])> = vec![
            (SIGNATURE, &value), ("webhook-id", &value), ("webhook-timestamp", b"1700000000"),
            ("webhook-signature", &value), ("x-webhook-secret", &value),
        ];
        prop_assert!(check(sender, &["c2VjcmV0LXNlY3JldC1zZWNyZXQ="], &headers, BODY).is_err());
    }
}
