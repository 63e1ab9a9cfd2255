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
fn payload(content_type: &str, body: &str) -> Option<serde_json::Value> {
    let found = event("github", &[("content-type", content_type)], body).payload();
    found.map(|payload| serde_json::to_value(payload).unwrap())
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
    assert_eq!(content.payload, Some(json!({"type": "of the body"}).into()));
    let envelope = json!({"specversion": "1.0", "type": "door.opened", "source": "/café+bar", "id": "1"});
    assert_eq!(content.cloudevent, Some(envelope.into()));
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
        assert_eq!(content.payload, Some(json!({"type": "inner", "by": "octo"}).into()));
        let envelope = json!({"specversion": "1.0", "type": "door.opened", "source": "/octo", "id": "1"});
        assert_eq!(content.cloudevent, Some(envelope.clone().into()));
        assert_eq!(found.head.cloudevent(&found.body), Some(envelope.into()));
        assert_eq!(found.head.event_type.as_deref(), Some("door.opened"), "{sender}");
    }
    for odd in ["[]", "7", "", "{"] {
        let Content { payload, cloudevent, .. } = event("none", &headers, odd).read(None);
        assert_eq!((payload, cloudevent), (None, None), "{odd}");
    }
    let bare = event("none", &headers, r#"{"type":"x"}"#).content();
    assert_eq!((bare.payload, bare.cloudevent), (None, Some(json!({"type": "x"}).into())));
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
        for content_type in ["text/xml", "application/x-www-form-urlencoded", "application/cloudevents+json", "multipart/x; boundary=x"] {
            payload(content_type, &text.concat());
        }
    });
}

/// The payload of bytes that are sent with this content type.
fn read_as(content_type: &str, body: &[u8]) -> Option<Value> {
    let mut event = event("github", &[("content-type", content_type)], "");
    event.body = body.to_vec();
    event.payload()
}

/// What content types JSON is sent with.
const TYPES: [&str; 6] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=UTF-8",
    "text/plain",
    "",
    "multipart/form-data; boundary=none",
];

