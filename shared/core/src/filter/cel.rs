//! The Common Expression Language over what is known of an event: read once, checked when it is saved, and evaluated
//! within bounds over borrowed values.
//!
//! Follows the language definition at <https://github.com/google/cel-spec/blob/master/doc/langdef.md>, with JSON's types
//! instead of protocol buffers. What differs stands in `docs/OPERATIONS.md`, section "Conditions".

mod arithmetic;
mod ast;
mod check;
mod compare;
mod eval;
mod functions;
mod kinds;
mod lexer;
mod literal;
mod meter;
mod names;
mod parse;
mod value;

pub(super) use ast::{Expr, Root};
pub(super) use check::{check, no_field};
pub(super) use compare::{order_numbers, same, weigh};
pub(super) use eval::{Evaluator, Failure, excerpt};
pub(super) use kinds::Kinds;
pub(super) use lexer::Mistake;
pub(super) use meter::{Exceeded, Meter};
pub(crate) use names::nearest;
pub(super) use parse::parse;
pub(super) use value::{Map, Value};
