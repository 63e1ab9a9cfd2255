use serde_json::json;

use super::*;
use crate::id::EventId;
use crate::time::Timestamp;

/// An event of this sender with these headers.
fn event(sender: &str, headers: &[(&str, &str)], body: &str) -> Event {
    let head = json!({
        "id": EventId::new(Timestamp::from_ms(0), &[0; 10]), "path": "", "sender": sender, "received_at": 0,
        "headers": headers, "hooks": [], "body_bytes": body.len(),
    });
    Event { head: serde_json::from_value(head).unwrap(), body: body.as_bytes().to_vec() }
}

/// The payload of a body of this content type.
fn payload(content_type: &str, body: &str) -> Option<Value> {
    event("github", &[("content-type", content_type)], body).payload()
}

#[test]
fn json_is_found_whatever_it_is_called() {
    let expected = Some(json!({"a": "b c"}));
    for content_type in ["application/json", "", "text/plain", "application/xml", "application/x-www-form-urlencoded2"]
    {
        assert_eq!(payload(content_type, r#"{"a":"b c"}"#), expected, "{content_type}");
    }
    assert_eq!(payload("application/json", &"[".repeat(100_000)), None);
    assert_eq!(payload("text/plain", "hello"), None);
}

#[test]
fn forms_are_objects_of_fields() {
    let form = "Application/x-www-form-urlencoded; charset=utf-8";
    for (body, expected) in [
        ("a=b+c&d=%26", Some(json!({"a": "b c", "d": "&"}))),
        ("a=1&b=2&a=3&a=", Some(json!({"a": ["1", "3", ""], "b": "2"}))),
        ("x=1&payload=%7B%22a%22%3A%22b+c%22%7D", Some(json!({"a": "b c"}))),
        ("payload=%5B1%5D", Some(json!([1]))),
        ("payload=nonsense", Some(json!({"payload": "nonsense"}))),
        ("payload=7&x=1", Some(json!({"payload": "7", "x": "1"}))),
        ("payload=%7B%7D&payload=%7B%7D", Some(json!({"payload": ["{}", "{}"]}))),
        ("flag", Some(json!({"flag": ""}))),
        ("", None),
    ] {
        assert_eq!(payload(form, body), expected, "{body}");
    }
}

#[test]
fn xml_is_a_tree_of_fields() {
    for (body, expected) in [
        ("<a/>", Some(json!({"a": ""}))),
        ("<a> b &lt; &#233; </a>", Some(json!({"a": "b < é"}))),
        (
            "<a x='1'>t<b>2</b><b>3</b><c y='4'/>u</a>",
            Some(json!({"a": {"@x": "1", "b": ["2", "3"], "c": {"@y": "4"}, "#text": "tu"}})),
        ),
        (
            "<?xml version=\"1.0\"?><n:a xmlns:n='urn:x'><n:b><![CDATA[<i>]]></n:b><!-- no --></n:a>",
            Some(json!({"a": {"b": "<i>"}})),
        ),
        ("\n<a x='&lt;&#65;' y=\"'\"/>\n", Some(json!({"a": {"@x": "<A", "@y": "'"}}))),
        ("<a x='1' x='2'/>", None),
        ("<a x=1/>", None),
        ("<a>", None),
        ("<a/><b/>", None),
        ("<a/>text", None),
        ("text<a/>", None),
        ("</a>", None),
        ("<!-- nothing -->", None),
        ("<a><b></a></b>", None),
        ("plain text", None),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", None),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", None),
        ("<a>&unknown;</a>", None),
    ] {
        for content_type in ["application/xml", "text/xml; charset=utf-8", "application/atom+xml"] {
            assert_eq!(payload(content_type, body), expected, "{body}");
        }
        assert_eq!(payload("text/plain", body), None);
    }
}

#[test]
fn xml_that_is_too_much_stays_text() {
    let nested = |depth: usize| "<a>".repeat(depth) + "x" + &"</a>".repeat(depth);
    assert!(payload("text/xml", &nested(64)).is_some());
    assert_eq!(payload("text/xml", &nested(65)), None);
    assert_eq!(payload("text/xml", &nested(100_000)), None);
    assert_eq!(payload("text/xml", &"<a>".repeat(100_000)), None);
    let attributes: String = (0..60_000).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(payload("text/xml", &format!("<a{attributes}/>")), None);
    assert_eq!(payload("text/xml", &"<a><!--</a>-->".repeat(70_000)), None);
    assert_eq!(payload("text/xml", &format!("<a>{}</a>", "<b/>".repeat(60_000))), None);
    assert_eq!(payload("text/xml", &format!("<a>{}</a>", "x".repeat(1024 * 1024))), None);
    assert!(payload("text/xml", &format!("<a>{}</a>", "<b/>".repeat(5_000))).is_some());
}

#[test]
fn a_cloud_event_in_headers_leaves_the_payload_alone() {
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-type", "door.opened"),
        ("ce-source", "/caf%C3%A9+bar"),
        ("ce-id", "1"),
    ];
    let mut found = event("shared-secret", &headers, r#"{"type":"of the body"}"#);
    let content = found.read(None);
    assert_eq!(content.payload, Some(json!({"type": "of the body"})));
    let envelope = json!({"specversion": "1.0", "type": "door.opened", "source": "/café+bar", "id": "1"});
    assert_eq!(content.cloudevent, Some(envelope));
    assert_eq!(found.head.event_type.as_deref(), Some("door.opened"));
    let mut standard = event("standard-webhooks", &headers, r#"{"type":"of the body"}"#);
    standard.read(None);
    assert_eq!(standard.head.event_type.as_deref(), Some("of the body"), "the sender's own place comes first");
    let mut half = event("shared-secret", &headers[..3], "{}");
    assert_eq!((half.read(None).cloudevent, half.head.event_type), (None, None));
}

#[test]
fn a_whole_cloud_event_gives_its_data_as_payload() {
    let headers = [("content-type", "Application/CloudEvents+JSON; charset=utf-8")];
    let body =
        r#"{"specversion":"1.0","type":"door.opened","source":"/octo","id":"1","data":{"type":"inner","by":"octo"}}"#;
    for sender in ["shared-secret", "standard-webhooks"] {
        let mut found = event(sender, &headers, body);
        let content = found.read(None);
        assert_eq!(content.payload, Some(json!({"type": "inner", "by": "octo"})));
        let envelope = json!({"specversion": "1.0", "type": "door.opened", "source": "/octo", "id": "1"});
        assert_eq!(content.cloudevent, Some(envelope.clone()));
        assert_eq!(found.head.cloudevent(&found.body), Some(envelope));
        assert_eq!(found.head.event_type.as_deref(), Some("door.opened"), "{sender}");
    }
    for odd in ["[]", "7", "", "{"] {
        assert_eq!(event("none", &headers, odd).read(None), Content::default(), "{odd}");
    }
    let bare = event("none", &headers, r#"{"type":"x"}"#).content();
    assert_eq!((bare.payload, bare.cloudevent), (None, Some(json!({"type": "x"}))));
}

#[test]
fn no_body_is_too_odd_to_read() {
    let pieces = [
        "<a>",
        "</a>",
        "<a/>",
        "<",
        ">",
        "&",
        "&lt;",
        "&#x110000;",
        "&#0;",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        " x='",
        "'",
        "=",
        "é",
        "\0",
        "%",
        "payload=",
    ];
    let text = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40);
    proptest::proptest!(proptest::test_runner::Config::with_cases(2_000), |(text in text)| {
        for content_type in ["text/xml", "application/x-www-form-urlencoded", "application/cloudevents+json"] {
            payload(content_type, &text.concat());
        }
    });
}
