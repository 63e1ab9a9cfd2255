//! Plain conditions: a field, an operator and a value, for those who would rather not write an expression.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::{self, Map, Number};

/// One plain condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The field: `payload.repository.name`, `event.type`, `headers.user-agent`. Numbers count a list's entries from 0.
    pub field: String,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with; `exists` alone needs nothing.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

/// How a field is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// It is the value.
    Equals,
    /// It is not the value, or is absent.
    Not,
    /// It is a text with the value in it, or a list with the value among its entries.
    Contains,
    /// It is a text that matches the value, a pattern in which `*` stands for any run of characters.
    Matches,
    /// It is a greater number, or a text that sorts later.
    Gt,
    /// It is a smaller number, or a text that sorts earlier.
    Lt,
    /// It is one of the values of a list.
    In,
    /// It is there and not null; with the value `false`: it is not.
    Exists,
}

impl Check {
    /// What is wrong with the condition, if something is.
    pub fn problem(&self) -> Option<&'static str> {
        let comparable = self.value.is_number() || self.value.is_string();
        match self.operator {
            _ if self.field.trim().is_empty() => Some("name a field: `payload.action`"),
            Operator::Matches if !self.value.is_string() => Some("`matches` takes a pattern: `refs/heads/*`"),
            Operator::In if !self.value.is_array() => Some("`in` takes a list of values"),
            Operator::Gt | Operator::Lt if !comparable => Some("`gt` and `lt` take a number or a text"),
            Operator::Exists if !(self.value.is_null() || self.value.is_boolean()) => {
                Some("`exists` takes true, false or nothing")
            }
            _ => None,
        }
    }

    /// Whether the condition holds for these variables.
    pub fn holds(&self, variables: &Map) -> bool {
        let found = self.find(variables).filter(|value| !value.is_null());
        match (self.operator, found) {
            (Operator::Exists, found) => found.is_some() == self.value.as_bool().unwrap_or(true),
            (Operator::Not, found) => found.is_none_or(|found| !same(found, &self.value)),
            (_, None) => false,
            (Operator::Equals, Some(found)) => same(found, &self.value),
            (Operator::Contains, Some(json::Value::String(text))) => {
                self.value.as_str().is_some_and(|part| text.contains(part))
            }
            (Operator::Contains, Some(json::Value::Array(entries))) => {
                entries.iter().any(|entry| same(entry, &self.value))
            }
            (Operator::Matches, Some(json::Value::String(text))) => {
                self.value.as_str().is_some_and(|pattern| super::glob(pattern, text))
            }
            (Operator::In, Some(found)) => {
                self.value.as_array().is_some_and(|values| values.iter().any(|value| same(found, value)))
            }
            (Operator::Gt, Some(found)) => order(found, &self.value) == Some(std::cmp::Ordering::Greater),
            (Operator::Lt, Some(found)) => order(found, &self.value) == Some(std::cmp::Ordering::Less),
            (Operator::Contains | Operator::Matches, Some(_)) => false,
        }
    }

    /// The field's value, if it is there.
    fn find<'v>(&self, variables: &'v Map) -> Option<&'v json::Value> {
        let mut names = self.field.split('.');
        let first = variables.get(names.next()?)?;
        names.try_fold(first, |value, name| match value {
            json::Value::Array(entries) => entries.get(name.parse::<usize>().ok()?),
            other => other.get(name),
        })
    }
}

/// Whether two values are the same; a number is the same as the text that it is written as.
fn same(found: &json::Value, value: &Value) -> bool {
    match (found, value) {
        (json::Value::Number(number), Value::String(text)) => number.to_string() == *text,
        (json::Value::String(text), Value::Number(number)) => number.to_string() == *text,
        (json::Value::Bool(flag), Value::String(text)) | (json::Value::String(text), Value::Bool(flag)) => {
            flag.to_string() == *text
        }
        (found, value) => *found == json::Value::from(value.clone()),
    }
}

