//! What payloads are made of: an event as it stands at a hook, and its action's templates.

use std::cell::OnceCell;

use super::text::Said;
use super::{Action, Lane};
use crate::event::EventHead;
use crate::id::TaskId;
use crate::markup::{self, Length, Markup, Unit};
use crate::template::{BadTemplate, Context, Facts, RenderFailure, Template, message_for, told_elsewhere};
use crate::work::Payload;

/// The most parts one message is split into; what is beyond is only counted.
const MOST_PARTS: usize = 8;

/// The most bytes of a message's parts together, so that they fit one queue message with room to spare.
const MOST_BYTES: usize = 160 * 1024;

/// The room for the note of what is left out of a message, whatever the unit.
const NOTE: usize = 160;

/// What the message of an event begins with that was made to try a hook out.
pub(super) const TEST_MARK: &str = "Test: ";

/// An action's templates, compiled, each with the field that it stands in; one that cannot be read makes no text.
#[derive(Debug, Default)]
pub struct Templates(Vec<(String, Result<Template, BadTemplate>)>);

/// An event at a hook, with what an action makes of it.
#[derive(Debug)]
pub struct Material<'a> {
    facts: Facts<'a>,
    task: &'a TaskId,
    templates: &'a Templates,
    /// What it is done instead of, as people name it.
    instead_of: Option<String>,
    /// Made for the first template alone: making it takes time.
    context: OnceCell<Context>,
}

/// What a room makes of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// What travels to the worker.
    pub payload: Payload,
    /// How it travels.
    pub lane: Lane,
    /// Why a template was not used, for people.
    pub trouble: Option<String>,
}

impl Rendered {
    /// A payload on its way, and what went wrong with templates on the way to it.
    pub(super) fn new(payload: Payload, lane: Lane, troubles: impl IntoIterator<Item = Option<String>>) -> Self {
        let trouble = troubles.into_iter().flatten().reduce(|first, second| format!("{first}; {second}"));
        Self { payload, lane, trouble }
    }
}

impl Templates {
    /// Compiles the templates of an action, which were checked when it was saved.
    pub fn of<S>(action: &Action<S>) -> Self {
        let all = action.templates().into_iter();
        Self(all.map(|(field, source, escape)| (field, Template::compile(source, escape))).collect())
    }

    /// Those that cannot be read: they were saved by another version.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, &BadTemplate)> {
        self.0.iter().filter_map(|(field, template)| Some((field.as_str(), template.as_ref().err()?)))
    }

    /// The template of a field; `None` where it has none.
    fn of_field(&self, field: &str) -> Option<&Result<Template, BadTemplate>> {
        self.0.iter().find(|(found, _)| found == field).map(|(_, template)| template)
    }
}

impl<'a> Material<'a> {
    /// An event, and the templates of the action that a task is of.
    pub const fn new(facts: Facts<'a>, task: &'a TaskId, templates: &'a Templates) -> Self {
        Self { facts, task, templates, instead_of: None, context: OnceCell::new() }
    }

    /// The same for what is done instead of another action: its texts say so.
    #[must_use]
    pub fn instead_of(self, action: &Action) -> Self {
        Self { instead_of: Some(format!("{} {}", action.kind(), action.destination())), ..self }
    }

    /// The event.
    pub(super) const fn head(&self) -> &'a EventHead {
        self.facts.event
    }

    /// The event at its hook, as it came.
    pub(super) const fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// What it is done instead of, as people name it.
    pub(super) fn is_instead_of(&self) -> Option<&str> {
        self.instead_of.as_deref()
    }

    /// The task's id.
    pub(super) const fn task(&self) -> &'a TaskId {
        self.task
    }

    /// The text that the template of a field makes; `None` where the field has none.
    pub(super) fn rendered(&self, field: &str) -> Option<Result<String, String>> {
        let template = self.templates.of_field(field)?.as_ref();
        let text = template.map_err(ToString::to_string);
        Some(text.and_then(|template| template.render(self.context()).map_err(|error| error.to_string())))
    }

    /// What the message says: what the template `template` makes, or else the sender's own text.
    pub(super) fn text(&self) -> Said {
        let own = self.templates.of_field("template");
        let template = own.and_then(|template| template.as_ref().ok());
        let head = self.facts.event;
        let message = message_for(self.facts.speaker(), head.event_type.as_deref(), template, self.context());
        let unread = own.and_then(|template| template.as_ref().err()).map(ToString::to_string);
        let trouble = message.trouble.as_ref().map(RenderFailure::to_string).or(unread);
        let trouble =
            trouble.map(|trouble| format!("the sender's own text is used: the hook's template failed, {trouble}"));
        let mark = self.instead_of.as_ref().map(|what| format!("Instead of {what}: "));
        let mark = mark.map(|mark| message.markup.escaped(&mark).into_owned()).unwrap_or_default();
        let test = if head.test { TEST_MARK } else { "" };
        Said { text: format!("{test}{mark}{}", message.text), markup: message.markup, trouble }
    }

    /// The parts of a text, the first of them alone where there are very many: then one more says how much is left out,
    /// which stays in the event.
    pub(super) fn parts(&self, said: &Said, to: Markup, length: Length) -> Vec<String> {
        let mut parts = said.parts(to, length);
        let mut bytes = 0;
        let fitting = parts.iter().take_while(|part| {
            bytes += part.len();
            bytes <= MOST_BYTES
        });
        let kept = fitting.count().min(MOST_PARTS);
        if kept < parts.len() {
            let rest = parts.split_off(kept);
            parts.push(self.left_out(&rest, to));
        }
        parts
    }

    /// A text in one part; at the end of one that is too long stands how much is left out.
    pub(super) fn one_part(&self, said: &Said, to: Markup, length: Length) -> String {
        let mut parts = said.parts(to, length);
        if parts.len() > 1 {
            parts = said.parts(to, Length { most: length.most.saturating_sub(NOTE), ..length });
        }
        let rest = parts.split_off(1.min(parts.len()));
        let mut part = parts.pop().unwrap_or_default();
        if !rest.is_empty() {
            part.push('\n');
            part.push_str(&self.left_out(&rest, to));
        }
        part
    }

    /// Says that parts are left out.
    fn left_out(&self, rest: &[String], to: Markup) -> String {
        let characters: usize = rest.iter().map(|part| to.unmarked(part).chars().count()).sum();
        let note = format!("… {characters} more characters are in event <code>{}</code>", self.facts.event.id);
        markup::parts(&note, Markup::Html, to, Length { most: NOTE, unit: Unit::Chars }).concat()
    }

    /// The variables.
    fn context(&self) -> &Context {
        self.context.get_or_init(|| Context::new(&self.facts))
    }
}

/// Why the sender's own text is not sent for an event of which another event of the sender says the same.
pub fn said_elsewhere(facts: &Facts<'_>) -> Option<String> {
    told_elsewhere(facts.speaker(), facts.event.event_type.as_deref(), || Context::new(facts))
}

impl Facts<'_> {
    /// Whose texts fit an event: a sender's own speaks of the fields of its payload; without those only the general one
    /// makes sense.
    fn speaker(&self) -> &str {
        let has_fields = self.payload.is_some_and(|payload| payload.is_object() || payload.is_array());
        if has_fields { self.event.sender.as_str() } else { "" }
    }
}
