//! What proved requests ask for.

use ed25519_dalek::{Signer, SigningKey};

use super::*;
use crate::sign::{Draft, sign_request};
use crate::verify::{Verified, verify};

const SECRET: &str = "octo-zoom-secret";

/// What a request of this body, signed with this secret, is answered by a hook with these secrets.
fn greet(name: &str, secrets: &[&str], headers: &[(&str, &str)], body: &str) -> String {
    let sender = sender(name);
    let url = Url::new(BASE, "/webhook/p");
    let draft = Draft { method: "POST", url, body: body.as_bytes(), id: "msg_1" };
    let proof = match secrets.last() {
        Some(secret) => sign_request(sender, &Secret::new(*secret).unwrap(), draft, NOW).unwrap(),
        None => crate::sign::Proof::default(),
    };
    let target = format!("/webhook/p?{}", proof.query.join("&"));
    let mut pairs = pairs(headers);
    pairs.extend(proof.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let inbound = Inbound { url: Url::new(BASE, &target), ..Inbound::new(Headers::new(&pairs), body.as_bytes()) };
    let keys = keys(sender, secrets);
    let verified = verify(sender, &keys, inbound, None, NOW).unwrap_or_else(|cause| panic!("{name}: {cause}"));
    shown(greeting(&verified, &keys))
}

/// A greeting on one line; `-` where the request is an event.
fn shown(greeting: Option<Greeting>) -> String {
    match greeting {
        None => "-".to_owned(),
        Some(Greeting::Reply(reply)) => line(&reply),
        Some(Greeting::Visit(url)) => format!("visits {url}"),
        Some(Greeting::Refused(cause)) => format!("refused: {cause}"),
    }
}

/// Checks rows of a sender: the body and the beginning of the answer.
fn check(name: &str, secrets: &[&str], headers: &[(&str, &str)], rows: &[(&str, &str)]) {
    for (body, expected) in rows {
        let answer = greet(name, secrets, headers, body);
        let fits = if expected.starts_with("refused") { answer.starts_with(expected) } else { answer == *expected };
        assert!(fits, "{name} {body}\n  is: {answer}\n not: {expected}");
    }
}

#[test]
fn slack_has_its_challenge_back() {
    let with = |challenge: &str| format!(r#"{{"token":"t","challenge":"{challenge}","type":"url_verification"}}"#);
    let padded = with("hello").replace("\"t\"", &format!("\"{}\"", "t".repeat(LONGEST_BODY)));
    check(
        "slack",
        &[SECRET],
        &[],
        &[
            (&with("hello"), &echoed("hello")),
            (&with("h\\u0065llo"), &echoed("hello")),
            (&format!("\u{feff} {}", with("hello")), &echoed("hello")),
            (&with("hello").replace("\"t\"", r#"["\ud83d", 1e400]"#), &echoed("hello")),
            (&with(&"a".repeat(1_024)), &echoed(&"a".repeat(1_024))),
            (&with(&"a".repeat(1_025)), "refused: challenge is not"),
            (&with(""), "refused: challenge is not"),
            (&with("a\\nb"), "refused: challenge is not"),
            (&with("é"), "refused: challenge is not"),
            (&padded, "-"),
            (r#"{"type":"url_verification"}"#, "-"),
            (r#"{"type":"url_verification","challenge":1}"#, "-"),
            (r#"{"type":"event_callback","challenge":"url_verification"}"#, "-"),
            (r#"{"type":"event_callback","event":{"type":"message","text":"url_verification"}}"#, "-"),
            (r#"{"event":{"type":"url_verification","challenge":"a"}}"#, "-"),
            (r#"[{"type":"url_verification","challenge":"a"}]"#, "-"),
            ("command=%2Fhello&text=url_verification", "-"),
        ],
    );
}

#[test]
fn zoom_has_its_token_back_with_its_hash_under_the_key_that_matched() {
    let with = |token: &str| format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":"{token}"}}}}"#);
    let hash = "92e5c145a7f4c6d6929a9dd0085c1782acb5d4203c9e08d5d39b0f0f628d2a71";
    let answer = json(&format!(r#"{{"encryptedToken":"{hash}","plainToken":"hello_Plain-1"}}"#));
    check(
        "zoom",
        &["another", SECRET],
        &[],
        &[
            (&with("hello_Plain-1"), &answer),
            (&with("v0:1700000000:{}"), "refused: plainToken is not"),
            (&with(""), "refused: plainToken is not"),
            (&with(&"a".repeat(1_025)), "refused: plainToken is not"),
            (r#"{"event":"endpoint.url_validation","payload":{}}"#, "-"),
            (r#"{"event":"meeting.started","payload":{"plainToken":"endpoint.url_validation"}}"#, "-"),
            (r#"{"event":"meeting.started","payload":{"object":{"topic":"hello"}}}"#, "-"),
        ],
    );
    assert_ne!(greet("zoom", &["another"], &[], &with("hello_Plain-1")), answer);
}

#[test]
fn twitch_has_its_challenge_back_and_a_revocation_is_an_event() {
    let kind = |value| [("twitch-eventsub-message-type", value)];
    let body = r#"{"challenge":"hello","subscription":{"type":"stream.online"}}"#;
    check(
        "twitch",
        &[SECRET],
        &kind("webhook_callback_verification"),
        &[
            (body, &echoed("hello")),
            (r#"{"challenge":"a\tb"}"#, "refused: challenge is not"),
            (r#"{"subscription":{"challenge":"hello"}}"#, "-"),
        ],
    );
    for other in ["notification", "revocation", ""] {
        check("twitch", &[SECRET], &kind(other), &[(body, "-")]);
    }
    check("twitch", &[SECRET], &[], &[(body, "-")]);
}

#[test]
fn event_grid_has_its_code_back() {
    let with = |kind: &str, code: &str| {
        format!(r#"[{{"id":"1","eventType":"Microsoft.EventGrid.{kind}","data":{{"validationCode":{code}}}}}]"#)
    };
    let good = with("SubscriptionValidationEvent", r#""hello-octo""#);
    check(
        "azure-event-grid",
        &[SECRET],
        &[],
        &[
            (&good, &json(r#"{"validationResponse":"hello-octo"}"#)),
            (&with("SubscriptionValidationEvent", r#""""#), "refused: validationCode is not"),
            (&with("SubscriptionValidationEvent", "7"), "-"),
            (&with("SubscriptionDeletedEvent", r#""hello""#), "-"),
            (&with("Other", r#""SubscriptionValidationEvent""#), "-"),
            (&good.replace("}}]", "}},{}]"), "-"),
            (good.trim_matches(['[', ']']), "-"),
            (r#"[{"eventType":"Microsoft.Storage.BlobCreated","data":{}}]"#, "-"),
        ],
    );
}

#[test]
fn monday_has_its_challenge_back_in_json() {
    check(
        "monday",
        &[],
        &[],
        &[
            (r#"{"challenge":"hello"}"#, &json(r#"{"challenge":"hello"}"#)),
            (r#"{"challenge":""}"#, "refused: challenge is not"),
            (r#"{"challenge":"hello","event":{"type":"create_pulse"}}"#, "-"),
            (r#"{"event":{"challenge":"hello"}}"#, "-"),
            (r#"{"challenge":["hello"]}"#, "-"),
        ],
    );
}

#[test]
fn discord_has_its_ping_back_in_kind_and_its_events_are_events() {
    let signing = SigningKey::from_bytes(&[7; 32]);
    let discord = sender("discord");
    let keys = keys(discord, &[&hex::encode(signing.verifying_key().as_bytes())]);
    let stamp = NOW.as_seconds().to_string();
    let event = r#"{"version":1,"type":1,"event":{"type":"APPLICATION_AUTHORIZED","data":{}}}"#;
    for (body, expected) in [
        (r#"{"id":"1","token":"t","type":1,"version":1,"user":{"id":"2","type":0}}"#, json(r#"{"type":1}"#)),
        (r#"{"version":1,"application_id":"1","type":0}"#, "204 application/json | ".to_owned()),
        (event, "-".to_owned()),
        (r#"{"id":"1","type":2,"data":{"name":"hello"}}"#, "-".to_owned()),
        (r#"{"type":0,"event":{"type":"X"}}"#, "-".to_owned()),
        (r#"{"type":1,"type":2}"#, "-".to_owned()),
        (r#"{"type":"1"}"#, "-".to_owned()),
        ("[]", "-".to_owned()),
    ] {
        let signature = hex::encode(signing.sign(format!("{stamp}{body}").as_bytes()).to_bytes());
        let headers = [("x-signature-ed25519", signature.as_str()), ("x-signature-timestamp", &stamp)];
        let pairs = pairs(&headers);
        let inbound = Inbound::new(Headers::new(&pairs), body.as_bytes());
        let verified = verify(discord, &keys, inbound, None, NOW).unwrap();
        assert_eq!(shown(greeting(&verified, &keys)), expected, "{body}");
        let spoiled = Inbound { body: body.get(1..).unwrap().as_bytes(), ..inbound };
        assert_eq!(verify(discord, &keys, spoiled, None, NOW).err(), Some(Refusal::Mismatch("x-signature-ed25519")));
    }
}

#[test]
fn a_subscription_is_confirmed_at_amazons_own_addresses_alone() {
    let with = |kind: &str, url: &str| {
        let region = if url.contains("cn-north-1") { "cn-north-1" } else { "eu-central-1" };
        let topic = format!("arn:aws:sns:{region}:111122223333:octo");
        format!(r#"{{"Type":"{kind}","SubscribeURL":"{url}","TopicArn":"{topic}","Message":"hello"}}"#)
    };
    let ask = |body: &str| {
        let inbound = Inbound::new(Headers::new(&[]), body.as_bytes());
        shown(greeting(&Verified::assumed(sender("aws-sns"), inbound), &[]))
    };
    for url in [
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:x&Token=0a",
        "https://sns.cn-north-1.amazonaws.com.cn/?Action=ConfirmSubscription&Token=0a",
    ] {
        assert_eq!(ask(&with("SubscriptionConfirmation", url)), format!("visits {url}"));
        assert_eq!(ask(&with("UnsubscribeConfirmation", url)), "-");
        assert_eq!(ask(&with("Notification", url).replace("hello", "SubscriptionConfirmation")), "-");
    }
    for url in [
        "http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sns.eu-central-1.amazonaws.com.evil.example/?Action=ConfirmSubscription&a",
        "https://sns.eu-central-1.amazonaws.com:8443/?Action=ConfirmSubscription&a",
        "https://octo@sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://evil.example/?sns.eu-central-1.amazonaws.com/",
        "https://evil.example\\\\.sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sns.a.b.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sns.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sqs.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://SNS.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&a\\nb",
        "https://sns.eu-central-1.amazonaws.com",
        "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe&a",
        "https://sns.eu-central-1.amazonaws.com/a?Action=ConfirmSubscription&a",
        "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sns.s3.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sns.s3-us-west-2.amazonaws.com/?Action=ConfirmSubscription&a",
        "https://sns.s3-accelerate.amazonaws.com/?Action=ConfirmSubscription&a",
        "",
    ] {
        assert_eq!(ask(&with("SubscriptionConfirmation", url)), "-", "{url}");
    }
}

#[test]
fn xero_has_an_empty_answer_for_its_intent_to_receive() {
    check(
        "xero",
        &[SECRET],
        &[],
        &[
            (r#"{"events":[],"firstEventSequence": 0, "entropy": "HELLO"}"#, "200  | "),
            (r#"{"events":[{"eventType":"UPDATE"}],"firstEventSequence":1,"entropy":"HELLO"}"#, "-"),
            (r#"{"firstEventSequence":0,"entropy":"HELLO"}"#, "-"),
            (r#"{"events":{},"entropy":"HELLO"}"#, "-"),
            (r#"{"events":[]}"#, "-"),
        ],
    );
}

#[test]
fn nobody_can_have_x_sign_an_event_by_its_handshake() {
    check(
        "x-twitter",
        &[SECRET],
        &[],
        &[
            (r#"{"favorite_events":[]}"#, "-"),
            ("\n {}", "-"),
            ("hello-crc.1_2", "refused: the body is not the JSON"),
            ("", "refused: the body is not the JSON"),
        ],
    );
}

#[test]
fn pings_that_are_signed_and_events_without_a_handshake_are_events() {
    for (name, body) in [
        ("github", r#"{"zen":"Hello","hook_id":1}"#),
        ("terraform", r#"{"payload_version":1,"run_id":null,"notifications":[{"trigger":"verification"}]}"#),
        ("line", r#"{"destination":"U1","events":[]}"#),
        ("bitbucket-server", r#"{"test":true}"#),
        ("dropbox", r#"{"challenge":"hello"}"#),
        ("okta", r#"{"challenge":"hello"}"#),
        ("meta", r#"{"hub.challenge":"hello"}"#),
    ] {
        check(name, &[SECRET], &[], &[(body, "-")]);
    }
}

#[test]
fn no_sample_is_a_handshake() {
    for sender in Sender::all() {
        let pairs = pairs(sender.sample().headers);
        let inbound = Inbound::new(Headers::new(&pairs), sender.sample().body.as_bytes());
        assert_eq!(shown(greeting(&Verified::assumed(sender, inbound), &[])), "-", "{}", sender.name);
    }
}

#[test]
fn lark_has_its_challenge_back_in_json_with_the_right_token() {
    let with = |kind: &str| format!(r#"{{"challenge":"ajls384k","token":"octo","type":"{kind}"}}"#);
    check(
        "lark",
        &["octo"],
        &[],
        &[
            (&with("url_verification"), &json(r#"{"challenge":"ajls384k"}"#)),
            (&with("event_callback"), "-"),
            (r#"{"schema":"2.0","header":{"event_type":"url_verification","token":"octo"},"event":{}}"#, "-"),
            (r#"{"challenge":"a\nb","token":"octo","type":"url_verification"}"#, "refused: challenge is not"),
        ],
    );
}

#[test]
fn a_channel_of_google_says_once_that_it_is_there() {
    for name in ["google-calendar", "google-drive"] {
        let state = |state| [("x-goog-resource-state", state), ("x-goog-channel-id", "c-1")];
        check(name, &["octo"], &state("sync"), &[("", "200  | ")]);
        for other in ["exists", "not_exists", "update", "SYNC", ""] {
            check(name, &["octo"], &state(other), &[("", "-")]);
        }
    }
}

#[test]
fn a_proved_event_that_only_says_hello_is_answered_and_is_none() {
    check(
        "viber",
        &["octo"],
        &[],
        &[
            (r#"{"event":"webhook","timestamp":1,"message_token":2}"#, "200  | "),
            (r#"{"event":"message","message":{"text":"webhook"}}"#, "-"),
            (r#"["webhook"]"#, "-"),
        ],
    );
    check(
        "figma",
        &["octo"],
        &[],
        &[
            (r#"{"event_type":"PING","passcode":"octo"}"#, "200  | "),
            (r#"{"event_type":"FILE_UPDATE","file_name":"PING","passcode":"octo"}"#, "-"),
        ],
    );
}
