//! Thousands of pairs of a family: what a sender sends as two deliveries is never one, and one that it repeats is never
//! two.

use serde_json::{Value, json};

use super::rows::{changes_at, leaves, other, value_mut};
use super::sent::{Sent, custom};
use crate::delivery::Deduplicate;
use bellhop_senders::sender::{Place, Sender};

/// How many pairs of each kind a family is tried on.
const PAIRS: usize = 10_000;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        // xorshift64*, by Sebastiano Vigna.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end
    }

    /// A word that has not been there before.
    fn word(&mut self) -> String {
        format!("{:x}{:x}", self.below(1 << 30), self.below(1 << 30))
    }
}

/// A kind of sender: how two of its deliveries differ, and how one comes again.
struct Family {
    name: &'static str,
    senders: Vec<&'static Sender>,
    make: fn(&mut Dice, &'static Sender) -> Sent,
    differ: &'static [fn(&mut Dice, &'static Sender, &Sent) -> Sent],
    again: &'static [fn(&mut Dice, &'static Sender, &Sent) -> Sent],
}

/// What a family's pairs came to: deliveries that became one, and deliveries that became two.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wrong {
    merged: usize,
    doubled: usize,
}

impl Family {
    /// How many of the pairs are judged wrongly by a rule.
    fn wrong(&self, rule: impl Fn(&Sent, &'static Sender) -> String) -> Wrong {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut wrong = Wrong::default();
        for round in 0..PAIRS {
            let sender = self.senders[round % self.senders.len()];
            let sent = (self.make)(&mut dice, sender);
            let key = rule(&sent, sender);
            let another = self.differ[dice.below(self.differ.len())](&mut dice, sender, &sent);
            assert_ne!(sent, another, "{}: the pair is one", self.name);
            wrong.merged += usize::from(rule(&another, sender) == key);
            let again = self.again[dice.below(self.again.len())](&mut dice, sender, &sent);
            wrong.doubled += usize::from(rule(&again, sender) != key);
        }
        wrong
    }
}

/// Senders by name.
fn named(names: &[&str]) -> Vec<&'static Sender> {
    names.iter().map(|name| Sender::named(name).unwrap()).collect()
}

/// A sample with an id and values of its own.
fn fresh(dice: &mut Dice, sender: &'static Sender) -> Sent {
    let id = dice.word();
    let mut sent = Sent::sample(sender, &id);
    if let Some(name) = sender.delivery_id.header() {
        sent = sent.header(name, &id);
    }
    if !sent.document().is_null() {
        sent = edited(dice, sender, &sent, |sender, place| !changes_at(sender, place));
    }
    signed_anew(dice, sender, &sent)
}

/// The same with one value of its body changed that `may` be.
fn edited(dice: &mut Dice, sender: &'static Sender, sent: &Sent, may: impl Fn(&Sender, &str) -> bool) -> Sent {
    let mut document = sent.document();
    let mut places = Vec::new();
    leaves(&document, "", &mut places);
    places.retain(|place| may(sender, place) && value_mut(&mut document, place).is_some());
    if let (true, Value::Object(fields)) = (places.is_empty(), &mut document) {
        fields.insert("added".to_owned(), json!(dice.word()));
        return sent.with(&document);
    }
    assert!(!places.is_empty(), "{}: nothing may be changed", sender.name);
    let place = &places[dice.below(places.len())];
    let value = value_mut(&mut document, place).unwrap();
    *value = if value.is_string() { json!(dice.word()) } else { other(value) };
    sent.with(&document)
}

/// Whether a value at a place counts and is no part of the delivery id.
fn is_content(sender: &Sender, place: &str) -> bool {
    !changes_at(sender, place) && !id_fields(sender.delivery_id).contains(&place)
}

/// The fields of the body that the delivery id is made of.
fn id_fields(place: Place) -> Vec<&'static str> {
    match place {
        Place::Field(path) => vec![path],
        Place::Join(places) | Place::First(places) => places.iter().flat_map(|place| id_fields(*place)).collect(),
        Place::Nowhere | Place::Header(_) | Place::Key(_) => Vec::new(),
    }
}

/// Another event under the same delivery id.
fn same_id(dice: &mut Dice, sender: &'static Sender, sent: &Sent) -> Sent {
    edited(dice, sender, sent, is_content)
}

/// The same event under another delivery id in its header.
fn other_header(dice: &mut Dice, sender: &'static Sender, sent: &Sent) -> Sent {
    sent.clone().header(sender.delivery_id.header().unwrap(), &dice.word())
}

/// Another event whose delivery id differs in one part.
fn other_part(dice: &mut Dice, sender: &'static Sender, sent: &Sent) -> Sent {
    edited(dice, sender, sent, |sender, place| id_fields(sender.delivery_id).contains(&place))
}

/// A batch that begins with the same event and brings a new one.
fn one_more(dice: &mut Dice, sender: &'static Sender, sent: &Sent) -> Sent {
    let mut document = sent.document();
    let list = the_list(&mut document).unwrap_or_else(|| panic!("{}: no batch", sender.name));
    let mut new = list[0].clone();
    let mut places = Vec::new();
    leaves(&new, "", &mut places);
    for place in places {
        if let Some(value) = value_mut(&mut new, &place).filter(|value| value.is_string()) {
            *value = json!(dice.word());
        }
    }
    list.push(new);
    sent.with(&document)
}

