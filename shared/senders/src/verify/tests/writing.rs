//! Signatures that their sender may write in more ways than one.

use super::*;
use crate::sender::{AlternativeWhen, Carrier};

const TEXT: &[u8] = br#"{"hello":"octo"}"#;
const SECRETS: [&str; 4] = ["one", "two", "three", "four"];

fn hex_of(secret: &str) -> String {
    hex::encode(mac(secret.as_bytes(), TEXT))
}

fn base64_of(secret: &str) -> String {
    STANDARD.encode(mac(secret.as_bytes(), TEXT))
}

/// Whether a request with these headers proves itself to a hook with this secret.
fn passes(sender: &str, secret: &str, headers: &[(&str, String)]) -> Result<(), Refusal> {
    let pairs: Pairs<'_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    check(sender, &[secret], &pairs, TEXT).map(drop)
}

#[test]
fn any_of_a_senders_headers_may_carry_the_signature() {
    let cases: &[(&str, &[&str])] = &[
        ("fourthwall", &["x-fourthwall-hmac-sha256", "x-fourthwall-hmac-apps-sha256"]),
        ("aftership", &["aftership-hmac-sha256", "as-signature-hmac-sha256", "am-webhook-signature"]),
        ("docusign", &["x-docusign-signature-1", "x-docusign-signature-2", "x-docusign-signature-3"]),
        ("docusign", &["x-docusign-signature-7", "x-docusign-signature-42", "x-docusign-signature-100"]),
    ];
    for (sender, names) in cases {
        for name in *names {
            let good = (*name, base64_of("one"));
            assert_eq!(passes(sender, "one", std::slice::from_ref(&good)), Ok(()), "{name}");
            // Others, before and after it, are for secrets that this hook does not have.
            for other in names.iter().filter(|other| *other != name) {
                let other = (*other, base64_of("two"));
                for both in [[good.clone(), other.clone()], [other, good.clone()]] {
                    assert_eq!(passes(sender, "one", &both), Ok(()), "{both:?}");
                }
            }
            let wrong = [(*name, base64_of("two"))];
            assert!(matches!(passes(sender, "one", &wrong), Err(Refusal::Mismatch(_))), "{name}");
            assert!(matches!(passes(sender, "one", &[good.clone(), good]), Err(Refusal::Doubled(_))), "{name}");
        }
        assert!(matches!(passes(sender, "one", &[]), Err(Refusal::Missing(_))), "{sender}");
    }
    for name in ["x-docusign-signature-", "x-docusign-signature-x", "x-docusign-signature-1a", "x-docusign-signature"] {
        assert!(matches!(passes("docusign", "one", &[(name, base64_of("one"))]), Err(Refusal::Missing(_))), "{name}");
    }
}

#[test]
fn a_prefix_is_optional_where_the_sender_leaves_it_out() {
    for value in [base64_of("one"), format!("hmac-sha256={}", base64_of("one"))] {
        assert_eq!(passes("aftership", "one", &[("am-webhook-signature", value)]), Ok(()));
    }
    for value in [hex_of("one"), format!("sha256={}", hex_of("one"))] {
        assert_eq!(passes("mollie", "one", &[("x-mollie-signature", value)]), Ok(()));
    }
    for wrong in ["sha1=", "SHA256=", "sha256==", "sha256=sha256="] {
        let value = format!("{wrong}{}", hex_of("one"));
        assert!(passes("mollie", "one", &[("x-mollie-signature", value)]).is_err(), "{wrong}");
    }
    // GitHub's is not.
    assert!(passes("github", "one", &[(SIGNATURE, hex_of("one"))]).is_err());
}

#[test]
fn mollie_sends_one_signature_for_each_secret_while_they_change() {
    let name = "x-mollie-signature";
    let each = SECRETS.map(|secret| format!("sha256={}", hex_of(secret)));
    for secret in SECRETS {
        assert_eq!(passes("mollie", secret, &each.clone().map(|value| (name, value))), Ok(()), "{secret}");
        // A proxy may have made one line of them.
        for between in [",", ", "] {
            assert_eq!(passes("mollie", secret, &[(name, each.join(between))]), Ok(()), "{secret}");
        }
    }
    assert_eq!(passes("mollie", "five", &each.clone().map(|value| (name, value))), Err(Refusal::Mismatch(name)));
    assert_eq!(passes("mollie", "one", &[(name, String::new())]), Err(Refusal::Missing(name)));
    // Nobody else's header may be there twice.
    let twice = [(SIGNATURE, github("one", TEXT)), (SIGNATURE, github("two", TEXT))];
    assert_eq!(passes("github", "one", &twice), Err(Refusal::Doubled(SIGNATURE)));
}

