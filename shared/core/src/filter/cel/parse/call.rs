//! Reads calls: functions, methods and macros.

use super::super::ast::{Call, Expr, ExprKind, Literal, Macro, MacroKind, Span, StepKind};
use super::super::functions::{self, Function, Pattern};
use super::super::lexer::{Mistake, TokenKind};
use super::super::names::suggestion;
use super::Parser;
use super::member::MACROS;

impl Parser<'_> {
    /// Reads a call of a function, from its opening parenthesis.
    pub(super) fn call(&mut self, name: &str, span: Span) -> Result<ExprKind, Mistake> {
        self.at += 1;
        if name == "has" {
            return self.has(span);
        }
        let Some(function) = functions::global(name) else {
            let what = match functions::method(name) {
                Some(_) => format!("`{name}` is a method: write `payload.field.{name}(…)`"),
                None if MACROS.iter().any(|(known, _)| *known == name) => {
                    format!("`{name}` goes through a list: write `payload.list.{name}(x, …)`")
                }
                None => format!("unknown function `{name}`; {}", suggestion(name, functions::names(false))),
            };
            return Err(Mistake::new(span, what));
        };
        let args = self.entries(")")?;
        self.finish(function, args, 0, span).map(ExprKind::Call)
    }

    /// Reads a call of a method, from behind its opening parenthesis.
    pub(super) fn method(&mut self, name: &str, span: Span) -> Result<Call, Mistake> {
        let Some(function) = functions::method(name) else {
            let known = functions::names(true).chain(MACROS.iter().map(|(name, _)| *name));
            let what = match functions::global(name) {
                Some(_) => format!("`{name}` is no method: write `{name}(…)` around what it stands behind"),
                None if name == "has" => "write `has(payload.field)`".to_owned(),
                None => format!("unknown method `{name}`; {}", suggestion(name, known)),
            };
            return Err(Mistake::new(span, what));
        };
        let args = self.entries(")")?;
        self.finish(function, args, 1, span)
    }

    /// Checks how many arguments a function has, and compiles its pattern where one is written out.
    fn finish(
        &self,
        function: &'static Function,
        args: Vec<Expr>,
        receivers: usize,
        span: Span,
    ) -> Result<Call, Mistake> {
        let (least, most) = (function.least - receivers, function.most - receivers);
        if args.len() < least || args.len() > most {
            let wanted = match (least, most) {
                (1, 1) => "1 argument".to_owned(),
                (least, most) if least == most => format!("{least} arguments"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            let what = format!("`{}` takes {wanted}, not {}", function.name, args.len());
            return Err(Mistake::new(span.to(self.before()), what));
        }
        let pattern = match args.last() {
            Some(Expr { kind: ExprKind::Literal(Literal::Text(text)), span }) if function.name == "matches" => {
                Some(Pattern::compile(text).map_err(|what| Mistake::new(*span, what))?)
            }
            _ => None,
        };
        Ok(Call { function, args, pattern })
    }

    /// Reads what `has` asks for.
    fn has(&mut self, span: Span) -> Result<ExprKind, Mistake> {
        let args = self.entries(")")?;
        let mut args = args.into_iter();
        let field = args.next().filter(|_| args.next().is_none());
        let is_field = |expr: &Expr| {
            let ExprKind::Path { steps, .. } = &expr.kind else {
                return false;
            };
            steps.last().is_some_and(|last| matches!(last.kind, StepKind::Field(_) | StepKind::Index(_)))
        };
        match field {
            Some(field) if is_field(&field) => Ok(ExprKind::Has(Box::new(field))),
            _ => Err(Mistake::new(span.to(self.before()), "`has` takes one field: `has(payload.draft)`")),
        }
    }

    /// Reads a macro, from behind its opening parenthesis.
    pub(super) fn macro_of(&mut self, kind: MacroKind, name: &str, span: Span) -> Result<Macro, Mistake> {
        let local = match self.peek() {
            TokenKind::Name(local) if Self::can_name(local) && self.is_ahead(1, ",") => local.clone(),
            _ => {
                let what = format!("the first argument of `{name}` is a name for the entries: `{name}(x, x.id == 7)`");
                return Err(Mistake::new(span.to(self.span()), what));
            }
        };
        self.at += 2;
        self.locals.push(local);
        let body = self.expression()?;
        let result = if kind == MacroKind::Map && self.eats(",") { Some(Box::new(self.expression()?)) } else { None };
        self.locals.pop();
        let most = if kind == MacroKind::Map { "2 or 3 arguments" } else { "2 arguments" };
        self.expect(")", &format!("`)`, for `{name}` takes {most},"))?;
        Ok(Macro { kind, body, result })
    }
}
