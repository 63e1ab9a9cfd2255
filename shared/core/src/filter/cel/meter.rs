//! What an evaluation may use up, and where something was missing in it.

use std::cell::Cell;
use std::ops::Deref;

use super::ast::Span;
use crate::budget::Budget;
pub(in crate::filter) use crate::budget::Exceeded;
pub(super) use crate::budget::Kept;

/// An evaluation's budget, and its first missing value.
#[derive(Debug, Default)]
pub(in crate::filter) struct Meter {
    budget: Budget,
    missed: Cell<Option<Span>>,
}

impl Meter {
    /// Remembers where something was first missing.
    pub(in crate::filter) fn miss(&self, span: Span) {
        if self.missed.get().is_none() {
            self.missed.set(Some(span));
        }
    }

    /// Where something was first missing that was compared or worked with.
    pub(in crate::filter) const fn missed(&self) -> Option<Span> {
        self.missed.get()
    }
}

impl Deref for Meter {
    type Target = Budget;

    fn deref(&self) -> &Budget {
        &self.budget
    }
}
