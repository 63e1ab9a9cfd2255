//! Which operators can never be right.

use super::super::arithmetic::kinds;
use super::super::ast::{Expr, Operator, Span};
use super::super::eval::excerpt;
use super::super::kinds::Kinds;
use super::super::lexer::Mistake;
use super::{Checked, Checker, Known};

/// What can be ordered, each with its like alone.
const ORDERED: [Kinds; 6] = [Kinds::NUMBER, Kinds::TEXT, Kinds::BYTES, Kinds::BOOL, Kinds::TIME, Kinds::DURATION];

impl Checker<'_> {
    /// What operators of one rank make, worked off from the left.
    pub(super) fn chain(&mut self, first: &Expr, rest: &[(Operator, Expr)]) -> Checked {
        let mut left = self.known(first)?;
        let mut span = first.span;
        for (operator, expr) in rest {
            let right = self.known(expr)?;
            left = self.operate(*operator, (left, span), (right, expr.span))?;
            span = span.to(expr.span);
        }
        Ok(left)
    }

    /// What one operator makes of two values.
    fn operate(&self, operator: Operator, a: (Known, Span), b: (Known, Span)) -> Checked {
        let (left, right) = (a.0.kinds, b.0.kinds);
        match operator {
            Operator::Equal | Operator::NotEqual => {
                if !left.with_numbers().meets(right.with_numbers()) {
                    return Err(self.never(operator, a, b, "they are never equal"));
                }
            }
            Operator::In => self.within(a, b)?,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                if !ORDERED.iter().any(|kinds| left.meets(*kinds) && right.meets(*kinds)) {
                    let what = format!("{} does not take these together", operator.mark());
                    return Err(self.never(operator, a, b, &what));
                }
            }
            _ => {
                let made = kinds(operator, left, right);
                if made == Kinds::NONE {
                    let what = format!("{} does not take these together", operator.mark());
                    return Err(self.never(operator, a, b, &what));
                }
                return Ok(Known::of(made.or(left.or(right).and(Kinds::NULL))));
            }
        }
        Ok(Known::of(Kinds::BOOL))
    }

    /// Checks what `in` looks for, and where.
    fn within(&self, a: (Known, Span), b: (Known, Span)) -> Result<(), Mistake> {
        let (left, right) = (a.0.kinds, b.0.kinds);
        if right.meets(Kinds::TEXT) && !right.meets(Kinds::LIST.or(Kinds::MAP)) {
            let (part, whole) = (excerpt(self.source, a.1), excerpt(self.source, b.1));
            let what =
                format!("`{whole}` is a text, and `in` looks into lists and maps; write `{whole}.contains({part})`");
            return Err(Mistake::new(a.1.to(b.1), what));
        }
        self.must_be(b.1, right, Kinds::LIST.or(Kinds::MAP))?;
        if right == Kinds::LIST && !left.with_numbers().meets(b.0.entries.with_numbers()) {
            let (part, whole) = (excerpt(self.source, a.1), excerpt(self.source, b.1));
            let what = match b.0.entries {
                Kinds::NONE => format!("`{whole}` is empty, so nothing is in it"),
                entries => format!("`{part}` is {} and each entry of `{whole}` {}", left.words(), entries.words()),
            };
            return Err(Mistake::new(a.1.to(b.1), what));
        }
        Ok(())
    }

    /// The mistake where two values never go together; a hyphen that was meant as part of a name is pointed out.
    fn never(&self, operator: Operator, a: (Known, Span), b: (Known, Span), what: &str) -> Mistake {
        let part =
            |(known, span): (Known, Span)| format!("`{}` is {}", excerpt(self.source, span), known.kinds.words());
        let (left, right) = (part(a), part(b));
        let span = a.1.to(b.1);
        let is_name = operator == Operator::Subtract && a.1.to + 1 == b.1.from;
        let name = self.source.get(span.from..span.to).and_then(|text| text.rsplit('.').next());
        match name.filter(|_| is_name) {
            Some(name) => Mistake::new(span, format!("a name with a hyphen stands in brackets: `['{name}']`")),
            None => Mistake::new(span, format!("{left} and {right}: {what}")),
        }
    }
}
