//! Which calls can never be right.

use super::super::ast::{Call, Literal, Macro, MacroKind, Span};
use super::super::eval::excerpt;
use super::super::functions::{OfNull, Trouble, zone};
use super::super::kinds::Kinds;
use super::super::lexer::Mistake;
use super::super::meter::Meter;
use super::super::value::Value;
use super::{Checked, Checker, Known, written};

impl Checker<'_> {
    /// What a function gives; a method is called on what stands before it.
    pub(super) fn call(&mut self, call: &Call, receiver: Option<(Known, Span)>, span: Span) -> Checked {
        let is_method = receiver.is_some();
        let mut args: Vec<(Known, Span)> = receiver.into_iter().collect();
        for arg in &call.args {
            args.push((self.known(arg)?, arg.span));
        }
        let function = call.function;
        let mut may_be_null = false;
        for (at, (known, span)) in args.iter().enumerate() {
            may_be_null |= known.kinds.meets(Kinds::NULL);
            if !known.kinds.meets(function.takes(at)) {
                let part = excerpt(self.source, *span);
                let what = format!(
                    "`{part}` is {}, and `{}` takes {}",
                    known.kinds.words(),
                    function.name,
                    function.takes(at).words()
                );
                return Err(Mistake::new(*span, what));
            }
        }
        if is_method
            && function.name.starts_with("get")
            && let Some(arg) = call.args.first()
            && let Some(Literal::Text(name)) = written(arg)
            && zone(name).is_none()
        {
            return Err(Mistake::new(arg.span, "a time zone is `'UTC'` or an offset such as `'+02:00'`"));
        }
        if !is_method {
            self.try_out(call, span)?;
        }
        let null = if may_be_null && function.of_null == OfNull::Null { Kinds::NULL } else { Kinds::NONE };
        let entries = if function.name == "split" { Kinds::TEXT } else { Kinds::ANY };
        Ok(Known { kinds: function.result.or(null), entries })
    }

    /// Calls a function whose arguments are all written out, to see whether it can.
    fn try_out(&self, call: &Call, span: Span) -> Result<(), Mistake> {
        let args: Option<Vec<Value<'_>>> = call.args.iter().map(|arg| written(arg).map(Value::literal)).collect();
        let Some(args) = args.filter(|args| !args.iter().any(Value::is_null)) else {
            return Ok(());
        };
        match (call.function.run)(&Meter::default(), &args) {
            Err(Trouble::Wrong(what)) => {
                Err(Mistake::new(span, format!("`{}` always fails: {what}", excerpt(self.source, span))))
            }
            _ => Ok(()),
        }
    }

    /// What a macro makes of what stands before it.
    pub(super) fn macro_over(&mut self, of: &Macro, range: Known, span: Span) -> Checked {
        self.must_be(span, range.kinds, Kinds::LIST.or(Kinds::MAP))?;
        let entry = if range.entries == Kinds::NONE { Kinds::ANY } else { range.entries };
        self.locals.push(entry);
        let made = match (of.kind, &of.result) {
            (MacroKind::Map, None) => Known { kinds: Kinds::LIST, entries: self.known(&of.body)?.kinds },
            (MacroKind::Map, Some(result)) => {
                self.truth(&of.body)?;
                Known { kinds: Kinds::LIST, entries: self.known(result)?.kinds }
            }
            (MacroKind::Filter, _) => {
                self.truth(&of.body)?;
                Known { kinds: Kinds::LIST, entries: range.entries }
            }
            _ => {
                self.truth(&of.body)?;
                Known::of(Kinds::BOOL)
            }
        };
        self.locals.pop();
        Ok(made)
    }
}
