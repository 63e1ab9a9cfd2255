//! A reader of Discord's Markdown: the rules of the library that its client grew from, one by one.
//!
//! Source: github.com/ariabuckles/simple-markdown as adapted by github.com/brussell98/discord-markdown;
//! discord.com/developers/docs/reference#message-formatting; support.discord.com/hc/articles/210298617

use super::seen::{Block, Marks, Reading, with};
use crate::markup::read::Style;

/// Reads a text.
pub(super) fn read(text: &str) -> Reading {
    let mut reading = Reading::default();
    parse(&text.chars().collect::<Vec<_>>(), true, &Marks::default(), &mut reading);
    reading
}

/// What a rule takes: so many characters, of which these show with a style.
struct Taken {
    length: usize,
    inner: std::ops::Range<usize>,
    style: Style,
}

/// Reads characters, of which the first may begin a line.
fn parse(source: &[char], begins: bool, marks: &Marks, reading: &mut Reading) {
    let (mut at, mut begins_line) = (0, begins);
    while at < source.len() {
        let rest = &source[at..];
        if begins_line {
            if marks.block != Block::Quote
                && let Some(length) = quotation(rest, reading, marks)
            {
                at += length;
                continue;
            }
            blocks(rest, reading);
        }
        begins_line = false;
        if rest[0] == '\\' && rest.get(1).is_some_and(|c| !c.is_ascii_alphanumeric() && !c.is_whitespace()) {
            reading.push(rest[1], marks);
            at += 2;
        } else if let Some((length, code)) = fenced(rest) {
            reading.push_all(&code, &Marks { block: Block::Code, ..Marks::default() });
            at += length;
        } else if let Some(length) = autolink(rest) {
            reading.push_all(&rest[1..length - 1].iter().collect::<String>(), marks);
            at += length;
        } else if let Some(length) = url(rest) {
            reading.push_all(&rest[..length].iter().collect::<String>(), marks);
            at += length;
        } else if let Some(length) = mention(rest) {
            reading.mentions.push(rest[..length].iter().collect());
            at += length;
        } else if let Some((length, label, address)) = masked(rest) {
            let shown: String = label.iter().collect();
            if shown.contains("://") {
                reading.leaks.push(format!("a label that is an address: {shown}"));
            }
            parse(label, false, &Marks { link: Some(address), ..marks.clone() }, reading);
            at += length;
        } else if let Some(taken) = styled(rest) {
            let inner = &rest[taken.inner];
            let marks = Marks { style: with(marks.style, taken.style), ..marks.clone() };
            if taken.style == Style::CODE {
                reading.push_all(&inner.iter().collect::<String>(), &marks);
            } else {
                parse(inner, false, &marks, reading);
            }
            at += taken.length;
        } else {
            reading.push(rest[0], marks);
            begins_line = rest[0] == '\n';
            at += 1;
        }
    }
}

/// Whether characters begin with a text.
fn begin_with(chars: &[char], text: &str) -> bool {
    text.chars().enumerate().all(|(at, c)| chars.get(at) == Some(&c))
}

/// `^( *>>> ([\s\S]*))|^( *> [^\n]*(\n *> [^\n]*)*\n?)`
fn quotation(rest: &[char], reading: &mut Reading, marks: &Marks) -> Option<usize> {
    let spaces = |rest: &[char]| rest.iter().take_while(|c| **c == ' ').count();
    let marks = Marks { block: Block::Quote, ..marks.clone() };
    let indent = spaces(rest);
    if begin_with(&rest[indent..], ">>> ") {
        parse(&rest[indent + 4..], true, &marks, reading);
        return Some(rest.len());
    }
    let (mut content, mut at): (Vec<char>, usize) = (Vec::new(), 0);
    while begin_with(&rest[at + spaces(&rest[at..])..], "> ") {
        let begin = at + spaces(&rest[at..]) + 2;
        let end = (begin..rest.len()).find(|at| rest[*at] == '\n').unwrap_or(rest.len());
        content.extend(&rest[begin..end]);
        at = end;
        if at == rest.len() {
            break;
        }
        content.push('\n');
        at += 1;
    }
    if at == 0 {
        return None;
    }
    parse(&content, true, &marks, reading);
    Some(at)
}

