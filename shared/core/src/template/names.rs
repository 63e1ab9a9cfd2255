//! The filters and tests that a template names, so that a mistyped one is refused when the hook is saved; and where its
//! expressions and tags stand.

use minijinja::machinery::{Instruction, Instructions};

use super::{BadTemplate, filters, guard};

/// Refuses a template that names a filter or a test which does not exist, on whatever branch.
pub(super) fn check(code: &Instructions<'_>) -> Result<(), BadTemplate> {
    for (at, instruction) in (0..).zip(guard::each(code)) {
        let (kind, name, is_known) = match instruction {
            Instruction::ApplyFilter(name, ..) => ("filter", name, filters::has_filter(name)),
            Instruction::PerformTest(name, ..) => ("test", name, filters::has_test(name)),
            _ => continue,
        };
        if !is_known {
            let line = code.get_line(at).unwrap_or(1);
            return Err(BadTemplate { line, what: format!("there is no {kind} `{name}`") });
        }
    }
    Ok(())
}

/// Where the next expression or tag begins, past comments, and whether it is a tag.
pub(super) fn next_opening(source: &str) -> Option<(usize, bool)> {
    let mut from = 0;
    loop {
        let at = from + source[from..].find('{')?;
        match source.as_bytes().get(at + 1) {
            Some(b'{') => return Some((at, false)),
            Some(b'%') => return Some((at, true)),
            Some(b'#') => from = at + source[at..].find("#}")? + 2,
            _ => from = at + 1,
        }
    }
}

/// The words and marks up to the end of the expression or tag, strings left out.
pub(super) fn tokens<'a>(rest: &mut &'a str) -> Vec<&'a str> {
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => string_length(rest, first),
            _ if first.is_alphanumeric() || first == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        if matches!(token, "}" | "%") && after.starts_with('}') {
            *rest = &after[1..];
            return tokens;
        }
        *rest = after;
        let is_mark = tokens.is_empty() && matches!(token, "-" | "+");
        if !first.is_whitespace() && !is_mark {
            tokens.push(token);
        }
    }
    tokens
}

/// The length of a string literal, quotes included.
fn string_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
