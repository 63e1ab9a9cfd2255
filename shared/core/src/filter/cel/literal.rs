//! Numbers, texts and bytes that are written out.

use crate::json::Number;

use super::ast::Literal;
use super::lexer::Wrong;

/// Reads the number that a text begins with, and its length.
pub(super) fn number(rest: &str) -> Result<(Literal, usize), Wrong> {
    let bytes = rest.as_bytes();
    let digits = |from: usize, digit: fn(&u8) -> bool| {
        bytes.get(from..).unwrap_or_default().iter().take_while(|byte| digit(byte)).count()
    };
    let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut to = if is_hex { 2 + digits(2, u8::is_ascii_hexdigit) } else { digits(0, u8::is_ascii_digit) };
    let mut is_whole = true;
    if !is_hex {
        let fraction = if bytes.get(to) == Some(&b'.') { digits(to + 1, u8::is_ascii_digit) } else { 0 };
        if fraction > 0 {
            to += 1 + fraction;
            is_whole = false;
        }
        if matches!(bytes.get(to), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(to + 1), Some(b'+' | b'-')));
            let exponent = digits(to + 1 + sign, u8::is_ascii_digit);
            if exponent > 0 {
                to += 1 + sign + exponent;
                is_whole = false;
            }
        }
    }
    let text = &rest[..to];
    let is_unsigned = is_whole && matches!(bytes.get(to), Some(b'u' | b'U'));
    let length = to + usize::from(is_unsigned);
    let runs_on = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if text.len() == 2 && is_hex || bytes.get(length).is_some_and(runs_on) {
        let end = length + digits(length, |byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        return Err((0, end, "this is no number".to_owned()));
    }
    let value = if !is_whole { double(text) } else { whole(text, is_hex, is_unsigned) };
    value.map(|value| (value, length)).ok_or_else(|| (0, length, "this number is too large".to_owned()))
}

/// Reads a whole number; one beyond 64 bits is kept as it is written.
pub(super) fn whole(text: &str, is_hex: bool, is_unsigned: bool) -> Option<Literal> {
    let (digits, radix) = if is_hex { (&text[2..], 16) } else { (text, 10) };
    if is_unsigned {
        return u64::from_str_radix(digits, radix).ok().map(Literal::Uint);
    }
    if let Ok(value) = i64::from_str_radix(digits, radix) {
        return Some(Literal::Int(value));
    }
    let sign = usize::from(digits.starts_with('-'));
    let digits = digits[sign..].trim_start_matches('0');
    let text = format!("{}{digits}", if sign == 1 { "-" } else { "" });
    Number::parse(&text).filter(|_| !is_hex).map(Literal::Big)
}

/// Reads a number with a fraction or an exponent.
fn double(text: &str) -> Option<Literal> {
    text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Literal::Double)
}

/// Reads the text or the bytes that a text begins with, and the length; `None` where it begins with something else.
pub(super) fn text(rest: &str) -> Result<Option<(Literal, usize)>, Wrong> {
    let Some(open) = rest.bytes().take(3).position(|byte| matches!(byte, b'\'' | b'"')) else {
        return Ok(None);
    };
    let prefix = rest[..open].to_ascii_lowercase();
    if !matches!(prefix.as_str(), "" | "r" | "b" | "br" | "rb") {
        return Ok(None);
    }
    let (is_raw, is_bytes) = (prefix.contains('r'), prefix.contains('b'));
    let quote = &rest[open..=open];
    let triple = quote.repeat(3);
    let quote = if rest[open..].starts_with(&triple) { triple.as_str() } else { quote };
    let mut content = Vec::new();
    let mut at = open + quote.len();
    loop {
        let left = &rest[at..];
        let Some(c) = left.chars().next() else {
            return Err((0, open + quote.len(), "a text has no end".to_owned()));
        };
        if left.starts_with(quote) {
            at += quote.len();
            break;
        }
        if matches!(c, '\n' | '\r') && quote.len() == 1 {
            return Err((0, at, "a text ends on its line; one of several lines stands in three quotes".to_owned()));
        }
        if c == '\\' && !is_raw {
            at += escape(left, is_bytes, &mut content).map_err(|(length, what)| (at, at + length, what))?;
        } else {
            content.extend_from_slice(&left.as_bytes()[..c.len_utf8()]);
            at += c.len_utf8();
        }
    }
    if is_bytes {
        return Ok(Some((Literal::Bytes(content), at)));
    }
    let content = String::from_utf8(content).map_err(|_| (0, at, "this is no text".to_owned()))?;
    Ok(Some((Literal::Text(content), at)))
}