/// The list of a batch's events.
fn the_list(document: &mut Value) -> Option<&mut Vec<Value>> {
    match document {
        Value::Array(items) => Some(items),
        Value::Object(fields) => fields.values_mut().find_map(|field| match field {
            Value::Array(items) if !items.first().is_some_and(Value::is_object) => None,
            field => the_list(field),
        }),
        _ => None,
    }
}

/// The same delivery with a fresh signature, time and count of attempts.
fn signed_anew(dice: &mut Dice, sender: &'static Sender, sent: &Sent) -> Sent {
    let mut again = sent.clone();
    if let bellhop_senders::sender::Scheme::Signed(_) = &sender.scheme
        && let Some(name) = sender_header(sender)
    {
        again = again.header(name, &dice.word());
    }
    for name in ["x-timestamp", "webhook-timestamp", "svix-timestamp", "x-attempt", "x-slack-retry-num", "user-agent"] {
        again = again.header(name, &dice.word());
    }
    again
}

/// The header of a sender's signature.
fn sender_header(sender: &'static Sender) -> Option<&'static str> {
    match &sender.scheme {
        bellhop_senders::sender::Scheme::Signed(signed) => match signed.place {
            bellhop_senders::sender::Carrier::Headers([name, ..]) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// The same delivery, the fields changed that its sender changes.
fn counted_up(dice: &mut Dice, sender: &'static Sender, sent: &Sent) -> Sent {
    if sender.changing_fields().next().is_none() {
        return signed_anew(dice, sender, sent);
    }
    let mut document = sent.document();
    for path in sender.changing_fields() {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let fill = |target: Option<&mut Value>, value: Value| {
            if let Some(Value::Object(fields)) = target {
                fields.insert(name.to_owned(), value);
            }
        };
        let value = [json!(dice.below(9)), json!(dice.word()), json!([{"n": dice.below(9)}]), Value::Null]
            [dice.below(4)]
        .clone();
        match parent.split_once('*') {
            None if parent.is_empty() => fill(Some(&mut document), value),
            None => fill(value_mut(&mut document, parent), value),
            Some((list, "")) => {
                let list = list.trim_end_matches('.');
                let list = if list.is_empty() { Some(&mut document) } else { value_mut(&mut document, list) };
                for item in list.and_then(Value::as_array_mut).into_iter().flatten() {
                    fill(Some(item), json!(dice.below(9)));
                }
            }
            Some(_) => {}
        }
    }
    signed_anew(dice, sender, &sent.with(&document))
}

/// The same delivery with an id that somebody else wrote over it.
fn forged_id(dice: &mut Dice, sender: &'static Sender, sent: &Sent) -> Sent {
    let forged = other_header(dice, sender, sent);
    signed_anew(dice, sender, &forged)
}

/// A form with fields of its own.
fn form(dice: &mut Dice, sender: &'static Sender) -> Sent {
    let body = format!("MessageSid={}&Body={}&From=%2B1", dice.word(), dice.word());
    let id = dice.word();
    let sent = Sent { headers: Vec::new(), body: body.into_bytes(), query: String::new() };
    let sent = sent.header("content-type", "application/x-www-form-urlencoded");
    match sender.delivery_id.header() {
        Some(name) => sent.header(name, &id),
        None => sent,
    }
}

/// A form with another value in it.
fn other_form(dice: &mut Dice, _: &'static Sender, sent: &Sent) -> Sent {
    let body = String::from_utf8(sent.body.clone()).unwrap().replace("&From", &format!("{}&From", dice.word()));
    Sent { body: body.into_bytes(), ..sent.clone() }
}

/// An event whose content is in its query.
fn in_query(dice: &mut Dice, _: &'static Sender) -> Sent {
    Sent { headers: Vec::new(), body: Vec::new(), query: format!("id={}&status=sent", dice.word()) }
}

/// The same with another query.
fn other_query(dice: &mut Dice, _: &'static Sender, sent: &Sent) -> Sent {
    Sent { query: format!("{}{}", sent.query, dice.word()), ..sent.clone() }
}

/// An event of a custom scheme.
fn of_custom(dice: &mut Dice, _: &'static Sender) -> Sent {
    let body = json!({"delivery": {"id": dice.word()}, "n": dice.below(1000), "text": dice.word()});
    Sent::json(&body).header("x-id", &dice.word()).header("x-time", "1700000000")
}

/// Every family.
fn families() -> Vec<Family> {
    let custom_signed = custom(json!({
        "header": "x-sign", "content": "{header:x-time}.{header:x-id}.{body}", "timestamp_header": "x-time",
        "timestamp_unit": "s", "delivery_id_header": "x-id",
    }));
    let custom_bare = custom(json!({"header": "x-sign", "delivery_id_header": "x-id"}));
    let custom_field = custom(json!({"header": "x-sign", "delivery_id_field": "delivery.id"}));
    vec![
        Family {
            name: "an id in a signed header",
            senders: named(&["standard-webhooks", "svix", "clerk", "twitch", "kick"]),
            make: fresh,
            differ: &[same_id, other_header],
            again: &[signed_anew],
        },
        Family {
            name: "an id in an unsigned header, and no time",
            senders: named(&["github", "gitea", "bitbucket", "razorpay", "woocommerce", "shopify", "hmac-sha256"]),
            make: fresh,
            differ: &[same_id],
            again: &[signed_anew, forged_id],
        },
        Family {
            name: "an id in an unsigned header, and a signed time",
            senders: named(&["zendesk", "sanity", "hmac-sha256-timestamp", "hmac-sha256-pairs"]),
            make: fresh,
            differ: &[same_id, other_header],
            again: &[signed_anew],
        },
        Family {
            name: "an id in a signed header, which is another one each time",
            senders: named(&["paypal", "paypal-sandbox"]),
            make: fresh,
            differ: &[same_id],
            again: &[signed_anew, forged_id],
        },
        Family {
            name: "an id in the body",
            senders: named(&["stripe", "slack", "paddle", "intercom", "notion", "telnyx", "nylas", "mux", "pipedrive"]),
            make: fresh,
            differ: &[same_id, other_part],
            again: &[signed_anew, counted_up],
        },
        Family {
            name: "an id of several parts",
            senders: named(&["postmark", "sonarqube", "bigcommerce", "uptime-kuma"]),
            make: fresh,
            differ: &[same_id, other_part],
            again: &[signed_anew],
        },
        Family {
            name: "batches",
            senders: named(&[
                "gocardless",
                "sendgrid",
                "okta",
                "auth0",
                "azure-event-grid",
                "line",
                "hubspot",
                "hubspot-v1",
            ]),
            make: fresh,
            differ: &[same_id, one_more],
            again: &[signed_anew, counted_up],
        },
        Family {
            name: "batches of which some fields are signed",
            senders: named(&["adyen"]),
            make: fresh,
            differ: &[other_part, one_more],
            again: &[signed_anew],
        },
        Family {
            name: "tokens",
            senders: named(&["gitlab", "bearer", "header-token", "query-token", "api-key", "basic"]),
            make: fresh,
            differ: &[same_id, other_header],
            again: &[signed_anew],
        },
        Family {
            name: "no id",
            senders: named(&["paystack", "asana", "zoom", "alertmanager", "revolut", "docusign"]),
            make: fresh,
            differ: &[same_id],
            again: &[signed_anew, counted_up],
        },
        Family {
            name: "forms",
            senders: named(&["twilio", "mandrill", "hmac-sha256", "bearer"]),
            make: form,
            differ: &[other_form],
            again: &[signed_anew],
        },
        Family {
            name: "queries",
            senders: named(&["messagebird-legacy", "query-token", "none"]),
            make: in_query,
            differ: &[other_query],
            again: &[signed_anew],
        },
        Family {
            name: "custom schemes with a proved id",
            senders: vec![custom_signed],
            make: of_custom,
            differ: &[
                |dice, _, sent| sent.clone().header("x-id", &dice.word()),
                |dice, sender, sent| edited(dice, sender, sent, |_, _| true),
            ],
            again: &[|dice, _, sent| sent.clone().header("x-time", &dice.word()).header("x-sign", &dice.word())],
        },
        Family {
            name: "custom schemes without one",
            senders: vec![custom_bare, custom_field],
            make: of_custom,
            differ: &[|dice, sender, sent| edited(dice, sender, sent, |_, _| true)],
            again: &[|dice, _, sent| sent.clone().header("x-id", &dice.word()).header("x-sign", &dice.word())],
        },
    ]
}

#[test]
fn no_two_deliveries_merge_and_none_doubles() {
    for family in families() {
        let wrong = family.wrong(|sent, sender| sent.key_at(sender));
        assert_eq!(wrong, Wrong::default(), "{} of {PAIRS} pairs", family.name);
    }
}

#[test]
fn rules_that_look_at_one_thing_alone_are_found_out() {
    let by_id = |sent: &Sent, sender| {
        sent.delivery_at(sender, Some(Deduplicate::Id)).map_or_else(|| format!("{sent:?}"), |delivery| delivery.key)
    };
    let by_bytes = |sent: &Sent, _| format!("{:?}", sent.body);
    let (mut merged_by_id, mut doubled_by_id, mut merged_by_bytes, mut doubled_by_bytes) = (0, 0, 0, 0);
    for family in families() {
        let (id, bytes) = (family.wrong(by_id), family.wrong(by_bytes));
        merged_by_id += id.merged;
        doubled_by_id += id.doubled;
        merged_by_bytes += bytes.merged;
        doubled_by_bytes += bytes.doubled;
    }
    for found in [merged_by_id, doubled_by_id, merged_by_bytes, doubled_by_bytes] {
        assert!(found > PAIRS / 4, "{merged_by_id} {doubled_by_id} {merged_by_bytes} {doubled_by_bytes}");
    }
}
