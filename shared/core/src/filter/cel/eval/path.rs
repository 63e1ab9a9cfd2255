//! Paths: fields, entries, methods and macros.

use std::rc::Rc;

use super::super::ast::{Call, Expr, ExprKind, Macro, MacroKind, Span, Step, StepKind};
use super::super::compare::{get, keys};
use super::super::functions::OfNull;
use super::super::kinds::Kinds;
use super::super::value::{List, Value};
use super::{Evaluator, Failure, Found};

impl<'a> Evaluator<'a> {
    /// The value at the end of a path.
    pub(super) fn path(&mut self, base: &'a Expr, steps: &'a [Step]) -> Found<'a> {
        let (mut value, mut span, rest) = match (&base.kind, steps.split_first()) {
            (ExprKind::Variable(root), Some((Step { kind: StepKind::Field(name), to }, rest))) => {
                let span = Span { from: base.span.from, to: *to };
                let value = self.variables.field(*root, name, self.meter).map_err(|e| e.at(span))?;
                (value.unwrap_or(Value::Null), span, rest)
            }
            _ => (self.value(base)?, base.span, steps),
        };
        for step in rest {
            let next = Span { from: span.from, to: step.to };
            value = match &step.kind {
                StepKind::Call(call) => self.call(call, Some((value, span)), next)?,
                StepKind::Macro(r#macro) => self.run_macro(r#macro, &value, span)?,
                field => self.pick(&value, field, next)?.unwrap_or(Value::Null),
            };
            span = next;
        }
        Ok(value)
    }

    /// `has(a.b)`: whether the last step leads to something; a key whose value is null is there.
    pub(super) fn has(&mut self, of: &'a Expr) -> Found<'a> {
        let ExprKind::Path { base, steps } = &of.kind else {
            return Ok(Value::Bool(false));
        };
        let Some((last, before)) = steps.split_last() else {
            return Ok(Value::Bool(false));
        };
        let found = match (&base.kind, before, &last.kind) {
            (ExprKind::Variable(root), [], StepKind::Field(name)) => {
                self.variables.field(*root, name, self.meter).map_err(|e| e.at(of.span))?
            }
            (_, before, last) => {
                let value = if before.is_empty() { self.value(base)? } else { self.path(base, before)? };
                self.pick(&value, last, of.span)?
            }
        };
        Ok(Value::Bool(found.is_some()))
    }

    /// The field or the entry of a value, if it has it.
    fn pick(&mut self, value: &Value<'a>, step: &'a StepKind, span: Span) -> Result<Option<Value<'a>>, Failure> {
        self.meter.step(1).map_err(|e| e.at(span))?;
        let index = match step {
            StepKind::Field(name) => Value::text(name),
            StepKind::Index(index) => self.value(index)?,
            StepKind::Call(_) | StepKind::Macro(_) => return Ok(None),
        };
        match value {
            Value::Map(map) => get(map, &index, self.meter).map_err(|e| e.at(span)),
            Value::List(list) => Ok(place(&index).and_then(|at| list.get(at))),
            _ => Ok(None),
        }
    }

