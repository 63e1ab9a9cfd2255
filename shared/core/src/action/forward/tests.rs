//! What may be written of a `forward` action, where it goes by name, and what it makes of an event.

use serde_json::{Value, json};

use super::*;
use crate::action::tests::{checked, head, kept, rendered, stored};
use crate::action::{Action, ActionSpec};
use crate::config::SecretsAs;
use crate::secret::Secret;
use crate::time::Timestamp;

const URL: &str = "https://example.com/in";

fn forward(action: &Value) -> Forward {
    match stored(action) {
        Action::Forward(forward) => forward,
        other => unreachable!("it is a `forward` action, not {other:?}"),
    }
}

#[test]
fn what_is_not_said_is_filled_in() {
    let action = forward(&json!({"kind": "forward", "url": URL}));
    assert_eq!((action.method, action.timeout_seconds, action.ordered), (Method::Post, 10, false));
    assert_eq!((action.body, action.sign, action.headers.len()), (None, None, 0));
}

#[test]
fn every_wrong_field_is_named_and_no_value_is_repeated() {
    let with = |field: &str, value: Value| {
        let mut action = json!({"kind": "forward", "url": URL});
        action[field] = value;
        action
    };
    let canary = "canary-7f3a";
    for (action, field) in [
        (json!({"kind": "forward"}), "actions[0].url"),
        (with("url", json!("")), "actions[0].url"),
        (with("url", json!("example.com")), "actions[0].url"),
        (with("url", json!(format!("ftp://{canary}.example.com"))), "actions[0].url"),
        (with("url", json!(format!("https://user:{canary}@example.com/"))), "actions[0].url"),
        (with("url", json!("https://")), "actions[0].url"),
        (with("url", json!(format!("https://example.com/#{canary}"))), "actions[0].url"),
        (with("url", json!("https://exa mple.com/")), "actions[0].url"),
        (with("url", json!(["https://example.com"])), "actions[0].url"),
        (with("url", json!({"secret": format!("https://{canary}.example.com")})), "actions[0].url.secret"),
        (with("url", json!({"secret": "env:A", "colour": canary})), "actions[0].url"),
        (with("url", json!({})), "actions[0].url"),
        (with("sign", json!(["github", "env:X"])), "actions[0].sign"),
        (with("url", json!("stored:x")), "actions[0].url"),
        (with("method", json!("GET")), "actions[0].method"),
        (with("method", json!("post")), "actions[0].method"),
        (with("timeout_seconds", json!(0)), "actions[0].timeout_seconds"),
        (with("timeout_seconds", json!(31)), "actions[0].timeout_seconds"),
        (with("timeout_seconds", json!(-1)), "actions[0].timeout_seconds"),
        (with("ordered", json!("yes")), "actions[0].ordered"),
        (with("body", json!("{{ payload")), "actions[0].body"),
        (with("headers", json!({"x-a": "{{ payload"})), "actions[0].headers.x-a"),
        (with("headers", json!({"x a": "b"})), "actions[0].headers"),
        (with("headers", json!({"x\r\ny": "b"})), "actions[0].headers"),
        (with("headers", json!({"Host": "b"})), "actions[0].headers"),
        (with("headers", json!({"Content-Length": "1"})), "actions[0].headers"),
        (with("headers", json!({"X-Bellhop-Hops": "0"})), "actions[0].headers"),
        (with("sign", json!({"scheme": "github"})), "actions[0].sign.secret"),
        (with("sign", json!({"scheme": "github", "secret": canary})), "actions[0].sign.secret"),
        (with("sign", json!({"scheme": "stripe", "secret": "env:X"})), "actions[0].sign.scheme"),
        (with("sign", json!({"secret": "env:X"})), "actions[0].sign"),
        (with("chat", json!("1")), "actions[0].chat"),
        (with("colour", json!(canary)), "actions[0].colour"),
        (json!({"kind": "pigeon", "url": URL}), "actions[0].kind"),
        (json!({"url": URL}), "actions[0].kind"),
        (json!({"kind": "telegram", "chat": 1, "url": URL}), "actions[0].url"),
        (json!({"kind": "telegram", "chat": {"canary-7f3a": 1}}), "actions[0].chat"),
        (json!({"kind": "route"}), "actions[0].kind"),
    ] {
        let problems = checked(&action, SecretsAs::References, &[]).unwrap_err();
        assert!(problems.iter().any(|problem| problem.field == field), "{action}: {problems:?}");
        assert!(!format!("{problems:?}").contains(canary), "{action}: {problems:?}");
    }
}

