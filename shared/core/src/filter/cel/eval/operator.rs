//! Operators between values.

use std::cmp::Ordering;

use super::super::arithmetic::combine;
use super::super::ast::{Expr, Operator, Span};
use super::super::compare::{has, order, same, weigh};
use super::super::kinds::Kinds;
use super::super::value::Value;
use super::{Evaluator, Failure, Found, excerpt, named};

impl<'a> Evaluator<'a> {
    /// Works operators of one rank off, from the left.
    pub(super) fn chain(&mut self, first: &'a Expr, rest: &'a [(Operator, Expr)]) -> Found<'a> {
        let mut left = self.value(first)?;
        let mut span = first.span;
        for (operator, right_expr) in rest {
            let right = self.value(right_expr)?;
            self.meter.step(1).map_err(|e| e.at(span))?;
            left = self.operate(*operator, (&left, span), (&right, right_expr.span))?;
            span = span.to(right_expr.span);
        }
        Ok(left)
    }

    /// One operator between two values.
    fn operate(&self, operator: Operator, a: (&Value<'a>, Span), b: (&Value<'a>, Span)) -> Found<'a> {
        let whole = a.1.to(b.1);
        match operator {
            Operator::Equal | Operator::NotEqual => {
                let equal = same(a.0, b.0, self.meter).map_err(|e| e.at(whole))?;
                Ok(Value::Bool(equal == (operator == Operator::Equal)))
            }
            Operator::In => match has(b.0, a.0, self.meter).map_err(|e| e.at(whole))? {
                Some(found) => Ok(Value::Bool(found)),
                None => Err(self.is_no(b.1, b.0, Kinds::LIST.or(Kinds::MAP))),
            },
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                self.compare(operator, a, b)
            }
            _ if self.is_missing(a) || self.is_missing(b) => Ok(Value::Null),
            _ => {
                let made = combine(operator, a.0, b.0, self.meter).map_err(|trouble| trouble.at(whole))?;
                made.ok_or_else(|| self.mismatch(operator, a, b))
            }
        }
    }

    /// Whether one value comes before another; null comes neither before nor behind anything.
    fn compare(&self, operator: Operator, a: (&Value<'a>, Span), b: (&Value<'a>, Span)) -> Found<'a> {
        if self.is_missing(a) || self.is_missing(b) {
            return Ok(Value::Bool(false));
        }
        let length = |value: &Value<'_>| match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        let read = self.meter.read(length(a.0).min(length(b.0)));
        read.and_then(|()| weigh(a.0, b.0, self.meter)).map_err(|e| e.at(a.1.to(b.1)))?;
        let Ok(order) = order(a.0, b.0) else {
            return Err(self.mismatch(operator, a, b));
        };
        Ok(Value::Bool(order.is_some_and(|order| match operator {
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Greater => order == Ordering::Greater,
            _ => order != Ordering::Less,
        })))
    }

    /// Whether a value is null, which is remembered as what was missing.
    fn is_missing(&self, value: (&Value<'_>, Span)) -> bool {
        if value.0.is_null() {
            self.meter.miss(value.1);
        }
        value.0.is_null()
    }

    /// `-a`
    pub(super) fn minus(&mut self, odd: bool, of: &'a Expr) -> Found<'a> {
        let value = self.value(of)?;
        match value {
            _ if self.is_missing((&value, of.span)) => Ok(Value::Null),
            Value::Int(whole) if odd => {
                let turned = whole.checked_neg().map(Value::Int);
                turned.ok_or_else(|| Failure::new(of.span, "the result does not fit 64 bits"))
            }
            Value::Double(real) if odd => Ok(Value::Double(-real)),
            Value::Int(_) | Value::Double(_) => Ok(value),
            Value::Uint(_) | Value::Big(_) => {
                Err(Failure::new(of.span, "a number without a sign, or beyond 64 bits, cannot be turned round"))
            }
            other => Err(self.is_no(of.span, &other, Kinds::NUMBER)),
        }
    }

    /// The failure where an operator does not take two values together.
    fn mismatch(&self, operator: Operator, a: (&Value<'_>, Span), b: (&Value<'_>, Span)) -> Failure {
        let part =
            |(value, span): (&Value<'_>, Span)| format!("`{}` is {}", excerpt(self.source, span), named(value.kind()));
        let what = format!("{} and {}; {} does not take these together", part(a), part(b), operator.mark());
        Failure::new(a.1.to(b.1), what)
    }
}

impl Operator {
    /// The operator as it is written.
    pub(in crate::filter::cel) const fn mark(self) -> &'static str {
        match self {
            Self::Add => "`+`",
            Self::Subtract => "`-`",
            Self::Multiply => "`*`",
            Self::Divide => "`/`",
            Self::Remainder => "`%`",
            Self::Less => "`<`",
            Self::LessOrEqual => "`<=`",
            Self::Greater => "`>`",
            Self::GreaterOrEqual => "`>=`",
            Self::Equal => "`==`",
            Self::NotEqual => "`!=`",
            Self::In => "`in`",
        }
    }
}