/// How two values are ordered, if they can be.
fn order(found: &json::Value, value: &Value) -> Option<std::cmp::Ordering> {
    match (found, value) {
        (json::Value::Number(a), Value::Number(b)) => Some(a.compare(&Number::parse(&b.to_string())?)),
        (json::Value::String(a), Value::String(b)) => Some(a.as_str().cmp(b)),
        (json::Value::String(text), Value::Number(number)) => {
            Some(Number::parse(text)?.compare(&Number::parse(&number.to_string())?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(field: &str, operator: &str, value: Value, holds: bool) {
        let check: Check =
            serde_json::from_value(json!({"field": field, "operator": operator, "value": value})).unwrap();
        assert_eq!(check.problem(), None, "{check:?}");
        let variables = json::read(
            br#"{"event": {"type": "push"}, "headers": {"user-agent": "hook/1"},
            "payload": {"ref": "refs/heads/main", "size": 7, "flag": true, "none": null,
                "order": 820982911946154508, "huge": 123456789012345678901234567890, "beyond": 1e400,
                "labels": ["bug", "p1"], "commits": [{"id": "a"}]}}"#,
        );
        let Ok(json::Value::Object(variables)) = variables else { unreachable!() };
        assert_eq!(check.holds(&variables), holds, "{check:?}");
    }

    #[test]
    fn every_operator_holds_and_fails() {
        for (field, operator, value, holds) in [
            ("event.type", "equals", json!("push"), true),
            ("event.type", "equals", json!("Push"), false),
            ("payload.size", "equals", json!(7.0), true),
            ("payload.size", "equals", json!("7"), true),
            ("payload.flag", "equals", json!("true"), true),
            ("payload.gone", "equals", json!("x"), false),
            ("event.type", "not", json!("push"), false),
            ("payload.gone", "not", json!("push"), true),
            ("payload.ref", "contains", json!("heads"), true),
            ("payload.ref", "contains", json!(1), false),
            ("payload.labels", "contains", json!("p1"), true),
            ("payload.labels", "contains", json!("p"), false),
            ("payload.size", "contains", json!(7), false),
            ("payload.ref", "matches", json!("refs/*/main"), true),
            ("payload.ref", "matches", json!("main"), false),
            ("payload.size", "gt", json!(6), true),
            ("payload.size", "gt", json!(7), false),
            ("payload.size", "lt", json!(7.5), true),
            ("payload.ref", "lt", json!("s"), true),
            ("payload.labels", "gt", json!(1), false),
            ("event.type", "in", json!(["x", "push"]), true),
            ("event.type", "in", json!([]), false),
            ("payload.order", "equals", json!(820_982_911_946_154_508_u64), true),
            ("payload.order", "equals", json!(820_982_911_946_154_509_u64), false),
            ("payload.order", "lt", json!(820_982_911_946_154_509_u64), true),
            ("payload.huge", "gt", json!(u64::MAX), true),
            ("payload.huge", "equals", json!("123456789012345678901234567890"), true),
            ("payload.beyond", "gt", json!(1e300), true),
            ("payload.commits.0.id", "equals", json!("a"), true),
            ("payload.commits.1.id", "exists", Value::Null, false),
            ("payload.commits.-1.id", "exists", Value::Null, false),
            ("payload.none", "exists", json!(true), false),
            ("payload.none", "exists", json!(false), true),
            ("headers.user-agent", "exists", Value::Null, true),
        ] {
            check(field, operator, value, holds);
        }
    }

    #[test]
    fn what_cannot_be_compared_is_a_problem() {
        for (field, operator, value) in [
            ("", "equals", json!(1)),
            ("a", "matches", json!(1)),
            ("a", "in", json!("x")),
            ("a", "gt", json!([1])),
            ("a", "lt", Value::Null),
            ("a", "exists", json!("yes")),
        ] {
            let check: Check =
                serde_json::from_value(json!({"field": field, "operator": operator, "value": value})).unwrap();
            assert!(check.problem().is_some(), "{check:?}");
        }
        assert!(serde_json::from_value::<Check>(json!({"field": "a", "operator": "like", "value": 1})).is_err());
    }
}