#[test]
fn secrets_are_read_with_the_rights_of_whoever_wrote_them() {
    let sign = |secret: &str| json!({"kind": "forward", "url": URL, "sign": {"scheme": "github", "secret": secret}});
    let at = |url: &str| json!({"kind": "forward", "url": url});
    let hidden = |url: &str| json!({"kind": "forward", "url": {"secret": url}});
    for (action, file, operator, other) in [
        (sign("env:OUT"), true, false, false),
        (sign("ssm:/team/out"), true, true, false),
        (sign("a-value-of-its-own"), false, true, true),
        (at("env:OUT_URL"), true, false, false),
        (at("file:/run/url"), true, false, false),
        (at("ssm:/team/url"), true, true, false),
        (at(URL), true, true, true),
        (hidden("env:OUT_URL"), true, false, false),
        (hidden("ssm:/team/url"), true, true, false),
        (hidden(URL), false, true, true),
        (hidden("no URL"), false, false, false),
        (hidden("ftp://example.com"), false, false, false),
    ] {
        for (secrets, taken) in
            [(SecretsAs::References, file), (SecretsAs::Values, operator), (SecretsAs::ValuesAlone, other)]
        {
            assert_eq!(checked(&action, secrets, &[]).is_ok(), taken, "{action} {secrets:?}");
        }
    }
}

#[test]
fn a_secret_stays_only_where_the_request_goes_to_the_same_place() {
    let old = json!({"kind": "forward", "url": URL, "sign": {"scheme": "github", "secret": "a-value"}});
    let old = kept(checked(&old, SecretsAs::ValuesAlone, &[]).unwrap());
    let (hidden, other_hidden) =
        (json!({"kind": "forward", "url": "env:A"}), json!({"kind": "forward", "url": "env:B"}));
    let hidden = kept(checked(&hidden, SecretsAs::References, &[]).unwrap());
    let other_hidden = kept(checked(&other_hidden, SecretsAs::References, &[]).unwrap());
    let signed = |url: &str, scheme: &str| json!({"kind": "forward", "url": url, "sign": {"scheme": scheme}});
    for (action, before, taken) in [
        (signed(URL, "github"), vec![old.clone()], true),
        (signed(URL, "standard-webhooks"), vec![old.clone()], false),
        (signed("https://attacker.example.com/in", "github"), vec![old.clone()], false),
        (signed(URL, "github"), vec![], false),
        (json!({"kind": "forward"}), vec![hidden.clone()], true),
        (json!({"kind": "forward"}), vec![hidden, other_hidden], false),
    ] {
        assert_eq!(checked(&action, SecretsAs::ValuesAlone, &before).is_ok(), taken, "{action}");
    }
    let again = ActionSpec::of(&old);
    assert!(!serde_json::to_string(&again).unwrap().contains("stored:"), "{again:?}");
    let again = serde_json::to_value(again).unwrap();
    assert_eq!(kept(checked(&again, SecretsAs::ValuesAlone, std::slice::from_ref(&old)).unwrap()), old);
}

#[test]
fn a_destination_shows_no_part_of_a_path_that_may_be_a_key() {
    for (url, shown) in [
        (URL, "https://example.com/in"),
        ("https://example.com", "https://example.com"),
        ("http://localhost:3000/a/b?token=canary", "http://localhost:3000/a/b"),
        ("https://n8n.example.com/webhook/3f1c9c1e-canary-4c1f", "https://n8n.example.com/webhook/…3b3cbf0c"),
    ] {
        let destination = forward(&json!({"kind": "forward", "url": url})).destination();
        assert!(!destination.contains("canary"), "{destination}");
        let is_same = destination == shown
            || (shown.contains('…') && destination.starts_with(&shown[..shown.find('…').unwrap()]));
        assert!(is_same, "{destination}");
    }
    assert_eq!(forward(&json!({"kind": "forward", "url": "env:OUT_URL"})).destination(), "env:OUT_URL");
}

/// What an action makes of an event with these headers.
fn request(action: &Value, headers: &[(&str, &str)], payload: Value) -> Result<Request, String> {
    match rendered(&stored(action), &head(headers, false), payload)?.payload {
        Payload::Forward(request) => Ok(request),
        other => unreachable!("it is a request, not {other:?}"),
    }
}

