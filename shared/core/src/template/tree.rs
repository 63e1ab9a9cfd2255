//! JSON as templates see it: the engine's values are made only of what a template looks at.
//!
//! A payload has hundreds of values and a message shows a dozen of them. Whatever is a list or an object is handed out as
//! its place in the whole, which is not copied.

use std::fmt;
use std::sync::{Arc, OnceLock};

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectExt as _, ObjectRepr};

use super::numbers::Writings;
use crate::json;

/// How deep a part may lie to be handed out as its place: each look at it goes there from the top. What lies deeper is
/// copied once.
const DEEPEST: usize = 8;

/// A list or an object within a whole. Each value in it is made once at most, so that however often a template looks, it
/// holds no more than if all had been copied.
struct Part {
    whole: Arc<json::Value>,
    writings: Arc<Writings>,
    /// What leads from the whole to it: places in lists, and those of fields in the order of their names.
    steps: Box<[usize]>,
    names: OnceLock<Box<[Value]>>,
    values: Box<[OnceLock<Value>]>,
}

/// A JSON value for templates, shared with them; null counts as missing.
pub(super) fn shared(whole: &Arc<json::Value>, writings: &Arc<Writings>) -> Value {
    note_fractions(whole, writings);
    match **whole {
        json::Value::Array(_) | json::Value::Object(_) => {
            Value::from_object(Part::new(Arc::clone(whole), Arc::clone(writings), Box::default(), whole))
        }
        _ => copied(whole, writings),
    }
}

/// A JSON value for templates, copied; null counts as missing. It nests no deeper than the parser lets JSON nest.
pub(super) fn copied(json: &json::Value, writings: &Writings) -> Value {
    match json {
        json::Value::Null => Value::UNDEFINED,
        json::Value::Bool(value) => Value::from(*value),
        json::Value::String(text) => Value::from(text.as_str()),
        json::Value::Array(items) => items.iter().map(|item| copied(item, writings)).collect(),
        json::Value::Object(fields) => {
            Value::from_pairs(fields.iter().map(|(name, value)| (name, copied(value, writings))))
        }
        json::Value::Number(number) => writings.value(number),
    }
}

/// The JSON that a value is a place in, where it is one: whoever only weighs it need not have its values made.
pub(super) fn within<T>(value: &Value, look: impl FnOnce(&json::Value, &Writings) -> T) -> Option<T> {
    let part = value.downcast_object_ref::<Part>()?;
    Some(look(part.json(), &part.writings))
}

/// Notes how all fractions are written, before the first of them is shown.
fn note_fractions(json: &json::Value, writings: &Writings) {
    match json {
        json::Value::Number(number) if number.whole().is_none() => drop(writings.value(number)),
        json::Value::Array(items) => items.iter().for_each(|item| note_fractions(item, writings)),
        json::Value::Object(fields) => fields.values().for_each(|value| note_fractions(value, writings)),
        _ => {}
    }
}

impl Part {
    /// A part that steps lead to, and what it is.
    fn new(whole: Arc<json::Value>, writings: Arc<Writings>, steps: Box<[usize]>, json: &json::Value) -> Self {
        let length = json.as_array().map(Vec::len).or_else(|| json.as_object().map(json::Map::len)).unwrap_or_default();
        let values = std::iter::repeat_with(OnceLock::new).take(length).collect();
        Self { whole, writings, steps, names: OnceLock::new(), values }
    }

    /// What it is.
    fn json(&self) -> &json::Value {
        self.steps.iter().fold(&self.whole, |within, step| match within {
            json::Value::Array(items) => items.get(*step).unwrap_or(within),
            json::Value::Object(fields) => fields.nth(*step).map_or(within, |(_, value)| value),
            _ => within,
        })
    }

    /// What lies in it at a place, as the engine's value.
    fn at(&self, place: usize, json: &json::Value) -> Option<Value> {
        let value = self.values.get(place)?.get_or_init(|| match json {
            json::Value::Array(_) | json::Value::Object(_) if self.steps.len() < DEEPEST => {
                let steps = self.steps.iter().copied().chain([place]).collect();
                Value::from_object(Self::new(Arc::clone(&self.whole), Arc::clone(&self.writings), steps, json))
            }
            _ => copied(json, &self.writings),
        });
        Some(value.clone())
    }

    /// All fields, with their names.
    fn fields(&self) -> Box<dyn DoubleEndedIterator<Item = (Value, Value)> + Send + Sync + '_> {
        let Some(fields) = self.json().as_object() else { return Box::new(std::iter::empty()) };
        let names = self.names.get_or_init(|| fields.keys().map(Value::from).collect());
        let values = fields.values().enumerate().map(|(place, value)| self.at(place, value).unwrap_or_default());
        Box::new(names.iter().cloned().zip(values))
    }
}

impl Object for Part {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.json().is_array() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.json() {
            json::Value::Array(items) => {
                let place = key.as_usize()?;
                self.at(place, items.get(place)?)
            }
            _ => self.get_value_by_str(key.as_str()?),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let fields = self.json().as_object()?;
        let place = fields.position(key)?;
        self.at(place, fields.nth(place)?.1)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.json() {
            json::Value::Array(items) => Enumerator::Seq(items.len()),
            _ => self.mapped_rev_key_value_enumerator(Self::fields),
        }
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.values.len())
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.json() {
            json::Value::Array(items) => f
                .debug_list()
                .entries(items.iter().enumerate().filter_map(|(place, item)| self.at(place, item)))
                .finish(),
            _ => f.debug_map().entries(self.fields()).finish(),
        }
    }
}

#[cfg(test)]
mod tests;
