//! Finds fields of a JSON text without building what it says.
//!
//! It takes a part of what [`read`](super::read()) takes, the texts in UTF-8, and finds in each what is found in the tree:
//! of fields with one name the last counts, with all that is in it. So what is proved by a field is what is later read of it.

use std::borrow::Cow;

use super::DEEPEST;
use super::number::length;
use super::read::characters;

/// How many fields can be looked for at once.
const MOST_FIELDS: usize = 32;

/// The byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A value as it is written, of a text that was read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a [u8]);

/// A field that is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// Its path: names and numbers with dots between them.
    path: &'static str,
    /// Its value, once it was found.
    found: Option<Raw<'a>>,
}

/// Fields that were looked for, of which those that are there have values.
#[derive(Debug)]
pub struct Fields<'a>(Vec<Sought<'a>>);

impl<'a> Fields<'a> {
    /// Fields to look for, at these paths; 32 at most.
    pub fn at(paths: impl IntoIterator<Item = &'static str>) -> Self {
        Self(paths.into_iter().take(MOST_FIELDS).map(|path| Sought { path, found: None }).collect())
    }

    /// Looks for the fields in a whole text; `None` where it is no JSON.
    pub fn find(&mut self, text: &'a [u8]) -> Option<()> {
        let text = text.strip_prefix(MARK).unwrap_or(text);
        let mut scanner = Scanner { text, at: 0 };
        let whole = scanner.sought(&mut self.0)?;
        scanner.next().is_none().then_some(())?;
        self.0.iter_mut().filter(|field| field.path.is_empty()).for_each(|field| field.found = Some(whole));
        Some(())
    }

    /// The field at one of the paths.
    pub fn get(&self, path: &str) -> Option<Raw<'a>> {
        self.0.iter().find(|field| field.path == path)?.found
    }

    /// The text, number or truth at one of the paths, as text.
    pub fn text(&self, path: &str) -> Option<Cow<'a, str>> {
        self.get(path)?.text()
    }
}

impl<'a> Raw<'a> {
    /// The value of a whole text, and nothing else; `None` where it is no JSON.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::at([""]);
        fields.find(text)?;
        fields.get("")
    }

    /// The bytes as they are written.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text that it is; one without escapes is lent.
    pub fn string(self) -> Option<Cow<'a, str>> {
        let text = String::from_utf8_lossy(self.0.strip_prefix(b"\"")?.strip_suffix(b"\"")?);
        Some(if text.contains('\\') { characters(&text).collect::<String>().into() } else { text })
    }

    /// The text, number or truth that it is, as text.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.0.first()? {
            b'"' => self.string(),
            b'{' | b'[' | b'n' => None,
            _ => Some(String::from_utf8_lossy(self.0)),
        }
    }

    /// The values of the list that it is.
    pub fn items(self) -> Option<impl Iterator<Item = Self>> {
        self.0.starts_with(b"[").then(|| {
            let mut scanner = Scanner { text: self.0, at: 1 };
            std::iter::from_fn(move || {
                if scanner.take(b']') {
                    return None;
                }
                scanner.take(b',');
                scanner.sought(&mut [])
            })
        })
    }

    /// Calls back with every value to which steps lead, those of fields that stand there twice included; `*` leads to each
    /// item of a list.
    pub fn every(self, steps: &[&str], found: &mut dyn FnMut(Self)) {
        let Some((step, rest)) = steps.split_first() else { return found(self) };
        match self.items() {
            Some(items) => items
                .enumerate()
                .filter(|(place, _)| *step == "*" || step.parse() == Ok(*place))
                .for_each(|(_, item)| item.every(rest, found)),
            None => {
                self.members().filter(|(name, _)| is_name(name, step)).for_each(|(_, value)| value.every(rest, found))
            }
        }
    }

    /// The fields of the object that it is, their names as they are written; none of anything else.
    fn members(self) -> impl Iterator<Item = (&'a [u8], Self)> {
        let mut scanner = Scanner { text: self.0, at: usize::from(self.0.starts_with(b"{")) };
        std::iter::from_fn(move || {
            if scanner.at == 0 || scanner.take(b'}') {
                return None;
            }
            scanner.take(b',');
            Some((scanner.name()?, scanner.sought(&mut [])?))
        })
    }

    /// Calls back with each value at a path in which `*` stands for each item of a list, as long as it goes on; `None` where
    /// some part of the path is missing, or it did not go on.
    pub fn each(self, path: &'static str, go_on: &mut dyn FnMut(Self) -> Option<()>) -> Option<()> {
        let (list, rest) = path.split_once('*').map_or((path, None), |(list, rest)| (list, Some(rest)));
        let mut fields = Fields::at([list.trim_end_matches('.')]);
        fields.find(self.0)?;
        let found = fields.0.first()?.found?;
        match rest {
            None => go_on(found),
            Some(rest) => found.items()?.try_for_each(|item| item.each(rest.trim_start_matches('.'), go_on)),
        }
    }
}

/// A text, and how far it was read.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

/// Fields of a list by their places: one bit for each.
type Set = u32;

