//! What a verifier allocates does not grow with the body, unless the proof has to be looked for in it.

use allocation_counter::{AllocationInfo, measure};
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::{Scheme, Sender};
use bellhop_senders::sign::{Draft, sign_request};
use bellhop_senders::verify::{Refusal, verify};

use super::inputs::request::{BASE, Request};
use super::inputs::stage::{STAGES, Stage};

/// The senders for which a longer body takes more memory, and why.
const GROWING: &[(&str, &str)] = &[
    ("aws-sns", "the message is put together before a public key checks it"),
    ("discord", "a public key checks what is signed in one piece, so time and body are put together"),
    ("dropbox-sign", "the JSON is a field of a form, decoded"),
    ("kick", "as discord"),
    ("mandrill", "a form's fields are decoded and sorted before they are signed"),
    ("sendgrid", "as discord"),
    ("standard-webhooks", "as discord; signatures of a shared secret take no memory"),
    ("svix", "as standard-webhooks"),
    ("telnyx", "as discord"),
    ("travis", "the payload that is signed is a field of a form, decoded"),
    ("twilio", "as mandrill; bodies that are no forms take no memory"),
];

/// A body of about this many bytes that the sender might send.
fn body(stage: &Stage, length: usize) -> Vec<u8> {
    let text = "o".repeat(length);
    let json = format!(r#"{{"hello":"{text}","value":[{{"id":"{text}"}}]}}"#);
    if stage.good.body.starts_with(b"{") {
        json.into_bytes()
    } else if stage.good.body.starts_with(b"json=") {
        form_urlencoded::Serializer::new(String::new()).append_pair("json", &json).finish().into_bytes()
    } else {
        format!("From={text}").into_bytes()
    }
}

/// About how long a body may be in which the sender's proof is looked for, up to so many bytes.
fn fitting(stage: &Stage, length: usize) -> usize {
    stage
        .sender
        .max_proof_bytes()
        .and_then(|most| usize::try_from(most / 4).ok())
        .map_or(length, |most| most.min(length))
}

/// What verifying a stage's request with a body of this length allocates.
fn allocated(stage: &Stage, length: usize) -> AllocationInfo {
    let body = body(stage, length);
    let draft = Draft { method: "POST", url: Url::new(BASE, "/webhook/p?a=1"), body: &body, id: "msg_1" };
    let request = match sign_request(stage.sender, &stage.secret, draft, stage.good.now()) {
        Ok(proof) => {
            let query: String = proof.query.iter().map(|parameter| format!("&{parameter}")).collect();
            let headers = proof.headers.into_iter().map(|(name, value)| (name, value.into_bytes()));
            let (headers, target) = (headers.collect(), format!("/webhook/p?a=1{query}"));
            Request { headers, target, body: proof.body.unwrap_or(body), ..stage.good.clone() }
        }
        // What only the sender can sign is refused, at the end and not before.
        Err(_) => Request { body: grown(stage, &body), ..stage.good.clone() },
    };
    let (pairs, mut result) = (request.pairs(), None);
    let inbound = request.inbound(&pairs);
    let info = measure(|| {
        result = Some(verify(stage.sender, &stage.keys, inbound, stage.fetched.as_ref(), request.now()).map(|_| ()));
    });
    let end = match result.expect("it ran") {
        Ok(()) => true,
        Err(Refusal::Mismatch(_) | Refusal::WrongField(_)) => true,
        Err(Refusal::Claim(name)) => name.contains("sha256"),
        // What is longer than any that it sends is not looked into.
        Err(Refusal::TooLong(most)) => request.body.len() as u64 > most,
        Err(_) => false,
    };
    assert!(end, "{}: {result:?}", stage.sender.name);
    info
}

/// The body of a request that we cannot sign, with more in it.
fn grown(stage: &Stage, body: &[u8]) -> Vec<u8> {
    match stage.sender.name {
        "aws-sns" => {
            let text = String::from_utf8_lossy(&stage.good.body).into_owned();
            text.replacen("hello", &"o".repeat(body.len()), 1).into_bytes()
        }
        "app-store-sandbox" => {
            let text = String::from_utf8_lossy(&stage.good.body).into_owned();
            text.replacen('{', &format!(r#"{{"more":"{}","#, "o".repeat(body.len())), 1).into_bytes()
        }
        "travis" => {
            let more = format!("%7B%22more%22%3A%22{}%22%2C", "o".repeat(body.len()));
            String::from_utf8_lossy(&stage.good.body).replacen("%7B", &more, 1).into_bytes()
        }
        _ => body.to_vec(),
    }
}

#[test]
fn no_verifier_takes_memory_for_a_body_that_it_need_not_read() {
    let mut senders = 0;
    let measured = |stage: &&Stage| !matches!(stage.scheme(), Scheme::AppStore(_) | Scheme::None);
    for stage in STAGES.iter().filter(measured) {
        let name = stage.sender.name;
        let (small, large) = (allocated(stage, 2_000), allocated(stage, fitting(stage, 2_000_000)));
        let grows = small.bytes_total != large.bytes_total || small.count_total != large.count_total;
        let named = GROWING.iter().any(|(growing, _)| *growing == name);
        assert!(named || !grows, "{name}: {small:?} for 2 KB and {large:?} for 2 MB");
        senders += usize::from(!grows);
    }
    assert!(senders > 100, "{senders}");
    // Each of the list is there for a reason that still holds.
    for (name, why) in GROWING {
        let stages = STAGES.iter().filter(|stage| stage.sender.name == *name);
        let growing = stages.filter(|stage| {
            allocated(stage, 2_000).bytes_total < allocated(stage, fitting(stage, 200_000)).bytes_total
        });
        assert!(growing.count() > 0 && Sender::named(name).is_some(), "{name}: {why}");
    }
}

#[test]
fn a_notification_of_the_app_store_takes_memory_for_its_document_alone() {
    let stage = STAGES.iter().find(|stage| stage.sender.name == "app-store-sandbox").expect("a row");
    let small = allocated(stage, 2_000).bytes_total;
    assert_eq!(allocated(stage, 100_000).bytes_total, small);
    assert!(small < 64 * 1024 && allocated(stage, 2_000_000).bytes_total < 1024, "{small}");
}

#[test]
fn a_plain_keyed_hash_allocates_its_state_alone() {
    let github = STAGES.iter().find(|stage| stage.sender.name == "github").expect("a row");
    let info = allocated(github, 2_000_000);
    assert!(info.count_total <= 2 && info.bytes_total <= 1024, "{info:?}");
}
