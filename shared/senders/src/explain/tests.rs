use super::*;
use crate::inbound::{Headers, Url};
use crate::sender::SecretFormat;
use crate::sign::{Draft, sign_request};

const NOW: u64 = 1_700_000_000;
const BODY: &[u8] = b"{\"hello\": \"octo\", \"n\": [1, 2]}\n";
const BASE: &str = "https://hooks.example.com";

/// A request of a sender, signed with a secret for a body, a URL and a moment.
struct Sent {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn sent(sender: &str, secret: &str, body: &[u8], base: &str, at: u64) -> Sent {
    let draft = Draft { method: "POST", url: Url::new(base, "/webhook/p?a=1"), body, id: "msg_1" };
    let secret = Secret::new(secret).unwrap();
    let proof = sign_request(Sender::named(sender).unwrap(), &secret, draft, Timestamp::from_seconds(at)).unwrap();
    Sent { headers: proof.headers, body: body.to_vec() }
}

/// What is found about a request that comes in at `NOW` with `BODY`, at a hook of this sender with these secrets.
fn found(sent: &Sent, sender: &str, secrets: &[&str]) -> Vec<Finding> {
    let pairs: Vec<_> = sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let secrets: Vec<_> = secrets.iter().map(|text| Secret::new(*text).unwrap()).collect();
    let other = Secret::new("the other hook's").unwrap();
    let inbound = Inbound { url: Url::new(BASE, "/webhook/p?a=1"), ..Inbound::new(Headers::new(&pairs), &sent.body) };
    let sender = Sender::named(sender).unwrap();
    let others = [("other", &other)];
    let case =
        Case { sender, secrets: &secrets, others: &others, inbound, fetched: None, now: Timestamp::from_seconds(NOW) };
    let findings = explain(case);
    for text in findings.iter().map(Finding::to_string) {
        let mut hidden = secrets.iter().chain([&other]).filter(|secret| secret.expose().len() > 3);
        assert!(hidden.all(|secret| !text.contains(secret.expose())), "{text}");
    }
    findings
}

#[test]
fn an_accepted_request_needs_no_more_words() {
    let good = sent("github", "two", BODY, BASE, NOW);
    assert_eq!(found(&good, "github", &["one", "two"]), [Finding::Accepted(Some(1))]);
    assert_eq!(found(&good, "none", &[]), [Finding::Accepted(None)]);
}

#[test]
fn a_secret_that_was_copied_wrongly_is_found() {
    let mismatch = Finding::Refused(Refusal::Mismatch("x-hub-signature-256"));
    let spelled = |theirs: &str, ours: &[&str]| found(&sent("github", theirs, BODY, BASE, NOW), "github", ours);
    for (theirs, ours, which, spelling) in [
        ("s3cret", &["s3cret\n"][..], 0, Spelling::Trimmed),
        ("s3cret", &["x", " s3cret "], 1, Spelling::Trimmed),
        ("s3cret\n", &["s3cret"], 0, Spelling::LineBreak),
        ("s3cret", &["czNjcmV0"], 0, Spelling::Base64),
        ("s3cret", &["whsec_czNjcmV0"], 0, Spelling::Base64),
        ("s3cret", &["733363726574"], 0, Spelling::Hex),
        ("s3cret", &["\"s3cret\""], 0, Spelling::Unquoted),
        ("s3cret", &[" 's3cret'"], 0, Spelling::Unquoted),
        ("s3cret-not-base64", &["whsec_s3cret-not-base64"], 0, Spelling::Unprefixed),
    ] {
        assert_eq!(spelled(theirs, ours), [mismatch.clone(), Finding::Secret { which, spelling }], "{ours:?}");
    }
    // A sender whose secrets are base64, and a signer that took one as it is.
    let body = sent("shared-secret", "x", BODY, BASE, NOW);
    let raw =
        Key::read_as(Sender::named("standard-webhooks").unwrap(), &Secret::new("czNjcmV0").unwrap(), SecretFormat::Raw);
    let mut mac = raw.unwrap().mac().unwrap();
    mac.update(&[b"m.1700000000.", BODY].concat());
    let signature = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, mac.finish().bytes());
    let headers =
        [("webhook-id", "m"), ("webhook-timestamp", "1700000000"), ("webhook-signature", &format!("v1,{signature}"))];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let findings = found(&Sent { headers, ..body }, "standard-webhooks", &["czNjcmV0"]);
    assert_eq!(findings[1], Finding::Secret { which: 0, spelling: Spelling::Raw });
    assert_eq!(spelled("s3cret", &["another"]), std::slice::from_ref(&mismatch));
    assert_eq!(spelled("the other hook's", &["another"]), [mismatch, Finding::OtherHook("other".to_owned())]);
}

