//! Every row of the table, with its sample.

use serde_json::{Value, json};

use super::sent::Sent;
use crate::delivery::Basis;
use bellhop_senders::sender::{Part, Place, Scheme, Sender, value_at};

/// A value's places at which something stands that is no object and no list.
pub(super) fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| leaves(field, &below(name), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| leaves(item, &below(&place.to_string()), found));
        }
        _ => found.push(at.to_owned()),
    }
}

/// The senders whose requests may be copies.
pub(super) fn repeating() -> impl Iterator<Item = &'static Sender> {
    Sender::all().iter().filter(|sender| sender.repeat().window_seconds != Some(0))
}

/// Whether a row says that what stands at a place changes when the sender delivers again.
pub(super) fn changes_at(sender: &Sender, place: &str) -> bool {
    sender.changing_fields().any(|path| {
        let (path, place): (Vec<_>, Vec<_>) = (path.split('.').collect(), place.split('.').collect());
        path.len() <= place.len() && path.iter().zip(&place).all(|(step, name)| *step == "*" || step == name)
    })
}

/// The value at a place, for writing; names with dots in them are out of reach.
pub(super) fn value_mut<'a>(value: &'a mut Value, place: &str) -> Option<&'a mut Value> {
    place.split('.').try_fold(value, |value, step| match value {
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        Value::Object(fields) => fields.get_mut(step),
        _ => None,
    })
}

/// Another value of the same kind.
pub(super) fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!(true),
        Value::Bool(truth) => json!(!truth),
        Value::Number(number) => json!(number.as_i64().unwrap_or(7) + 1),
        Value::String(text) => json!(format!("{text}~")),
        Value::Array(_) | Value::Object(_) => json!("other"),
    }
}

/// Whether a sender's signature covers something, so that what stands elsewhere in the body proves nothing.
fn is_covered(sender: &Sender, place: &str) -> bool {
    let Scheme::Signed(signed) = &sender.scheme else { return true };
    sender.signs_fields().is_none()
        || signed.content.iter().any(|part| match part {
            Part::Field(path) | Part::OptionalField(path) => place.ends_with(path),
            Part::Sns => ["Message", "MessageId", "Subject", "TopicArn", "Type"].contains(&place),
            _ => false,
        })
}

#[test]
fn the_same_request_is_the_same_delivery() {
    for sender in repeating() {
        let sent = Sent::sample(sender, "d-1");
        let again = sent.clone().header(sender.scheme.carrier(), "another signature").header("x-retry-num", "1");
        assert_eq!(sent.key_at(sender), again.key_at(sender), "{}", sender.name);
        assert_eq!(sent.key_at(sender).len(), 64);
    }
}

#[test]
fn another_content_is_another_delivery_wherever_it_differs() {
    let mut places_seen = 0;
    for sender in repeating() {
        let sent = Sent::sample(sender, "d-1");
        let (document, key) = (sent.document(), sent.key_at(sender));
        let mut places = Vec::new();
        leaves(&document, "", &mut places);
        for place in places.iter().filter(|place| !place.is_empty() && is_covered(sender, place)) {
            let mut changed = document.clone();
            let Some(value) = value_mut(&mut changed, place) else { continue };
            *value = other(value);
            let differs = sent.with(&changed).key_at(sender) != sent.with(&document).key_at(sender);
            assert_eq!(differs, !changes_at(sender, place), "{}: `{place}`", sender.name);
            places_seen += 1;
        }
        if document.is_null() {
            // Of a form, its first field is another.
            let body = [b"other=1&", sent.body.as_slice()].concat();
            let form = Sent { body, ..sent.clone() };
            let signed_field = matches!(&sender.scheme, Scheme::Signed(signed) if matches!(signed.content, [Part::FormField(_)]) || signed.document.is_some())
                || sender.unpack.iter().any(|step| step.into.is_empty());
            assert_eq!(form.key_at(sender) != key, !signed_field, "{}", sender.name);
        }
    }
    assert!(places_seen > 1_000, "{places_seen}");
}

#[test]
fn another_id_is_another_delivery_where_it_is_proved_and_none_where_anybody_could_write_it() {
    let (mut unproved, mut proved) = (0, 0);
    for sender in Sender::all() {
        let Some(header) = sender.delivery_id.header() else { continue };
        let sent = Sent::sample(sender, "d-1");
        let forged = sent.clone().header(header, "d-2");
        let stripped =
            Sent { headers: sent.headers.iter().filter(|(name, _)| name != header).cloned().collect(), ..sent.clone() };
        match sender.same_delivery() {
            Basis::Content => {
                assert_eq!(sent.key_at(sender), forged.key_at(sender), "{}", sender.name);
                if matches!(sender.delivery_id, Place::Header(_)) {
                    assert_eq!(sent.key_at(sender), stripped.key_at(sender), "{}", sender.name);
                }
                unproved += 1;
            }
            Basis::Both | Basis::Id => {
                assert_ne!(sent.key_at(sender), forged.key_at(sender), "{}", sender.name);
                proved += 1;
            }
        }
    }
    assert!(unproved >= 26 && proved >= 20, "{unproved} and {proved}");
}

#[test]
fn the_senders_whose_content_alone_decides_are_known() {
    let found: Vec<_> = Sender::all()
        .iter()
        .filter(|sender| sender.delivery_id != Place::Nowhere && sender.same_delivery() == Basis::Content)
        .map(|sender| sender.name)
        .filter(|name| !name.starts_with("hmac-"))
        .collect();
    for name in
        ["autodesk", "bitbucket", "forgejo", "gitea", "github", "gogs", "shopify", "twilio", "wise", "woocommerce"]
    {
        assert!(found.contains(&name), "{name}: {found:?}");
    }
    for name in ["hmac-sha1", "hmac-sha256", "hmac-sha256-hub", "hmac-sha512"] {
        assert_eq!(Sender::named(name).unwrap().same_delivery(), Basis::Content, "{name}");
    }
    for name in [
        "adyen",
        "clerk",
        "gitlab",
        "gocardless",
        "hubspot",
        "mailgun",
        "postmark",
        "sendgrid",
        "standard-webhooks",
        "stripe",
        "travis",
        "zendesk",
    ] {
        assert_eq!(Sender::named(name).unwrap().same_delivery(), Basis::Both, "{name}");
    }
}

#[test]
fn an_id_alone_decides_only_where_it_is_proved() {
    for sender in Sender::all() {
        assert!(sender.repeat().changes != ["*"] || sender.proves_id(), "{}", sender.name);
        for path in sender.repeat().changes {
            let sample = crate::json::read(sender.sample().body.as_bytes()).unwrap_or_default();
            assert!(value_at(&sample, path).is_none_or(|_| changes_at(sender, path)), "{}: {path}", sender.name);
        }
    }
}

#[test]
fn a_subscriptions_name_is_no_delivery_id() {
    for name in ["hmac-sha256", "header-token", "bearer", "basic", "api-key", "query-token"] {
        let read = |header: &str| {
            let sent = Sent::json(&json!({})).header(header, "sub-1");
            Sender::named(name).unwrap().delivery_id.read_id(
                &|found| {
                    let found = sent.headers.iter().find(|(name, _)| name == found);
                    found.map(|(_, value)| value.clone().into())
                },
                None,
            )
        };
        assert_eq!(read("x-webhook-id"), None, "{name}");
        assert_eq!(read("x-event-id").as_deref(), Some("sub-1"), "{name}");
        assert_eq!(read("idempotency-key").as_deref(), Some("sub-1"), "{name}");
    }
}
