//! Takes secrets out of what is kept of a request: whatever is itself a proof. A signature is none: it says nothing to
//! whoever does not know the secret, and is worth nothing with another body.

use std::borrow::Cow;
use std::ops::Range;

use bellhop_senders::body::form;

use super::REDACTED;
use crate::json::scan::Raw;
use bellhop_senders::sender::{Sender, TokenPlace};

/// A body without the tokens that hooks of these senders are proved by, at every place that has the token's name. All other
/// bytes stay; a body of other senders is lent.
pub fn kept_body<'a>(senders: impl Iterator<Item = &'static Sender>, body: &'a [u8]) -> Cow<'a, [u8]> {
    senders.filter_map(Sender::body_token).fold(Cow::Borrowed(body), |body, place| {
        let (found, text) = match place {
            TokenPlace::Field(paths) => (in_json(&body, paths), format!("\"{REDACTED}\"")),
            TokenPlace::Form(path) if path.contains('.') => (in_form(&body, path), format!("%22{REDACTED}%22")),
            TokenPlace::Form(path) => (in_form(&body, path), REDACTED.to_owned()),
            TokenPlace::Header { .. } | TokenPlace::Basic | TokenPlace::Query(_) => return body,
        };
        if found.is_empty() { body } else { Cow::Owned(replaced(&body, found, text.as_bytes())) }
    })
}

/// Takes out of kept headers what repeats a token of the query: what proxies add often has the whole address in it.
pub fn hide_parameters(headers: &mut [(&str, String)], query: &str, names: impl Iterator<Item = &'static str>) {
    for name in names {
        for (_, value) in form::written(query.as_bytes()).filter(|(written, _)| form::is_name(written, name)) {
            let decoded = form::plain(value);
            let spellings = [value, &decoded].map(|text| std::str::from_utf8(text).unwrap_or_default());
            let told = |value: &str| spellings.iter().any(|text| !text.is_empty() && value.contains(text));
            headers.iter_mut().filter(|(_, value)| told(value)).for_each(|(_, value)| REDACTED.clone_into(value));
        }
    }
}

/// Where the values stand in JSON at any of some paths, those of fields that stand there twice included.
fn in_json(body: &[u8], paths: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if let Some(whole) = Raw::of(body) {
        for path in paths.split('|') {
            let steps: Vec<_> = path.split('.').collect();
            whole.every(&steps, &mut |value| found.push(range(body, value.bytes())));
        }
    }
    found
}

/// Where the values stand in a form of a field, or those of a field of the JSON that it holds: what is no JSON, as a whole.
fn in_form(body: &[u8], path: &str) -> Vec<Range<usize>> {
    let (field, inner) = path.split_once('.').map_or((path, None), |(field, inner)| (field, Some(inner)));
    let values = form::written(body).filter(|(name, _)| form::is_name(name, field));
    let found = values.flat_map(|(_, value)| {
        let place = range(body, value);
        let decoded = form::plain(value);
        let within = inner.filter(|_| Raw::of(&decoded).is_some()).map(|inner| in_json(&decoded, inner));
        match within {
            None => vec![place],
            Some(within) => {
                let written = |at: usize| place.start + form::written_length(value, at);
                within.iter().map(|range| written(range.start)..written(range.end)).collect()
            }
        }
    });
    found.collect()
}

/// A body with a text in place of these parts.
fn replaced(body: &[u8], mut parts: Vec<Range<usize>>, text: &[u8]) -> Vec<u8> {
    parts.sort_unstable_by_key(|part| part.start);
    let mut out = Vec::with_capacity(body.len() + text.len());
    let mut at = 0;
    for part in parts {
        // One that stands within another went with it.
        if let Some(before) = body.get(at..part.start) {
            out.extend_from_slice(before);
            out.extend_from_slice(text);
            at = part.end;
        }
    }
    out.extend_from_slice(body.get(at..).unwrap_or_default());
    out
}

/// Where a part of a text stands in it.
fn range(text: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of a body of this sender.
    fn kept(sender: &str, body: &str) -> String {
        let sender = Sender::named(sender).unwrap();
        String::from_utf8(kept_body(std::iter::once(sender), body.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_token_is_taken_out_wherever_it_may_stand_and_nothing_else_changes() {
        for (sender, body, expected) in [
            ("github", r#"{"token":"x"}"#, r#"{"token":"x"}"#),
            ("zulip", r#"{ "token" : "x", "n":1.0 }"#, r#"{ "token" : "[redacted]", "n":1.0 }"#),
            (
                "zulip",
                r#"{"t\u006fken":"\u0078","a":{"token":"y"}}"#,
                r#"{"t\u006fken":"[redacted]","a":{"token":"y"}}"#,
            ),
            ("zulip", r#"{"token":["x"],"token":7}"#, r#"{"token":"[redacted]","token":"[redacted]"}"#),
            ("zulip", "token=x", "token=x"),
            (
                "lark",
                r#"{"header":{"token":"x"},"token":"y"}"#,
                r#"{"header":{"token":"[redacted]"},"token":"[redacted]"}"#,
            ),
            (
                "microsoft-graph",
                r#"{"value":[{"clientState":"x","id":1},{"id":2,"clientState":"x"}],"value":[{"clientState":"x"}]}"#,
                r#"{"value":[{"clientState":"[redacted]","id":1},{"id":2,"clientState":"[redacted]"}],"value":[{"clientState":"[redacted]"}]}"#,
            ),
            ("synology-chat", "a=b&t%6fken=x%78&token=&c=%2B", "a=b&t%6fken=[redacted]&token=[redacted]&c=%2B"),
            (
                "ko-fi",
                "data=%7B%22verification_token%22%3A%22x%5C%22%22%2C+%22a%22%3a%22%C3%A9%22%7D&b=1",
                "data=%7B%22verification_token%22%3A%22[redacted]%22%2C+%22a%22%3a%22%C3%A9%22%7D&b=1",
            ),
        ] {
            assert_eq!(kept(sender, body), expected, "{sender}: {body}");
        }
    }

    #[test]
    fn a_body_without_a_token_is_lent() {
        let senders = ["github", "twilio", "mailgun"].into_iter().filter_map(Sender::named);
        assert!(matches!(kept_body(senders, br#"{"token":1}"#), Cow::Borrowed(_)));
    }

    #[test]
    fn a_header_that_repeats_the_query_is_hidden() {
        let mut headers = vec![
            ("x-original-uri", "/webhook/p?token=a%2Bb&x=1".to_owned()),
            ("referer", "https://example.com/?t=a+b".to_owned()),
            ("user-agent", "curl".to_owned()),
        ];
        hide_parameters(&mut headers, "x=1&token=a%2Bb", ["token"].into_iter());
        assert_eq!(headers.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), [REDACTED, REDACTED, "curl"]);
    }
}
