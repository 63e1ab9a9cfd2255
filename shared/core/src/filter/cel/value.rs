//! Values while a condition is evaluated: borrowed wherever they were there before.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use crate::json::{self, Number};

use super::ast::Literal;
use super::kinds::Kinds;
use super::meter::Kept;

/// A value.
#[derive(Debug, Clone)]
pub(in crate::filter) enum Value<'a> {
    /// Nothing, or something missing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number without a sign.
    Uint(u64),
    /// A number with a fraction.
    Double(f64),
    /// A number that is none of these, as it was written.
    Big(&'a Number),
    /// A text.
    Text(Text<'a>),
    /// Bytes.
    Bytes(Bytes<'a>),
    /// A list.
    List(List<'a>),
    /// A map.
    Map(Map<'a>),
    /// A moment.
    Time(Timestamp),
    /// A length of time.
    Duration(SignedDuration),
    /// The type of a value.
    Type(Kinds),
}

/// A text.
#[derive(Debug, Clone)]
pub(in crate::filter) enum Text<'a> {
    /// One that was there.
    Borrowed(&'a str),
    /// One that was made.
    Made(Rc<Kept<'a, String>>),
}

/// Bytes.
#[derive(Debug, Clone)]
pub(in crate::filter) enum Bytes<'a> {
    /// Those that were there.
    Borrowed(&'a [u8]),
    /// Those that were made.
    Made(Rc<Kept<'a, Vec<u8>>>),
}

/// A list.
#[derive(Debug, Clone)]
pub(in crate::filter) enum List<'a> {
    /// One that was there.
    Borrowed(&'a [json::Value]),
    /// One that was made.
    Made(Rc<Kept<'a, Vec<Value<'a>>>>),
}

/// A map.
#[derive(Debug, Clone)]
pub(in crate::filter) enum Map<'a> {
    /// One that was there.
    Borrowed(&'a json::Map),
    /// A request's headers: names in lower case, found in any case; of one that stands there twice, the first.
    Headers(&'a [(String, String)]),
    /// One that was made: keys without equals.
    Made(Rc<Kept<'a, Vec<(Value<'a>, Value<'a>)>>>),
}

impl<'a> Value<'a> {
    /// A text that was there.
    pub(in crate::filter) const fn text(text: &'a str) -> Self {
        Self::Text(Text::Borrowed(text))
    }

    /// A JSON value; whole numbers are signed where they fit.
    pub(in crate::filter) fn of(json: &'a json::Value) -> Self {
        match json {
            json::Value::Null => Self::Null,
            json::Value::Bool(flag) => Self::Bool(*flag),
            json::Value::Number(number) => Self::of_number(number),
            json::Value::String(text) => Self::text(text),
            json::Value::Array(entries) => Self::List(List::Borrowed(entries)),
            json::Value::Object(fields) => Self::Map(Map::Borrowed(fields)),
        }
    }

    /// A JSON number; one that no other kind holds is kept as it was sent.
    fn of_number(number: &'a Number) -> Self {
        if number.is_long() {
            return Self::Big(number);
        }
        match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Self::Int(whole),
            (_, Some(whole)) => Self::Uint(whole),
            _ => match number.as_f64() {
                Some(real) if is_exact(real, number) => Self::Double(real),
                _ => Self::Big(number),
            },
        }
    }

    /// A value that is written out.
    pub(super) fn literal(literal: &'a Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Bool(flag) => Self::Bool(*flag),
            Literal::Int(whole) => Self::Int(*whole),
            Literal::Uint(whole) => Self::Uint(*whole),
            Literal::Double(real) => Self::Double(*real),
            Literal::Big(number) => Self::Big(number),
            Literal::Text(text) => Self::text(text),
            Literal::Bytes(bytes) => Self::Bytes(Bytes::Borrowed(bytes)),
            Literal::Type(kinds) => Self::Type(*kinds),
        }
    }

    /// What kind of value it is.
    pub(in crate::filter) const fn kind(&self) -> Kinds {
        match self {
            Self::Null => Kinds::NULL,
            Self::Bool(_) => Kinds::BOOL,
            Self::Int(_) => Kinds::INT,
            Self::Uint(_) => Kinds::UINT,
            Self::Double(_) | Self::Big(_) => Kinds::DOUBLE,
            Self::Text(_) => Kinds::TEXT,
            Self::Bytes(_) => Kinds::BYTES,
            Self::List(_) => Kinds::LIST,
            Self::Map(_) => Kinds::MAP,
            Self::Time(_) => Kinds::TIME,
            Self::Duration(_) => Kinds::DURATION,
            Self::Type(_) => Kinds::TYPE,
        }
    }

    /// Whether it is null.
    pub(in crate::filter) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is one.
    pub(in crate::filter) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The field of a map, if it is one and has it.
    pub(in crate::filter) fn field(&self, name: &str) -> Option<Self> {
        if let Self::Map(map) = self { map.field(name) } else { None }
    }
}

/// Whether a double is as good as the number that was sent: of numbers so large that doubles skip whole ones, only the
/// same one is.
fn is_exact(real: f64, number: &Number) -> bool {
    /// From here on not every whole number is a double: 2^53.
    const SKIPPING: f64 = 9_007_199_254_740_992.0;
    if real == 0.0 {
        return *number == Number::from(0i64);
    }
    real.abs() < SKIPPING || Number::parse(&real.to_string()).is_some_and(|written| written == *number)
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl std::ops::Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }
}

impl<'a> List<'a> {
    /// How many entries it has.
    pub(in crate::filter) fn len(&self) -> usize {
        match self {
            Self::Borrowed(entries) => entries.len(),
            Self::Made(entries) => entries.len(),
        }
    }

    /// One of its entries, counted from 0.
    pub(in crate::filter) fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Borrowed(entries) => entries.get(at).map(Value::of),
            Self::Made(entries) => entries.get(at).cloned(),
        }
    }

    /// Its entries in order.
    pub(in crate::filter) fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl<'a> Map<'a> {
    /// How many keys it has, or a little more where headers stand there twice.
    pub(super) fn most(&self) -> usize {
        match self {
            Self::Borrowed(fields) => fields.len(),
            Self::Headers(headers) => headers.len(),
            Self::Made(entries) => entries.len(),
        }
    }

    /// The value of a key that is a text.
    pub(in crate::filter) fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Borrowed(fields) => fields.get(name).map(Value::of),
            Self::Headers(headers) => {
                let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| Value::text(value))
            }
            Self::Made(entries) => {
                entries.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value.clone())
            }
        }
    }

    /// Its keys in order.
    pub(super) fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Borrowed(fields) => fields.keys().map(Value::text).collect(),
            Self::Headers(headers) => {
                let mut seen = std::collections::BTreeSet::new();
                headers.iter().filter(|(name, _)| seen.insert(name)).map(|(name, _)| Value::text(name)).collect()
            }
            Self::Made(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        }
    }
}
