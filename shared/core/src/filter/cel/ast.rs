//! What a condition consists of.
//!
//! Chains (`a + b + c`, `a && b`, `a.b[0].c()`, `a ? b : c ? d : e`) are flat lists, so only what really nests is deep.

use crate::json::Number;

use super::functions::{Function, Pattern};
use super::kinds::Kinds;

/// A part of the source, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) struct Span {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

/// An expression, and where it stands.
#[derive(Debug)]
pub(in crate::filter) struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug)]
pub(in crate::filter) enum ExprKind {
    /// A value that is written out.
    Literal(Literal),
    /// One of the variables that every condition has.
    Variable(Root),
    /// The variable of a macro, by its place among those around it, outermost first.
    Local(usize),
    /// A list of values.
    List(Vec<Expr>),
    /// A map of keys and values.
    Map(Vec<(Expr, Expr)>),
    /// All of these hold.
    And(Vec<Expr>),
    /// One of these holds.
    Or(Vec<Expr>),
    /// The value behind the first condition that holds.
    Choice {
        /// The conditions with their values.
        cases: Vec<(Expr, Expr)>,
        /// The value where none holds.
        otherwise: Box<Expr>,
    },
    /// `!`, once or twice.
    Not {
        /// Whether it turns the value round.
        odd: bool,
        /// What it stands before.
        of: Box<Expr>,
    },
    /// `-`, once or twice.
    Minus {
        /// Whether it turns the sign round.
        odd: bool,
        /// What it stands before.
        of: Box<Expr>,
    },
    /// Operators of one rank, worked off from the left.
    Chain {
        /// What stands leftmost.
        first: Box<Expr>,
        /// The operators with what stands right of them.
        rest: Vec<(Operator, Expr)>,
    },
    /// A value, and what is picked out of it or done with it, one step after another.
    Path {
        /// What the path begins with.
        base: Box<Expr>,
        /// Its steps.
        steps: Vec<Step>,
    },
    /// Whether the last step of a path leads to something.
    Has(Box<Expr>),
    /// A function.
    Call(Call),
}

/// One step of a path.
#[derive(Debug)]
pub(in crate::filter) struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Where the path up to it ends in the source.
    pub to: usize,
}

/// What a step of a path does.
#[derive(Debug)]
pub(in crate::filter) enum StepKind {
    /// Picks the field of a name that is written out: `.name`, `['name']`.
    Field(String),
    /// Picks what an expression says: `[0]`, `[payload.key]`.
    Index(Expr),
    /// Calls a function with what stands before as its first argument.
    Call(Call),
    /// Goes through a list or the keys of a map.
    Macro(Macro),
}

/// A call of a function; a method's receiver is not among the arguments.
#[derive(Debug)]
pub(in crate::filter) struct Call {
    /// The function.
    pub function: &'static Function,
    /// The arguments that stand between the parentheses.
    pub args: Vec<Expr>,
    /// The pattern of `matches` where it is written out.
    pub pattern: Option<Pattern>,
}

/// A macro: `all`, `exists`, `exists_one`, `filter`, `map`.
#[derive(Debug)]
pub(in crate::filter) struct Macro {
    /// Which one.
    pub kind: MacroKind,
    /// What is asked of, or made of, each entry.
    pub body: Expr,
    /// What `map` makes of an entry of which `body` holds, where it has three arguments.
    pub result: Option<Box<Expr>>,
}

/// Which macro.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) enum MacroKind {
    /// The body holds for each entry.
    All,
    /// The body holds for some entry.
    Exists,
    /// The body holds for one entry.
    ExistsOne,
    /// The entries for which the body holds.
    Filter,
    /// What the body makes of the entries.
    Map,
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `in`
    In,
}

/// A value that is written out.
#[derive(Debug, Clone)]
pub(in crate::filter) enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `7`
    Int(i64),
    /// `7u`
    Uint(u64),
    /// `7.5`
    Double(f64),
    /// A whole number beyond 64 bits.
    Big(Number),
    /// `'text'`
    Text(String),
    /// `b'bytes'`
    Bytes(Vec<u8>),
    /// `int`, `string` and so on, to compare `type(x)` with.
    Type(Kinds),
}

/// The variables that every condition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) enum Root {
    /// What is known of the event.
    Event,
    /// The hook that takes it.
    Hook,
    /// The body's fields.
    Payload,
    /// The request's headers.
    Headers,
    /// The body as text.
    Body,
    /// The same under other names: `webhook.body`, `webhook.path`, `webhook.method`.
    Webhook,
    /// The envelope of a `CloudEvent`.
    CloudEvent,
}

impl Span {
    /// The part of the source from one part's beginning to another's end.
    pub(in crate::filter) const fn to(self, other: Self) -> Self {
        Self { from: self.from, to: other.to }
    }
}

impl Root {
    /// Every variable with its name.
    pub(in crate::filter) const ALL: [(&'static str, Self); 7] = [
        ("event", Self::Event),
        ("hook", Self::Hook),
        ("payload", Self::Payload),
        ("headers", Self::Headers),
        ("body", Self::Body),
        ("webhook", Self::Webhook),
        ("cloudevent", Self::CloudEvent),
    ];

    /// The variable of a name.
    pub(in crate::filter) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, root)| *root)
    }

    /// The variable's name.
    pub(in crate::filter) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, root)| *root == self).map_or("", |(name, _)| name)
    }

    /// The fields it has with what they may be, `None` where the sender decides which those are.
    pub(in crate::filter) fn fields(self) -> Option<&'static [(&'static str, Kinds)]> {
        const TEXT: Kinds = Kinds::TEXT.or(Kinds::NULL);
        match self {
            Self::Event => Some(&[
                ("id", Kinds::TEXT),
                ("type", TEXT),
                ("delivery_id", TEXT),
                ("path", Kinds::TEXT),
                ("received_at", Kinds::TEXT),
                ("sender", Kinds::TEXT),
                ("test", Kinds::BOOL),
                ("source_ip", TEXT),
                ("size_bytes", Kinds::INT),
                ("content_type", TEXT),
            ]),
            Self::Hook => {
                Some(&[("id", Kinds::TEXT), ("name", Kinds::TEXT), ("path", Kinds::TEXT), ("sender", Kinds::TEXT)])
            }
            Self::Webhook => Some(&[("body", Kinds::ANY), ("path", Kinds::TEXT), ("method", Kinds::TEXT)]),
            Self::Payload | Self::Headers | Self::Body | Self::CloudEvent => None,
        }
    }
}
