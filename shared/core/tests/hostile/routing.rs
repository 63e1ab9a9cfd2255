//! What the router takes of memory for the worst body that a sender can sign: a function has 128 MB for all of it.

use std::sync::Arc;

use allocation_counter::measure;
use bellhop_core::delivery::Delivery;
use bellhop_core::event::{Event, Proof};
use bellhop_core::filter::{Condition, Variables};
use bellhop_core::hook::Hook;
use bellhop_core::id::{EventId, HookId};
use bellhop_core::inbox::{Message, Read, read};
use bellhop_core::json::MOST_VALUES;
use bellhop_core::template::{Context, Facts, message_for};
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;
use serde_json::json;

/// How long the bodies are.
const LENGTH: usize = 4 * 1024 * 1024;

/// What may be taken at once, the message and the body included.
const MOST_BYTES: u64 = 100_000_000;

/// A text again and again between two others, as long as a body may be.
fn repeated(before: &str, text: &str, after: &str) -> Vec<u8> {
    [before, &text.repeat((LENGTH - before.len() - after.len()) / text.len()), after].concat().into_bytes()
}

/// As many values as are read, each of some text that holds a number of them, and white space up to the usual length.
fn most(open: &str, close: &str, values: usize, text: impl Fn(usize) -> String) -> Vec<u8> {
    let items: Vec<_> = (0..(MOST_VALUES - 1) / values).map(text).collect();
    let mut body = format!("{open}{}{close}", items.join(",")).into_bytes();
    body.resize(LENGTH, b' ');
    body
}

/// A hook of this sender.
fn hook(sender: &str) -> Hook {
    serde_json::from_value(json!({
        "id": "hk_1", "name": "n", "path": "p", "sender": sender, "secrets": [], "rate_per_minute": 100, "max_body_bytes": LENGTH,
        "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
    }))
    .expect("a hook")
}

/// The message of an event as it stands in the inbox.
fn message(sender: &'static Sender, kind: &str, body: &[u8]) -> Vec<u8> {
    let message = Message {
        id: EventId::new(Timestamp::default(), &[7; 10]),
        path: "p",
        sender: sender.name,
        event_type: None,
        delivery_id: None,
        received_at: Timestamp::default(),
        source_ip: None,
        query: None,
        headers: vec![("content-type", kind.to_owned())],
        owners: vec![Proof::new(HookId::from_text("hk_1"), Some(0))],
        body,
        test: false,
    };
    message.to_text().into_bytes()
}

/// Goes the whole way of an event within core: reads the message, tells deliveries apart, asks a condition, writes the text.
fn route(message: &[u8], hook: &Hook, condition: &Condition) -> (Event, bool) {
    let Ok(Read::Whole(mut event)) = read(message) else { panic!("no event") };
    let content = event.read(None);
    let sender = hook.sender().expect("a sender");
    let _ = Delivery::of(&event, content.payload.as_ref(), sender, event.head.delivery_id.as_deref(), None);
    let payload = content.payload.map(Arc::new);
    let facts = Facts {
        event: &event.head,
        hook: hook.facts(),
        method: "POST",
        body: &event.body,
        payload: payload.as_ref(),
        test: false,
    };
    let _ = condition.decide(&Variables::new(facts));
    let text = message_for(sender.name, event.head.event_type.as_deref(), None, &Context::new(&facts));
    assert!(!text.text.is_empty() || payload.is_none());
    (event, content.unreadable.is_some())
}

#[test]
fn no_signed_body_takes_the_router_over_its_memory() {
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let condition = Condition::compile("payload.a == 1 || size(body) > 3").expect("a condition");
    let parts = "--b\r\ncontent-disposition: form-data; name=a\r\ncontent-type: application/json\r\n\r\n[0,0,0]\r\n";
    let few = format!("--b\r\ncontent-type: application/json\r\n\r\n[0{}]\r\n", ",0".repeat(100_000));
    for (name, kind, body) in [
        ("numbers", json, repeated("[0", ",0", "]")),
        ("objects", json, repeated(r#"[{"":0}"#, r#",{"":0}"#, "]")),
        ("lists", json, repeated("[[]", ",[]", "]")),
        ("fields", json, repeated(r#"{"":0"#, r#","":0"#, "}")),
        ("many fields in small objects", json, repeated(r#"[0"#, r#",{"a":0,"b":1}"#, "]")),
        ("texts", json, repeated(r#"[0"#, r#","""#, "]")),
        ("most numbers", json, most("[", "]", 1, |n| n.to_string())),
        ("most objects", json, most("[", "]", 2, |_| r#"{"":0}"#.to_owned())),
        ("most fields", json, most("{", "}", 1, |n| format!(r#""{n}":"x""#))),
        ("most lists", json, most("[", "]", 2, |_| "[0]".to_owned())),
        ("most texts", json, most("[", "]", 1, |n| format!(r#""{n:010}""#))),
        ("one text", json, repeated(r#"{"message":""#, "x", "\"}")),
        ("escapes", json, repeated(r#"{"message":""#, r"\u00e9", "\"}")),
        ("no text", json, [b"{\"message\":\"".to_vec(), vec![0xff; LENGTH - 20], b"\"}".to_vec()].concat()),
        ("deep", json, repeated(&"[".repeat(127), "[],", &format!("0{}", "]".repeat(127)))),
        ("not JSON", json, repeated("[0", ",0", "")),
        ("form", form, repeated("", "a&", "")),
        ("form of many names", form, (0..).flat_map(|n| format!("{n}=1&").into_bytes()).take(LENGTH).collect()),
        ("JSON as a form", form, repeated(r#"[{"":0}"#, r#",{"":0}"#, "]")),
        ("payload in a form", form, repeated("payload=[0", ",0", "]")),
        ("parts", "multipart/form-data; boundary=b", repeated("", parts, "--b--")),
        ("few parts", "multipart/form-data; boundary=b", repeated("", &few, "--b--")),
        ("XML", "application/xml", repeated("<a>", "<b/>", "</a>")),
        ("event", "application/cloudevents+json", repeated(r#"{"type":"a","data":[0"#, ",0", "]}")),
        ("bytes", "application/octet-stream", vec![0xff; LENGTH]),
    ] {
        for sender in ["github", "stripe"] {
            let (hook, sender) = (hook(sender), Sender::named(sender).expect("a row"));
            let message = message(sender, kind, &body);
            let mut unreadable = false;
            let info = measure(|| unreadable = route(&message, &hook, &condition).1);
            let taken = info.bytes_max + message.len() as u64;
            println!(
                "{name} of {}: {} MB at once, {} MB in all, unreadable: {unreadable}",
                sender.name,
                taken / 1_000_000,
                info.bytes_total / 1_000_000
            );
            assert!(taken < MOST_BYTES, "{name} of {}: {taken} bytes, {info:?}", sender.name);
        }
    }
}
