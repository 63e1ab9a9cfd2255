//! Proofs that stand in the body.

use super::{Draft, Unsignable};
use crate::body::form;
use crate::json::{self, Map, Value};
use crate::sender::{Carrier, ClockPlace, Part, Signed, text_at};

/// A body as a JSON object or list.
pub(super) fn read(body: &[u8]) -> Result<Value, Unsignable> {
    let value = json::read(body).map_err(|_| Unsignable::NotJson)?;
    if value.is_object() || value.is_array() { Ok(value) } else { Err(Unsignable::NotJson) }
}

/// The body with the fields filled in that are signed; `None` where the proof does not stand in it.
pub(super) fn prepared(
    scheme: &Signed,
    draft: Draft<'_>,
    moment: Option<&(ClockPlace, String)>,
) -> Result<Option<Value>, Unsignable> {
    let field = match moment {
        Some((ClockPlace::Field(path), value)) => Some((*path, value.as_str())),
        _ => None,
    };
    if field.is_none() && !matches!(scheme.place, Carrier::Field(_)) {
        return Ok(None);
    }
    let mut document = match scheme.document {
        Some(name) => read(&form::only(draft.body, name).ok_or(Unsignable::NotJson)?)?,
        None => read(draft.body)?,
    };
    for part in parts(&mut document, scheme.each.unwrap_or_default()) {
        if let Some((path, value)) = field {
            set(part, path, value);
        }
        for wanted in scheme.content {
            if let Part::Field(path) = wanted
                && text_at(part, path).is_none()
            {
                set(part, path, draft.id);
            }
        }
    }
    Ok(Some(document))
}

/// A document as the body that it stands in: a field of a form where the scheme says so.
pub(super) fn written(scheme: &Signed, document: &Value) -> Vec<u8> {
    let text = document.to_string();
    match scheme.document {
        Some(name) => form_urlencoded::Serializer::new(String::new()).append_pair(name, &text).finish().into_bytes(),
        None => text.into_bytes(),
    }
}

/// The parts of a document that are signed on their own: the whole where the path is empty.
pub(super) fn parts<'a>(document: &'a mut Value, path: &str) -> Vec<&'a mut Value> {
    let Some((list, rest)) = path.split_once('*') else {
        return vec![at(document, path)];
    };
    let list = at(document, list.trim_end_matches('.'));
    if list.as_array().is_none_or(Vec::is_empty) {
        *list = Value::Array(vec![Value::Object(Map::new())]);
    }
    let items = list.as_array_mut().into_iter().flatten();
    items.flat_map(|item| parts(item, rest.trim_start_matches('.'))).collect()
}

/// Puts a text at a path, in which `*` stands for every item of a list.
pub(super) fn set(document: &mut Value, path: &str, text: &str) {
    for part in parts(document, path) {
        *part = match (path.ends_with("imestamp"), text.parse::<u64>()) {
            (true, Ok(number)) => number.into(),
            _ => text.into(),
        };
    }
}

/// The form with a text in this field; after a dot, in this field of the JSON that the form's field holds.
pub(super) fn form_with(body: &[u8], path: &str, text: &str) -> Vec<u8> {
    let (field, inner) = path.split_once('.').map_or((path, None), |(field, inner)| (field, Some(inner)));
    let value = match inner {
        None => text.to_owned(),
        Some(inner) => {
            let held = form_urlencoded::parse(body).find(|(name, _)| name == field);
            let mut document = held.and_then(|(_, value)| json::read(value.as_bytes()).ok()).unwrap_or_default();
            set(&mut document, inner, text);
            document.to_string()
        }
    };
    let others = form_urlencoded::parse(body).filter(|(name, _)| name != field);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(others).append_pair(field, &value).finish().into_bytes()
}

/// The place at a path; objects that are missing on the way are made.
fn at<'a>(value: &'a mut Value, path: &str) -> &'a mut Value {
    path.split('.').filter(|step| !step.is_empty()).fold(value, |value, step| {
        let index = step.parse::<usize>().ok().filter(|index| value.get(*index).is_some());
        if !(value.is_object() || index.is_some()) {
            *value = Value::Object(Map::new());
        }
        match (value, index) {
            (Value::Array(items), Some(index)) => &mut items[index],
            (Value::Object(fields), _) => fields.entry(step),
            (other, _) => other,
        }
    })
}
