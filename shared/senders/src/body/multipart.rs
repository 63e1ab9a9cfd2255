//! Bodies of several parts (RFC 2046, section 5.1), forms with files above all (RFC 7578).

mod part;

use std::borrow::Cow;

use super::fields::Fields;
use super::form::CHARSET;
use super::media::Media;
use crate::json::{MOST_VALUES, Value};
use part::Part;

/// The most parts of a body, those within parts included; a body of more stays text.
const MOST_PARTS: usize = 1_000;

/// How deep parts may nest; what is deeper is named as a file is.
const DEEPEST: usize = 4;

/// The longest boundary, in bytes; the standard says 70.
const LONGEST_BOUNDARY: usize = 200;

/// How much more of a body is read.
struct Left {
    parts: usize,
    values: usize,
}

/// What a body of several parts says: its fields by name.
///
/// A text is a text, JSON is read, and of a file there are `filename`, `content_type` and `size_bytes`. A part without a
/// name is `part1`, `part2` and so on, by its place. As in other forms, JSON in the field `payload` is the whole.
pub(super) fn read(body: &[u8], media: &Media) -> Option<Value> {
    let mut left = Left { parts: MOST_PARTS, values: MOST_VALUES };
    fields(body, media, DEEPEST, &mut left)?.into_payload()
}

/// The text of the one part of this name; `None` where there is none, more than one, or a file.
///
/// It reads no charset: what is proved by such a field is JSON, which is UTF-8. Of the other parts it reads the headers.
pub(crate) fn field<'a>(content_type: &str, body: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    let media = Media::of(content_type);
    let mut found = None;
    for (at, piece) in pieces(body, boundary(&media)?).enumerate() {
        if at == MOST_PARTS {
            return None;
        }
        if part::name(piece).as_deref() == Some(name) && found.replace(piece).is_some() {
            return None;
        }
    }
    let part = Part::of(found?);
    (!part.is_file()).then_some(part.content)
}

/// What stands between the parts of a body.
fn boundary(media: &Media) -> Option<&[u8]> {
    let boundary = media.get("boundary").map(str::trim_end)?;
    (1..=LONGEST_BOUNDARY).contains(&boundary.len()).then_some(boundary.as_bytes())
}

/// The fields of a body, or of a part with parts; `None` where it has no parts, or too many.
fn fields(body: &[u8], media: &Media, levels: usize, left: &mut Left) -> Option<Fields> {
    let pieces: Vec<_> = pieces(body, boundary(media)?).take(left.parts + 1).collect();
    left.parts = left.parts.checked_sub(pieces.len())?;
    let parts: Vec<Part<'_>> = pieces.into_iter().map(Part::of).collect();
    let own = parts.iter().find(|part| part.name.as_deref() == Some(CHARSET));
    let charset = media.get("charset").map(str::to_owned).or_else(|| Some(own?.text(None).trim().to_owned()));
    let mut fields = Fields::default();
    for (at, part) in parts.iter().enumerate() {
        let name = part.name.clone().unwrap_or_else(|| format!("part{}", at + 1));
        // It is the whole, and read as such.
        let is_whole = levels == DEEPEST && name == "payload" && part.media.is_json();
        let value = match is_whole {
            true => part.text(charset.as_deref()).into_owned().into(),
            false => value(part, charset.as_deref(), levels, left),
        };
        fields.add(name, value);
    }
    (!fields.is_empty()).then_some(fields)
}

/// What a part says; parts of its own that are too many or too deep are named as a file is.
fn value(part: &Part<'_>, charset: Option<&str>, levels: usize, left: &mut Left) -> Value {
    if part.media.name.starts_with("multipart/") {
        let within = levels.checked_sub(1).filter(|levels| *levels > 0);
        let within = within.and_then(|levels| fields(&part.content, &part.media, levels, left));
        return within.map_or_else(|| part.file(), |fields| fields.into_map().into());
    }
    if part.media.is_json()
        && let Ok(value) = part.media.json_within(&part.content, &mut left.values)
    {
        return value;
    }
    if part.is_file() { part.file() } else { part.text(charset).into_owned().into() }
}

/// What stands between the boundary's lines, which end in a line feed with or without a carriage return. The line break
/// before a boundary is the boundary's. What stands before the first and after the last is nobody's.
fn pieces<'a>(body: &'a [u8], boundary: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    let (mut start, mut at) = (None, 0);
    std::iter::from_fn(move || {
        while let Some(line) = body.get(at..).and_then(|rest| rest.split_inclusive(|byte| *byte == b'\n').next()) {
            let (begin, end) = (at, at + line.len());
            at = end;
            if let Some(is_last) = delimiter(line, boundary) {
                at = if is_last { body.len() } else { end };
                if let Some(start) = std::mem::replace(&mut start, (!is_last).then_some(end)) {
                    return Some(without_break(body.get(start..begin).unwrap_or_default()));
                }
            }
        }
        // The last boundary may have been forgotten, or cut off.
        let rest = start.take().and_then(|start| body.get(start..)).filter(|rest| !rest.is_empty());
        rest.map(without_break)
    })
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
