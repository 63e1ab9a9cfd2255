//! JSON in another style, with the same order, numbers and strings.

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Without white space.
    Compact,
    /// With a space after each comma and colon.
    Spaced,
    /// Without white space, and all but ASCII escaped.
    Escaped,
}

/// A JSON text in another style; `None` where it is no JSON.
pub(super) fn restyled(body: &[u8], style: Style) -> Option<Vec<u8>> {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).ok()?;
    let text = std::str::from_utf8(body).ok()?;
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            match c {
                _ if c.is_ascii() || style != Style::Escaped => out.push(c),
                _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
            }
            (in_string, escaped) = (escaped || c != '"', !escaped && c == '\\');
        } else if !c.is_ascii_whitespace() {
            out.push(c);
            in_string = c == '"';
            if style == Style::Spaced && matches!(c, ',' | ':') {
                out.push(' ');
            }
        }
    }
    Some(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_changes_nothing_but_white_space_and_escapes() {
        let body = r#" { "a, b:" : [1.50, "x \" y\\" , null],
            "é" : "𝄞" } "#;
        let run = |style| String::from_utf8(restyled(body.as_bytes(), style).unwrap()).unwrap();
        assert_eq!(run(Style::Compact), r#"{"a, b:":[1.50,"x \" y\\",null],"é":"𝄞"}"#);
        assert_eq!(run(Style::Spaced), r#"{"a, b:": [1.50, "x \" y\\", null], "é": "𝄞"}"#);
        assert_eq!(run(Style::Escaped), r#"{"a, b:":[1.50,"x \" y\\",null],"\u00e9":"\ud834\udd1e"}"#);
        for none in [&b""[..], b"{", b"hello", b"\xff", b"{}{}"] {
            assert_eq!(restyled(none, Style::Compact), None);
        }
    }
}
