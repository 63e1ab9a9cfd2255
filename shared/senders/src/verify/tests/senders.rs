//! Schemes of one sender each that no other shares.

use super::request::Request;
use super::*;

/// A request with these headers and this body at this target.
fn request(sender: &str, secret: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    Request {
        sender: Sender::named(sender).unwrap(),
        secret: secret.to_owned(),
        fetched: None,
        base: String::new(),
        method: "POST".to_owned(),
        target: target.to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.into(),
    }
}

/// A request of Mercado Pago that signs this manifest.
fn mercado(target: &str, id: Option<&str>, manifest: &str) -> Request {
    let signature = format!("ts=1704908010,v1={}", hex::encode(mac(b"octo", manifest.as_bytes())));
    let mut headers = vec![("x-signature", signature.as_str())];
    headers.extend(id.map(|id| ("x-request-id", id)));
    request("mercado-pago", "octo", target, &headers, "{}")
}

#[test]
fn mercado_pago_signs_what_the_request_has() {
    let whole = "id:ord01jq;request-id:r-1;ts:1704908010;";
    for (target, id, manifest) in [
        ("/p?data.id=ORD01JQ&type=order", Some("r-1"), whole),
        ("/p?type=order&data.id=ord01jq", Some("r-1"), whole),
        ("/p?data.id=ORD01JQ", None, "id:ord01jq;ts:1704908010;"),
        ("/p", Some("r-1"), "request-id:r-1;ts:1704908010;"),
        ("/p?data.id=", Some("r-1"), "request-id:r-1;ts:1704908010;"),
        ("/p", None, "ts:1704908010;"),
    ] {
        assert_eq!(mercado(target, id, manifest).check(NOW), Ok(Some(0)), "{target} {id:?}");
    }
    let good = mercado("/p?data.id=ORD01JQ", Some("r-1"), whole);
    let mismatch = Err(Refusal::Mismatch("x-signature"));
    for target in ["/p?data.id=ORD01JR", "/p", "/p?data.id=ORD01JQ%3B", "/p?id=ORD01JQ"] {
        assert_eq!(Request { target: target.to_owned(), ..good.clone() }.check(NOW), mismatch, "{target}");
    }
    let twice = Request { target: "/p?data.id=ORD01JQ&data.id=ORD01JR".to_owned(), ..good.clone() };
    assert_eq!(twice.check(NOW), Err(Refusal::DoubledParameter("data.id")));
    assert_eq!(good.with(1, Some("r-2".to_owned())).check(NOW), mismatch);
    assert_eq!(good.with(1, None).check(NOW), mismatch);
    let untimed = good.headers[0].1.replace("ts=1704908010,", "");
    assert_eq!(good.with(0, Some(untimed)).check(NOW), Err(Refusal::Malformed("x-signature")));
    let moved = good.headers[0].1.replace("1704908010", "1704908011");
    assert_eq!(good.with(0, Some(moved)).check(NOW), mismatch);
}

#[test]
fn dingtalk_signs_the_time_with_the_secret_after_it() {
    let sign = |at: u64| STANDARD.encode(mac(b"octo", format!("{at}\nocto").as_bytes()));
    let with = |at: u64| {
        let (time, sign) = (at.to_string(), sign(at));
        request("dingtalk", "octo", "/p", &[("timestamp", &time), ("sign", &sign)], "{}")
    };
    assert_eq!(with(NOW * 1000).check(NOW), Ok(Some(0)));
    assert_eq!(with((NOW - 3_600) * 1000).check(NOW), Ok(Some(0)));
    assert_eq!(with((NOW - 3_601) * 1000).check(NOW), Err(Refusal::Stale(3_601)));
    let moved = with(NOW * 1000).with(0, Some((NOW * 1000 + 1).to_string()));
    assert_eq!(moved.check(NOW), Err(Refusal::Mismatch("sign")));
}

#[test]
fn patreons_hash_is_md5() {
    // RFC 2202, test case 2.
    let body = "what do ya want for nothing?";
    let good = request("patreon", "Jefe", "/p", &[("x-patreon-signature", "750c783e6ab0b503eaa86e310a5db738")], body);
    assert_eq!(good.check(NOW), Ok(Some(0)));
    let sha256 = hex::encode(mac(b"Jefe", body.as_bytes()));
    let malformed = Err(Refusal::Malformed("x-patreon-signature"));
    assert_eq!(good.with(0, Some(sha256)).check(NOW), malformed);
}

