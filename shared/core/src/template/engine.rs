//! The engine, set up so that an event can neither break a message nor run it for ever.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value};

use super::{Escape, filters};
use crate::telegram::html::escape;

/// The name of the one template in an environment.
pub(super) const NAME: &str = "template";

/// How many steps a template may take: a second of work at the very most, and hundreds of times what our own need.
const FUEL: u64 = 250_000;

/// An environment without templates.
pub(super) fn environment(escape: Escape) -> Environment<'static> {
    static BASE: LazyLock<Environment<'static>> = LazyLock::new(base);
    let mut env = BASE.clone();
    env.set_auto_escape_callback(move |_| match escape {
        Escape::Html => AutoEscape::Html,
        Escape::None => AutoEscape::None,
    });
    env
}

/// What all environments share.
fn base() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_fuel(Some(FUEL));
    // A line that holds nothing but a tag leaves no empty line in the message.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        env.set_syntax(syntax);
    }
    // With it a loop could nest values so deep that dropping them overflows the stack.
    env.remove_global("namespace");
    env.set_formatter(write_value);
    filters::add(&mut env);
    env
}

/// Writes a value the way messages show it, escaped where the template escapes.
fn write_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let raw = value.is_safe() || *state.auto_escape() == AutoEscape::None;
    let text = filters::sent(state, value);
    if raw {
        out.write_str(&text)?
    } else {
        out.write_str(&escape(&text))?
    }
    Ok(())
}
