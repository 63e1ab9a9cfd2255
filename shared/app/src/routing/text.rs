//! The words of a message: an event's payload, and the text made of it.

use std::sync::Arc;

use bellhop_core::action::said_elsewhere;
use bellhop_core::delivery::Delivery;
use bellhop_core::event::Event;
use bellhop_core::filter::Variables;
use bellhop_core::hook::Hook;
use bellhop_core::json::{Unreadable, Value};
use bellhop_core::template::Facts;

use super::{Definition, Rules};

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
    pub(super) fn variables<'a>(&'a self, event: &'a Event, of: &'a Definition) -> Variables<'a> {
        Variables::new(self.facts(event, of))
    }

    /// Why the event has no payload that a condition could read, if it has none.
    pub(super) fn unreadable(&self) -> Option<Unreadable> {
        self.unreadable.filter(|_| self.payload.is_none())
    }

    /// Why the sender's own text is not sent for an event of which another event of the sender says the same.
    pub(super) fn told_elsewhere(&self, event: &Event, of: &Definition) -> Option<String> {
        said_elsewhere(&self.facts(event, of))
    }

    /// What is known of the event at one of its owners.
    pub(super) fn facts<'a>(&'a self, event: &'a Event, of: &'a Definition) -> Facts<'a> {
        Facts {
            event: &event.head,
            hook: of.facts(),
            method: "POST",
            body: &event.body,
            payload: self.payload.as_ref(),
            test: event.head.test,
        }
    }
}
