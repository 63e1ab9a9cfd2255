//! Evaluates a condition.

mod operator;
mod path;

use std::rc::Rc;

use super::super::variables::Variables;
use super::ast::{Expr, ExprKind, Span};
use super::compare::get;
use super::functions::Trouble;
use super::kinds::Kinds;
use super::meter::{Exceeded, Meter};
use super::value::{List, Map, Value};

/// An evaluation at work.
pub(in crate::filter) struct Evaluator<'a> {
    source: &'a str,
    variables: &'a Variables<'a>,
    meter: &'a Meter,
    /// The values of the macros' variables, outermost first.
    locals: Vec<Value<'a>>,
}

/// Why a part of a condition has no value; it says nothing of what is in a payload but kinds.
#[derive(Debug)]
pub(in crate::filter) struct Failure {
    /// The part.
    pub span: Span,
    /// What it met.
    pub what: String,
    /// Whether a bound was reached, which no `||` or `&&` may pass over.
    pub is_final: bool,
}

/// What a part of a condition comes to.
type Found<'a> = Result<Value<'a>, Failure>;

impl Failure {
    /// A failure of a part.
    fn new(span: Span, what: impl Into<String>) -> Self {
        Self { span, what: what.into(), is_final: false }
    }
}

impl Exceeded {
    /// The failure of the part in which a bound was reached.
    fn at(self, span: Span) -> Failure {
        Failure { span, what: format!("the condition {self} on this event"), is_final: true }
    }
}

impl Trouble {
    /// The failure of a call or an operator.
    fn at(self, span: Span) -> Failure {
        match self {
            Self::Exceeded(exceeded) => exceeded.at(span),
            Self::Wrong(what) => Failure::new(span, what),
        }
    }
}

impl<'a> Evaluator<'a> {
    /// An evaluation of a condition whose text is `source`.
    pub(in crate::filter) const fn new(source: &'a str, variables: &'a Variables<'a>, meter: &'a Meter) -> Self {
        Self { source, variables, meter, locals: Vec::new() }
    }

    /// The value of an expression.
    pub(in crate::filter) fn value(&mut self, expr: &'a Expr) -> Found<'a> {
        self.meter.step(1).map_err(|e| e.at(expr.span))?;
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(Value::literal(literal)),
            ExprKind::Variable(root) => self.variables.whole(*root, self.meter).map_err(|e| e.at(expr.span)),
            ExprKind::Local(at) => Ok(self.locals.get(*at).cloned().unwrap_or(Value::Null)),
            ExprKind::List(entries) => self.list(entries, expr.span),
            ExprKind::Map(entries) => self.map(entries, expr.span),
            ExprKind::And(parts) => self.decide(parts, false),
            ExprKind::Or(parts) => self.decide(parts, true),
            ExprKind::Choice { cases, otherwise } => self.choice(cases, otherwise),
            ExprKind::Not { odd, of } => Ok(Value::Bool(self.truth(of)? != *odd)),
            ExprKind::Minus { odd, of } => self.minus(*odd, of),
            ExprKind::Chain { first, rest } => self.chain(first, rest),
            ExprKind::Path { base, steps } => self.path(base, steps),
            ExprKind::Has(of) => self.has(of),
            ExprKind::Call(call) => self.call(call, None, expr.span),
        }
    }

    /// Whether an expression holds; null counts as false.
    fn truth(&mut self, expr: &'a Expr) -> Result<bool, Failure> {
        let value = self.value(expr)?;
        self.is_true(&value, expr.span)
    }

    /// Whether a value is true; null counts as false.
    fn is_true(&self, value: &Value<'_>, span: Span) -> Result<bool, Failure> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            Value::Null => {
                self.meter.miss(span);
                Ok(false)
            }
            other => Err(self.is_no(span, other, Kinds::BOOL)),
        }
    }

    /// `&&` or `||`: the one value that decides wins over failures, wherever it stands.
    fn decide(&mut self, parts: &'a [Expr], decisive: bool) -> Found<'a> {
        let mut failure = None;
        for part in parts {
            match self.truth(part) {
                Ok(holds) if holds == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(e) if e.is_final => return Err(e),
                Err(e) => failure = failure.or(Some(e)),
            }
        }
        failure.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    /// `a ? b : c`
    fn choice(&mut self, cases: &'a [(Expr, Expr)], otherwise: &'a Expr) -> Found<'a> {
        for (condition, value) in cases {
            if self.truth(condition)? {
                return self.value(value);
            }
        }
        self.value(otherwise)
    }

    /// `[a, b]`
    fn list(&mut self, entries: &'a [Expr], span: Span) -> Found<'a> {
        let mut list = self.meter.keep(Vec::new(), 0).map_err(|e| e.at(span))?;
        for entry in entries {
            let value = self.value(entry)?;
            list.push(value).map_err(|e| e.at(span))?;
        }
        Ok(Value::List(List::Made(Rc::new(list))))
    }

    /// `{a: b}`
    fn map(&mut self, entries: &'a [(Expr, Expr)], span: Span) -> Found<'a> {
        const KEYS: Kinds = Kinds::TEXT.or(Kinds::BOOL).or(Kinds::INT).or(Kinds::UINT);
        let mut map = Map::Made(Rc::new(self.meter.keep(Vec::new(), 0).map_err(|e| e.at(span))?));
        for (key_expr, value) in entries {
            let key = self.value(key_expr)?;
            if !key.kind().meets(KEYS) {
                return Err(self.is_no(key_expr.span, &key, KEYS));
            }
            if get(&map, &key, self.meter).map_err(|e| e.at(span))?.is_some() {
                return Err(Failure::new(key_expr.span, "the key is there twice"));
            }
            let value = self.value(value)?;
            if let Map::Made(made) = &mut map
                && let Some(made) = Rc::get_mut(made)
            {
                made.push((key, value)).map_err(|e| e.at(span))?;
            }
        }
        Ok(Value::Map(map))
    }

    /// The failure where a part is something else than it should be.
    fn is_no(&self, span: Span, found: &Value<'_>, wanted: Kinds) -> Failure {
        let part = excerpt(self.source, span);
        Failure::new(span, format!("`{part}` is {}, not {}", named(found.kind()), wanted.words()))
    }
}

/// A kind in words, where a value of it was met.
fn named(kind: Kinds) -> String {
    if kind == Kinds::BOOL { "a truth value".to_owned() } else { kind.words() }
}

/// A part of the source on one line, its middle left out where it is long.
pub(in crate::filter) fn excerpt(source: &str, span: Span) -> String {
    /// How many characters are shown of each end of a long part.
    const END: usize = 38;
    let text = source.get(span.from..span.to).unwrap_or_default();
    let line: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    if line.len() <= 2 * END + 3 {
        return line.into_iter().collect();
    }
    let (start, end) = (&line[..END], &line[line.len() - END..]);
    start.iter().chain(&[' ', '…', ' ']).chain(end).collect()
}
