//! Reading tables as tables alone: serde would also take a list for the fields in their order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// Reads a table.
pub(crate) fn one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(Fields(PhantomData))
}

/// Reads a table that may be null.
pub(crate) fn maybe<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::<Table<T>>::deserialize(deserializer).map(|table| table.map(|Table(value)| value))
}

/// Reads a list of tables.
pub(crate) fn many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Vec::<Table<T>>::deserialize(deserializer).map(|tables| tables.into_iter().map(|Table(value)| value).collect())
}

/// A value that is read from a table.
struct Table<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one(deserializer).map(Self)
    }
}

/// Takes the fields of a table.
struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::ConfigSpec;
    use serde_json::json;

    #[test]
    fn a_list_is_not_a_table() {
        let hook = |field: &str, value| json!({"hooks": [{"name": "x", field: value}]});
        for (good, bad) in [
            (json!({"limits": {"rate_per_minute": 5}}), json!({"limits": [5]})),
            (json!({"telegram": {}}), json!({"telegram": [null, null]})),
            (json!({"hooks": [{"name": "x"}]}), json!({"hooks": [["x"]]})),
            (hook("actions", json!([{"kind": "telegram"}])), hook("actions", json!([["telegram"]]))),
            (
                hook("conditions", json!([{"field": "a", "operator": "exists"}])),
                hook("conditions", json!([["a", "exists"]])),
            ),
            (hook("reconcile", json!({"of": "app"})), hook("reconcile", json!(["app"]))),
            (hook("scheme", json!({"header": "x-sign"})), hook("scheme", json!(["x-sign"]))),
        ] {
            assert!(serde_json::from_value::<ConfigSpec>(good.clone()).is_ok(), "{good}");
            assert!(serde_json::from_value::<ConfigSpec>(bad.clone()).is_err(), "{bad}");
        }
    }
}
