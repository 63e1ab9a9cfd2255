//! Reads a condition: operators by rank, what stands between them in `member`.

mod call;
mod member;

use super::ast::{Expr, ExprKind, Literal, Operator, Span};
use super::lexer::{Mistake, Token, TokenKind, tokens};
use super::literal;

/// How deep an expression may nest: parentheses, arguments, indices, lists, maps and macros in one another.
const DEEPEST: usize = 64;

/// What is said of CEL's optional values.
const NO_OPTIONALS: &str = "optional values are not there: a missing field is null anyway";

/// The operators between values by rank, those that bind loosest first.
const RANKS: [&[(&str, Operator)]; 3] = [
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("in", Operator::In),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

/// A condition that is being read.
struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// The variables of the macros around, outermost first.
    locals: Vec<String>,
}

/// Reads a condition; names of variables, functions and macros are known when it returns.
pub(in crate::filter) fn parse(source: &str) -> Result<Expr, Mistake> {
    let tokens = tokens(source)?;
    let mut parser = Parser { source, tokens, at: 0, depth: 0, locals: Vec::new() };
    let expr = parser.expression()?;
    match parser.peek() {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected("an operator such as `==` or `&&`, or the end")),
    }
}

impl Parser<'_> {
    /// Reads a whole expression: `a ? b : c`, or what binds tighter.
    fn expression(&mut self) -> Result<Expr, Mistake> {
        if self.depth == DEEPEST {
            let what = format!("the condition nests deeper than {DEEPEST} levels here");
            return Err(Mistake::new(self.span(), what));
        }
        self.depth += 1;
        let mut value = self.any()?;
        let mut cases = Vec::new();
        let start = value.span;
        while self.eats("?") {
            if self.is(".") && self.before().to == self.span().from {
                return Err(Mistake::new(self.before(), NO_OPTIONALS));
            }
            let then = self.any()?;
            self.expect(":", "`:` and what is meant otherwise")?;
            cases.push((value, then));
            value = self.any()?;
        }
        self.depth -= 1;
        if cases.is_empty() {
            return Ok(value);
        }
        let span = start.to(value.span);
        Ok(Expr { kind: ExprKind::Choice { cases, otherwise: Box::new(value) }, span })
    }

    /// Reads `a || b`.
    fn any(&mut self) -> Result<Expr, Mistake> {
        self.joined("||", Self::all, ExprKind::Or)
    }

    /// Reads `a && b`.
    fn all(&mut self) -> Result<Expr, Mistake> {
        self.joined("&&", |parser| parser.chain(0), ExprKind::And)
    }

    /// Reads what a mark joins, as one list.
    fn joined(
        &mut self,
        mark: &str,
        next: impl Fn(&mut Self) -> Result<Expr, Mistake>,
        kind: fn(Vec<Expr>) -> ExprKind,
    ) -> Result<Expr, Mistake> {
        let first = next(self)?;
        if !self.is(mark) {
            return Ok(first);
        }
        let mut span = first.span;
        let mut parts = vec![first];
        while self.eats(mark) {
            let part = next(self)?;
            span = span.to(part.span);
            parts.push(part);
        }
        Ok(Expr { kind: kind(parts), span })
    }

    /// Reads operators of a rank and those that bind tighter.
    fn chain(&mut self, rank: usize) -> Result<Expr, Mistake> {
        let Some(operators) = RANKS.get(rank) else {
            return self.unary();
        };
        let first = self.chain(rank + 1)?;
        let mut span = first.span;
        let mut rest = Vec::new();
        while let Some((_, operator)) = operators.iter().find(|(mark, _)| self.is(mark)) {
            self.at += 1;
            let right = self.chain(rank + 1)?;
            span = span.to(right.span);
            rest.push((*operator, right));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expr { kind: ExprKind::Chain { first: Box::new(first), rest }, span })
    }

    /// Reads `!a` and `-a`.
    fn unary(&mut self) -> Result<Expr, Mistake> {
        let start = self.span();
        for mark in ["!", "-"] {
            let mut count = 0;
            while self.eats(mark) {
                count += 1;
            }
            if count == 0 {
                continue;
            }
            let odd = count % 2 == 1;
            if odd
                && mark == "-"
                && let Some(number) = self.negative()
            {
                return self.member(Some(number));
            }
            let of = self.member(None)?;
            let span = start.to(of.span);
            let of = Box::new(of);
            let kind = if mark == "!" { ExprKind::Not { odd, of } } else { ExprKind::Minus { odd, of } };
            return Ok(Expr { kind, span });
        }
        self.member(None)
    }

    /// Reads a number behind a `-` as one negative number, so that the smallest one can be written.
    fn negative(&mut self) -> Option<Expr> {
        let span = self.span();
        let literal = match self.peek() {
            TokenKind::Value(Literal::Int(whole)) => Literal::Int(whole.checked_neg()?),
            TokenKind::Value(Literal::Double(real)) => Literal::Double(-real),
            TokenKind::Value(Literal::Big(number)) => literal::whole(&format!("-{number}"), false, false)?,
            _ => return None,
        };
        self.at += 1;
        Some(Expr { kind: ExprKind::Literal(literal), span: Span { from: span.from - 1, to: span.to } })
    }

    /// The part of the text at hand.
    fn peek(&self) -> &TokenKind {
        self.tokens.get(self.at).map_or(&TokenKind::End, |token| &token.kind)
    }

    /// Where the part at hand stands.
    fn span(&self) -> Span {
        let end = Span { from: self.source.len(), to: self.source.len() };
        self.tokens.get(self.at).map_or(end, |token| token.span)
    }

    /// Where the part before stands.
    fn before(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(self.span(), |token| token.span)
    }

    /// Whether the part so far ahead is a mark, or the word `in`.
    fn is_ahead(&self, ahead: usize, mark: &str) -> bool {
        match self.tokens.get(self.at + ahead).map(|token| &token.kind) {
            Some(TokenKind::Mark(found)) => *found == mark,
            Some(TokenKind::Name(name)) => mark == "in" && name == "in",
            _ => false,
        }
    }

    /// Whether the part at hand is a mark.
    fn is(&self, mark: &str) -> bool {
        self.is_ahead(0, mark)
    }

    /// Takes a mark, if it is at hand.
    fn eats(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    /// Takes a mark that must come now.
    fn expect(&mut self, mark: &str, wanted: &str) -> Result<Span, Mistake> {
        let span = self.span();
        if self.eats(mark) { Ok(span) } else { Err(self.unexpected(wanted)) }
    }

    /// The error where something else should stand.
    fn unexpected(&self, wanted: &str) -> Mistake {
        let span = self.span();
        let what = match self.peek() {
            TokenKind::End => format!("the condition ends where {wanted} should follow"),
            _ => format!("there should be {wanted} here"),
        };
        Mistake::new(span, what)
    }
}