#[test]
fn lark_says_its_token_in_one_of_two_places() {
    let with = |body: &str| request("lark", "octo", "/p", &[], body).check(NOW);
    let missing = Err(Refusal::MissingField("token|header.token"));
    let wrong = Err(Refusal::WrongToken("token|header.token"));
    for (body, expected) in [
        (r#"{"schema":"2.0","header":{"token":"octo"},"event":{}}"#, Ok(Some(0))),
        (r#"{"token":"octo","type":"event_callback"}"#, Ok(Some(0))),
        (r#"{"token":"octo","header":{"token":"other"}}"#, Ok(Some(0))),
        (r#"{"token":"other","header":{"token":"octo"}}"#, wrong),
        (r#"{"header":{"token":"other"}}"#, wrong),
        (r#"{"header":{"token":["octo"]}}"#, wrong),
        (r#"{"token":null,"header":{"token":"octo"}}"#, wrong),
        (r#"{"header":{}}"#, missing),
        ("{}", missing),
        (r#"{"encrypt":7}"#, missing),
        (r#"{"encrypt":"FIAfJPGRmFZWkaxP"}"#, Err(Refusal::Encrypted)),
    ] {
        assert_eq!(with(body), expected, "{body}");
    }
}

/// A form whose field `json` says this of the event.
fn dropbox_sign(time: &str, kind: &str, hash: &str) -> Request {
    let event = serde_json::json!({"event_time": time, "event_type": kind, "event_hash": hash});
    let json = serde_json::json!({ "event": event }).to_string();
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("json", &json).finish();
    request("dropbox-sign", "octo", "/p", &[("content-type", "application/x-www-form-urlencoded")], &body)
}

#[test]
fn dropbox_sign_signs_the_time_and_the_type() {
    let hash = hex::encode(mac(b"octo", b"1525470811signature_request_sent"));
    assert_eq!(dropbox_sign("1525470811", "signature_request_sent", &hash).check(NOW), Ok(Some(0)));
    let (wrong, malformed) =
        (Err(Refusal::WrongField("event.event_hash")), Err(Refusal::MalformedField("event.event_hash")));
    for (time, kind, hash, expected) in [
        ("1525470812", "signature_request_sent", hash.as_str(), wrong),
        ("1525470811", "signature_request_signed", &hash, wrong),
        ("1525470811", "signature_request_sent", &hash[..62], malformed),
        ("1525470811", "signature_request_sent", "", malformed),
    ] {
        assert_eq!(dropbox_sign(time, kind, hash).check(NOW), expected, "{time} {kind} {hash}");
    }
    let good = dropbox_sign("1525470811", "signature_request_sent", &hash);
    for body in ["", "json=", "json=%7B", "other=1", "{}", "json=%7B%7D&json=%7B%7D"] {
        assert!(Request { body: body.into(), ..good.clone() }.check(NOW).is_err(), "{body}");
    }
}

#[test]
fn dropbox_sign_is_read_in_parts_too() {
    let hash = hex::encode(mac(b"octo", b"1525470811signature_request_sent"));
    let json = |kind: &str| {
        serde_json::json!({"event": {"event_time": "1525470811", "event_type": kind, "event_hash": hash}}).to_string()
    };
    let (good, wrong) = (json("signature_request_sent"), json("signature_request_signed"));
    let part = |head: &str, text: &str| format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n");
    let check = |parts: &[String]| {
        let body = parts.concat() + "--b--\r\n";
        let kind = [("content-type", "Multipart/form-data; boundary=b")];
        request("dropbox-sign", "octo", "/p", &kind, &body).check(NOW)
    };
    assert_eq!(check(&[part("name=\"json\"", &good)]), Ok(Some(0)));
    assert_eq!(check(&[part("name=\"other\"", "1"), part("name=\"json\"", &good)]), Ok(Some(0)));
    assert_eq!(check(&[part("name=\"json\"", &wrong)]), Err(Refusal::WrongField("event.event_hash")));
    let missing = Err(Refusal::MissingField("json"));
    assert_eq!(check(&[part("name=\"json\"", &good), part("name=\"json\"", &good)]), missing, "twice");
    assert_eq!(check(&[part("name=\"json\"; filename=\"a.json\"", &good)]), missing, "a file");
    assert_eq!(check(&[part("name=\"other\"", &good)]), missing);
    assert_eq!(check(&[]), missing);
}