/// Headings, small print and lists: nobody writes them, so each is a leak.
fn blocks(rest: &[char], reading: &mut Reading) {
    let line: String = rest.iter().take_while(|c| **c != '\n').collect();
    let trimmed = line.trim_start();
    let hashes = trimmed.chars().take_while(|c| *c == '#').count();
    let is_heading = (1..=3).contains(&hashes) && trimmed[hashes..].starts_with(char::is_whitespace);
    let digits = trimmed.chars().take_while(char::is_ascii_digit).count();
    let is_numbered = digits > 0 && trimmed[digits..].starts_with(". ");
    let is_list = ["* ", "- ", "+ ", "-# "].iter().any(|mark| trimmed.starts_with(mark));
    if is_heading || is_numbered || is_list {
        reading.leaks.push(format!("a block: {line:?}"));
    }
}

/// ```` ^```(([a-z0-9-]+?)\n+)?\n*([^]+?)\n*``` ````
fn fenced(rest: &[char]) -> Option<(usize, String)> {
    if !begin_with(rest, "```") {
        return None;
    }
    let end = (4..rest.len()).find(|at| begin_with(&rest[*at..], "```"))?;
    let inner: String = rest[3..end].iter().collect();
    let code = match inner.split_once('\n') {
        Some((language, code)) if language.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') => code,
        _ => &inner,
    };
    Some((end + 3, code.trim_matches('\n').to_owned()))
}

/// `^<(https?://[^ >]+)>`
fn autolink(rest: &[char]) -> Option<usize> {
    let is_begun = begin_with(rest, "<https://") || begin_with(rest, "<http://");
    let end = rest.iter().position(|c| matches!(c, ' ' | '>')).filter(|_| is_begun)?;
    (rest[end] == '>').then_some(end + 1)
}

/// `^https?://[^\s<]+[^<.,:;"')\]\s]`
fn url(rest: &[char]) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begin_with(rest, scheme))?;
    let mut end = rest.iter().position(|c| c.is_whitespace() || *c == '<').unwrap_or(rest.len());
    while end > scheme.len() && matches!(rest[end - 1], '.' | ',' | ':' | ';' | '"' | '\'' | ')' | ']') {
        end -= 1;
    }
    (end > scheme.len() + 1).then_some(end)
}

/// Users, roles, channels, emoji, times, commands, places to go to, and everyone.
fn mention(rest: &[char]) -> Option<usize> {
    for name in ["@everyone", "@here"] {
        if begin_with(rest, name) {
            return Some(name.len());
        }
    }
    let end = rest.iter().position(|c| *c == '>').filter(|_| rest[0] == '<')?;
    let inner: String = rest[1..end].iter().collect();
    let begins = ["@", "#", ":", "a:", "t:", "/", "id:"].iter().any(|begin| inner.starts_with(begin));
    (begins && inner.contains(|c: char| c.is_ascii_digit())).then_some(end + 1)
}

