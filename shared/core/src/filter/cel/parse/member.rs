//! Reads values, variables, and the paths that begin with them.

use super::super::ast::{Expr, ExprKind, Literal, MacroKind, Root, Span, Step, StepKind};
use super::super::functions;
use super::super::kinds::Kinds;
use super::super::lexer::{Mistake, TokenKind};
use super::super::names::nearest;
use super::{NO_OPTIONALS, Parser};

/// What is said of a number behind a dot.
const PLACE: &str = "an entry of a list is picked with brackets: `payload.commits[0]`";

/// Words that the language keeps for itself.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

impl Parser<'_> {
    /// Reads a value and the steps behind it; the value itself where it is read already.
    pub(super) fn member(&mut self, read: Option<Expr>) -> Result<Expr, Mistake> {
        let base = match read {
            Some(base) => base,
            None => self.primary()?,
        };
        let mut steps = Vec::new();
        while let Some(kind) = self.step()? {
            steps.push(Step { kind, to: self.before().to });
        }
        let Some(last) = steps.last() else {
            return Ok(base);
        };
        let span = Span { from: base.span.from, to: last.to };
        Ok(Expr { kind: ExprKind::Path { base: Box::new(base), steps }, span })
    }

    /// Reads one step of a path, if one follows.
    fn step(&mut self) -> Result<Option<StepKind>, Mistake> {
        if self.eats(".") {
            return self.named_step().map(Some);
        }
        let is_place = matches!(self.peek(), TokenKind::Value(Literal::Double(_)));
        if is_place && self.source[self.span().from..].starts_with('.') {
            return Err(Mistake::new(self.span(), PLACE));
        }
        if self.is("{") && !self.before_is_value() {
            return Ok(None);
        }
        if self.is("{") {
            return Err(Mistake::new(
                self.span(),
                "messages (`Name{field: value}`) are not there; a map is `{'key': 1}`",
            ));
        }
        if !self.eats("[") {
            return Ok(None);
        }
        if self.is("?") {
            return Err(Mistake::new(self.span(), NO_OPTIONALS));
        }
        let index = self.expression()?;
        self.expect("]", "`]`")?;
        Ok(Some(match index.kind {
            ExprKind::Literal(Literal::Text(name)) => StepKind::Field(name),
            _ => StepKind::Index(index),
        }))
    }

    /// Whether the part before ends a value, so that a brace behind it would be a message.
    fn before_is_value(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        matches!(before.map(|token| &token.kind), Some(TokenKind::Name(_) | TokenKind::Quoted(_)))
    }

    /// Reads what follows a dot: a field, a method or a macro.
    fn named_step(&mut self) -> Result<StepKind, Mistake> {
        let span = self.span();
        let name = match self.peek() {
            TokenKind::Name(name) if self.is_ahead(1, "(") => {
                let name = name.clone();
                self.at += 2;
                return match macro_named(&name) {
                    Some(kind) => self.macro_of(kind, &name, span).map(StepKind::Macro),
                    None => self.method(&name, span).map(StepKind::Call),
                };
            }
            TokenKind::Name(name) | TokenKind::Quoted(name) => name.clone(),
            TokenKind::Mark("?") => {
                return Err(Mistake::new(span, NO_OPTIONALS));
            }
            TokenKind::Value(_) => {
                return Err(Mistake::new(span, PLACE));
            }
            _ => return Err(self.unexpected("the name of a field")),
        };
        self.at += 1;
        Ok(StepKind::Field(name))
    }

    /// Reads a value, a variable, a function or what stands in brackets.
    fn primary(&mut self) -> Result<Expr, Mistake> {
        let start = self.span();
        let kind = match self.peek().clone() {
            TokenKind::Value(literal) => {
                self.at += 1;
                ExprKind::Literal(literal)
            }
            TokenKind::Name(name) => {
                self.at += 1;
                self.named(&name, start)?
            }
            TokenKind::Mark("(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")", "`)`")?;
                return Ok(inner);
            }
            TokenKind::Mark("[") => {
                self.at += 1;
                ExprKind::List(self.entries("]")?)
            }
            TokenKind::Mark("{") => {
                self.at += 1;
                self.map()?
            }
            // An absolute name, which is the same here.
            TokenKind::Mark(".")
                if matches!(self.tokens.get(self.at + 1).map(|t| &t.kind), Some(TokenKind::Name(_))) =>
            {
                self.at += 1;
                return self.primary();
            }
            _ => return Err(self.unexpected("a value such as `payload.action` or `'text'`")),
        };
        Ok(Expr { kind, span: start.to(self.before()) })
    }

    /// Reads expressions between commas up to a closing mark; a comma may stand behind the last.
    pub(super) fn entries(&mut self, close: &str) -> Result<Vec<Expr>, Mistake> {
        let mut entries = Vec::new();
        while !self.eats(close) {
            entries.push(self.expression()?);
            if !self.eats(",") {
                self.expect(close, &format!("`,` or `{close}`"))?;
                break;
            }
        }
        Ok(entries)
    }

    /// Reads a map behind its opening brace.
    fn map(&mut self) -> Result<ExprKind, Mistake> {
        let mut entries = Vec::new();
        while !self.eats("}") {
            let key = self.expression()?;
            self.expect(":", "`:` and the key's value")?;
            entries.push((key, self.expression()?));
            if !self.eats(",") {
                self.expect("}", "`,` or `}`")?;
                break;
            }
        }
        Ok(ExprKind::Map(entries))
    }

    /// What a name stands for.
    fn named(&mut self, name: &str, span: Span) -> Result<ExprKind, Mistake> {
        if let Some(local) = self.locals.iter().rposition(|local| local == name)
            && !self.is("(")
        {
            return Ok(ExprKind::Local(local));
        }
        match name {
            "true" | "false" => return Ok(ExprKind::Literal(Literal::Bool(name == "true"))),
            "null" => return Ok(ExprKind::Literal(Literal::Null)),
            "in" => return Err(Mistake::new(span, "a value should stand before `in`")),
            _ => {}
        }
        if let Some((full, length)) = self.dotted(name) {
            self.at += length;
            return self.call(&full, span.to(self.before()));
        }
        if self.is("(") {
            return self.call(name, span);
        }
        if let Some(root) = Root::named(name) {
            return Ok(ExprKind::Variable(root));
        }
        if let Some((_, kinds)) = Kinds::TYPES.iter().find(|(known, _)| *known == name) {
            return Ok(ExprKind::Literal(Literal::Type(*kinds)));
        }
        Err(Mistake::new(span, self.unknown(name)))
    }

    /// A function whose name has a dot in it, `math.least`, with how many parts of the text follow its first word.
    fn dotted(&self, name: &str) -> Option<(String, usize)> {
        let TokenKind::Name(second) = &self.tokens.get(self.at + 1)?.kind else {
            return None;
        };
        let is_call = name == "math" && self.is(".") && self.is_ahead(2, "(");
        is_call.then(|| (format!("{name}.{second}"), 2))
    }

    /// What to say of a name that nothing has.
    fn unknown(&self, name: &str) -> String {
        if RESERVED.contains(&name) {
            return format!("`{name}` is a reserved word, not a name");
        }
        if functions::exists(name) || macro_named(name).is_some() {
            return format!("`{name}` is a function and needs its arguments in parentheses");
        }
        if let Some(whole) = self.hyphenated() {
            return format!("unknown name `{name}`; a name with a hyphen stands in brackets: `['{whole}']`");
        }
        let known = Root::ALL.iter().map(|(name, _)| *name).chain(self.locals.iter().map(String::as_str));
        let event_field = Root::Event.fields().unwrap_or_default().iter().find(|(field, _)| *field == name);
        match (nearest(name, known), event_field) {
            (Some(near), _) => format!("unknown name `{name}`; did you mean `{near}`?"),
            (None, Some(_)) => format!("unknown name `{name}`; did you mean `event.{name}` or `payload.{name}`?"),
            (None, None) => format!(
                "unknown name `{name}`; did you mean `payload.{name}`? A condition knows {}",
                Root::ALL.map(|(name, _)| name).join(", ")
            ),
        }
    }

    /// The name before and the one at hand, where they have a hyphen and nothing else between them.
    fn hyphenated(&self) -> Option<&str> {
        let first = self.tokens.get(self.at.checked_sub(3)?)?;
        let (mark, last) = (self.tokens.get(self.at - 2)?, self.tokens.get(self.at - 1)?);
        let is_one = first.span.to == mark.span.from && mark.span.to == last.span.from;
        let is_hyphen = matches!((&first.kind, &mark.kind), (TokenKind::Name(_), TokenKind::Mark("-")));
        self.source.get(first.span.from..last.span.to).filter(|_| is_one && is_hyphen)
    }

    /// Whether a word can name the variable of a macro.
    pub(super) fn can_name(word: &str) -> bool {
        !matches!(word, "true" | "false" | "null" | "in") && !RESERVED.contains(&word)
    }
}

/// The macros with their names.
pub(super) const MACROS: [(&str, MacroKind); 6] = [
    ("all", MacroKind::All),
    ("exists", MacroKind::Exists),
    ("exists_one", MacroKind::ExistsOne),
    ("existsOne", MacroKind::ExistsOne),
    ("filter", MacroKind::Filter),
    ("map", MacroKind::Map),
];

/// The macro of a name.
fn macro_named(name: &str) -> Option<MacroKind> {
    MACROS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}
