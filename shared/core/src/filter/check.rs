//! Plain conditions: a field, an operator and a value, for those who would rather not write an expression.

mod compare;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cel::{Exceeded, Kinds, Meter, Value as Found};
use super::condition::Decision;
use super::path::Path;
use super::variables::Variables;
use compare::{order, same};

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

/// The whole numbers up to which each is a double: 2^53. Beyond them a configuration may have rounded one already.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 500;

/// The longest value, in bytes of JSON.
const LONGEST_VALUE: usize = 64 * 1024;

impl Check {
    /// What is wrong with the condition, if something is: a field that no event has, or a value that it can never have.
    pub fn problem(&self) -> Option<String> {
        if self.value.to_string().len() > LONGEST_VALUE {
            return Some("a value may be 65,536 bytes long, as JSON".to_owned());
        }
        let path = match Path::read(&self.field) {
            Ok(path) => path,
            Err(problem) => return Some(problem),
        };
        self.unfit_value().or_else(|| self.unfit_field(&path))
    }

    /// What is wrong with the value for the operator, if something is.
    fn unfit_value(&self) -> Option<String> {
        let value = &self.value;
        let is_rounded = |value: &Value| value.is_f64() && value.as_f64().is_some_and(|real| real.abs() >= EXACT);
        let rounded = value.as_array().map_or(is_rounded(value), |values| values.iter().any(is_rounded));
        let problem = match self.operator {
            _ if rounded => "a number this large may have been rounded; write it as a text, which is compared exactly",
            Operator::Matches if value.as_str().is_some_and(|pattern| pattern.len() > LONGEST_PATTERN) => {
                "a pattern may be 500 bytes long"
            }
            Operator::Matches if !value.is_string() => "`matches` takes a pattern: `refs/heads/*`",
            Operator::Matches if value == "" => "an empty pattern matches an empty text alone; write `equals` for that",
            Operator::In if !value.is_array() => "`in` takes a list of values",
            Operator::In if value.as_array().is_some_and(Vec::is_empty) => {
                "nothing is in an empty list; name the values that are meant"
            }
            Operator::Gt | Operator::Lt if !(value.is_number() || value.is_string()) => {
                "`gt` and `lt` take a number or a text"
            }
            Operator::Exists if !(value.is_null() || value.is_boolean()) => "`exists` takes true, false or nothing",
            Operator::Equals if value.is_null() => {
                "`equals` takes a value; for a field that is absent write `exists` with the value false"
            }
            Operator::Not if value.is_null() => "`not` takes a value; for a field that is there write `exists`",
            Operator::Contains if value.is_null() => "`contains` takes a value",
            _ => return None,
        };
        Some(problem.to_owned())
    }

    /// Why the field can never be what the operator asks for, if so.
    fn unfit_field(&self, path: &Path) -> Option<String> {
        let kinds = path.kinds();
        let takes = match self.operator {
            Operator::Contains => Kinds::TEXT.or(Kinds::LIST),
            Operator::Matches => Kinds::TEXT,
            Operator::Gt | Operator::Lt => Kinds::TEXT.or(Kinds::NUMBER),
            _ => Kinds::ANY,
        };
        let field = &self.field;
        if !kinds.meets(takes) {
            return Some(format!("`{field}` is {}, and this operator takes {}", kinds.words(), takes.words()));
        }
        let needs_text = self.operator == Operator::Contains && !kinds.meets(Kinds::LIST) && !self.value.is_string();
        needs_text.then(|| format!("`{field}` is a text; what it contains is a text too: `\"…\"`"))
    }

    /// The first of a hook's plain conditions that does not hold, and what came of it; all of them have one budget.
    pub fn first_unmet<'c>(checks: &'c [Self], variables: &Variables<'_>) -> Option<(&'c Self, Decision)> {
        let meter = Meter::default();
        let mut decided = checks.iter().map(|check| (check, check.decide(variables, &meter)));
        decided.find(|(_, decision)| *decision != Decision::Holds)
    }

    /// Whether the condition holds for an event; nothing is missing in it.
    fn decide(&self, variables: &Variables<'_>, meter: &Meter) -> Decision {
        match self.holds(variables, meter) {
            Ok(true) => Decision::Holds,
            Ok(false) => Decision::Fails(None),
            Err(exceeded) => Decision::Beyond(format!("`{}`: the condition {exceeded} on this event", self.field)),
        }
    }

    /// Whether the condition holds, within the bounds of a meter.
    fn holds(&self, variables: &Variables<'_>, meter: &Meter) -> Result<bool, Exceeded> {
        let Ok(path) = Path::read(&self.field) else { return Ok(false) };
        let value = &self.value;
        Ok(match (self.operator, path.find(variables, meter)?) {
            (Operator::Exists, found) => found.is_some() == value.as_bool().unwrap_or(true),
            (Operator::Not, None) => true,
            (_, None) => false,
            (Operator::Not, Some(found)) => !same(&found, value, meter)?,
            (Operator::Equals, Some(found)) => same(&found, value, meter)?,
            (Operator::Contains, Some(Found::Text(text))) => {
                meter.read(text.len())?;
                value.as_str().is_some_and(|part| text.contains(part))
            }
            (Operator::Contains, Some(Found::List(entries))) => {
                any(entries.iter(), |entry| same(&entry, value, meter))?
            }
            (Operator::Matches, Some(Found::Text(text))) => {
                let pattern = value.as_str().unwrap_or_default();
                meter.read(text.len().saturating_mul(pattern.matches('*').count() + 1))?;
                value.is_string() && super::glob(pattern, &text)
            }
            (Operator::In, Some(found)) => {
                any(value.as_array().into_iter().flatten(), |value| same(&found, value, meter))?
            }
            (Operator::Gt, Some(found)) => order(&found, value, meter)? == Some(Ordering::Greater),
            (Operator::Lt, Some(found)) => order(&found, value, meter)? == Some(Ordering::Less),
            (Operator::Contains | Operator::Matches, Some(_)) => false,
        })
    }
}

/// Whether one of many is the one.
fn any<T>(mut all: impl Iterator<Item = T>, is_it: impl Fn(T) -> Result<bool, Exceeded>) -> Result<bool, Exceeded> {
    all.try_fold(false, |found, one| if found { Ok(true) } else { is_it(one) })
}

#[cfg(test)]
mod tests;
