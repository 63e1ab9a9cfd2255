//! Conditions in CEL, the Common Expression Language.

use std::fmt;

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Context, Program, Value as CelValue};

use crate::json::{Map, Value};

/// How deep a condition may nest, and how long it may be, so that compiling one is cheap.
const LONGEST: usize = 4096;

/// The names a condition knows.
const KNOWN: [&str; 7] = ["event", "hook", "payload", "headers", "body", "webhook", "cloudevent"];

/// A compiled condition over `event`, `hook`, `payload`, `headers`, `body` and `webhook`.
pub struct Condition {
    program: Program,
    fields: Vec<Vec<String>>,
}

/// The text is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCondition(String);

impl Condition {
    /// Compiles a condition, checking that it names only what events have.
    pub fn compile(source: &str) -> Result<Self, BadCondition> {
        if source.len() > LONGEST {
            return Err(BadCondition(format!(
                "a condition may be {LONGEST} bytes long, this one has {}",
                source.len()
            )));
        }
        let program = Program::compile(source).map_err(|e| BadCondition(first_line(&e.to_string())))?;
        let mut names = Names::default();
        names.read(program.expression());
        if let Some(unknown) = names.free.iter().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(BadCondition(format!("unknown name `{unknown}`; a condition knows {}", KNOWN.join(", "))));
        }
        Ok(Self { program, fields: names.fields })
    }

    /// Whether the condition holds for these variables; the error says why it could not be decided.
    ///
    /// A field that is not there is null, not an error.
    pub fn holds(&self, mut variables: Map) -> Result<bool, BadCondition> {
        for path in &self.fields {
            fill(&mut variables, path);
        }
        let mut context = Context::default();
        for (name, value) in variables {
            context.add_variable_from_value(String::from(name), to_cel(value));
        }
        match self.program.execute(&context) {
            Ok(CelValue::Bool(holds)) => Ok(holds),
            Ok(CelValue::Null) => Ok(false),
            Ok(_) => Err(BadCondition("the condition is neither true nor false".to_owned())),
            Err(e) => Err(BadCondition(first_line(&e.to_string()))),
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("fields", &self.fields).finish_non_exhaustive()
    }
}

/// The first line of a message, short enough to stand in an error of ours.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().chars().take(200).collect()
}

/// Puts null where a path leads nowhere.
fn fill(variables: &mut Map, path: &[String]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let mut place = variables;
    for name in parents {
        let next = place.entry(name);
        if next.is_null() {
            *next = Value::Object(Map::new());
        }
        match next {
            Value::Object(inner) => place = inner,
            _ => return,
        }
    }
    place.entry(last);
}

/// The names that an expression reads.
#[derive(Default)]
struct Names {
    /// The field paths (`payload.repository.private`), but not those that `has()` tests.
    fields: Vec<Vec<String>>,
    /// The variables.
    free: Vec<String>,
    /// The variables that macros such as `exists` bring along, innermost last.
    bound: Vec<String>,
}

impl Names {
    /// Reads an expression.
    fn read(&mut self, expression: &IdedExpr) {
        match &expression.expr {
            Expr::Ident(name) if !self.bound.contains(name) => self.free.push(name.clone()),
            Expr::Select(select) => {
                if let Some(path) = path_of(expression)
                    && !select.test
                    && !self.bound.contains(&path[0])
                {
                    self.fields.push(path);
                }
                self.read(&select.operand);
            }
            Expr::Call(call) => {
                call.target.iter().map(AsRef::as_ref).chain(&call.args).for_each(|part| self.read(part))
            }
            Expr::List(list) => list.elements.iter().for_each(|element| self.read(element)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.read_entry(&entry.expr)),
            Expr::Struct(object) => object.entries.iter().for_each(|entry| self.read_entry(&entry.expr)),
            Expr::Comprehension(comprehension) => {
                self.read(&comprehension.iter_range);
                self.read(&comprehension.accu_init);
                let outer = self.bound.len();
                self.bound.extend([comprehension.iter_var.clone(), comprehension.accu_var.clone()]);
                self.bound.extend(comprehension.iter_var2.clone());
                for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
                    self.read(part);
                }
                self.bound.truncate(outer);
            }
            _ => {}
        }
    }

    /// Reads one entry of a map or a message.
    fn read_entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => self.read(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.read(&entry.key);
                self.read(&entry.value);
            }
        }
    }
}

/// The names from a variable down to a field: `["payload", "repository", "private"]`.
fn path_of(expression: &IdedExpr) -> Option<Vec<String>> {
    match &expression.expr {
        Expr::Ident(name) => Some(vec![name.clone()]),
        Expr::Select(select) => {
            let mut path = path_of(&select.operand)?;
            path.push(select.field.clone());
            Some(path)
        }
        _ => None,
    }
}

/// Turns JSON into CEL's values; whole numbers become signed ones, as literals in a condition are.
fn to_cel(value: Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(flag) => CelValue::Bool(flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => CelValue::Int(whole),
            (None, Some(whole)) => CelValue::UInt(whole),
            (None, None) => CelValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => CelValue::String(text.into()),
        Value::Array(values) => CelValue::List(values.into_iter().map(to_cel).collect::<Vec<_>>().into()),
        Value::Object(fields) => {
            let fields: std::collections::HashMap<String, CelValue> =
                fields.into_iter().map(|(name, value)| (name.into(), to_cel(value))).collect();
            CelValue::Map(fields.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(source: &str, payload: serde_json::Value, holds: Result<bool, ()>) {
        let condition = Condition::compile(source).unwrap();
        let Value::Object(variables) = Value::from(json!({
            "event": {"type": "push"}, "hook": {"name": "h"}, "headers": {"x-a": "1"}, "body": "text",
            "webhook": {"body": payload, "path": "p", "method": "POST"}, "payload": payload,
        })) else {
            unreachable!()
        };
        assert_eq!(condition.holds(variables).map_err(|_| ()), holds, "{source}");
    }

    #[test]
    fn conditions_read_events() {
        let push =
            json!({"repository": {"private": false, "size": 7}, "commits": [{"id": "a"}, {"id": "b"}], "n": 1.5});
        for (source, holds) in [
            ("payload.repository.private == false", true),
            ("payload.repository.private", false),
            ("payload.repository.size > 6 && payload.n < 2.0", true),
            ("event.type == 'push' || event.type == 'x'", true),
            ("payload.commits.exists(c, c.id == 'b')", true),
            ("size(payload.commits) == 2", true),
            ("webhook.body.repository.size == 7", true),
            ("headers['x-a'] == '1'", true),
            ("body.startsWith('te')", true),
        ] {
            check(source, push.clone(), Ok(holds));
        }
    }

    #[test]
    fn a_missing_field_is_null_and_no_error() {
        let empty = json!({});
        check("payload.repository.private == false", empty.clone(), Ok(false));
        check("payload.repository.private != true", empty.clone(), Ok(true));
        check("payload.flag", empty.clone(), Ok(false));
        check("has(payload.repository)", empty.clone(), Ok(false));
        check("payload.a.b == null", json!({"a": null}), Ok(true));
        check("payload.x > 3", empty, Err(()));
    }

    #[test]
    fn a_condition_must_be_one() {
        for source in ["payload.", "==", "", "unknown.x == 1", "1 +", &"(".repeat(500), &"a".repeat(5000)] {
            assert!(Condition::compile(source).is_err(), "{source}");
        }
        check("'text'", json!({}), Err(()));
    }
}