    /// Calls a function; a method with what stands before it.
    pub(super) fn call(&mut self, call: &'a Call, receiver: Option<(Value<'a>, Span)>, span: Span) -> Found<'a> {
        self.meter.step(1).map_err(|e| e.at(span))?;
        let mut args = Vec::with_capacity(call.args.len() + 1);
        let mut null = None;
        let spans = receiver.as_ref().map(|(_, span)| *span).into_iter().chain(call.args.iter().map(|arg| arg.span));
        args.extend(receiver.map(|(value, _)| value));
        for arg in &call.args {
            args.push(self.value(arg)?);
        }
        for (at, (value, span)) in args.iter().zip(spans).enumerate() {
            let takes = call.function.takes(at);
            if value.is_null() && call.function.of_null != OfNull::Seen {
                null = null.or(Some(span));
            } else if !value.kind().meets(takes) {
                return Err(self.is_no(span, value, takes));
            }
        }
        if let Some(missing) = null {
            self.meter.miss(missing);
            return Ok(match call.function.of_null {
                OfNull::Null | OfNull::Seen => Value::Null,
                OfNull::False => Value::Bool(false),
                OfNull::Zero => Value::Int(0),
            });
        }
        if let (Some(pattern), Some(text)) = (&call.pattern, args.first().and_then(Value::as_str)) {
            return pattern.is_in(text, self.meter).map(Value::Bool).map_err(|e| e.at(span));
        }
        (call.function.run)(self.meter, &args).map_err(|trouble| trouble.at(span))
    }

    /// Goes through a list, or through the keys of a map; null has none.
    fn run_macro(&mut self, of: &'a Macro, range: &Value<'a>, span: Span) -> Found<'a> {
        let entries = match range {
            Value::List(list) => list.clone(),
            Value::Map(map) => List::Made(Rc::new(keys(map, self.meter).map_err(|e| e.at(span))?)),
            Value::Null => List::Borrowed(&[]),
            other => return Err(self.is_no(span, other, Kinds::LIST.or(Kinds::MAP))),
        };
        let outer = self.locals.len();
        let found = match of.kind {
            MacroKind::All => self.any(of, &entries, false),
            MacroKind::Exists => self.any(of, &entries, true),
            MacroKind::ExistsOne => self.one(of, &entries),
            MacroKind::Filter | MacroKind::Map => self.collect(of, &entries),
        };
        self.locals.truncate(outer);
        found
    }

    /// The value of a macro's expression for one entry.
    fn with(&mut self, entry: Value<'a>, expr: &'a Expr) -> Found<'a> {
        let outer = self.locals.len();
        self.locals.push(entry);
        let value = self.value(expr);
        self.locals.truncate(outer);
        value
    }

    /// Whether a macro's condition holds for one entry.
    fn holds_with(&mut self, entry: Value<'a>, expr: &'a Expr) -> Result<bool, Failure> {
        let value = self.with(entry, expr)?;
        self.is_true(&value, expr.span)
    }

    /// `exists`, and with the other decisive value `all`: that value wins over failures.
    fn any(&mut self, of: &'a Macro, entries: &List<'a>, decisive: bool) -> Found<'a> {
        let mut failure = None;
        for entry in entries.iter() {
            match self.holds_with(entry, &of.body) {
                Ok(holds) if holds == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(e) if e.is_final => return Err(e),
                Err(e) => failure = failure.or(Some(e)),
            }
        }
        failure.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    /// `exists_one`
    fn one(&mut self, of: &'a Macro, entries: &List<'a>) -> Found<'a> {
        let mut count = 0;
        for entry in entries.iter() {
            count += usize::from(self.holds_with(entry, &of.body)?);
        }
        Ok(Value::Bool(count == 1))
    }

    /// `filter` and `map`
    fn collect(&mut self, of: &'a Macro, entries: &List<'a>) -> Found<'a> {
        let mut list = self.meter.keep(Vec::new(), 0).map_err(|e| e.at(of.body.span))?;
        for entry in entries.iter() {
            let value = match (of.kind, &of.result) {
                (MacroKind::Map, None) => self.with(entry, &of.body)?,
                (_, result) if self.holds_with(entry.clone(), &of.body)? => match result {
                    Some(result) => self.with(entry, result)?,
                    None => entry,
                },
                _ => continue,
            };
            list.push(value).map_err(|e| e.at(of.body.span))?;
        }
        Ok(Value::List(List::Made(Rc::new(list))))
    }
}

/// The place in a list that a value says.
fn place(index: &Value<'_>) -> Option<usize> {
    match index {
        Value::Int(at) => usize::try_from(*at).ok(),
        Value::Uint(at) => usize::try_from(*at).ok(),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and no list is longer")]
        Value::Double(at) if at.fract() == 0.0 && *at >= 0.0 && *at < 1e9 => Some(*at as usize),
        _ => None,
    }
}