/// `^\[(inside)\]\(href\)`, where the inside has brackets in pairs, or such that another one follows.
fn masked(rest: &[char]) -> Option<(usize, &[char], String)> {
    if rest[0] != '[' {
        return None;
    }
    let (mut at, mut found) = (1, None);
    while at < rest.len() {
        match rest[at] {
            '[' => at = (at..rest.len()).find(|at| rest[*at] == ']')? + 1,
            ']' => {
                if rest.get(at + 1) == Some(&'(')
                    && let Some((end, address)) = href(rest, at + 2)
                {
                    found = Some((end, at, address));
                }
                let ahead = rest[at + 1..].iter().find(|c| matches!(c, '[' | ']'));
                if ahead != Some(&']') {
                    break;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    found.map(|(end, label, address)| (end, &rest[1..label], address))
}

/// `\s*<?(href)>?\s*\)`
fn href(rest: &[char], from: usize) -> Option<(usize, String)> {
    let end = (from..rest.len()).find(|at| rest[*at] == ')')?;
    let inner: String = rest[from..end].iter().collect();
    let inner = inner.trim();
    let address = inner.strip_prefix('<').unwrap_or(inner);
    let address = address.strip_suffix('>').unwrap_or(address);
    (!address.contains(char::is_whitespace) && !address.contains('\\')).then(|| (end + 1, address.to_owned()))
}

/// The longest of the rules for marks that takes what begins here.
fn styled(rest: &[char]) -> Option<Taken> {
    match rest[0] {
        '*' => {
            let strong = between(rest, "**", Style::BOLD, true, Some('*'));
            let em = emphasis(rest);
            match (em, strong) {
                (Some(em), Some(strong)) => Some(if em.length >= strong.length { em } else { strong }),
                (em, strong) => em.or(strong),
            }
        }
        '_' => {
            let underline = between(rest, "__", Style::UNDERLINE, true, Some('_'));
            underline.or_else(|| underscores(rest))
        }
        '~' => between(rest, "~~", Style::STRIKE, false, Some('_')),
        '|' => between(rest, "||", Style::SPOILER, false, None),
        '`' => code(rest),
        _ => None,
    }
}

/// `^MARK(content+?)MARK(?!never)`, where a backslash takes the next character along unless it `is_plain`.
fn between(rest: &[char], mark: &str, style: Style, escapes: bool, never: Option<char>) -> Option<Taken> {
    let mut at = mark.len();
    if !begin_with(rest, mark) {
        return None;
    }
    while at < rest.len() {
        let after = rest.get(at + mark.len()).copied();
        if at > mark.len() && begin_with(&rest[at..], mark) && (never.is_none() || after != never) {
            return Some(Taken { length: at + mark.len(), inner: mark.len()..at, style });
        }
        at += if escapes && rest[at] == '\\' { 2 } else { 1 };
    }
    None
}

/// `^\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s\*\\]|\*\*)|[^\s\*\\])+?)\*(?!\*)`
fn emphasis(rest: &[char]) -> Option<Taken> {
    let mut at = 1;
    if rest.get(1).is_none_or(|c| c.is_whitespace()) {
        return None;
    }
    while at < rest.len() {
        let is_end = rest[at] == '*' && rest.get(at + 1) != Some(&'*');
        if at > 1 && is_end && !rest[at - 1].is_whitespace() {
            return Some(Taken { length: at + 1, inner: 1..at, style: Style::ITALIC });
        }
        at += match (rest[at], rest.get(at + 1)) {
            ('*', Some('*')) => 2,
            ('*', _) => return None,
            ('\\', _) => 2,
            _ => 1,
        };
    }
    None
}

/// `^\b_((?:__|\\[\s\S]|[^\\_])+?)_\b`
fn underscores(rest: &[char]) -> Option<Taken> {
    let mut at = 1;
    while at < rest.len() {
        let after = rest.get(at + 1);
        let is_word = after.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_');
        if at > 1 && rest[at] == '_' && !is_word {
            return Some(Taken { length: at + 1, inner: 1..at, style: Style::ITALIC });
        }
        at += match (rest[at], after) {
            ('_', Some('_')) | ('\\', _) => 2,
            ('_', _) => return None,
            _ => 1,
        };
    }
    None
}

/// ``^(`+)([\s\S]*?[^`])\1(?!`)``
fn code(rest: &[char]) -> Option<Taken> {
    let ticks = rest.iter().take_while(|c| **c == '`').count();
    let mut at = ticks;
    while at < rest.len() {
        let run = rest[at..].iter().take_while(|c| **c == '`').count();
        if run == ticks && at > ticks {
            return Some(Taken { length: at + ticks, inner: ticks..at, style: Style::CODE });
        }
        at += run.max(1);
    }
    None
}