#[test]
fn persona_sends_a_set_of_pairs_for_each_secret_while_they_change() {
    let name = "persona-signature";
    let set = |secret: &str, at: u64| {
        let content = [at.to_string().as_bytes(), b".", TEXT].concat();
        format!("t={at},v1={}", hex::encode(mac(secret.as_bytes(), &content)))
    };
    let joined = |sets: &[String]| passes("persona", "one", &[(name, sets.join(" "))]);
    assert_eq!(joined(&[set("one", NOW)]), Ok(()));
    assert_eq!(joined(&[set("one", NOW), set("two", NOW)]), Ok(()));
    assert_eq!(joined(&[set("two", NOW), set("one", NOW)]), Ok(()));
    // Each set has its own time.
    assert_eq!(joined(&[set("two", NOW - 1), set("one", NOW - 2)]), Ok(()));
    assert_eq!(joined(&[set("one", NOW - 301), set("one", NOW)]), Ok(()));
    assert_eq!(joined(&[set("two", NOW), set("one", NOW - 301)]), Err(Refusal::Stale(301)));
    assert_eq!(joined(&[set("two", NOW), set("three", NOW)]), Err(Refusal::Mismatch(name)));
    let mixed = set("one", NOW - 1).replace(&format!("t={}", NOW - 1), &format!("t={NOW}"));
    assert_eq!(joined(&[mixed.clone(), set("two", NOW - 1)]), Err(Refusal::Mismatch(name)));
    assert_eq!(joined(&[mixed, set("two", NOW - 1), set("one", NOW)]), Ok(()));
    assert_eq!(joined(&[]), Err(Refusal::Missing(name)));
    assert_eq!(joined(&[String::new(), String::new()]), Err(Refusal::Malformed(name)));
    // More sets than secrets can be in use are not tried.
    let many: Vec<_> = (0..40).map(|_| set("two", NOW)).chain([set("one", NOW)]).collect();
    assert_eq!(joined(&many), Err(Refusal::Mismatch(name)));
}

#[test]
fn flutterwave_shows_the_secret_or_signs_with_it() {
    let shown = ("verif-hash", "one".to_owned());
    let signed = ("flutterwave-signature", base64_of("one"));
    let passes = |headers: &[(&str, String)]| passes("flutterwave", "one", headers);
    assert_eq!(passes(std::slice::from_ref(&shown)), Ok(()));
    assert_eq!(passes(std::slice::from_ref(&signed)), Ok(()));
    assert_eq!(passes(&[shown.clone(), signed.clone()]), Ok(()));
    assert_eq!(passes(&[]), Err(Refusal::Missing("verif-hash")));
    // One that is there and wrong is not made good by the other.
    assert_eq!(passes(&[("verif-hash", "two".to_owned()), signed]), Err(Refusal::Mismatch("verif-hash")));
    let other = base64_of("two");
    assert_eq!(passes(&[("flutterwave-signature", other)]), Err(Refusal::Mismatch("flutterwave-signature")));
    for not_its in ["one".to_owned(), hex_of("one"), String::new()] {
        assert!(passes(&[("flutterwave-signature", not_its)]).is_err());
    }
    let changed = check("flutterwave", &["one"], &[("flutterwave-signature", base64_of("one").as_bytes())], b"{}");
    assert_eq!(changed, Err(Refusal::Mismatch("flutterwave-signature")));
}

#[test]
fn only_these_senders_write_in_more_ways_than_one() {
    let named = |fits: fn(&Signed) -> bool| {
        let fits = |sender: &&Sender| matches!(&sender.scheme, Scheme::Signed(signed) if fits(signed));
        Sender::all().iter().filter(fits).map(|sender| sender.name).collect::<Vec<_>>()
    };
    assert_eq!(named(|signed| signed.writing.repeated), ["mollie"]);
    assert_eq!(named(|signed| signed.writing.bare), ["aftership", "mollie"]);
    assert_eq!(named(|signed| signed.writing.sets.is_some()), ["persona"]);
    assert_eq!(named(|signed| matches!(signed.place, Carrier::Numbered(_))), ["docusign"]);
    let either = Sender::all()
        .iter()
        .filter(|sender| sender.alternative.is_some_and(|other| other.when == AlternativeWhen::FirstIsAbsent));
    assert_eq!(either.map(|sender| sender.name).collect::<Vec<_>>(), ["flutterwave"]);
}
