//! What is bounded in a template's source before the engine reads it: its parser and its compiler call themselves for each
//! level, and a thread's stack ends without an error.

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::BadTemplate;
use crate::budget::Exceeded;

/// The most operators, brackets, attributes and filters that follow each other or stand within each other.
pub(super) const MOST_CHAINED: usize = 500;

/// The most brackets within each other.
const MOST_BRACKETS: usize = 40;

/// The most tags within each other, each `elif` counted as one.
pub(super) const MOST_TAGS: usize = 200;

/// The longest name, in bytes.
const LONGEST_NAME: usize = 128;

/// A name for the number one.
pub(super) const ONE: &str = "one__";

/// Words that are operators.
const WORDS: [&str; 7] = ["and", "else", "if", "in", "is", "not", "or"];

/// Tags that end with one of their own, besides those `set` that do.
const BLOCKS: [&str; 5] = ["autoescape", "filter", "for", "if", "with"];

/// The depth that has been reached in a template's source.
#[derive(Default)]
struct Depth {
    /// For each open bracket, what was chained before it.
    brackets: Vec<usize>,
    /// What is chained since the last bracket or comma.
    chained: usize,
    /// For each open tag, how many levels it makes.
    tags: Vec<usize>,
    /// Whether this is a tag that opens another level if no `=` follows.
    may_open: bool,
}

/// The source as the engine reads it; refused where it nests too deep.
///
/// The engine multiplies constants when it compiles, whatever comes of it, so each factor gets one that is no constant.
pub(super) fn read(source: &str, syntax: &SyntaxConfig) -> Result<String, BadTemplate> {
    let mut depth = Depth::default();
    let (mut read, mut copied) = (String::with_capacity(source.len()), 0);
    let mut before = Token::BlockEnd;
    for (token, span) in tokenize(source, false, syntax.clone()).map_while(Result::ok) {
        let refuse = |what| Err(BadTemplate { line: usize::from(span.start_line), what });
        match &token {
            Token::Ident(name) if name.len() > LONGEST_NAME => {
                return refuse(format!("a name may be {LONGEST_NAME} bytes long, this one has {}", name.len()));
            }
            Token::Mul | Token::Pow if matches!(before, Token::ParenOpen | Token::Comma) => {
                return refuse("arguments cannot be unpacked with `*`: name each".to_owned());
            }
            Token::Mul => {
                let end = usize::try_from(span.end_offset).unwrap_or(source.len()).min(source.len());
                read.push_str(source.get(copied..end).unwrap_or_default());
                read.push_str(ONE);
                read.push('*');
                copied = end;
            }
            _ => {}
        }
        if let Err(exceeded) = depth.take(&token, &before) {
            return refuse(format!("the template {exceeded}"));
        }
        before = token;
    }
    read.push_str(source.get(copied..).unwrap_or_default());
    Ok(read)
}

impl Depth {
    /// Takes the next token into account.
    fn take(&mut self, token: &Token<'_>, before: &Token<'_>) -> Result<(), Exceeded> {
        match token {
            Token::VariableStart | Token::BlockStart => {
                self.brackets.clear();
                self.chained = 0;
            }
            Token::BlockEnd if self.may_open => {
                self.may_open = false;
                self.tags.push(1);
            }
            Token::Ident(word) if matches!(before, Token::BlockStart) => self.open(word),
            Token::Ident(word) if WORDS.contains(word) => self.chained += 1,
            Token::BracketOpen | Token::ParenOpen | Token::BraceOpen => {
                self.brackets.push(self.chained + 1);
                self.chained = 0;
            }
            Token::BracketClose | Token::ParenClose | Token::BraceClose => {
                self.chained = self.brackets.pop().unwrap_or_default();
            }
            Token::Comma => self.chained = 0,
            Token::Assign => self.may_open = false,
            Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::FloorDiv | Token::Pow | Token::Mod => {
                self.chained += 1;
            }
            Token::Dot
            | Token::Tilde
            | Token::Pipe
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte => self.chained += 1,
            _ => {}
        }
        let chained = self.brackets.iter().sum::<usize>() + self.chained;
        let tags = self.tags.iter().sum::<usize>();
        match () {
            () if chained > MOST_CHAINED => Err(Exceeded::Depth(MOST_CHAINED)),
            () if self.brackets.len() > MOST_BRACKETS => Err(Exceeded::Depth(MOST_BRACKETS)),
            () if tags > MOST_TAGS => Err(Exceeded::Depth(MOST_TAGS)),
            () => Ok(()),
        }
    }

    /// Takes the first word of a tag into account.
    fn open(&mut self, word: &str) {
        match word {
            "set" => self.may_open = true,
            "elif" => {
                if let Some(levels) = self.tags.last_mut() {
                    *levels += 1;
                }
            }
            _ if BLOCKS.contains(&word) => self.tags.push(1),
            _ if word.starts_with("end") => {
                self.tags.pop();
            }
            _ => {}
        }
    }
}
