//! The words of a message: an event's payload, and the text made of it.

use std::sync::Arc;

use bellhop_core::delivery::Delivery;
use bellhop_core::event::Event;
use bellhop_core::filter::Variables;
use bellhop_core::hook::Hook;
use bellhop_core::json::{Unreadable, Value};
use bellhop_core::telegram::{MESSAGE_UNITS, html, split};
use bellhop_core::template::{BadTemplate, Context, Facts, Template, message_for, told_elsewhere};

use super::Rules;

/// The most parts one message is split into; what is beyond is only counted.
const MOST_PARTS: usize = 8;

/// The most bytes of a message's parts together, so that they fit one queue message with room to spare.
const MOST_BYTES: usize = 160 * 1024;

/// What the message of an event begins with that was made to try a hook out.
const TEST_MARK: &str = "Test: ";

/// A message.
pub(super) struct Text {
    /// Its parts, each of a length that Telegram takes.
    pub(super) parts: Vec<String>,
    /// Why the hook's own template was not used, for people.
    pub(super) trouble: Option<String>,
}

/// An event's payload, parsed once for all its hooks.
pub(super) struct Words {
    payload: Option<Arc<Value>>,
    unreadable: Option<Unreadable>,
}

impl Words {
    /// Parses an event's body and fills in what its sender puts there.
    pub(super) fn of(event: &mut Event, rules: &Rules) -> Self {
        let content = event.read(rules.sender(&event.head));
        Self { payload: content.payload.map(Arc::new), unreadable: content.unreadable }
    }

    /// What tells the event's delivery from others at a hook; `None` where nothing does.
    pub(super) fn delivery(&self, event: &Event, hook: &Hook) -> Option<Delivery> {
        let sender = hook.sender()?;
        // Another sender's hook at the same path has its id elsewhere.
        let is_first = event.head.owners.first().is_some_and(|proof| proof.owner.hook() == Some(&hook.id));
        let id = match is_first || hook.scheme.is_none() && sender.name == event.head.sender {
            true => event.head.delivery_id.clone(),
            false => event.head.id_of(sender, self.payload.as_deref()),
        };
        Delivery::of(event, self.payload.as_deref(), sender, id.as_deref(), hook.deduplicate)
    }

    /// The variables of a condition, borrowed.
    pub(super) fn variables<'a>(&'a self, event: &'a Event, hook: &'a Hook) -> Variables<'a> {
        Variables::new(self.facts(event, hook))
    }

    /// Why the event has no payload that a condition could read, if it has none.
    pub(super) fn unreadable(&self) -> Option<Unreadable> {
        self.unreadable.filter(|_| self.payload.is_none())
    }

    /// The message for a Telegram chat, split to its length limit.
    pub(super) fn telegram(
        &self,
        event: &Event,
        hook: &Hook,
        template: Option<&Result<Template, BadTemplate>>,
    ) -> Text {
        let context = Context::new(&self.facts(event, hook));
        let own = template.and_then(|template| template.as_ref().ok());
        let message = message_for(self.speaker(event), event.head.event_type.as_deref(), own, &context);
        let unread = template.and_then(|template| template.as_ref().err()).map(ToString::to_string);
        let trouble = message.trouble.map(|trouble| trouble.to_string()).or(unread);
        let trouble =
            trouble.map(|trouble| format!("the sender's own text is used: the hook's template failed, {trouble}"));
        if let Some(trouble) = &trouble {
            log::warn!(event:% = event.head.id, hook = hook.id.as_str(); "{trouble}");
        }
        let html = if event.head.test { format!("{TEST_MARK}{}", message.html) } else { message.html };
        Text { parts: cut(split(&html, MESSAGE_UNITS), event), trouble }
    }

    /// The variables of these templates; `None` where there are none, as making them takes time.
    pub(super) fn context(&self, event: &Event, hook: &Hook, templates: &[&Template]) -> Option<Context> {
        (!templates.is_empty()).then(|| Context::new(&self.facts(event, hook)))
    }

    /// Why the sender's own text is not sent for an event of which another event of the sender says the same.
    pub(super) fn told_elsewhere(&self, event: &Event, hook: &Hook) -> Option<String> {
        let event_type = event.head.event_type.as_deref();
        told_elsewhere(self.speaker(event), event_type, || Context::new(&self.facts(event, hook)))
    }

    /// Whose texts fit an event: a sender's own speaks of the fields of its payload; without those only the general one
    /// makes sense.
    fn speaker<'a>(&self, event: &'a Event) -> &'a str {
        let has_fields = self.payload.as_ref().is_some_and(|payload| payload.is_object() || payload.is_array());
        if has_fields { event.head.sender.as_str() } else { "" }
    }

    /// What is known of the event at one of its hooks.
    fn facts<'a>(&'a self, event: &'a Event, hook: &'a Hook) -> Facts<'a> {
        Facts {
            event: &event.head,
            hook,
            method: "POST",
            body: &event.body,
            payload: self.payload.as_ref(),
            test: event.head.test,
        }
    }
}

/// Keeps the first parts and says how much is left out; the whole stays in the event.
fn cut(mut parts: Vec<String>, event: &Event) -> Vec<String> {
    let mut bytes = 0;
    let fitting = parts.iter().take_while(|part| {
        bytes += part.len();
        bytes <= MOST_BYTES
    });
    let kept = fitting.count().min(MOST_PARTS);
    if kept < parts.len() {
        let left_out: usize = parts[kept..].iter().map(|part| html::plain(part).chars().count()).sum();
        parts.truncate(kept);
        parts.push(format!("… {left_out} more characters are in event <code>{}</code>", event.head.id));
    }
    parts
}
