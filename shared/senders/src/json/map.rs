//! The fields of an object.

use super::Value;

/// An object's fields in the order of their names, in one piece of memory.
///
/// A tree of nodes would be faster to insert into, and several hundred bytes larger for each small object. Where there
/// may be many fields, collect them: that sorts once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Map(Vec<(Box<str>, Value)>);

impl Map {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many fields there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A field's value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let place = self.place(name).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// A field's value, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let place = self.place(name).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// The field at a place in the order of their names, counted from 0.
    pub fn nth(&self, place: usize) -> Option<(&str, &Value)> {
        self.0.get(place).map(|(name, value)| (name.as_ref(), value))
    }

    /// The place of the field of this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.place(name).ok()
    }

    /// Whether there is a field of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Sets a field, and returns the value that it had.
    pub fn insert(&mut self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        match self.place(&name) {
            Ok(place) => self.0.get_mut(place).map(|(_, there)| std::mem::replace(there, value)),
            Err(place) => {
                self.0.insert(place, (name, value));
                None
            }
        }
    }

    /// A field's value, to be changed; null where it was not there.
    pub fn entry(&mut self, name: &str) -> &mut Value {
        let place = match self.place(name) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (name.into(), Value::Null));
                place
            }
        };
        &mut self.0[place].1
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    /// The fields, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> + DoubleEndedIterator {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The fields' values, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&str, &mut Value)> + DoubleEndedIterator {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// The names, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// The values, in the order of their names.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// Takes fields in any order; of those with one name the last counts.
    pub(super) fn of(mut fields: Vec<(Box<str>, Value)>) -> Self {
        if !fields.is_sorted_by(|(one, _), (next, _)| one < next) {
            fields.sort_by(|(one, _), (next, _)| one.cmp(next));
            // The first of its equals stays, so it is given what the last one says.
            fields.dedup_by(|(later, value), (first, kept)| {
                let same = later == first;
                if same {
                    *kept = value.take();
                }
                same
            });
        }
        fields.shrink_to_fit();
        Self(fields)
    }

    /// Where a name is, or would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(found, _)| found.as_ref().cmp(name))
    }
}

impl<N: Into<Box<str>>, V: Into<Value>> FromIterator<(N, V)> for Map {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(fields: T) -> Self {
        Self::of(fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<N: Into<Box<str>>, V: Into<Value>> Extend<(N, V)> for Map {
    fn extend<T: IntoIterator<Item = (N, V)>>(&mut self, fields: T) {
        let mut all = std::mem::take(&mut self.0);
        all.extend(fields.into_iter().map(|(name, value)| (name.into(), value.into())));
        *self = Self::of(all);
    }
}

impl IntoIterator for Map {
    type Item = (Box<str>, Value);
    type IntoIter = std::vec::IntoIter<(Box<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
