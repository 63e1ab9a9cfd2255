//! Bytes that are written as a mark and two hexadecimal digits: `%7E`.

use std::borrow::Cow;

/// The bytes of a text in which `%` is the mark, decoded once.
pub(crate) fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    unescaped(text, b'%')
}

/// The bytes of a text with this mark, decoded once; a mark without two digits stands for itself.
pub(crate) fn unescaped(text: &[u8], mark: u8) -> Cow<'_, [u8]> {
    if !text.contains(&mark) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after.first_chunk::<2>().filter(|_| *byte == mark).and_then(pair);
        out.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    Cow::Owned(out)
}

/// The byte that two hexadecimal digits are.
fn pair(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? << 4 | low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once() {
        for (text, expected) in [
            ("plain", &b"plain"[..]),
            ("a%7Eb%7eb", b"a~b~b"),
            ("%257E", b"%7E"),
            ("%E9%", b"\xe9%"),
            ("%4", b"%4"),
            ("%%41", b"%A"),
            ("%+1%zz", b"%+1%zz"),
        ] {
            assert_eq!(decoded(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(unescaped(b"50% =3D=", b'='), &b"50% =="[..]);
    }
}
