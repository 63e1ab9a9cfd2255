//! For every sender whose requests we can sign, hundreds of requests that are nearly right; none may pass.

use super::request::{Request, spoil};
use super::*;
use crate::sender::{Algorithm, Carrier, Clock, Part, TokenPlace};

/// The least number of spoiled requests for each sender.
const LEAST: usize = 400;

/// Whether our own signer can sign for a sender.
pub(super) fn is_ours(sender: &Sender) -> bool {
    match &sender.scheme {
        Scheme::Signed(signed) => matches!(signed.algorithm, Algorithm::Hmac(_) | Algorithm::Digest(_)),
        Scheme::Jwt(jwt) => jwt.key.is_none(),
        Scheme::Token(_) => true,
        Scheme::AppStore(_) | Scheme::None => false,
    }
}

/// A secret of the form its sender wants, and others alike.
pub(super) fn secret(sender: &Sender, number: usize) -> String {
    let text = hex::encode(sha2::Sha256::digest(format!("secret {number}")));
    if sender.scheme == Scheme::Token(TokenPlace::Basic) { format!("user:{text}") } else { text }
}

/// A body that this sender's scheme can take.
pub(super) fn body(sender: &Sender) -> &'static [u8] {
    match &sender.scheme {
        Scheme::Signed(Signed { document: Some(_), .. }) => b"json=%7B%22hello%22%3A%22octo%22%7D",
        Scheme::Signed(signed)
            if signed.content.iter().any(|part| matches!(part, Part::Form | Part::FormOrBodyHash)) =>
        {
            b"From=octo&Body=hello"
        }
        _ => br#"{"hello":"octo","items":[1,2,3]}"#,
    }
}

/// Whether every byte of the body is proved.
pub(super) fn covers_body(request: &Request) -> bool {
    match request.scheme() {
        Scheme::Signed(Signed { place: Carrier::Field(_), .. }) => false,
        scheme => scheme.covers_body(),
    }
}

/// The clock of a scheme in which requests grow old.
fn tolerance(scheme: &Scheme) -> Option<u64> {
    match scheme {
        Scheme::Signed(signed) => signed.timestamp.map(|Clock { tolerance_seconds, .. }| tolerance_seconds),
        // Our own tokens live for a minute.
        Scheme::Jwt(jwt) => Some(jwt.max_age_seconds.unwrap_or(60 + jwt.leeway_seconds)),
        Scheme::Token(_) | Scheme::AppStore(_) | Scheme::None => None,
    }
}