/// Reads what stands for something else, and gives its length.
fn escape(text: &str, is_bytes: bool, into: &mut Vec<u8>) -> Result<usize, (usize, String)> {
    let wrong = |length: usize| (length.min(text.len()), "unknown escape; a backslash itself is `\\\\`".to_owned());
    let Some(kind) = text[1..].chars().next() else {
        return Err(wrong(1));
    };
    let simple = match kind {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' | '?' | '"' | '\'' | '`' => kind as u8,
        'x' | 'X' => return coded(text, 2, 2, 16, is_bytes, into).ok_or_else(|| wrong(4)),
        'u' if !is_bytes => return coded(text, 2, 4, 16, false, into).ok_or_else(|| wrong(6)),
        'U' if !is_bytes => return coded(text, 2, 8, 16, false, into).ok_or_else(|| wrong(10)),
        '0'..='3' => return coded(text, 1, 3, 8, is_bytes, into).ok_or_else(|| wrong(4)),
        _ => return Err(wrong(1 + kind.len_utf8())),
    };
    into.push(simple);
    Ok(2)
}

/// Reads a character, or a byte, by its number, and gives the length of the whole.
fn coded(text: &str, from: usize, digits: usize, radix: u32, is_byte: bool, into: &mut Vec<u8>) -> Option<usize> {
    let code = text.get(from..from + digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let code = u32::from_str_radix(code, radix).ok()?;
    if is_byte {
        into.push(u8::try_from(code).ok()?);
    } else {
        into.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(from + digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        for (source, value) in [
            ("0", "Int(0)"),
            ("007", "Int(7)"),
            ("42.size", "Int(42)"),
            ("7u", "Uint(7)"),
            ("0xFFu", "Uint(255)"),
            ("0x10", "Int(16)"),
            ("9223372036854775807", "Int(9223372036854775807)"),
            ("18446744073709551615u", "Uint(18446744073709551615)"),
            ("1.5e3", "Double(1500.0)"),
            (".5", "Double(0.5)"),
            ("1e-2", "Double(0.01)"),
        ] {
            assert_eq!(number(source).map(|found| format!("{:?}", found.0)), Ok(value.to_owned()), "{source}");
        }
        let Ok((Literal::Big(big), 30)) = number("123456789012345678901234567890 ") else {
            panic!("a number beyond 64 bits is kept");
        };
        assert_eq!(big.to_string(), "123456789012345678901234567890");
        for source in ["1x", "0x", "0xg", "1e400", "18446744073709551616u", "0x8000000000000000", "1.5u", "7_000"] {
            assert!(number(source).is_err(), "{source}");
        }
    }

    #[test]
    fn texts_and_bytes_are_read() {
        for (source, value) in [
            ("'a'", "Text(\"a\")"),
            ("\"a'b\" + c", "Text(\"a'b\")"),
            ("'''a'\nb'''", "Text(\"a'\\nb\")"),
            (r"'\x41\u00e4\U0001F600\101\n\'\?\`'", "Text(\"Aä😀A\\n'?`\")"),
            (r"r'\d+'", "Text(\"\\\\d+\")"),
            (r"R'''\'''", "Text(\"\\\\\")"),
            (r"b'\xff\377a'", "Bytes([255, 255, 97])"),
            ("b'ä'", "Bytes([195, 164])"),
            (r"bR'\n'", "Bytes([92, 110])"),
            ("''", "Text(\"\")"),
        ] {
            let found = text(source).unwrap().unwrap();
            assert_eq!(format!("{:?}", found.0), value, "{source}");
        }
        for source in ["'a", "'a\nb'", r"'\q'", r"'\x4'", r"'\ud800'", r"'\U00110000'", r"b'\u0041'", r"'\08'", r"'\"] {
            assert!(text(source).is_err(), "{source}");
        }
        assert!(text("ab'c'").unwrap().is_none());
        assert!(text("payload").unwrap().is_none());
    }
}
