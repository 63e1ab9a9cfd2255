//! Forged bodies at every row whose proof stands in the body: what is looked for costs little, and what was proved is what
//! is read.

use allocation_counter::measure;
use bellhop_core::event::{Event, EventHead};
use bellhop_core::id::EventId;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;
use bellhop_senders::verify::{Refusal, verify, wanted_key};

use super::inputs::request::Request;
use super::inputs::stage::{STAGES, Stage};

/// The stages of senders whose proof stands in the body.
fn stages() -> impl Iterator<Item = &'static Stage> {
    STAGES.iter().filter(|stage| stage.sender.proof_in_body())
}

/// A text again and again, up to this length, with something before and after it.
fn repeated(before: &str, text: &str, after: &str, length: usize) -> Vec<u8> {
    let times = length.saturating_sub(before.len() + after.len()) / text.len();
    [before, &text.repeat(times), after].concat().into_bytes()
}

/// The worst that anybody can write into so many bytes, with the content type it comes with.
fn worst(good: &[u8], length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let good = String::from_utf8_lossy(good).into_owned();
    let within = |open: &str, text: &str, close: &str| repeated(open, text, close, length);
    let mut bodies = vec![
        (json, within("[0", ",0", "]")),
        (json, within(r#"[{"":0}"#, r#",{"":0}"#, "]")),
        (json, within(r#"{"":0"#, r#","":0"#, "}")),
        (json, within(r#"{"":0"#, r#","\u0076\u0061lue":0"#, "}")),
        (json, within(r#"{"":0"#, r#","value":{},"event":[],"signature":{"":0}"#, "}")),
        (json, within(r#"{"value":[{"":0}"#, r#",{"":0}"#, "]}")),
        (json, within(r#"{"value":[{"clientState":"x"}"#, r#",{"clientState":"x"}"#, "]}")),
        (json, within(r#"{"notificationItems":[{}"#, r#",{"NotificationRequestItem":{}}"#, "]}")),
        (json, within(r#"{"token":""#, r"\u0061", r#""}"#)),
        (json, within(r#"{"token":""#, "\u{fffd}", r#""}"#)),
        (json, within("", "[", "")),
        (json, within(&"[".repeat(127), "[],", &format!("0{}", "]".repeat(127)))),
        (json, within(&"{\"a\":".repeat(100), " ", &format!("0{}", "}".repeat(100)))),
        (json, within("\"", "\\\\", "\"")),
        (json, within("", " ", "")),
        (form, within("", "a&", "")),
        (form, within("", "%61=%62&", "")),
        (form, within("json=", "%5B0%5D", "")),
        (form, within("data=[0", ",0", "]")),
        (form, within("payload=%5B", "%7B%22%22%3A0%7D%2C", "0%5D")),
        ("multipart/form-data; boundary=b", within("", "--b\n", "")),
        ("multipart/form-data; boundary=b", within("--b\n", "a:b\n", "\n--b--")),
        ("multipart/form-data; boundary=b", within("--b\ncontent-disposition: form-data", "; a=b", "\n\n--b--")),
        (
            "multipart/form-data; boundary=b",
            within("", "--b\r\ncontent-disposition: form-data; name=json\r\n\r\n[]\r\n", "--b--"),
        ),
    ];
    // The right one with its proof broken, and much more in it.
    let more = within(r#"{"more":["#, r#"{"":0},"#, "0],");
    let more = String::from_utf8_lossy(&more[..more.len().saturating_sub(good.len())]).into_owned();
    let cut = more.rfind(',').map_or("", |at| &more[..at]);
    bodies.push((json, good.replacen('{', &format!("{cut}],"), 1).into_bytes()));
    bodies.push((form, repeated(&format!("{good}&"), "z&", "", length.max(good.len() + 1))));
    bodies
}

#[test]
fn every_row_looks_for_a_proof_in_a_forged_body_within_a_bound_of_memory() {
    let mut rows = 0;
    for stage in stages() {
        let name = stage.sender.name;
        let most = usize::try_from(stage.sender.max_proof_bytes().unwrap()).unwrap().min(4 * 1024 * 1024);
        for (kind, body) in worst(&stage.good.body, most) {
            let mut headers = stage.good.headers.clone();
            headers.retain(|(name, _)| name != "content-type");
            headers.push(("content-type".to_owned(), kind.into()));
            let request = Request { headers, body, ..stage.good.clone() };
            let (pairs, mut refused) = (request.pairs(), None);
            let inbound = request.inbound(&pairs);
            let info = measure(|| {
                let wanted = wanted_key(stage.sender, inbound).is_ok();
                let verified = verify(stage.sender, &stage.keys, inbound, stage.fetched.as_ref(), request.now());
                refused = Some((wanted, verified.map(|_| ())));
            });
            // What is hashed in one piece is put together: a message by SNS is decoded once more.
            let bound = 64 * 1024 + 3 * request.body.len() as u64;
            let start = String::from_utf8_lossy(&request.body[..request.body.len().min(40)]).into_owned();
            assert!(info.bytes_max <= bound, "{name}: {info:?} for {} bytes of {start}", request.body.len());
            assert!(info.count_max < 1_000, "{name}: {info:?} for {start}");
            assert!(refused.is_some(), "{name}");
            let longer = Request {
                body: vec![b' '; usize::try_from(stage.sender.max_proof_bytes().unwrap()).unwrap() + 1],
                ..request.clone()
            };
            assert!(
                matches!(stage.verify(&longer), Err(Refusal::TooLong(_))),
                "{name} reads more than its sender sends"
            );
        }
        rows += 1;
    }
    assert!(rows >= 18, "{rows}");
}

/// What is later read of a request.
fn read_later(sender: &Sender, request: &Request) -> Option<bellhop_core::json::Value> {
    let head = EventHead {
        id: EventId::new(Timestamp::default(), &[7; 10]),
        path: "p".to_owned(),
        sender: sender.name.to_owned(),
        event_type: None,
        delivery_id: None,
        received_at: Timestamp::default(),
        source_ip: None,
        query: None,
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect(),
        owners: Vec::new(),
        body_bytes: request.body.len(),
        test: false,
        erased_at: None,
        duplicates: Vec::new(),
    };
    Event { head, body: request.body.clone() }.payload()
}

#[test]
fn what_was_proved_is_read_whatever_the_headers_call_it() {
    let evil = "%7B%22evil%22%3A1%7D";
    let kinds = [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16le",
        "application/xml",
        "application/cloudevents+json",
        "application/json; charset=utf-16",
        "text/plain; charset=shift_jis",
        "multipart/form-data; boundary=b",
    ];
    for stage in stages()
        .filter(|stage| !matches!(stage.sender.name, "synology-chat" | "twilio" | "mandrill" | "mailgun" | "adyen"))
    {
        let honest = read_later(stage.sender, &stage.good);
        let good = String::from_utf8_lossy(&stage.good.body).into_owned();
        let parts = "\r\n--b\r\ncontent-disposition: form-data; name=NAME\r\n\r\n{\"evil\":1}\r\n--b--\r\n";
        let mut bodies = vec![good.clone(), format!("\u{feff}{good}")];
        for name in ["payload", "json", "data"] {
            let wide: String = name.chars().map(|c| format!("{c}%00")).collect();
            let wide_evil: String = "{\"evil\":1}".chars().map(|c| format!("%{:02x}%00", u32::from(c))).collect();
            bodies.extend([
                format!("{good}&x={}", parts.replace("NAME", name)),
                format!("{good}&{name}={evil}"),
                format!("{name}={evil}&{good}"),
                format!("\u{feff}{name}={evil}&{good}"),
                format!("{{\"a\":\"&{good}&\",\"evil\":1}}"),
                format!("{good}&{wide}={wide_evil}"),
                format!("{good}&{wide}={wide_evil}&_charset_=utf-16le"),
            ]);
        }
        let mut passed = 0;
        for kind in kinds {
            for body in &bodies {
                let mut headers = stage.good.headers.clone();
                headers.retain(|(name, _)| name != "content-type");
                headers.push(("content-type".to_owned(), kind.into()));
                let request = Request { headers, body: body.clone().into_bytes(), ..stage.good.clone() };
                if stage.verify(&request).is_ok() {
                    let read = read_later(stage.sender, &request);
                    assert_eq!(read, honest, "{}: {kind} {body}", stage.sender.name);
                    passed += 1;
                }
            }
        }
        assert!(passed > 0, "{}", stage.sender.name);
    }
}