/// How many spoiled forms of a request were tried; each must be refused.
pub(super) fn refuse_all(request: &Request) -> usize {
    let name = request.sender.name;
    assert!(request.check(NOW).is_ok(), "{name}: {:?}", request.check(NOW));
    let mut spoiled = request.with_spoiled_headers();
    spoiled.extend(request.with_odd_times());
    if covers_body(request) {
        spoiled.extend(request.with_spoiled_bodies());
    }
    if let Some(path) = request.signature_field() {
        let document = crate::json::read(&request.body).unwrap();
        let text = crate::sender::text_at(&document, &path).unwrap().into_owned();
        let case = hex::decode(&text).is_ok();
        spoiled.extend(
            spoil(&text, false, case)
                .into_iter()
                .map(|other| (format!("{path}: {other:?}"), request.with_field(&path, &other))),
        );
        for body in
            ["", "{}", "[]", "null", "1", "{", "\0", r#"{"notificationItems":[]}"#, r#"{"signature":null,"value":[]}"#]
        {
            spoiled.push((format!("body {body:?}"), Request { body: body.into(), ..request.clone() }));
        }
    }
    if let Scheme::Token(TokenPlace::Query(parameter)) = request.scheme() {
        for other in spoil(&request.secret, false, false) {
            let value: String = form_urlencoded::byte_serialize(other.as_bytes()).collect();
            for target in [format!("/p?{parameter}={value}"), format!("{}&{parameter}={value}", request.target)] {
                spoiled.push((target.clone(), Request { target, ..request.clone() }));
            }
        }
    }
    for (what, other) in &spoiled {
        assert!(other.check(NOW).is_err(), "{name} accepted {what}");
    }
    let mut tried = spoiled.len();
    if let Some(tolerance) = tolerance(request.scheme()) {
        for beyond in [1, 2, 10, 60, 3_600, 86_400, 31_536_000, 1_699_999_000, u64::MAX / 2, u64::MAX] {
            let (late, early) = (
                NOW.saturating_add(tolerance + 1).saturating_add(beyond),
                NOW.saturating_sub(tolerance).saturating_sub(beyond),
            );
            assert!(request.check(late).is_err(), "{name} accepted {beyond} s too late");
            assert!(request.check(early).is_err(), "{name} accepted {beyond} s too early");
            tried += 2;
        }
    }
    tried
}

/// Refuses what is spoiled, and so many other secrets that it comes to 400 requests; always some.
fn refuse_enough(request: &Request, secret: impl Fn(usize) -> String) -> usize {
    let tried = refuse_all(request);
    let others = 8.max(LEAST.saturating_sub(tried));
    for number in 1..=others {
        let passed = request.check_with(&secret(number), NOW).is_ok();
        assert!(!passed, "{} accepted another secret", request.sender.name);
    }
    tried + others
}

#[test]
fn nothing_that_is_nearly_right_passes() {
    let mut senders = 0;
    for sender in Sender::all().iter().filter(|sender| is_ours(sender)) {
        let request = Request::signed(sender, &secret(sender, 0), body(sender));
        let tried = refuse_enough(&request, |number| secret(sender, number));
        assert!(tried >= LEAST, "{}: only {tried}", sender.name);
        senders += 1;
    }
    // The others are signed for in `asymmetric`, and the unsigned ones have nothing to prove.
    assert!(senders > 100, "{senders}");
}

#[test]
fn gitlabs_signing_token_is_told_from_its_plain_one() {
    let gitlab = Sender::named("gitlab").unwrap();
    let signing = format!("whsec_{}", STANDARD.encode([7; 32]));
    let signed = Request::signed(gitlab, &signing, b"{}");
    refuse_enough(&signed, |number| {
        format!("whsec_{}", STANDARD.encode([u8::try_from(number % 251).unwrap() + 4; 40]))
    });
    // A hook that expects a signature takes no token, and the other way round.
    let token = Request { headers: vec![("x-gitlab-token".to_owned(), signing.clone())], ..signed.clone() };
    assert_eq!(token.check(NOW), Err(Refusal::Missing("webhook-signature")));
    assert_eq!(signed.check_with("plain", NOW), Err(Refusal::Missing("x-gitlab-token")));
}

#[test]
fn a_url_that_is_not_configured_is_refused_by_name() {
    for name in ["twilio", "square", "hubspot", "hubspot-v2", "trello", "mandrill", "messagebird"] {
        let sender = Sender::named(name).unwrap();
        let request = Request::signed(sender, &secret(sender, 0), body(sender));
        let (pairs, key) = (request.pairs(), Key::new(sender, &Secret::new(&request.secret).unwrap()).unwrap());
        let inbound = Inbound { url: crate::inbound::Url::new("", &request.target), ..request.inbound(&pairs) };
        let result = verify(sender, &[key], inbound, None, Timestamp::from_seconds(NOW)).map(|_| ());
        assert_eq!(result, Err(Refusal::NoPublicUrl), "{name}");
    }
}

#[test]
fn what_stands_there_twice_is_not_chosen_from() {
    let signature = hex::encode(mac(b"secret", format!("{NOW}.{{}}").as_bytes()));
    let sent = |header: &str| {
        let headers: Pairs<'_> = vec![("stripe-signature", header.as_bytes())];
        check("stripe", &["secret"], &headers, b"{}")
    };
    assert_eq!(sent(&format!("t={NOW},v1={signature}")), Ok(Some(0)));
    assert_eq!(sent(&format!("t={NOW}, v1={}, v1={signature} ,v2=x", "0".repeat(64))), Ok(Some(0)));
    for times in [format!("t={NOW},t={NOW}"), format!("t={NOW},t=1"), format!("t=1,t={NOW}")] {
        let malformed = Err(Refusal::Malformed("stripe-signature"));
        assert_eq!(sent(&format!("{times},v1={signature}")), malformed, "{times}");
    }
    // Of many signatures only the first sixteen are looked at, so that nobody makes us compute for long.
    let pairs = |strangers: usize| format!("t={NOW}{}", format!(",v1={}", "0".repeat(64)).repeat(strangers));
    assert_eq!(sent(&format!("{},v1={signature}", pairs(14))), Ok(Some(0)));
    let mismatch = Err(Refusal::Mismatch("stripe-signature"));
    assert_eq!(sent(&format!("{},v1={signature}", pairs(15))), mismatch);
    // A form's field that is there twice is signed once, as Twilio does it.
    let twilio = Sender::named("twilio").unwrap();
    let once = Request::signed(twilio, "secret", b"a=1&b=2");
    assert_eq!(Request { body: b"b=2&a=1&b=2".to_vec(), ..once.clone() }.check(NOW), Ok(Some(0)));
    assert!(Request { body: b"b=2&a=1&b=3".to_vec(), ..once.clone() }.check(NOW).is_err());
    // Where a name ends and its value begins is not signed; nor can it be, with Twilio's own signatures.
    assert_eq!(Request { body: b"a1=&b2=".to_vec(), ..once }.check(NOW), Ok(Some(0)));
    // Of several items each must carry the token.
    let graph = Sender::named("microsoft-graph").unwrap();
    let both = Request::signed(graph, "secret", br#"{"value":[{"id":1},{"id":2}]}"#);
    assert_eq!(both.check(NOW), Ok(Some(0)));
    for item in ["value.0.clientState", "value.1.clientState"] {
        assert_eq!(both.with_field(item, "x").check(NOW), Err(Refusal::WrongToken("value.*.clientState")));
    }
}

#[test]
fn a_token_of_a_form_is_there_once() {
    for (sender, good, bad) in [
        (
            "synology-chat",
            "text=a&token=se%2Bcret",
            &["token=se%2Bcret&token=se%2Bcret", "token=se+cret", "{\"token\":\"se+cret\"}", ""][..],
        ),
        (
            "ko-fi",
            "data=%7B%22verification_token%22%3A%22se%2Bcret%22%7D",
            &[
                "data=se%2Bcret",
                "verification_token=se%2Bcret",
                "data=%7B%22verification_token%22%3Anull%7D",
                "data=%5B%5D",
            ][..],
        ),
    ] {
        assert_eq!(check(sender, &["se+cret"], &[], good.as_bytes()), Ok(Some(0)), "{sender}");
        for body in bad {
            assert!(check(sender, &["se+cret"], &[], body.as_bytes()).is_err(), "{sender}: {body}");
        }
        assert!(check(sender, &["secret"], &[], good.as_bytes()).is_err(), "{sender}");
    }
}

#[test]
fn a_secret_is_normalized_where_its_sender_does_it() {
    // Computed by `validate_webhook` of EasyPost's library for Python.
    let signature = "hmac-sha256-hex=1d8e47f627b4dc1a56067f6dd1e208564affcf0b185ae30902ac590c5c4bdfa1";
    let body = br#"{"description":"tracker.updated","id":"evt_1"}"#;
    for spelled in ["s\u{e9}cret \u{fb01}", "se\u{301}cret \u{fb01}", "se\u{301}cret fi"] {
        let headers: Pairs<'_> = vec![("x-hmac-signature", signature.as_bytes())];
        assert_eq!(check("easypost", &[spelled], &headers, body), Ok(Some(0)), "{spelled}");
    }
    let headers: Pairs<'_> = vec![("x-hmac-signature", signature.as_bytes())];
    assert!(check("easypost", &["secret fi"], &headers, body).is_err());
}

#[test]
fn a_signed_header_must_say_something() {
    let (key, time) = (b"0123456789abcdef01234567", NOW.to_string());
    let signature = standard(key, "", &time, BODY);
    let headers: Pairs<'_> =
        vec![("webhook-id", b""), ("webhook-timestamp", time.as_bytes()), ("webhook-signature", signature.as_bytes())];
    let result = check("standard-webhooks", &[&STANDARD.encode(key)], &headers, BODY);
    assert_eq!(result, Err(Refusal::Missing("webhook-id")));
}

#[test]
fn a_time_that_is_not_signed_does_not_count() {
    let sender = Sender::named("contentful").unwrap();
    let (secret, names) = (secret(sender, 0), "x-contentful-signed-headers");
    let now = format!("{NOW}000");
    let sent = |listed: &str| {
        let values = listed.split(',').map(|name| format!("{name}:{}", if name == names { listed } else { &now }));
        let content = format!("POST\n/webhook/p\n{}\n{{}}", values.collect::<Vec<_>>().join(";"));
        let signature = hex::encode(mac(secret.as_bytes(), content.as_bytes()));
        let headers = [(names, listed), ("x-contentful-timestamp", &now), ("x-contentful-signature", &signature)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let (target, secret) = ("/webhook/p".to_owned(), secret.clone());
        Request { secret, target, headers, ..Request::signed(sender, "secret", b"{}") }.check(NOW)
    };
    assert_eq!(sent("x-contentful-signed-headers,x-contentful-timestamp"), Ok(Some(0)));
    assert_eq!(sent(names), Err(Refusal::Malformed(names)));
}

#[test]
fn no_algorithm_but_the_tables_counts() {
    let sender = Sender::named("netlify").unwrap();
    let request = Request::signed(sender, "secret", b"{}");
    let token = &request.headers[0].1;
    let (_, rest) = token.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    for head in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None","typ":"JWT"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"typ":"JWT"}"#,
        "[]",
        "",
    ] {
        let input = format!("{}.{claims}", encode(head));
        let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mac(b"secret", input.as_bytes()));
        let forged = [format!("{input}."), format!("{input}.{signature}")];
        // Even signed with the right secret, a head that names another algorithm does not pass.
        for value in forged {
            let other = Request { headers: vec![(request.headers[0].0.clone(), value)], ..request.clone() };
            assert!(other.check(NOW).is_err(), "{head}");
        }
    }
}
