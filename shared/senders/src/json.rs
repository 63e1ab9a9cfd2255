//! What people send as JSON: a small tree that loses nothing of it, and the one reader that makes it.
//!
//! [`read()`] is lenient in one way: what a text *is* is taken from its bytes as well as it can be. A byte order mark is
//! passed over, UTF-16 and UTF-32 are recognized, and bytes or escapes that are no character become U+FFFD. A number may
//! have any size, and of fields with one name the last counts. Everything else is as RFC 8259 says: no comments, no
//! trailing commas, no `NaN`, no line breaks within strings, nothing after the value, 128 levels of
//! nesting and 200,000 values.

mod convert;
mod map;
mod number;
mod read;
pub mod scan;
mod text;
mod unreadable;

pub use map::Map;
pub use number::Number;
pub use read::read;
pub(crate) use read::read_within;
pub use unreadable::{Cause, Unreadable};

use std::ops::Index;

/// How deep lists and objects may nest, so that reading, comparing and dropping them cannot overflow a stack.
pub const DEEPEST: usize = 128;

/// How many values a text may have, so that what is made of it fits the memory of a small machine several times: a value
/// takes up to 100 bytes.
pub const MOST_VALUES: usize = 200_000;

/// A JSON value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// An object's fields.
    Object(Map),
}

/// What leads from a value to one within it: a field's name, or a place in a list counted from 0.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A field's name.
    Name(&'a str),
    /// A place in a list.
    Place(usize),
}

static NULL: Value = Value::Null;

impl Value {
    /// The field of an object or the item of a list; `None` where there is none.
    pub fn get<'s>(&self, step: impl Into<Step<'s>>) -> Option<&Self> {
        match (self, step.into()) {
            (Self::Object(fields), Step::Name(name)) => fields.get(name),
            (Self::Array(items), Step::Place(place)) => items.get(place),
            _ => None,
        }
    }

    /// Takes the value out, and leaves null.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Whether it is null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is a text.
    pub const fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether it is a number.
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is a list.
    pub const fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is an object.
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The truth that it is.
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The text that it is.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number that it is.
    pub const fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The whole number that it is, where that has 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The whole number that it is, where that is not negative and has 64 bits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// The number that it is, as near as 64 bits of floating point come; `None` beyond their range.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    /// The list that it is.
    pub const fn as_array(&self) -> Option<&Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The list that it is, to be changed.
    pub const fn as_array_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The fields of the object that it is.
    pub const fn as_object(&self) -> Option<&Map> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// The fields of the object that it is, to be changed.
    pub const fn as_object_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Object(fields) => Some(fields),
            _ => None,
        }
    }
}

impl Index<&str> for Value {
    type Output = Self;

    /// The field of this name, or null.
    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

impl Index<usize> for Value {
    type Output = Self;

    /// The item at this place, or null.
    fn index(&self, place: usize) -> &Self {
        self.get(place).unwrap_or(&NULL)
    }
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&&'a str> for Step<'a> {
    fn from(name: &&'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a String> for Step<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Step<'_> {
    fn from(place: usize) -> Self {
        Self::Place(place)
    }
}

#[cfg(test)]
mod tests;
