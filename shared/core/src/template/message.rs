//! The text of an event's message: the hook's own template, else the sender's, else the general one.

use std::sync::{LazyLock, OnceLock};

use bellhop_senders::texts;

use super::{Context, RenderFailure, Template};
use crate::markup::Markup;
use crate::telegram::html::escape;
use crate::telegram::shows_nothing;

/// What a text of ours begins with where another event of the sender says the same, and what ends the reason.
///
/// No event can write it: values are escaped, and people's templates may hold no such tag.
const TOLD: (&str, &str) = ("<!-- skipped: ", " -->");

/// The text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The text, never blank.
    pub text: String,
    /// The markup that it is written in: HTML where it is the sender's own.
    pub markup: Markup,
    /// Why the hook's own template was not used.
    pub trouble: Option<RenderFailure>,
}

/// Makes the message for an event. It always makes one: where a template fails or makes nothing, the next takes its place.
pub fn message_for(sender: &str, event_type: Option<&str>, custom: Option<&Template>, context: &Context) -> Message {
    let mut trouble = None;
    if let Some(template) = custom {
        match written(template, context) {
            Ok(Some(text)) => return Message { text, markup: template.markup(), trouble: None },
            Ok(None) => trouble = Some(RenderFailure { line: 1, what: "it makes no text".to_owned() }),
            Err(failure) => trouble = Some(failure),
        }
    }
    let places = [texts::place(sender, event_type), texts::general()];
    let defaults = places.into_iter().flatten().filter_map(compiled);
    let html = defaults.filter_map(|template| written(template, context).ok().flatten()).next();
    let html = html.map(|html| told(&html).map_or(html.clone(), |(_, rest)| rest.to_owned()));
    Message { text: html.unwrap_or_else(|| last_resort(context)), markup: Markup::Html, trouble }
}

/// Why the sender's own text need not be sent for an event: another event of the sender says the same.
///
/// It is for actions that leave the words to us; whoever writes a template wants every event. The context is made only
/// where the sender's text depends on it.
pub fn told_elsewhere(sender: &str, event_type: Option<&str>, context: impl FnOnce() -> Context) -> Option<String> {
    let place = texts::place(sender, event_type)?;
    if !texts::all().get(place)?.source.contains(TOLD.0) {
        return None;
    }
    let text = written(compiled(place)?, &context()).ok().flatten()?;
    told(&text).map(|(reason, _)| reason.to_owned())
}

/// Takes the reason off a text that need not be sent.
fn told(text: &str) -> Option<(&str, &str)> {
    let (reason, rest) = text.strip_prefix(TOLD.0)?.split_once(TOLD.1)?;
    Some((reason, rest.trim_start()))
}

/// A template's text, without space around it; `None` where there is nothing to see.
fn written(template: &Template, context: &Context) -> Result<Option<String>, RenderFailure> {
    let text = template.render(context)?;
    let text = text.trim();
    Ok((!shows_nothing(&template.markup().unmarked(text))).then(|| text.to_owned()))
}

/// A text of ours, compiled on first use.
fn compiled(at: usize) -> Option<&'static Template> {
    static COMPILED: LazyLock<Vec<OnceLock<Option<Template>>>> =
        LazyLock::new(|| texts::all().iter().map(|_| OnceLock::new()).collect());
    let source = texts::all().get(at)?.source;
    COMPILED.get(at)?.get_or_init(|| Template::built_in(source)).as_ref()
}

/// What is said when nothing else can be.
fn last_resort(context: &Context) -> String {
    let field = |variable, name| context.field(variable, name).unwrap_or_default();
    format!(
        "<b>{}</b> An event came in, too large to show here: {}",
        escape(&field("hook", "name")),
        escape(&field("event", "id"))
    )
}

/// The sources of all texts.
#[cfg(test)]
pub(super) fn sources() -> impl Iterator<Item = &'static str> {
    texts::all().iter().map(|text| text.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_ours_compiles() {
        for text in texts::all().iter().filter(|text| !text.is_alias()) {
            let compiled = Template::compile(text.source, crate::template::Escape::Html);
            assert!(compiled.is_ok(), "{}/{}: {:?}", text.sender, text.event_type, compiled.err());
        }
    }
}
