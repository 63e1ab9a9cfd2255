//! Numbers as they were sent, in templates that also calculate with them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Object, ObjectRepr};
use minijinja::{State, Value};

use crate::json::Number;

/// The name under which the writings travel among a template's variables; no template can name it.
pub(super) const NAME: &str = "numbers as sent";

/// The longest writing of a number that templates calculate with, in bytes.
pub(super) const LONGEST_WRITING: usize = 64;

/// How the fractions of an event are written, by their bits; nothing where two are written differently.
///
/// The engine calculates with floating point, which does not know whether somebody wrote `1.1` or `1.10`.
#[derive(Debug, Default)]
pub(super) struct Writings(Mutex<BTreeMap<u64, Option<Box<str>>>>);

/// A number beyond floating point, or one with very many digits: it can be shown, and no more.
#[derive(Debug)]
struct Endless(Number);

impl Writings {
    /// A number for templates.
    pub(super) fn value(&self, number: &Number) -> Value {
        if let Some(whole) = number.whole() {
            return Value::from(whole);
        }
        let text = number.to_string();
        if let Some(whole) = text.parse::<i128>().ok().filter(|whole| whole.to_string() == text) {
            return Value::from(whole);
        }
        let Some(real) = number.as_f64().filter(|_| text.len() <= LONGEST_WRITING) else {
            return Value::from_object(Endless(number.clone()));
        };
        let value = Value::from(real);
        let mut writings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = writings.entry(real.to_bits()).or_insert_with(|| Some(text.as_str().into()));
        if written.as_deref() != Some(text.as_str()) {
            *written = None;
        }
        value
    }

    /// How a fraction was written.
    fn written(&self, value: &Value) -> Option<String> {
        let real = f64::try_from(value.clone()).ok()?;
        let writings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writings.get(&real.to_bits())?.as_deref().map(str::to_owned)
    }
}

/// A number's text as it was sent; `None` for other values, and for numbers that a template made.
pub(super) fn as_sent(state: &State<'_, '_>, value: &Value) -> Option<Cow<'static, str>> {
    if let Some(Endless(number)) = value.downcast_object_ref() {
        return Some(Cow::Owned(number.to_string()));
    }
    if !value.is_number() || value.is_integer() {
        return None;
    }
    state.lookup(NAME)?.downcast_object_ref::<Writings>()?.written(value).map(Cow::Owned)
}

/// The length of a number that can only be shown, in bytes; `None` for other values.
pub(super) fn length(value: &Value) -> Option<usize> {
    value.downcast_object_ref::<Endless>().map(|Endless(number)| number.to_string().len())
}

impl Object for Writings {}

impl Object for Endless {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
