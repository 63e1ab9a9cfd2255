//! Finds the filters and tests that a template names, so that a mistyped one is refused when the hook is saved.

use minijinja::{Environment, ErrorKind};

use super::BadTemplate;

/// Refuses a template that names a filter or a test which does not exist, on whatever branch.
pub(super) fn check(env: &Environment<'_>, source: &str) -> Result<(), BadTemplate> {
    let mut rest = source;
    let mut line = 1;
    while let Some((at, is_block)) = next_opening(rest) {
        let (before, after) = rest.split_at(at + 2);
        line += before.matches('\n').count();
        let mut end = after;
        let tokens = tokens(&mut end);
        if is_block && tokens.first() == Some(&"raw") {
            end = end.find("endraw").map_or("", |at| &end[at..]);
        }
        check_tokens(env, &tokens, line)?;
        line += after[..after.len() - end.len()].matches('\n').count();
        rest = end;
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

/// Tries every filter and test named by these tokens.
fn check_tokens(env: &Environment<'_>, tokens: &[&str], line: usize) -> Result<(), BadTemplate> {
    for (at, token) in tokens.iter().enumerate() {
        let mut names = tokens[at + 1..].iter().copied();
        let (kind, name, trial) = match *token {
            "|" => ("filter", names.next(), "0|"),
            "filter" if at == 0 => ("filter", names.next(), "0|"),
            "is" => ("test", names.find(|name| *name != "not"), "0 is "),
            _ => continue,
        };
        let name = name.unwrap_or_default();
        let tried = env.compile_expression(&format!("{trial}{name}")).map(|trial| trial.eval(()).map_err(|e| e.kind()));
        if let Ok(Err(ErrorKind::UnknownFilter | ErrorKind::UnknownTest)) = tried {
            return Err(BadTemplate { line, what: format!("there is no {kind} `{name}`") });
        }
    }
    Ok(())
}
