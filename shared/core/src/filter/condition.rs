//! Conditions in CEL, the Common Expression Language.

use std::fmt;

use super::cel::{Evaluator, Expr, Failure, Meter, Mistake, Value, check, excerpt, parse};
use super::variables::Variables;

/// The longest condition, in bytes.
pub const LONGEST_CONDITION: usize = 4096;

/// A compiled condition over `event`, `hook`, `payload`, `headers`, `body`, `webhook` and `cloudevent`.
pub struct Condition {
    source: String,
    expr: Expr,
}

/// The text is not a condition, or one that could never hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCondition(String);

/// Whether a condition holds for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It does.
    Holds,
    /// It does not; with the part of it that was null where a value was asked for, if there was one.
    Fails(Option<String>),
    /// It cannot be decided: which part of it met what. No value of the event is in it.
    Unclear(String),
    /// It was ended at a bound: which part of it reached which.
    Beyond(String),
}

impl Condition {
    /// Compiles a condition, and refuses what can never hold: unknown names, functions and fields, kinds of values that
    /// never go together, and what is beyond the bounds for whatever event.
    pub fn compile(source: &str) -> Result<Self, BadCondition> {
        let condition = Self::stored(source)?;
        check(&condition.expr, source).map_err(|mistake| BadCondition::at(source, &mistake))?;
        match condition.run(&Variables::default(), &Meter::default()) {
            Err(failure) if failure.is_final => {
                let what = failure.what.replace(" on this event", ", whatever the event");
                Err(BadCondition::at(source, &Mistake { span: failure.span, what }))
            }
            _ => Ok(condition),
        }
    }

    /// Reads a condition that was compiled before it was saved, perhaps by a version that refused less: what can never
    /// hold is left to each event.
    pub fn stored(source: &str) -> Result<Self, BadCondition> {
        if source.len() > LONGEST_CONDITION {
            let length = source.len();
            let what = format!("a condition may be {LONGEST_CONDITION} bytes long, this one has {length}");
            return Err(BadCondition(what));
        }
        let expr = parse(source).map_err(|mistake| BadCondition::at(source, &mistake))?;
        Ok(Self { source: source.to_owned(), expr })
    }

    /// Whether the condition holds for an event.
    ///
    /// A field that is not there is null, and null counts as false.
    pub fn decide(&self, variables: &Variables<'_>) -> Decision {
        let meter = Meter::default();
        match self.run(variables, &meter) {
            Ok(true) => Decision::Holds,
            Ok(false) => Decision::Fails(meter.missed().map(|span| excerpt(&self.source, span))),
            Err(failure) if failure.is_final => Decision::Beyond(self.explain(&failure)),
            Err(failure) => Decision::Unclear(self.explain(&failure)),
        }
    }

    /// Evaluates the condition within the bounds of a meter.
    fn run(&self, variables: &Variables<'_>, meter: &Meter) -> Result<bool, Failure> {
        match Evaluator::new(&self.source, variables, meter).value(&self.expr)? {
            Value::Bool(holds) => Ok(holds),
            Value::Null => {
                meter.miss(self.expr.span);
                Ok(false)
            }
            other => Err(Failure {
                span: self.expr.span,
                what: format!("it is {}, neither true nor false", other.kind().words()),
                is_final: false,
            }),
        }
    }

    /// Which part of the condition met what.
    fn explain(&self, failure: &Failure) -> String {
        let part = excerpt(&self.source, failure.span);
        // Where the part is named in full in what is wrong with it, once is enough.
        if failure.what.starts_with(&format!("`{part}` is")) {
            return failure.what.clone();
        }
        format!("`{part}`: {}", failure.what)
    }
}

impl BadCondition {
    /// A mistake, with where it is where the text does not say it at once.
    fn at(source: &str, mistake: &Mistake) -> Self {
        let Mistake { span, what } = mistake;
        let before = source.get(..span.from).unwrap_or_default();
        let (line, column) =
            (before.matches('\n').count() + 1, before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1);
        let place = match line {
            1 => format!("character {column}"),
            line => format!("line {line}, character {column}"),
        };
        let part = excerpt(source, *span);
        let is_named = part.is_empty() || what.contains(&format!("`{part}`"));
        Self(if is_named { format!("{place}: {what}") } else { format!("{place}, `{part}`: {what}") })
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition").field("source", &self.source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