#[test]
fn json_is_json_whatever_it_is_called() {
    for content_type in TYPES {
        for (body, expected) in [
            (r#"{"message": "Hello"}"#, json!({"message": "Hello"})),
            ("\u{feff} \r\n[1]\n", json!([1])),
            (r#"{"level": "high", "name": "cut \ud83d"}"#, json!({"level": "high", "name": "cut \u{fffd}"})),
            (r#"{"a=b&c":"d%20+&e=f"}"#, json!({"a=b&c": "d%20+&e=f"})),
        ] {
            assert_eq!(read_as(content_type, body.as_bytes()), Some(expected.into()), "{content_type} {body}");
        }
        let huge =
            read_as(content_type, br#"{"level":"high","value":1e400,"id":123456789012345678901234567890}"#).unwrap();
        assert_eq!(
            (huge["value"].to_string(), huge["id"].to_string()),
            ("1e400".into(), "123456789012345678901234567890".into())
        );
        assert_eq!(huge["level"], "high");
    }
    let form = TYPES[1];
    for (body, expected) in [
        ("{\"a\":1", json!({"{\"a\":1": ""})),
        ("{}=1", json!({"{}": "1"})),
        ("7", json!({"7": ""})),
        ("true", json!({"true": ""})),
        ("[x]=1", json!({"[x]": "1"})),
    ] {
        assert_eq!(read_as(form, body.as_bytes()), Some(expected.into()), "{body}");
    }
}

#[test]
fn what_is_wrapped_is_read_as_leniently() {
    let form = TYPES[1];
    let read = |body: &str| read_as(form, body.as_bytes()).unwrap();
    assert_eq!(read("payload=%EF%BB%BF%7B%22a%22%3A1%7D"), Value::from(json!({"a": 1})));
    assert_eq!(read("payload=%7B%22a%22%3A%22%5Cud83d%22%7D"), Value::from(json!({"a": "\u{fffd}"})));
    assert_eq!(read("payload=%7B%22a%22%3A1e400%7D")["a"].to_string(), "1e400");
    assert_eq!(read("\u{feff}message=Hello"), Value::from(json!({"message": "Hello"})));
    let whole = |data: &str| {
        read_as("application/cloudevents+json", format!("\u{feff}{{\"type\":\"x\",{data}}}").as_bytes()).unwrap()
    };
    assert_eq!(whole(r#""data":{"a":"\ud800","b":1e400}"#)["a"], "\u{fffd}");
    assert_eq!(whole(r#""data_base64":"77u/eyJhIjoxfQ==""#), Value::from(json!({"a": 1})));
    assert_eq!(whole(r#""datacontenttype":"text/xml","data_base64":"PGE+eDwvYT4=""#), Value::from(json!({"a": "x"})));
    assert_eq!(whole(r#""datacontenttype":"text/plain","data_base64":"aGVsbG8=""#), "hello");
}

#[test]
fn text_is_in_the_charset_that_is_named() {
    let form = |charset: &str| format!("application/x-www-form-urlencoded; charset={charset}");
    for (content_type, body, expected) in [
        (form("ISO-8859-1"), &b"message=caf%E9"[..], json!({"message": "café"})),
        (form("\"latin1\""), b"message=caf\xe9", json!({"message": "café"})),
        (form("windows-1251"), b"m=%CF%F0%E8%E2%E5%F2+1", json!({"m": "Привет 1"})),
        (form("Shift_JIS"), b"m=%83e%83X%83g", json!({"m": "テスト"})),
        (form("unheard-of"), b"m=caf%C3%A9", json!({"m": "café"})),
        (form("utf-8"), b"m=caf%E9", json!({"m": "caf\u{fffd}"})),
        (TYPES[1].to_owned(), b"_charset_=iso-8859-1&m=caf%E9", json!({"_charset_": "iso-8859-1", "m": "café"})),
        ("application/json; charset=windows-1251".to_owned(), b"{\"m\":\"\xcf\xf0\"}", json!({"m": "Пр"})),
        ("application/json; charset=iso-8859-1".to_owned(), "{\"m\":\"é\"}".as_bytes(), json!({"m": "é"})),
        ("application/json".to_owned(), b"{\"m\":\"\xe9\"}", json!({"m": "\u{fffd}"})),
        ("application/json".to_owned(), b"\xff\xfe{\0\"\0m\0\"\0:\0\xe9\x001\0}\0", json!(null)),
        ("text/xml; charset=iso-8859-1".to_owned(), b"<a>\xe9</a>", json!({"a": "é"})),
        ("text/xml".to_owned(), b"<?xml version='1.0' encoding='windows-1251'?><a>\xcf</a>", json!({"a": "П"})),
        (
            "text/xml".to_owned(),
            b"\xef\xbb\xbf<?xml version=\"1.0\" encoding = \"UTF-8\"?><a>\xc3\xa9</a>",
            json!({"a": "é"}),
        ),
        ("text/xml".to_owned(), b"\xff\xfe<\0a\0/\0>\0", json!({"a": ""})),
    ] {
        let expected = Some(Value::from(expected)).filter(|value| !value.is_null());
        assert_eq!(read_as(&content_type, body), expected, "{content_type}");
    }
    let text = |content_type: &str, body: &'static [u8]| {
        event("github", &[("content-type", content_type)], "").head.text(body).into_owned()
    };
    assert_eq!(text("text/plain; charset=windows-1251", b"\xcf\xf0"), "Пр");
    assert_eq!(text("text/plain", "\u{feff}é".as_bytes()), "é");
    assert_eq!(text("", b"\xff"), "\u{fffd}");
}

#[test]
fn a_body_of_parts_is_its_fields() {
    let body = b"--xyz\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\nHello\r\n--xyz--\r\n";
    let mut found = event("shared-secret", &[("content-type", "multipart/form-data; boundary=xyz")], "");
    found.body = body.to_vec();
    assert_eq!(found.payload(), Some(json!({"message": "Hello"}).into()));
}

#[test]
fn what_has_no_fields_says_why() {
    let why = |content_type: &str, body: &str| {
        let content = event("github", &[("content-type", content_type)], body).read(None);
        assert_eq!(content.payload.is_none(), content.unreadable.is_some());
        content.unreadable.map(|unreadable| unreadable.to_string()).unwrap_or_default()
    };
    assert_eq!(why("application/json", "{\"a\":1"), "it is no JSON at byte 6: it ends where `,` or `}` should follow");
    assert_eq!(why("text/plain", "hello"), "it is no JSON at byte 0: a letter stands where a value should");
    assert_eq!(why("multipart/form-data", "--"), "it is no JSON at byte 0: `-` stands where a number should");
    assert_eq!(why("text/xml", "<a>"), "it is no JSON at byte 0: `<` stands where a value should");
    assert_eq!(
        why("application/cloudevents+json", "{"),
        "it is no JSON at byte 1: it ends where a field's name should follow"
    );
    assert_eq!(why("application/json", "{}"), "");
}
