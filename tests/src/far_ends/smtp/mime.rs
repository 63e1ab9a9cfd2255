//! The parts of a mail, each decoded.
//! Sources: <https://www.rfc-editor.org/rfc/rfc2045>, <https://www.rfc-editor.org/rfc/rfc2046>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mail::{self, Headers, value};
use crate::far_ends::encoded_words::quoted;

/// The longest line of an encoded part.
const ENCODED_LINE: usize = 76;

/// How deep parts may lie in parts.
const DEEPEST: usize = 4;

/// A part that holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its type, `text/plain`.
    pub content_type: String,
    /// The types of the parts that it lies in, outermost first.
    pub within: Vec<String>,
    /// What it holds, with lines that end in LF.
    pub text: String,
}

/// The parts of a body under these headers.
pub(super) fn parts(headers: &Headers, body: &[u8]) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    entity(headers, body, &[], &mut parts)?;
    Ok(parts)
}

/// A type and its parameters, the names in small letters.
fn content_type(headers: &Headers) -> Result<(String, Vec<(String, String)>), String> {
    let given = value(headers, "Content-Type");
    let given = if given.is_empty() { "text/plain; charset=us-ascii" } else { given };
    let mut sections = given.split(';').map(str::trim);
    let kind = sections.next().unwrap_or_default().to_ascii_lowercase();
    if kind.split('/').count() != 2 || kind.contains(char::is_whitespace) {
        return Err(format!("no content type: {given}"));
    }
    let parameter = |section: &str| {
        let (name, value) = section.split_once('=').ok_or_else(|| format!("no parameter: {section}"))?;
        Ok((name.to_ascii_lowercase(), value.trim_matches('"').to_owned()))
    };
    let parameters = sections.filter(|section| !section.is_empty()).map(parameter);
    Ok((kind, parameters.collect::<Result<_, String>>()?))
}

/// Reads a part and those that lie in it.
fn entity(headers: &Headers, body: &[u8], within: &[String], parts: &mut Vec<Part>) -> Result<(), String> {
    let (kind, parameters) = content_type(headers)?;
    let parameter = |name: &str| {
        let found = parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let encoding = value(headers, "Content-Transfer-Encoding").to_ascii_lowercase();
    if kind.starts_with("multipart/") {
        if within.len() >= DEEPEST {
            return Err("parts in parts in parts".to_owned());
        }
        if !["", "7bit", "8bit"].contains(&encoding.as_str()) {
            return Err(format!("{kind} in {encoding}"));
        }
        let within = [within, &[kind]].concat();
        for part in split(body, parameter("boundary"))? {
            let (head, body) = mail::split(&part);
            entity(&mail::headers(head)?, body, &within, parts)?;
        }
        return Ok(());
    }
    let bytes = decode(body, &encoding)?;
    let text = match parameter("charset").to_ascii_lowercase().as_str() {
        "" | "us-ascii" if kind.starts_with("text/") && !bytes.is_ascii() => {
            return Err(format!("{kind} in no named character set is not in ASCII"));
        }
        "" | "us-ascii" | "utf-8" => String::from_utf8(bytes).map_err(|_| format!("{kind} is not in UTF-8"))?,
        other => return Err(format!("an unknown character set: {other}")),
    };
    parts.push(Part { content_type: kind, within: within.to_vec(), text: text.replace("\r\n", "\n") });
    Ok(())
}

/// The parts between lines of a boundary.
fn split(body: &[u8], boundary: &str) -> Result<Vec<Vec<u8>>, String> {
    if boundary.is_empty() || boundary.len() > 70 || boundary.ends_with(' ') {
        return Err(format!("no boundary: {boundary:?}"));
    }
    let (between, last) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut parts: Vec<Vec<&[u8]>> = Vec::new();
    for line in lines(body) {
        let trimmed = line.trim_ascii_end();
        if trimmed == last.as_bytes() {
            // The line end before a boundary is the boundary's.
            let parts: Vec<_> = parts.iter().map(|lines| lines.join(&b"\r\n"[..])).collect();
            return if parts.is_empty() { Err("no parts".to_owned()) } else { Ok(parts) };
        }
        if trimmed == between.as_bytes() {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(line);
        }
    }
    Err(format!("no end of the parts: {last}"))
}

/// The lines of a body, without their ends.
fn lines(body: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
    for line in &mut lines {
        *line = line.strip_suffix(b"\r").unwrap_or(line);
    }
    lines
}

/// The bytes of an encoded body.
fn decode(body: &[u8], encoding: &str) -> Result<Vec<u8>, String> {
    let encoded = || {
        let text = std::str::from_utf8(body).ok().filter(|text| text.is_ascii());
        let text = text.ok_or_else(|| format!("{encoding} is not in ASCII"))?;
        match text.split("\r\n").find(|line| line.len() > ENCODED_LINE) {
            Some(line) => Err(format!("a line of {} in {encoding}", line.len())),
            None => Ok(text),
        }
    };
    match encoding {
        "" | "7bit" if body.is_ascii() => Ok(body.to_vec()),
        "8bit" => Ok(body.to_vec()),
        "base64" => STANDARD.decode(encoded()?.replace("\r\n", "")).map_err(|error| format!("{error} in {encoding}")),
        "quoted-printable" => {
            let mut text = String::new();
            let mut lines = encoded()?.split("\r\n").peekable();
            while let Some(line) = lines.next() {
                if line.ends_with([' ', '\t']) {
                    return Err(format!("white space at the end of a line in {encoding}"));
                }
                match line.strip_suffix('=') {
                    Some(line) if lines.peek().is_some() => text.push_str(line),
                    Some(_) => return Err(format!("the last line goes on in {encoding}")),
                    None => text.push_str(line),
                }
                if lines.peek().is_some() && !line.ends_with('=') {
                    text.push_str("\r\n");
                }
            }
            quoted(&text).ok_or_else(|| format!("not {encoding}"))
        }
        "" | "7bit" => Err("8-bit text that says it is not".to_owned()),
        other => Err(format!("an unknown encoding: {other}")),
    }
}
