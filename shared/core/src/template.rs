//! Message templates: minijinja over an event, escaped for the place they go to.

mod context;
mod engine;
mod filters;
mod message;
mod names;
mod numbers;
mod output;
mod pretty;
mod tags;
mod written;

pub use context::{Context, Facts};
pub use message::{Message, default_text, message_for, told_elsewhere};
pub use tags::check as check_tags;

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
    /// Not at all; `tojson` is at hand.
    None,
}

/// A compiled template.
#[derive(Clone)]
pub struct Template {
    env: Environment<'static>,
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
    /// Compiles a template; an unknown filter, test or function is found here, not on the first event.
    pub fn compile(source: &str, escape: Escape) -> Result<Self, BadTemplate> {
        if source.len() > MAX_SOURCE_BYTES {
            let what = format!("a template may be {MAX_SOURCE_BYTES} bytes long, this one has {}", source.len());
            return Err(BadTemplate { line: 1, what });
        }
        let mut env = engine::environment(escape);
        env.add_template_owned(engine::NAME, source.to_owned()).map_err(|e| bad(&e))?;
        names::check(&env, source)?;
        let template = Self { env };
        match template.fill(Context::empty()) {
            Err(error) if is_mistake(error.kind()) => Err(bad(&error)),
            _ => Ok(template),
        }
    }

    /// Fills the template in; what is missing from the context is empty.
    pub fn render(&self, context: &Context) -> Result<String, RenderFailure> {
        self.fill(context.root()).map_err(|error| RenderFailure {
            line: error.line().unwrap_or(1),
            what: match error.kind() {
                ErrorKind::OutOfFuel => "it runs for too long".to_owned(),
                ErrorKind::WriteFailure => format!("it makes more than {MAX_OUTPUT_BYTES} bytes"),
                kind => kind.to_string(),
            },
        })
    }

    /// Runs the template into a text of bounded length.
    fn fill(&self, root: minijinja::Value) -> Result<String, Error> {
        let mut text = output::Bounded::new(MAX_OUTPUT_BYTES);
        self.env.get_template(engine::NAME)?.render_captured_to(root, &mut text)?;
        Ok(text.into_text())
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

/// Whether an error lies in the template itself, whatever the event.
fn is_mistake(kind: ErrorKind) -> bool {
    use ErrorKind::{MissingArgument, TooManyArguments, UnknownFilter, UnknownFunction, UnknownMethod, UnknownTest};
    matches!(kind, MissingArgument | TooManyArguments | UnknownFilter | UnknownFunction | UnknownMethod | UnknownTest)
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