#[test]
fn a_clock_that_is_off_is_told_from_a_wrong_signature() {
    for (at, off) in [(NOW - 712, 712), (NOW + 712, -712)] {
        let late = sent("slack", "s3cret", BODY, BASE, at);
        assert_eq!(found(&late, "slack", &["s3cret"]), [Finding::Refused(Refusal::Stale(off)), Finding::OnlyLate(off)]);
        assert_eq!(found(&late, "slack", &["another"]), [Finding::Refused(Refusal::Stale(off))]);
        let both = [Finding::Refused(Refusal::Stale(off)), Finding::Secret { which: 0, spelling: Spelling::Trimmed }];
        assert_eq!(found(&late, "slack", &["s3cret "]), both, "an old request may have another fault too");
    }
}

#[test]
fn a_body_that_was_changed_on_its_way_is_found() {
    for (body, how) in [
        (&b"{\"hello\": \"octo\", \"n\": [1, 2]}"[..], "without the white space at its end"),
        (b"{\"hello\": \"octo\", \"n\": [1, 2]}\n\n", "with a line feed at its end"),
        (b"{\"hello\":\"octo\",\"n\":[1,2]}", "as JSON without white space"),
        (b"{\"hello\": \"octo\", \"n\": [1, 2]}\r\n", "with a carriage return before each line feed"),
        (
            b"payload=%7B%22hello%22%3A+%22octo%22%2C+%22n%22%3A+%5B1%2C+2%5D%7D%0A",
            "as the form that it was taken out of",
        ),
        (b"", "with nothing in it"),
    ] {
        let changed = Sent { body: BODY.to_vec(), ..sent("github", "s3cret", body, BASE, NOW) };
        assert_eq!(found(&changed, "github", &["s3cret"])[1..], [Finding::Body(how)]);
    }
    for (came, signed, how) in [
        (&b"a\r\nb\r\n"[..], &b"a\nb\n"[..], "with a line feed alone at the end of each line"),
        (b"\xef\xbb\xbf{}", b"{}", "without the byte order mark before it"),
        (b"a=1&payload=%7B%22a%22%3A1%7D", b"{\"a\":1}", "as what is in its form's field, decoded"),
    ] {
        let changed = Sent { body: came.to_vec(), ..sent("github", "s3cret", signed, BASE, NOW) };
        assert_eq!(found(&changed, "github", &["s3cret"])[1..], [Finding::Body(how)]);
    }
}

#[test]
fn a_body_that_is_odd_is_told_of_whatever_the_signature_says() {
    let odd = |body: &[u8], headers: &[(&str, &str)]| {
        let mut request = Sent { body: body.to_vec(), ..sent("github", "s3cret", BODY, BASE, NOW) };
        request.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        found(&request, "github", &["s3cret"])[1..].to_vec()
    };
    assert_eq!(odd(b"", &[]), [Finding::Empty]);
    assert_eq!(odd(b"x", &[("content-length", "31")]), [Finding::Length { promised: 31, found: 1 }]);
    assert_eq!(odd(b"", &[("content-length", "31")]), [Finding::Length { promised: 31, found: 0 }]);
    let more = [BODY, b"\n"].concat();
    let cut = Finding::Body("without the white space at its end");
    assert_eq!(odd(&more, &[("content-length", "31")])[0], Finding::Length { promised: 31, found: more.len() as u64 });
    assert!(!odd(&more, &[]).contains(&cut), "the body had white space at its end");
    assert_eq!(odd(b"\x1f\x8b\x08\x00rest", &[]), [Finding::Compressed("gzip")]);
    assert_eq!(odd(b"x", &[("content-length", "1")]), []);
    let token = Sent { headers: vec![("x-webhook-secret".to_owned(), "wrong".to_owned())], body: Vec::new() };
    assert_eq!(found(&token, "shared-secret", &["s3cret"])[1..], [], "a token needs no body");
}

