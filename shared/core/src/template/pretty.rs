//! JSON laid out for people.

use crate::json;
use crate::telegram::shows_nothing;

/// The deepest indentation shown; what is nested deeper stays on this column.
const DEEPEST_COLUMN: usize = 16;

/// What is nested deeper than this is no data, and is not laid out.
const DEEPEST: usize = 128;

/// The longest layout, in bytes: as much as a template may make. What would come after it is left out.
pub(super) const MOST: usize = super::MAX_OUTPUT_BYTES;

/// The most bytes that one byte of JSON becomes: a mark, the end of its line and the next one's indentation.
pub(super) const WIDEST: usize = 2 + 2 * DEEPEST_COLUMN;

/// Lays JSON out with two spaces a level, keeping the order of its fields and every digit of its numbers.
///
/// A text that is no JSON comes back as it is.
pub(super) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len().saturating_mul(2).min(MOST));
    let mut depth = 0usize;
    let mut rest = json.trim_start_matches('\u{feff}').trim();
    if serde_json::from_str::<serde::de::IgnoredAny>(rest).is_err() {
        return json.to_owned();
    }
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        if out.len() + WIDEST > MOST {
            break;
        }
        match first {
            '{' | '[' => {
                out.push(first);
                let inner = rest[1..].trim_start();
                if inner.starts_with(['}', ']']) {
                    out.push_str(&inner[..1]);
                    taken = rest.len() - inner.len() + 1;
                } else {
                    depth += 1;
                    if depth > DEEPEST {
                        return json.to_owned();
                    }
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(first);
            }
            ',' => {
                out.push(',');
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            '"' => {
                taken = string_length(rest);
                if taken > MOST - out.len() {
                    break;
                }
                out.push_str(&readable(&rest[..taken]));
            }
            _ if first.is_whitespace() => {}
            _ => out.push(first),
        }
        rest = &rest[taken..];
    }
    out
}

/// Ends a line and indents the next.
fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST_COLUMN)));
}

/// The length of the string literal that `json` begins with, quotes included.
fn string_length(json: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

/// A string literal with letters where it has `\u` escapes for them; one that shows nothing keeps its escapes.
fn readable(literal: &str) -> String {
    let decoded = literal.contains("\\u").then(|| json::read(literal.as_bytes()));
    match decoded {
        Some(Ok(text)) if !text.as_str().is_some_and(shows_nothing) => text.to_string(),
        _ => literal.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_digits_are_kept() {
        let json = r#" {"z":1.10000000000000000001,"a":[],"l":[1, {"k":"a\"}\u00e9"}],"o":{ },"n":null} "#;
        let expected = r#"{
  "z": 1.10000000000000000001,
  "a": [],
  "l": [
    1,
    {
      "k": "a\"}é"
    }
  ],
  "o": {},
  "n": null
}"#;
        assert_eq!(pretty(json), expected);
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in ["", " ", "hello", "{", "{\"a\":}", "a=b&c=d", "[1,2"] {
            assert_eq!(pretty(text), text);
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(pretty(&deep), deep);
    }
}
