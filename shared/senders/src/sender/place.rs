//! Where a value is found in a request.

use std::borrow::Cow;

use crate::inbound::Headers;
use crate::json::Value;

/// Where a value is found in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the sender does not say it.
    Nowhere,
    /// In this header, named in lower case.
    Header(&'static str),
    /// In this field of the JSON body: names and numbers with dots between them.
    Field(&'static str),
    /// The first of these fields that is there at all: the last part of its path is the value.
    Key(&'static [&'static str]),
    /// In several places: all that are there, with a dot between them.
    Join(&'static [Self]),
    /// In the first of these places where there is one.
    First(&'static [Self]),
}

impl Place {
    /// The header that a sender would write the value into; `None` where it is not a header.
    pub fn header(self) -> Option<&'static str> {
        match self {
            Self::Header(name) => Some(name),
            Self::First(places) => places.first().copied().and_then(Self::header),
            Self::Nowhere | Self::Field(_) | Self::Key(_) | Self::Join(_) => None,
        }
    }

    /// The value of a place that is a header and nothing else; all others are read later, off the hot path.
    pub fn in_headers(self, headers: Headers<'_>) -> Option<&str> {
        match self {
            Self::Header(name) => headers.text(name).filter(|value| !value.is_empty()),
            _ => None,
        }
    }

    /// The value, by what is known of the headers and of the body.
    pub fn read<'a>(
        self,
        header: &impl Fn(&str) -> Option<Cow<'a, str>>,
        payload: Option<&'a Value>,
    ) -> Option<Cow<'a, str>> {
        self.look(header, payload, false)
    }

    /// The same of a delivery id: of several places all are needed, for many deliveries share some of them.
    pub fn read_id<'a>(
        self,
        header: &impl Fn(&str) -> Option<Cow<'a, str>>,
        payload: Option<&'a Value>,
    ) -> Option<Cow<'a, str>> {
        self.look(header, payload, true)
    }

    /// The value; of several places together only where `all` of them have one, if that is asked for.
    fn look<'a>(
        self,
        header: &impl Fn(&str) -> Option<Cow<'a, str>>,
        payload: Option<&'a Value>,
        all: bool,
    ) -> Option<Cow<'a, str>> {
        match self {
            Self::Nowhere => None,
            Self::Header(name) => header(name),
            Self::Field(path) => text_at(payload?, path),
            Self::Key(names) => {
                let found = names.iter().find(|name| payload.is_some_and(|p| value_at(p, name).is_some()))?;
                found.rsplit('.').next().map(Cow::Borrowed)
            }
            Self::First(places) => places.iter().find_map(|place| place.look(header, payload, all)),
            Self::Join(places) => {
                let found: Vec<_> = places.iter().filter_map(|place| place.look(header, payload, all)).collect();
                if found.is_empty() || all && found.len() < places.len() { None } else { Some(found.join(".").into()) }
            }
        }
        .filter(|value: &Cow<'_, str>| !value.is_empty())
    }
}

/// The value at a path of names and numbers with dots between them; the whole where the path is empty.
pub fn value_at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    path.split('.').try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

/// The text, number or truth at a path, as text.
pub fn text_at<'a>(value: &'a Value, path: &str) -> Option<Cow<'a, str>> {
    match value_at(value, path)? {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(truth) => Some(if *truth { "true" } else { "false" }.into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Every value at a path in which `*` stands for each item of a list; `None` where some part of the path is missing.
pub fn values_at<'a>(value: &'a Value, path: &str) -> Option<Vec<&'a Value>> {
    let Some((list, rest)) = path.split_once('*') else {
        return Some(vec![value_at(value, path)?]);
    };
    let items = value_at(value, list.trim_end_matches('.'))?.as_array()?;
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        found.extend(values_at(item, rest.trim_start_matches('.'))?);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_through_objects_and_lists() {
        let body: Value = json!({"a": {"b": [{"c": "x"}, {"c": 7}]}, "t": true, "n": null}).into();
        let read = |path| text_at(&body, path).map(Cow::into_owned);
        assert_eq!(read("a.b.0.c").as_deref(), Some("x"));
        assert_eq!(read("a.b.1.c").as_deref(), Some("7"));
        assert_eq!(read("t").as_deref(), Some("true"));
        for nothing in ["", "n", "a", "a.b", "a.b.2.c", "a.b.-1.c", "a.b.c", "x.y", "."] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
        assert_eq!(values_at(&body, "a.b.*.c").unwrap(), [&Value::from("x"), &Value::from(7u64)]);
        assert_eq!(values_at(&body, "a.b.*.d"), None);
        assert_eq!(values_at(&body, "t.*"), None);
    }

    #[test]
    fn places_are_read_from_headers_and_bodies() {
        let body: Value = json!({"edited": {}, "b": "", "c": 4}).into();
        let header = |name: &str| (name == "x-kind").then_some(Cow::Borrowed("push"));
        let read = |place: Place| place.read(&header, Some(&body)).map(Cow::into_owned);
        assert_eq!(read(Place::Header("x-kind")).as_deref(), Some("push"));
        assert_eq!(read(Place::Key(&["new", "edited"])).as_deref(), Some("edited"));
        assert_eq!(read(Place::Field("b")), None);
        assert_eq!(read(Place::Nowhere), None);
        const BOTH: Place = Place::Join(&[Place::Header("x-kind"), Place::Field("b"), Place::Field("c")]);
        assert_eq!(read(BOTH).as_deref(), Some("push.4"));
        let read_id = |place: Place| place.read_id(&header, Some(&body)).map(Cow::into_owned);
        const WHOLE: Place = Place::Join(&[Place::Header("x-kind"), Place::Field("c")]);
        const SECOND: Place = Place::First(&[BOTH, WHOLE]);
        assert_eq!(read_id(BOTH), None, "a part alone is the id of many deliveries");
        assert_eq!((read_id(WHOLE), read_id(SECOND)), (Some("push.4".to_owned()), Some("push.4".to_owned())));
    }
}