/// The request of `BODY` with the value of the header that carries its proof changed.
fn with_value(sender: &str, change: impl Fn(&str) -> String) -> Sent {
    let mut request = sent(sender, "s3cret", BODY, BASE, NOW);
    let name = Sender::named(sender).unwrap().scheme.carrier();
    let (_, value) = request.headers.iter_mut().find(|(found, _)| found == name).unwrap();
    *value = change(value);
    request
}

#[test]
fn a_header_that_was_changed_on_its_way_is_found() {
    let quotes = "without the quotes or white space around it";
    let before = "with what this sender writes before it";
    for (sender, name, change, how) in [
        ("github", "x-hub-signature-256", (|v| format!("\"{v}\"")) as fn(&str) -> String, quotes),
        ("github", "x-hub-signature-256", |v| format!(" {v} "), quotes),
        ("github", "x-hub-signature-256", |v| v.replace("sha256=", "sha256= "), "without the white space in it"),
        ("github", "x-hub-signature-256", |v| v.replace("sha256=", ""), before),
        ("gitea", "x-gitea-signature", |v| format!("HMAC {v}"), "without the word before it"),
        ("bearer", "authorization", |v| v.replace("Bearer ", ""), before),
        ("bearer", "authorization", |v| v.replace("Bearer ", "Token "), "without the word before it"),
        ("gitlab", "x-gitlab-token", |v| format!("'{v}'"), quotes),
        ("netlify", "x-webhook-signature", |v| format!("Bearer {v}"), "without the word before it"),
    ] {
        let findings = found(&with_value(sender, change), sender, &["another", "s3cret"]);
        assert_eq!(findings[1], Finding::Value { name, how }, "{sender} {how}: {findings:?}");
        let wrong = found(&with_value(sender, change), sender, &["another"]);
        assert!(!wrong.iter().any(|finding| matches!(finding, Finding::Value { .. })), "{sender} {how}: {wrong:?}");
    }
}

#[test]
fn a_header_that_stands_there_twice_is_found() {
    let name = "x-hub-signature-256";
    let doubled = |more: &str| {
        let mut request = sent("github", "s3cret", BODY, BASE, NOW);
        request.headers.push((name.to_owned(), more.to_owned()));
        request
    };
    let findings = found(&doubled("sha256=00"), "github", &["s3cret"]);
    assert_eq!(findings, [Finding::Refused(Refusal::Doubled(name)), Finding::Doubled(name)]);
    assert_eq!(found(&doubled("sha256=00"), "github", &["another"]).len(), 1);
    let joined = with_value("github", |value| format!("{value}, {value}"));
    assert_eq!(found(&joined, "github", &["s3cret"])[1], Finding::Doubled(name));
    let mut late = sent("slack", "s3cret", BODY, BASE, NOW);
    late.headers.push(("x-slack-request-timestamp".to_owned(), "1".to_owned()));
    let findings = found(&late, "slack", &["s3cret"]);
    assert_eq!(findings[1], Finding::Doubled("x-slack-request-timestamp"));
}

#[test]
fn a_signature_in_another_hash_or_encoding_is_found() {
    let signed = |hash: Hash| {
        let mut mac = crate::verify::mac::Mac::keyed(hash, b"s3cret").unwrap();
        mac.update(BODY);
        mac.finish().bytes().to_vec()
    };
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let hex256 = hex::encode(signed(Hash::Sha256));
    let github = (Hash::Sha256, Encoding::Hex);
    let shopify = (Hash::Sha256, Encoding::Base64);
    for (sender, value, found_as, wanted, words) in [
        ("github", format!("sha1={}", hex::encode(signed(Hash::Sha1))), (Hash::Sha1, Encoding::Hex), github, "SHA1"),
        ("github", format!("sha256={}", base64(&signed(Hash::Sha256))), shopify, github, "in base64; this sender"),
        ("github", format!("hmac-sha256:{hex256}"), github, github, "something else stands around it"),
        ("github", base64(&signed(Hash::Sha512)), (Hash::Sha512, Encoding::Base64), github, "SHA512"),
        ("shopify", hex256.clone(), github, shopify, "in hexadecimal; this sender"),
        ("circleci", format!("v1={}", base64(&signed(Hash::Sha256))), shopify, github, "in base64"),
    ] {
        let name = Sender::named(sender).unwrap().scheme.carrier();
        let request = Sent { headers: vec![(name.to_owned(), value.clone())], body: BODY.to_vec() };
        let finding = Finding::Written { name, found: found_as, wanted };
        assert_eq!(found(&request, sender, &["another", "s3cret"])[1], finding, "{sender} {value}");
        assert!(finding.to_string().contains(words), "{finding}");
        assert_eq!(found(&request, sender, &["another"]).len(), 1, "{sender} {value}");
    }
    // The time stands among the pairs of the same header.
    let stripe = with_value("stripe", |value| {
        let (head, sum) = value.rsplit_once('=').unwrap();
        format!("{head}={}", base64(&hex::decode(sum).unwrap()))
    });
    let finding = Finding::Written { name: "stripe-signature", found: shopify, wanted: github };
    assert_eq!(found(&stripe, "stripe", &["s3cret"])[1], finding);
}

