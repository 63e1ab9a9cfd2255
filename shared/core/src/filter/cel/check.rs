//! Finds what can never hold before it is saved: kinds of values that no operator or function takes together, and
//! fields that no event has.

mod call;
mod operator;

use super::ast::{Expr, ExprKind, Literal, Root, Span, Step, StepKind};
use super::eval::excerpt;
use super::kinds::Kinds;
use super::lexer::Mistake;
use super::names::suggestion;
use super::value::Value;

/// What is known of an expression before there is an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// What it may be.
    kinds: Kinds,
    /// What its entries may be: those of a list, the keys and values of a map.
    entries: Kinds,
}

/// A check at work.
struct Checker<'s> {
    source: &'s str,
    /// What the variables of the macros around may be, outermost first.
    locals: Vec<Kinds>,
}

/// What a part of a condition comes to.
type Checked = Result<Known, Mistake>;

/// What a condition may be where a truth is asked for; null counts as false.
const TRUTH: Kinds = Kinds::BOOL.or(Kinds::NULL);

/// Checks a whole condition: that its parts fit together, and that it may be true.
pub(in crate::filter) fn check(expr: &Expr, source: &str) -> Result<(), Mistake> {
    let mut checker = Checker { source, locals: Vec::new() };
    let kinds = checker.known(expr)?.kinds;
    if kinds == Kinds::NULL {
        return Err(Mistake::new(expr.span, "it is always null, so it never holds"));
    }
    checker.must_be(expr.span, kinds, Kinds::BOOL)
}

impl Known {
    /// Something whose entries may be anything.
    const fn of(kinds: Kinds) -> Self {
        Self { kinds, entries: Kinds::ANY }
    }
}

