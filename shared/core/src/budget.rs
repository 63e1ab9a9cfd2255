//! What an evaluation of something that users write may use up: steps, memory and depth.
//!
//! Conditions and templates count against one of these, and so shall whatever users will write later.

use std::cell::Cell;
use std::fmt;

/// The most steps of one evaluation; a step is one operator, one entry looked at, or [`BYTES_A_STEP`] bytes read.
pub(crate) const MOST_STEPS: usize = 1_000_000;

/// The most bytes that the values made in one evaluation may hold at once.
pub(crate) const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How many bytes of a text are read for one step.
const BYTES_A_STEP: usize = 64;

/// Counts what an evaluation uses up.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    steps: Cell<usize>,
    bytes: Cell<usize>,
    exceeded: Cell<Option<Exceeded>>,
}

/// The bound that an evaluation reached; [`fmt::Display`] says which as what a program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// [`MOST_STEPS`].
    Steps,
    /// [`MOST_BYTES`].
    Memory,
    /// So many values within each other.
    Depth(usize),
    /// So many bytes of text.
    Output(usize),
}

/// A value made in an evaluation, which gives its memory back when it goes.
#[derive(Debug)]
pub(crate) struct Kept<'b, T> {
    value: T,
    bytes: usize,
    budget: &'b Budget,
}

impl Budget {
    /// A budget of which nothing is used up.
    pub(crate) const fn new() -> Self {
        Self { steps: Cell::new(0), bytes: Cell::new(0), exceeded: Cell::new(None) }
    }

    /// Begins again.
    pub(crate) fn reset(&self) {
        self.steps.set(0);
        self.bytes.set(0);
        self.exceeded.set(None);
    }

    /// Counts steps.
    pub(crate) fn step(&self, steps: usize) -> Result<(), Exceeded> {
        self.steps.set(self.steps.get().saturating_add(steps));
        if self.steps.get() > MOST_STEPS { Err(self.exceed(Exceeded::Steps)) } else { Ok(()) }
    }

    /// Counts the steps of reading so many bytes.
    pub(crate) fn read(&self, bytes: usize) -> Result<(), Exceeded> {
        self.step(bytes / BYTES_A_STEP)
    }

    /// Whether so many bytes more may be held; asked before they are made.
    pub(crate) fn has_room(&self, bytes: usize) -> Result<(), Exceeded> {
        let held = self.bytes.get().saturating_add(bytes);
        if held > MOST_BYTES { Err(self.exceed(Exceeded::Memory)) } else { Ok(()) }
    }

    /// Keeps a value that holds so many bytes.
    pub(crate) fn keep<T>(&self, value: T, bytes: usize) -> Result<Kept<'_, T>, Exceeded> {
        self.hold(bytes)?;
        Ok(Kept { value, bytes, budget: self })
    }

    /// Counts bytes that are held to the end.
    pub(crate) fn hold(&self, bytes: usize) -> Result<(), Exceeded> {
        self.has_room(bytes)?;
        self.read(bytes)?;
        self.bytes.set(self.bytes.get() + bytes);
        Ok(())
    }

    /// Remembers the first bound that was reached.
    pub(crate) fn exceed(&self, exceeded: Exceeded) -> Exceeded {
        self.exceeded.set(self.exceeded.get().or(Some(exceeded)));
        exceeded
    }

    /// The first bound that was reached.
    pub(crate) const fn exceeded(&self) -> Option<Exceeded> {
        self.exceeded.get()
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps => f.write_str("takes more than 1,000,000 steps"),
            Self::Memory => f.write_str("holds more than 8 MiB at once"),
            Self::Depth(levels) => write!(f, "nests deeper than {levels} levels"),
            Self::Output(bytes) => write!(f, "makes more than {bytes} bytes"),
        }
    }
}

impl<T> Kept<'_, Vec<T>> {
    /// Puts one more entry at the end.
    pub(crate) fn push(&mut self, entry: T) -> Result<(), Exceeded> {
        // A list that grows holds up to twice of what it needs.
        let bytes = 2 * size_of::<T>();
        self.budget.has_room(bytes)?;
        self.budget.step(1)?;
        self.budget.bytes.set(self.budget.bytes.get() + bytes);
        self.bytes += bytes;
        self.value.push(entry);
        Ok(())
    }
}

impl<T> std::ops::Deref for Kept<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for Kept<'_, T> {
    fn drop(&mut self) {
        self.budget.bytes.set(self.budget.bytes.get() - self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_and_steps_are_not() {
        let budget = Budget::new();
        for _ in 0..3 {
            let kept = budget.keep([0; 4], MOST_BYTES / 2 + 1).unwrap();
            assert_eq!(kept.len(), 4);
            assert!(budget.keep((), MOST_BYTES / 2).is_err(), "two halves and a byte are too much");
        }
        assert_eq!((budget.bytes.get(), budget.exceeded()), (0, Some(Exceeded::Memory)));
        budget.step(MOST_STEPS - budget.steps.get()).unwrap();
        assert_eq!(budget.step(1), Err(Exceeded::Steps));
        assert_eq!(budget.exceeded(), Some(Exceeded::Memory), "the first is remembered");
        assert!(Budget::new().step(usize::MAX).is_err() && Budget::new().has_room(usize::MAX).is_err());
        budget.reset();
        assert_eq!(
            (budget.step(MOST_STEPS), budget.hold(64), budget.exceeded()),
            (Ok(()), Err(Exceeded::Steps), Some(Exceeded::Steps))
        );
    }

    #[test]
    fn the_words_say_the_bounds() {
        assert_eq!((MOST_STEPS, MOST_BYTES), (1_000_000, 8_388_608));
        let words = [Exceeded::Steps, Exceeded::Memory, Exceeded::Depth(7), Exceeded::Output(9)].map(|e| e.to_string());
        assert_eq!(
            words,
            [
                "takes more than 1,000,000 steps",
                "holds more than 8 MiB at once",
                "nests deeper than 7 levels",
                "makes more than 9 bytes"
            ]
        );
    }
}
