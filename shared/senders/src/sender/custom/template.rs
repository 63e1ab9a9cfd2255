//! The signed content as an operator writes it: text with parts of the request in braces.

use super::super::Part;

/// The longest content, in bytes.
const LONGEST: usize = 1000;

/// One part of the content, which does not live for ever yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A part that needs no name.
    Plain(Part),
    /// The value of this header, in lower case.
    Header(String),
    /// The value of this pair in the signature's header.
    Pair(String),
    /// This text.
    Text(String),
}

impl Piece {
    /// The value of this header.
    pub(super) fn header(name: &str) -> Self {
        Self::Header(name.to_ascii_lowercase())
    }
}

/// Reads a content; `{{` and `}}` stand for braces.
pub(super) fn read(text: &str) -> Result<Vec<Piece>, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        literal.push_str(before);
        let doubled = ["{{", "}}"].into_iter().find(|two| after.starts_with(two));
        if let (Some(two), Some(then)) = (doubled, after.get(2..)) {
            literal.extend(two.chars().next());
            rest = then;
            continue;
        }
        let inner = after.strip_prefix('{').and_then(|after| after.split_once('}'));
        let (name, then) = inner.ok_or("a brace stands alone; write `{{` or `}}` for the character itself")?;
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
        }
        pieces.push(part(name)?);
        rest = then;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    if !pieces.contains(&Piece::Plain(Part::Body)) {
        return Err("it must contain `{body}`: what is not signed, anybody can change".to_owned());
    }
    Ok(pieces)
}

/// The part that stands in braces.
fn part(name: &str) -> Result<Piece, String> {
    Ok(match name.split_once(':') {
        None => Piece::Plain(match name {
            "body" => Part::Body,
            "method" => Part::Method,
            "url" => Part::Url,
            "path" => Part::Path,
            "query" => Part::Query,
            _ => return Err(unknown(name)),
        }),
        Some(("header", name)) if super::check::is_token(name) => Piece::header(name),
        Some(("header", name)) => return Err(format!("`{name}` is no name of a header")),
        Some(("pair", key)) if super::check::is_token(key) => Piece::Pair(key.to_owned()),
        Some(("pair", key)) => return Err(format!("`{key}` is no key of a pair")),
        Some(_) => return Err(unknown(name)),
    })
}

/// Says which parts there are.
fn unknown(name: &str) -> String {
    const KNOWN: &str = "{body}, {method}, {url}, {path}, {query}, {header:NAME}, {pair:KEY}";
    format!("unknown part `{{{name}}}`; known are {KNOWN}")
}
