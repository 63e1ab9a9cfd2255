//! Bodies of several parts (RFC 2046, section 5.1), forms with files above all (RFC 7578).

mod part;

use super::fields::Fields;
use super::form::CHARSET;
use super::media::Media;
use crate::json::Value;
use part::Part;

/// The most parts of a body, those within parts included; a body of more stays text.
const MOST_PARTS: usize = 1_000;

/// How deep parts may nest; what is deeper is named as a file is.
const DEEPEST: usize = 4;

/// The longest boundary, in bytes; the standard says 70.
const LONGEST_BOUNDARY: usize = 200;

/// What a body of several parts says: its fields by name.
///
/// A text is a text, JSON is read, and of a file there are `filename`, `content_type` and `size_bytes`. A part without a
/// name is `part1`, `part2` and so on, by its place. As in other forms, JSON in the field `payload` is the whole.
pub(super) fn read(body: &[u8], media: &Media) -> Option<Value> {
    fields(body, media, DEEPEST, &mut 0)?.into_payload()
}

/// The text of the one part of this name; `None` where there is none, more than one, or a file.
///
/// It reads no charset: what is proved by such a field is JSON, which is UTF-8.
pub(crate) fn field(content_type: &str, body: &[u8], name: &str) -> Option<String> {
    let media = Media::of(content_type);
    let boundary = media.get("boundary").map(str::trim_end)?;
    let parts = split(body, boundary.as_bytes(), MOST_PARTS)?;
    let mut found = parts.iter().filter(|part| part.name.as_deref() == Some(name));
    match (found.next(), found.next()) {
        (Some(part), None) if !part.is_file() => String::from_utf8(part.content.to_vec()).ok(),
        _ => None,
    }
}

/// The fields of a body, or of a part with parts; `None` where it has no parts, or too many.
fn fields(body: &[u8], media: &Media, levels: usize, count: &mut usize) -> Option<Fields> {
    let boundary = media.get("boundary").map(str::trim_end)?;
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return None;
    }
    let parts: Vec<Part<'_>> = split(body, boundary.as_bytes(), MOST_PARTS.saturating_sub(*count))?;
    *count += parts.len();
    let own = parts.iter().find(|part| part.name.as_deref() == Some(CHARSET));
    let charset = media.get("charset").map(str::to_owned).or_else(|| Some(own?.text(None).trim().to_owned()));
    let mut fields = Fields::default();
    for (at, part) in parts.iter().enumerate() {
        let name = part.name.clone().unwrap_or_else(|| format!("part{}", at + 1));
        // It is the whole, and read as such.
        let is_whole = levels == DEEPEST && name == "payload" && part.media.is_json();
        let value = match is_whole {
            true => part.text(charset.as_deref()).into_owned().into(),
            false => value(part, charset.as_deref(), levels, count),
        };
        fields.add(name, value);
    }
    (!fields.is_empty()).then_some(fields)
}

/// What a part says; parts of its own that are too many or too deep are named as a file is.
fn value(part: &Part<'_>, charset: Option<&str>, levels: usize, count: &mut usize) -> Value {
    if part.media.name.starts_with("multipart/") {
        let within = levels.checked_sub(1).filter(|levels| *levels > 0);
        let within = within.and_then(|levels| fields(&part.content, &part.media, levels, count));
        return within.map_or_else(|| part.file(), |fields| fields.into_map().into());
    }
    if part.media.is_json()
        && let Ok(value) = part.media.json(&part.content)
    {
        return value;
    }
    if part.is_file() { part.file() } else { part.text(charset).into_owned().into() }
}

/// The parts between the boundary's lines, which end in a line feed with or without a carriage return; `None` for more
/// than `most`. The line break before a boundary is the boundary's. What stands before the first and after the last is
/// nobody's.
fn split<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Option<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if let Some(is_last) = delimiter(line, boundary) {
            if let Some(start) = start {
                parts.push(Part::of(without_break(body.get(start..at).unwrap_or_default())));
            }
            start = (!is_last).then_some(end);
            if is_last {
                break;
            }
        }
        if parts.len() > most {
            return None;
        }
        at = end;
    }
    // The last boundary may have been forgotten, or cut off.
    if let Some(rest) = start.and_then(|start| body.get(start..)).filter(|rest| !rest.is_empty()) {
        parts.push(Part::of(without_break(rest)));
    }
    (parts.len() <= most).then_some(parts)
}

/// Whether a line is a boundary, and then whether it is the last.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.strip_prefix(b"--") {
        // Some write their epilogue into the same line.
        Some(_) => Some(true),
        None => rest.trim_ascii().is_empty().then_some(false),
    }
}

/// Bytes without the line break at their end.
fn without_break(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes)
}

#[cfg(test)]
mod tests;