impl<'a> Scanner<'a> {
    /// A value, in which fields are looked for.
    fn sought(&mut self, fields: &mut [Sought<'a>]) -> Option<Raw<'a>> {
        let all = fields.iter().enumerate().filter(|(_, field)| !field.path.is_empty());
        let all = all.fold(0, |set, (place, _)| set | 1 << place);
        self.value(DEEPEST, fields, (all, 0))
    }

    /// A value in which so many levels may nest, and in which these fields are looked for by this step of their paths.
    fn value(&mut self, levels: usize, fields: &mut [Sought<'a>], wanted: (Set, usize)) -> Option<Raw<'a>> {
        let first = self.next();
        let start = self.at;
        match first {
            Some(b'{') if wanted.0 != 0 => self.object(levels.checked_sub(1)?, fields, wanted)?,
            Some(b'[') if wanted.0 != 0 => self.array(levels.checked_sub(1)?, fields, wanted)?,
            _ => self.skip(levels)?,
        }
        Some(Raw(self.text.get(start..self.at)?))
    }

    /// An object in which fields are looked for.
    fn object(&mut self, levels: usize, fields: &mut [Sought<'a>], (set, depth): (Set, usize)) -> Option<()> {
        let steps = steps(fields, set, depth);
        self.at += 1;
        if self.take(b'}') {
            return Some(());
        }
        loop {
            let name = self.name()?;
            let fits = |place: usize| steps.get(place).is_some_and(|(step, _)| is_name(name, step));
            self.step(levels, fields, (set, depth), (&steps, &fits))?;
            if self.take(b'}') {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    /// A list in which fields are looked for.
    fn array(&mut self, levels: usize, fields: &mut [Sought<'a>], (set, depth): (Set, usize)) -> Option<()> {
        let steps = steps(fields, set, depth);
        self.at += 1;
        if self.take(b']') {
            return Some(());
        }
        let places = steps.map(|(step, _)| step.parse::<usize>().ok());
        for index in 0.. {
            let fits = |place: usize| places.get(place) == Some(&Some(index));
            self.step(levels, fields, (set, depth), (&steps, &fits))?;
            if self.take(b']') {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
        None
    }

    /// A value to which one step of those paths leads that fit: what they found before it does not count.
    fn step(
        &mut self,
        levels: usize,
        fields: &mut [Sought<'a>],
        (set, depth): (Set, usize),
        (steps, fits): (&Steps, &dyn Fn(usize) -> bool),
    ) -> Option<()> {
        let (mut here, mut below) = (0, 0);
        for (place, field) in fields.iter_mut().enumerate().filter(|(place, _)| set & 1 << place != 0 && fits(*place)) {
            field.found = None;
            match steps.get(place) {
                Some((_, true)) => here |= 1 << place,
                _ => below |= 1 << place,
            }
        }
        let value = self.value(levels, fields, (below, depth + 1))?;
        let found = fields.iter_mut().enumerate().filter(|(place, _)| here & 1 << place != 0);
        found.for_each(|(_, field)| field.found = Some(value));
        Some(())
    }

    /// Passes over a value in which nothing is looked for.
    fn skip(&mut self, levels: usize) -> Option<()> {
        // One bit for each level that is open, the innermost last: whether it is an object.
        let (mut open, mut depth): (u128, usize) = (0, 0);
        loop {
            let byte = self.next()?;
            match byte {
                b'{' | b'[' => {
                    (depth < levels).then_some(())?;
                    self.at += 1;
                    let is_object = byte == b'{';
                    if !self.take(if is_object { b'}' } else { b']' }) {
                        (open, depth) = (open << 1 | u128::from(is_object), depth + 1);
                        if is_object {
                            self.name()?;
                        }
                        continue;
                    }
                }
                b'"' => drop(self.string()?),
                b'-' | b'0'..=b'9' => self.at += length(self.rest())?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => return None,
            }
            loop {
                let is_object = open & 1 == 1;
                if depth == 0 {
                    return Some(());
                } else if self.take(b',') {
                    if is_object {
                        self.name()?;
                    }
                    break;
                }
                self.take(if is_object { b'}' } else { b']' }).then_some(())?;
                (open, depth) = (open >> 1, depth - 1);
            }
        }
    }

    /// A field's name and the colon after it; the name as it is written, without its quotes.
    fn name(&mut self) -> Option<&'a [u8]> {
        (self.next()? == b'"').then_some(())?;
        let name = self.string()?;
        self.take(b':').then_some(name)
    }

    /// A string as it is written, from its first quote on and without its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at + 1;
        self.at = start;
        loop {
            let rest = self.rest();
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
            match self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return self.text.get(start..self.at - 1);
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
                [b'\\', b'u', digits @ ..] => {
                    digits.first_chunk::<4>()?.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                    self.at += 6;
                }
                _ => return None,
            }
        }
    }

    /// One of JSON's three words.
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest().starts_with(word).then_some(())?;
        self.at += word.len();
        Some(())
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
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// One step of each path, and whether it is the path's last.
type Steps = [(&'static str, bool); MOST_FIELDS];

/// The steps of those fields' paths that are looked for at some depth.
fn steps(fields: &[Sought<'_>], set: Set, depth: usize) -> Steps {
    let mut steps = [("", false); MOST_FIELDS];
    let wanted = steps.iter_mut().zip(fields).enumerate().filter(|(place, _)| set & 1 << place != 0);
    for (_, (step, field)) in wanted {
        let mut rest = field.path.split('.').skip(depth);
        *step = (rest.next().unwrap_or_default(), rest.next().is_none());
    }
    steps
}

/// Whether a name as it is written is this one. No character takes more than six bytes where it is escaped.
fn is_name(written: &[u8], name: &str) -> bool {
    if !written.contains(&b'\\') {
        return written == name.as_bytes();
    }
    let short = written.len() <= name.len().saturating_mul(6);
    short && std::str::from_utf8(written).is_ok_and(|text| characters(text).eq(name.chars()))
}

#[cfg(test)]
mod tests;
