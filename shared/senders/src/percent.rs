//! Bytes that are written as a mark and two hexadecimal digits: `%7E`.

use std::borrow::Cow;

/// The bytes of a text in which `%` is the mark, decoded once.
pub fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    unescaped(text, b'%')
}

/// The bytes of a text with this mark, decoded once; a mark without two digits stands for itself.
pub fn unescaped(text: &[u8], mark: u8) -> Cow<'_, [u8]> {
    if !text.contains(&mark) {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_vec();
    let length = decode_in_place(&mut out, mark);
    out.truncate(length);
    Cow::Owned(out)
}

/// Decodes a text with this mark where it stands, and says how long it is now.
pub fn decode_in_place(text: &mut [u8], mark: u8) -> usize {
    let (mut from, mut to) = (0, 0);
    while let Some(byte) = text.get(from).copied() {
        let digits = text.get(from + 1..).and_then(<[u8]>::first_chunk::<2>);
        let escaped = digits.filter(|_| byte == mark).and_then(pair);
        if let Some(place) = text.get_mut(to) {
            *place = escaped.unwrap_or(byte);
        }
        from += if escaped.is_some() { 3 } else { 1 };
        to += 1;
    }
    to
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