#[test]
fn secrets_that_are_of_no_use_are_named() {
    let good = sent("standard-webhooks", "whsec_czNjcmV0", BODY, BASE, NOW);
    let findings = found(&good, "standard-webhooks", &["n!", "whsec_AAAA"]);
    let refused = Finding::Refused(Refusal::Mismatch("webhook-signature"));
    assert_eq!(findings, [refused, Finding::Unusable { which: 0, why: BadKey::NotBase64 }]);
    // The place is the secret's, not that of the usable ones.
    assert_eq!(found(&good, "standard-webhooks", &["n!", "whsec_czNjcmV0"]), [Finding::Accepted(Some(1))]);
}

#[test]
fn a_secret_whose_time_is_over_is_told_from_a_wrong_one() {
    let good = sent("github", "s3cret", BODY, BASE, NOW);
    let pairs: Vec<_> = good.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let secrets = [Secret::new("s3cret").unwrap()];
    let case = Case {
        sender: Sender::named("github").unwrap(),
        secrets: &secrets,
        others: &[],
        inbound: Inbound::new(Headers::new(&pairs), BODY),
        fetched: None,
        now: Timestamp::from_seconds(NOW),
    };
    assert_eq!(hints(case, Refusal::Mismatch("x-hub-signature-256")), [Finding::Retired]);
}

#[test]
fn a_url_that_is_not_the_configured_one_is_found() {
    let mut host = sent("square", "s3cret", BODY, "https://other.example.com", NOW);
    host.headers.push(("host".to_owned(), "other.example.com".to_owned()));
    let refused = Finding::Refused(Refusal::Mismatch("x-square-hmacsha256-signature"));
    let url = |base: &str| Finding::Url(format!("{base}/webhook/p"));
    assert_eq!(found(&host, "square", &["s3cret"]), [refused.clone(), url("https://other.example.com")]);
    let plain = sent("square", "s3cret", BODY, "http://hooks.example.com", NOW);
    assert_eq!(found(&plain, "square", &["s3cret"]), [refused, url("http://hooks.example.com")]);
}

#[test]
fn the_right_sender_is_named() {
    let gitea = sent("gitea", "s3cret", BODY, BASE, NOW);
    let findings = found(&gitea, "forgejo", &["s3cret"]);
    assert_eq!(findings[0], Finding::Refused(Refusal::Missing("x-forgejo-signature")));
    assert_eq!(findings[1], Finding::OtherSender("gitea"));
    let old = sent("bitbucket", "s3cret", BODY, BASE, NOW);
    let findings = found(&old, "github", &["s3cret"]);
    // Two senders of one scheme: the more general name is as good as the other.
    let header = Finding::Header { wanted: "x-hub-signature-256", found: "x-hub-signature".to_owned() };
    assert_eq!(findings[1..], [header, Finding::OtherSender("bitbucket-server")]);
}

#[test]
fn every_finding_is_a_sentence() {
    for (finding, words) in [
        (Finding::Accepted(Some(0)), "accepted, by secret 1"),
        (Finding::OnlyLate(-412), "412 s ahead of our clock"),
        (Finding::OnlyLate(412), "412 s old"),
        (Finding::Secret { which: 1, spelling: Spelling::Hex }, "secret 2 matches when it is decoded from hexadecimal"),
        (Finding::Header { wanted: "a", found: "b".to_owned() }, "no header a, but there is b"),
        (Finding::Body("x"), "it matches x"),
    ] {
        assert!(finding.to_string().contains(words), "{finding}");
        assert_eq!(finding.fix().is_empty(), matches!(finding, Finding::Accepted(_)), "{finding}");
    }
    assert!(Finding::OnlyLate(-1_700_000_000_000).fix().contains("milliseconds"));
    assert!(Finding::OnlyLate(412).fix().contains("clocks"));
}
