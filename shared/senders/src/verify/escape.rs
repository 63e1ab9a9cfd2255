//! URLs in the spellings that two senders sign.

use crate::inbound::Url;

/// The URL with those escapes decoded that `HubSpot` decodes before it signs.
pub(super) fn hubspot(url: Url<'_>, sink: &mut dyn FnMut(&[u8])) {
    const DECODED: &[(&str, u8)] = &[
        ("3A", b':'),
        ("2F", b'/'),
        ("3F", b'?'),
        ("40", b'@'),
        ("21", b'!'),
        ("24", b'$'),
        ("27", b'\''),
        ("28", b'('),
        ("29", b')'),
        ("2A", b'*'),
        ("2C", b','),
        ("3B", b';'),
    ];
    sink(url.base().as_bytes());
    let mut pieces = url.target().split('%');
    sink(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let escape = piece.get(..2).unwrap_or_default();
        match DECODED.iter().find(|(code, _)| code.eq_ignore_ascii_case(escape)) {
            Some((_, byte)) => {
                sink(&[*byte]);
                sink(piece.get(2..).unwrap_or_default().as_bytes());
            }
            None => {
                sink(b"%");
                sink(piece.as_bytes());
            }
        }
    }
}

/// The path and query as Contentful signs them: the query escaped on its own, then the whole once more.
pub(super) fn contentful(url: Url<'_>, sink: &mut dyn FnMut(&[u8])) {
    /// What JavaScript's `encodeURI` leaves as it is, besides letters and digits.
    const WHOLE: &[u8] = b";,/?:@&=+$-_.!~*'()#";
    /// What Node's `querystring.escape` leaves as it is, besides letters and digits.
    const QUERY: &[u8] = b"!'()*-._~";
    escape(url.path().bytes(), WHOLE, sink);
    if !url.query().is_empty() {
        sink(b"?");
        let mut once = Vec::with_capacity(url.query().len() * 3);
        escape(url.query().bytes(), QUERY, &mut |bytes| once.extend_from_slice(bytes));
        escape(once.into_iter(), WHOLE, sink);
    }
}

/// Writes bytes with all escaped but letters, digits and those kept.
fn escape(bytes: impl Iterator<Item = u8>, kept: &[u8], sink: &mut dyn FnMut(&[u8])) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            sink(&[byte]);
        } else {
            let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
            sink(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut dyn FnMut(&[u8]))) -> String {
        let mut out = Vec::new();
        write(&mut |bytes| out.extend_from_slice(bytes));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn hubspot_decodes_some_escapes() {
        for (target, expected) in [
            ("/a?b=c%2Fd%3f%20e%", "https://h.example/a?b=c/d?%20e%"),
            ("/%2", "https://h.example/%2"),
            ("/%é", "https://h.example/%é"),
            ("", "https://h.example"),
        ] {
            assert_eq!(written(|sink| hubspot(Url::new("https://h.example", target), sink)), expected);
        }
    }

    #[test]
    fn contentful_escapes_a_query_twice() {
        for (target, expected) in [
            ("/a/b=c", "/a/b=c"),
            ("/a b?c=d e&f=g", "/a%20b?c%253Dd%2520e%2526f%253Dg"),
            ("/a?", "/a"),
            ("/%20", "/%2520"),
        ] {
            assert_eq!(written(|sink| contentful(Url::new("", target), sink)), expected);
        }
    }
}
