//! Proofs in bodies, and what bodies say.

use bellhop_core::event::{Event, EventHead};
use bellhop_core::id::EventId;
use bellhop_core::json::MOST_VALUES;
use bellhop_core::json::scan::Fields;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::{Scheme, Sender, TokenPlace, text_at, value_at};

use super::headers::chosen;
use super::request::{Request, read_headers, split};
use super::stage::{STAGES, Stage};

/// The stage of a sender, with a signed query where the place says so.
pub fn stage(sender: &str, hashed: bool) -> Option<&'static Stage> {
    STAGES.iter().find(|stage| stage.sender.name == sender && stage.good.target.contains("SHA256") == hashed)
}

/// Puts the input into the place of a sender's body.
fn as_body(sender: &str, data: &[u8]) -> bool {
    let stages = STAGES.iter().filter(|stage| stage.sender.name == sender && !stage.good.target.contains("SHA256"));
    stages.filter(|stage| stage.verify(&Request { body: data.to_vec(), ..stage.good.clone() }).is_ok()).count() > 0
}

/// Adyen's notification items, each with its signature.
pub fn adyen(data: &[u8]) -> bool {
    as_body("adyen", data)
}

/// Documents that Apple's App Store signed, with their certificates; the right one is Apple's own.
pub fn app_store(data: &[u8]) -> bool {
    as_body("app-store-sandbox", data)
}

/// Mailgun's signature beside the event.
pub fn mailgun(data: &[u8]) -> bool {
    as_body("mailgun", data)
}

/// SNS messages; the certificate of the right one is at hand.
pub fn sns(data: &[u8]) -> bool {
    as_body("aws-sns", data)
}

/// Travis' form with a signed field.
pub fn travis_form(data: &[u8]) -> bool {
    as_body("travis", data)
}

/// Twilio's forms, sorted before they are signed.
pub fn twilio_form(data: &[u8]) -> bool {
    as_body("twilio", data)
}

/// Twilio's other bodies, whose hash stands in the signed query: a line with the query, and the body.
pub fn twilio_body_hash(data: &[u8]) -> bool {
    let (Some(stage), Some((query, body))) = (stage("twilio", true), split(data, b"\n")) else { return false };
    let target = format!("/webhook/p?{}", String::from_utf8_lossy(query));
    stage.verify(&Request { target, body: body.to_vec(), ..stage.good.clone() }).is_ok()
}

/// Whether a stage proves itself by a token in the body.
pub fn is_body_token(stage: &Stage) -> bool {
    matches!(stage.scheme(), Scheme::Token(TokenPlace::Field(_) | TokenPlace::Form(_)))
}

/// Tokens in the body.
pub fn body_token(data: &[u8]) -> bool {
    let Some((stage, body)) = chosen(data, is_body_token) else { return false };
    stage.verify(&Request { body: body.to_vec(), ..stage.good.clone() }).is_ok()
}

/// JSON: what is read is written as it is read, and whatever another reader takes is taken.
pub fn json(data: &[u8]) -> bool {
    let ours = bellhop_core::json::read(data);
    let theirs = serde_json::from_slice::<serde_json::Value>(data).is_ok();
    assert!(ours.is_ok() || !theirs, "another reader takes it");
    let Ok(value) = ours else { return false };
    let written = value.to_string();
    let again = bellhop_core::json::read(written.as_bytes()).map(|value| value.to_string());
    assert_eq!(again.as_ref(), Ok(&written), "it is written as it is read");
    true
}

/// Fields of JSON that is not built: they are what is read of it whole, and it is taken only where that is read.
pub fn fields(data: &[u8]) -> bool {
    const PATHS: [&str; 7] = ["a", "a.b", "b.0.a", "0", "1.a", "value", ""];
    let mut found = Fields::at(PATHS);
    let (scanned, whole) = (found.find(data), bellhop_core::json::read(data));
    let Ok(whole) = whole else {
        // What has too many values is not built.
        assert!(scanned.is_none() || data.len() > MOST_VALUES, "only the scanner takes it");
        return false;
    };
    // UTF-16 and UTF-32 have zeros in whatever is JSON.
    assert!(scanned.is_some() || data.contains(&0), "only the reader takes it");
    for path in PATHS.iter().filter(|_| scanned.is_some()) {
        assert_eq!(found.text(path), text_at(&whole, path), "{path}");
        let raw = found.get(path);
        let again = raw.map(|raw| bellhop_core::json::read(raw.bytes()));
        assert_eq!(again.as_ref().and_then(|again| again.as_ref().ok()), value_at(&whole, path), "{path}");
        let items = raw.and_then(|raw| raw.items()).map(Iterator::count);
        assert_eq!(items, value_at(&whole, path).and_then(|list| list.as_array()).map(Vec::len), "{path}");
    }
    true
}

/// What an event's body says: forms, XML, `CloudEvents` and JSON; a line with a sender, headers, an empty line, the body.
pub fn event_body(data: &[u8]) -> bool {
    let Some((sender, rest)) = split(data, b"\n") else { return false };
    let (head, body) = split(rest, b"\n\n").unwrap_or((b"", rest));
    let Some(sender) = std::str::from_utf8(sender).ok().and_then(Sender::named) else { return false };
    let headers = read_headers(head);
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let head = EventHead {
        id: EventId::new(Timestamp::default(), &[7; 10]),
        path: "p".to_owned(),
        sender: sender.name.to_owned(),
        event_type: None,
        delivery_id: None,
        received_at: Timestamp::default(),
        source_ip: None,
        query: None,
        headers: headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        owners: Vec::new(),
        body_bytes: body.len(),
        test: false,
        erased_at: None,
        duplicates: Vec::new(),
    };
    let mut event = Event { head, body: body.to_vec() };
    let content = event.read(None);
    assert_eq!(event.body, body, "reading changes nothing");
    assert_eq!(content.payload, event.payload(), "a body says the same twice");
    let empty = |text: &Option<String>| text.as_deref() == Some("");
    assert!(!empty(&event.head.delivery_id), "an empty delivery id would make all deliveries one");
    content.payload.is_some()
}
