//! Text that filters have marked up, without its marks.

use super::super::{ZERO_WIDTH_SPACE, url};

/// What is seen of a text that was written here: labels of links, no marks, no escapes.
pub(in super::super) fn unmarked(text: &str) -> String {
    let (mut out, mut rest, mut fence) = (String::with_capacity(text.len()), text, "");
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        if !fence.is_empty() || c == '`' {
            let run = &rest[..rest.len() - rest.trim_start_matches('`').len()];
            match (run, fence) {
                ("", _) => out.push(c),
                (_, "") => fence = run,
                _ if run == fence => fence = "",
                _ => out.push_str(run),
            }
            rest = if run.is_empty() { tail } else { &rest[run.len()..] };
            continue;
        }
        if let Some(length) = url::length(rest) {
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        rest = match (c, tail.chars().next()) {
            ('\\', Some(escaped)) if !escaped.is_ascii_alphanumeric() && !escaped.is_whitespace() => {
                out.push(escaped);
                &tail[escaped.len_utf8()..]
            }
            ('<', _) => {
                let (address, tail) = tail.split_once('>').unwrap_or((tail, ""));
                out.push_str(address);
                tail
            }
            (']', Some('(')) => tail.split_once(')').map_or("", |(_, tail)| tail),
            ('~' | '|', after) if after != Some(c) => {
                out.push(c);
                tail
            }
            ('~' | '|', _) => &tail[1..],
            ('*' | '_' | '[' | ZERO_WIDTH_SPACE, _) => tail,
            _ => {
                out.push(c);
                tail
            }
        };
    }
    out
}
