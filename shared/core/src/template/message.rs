//! The text of an event's message: the hook's own template, else the sender's, else the general one.

use std::sync::{LazyLock, OnceLock};

use super::{Context, RenderFailure, Template};
use crate::telegram::html::{escape, plain};
use crate::telegram::shows_nothing;

/// The file name of a text for every event type that has none of its own.
const ANY: &str = "_default";

/// What a text of ours begins with where another event of the sender says the same, and what ends the reason.
///
/// No event can write it: values are escaped, and people's templates may hold no such tag.
const TOLD: (&str, &str) = ("<!-- skipped: ", " -->");

/// A message text that came with Bellhop.
struct Text {
    sender: &'static str,
    event_type: &'static str,
    source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// The text of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// HTML for Telegram, never blank.
    pub html: String,
    /// Why the hook's own template was not used.
    pub trouble: Option<RenderFailure>,
}

/// The source of the text that is used where a hook has no template.
pub fn default_text(sender: &str, event_type: Option<&str>) -> &'static str {
    default_place(sender, event_type).and_then(|at| TEXTS.get(at)).map_or("", |text| text.source)
}

/// Makes the message for an event. It always makes one: where a template fails or makes nothing, the next takes its place.
pub fn message_for(sender: &str, event_type: Option<&str>, custom: Option<&Template>, context: &Context) -> Message {
    let mut trouble = None;
    if let Some(template) = custom {
        match written(template, context) {
            Ok(Some(html)) => {
                return Message { html, trouble: None };
            }
            Ok(None) => trouble = Some(RenderFailure { line: 1, what: "it makes no text".to_owned() }),
            Err(failure) => trouble = Some(failure),
        }
    }
    let places = [default_place(sender, event_type), place("", ANY)];
    let defaults = places.into_iter().flatten().filter_map(compiled);
    let html = defaults.filter_map(|template| written(template, context).ok().flatten()).next();
    let html = html.map(|html| told(&html).map_or(html.clone(), |(_, rest)| rest.to_owned()));
    Message { html: html.unwrap_or_else(|| last_resort(context)), trouble }
}

/// Why the sender's own text need not be sent for an event: another event of the sender says the same.
///
/// It is for actions that leave the words to us; whoever writes a template wants every event.
pub fn told_elsewhere(sender: &str, event_type: Option<&str>, context: &Context) -> Option<String> {
    let place = default_place(sender, event_type)?;
    if !TEXTS.get(place)?.source.contains(TOLD.0) {
        return None;
    }
    let text = written(compiled(place)?, context).ok().flatten()?;
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
    Ok((!shows_nothing(&plain(text))).then(|| text.to_owned()))
}

/// Which of the texts is for this sender and event type.
fn default_place(sender: &str, event_type: Option<&str>) -> Option<usize> {
    let sender = place(sender, ANY).and_then(like).unwrap_or(sender);
    let own = event_type.and_then(|event_type| place(sender, event_type));
    own.or_else(|| place(sender, ANY)).or_else(|| place("", ANY))
}

/// The sender whose texts are used instead, where all that a text says is `{% extends "gitea" %}`.
fn like(at: usize) -> Option<&'static str> {
    let source = TEXTS.get(at)?.source.trim();
    source.strip_prefix("{% extends \"")?.strip_suffix("\" %}")
}

/// Where the text of exactly this name is.
fn place(sender: &str, event_type: &str) -> Option<usize> {
    TEXTS.iter().position(|text| text.sender == sender && text.event_type == event_type)
}

/// A text of ours, compiled on first use.
fn compiled(at: usize) -> Option<&'static Template> {
    static COMPILED: LazyLock<Vec<OnceLock<Option<Template>>>> =
        LazyLock::new(|| TEXTS.iter().map(|_| OnceLock::new()).collect());
    let source = TEXTS.get(at)?.source;
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
    TEXTS.iter().map(|text| text.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_ours_compiles() {
        for (at, text) in TEXTS.iter().enumerate() {
            if let Some(other) = like(at) {
                let found = place(other, ANY).expect(other);
                assert_eq!((text.event_type, like(found)), (ANY, None), "{} is like {other}", text.sender);
                assert_eq!(default_place(text.sender, None), Some(found));
                continue;
            }
            let compiled = Template::compile(text.source, crate::template::Escape::Html);
            assert!(compiled.is_ok(), "{}/{}: {:?}", text.sender, text.event_type, compiled.err());
        }
        assert!(TEXTS.iter().all(|text| text.sender.is_empty() || crate::sender::Sender::named(text.sender).is_some()));
    }

    #[test]
    fn the_nearest_text_is_taken() {
        assert_ne!(default_text("github", Some("push")), default_text("github", Some("never_seen")));
        assert_eq!(default_text("github", None), default_text("github", Some("never_seen")));
        assert_eq!(default_text("nobody", Some("push")), default_text("none", None));
        assert!(!default_text("nobody", None).is_empty());
    }
}