#[test]
fn the_original_goes_along_without_what_is_of_the_connection_of_proxies_of_ours_or_secret() {
    let sent = [
        ("content-type", "application/json"),
        ("x-github-event", "push"),
        ("x-hub-signature-256", "sha256=00"),
        ("authorization", "[redacted]"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("host", "hooks.example.com"),
        ("content-length", "2"),
        ("accept-encoding", "gzip"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-bellhop-event", "forged"),
        ("x-bellhop-hops", "2"),
        ("user-agent", "GitHub-Hookshot"),
    ];
    let made = request(&json!({"kind": "forward", "url": URL}), &sent, json!({})).unwrap();
    let mut names: Vec<_> = made.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "content-type",
        "user-agent",
        "x-bellhop-delivery",
        "x-bellhop-event",
        "x-bellhop-hops",
        "x-github-event",
        "x-hub-signature-256",
    ];
    assert_eq!((names.as_slice(), &made.body), (&expected[..], &Body::Original));
    let value = |name: &str| made.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!((value("x-bellhop-hops"), value("content-type")), (Some("3"), Some("application/json")));
    assert_ne!(value("x-bellhop-event"), Some("forged"));
}

#[test]
fn a_body_and_headers_are_templates_and_no_value_begins_another_header() {
    let action = json!({
        "kind": "forward", "url": URL, "method": "PUT", "body": "{\"text\":{{ payload.text | tojson }}}",
        "headers": {"X-Env": "prod", "x-title": "{{ payload.text }}", "Content-Type": "application/x-odd"},
    });
    let text = "a\r\nx-evil: 1\u{0}<b>\"";
    let made = request(&action, &[("content-type", "text/plain"), ("x-env", "test")], json!({"text": text})).unwrap();
    let Body::Text(body) = &made.body else { panic!("the body was made") };
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["text"], text);
    let value = |name: &str| {
        let found: Vec<_> = made.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value).collect();
        assert!(found.len() <= 1, "{name} is there twice");
        found.first().map(|value| value.as_str())
    };
    assert_eq!((value("x-env"), value("content-type")), (Some("prod"), Some("application/x-odd")));
    assert_eq!((value("x-title"), value("x-evil")), (Some("a  x-evil: 1 <b>\""), None));
}

#[test]
fn a_signature_is_what_its_verifier_takes_and_its_id_stays() {
    let (now, later) = (Timestamp::from_seconds(1_700_000_000), Timestamp::from_seconds(1_700_000_060));
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    for (scheme, id) in [(SignScheme::StandardWebhooks, Some("webhook-id")), (SignScheme::Github, None)] {
        let sender = bellhop_senders::sender::Sender::named(scheme.sender()).unwrap();
        let keys = [bellhop_senders::verify::Key::new(sender, &secret).unwrap()];
        for moment in [now, later] {
            let headers = signed(scheme, &secret, "an-id", b"{}", moment).unwrap();
            let pairs: Vec<(&str, &[u8])> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let inbound = bellhop_senders::inbound::Inbound::new(bellhop_senders::inbound::Headers::new(&pairs), b"{}");
            assert!(bellhop_senders::verify::verify(sender, &keys, inbound, None, moment).is_ok(), "{scheme:?}");
            let sent = id.map(|id| headers.iter().find(|(name, _)| name == id).unwrap().1.as_str());
            assert_eq!(sent, id.map(|_| "an-id"));
        }
    }
}

#[test]
fn references_give_way_to_values_and_an_address_that_was_one_is_kept_as_a_secret() {
    let sign = |secret: &str| json!({"scheme": "github", "secret": secret});
    let resolved = |action: Value| {
        let mut spec: ActionSpec = serde_json::from_value(action).unwrap();
        let mut value_of = |reference: &SecretRef| match reference {
            SecretRef::Env(name) if name == "GONE" => Err("GONE is not set"),
            SecretRef::Env(name) => Ok(Some(format!("value of {name}"))),
            _ => Ok(None),
        };
        spec.resolve(&mut value_of).map(|()| serde_json::to_value(spec).unwrap())
    };
    for (url, secret, url_after, secret_after) in [
        (json!("env:A"), "env:B", json!({"secret": "value of A"}), "value of B"),
        (json!({"secret": "env:A"}), "ssm:/b", json!({"secret": "value of A"}), "ssm:/b"),
        (json!("ssm:/a"), "env:B", json!("ssm:/a"), "value of B"),
        (json!(URL), "env:B", json!(URL), "value of B"),
    ] {
        let action = json!({"kind": "forward", "url": url, "sign": sign(secret)});
        let expected = json!({"kind": "forward", "url": url_after, "sign": sign(secret_after)});
        assert_eq!(resolved(action), Ok(expected));
    }
    for plain in [json!({"kind": "forward", "url": URL}), json!({"kind": "telegram", "chat": "env:A"})] {
        assert_eq!(resolved(plain.clone()), Ok(plain));
    }
    for broken in [json!({"kind": "forward", "url": "env:GONE"}), json!({"kind": "forward", "sign": sign("env:GONE")})]
    {
        assert_eq!(resolved(broken), Err("GONE is not set"));
    }
    let kept = forward(&json!({"kind": "forward", "url": {"secret": "env:A"}}));
    assert_eq!((kept.destination().as_str(), kept.spec().url), ("env:A", UrlSpec::default()));
}
