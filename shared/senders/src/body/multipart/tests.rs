use serde_json::json;

use super::*;

/// What a body with this content type says.
fn said(content_type: &str, body: &[u8]) -> Option<Value> {
    read(body, &Media::of(content_type))
}

/// What a form with the boundary `b` says.
fn form(body: &[u8]) -> Option<Value> {
    said("multipart/form-data; boundary=b", body)
}

/// A body of these parts, each with its headers, with the boundary `b`.
fn body(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect::<String>() + "--b--\r\n"
}

#[test]
fn a_form_is_its_fields_and_its_files() {
    let found = form(
        body(&[
            "Content-Disposition: form-data; name=\"message\"\r\n\r\nHello\r\nyou",
            "content-disposition:form-data;name=data\r\nContent-Type: application/json\r\n\r\n{\"a\":[1,1.10]}",
            "Content-Disposition: form-data; name=\"blob\"; filename=\"blob\"\r\nContent-Type: application/json\r\n\r\n[7]",
            "Content-Disposition: form-data; name=\"image\"; filename=\"a\\\"b.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\u{1}\u{2}",
            "Content-Disposition: form-data; name=\"note\"; filename*=UTF-8''caf%C3%A9.txt; filename=cafe.txt\r\n\r\nx",
            "Content-Disposition: form-data; name=\"empty\"\r\n\r\n",
            "Content-Disposition: form-data; name=\"tag\"\r\n\r\none",
            "Content-Disposition: form-data; name=\"tag\"\r\n\r\ntwo",
            "Content-Disposition: form-data; name=\"qu%22ote\"\r\n\r\nq",
            "Content-Disposition: form-data; name=\"broken\"\r\nContent-Type: application/json\r\n\r\n{broken",
        ])
        .as_bytes(),
    );
    let expected = json!({
        "message": "Hello\r\nyou",
        "data": {"a": [1, 1.1]},
        "blob": [7],
        "image": {"filename": "a\"b.jpg", "content_type": "image/jpeg", "size_bytes": 2},
        "note": {"filename": "café.txt", "size_bytes": 1},
        "empty": "",
        "tag": ["one", "two"],
        "qu\"ote": "q",
        "broken": "{broken",
    });
    assert_eq!(found, Some(expected.into()));
}

#[test]
fn boundaries_are_lines() {
    let part = "Content-Disposition: form-data; name=a\n\n1\n--bb\n--b-\n -- b";
    let expected = Some(Value::from(json!({"a": "1\n--bb\n--b-\n -- b"})));
    assert_eq!(form(format!("before\n--b\n{part}\n--b--\nafter\n--b\n\nx").as_bytes()), expected);
    assert_eq!(form(format!("--b \t\r\n{part}\r\n--b--").as_bytes()), expected);
    assert_eq!(form(format!("--b\n{part}").as_bytes()), expected, "the last boundary was forgotten");
    let quoted = said("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b:c=;'\"", b"--a b:c=;'\n\n1\n--a b:c=;'--");
    assert_eq!(quoted, Some(json!({"part1": "1"}).into()));
    for (content_type, body) in [
        ("multipart/form-data", "--b\n\nx\n--b--"),
        ("multipart/form-data; boundary=", "--\n\nx\n----"),
        ("multipart/form-data; boundary=b", ""),
        ("multipart/form-data; boundary=b", "--b--"),
        ("multipart/form-data; boundary=b", "{\"a\":1}"),
        ("multipart/form-data; boundary=c", "--b\n\nx\n--b--"),
    ] {
        assert_eq!(said(content_type, body.as_bytes()), None, "{content_type} {body}");
    }
}

#[test]
fn other_bodies_of_parts_are_read_too() {
    let mixed = body(&[
        "Content-Type: application/json; charset=utf-8\r\n\r\n{\"level\": \"high\"}",
        "Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n/9j/\r\n4A",
        "Content-Type: text/plain; charset=windows-1251\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=CF=F0=E8=\r\n=E2=E5=F2 50% =3D  \r\nend",
        "Content-Type: multipart/alternative;\r\n boundary=\"in\"\r\n\r\n--in\r\n\r\ninner\r\n--in--",
        "\r\nno headers",
    ]);
    let expected = json!({
        "part1": {"level": "high"},
        "part2": {"content_type": "image/jpeg", "size_bytes": 4},
        "part3": "Привет 50% =\r\nend",
        "part4": {"part1": "inner"},
        "part5": "no headers",
    });
    assert_eq!(said("multipart/mixed; boundary=b", mixed.as_bytes()), Some(expected.into()));
}

#[test]
fn a_payload_within_a_form_is_the_whole() {
    let file = "Content-Disposition: form-data; name=thumb; filename=t.jpg\r\nContent-Type: image/jpeg\r\n\r\nx";
    let field = "Content-Disposition: form-data; name=\"payload\"\r\n";
    for kind in ["", "Content-Type: application/json\r\n"] {
        let found = form(body(&[&format!("{field}{kind}\r\n{{\"event\": \"media.play\"}}"), file]).as_bytes());
        assert_eq!(found, Some(json!({"event": "media.play"}).into()));
    }
    let text = form(body(&[&format!("{field}\r\nplain")]).as_bytes());
    assert_eq!(text, Some(json!({"payload": "plain"}).into()));
}

#[test]
fn texts_are_in_their_charset() {
    let part = |headers: &[u8], text: &[u8]| {
        [b"--b\n", headers, b"Content-Disposition: form-data; name=x\n\n", text, b"\n--b--"].concat()
    };
    let x = |text: &str| Some(Value::from(json!({"x": text})));
    let latin = part(b"Content-Type: text/plain; charset=ISO-8859-1\n", b"caf\xe9");
    assert_eq!(form(&latin), x("café"));
    assert_eq!(form(&part(b"", "café".as_bytes())), x("café"));
    assert_eq!(form(&part(b"", b"caf\xe9")), x("caf\u{fffd}"));
    assert_eq!(said("multipart/form-data; boundary=b; charset=latin1", &part(b"", b"caf\xe9")), x("café"));
    let named = b"--b\nContent-Disposition: form-data; name=_charset_\n\niso-8859-1\n";
    let found = form(&[&named[..], &part(b"", b"caf\xe9")].concat());
    assert_eq!(found, Some(json!({"_charset_": "iso-8859-1", "x": "café"}).into()));
}

#[test]
fn parts_are_bounded_in_number_and_depth() {
    let many = |count: usize| "--b\n\n1\n".repeat(count);
    assert!(form(many(MOST_PARTS).as_bytes()).is_some());
    assert_eq!(form(many(MOST_PARTS + 1).as_bytes()), None);
    assert_eq!(form(many(500_000).as_bytes()), None);
    let nested = |depth: usize| {
        (0..depth).rev().fold("Content-Type: text/plain\n\ndeep".to_owned(), |inner, level| {
            format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n{inner}\n--b{level}--")
        })
    };
    let found = form(format!("--b\n{}\n--b--", nested(3)).as_bytes()).unwrap();
    assert_eq!(found["part1"]["part1"]["part1"]["part1"], "deep");
    let found = form(format!("--b\n{}\n--b--", nested(40)).as_bytes()).unwrap();
    assert_eq!(found["part1"]["part1"]["part1"]["part1"]["content_type"], "multipart/mixed");
    let inner = "--c\n\n1\n".repeat(MOST_PARTS);
    let found = form(format!("--b\nContent-Type: multipart/mixed; boundary=c\n\n{inner}--c--\n--b--").as_bytes());
    assert_eq!(found.unwrap()["part1"]["content_type"], "multipart/mixed");
}
