//! Encoded words in headers: `=?UTF-8?B?…?=` and `=?UTF-8?Q?…?=`.
//! Source: <https://www.rfc-editor.org/rfc/rfc2047>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest encoded word.
const LONGEST: usize = 75;

/// A header's value with its encoded words decoded, or what is wrong with one of them.
pub(super) fn decode(value: &str) -> Result<String, String> {
    let (mut decoded, mut rest, mut after_word) = (String::new(), value, false);
    while let Some((before, from)) = rest.split_once("=?") {
        // White space between two encoded words is not shown.
        if !(after_word && before.chars().all(|letter| " \t".contains(letter))) {
            decoded.push_str(before);
        }
        let parts: Vec<&str> = from.splitn(4, '?').collect();
        let [charset, encoding, text, end] = parts[..] else { return Err(format!("an unfinished word: =?{from}")) };
        let end = end.strip_prefix('=').ok_or_else(|| format!("an unfinished word: =?{from}"))?;
        let word = format!("=?{charset}?{encoding}?{text}?=");
        if word.len() > LONGEST {
            return Err(format!("a word of more than {LONGEST} letters: {word}"));
        }
        if !["utf-8", "us-ascii"].contains(&charset.to_ascii_lowercase().as_str()) {
            return Err(format!("an unknown character set: {word}"));
        }
        let bytes = match encoding {
            "B" | "b" => STANDARD.decode(text).map_err(|error| format!("{error}: {word}"))?,
            "Q" | "q" => quoted(&text.replace('_', " ")).ok_or_else(|| format!("not quoted-printable: {word}"))?,
            _ => return Err(format!("an unknown encoding: {word}")),
        };
        // A letter may not be split between two words.
        decoded.push_str(&String::from_utf8(bytes).map_err(|_| format!("not UTF-8: {word}"))?);
        (rest, after_word) = (end, true);
    }
    decoded.push_str(rest);
    Ok(decoded)
}

/// The bytes of a text with `=XX`; `None` where there is no such byte.
pub(super) fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        let pair = [rest.next()?, rest.next()?];
        if pair.iter().any(u8::is_ascii_lowercase) {
            return None;
        }
        bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn words_are_decoded_and_the_space_between_them_is_not_shown() {
        for (value, decoded) in [
            ("plain = text?", "plain = text?"),
            ("=?UTF-8?B?8J+bjiBncsO8w58=?=", "🛎 grüß"),
            ("=?utf-8?q?gr=C3=BC=C3=9F_dich=3F?= now", "grüß dich? now"),
            ("a =?UTF-8?Q?b?= =?UTF-8?Q?c?= d", "a bc d"),
            ("=?UTF-8?Q?b?= - =?UTF-8?Q?c?=", "b - c"),
        ] {
            assert_eq!(decode(value).as_deref(), Ok(decoded));
        }
    }

    #[test]
    fn what_is_not_well_formed_is_said() {
        let long = format!("=?UTF-8?Q?{}?=", "x".repeat(64));
        for value in [
            "=?UTF-8?B?8J+b",
            "=?UTF-8?B?8J+bjg?=",
            "=?UTF-8?B?8J+b?=",
            "=?UTF-8?Q?=c3=bc?=",
            "=?UTF-8?Q?=C3?= =?UTF-8?Q?=BC?=",
            "=?UTF-8?X?a?=",
            "=?KOI8-R?Q?a?=",
            &long,
        ] {
            assert!(decode(value).is_err(), "{value}");
        }
        assert!(decode(&long.replace("xx?=", "x?=")).is_ok());
    }
}
