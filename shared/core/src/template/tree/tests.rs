use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::budget::Budget;
use crate::template::measure::weigh;

/// JSON of every kind of value, nested deeper than a part is handed out as its place.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        (-1e9..1e9).prop_map(|real: f64| json!(real)),
        "[a-z<é]{0,30}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(12, 64, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-c]{1,2}|[a-z]{25}", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

/// A value shared and copied.
fn both(json: serde_json::Value) -> (Value, Value) {
    let json = Arc::new(json::Value::from(json));
    (shared(&json, &Arc::new(Writings::default())), copied(&json, &Writings::default()))
}

/// Holds two values to look the same whichever way one looks, and so do all that are in them.
fn alike(one: &Value, other: &Value) {
    assert_eq!((one.kind(), one.len(), one.is_true()), (other.kind(), other.len(), other.is_true()));
    assert_eq!((format!("{one}"), format!("{one:#?}")), (format!("{other}"), format!("{other:#?}")));
    assert_eq!(serde_json::to_string(one).unwrap(), serde_json::to_string(other).unwrap());
    assert_eq!((one, one.cmp(other)), (other, std::cmp::Ordering::Equal));
    assert_eq!(other, one);
    let backwards = |value: &Value| value.reverse().map(|value| value.to_string()).ok();
    assert_eq!(backwards(one), backwards(other));
    for key in ["a", "b", "zz"].map(Value::from).into_iter().chain([0, -1, 7].map(Value::from)) {
        assert_eq!(one.get_item(&key).ok(), other.get_item(&key).ok(), "{key}");
    }
    let (ones, others) = (one.try_iter().into_iter().flatten(), other.try_iter().into_iter().flatten());
    for (place, (inner, its)) in ones.zip(others).enumerate() {
        match one.kind() {
            minijinja::value::ValueKind::Map => {
                alike(&one.get_item(&inner).unwrap(), &other.get_item(&its).unwrap());
                let name = inner.as_str().unwrap();
                assert_eq!(one.get_attr(name).unwrap(), other.get_attr(name).unwrap());
            }
            minijinja::value::ValueKind::Seq => {
                alike(&inner, &its);
                assert_eq!(one.get_item_by_index(place).unwrap(), its);
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn what_is_shared_weighs_as_much_as_what_would_be_copied(json in any_json()) {
        let (shared, copied) = both(json);
        for (shared, copied) in [(shared.clone(), copied.clone()), (Value::from(vec![shared]), Value::from(vec![copied]))] {
            let (budget, other) = (Budget::new(), Budget::new());
            prop_assert_eq!(weigh(&budget, &shared).unwrap(), weigh(&other, &copied).unwrap());
            prop_assert_eq!(format!("{budget:?}"), format!("{other:?}"), "at the same price");
        }
    }

    #[test]
    fn what_is_shared_is_what_would_be_copied(json in any_json()) {
        let (one, other) = both(json);
        alike(&one, &other);
    }
}

#[test]
fn however_often_a_value_is_looked_at_it_is_made_once() {
    let text = "x".repeat(100);
    let deep = (0..20).fold(json!({ "long": text }), |within, _| json!([within]));
    let (one, _) = both(json!({ "t": text, "l": [text], "d": deep, text.clone(): 1 }));
    let at = |value: &Value| value.as_str().map(|text| text.as_ptr().addr());
    let innermost = |mut value: Value| {
        while value.kind() == minijinja::value::ValueKind::Seq {
            value = value.get_item_by_index(0).unwrap();
        }
        if value.kind() == minijinja::value::ValueKind::Map { value.get_attr("long").unwrap() } else { value }
    };
    for name in ["t", "l", "d"] {
        let look = || innermost(one.get_attr(name).unwrap());
        assert_eq!((at(&look()), look().as_str()), (at(&look()), Some(text.as_str())), "{name}");
    }
    let name = || one.try_iter().unwrap().find(|name| name.as_str() == Some(&text)).unwrap();
    assert_eq!(at(&name()), at(&name()));
}

#[test]
fn a_fraction_that_is_written_in_two_ways_is_shown_in_neither_whichever_is_shown_first() {
    let json = Arc::new(json::read(b"{\"a\":1.10,\"b\":[1.1]}").unwrap());
    let writings = Arc::new(Writings::default());
    let _ = shared(&json, &writings);
    assert_eq!(format!("{writings:?}").matches("None").count(), 1, "{writings:?}");
}
