//! Message templates: minijinja over an event, escaped for the place they go to.

mod bounds;
mod context;
mod engine;
mod filters;
mod guard;
mod measure;
mod message;
mod names;
mod numbers;
mod pretty;
mod source;
mod tags;
mod tree;
mod written;

pub use context::{Context, Facts, HookFacts};
pub use message::{Message, message_for, told_elsewhere};
pub use tags::check as check_tags;
pub(crate) use tags::{Literal, line_at};

use std::sync::Arc;

use crate::markup::Markup;

use minijinja::machinery::{Instructions, get_compiled_template};
use minijinja::{Environment, Error, ErrorKind};

/// The longest template, in bytes.
pub const MAX_SOURCE_BYTES: usize = 32 * 1024;

/// The longest text a template may make, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// How values are escaped when they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// For Telegram's HTML: `&`, `<`, `>` and `"` become references.
    Html,
    /// For Slack's mrkdwn.
    Mrkdwn,
    /// For Discord's Markdown.
    Markdown,
    /// Not at all; `tojson` is at hand.
    None,
}

/// A compiled template.
#[derive(Clone)]
pub struct Template {
    env: Environment<'static>,
    escape: Escape,
    /// The instructions of a text of ours; other templates keep theirs in the environment.
    code: Option<Arc<Instructions<'static>>>,
}

/// A text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadTemplate {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// A template could not be filled in. It says nothing of the values that were to fill it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the template: {what}")]
pub struct RenderFailure {
    /// The line, counted from 1.
    pub line: usize,
    /// What went wrong there.
    pub what: String,
}

impl Template {
    /// Compiles a template; an unknown filter, test or function is found here, not on the first event, and so is one that
    /// is beyond the bounds for whatever event.
    pub fn compile(source: &str, escape: Escape) -> Result<Self, BadTemplate> {
        if source.len() > MAX_SOURCE_BYTES {
            let what = format!("a template may be {MAX_SOURCE_BYTES} bytes long, this one has {}", source.len());
            return Err(BadTemplate { line: 1, what });
        }
        let read = source::read(source, &engine::syntax())?;
        let mut env = engine::environment(escape);
        env.add_template_owned(engine::NAME, read).map_err(|e| bad(&e))?;
        let compiled = env.get_template(engine::NAME).map_err(|e| bad(&e))?;
        names::check(&get_compiled_template(&compiled).instructions)?;
        let template = Self { env, escape, code: None };
        match template.fill(Context::empty()) {
            Err(failure) if failure.is_mistake => Err(BadTemplate { line: failure.line, what: failure.what }),
            _ => Ok(template),
        }
    }

    /// Compiles a text of ours.
    fn built_in(source: &'static str) -> Option<Self> {
        let code = engine::built_in(source).ok()?;
        Some(Self { env: engine::environment(Escape::Html), escape: Escape::Html, code: Some(Arc::new(code)) })
    }

    /// The markup that it is written in.
    const fn markup(&self) -> Markup {
        match self.escape {
            Escape::Html => Markup::Html,
            Escape::Mrkdwn => Markup::Mrkdwn,
            Escape::Markdown => Markup::Markdown,
            Escape::None => Markup::Plain,
        }
    }

    /// Fills the template in; what is missing from the context is empty.
    pub fn render(&self, context: &Context) -> Result<String, RenderFailure> {
        self.fill(context.root()).map_err(|Failure { line, what, .. }| RenderFailure { line, what })
    }

    /// Runs the template within its bounds.
    fn fill(&self, root: minijinja::Value) -> Result<String, Failure> {
        engine::run(&self.env, self.code.as_deref(), root, self.escape).map_err(|error| Failure::of(&error))
    }
}

/// Why a template made no text.
struct Failure {
    line: usize,
    what: String,
    /// Whether it lies in the template itself, whatever the event.
    is_mistake: bool,
}

impl Failure {
    /// The failure of the evaluation that ended last on this thread.
    fn of(error: &Error) -> Self {
        use ErrorKind::{
            MissingArgument, TooManyArguments, UnknownFilter, UnknownFunction, UnknownMethod, UnknownTest,
        };
        let line = error.line().unwrap_or(1);
        if let Some(exceeded) = measure::exceeded() {
            return Self { line, what: format!("the template {exceeded}"), is_mistake: true };
        }
        let is_mistake = matches!(
            error.kind(),
            MissingArgument | TooManyArguments | UnknownFilter | UnknownFunction | UnknownMethod | UnknownTest
        );
        // What went wrong with an event may name its values.
        let what = if is_mistake { bad(error).what } else { error.kind().to_string() };
        Self { line, what, is_mistake }
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

/// The error to show for a template that does not compile.
fn bad(error: &Error) -> BadTemplate {
    let what = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    BadTemplate { line: error.line().unwrap_or(1), what }
}

#[cfg(test)]
mod tests;
