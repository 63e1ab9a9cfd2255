//! The engine, set up so that an event can neither break a message nor run it for ever.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::machinery::{CodeGenerator, Instructions, eval, get_compiled_template, make_string_output, parse};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use super::measure::{self, charge, weigh};
use super::{Escape, MAX_OUTPUT_BYTES, filters, guard, source};
use crate::budget::{Exceeded, MOST_BYTES};
use crate::markup::{MOST_ESCAPED, Markup};
use crate::telegram::html::escape;

/// The name of the one template in an environment.
pub(super) const NAME: &str = "template";

/// How many instructions a template may run: hundreds of times what our own need.
const FUEL: u64 = 250_000;

/// The most loops and `with` tags within each other; each name is looked up in all of them.
const FRAMES: usize = 50;

/// An environment without templates.
pub(super) fn environment(escape: Escape) -> Environment<'static> {
    static BASE: LazyLock<Environment<'static>> = LazyLock::new(base);
    let mut env = BASE.clone();
    env.set_auto_escape_callback(move |_| initial(escape));
    env
}

/// How a template's syntax is read: a line that holds nothing but a tag leaves no empty line in the message.
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().unwrap_or_default()
}

/// The checked instructions of a text of ours.
pub(super) fn built_in(source: &'static str) -> Result<Instructions<'static>, Error> {
    let read = parse(source, NAME, syntax())?;
    let mut generator = CodeGenerator::new(NAME, source);
    generator.compile_stmt(&read);
    Ok(guard::checked(&generator.finish().0))
}

/// Runs an environment's template, or its checked instructions where they are at hand, with these variables.
pub(super) fn run(
    env: &Environment<'static>,
    code: Option<&Instructions<'static>>,
    root: Value,
    escape: Escape,
) -> Result<String, Error> {
    match code {
        Some(code) => fill(env, code, root, escape),
        None => fill(env, &guard::checked(&get_compiled_template(&env.get_template(NAME)?).instructions), root, escape),
    }
}

/// Runs instructions.
fn fill(env: &Environment<'static>, code: &Instructions<'_>, root: Value, escape: Escape) -> Result<String, Error> {
    measure::begin(if guard::keeps_text(code) { MOST_BYTES } else { MAX_OUTPUT_BYTES });
    let (mut text, blocks) = (String::new(), BTreeMap::new());
    let ended = eval(env, code, root, &blocks, &mut make_string_output(&mut text), initial(escape)).map(|_| ());
    match ended.as_ref().map_err(|error| (error.kind(), error.detail())) {
        Err((ErrorKind::OutOfFuel, _)) => measure::exceed(Exceeded::Steps),
        Err((_, Some("recursion limit exceeded"))) => measure::exceed(Exceeded::Depth(FRAMES)),
        _ => {}
    }
    if text.len() > MAX_OUTPUT_BYTES {
        measure::exceed(Exceeded::Output(MAX_OUTPUT_BYTES));
    }
    // A filter may have taken the end of the budget for a failure of its own and gone on.
    ended.and_then(|()| charge(|_| Ok(text)))
}

/// The engine's names for how values are escaped for Slack and for Discord.
const CUSTOM: [(&str, Markup); 2] = [("mrkdwn", Markup::Mrkdwn), ("markdown", Markup::Markdown)];

/// What templates begin with.
const fn initial(escape: Escape) -> AutoEscape {
    match escape {
        Escape::Html => AutoEscape::Html,
        Escape::Mrkdwn => AutoEscape::Custom(Cow::Borrowed(CUSTOM[0].0)),
        Escape::Markdown => AutoEscape::Custom(Cow::Borrowed(CUSTOM[1].0)),
        Escape::None => AutoEscape::None,
    }
}

/// The markup that a template writes where it stands.
pub(super) fn written_in(state: &State<'_, '_>) -> Markup {
    match state.auto_escape() {
        AutoEscape::None => Markup::Plain,
        AutoEscape::Custom(name) => {
            CUSTOM.into_iter().find(|(known, _)| known == name).map_or(Markup::Html, |(_, markup)| markup)
        }
        _ => Markup::Html,
    }
}

/// What all environments share.
fn base() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(FRAMES);
    env.set_syntax(syntax());
    env.set_formatter(write_value);
    env.add_global(source::ONE, 1);
    // Only what is listed there with what it may make, and neither `namespace`, by which a loop could nest values without
    // end, nor `debug`, which writes all that is known.
    filters::add(&mut env);
    guard::add(&mut env);
    env
}

/// Writes a value the way messages show it, escaped where the template escapes.
fn write_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let markup = if value.is_safe() { Markup::Plain } else { written_in(state) };
    if value.as_str().is_none() && !value.is_number() {
        charge(|budget| {
            let size = weigh(budget, value)?;
            budget.has_room(size.tree.saturating_add(size.json))
        })?;
    }
    let text = match value.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => filters::sent(state, value),
    };
    match markup {
        Markup::Plain => {
            charge(|budget| measure::write(budget, text.len()))?;
            out.write_str(&text)?;
        }
        Markup::Html => {
            charge(|budget| measure::write(budget, escaped_length(&text)))?;
            out.write_str(&escape(&text))?;
        }
        Markup::Mrkdwn | Markup::Markdown => {
            charge(|budget| budget.has_room(text.len().saturating_mul(MOST_ESCAPED)))?;
            let escaped = markup.escaped(&text);
            charge(|budget| measure::write(budget, escaped.len()))?;
            out.write_str(&escaped)?;
        }
    }
    Ok(())
}

/// How long a text is once it is escaped for HTML.
fn escaped_length(text: &str) -> usize {
    let longer = text.bytes().map(|byte| match byte {
        b'&' => 4,
        b'<' | b'>' => 3,
        b'"' => 5,
        _ => 0,
    });
    text.len() + longer.sum::<usize>()
}
