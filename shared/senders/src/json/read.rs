//! The reader.

use super::number::length;
use super::text::decoded;
use super::unreadable::Met;
use super::{Cause, DEEPEST, MOST_VALUES, Map, Number, Unreadable, Value};

/// Reads a JSON text, leniently as this module says.
pub fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    read_within(bytes, &mut { MOST_VALUES })
}

/// The same for one of several texts, which together have no more than so many values; what it has is taken from them.
pub(crate) fn read_within(bytes: &[u8], left: &mut usize) -> Result<Value, Unreadable> {
    let (text, skipped) = decoded(bytes);
    let mut reader = Reader { text: &text, at: 0, left: *left };
    let read = reader.document().map_err(|cause| Unreadable { at: skipped + reader.at, cause });
    *left = reader.left;
    read
}

/// The characters of a string as it is written between its quotes; they end where an escape is none.
pub(super) fn characters(text: &str) -> impl Iterator<Item = char> {
    let mut reader = Reader { text, at: 0, left: 0 };
    std::iter::from_fn(move || {
        let character = reader.text.get(reader.at..)?.chars().next()?;
        if character == '\\' {
            return reader.escape().ok();
        }
        reader.at += character.len_utf8();
        Some(character)
    })
}

/// A text, how far it was read, and how many more values it may have.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    left: usize,
}

impl<'a> Reader<'a> {
    /// One value, and nothing else.
    fn document(&mut self) -> Result<Value, Cause> {
        let value = self.value(DEEPEST)?;
        match self.next() {
            None => Ok(value),
            Some(_) => Err(self.unlike("nothing more")),
        }
    }

    /// A value, in which so many levels may nest.
    fn value(&mut self, levels: usize) -> Result<Value, Cause> {
        self.left = self.left.checked_sub(1).ok_or(Cause::Many)?;
        match self.next() {
            Some(b'{') => self.object(levels.checked_sub(1).ok_or(Cause::Deep)?),
            Some(b'[') => self.array(levels.checked_sub(1).ok_or(Cause::Deep)?),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            _ => Err(self.unlike("a value")),
        }
    }

    /// An object.
    fn object(&mut self, levels: usize) -> Result<Value, Cause> {
        // Most of the many small objects of a large body have one field.
        let mut fields = Vec::with_capacity(1);
        self.at += 1;
        if self.take(b'}') {
            return Ok(Value::Object(Map::new()));
        }
        loop {
            if self.next() != Some(b'"') {
                return Err(self.unlike("a field's name"));
            }
            let name = self.string()?.into_boxed_str();
            if !self.take(b':') {
                return Err(self.unlike("`:`"));
            }
            let field = (name, self.value(levels)?);
            self.push(&mut fields, field);
            if self.take(b'}') {
                return Ok(Value::Object(Map::of(fields)));
            }
            if !self.take(b',') {
                return Err(self.unlike("`,` or `}`"));
            }
        }
    }

    /// A list.
    fn array(&mut self, levels: usize) -> Result<Value, Cause> {
        self.at += 1;
        if self.take(b']') {
            return Ok(Value::Array(Vec::new()));
        }
        let mut items = Vec::with_capacity(1);
        loop {
            let item = self.value(levels)?;
            self.push(&mut items, item);
            if self.take(b']') {
                items.shrink_to_fit();
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return Err(self.unlike("`,` or `]`"));
            }
        }
    }

    /// Adds an item to a list, which never grows beyond what the rest of the text can fill: an item takes two bytes.
    fn push<T>(&self, items: &mut Vec<T>, item: T) {
        if items.len() == items.capacity() {
            items.reserve_exact(items.len().min(self.rest().len() / 2).max(1));
        }
        items.push(item);
    }

    /// A string, from its first quote on.
    fn string(&mut self) -> Result<String, Cause> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).unwrap_or(rest.len());
            let piece = self.text.get(self.at..self.at + plain).unwrap_or_default();
            self.at += plain;
            match self.rest().first() {
                Some(b'"') => {
                    self.at += 1;
                    out.reserve_exact(piece.len());
                    out.push_str(piece);
                    return Ok(out);
                }
                Some(b'\\') => {
                    out.push_str(piece);
                    out.push(self.escape()?);
                }
                Some(_) => return Err(Cause::Control),
                None => return Err(Cause::End("the rest of a string")),
            }
        }
    }

    /// The character that an escape stands for.
    fn escape(&mut self) -> Result<char, Cause> {
        let plain = match self.rest().get(1) {
            Some(mark @ (b'"' | b'\\' | b'/')) => char::from(*mark),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            Some(_) => return Err(Cause::Escape),
            None => return Err(Cause::End("the rest of an escape")),
        };
        self.at += 2;
        Ok(plain)
    }

    /// The character of one `\u` escape or of the two of a surrogate pair; half a pair is U+FFFD.
    fn unicode(&mut self) -> Result<char, Cause> {
        let first = self.unit(0).ok_or(Cause::Escape)?;
        self.at += 6;
        let pair = match first {
            0xd800..0xdc00 => self.unit(0).and_then(|second| char::decode_utf16([first, second]).next()?.ok()),
            _ => return Ok(char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER)),
        };
        self.at += if pair.is_some() { 6 } else { 0 };
        Ok(pair.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// The unit that a `\u` escape gives, which begins so many bytes on.
    fn unit(&self, from: usize) -> Option<u16> {
        let digits = self.rest().get(from..from + 6)?.strip_prefix(b"\\u")?;
        let hex = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
        u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    }

    /// A number.
    fn number(&mut self) -> Result<Value, Cause> {
        let Some(length) = length(self.rest()) else {
            return Err(self.unlike("a number"));
        };
        let text = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        Ok(Value::Number(Number::of(text)))
    }

    /// One of JSON's three words.
    fn word(&mut self, word: &str, value: Value) -> Result<Value, Cause> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.unlike("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    /// Passes over white space, and over this byte where it is the next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.next() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The next byte that is not white space.
    fn next(&mut self) -> Option<u8> {
        let rest = self.rest();
        let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.at += space;
        rest.get(space).copied()
    }

    /// What was not read yet.
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// That something else stands here than is wanted, or nothing.
    fn unlike(&self, wanted: &'static str) -> Cause {
        match self.rest().first() {
            Some(byte) => Cause::Met { met: Met(*byte), wanted },
            None => Cause::End(wanted),
        }
    }
}