impl Checker<'_> {
    /// What an expression may be.
    fn known(&mut self, expr: &Expr) -> Checked {
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(Known::of(Value::literal(literal).kind())),
            ExprKind::Variable(root) => Ok(variable(*root)),
            ExprKind::Local(at) => Ok(Known::of(self.locals.get(*at).copied().unwrap_or(Kinds::ANY))),
            ExprKind::List(entries) => self.list(entries),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                parts.iter().try_for_each(|part| self.truth(part))?;
                Ok(Known::of(Kinds::BOOL))
            }
            ExprKind::Choice { cases, otherwise } => self.choice(cases, otherwise),
            ExprKind::Not { of, .. } => {
                self.truth(of)?;
                Ok(Known::of(Kinds::BOOL))
            }
            ExprKind::Minus { of, .. } => {
                let kinds = self.known(of)?.kinds;
                self.must_be(of.span, kinds, Kinds::NUMBER)?;
                Ok(Known::of(kinds.and(Kinds::NUMBER.or(Kinds::NULL))))
            }
            ExprKind::Chain { first, rest } => self.chain(first, rest),
            ExprKind::Path { base, steps } => self.path(base, steps),
            ExprKind::Has(of) => {
                self.known(of)?;
                Ok(Known::of(Kinds::BOOL))
            }
            ExprKind::Call(call) => self.call(call, None, expr.span),
        }
    }

    /// Checks that an expression may be true or false.
    fn truth(&mut self, expr: &Expr) -> Result<(), Mistake> {
        let kinds = self.known(expr)?.kinds;
        self.must_be(expr.span, kinds, TRUTH)
    }

    /// Checks that a part may be what is asked for.
    fn must_be(&self, span: Span, kinds: Kinds, wanted: Kinds) -> Result<(), Mistake> {
        if kinds.meets(wanted) {
            return Ok(());
        }
        let part = excerpt(self.source, span);
        let wanted = if wanted.meets(Kinds::BOOL) && wanted.without(TRUTH) == Kinds::NONE {
            "neither true nor false".to_owned()
        } else {
            format!("not {}", wanted.words())
        };
        Err(Mistake::new(span, format!("`{part}` is {}, {wanted}", kinds.words())))
    }

    /// What `[a, b]` is.
    fn list(&mut self, entries: &[Expr]) -> Checked {
        let mut kinds = Kinds::NONE;
        for entry in entries {
            kinds = kinds.or(self.known(entry)?.kinds);
        }
        Ok(Known { kinds: Kinds::LIST, entries: kinds })
    }

    /// What `{a: b}` is.
    fn map(&mut self, entries: &[(Expr, Expr)]) -> Checked {
        const KEYS: Kinds = Kinds::TEXT.or(Kinds::BOOL).or(Kinds::INT).or(Kinds::UINT);
        for (key, value) in entries {
            let kinds = self.known(key)?.kinds;
            self.must_be(key.span, kinds, KEYS)?;
            self.known(value)?;
        }
        Ok(Known::of(Kinds::MAP))
    }

    /// What `a ? b : c` is.
    fn choice(&mut self, cases: &[(Expr, Expr)], otherwise: &Expr) -> Checked {
        let mut kinds = Kinds::NONE;
        for (condition, value) in cases {
            self.truth(condition)?;
            kinds = kinds.or(self.known(value)?.kinds);
        }
        Ok(Known::of(kinds.or(self.known(otherwise)?.kinds)))
    }

    /// What is at the end of a path.
    fn path(&mut self, base: &Expr, steps: &[Step]) -> Checked {
        let mut known = self.known(base)?;
        let mut span = base.span;
        let mut root = if let ExprKind::Variable(root) = base.kind { Some(root) } else { None };
        for step in steps {
            let next = Span { from: span.from, to: step.to };
            known = match (&step.kind, root) {
                (StepKind::Field(name), Some(root)) => self.field_of(root, name, next)?,
                (StepKind::Field(name), None) => self.field(known, name, span, next)?,
                (StepKind::Index(index), _) => self.index(known, index, span)?,
                (StepKind::Call(call), _) => self.call(call, Some((known, span)), next)?,
                (StepKind::Macro(of), _) => self.macro_over(of, known, span)?,
            };
            root = None;
            span = next;
        }
        Ok(known)
    }

    /// What the field of a variable is.
    fn field_of(&self, root: Root, name: &str, span: Span) -> Checked {
        let variable = root.name();
        if root == Root::Body {
            let what = format!("`body` is a text and has no fields; did you mean `payload.{name}`?");
            return Err(Mistake::new(span, what));
        }
        let Some(fields) = root.fields() else {
            let kinds = if root == Root::Headers { Kinds::TEXT.or(Kinds::NULL) } else { Kinds::ANY };
            return Ok(Known::of(kinds));
        };
        match fields.iter().find(|(field, _)| *field == name) {
            Some((_, kinds)) => Ok(Known::of(*kinds)),
            None => Err(Mistake::new(span, no_field(variable, name, fields))),
        }
    }

    /// What a field is of what stands before it.
    fn field(&self, known: Known, name: &str, before: Span, span: Span) -> Checked {
        if known.kinds.meets(Kinds::MAP) {
            return Ok(Known::of(Kinds::ANY));
        }
        let before = excerpt(self.source, before);
        let what = format!("`{before}` is {} and has no field `{name}`", known.kinds.words());
        Err(Mistake::new(span, what))
    }

    /// What an entry is of what stands before its brackets.
    fn index(&mut self, known: Known, index: &Expr, before: Span) -> Checked {
        self.known(index)?;
        if known.kinds.meets(Kinds::TEXT) && !known.kinds.meets(Kinds::LIST.or(Kinds::MAP)) {
            let part = excerpt(self.source, before);
            let what = format!("`{part}` is a text and has no entries; a character of it is `{part}.charAt(0)`");
            return Err(Mistake::new(before, what));
        }
        self.must_be(before, known.kinds, Kinds::LIST.or(Kinds::MAP))?;
        Ok(Known::of(known.entries.or(Kinds::NULL)))
    }
}

/// What a variable is.
const fn variable(root: Root) -> Known {
    match root {
        Root::Event | Root::Hook | Root::Webhook => Known::of(Kinds::MAP),
        Root::Headers => Known { kinds: Kinds::MAP, entries: Kinds::TEXT },
        Root::Payload => Known::of(Kinds::ANY),
        Root::Body => Known::of(Kinds::TEXT),
        Root::CloudEvent => Known::of(Kinds::MAP.or(Kinds::NULL)),
    }
}

/// What to say of a field that a variable has not.
pub(in crate::filter) fn no_field(variable: &str, name: &str, fields: &'static [(&'static str, Kinds)]) -> String {
    let known = fields.iter().map(|(field, _)| *field);
    format!("`{variable}` has no field `{name}`; {}", suggestion(name, known))
}

/// Whether an expression is written out, so that its value is known.
const fn written(expr: &Expr) -> Option<&Literal> {
    if let ExprKind::Literal(literal) = &expr.kind { Some(literal) } else { None }
}
