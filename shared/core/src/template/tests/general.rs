//! The general message, which fits any body.

use super::*;

#[test]
fn a_template_that_makes_nothing_is_replaced() {
    for source in ["", "  {{ payload.missing }} ", "<b></b>", "{{ '\u{200b}' }}"] {
        let template = Template::compile(source, Escape::Html).unwrap();
        let context = plain_delivery(br#"{"message": "hello"}"#).context();
        let message = message_for("shared-secret", None, Some(&template), &context);
        assert_eq!((message.text.as_str(), message.trouble.is_some()), ("hello", true));
    }
}

#[test]
fn the_general_message() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let message = plain_delivery(deep.as_bytes()).message();
    assert!(message.starts_with("[[[") && message.ends_with('…'));
    for (body, expected) in [
        (&br#"{"message":"Disk <full> & more\n"}"#[..], "Disk &lt;full&gt; &amp; more"),
        (br#"{"message":" ","b":1}"#, "<pre>{\n  &quot;message&quot;: &quot; &quot;,\n  &quot;b&quot;: 1\n}</pre>"),
        (
            br#"{"message":{"z":1,"a":2}}"#,
            "<pre>{\n  &quot;message&quot;: {\n    &quot;z&quot;: 1,\n    &quot;a&quot;: 2\n  }\n}</pre>",
        ),
        (b"[1]", "<pre>[\n  1\n]</pre>"),
        (b"null", "null"),
        (b"\"text\"", "<pre>&quot;text&quot;</pre>"),
        (b"broken {\"a\":", "broken {&quot;a&quot;:"),
        (b"caf\xe9 and more text around it", "caf\u{fffd} and more text around it"),
        (b"\x00\x01\x02", "3 bytes of an unknown type came in at /door"),
        (b"", "An event without a body came in at /door"),
        (b" \n ", "An event without a body came in at /door"),
        ("\u{200b}".as_bytes(), "An event of 3 bytes that show nothing came in at /door"),
    ] {
        assert_eq!(plain_delivery(body).message(), expected);
    }
    let picture = Delivery {
        sender: "none",
        event_type: None,
        headers: &[("content-type", "image/png")],
        body: b"\x89PNG\r\n\x1a\n\0",
    };
    assert_eq!(picture.message(), "9 bytes of image/png came in at /door");
}

#[test]
fn a_standard_webhook_is_shown_by_its_type_and_data() {
    let body = br#"{"type":"invoice.paid","timestamp":"2026-01-01T00:00:00Z","data":{"id":"<1>"}}"#;
    let delivery = Delivery { sender: "standard-webhooks", event_type: Some("invoice.paid"), headers: &[], body };
    let expected = "<b>my &lt;door&gt;</b> invoice.paid\n<pre>{\n  &quot;id&quot;: &quot;&lt;1&gt;&quot;\n}</pre>";
    assert_eq!(delivery.message(), expected);
}

#[test]
fn a_message_is_made_of_any_body() {
    proptest::proptest!(proptest::test_runner::Config::with_cases(1_000), |(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200))| {
        plain_delivery(&body).message();
        Delivery { sender: "github", event_type: Some("push"), headers: &[], body: &body }.message();
    });
}

#[test]
fn numbers_are_shown_as_they_were_sent() {
    let body = br#"{"id":820982911946154508,"huge":123456789012345678901234567890,"price":1.10,"rate":0.5,"far":1e400,
        "small":-1E-2,"zero":-0,"list":[1.10,2.50],"text":"{\"n\":1.20}","more":{"a":{"price":10.0}}}"#;
    let context = plain_delivery(body).context();
    let show = |template: &str| Template::compile(template, Escape::Html).unwrap().render(&context).unwrap();
    for (template, expected) in [
        (
            "{{ payload.id }} {{ payload.huge }} {{ payload.price }}",
            "820982911946154508 123456789012345678901234567890 1.10",
        ),
        ("{{ payload.far }} {{ payload.small }} {{ payload.zero }}", "1e400 -1E-2 -0"),
        ("{% for n in payload.list %}{{ n }},{% endfor %}", "1.10,2.50,"),
        ("{{ (payload.text | fromjson).n }}", "1.20"),
        ("{{ payload.more.a.price }}", "10.0"),
        ("{{ payload.price * 2 }} {{ payload.rate + 1 }}", "2.2 1.5"),
        ("{{ payload.price > 1 }} {{ payload.price < 1.2 }} {{ payload.price == 1.1 }}", "true true true"),
        ("{{ payload.id + 1 }} {{ payload.huge + 1 }}", "820982911946154509 123456789012345678901234567891"),
        ("{{ payload.id == 820982911946154509 }}", "false"),
        ("{{ payload.more | tojson }} {{ payload.far | tojson }}", r#"{"a": {"price": 10.0}} 1e400"#),
        ("{{ payload.list }}", "[1.10,2.50]"),
        ("{{ payload.more | tojson(indent=1) }}", "{\n \"a\": {\n  \"price\": 10.0\n }\n}"),
    ] {
        assert_eq!(show(template), expected, "{template}");
    }
}

#[test]
fn a_body_of_parts_is_shown_by_its_fields() {
    let body = b"--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nHello <you>\r\n--b\r\n\
        Content-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\x00\x01\r\n--b--\r\n";
    let headers = [("content-type", "multipart/form-data; boundary=b")];
    let message = Delivery { headers: &headers, ..plain_delivery(body) }.message();
    for part in ["note&quot;: &quot;Hello &lt;you&gt;", "filename&quot;: &quot;a.jpg", "size_bytes&quot;: 2"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}
