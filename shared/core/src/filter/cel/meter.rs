//! What an evaluation may use up: steps and live memory.

use std::cell::Cell;

use super::ast::Span;

/// The most steps of one evaluation; a step is one operator, one entry looked at, or [`BYTES_A_STEP`] bytes read.
pub(super) const MOST_STEPS: usize = 1_000_000;

/// The most bytes that the values made in one evaluation may hold at once.
pub(super) const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How many bytes of a text are read for one step.
const BYTES_A_STEP: usize = 64;

/// Counts what an evaluation uses up.
#[derive(Debug, Default)]
pub(in crate::filter) struct Meter {
    steps: Cell<usize>,
    bytes: Cell<usize>,
    missed: Cell<Option<Span>>,
}

/// A bound was reached; in words, what of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) struct Exceeded(pub(super) &'static str);

/// A value made in an evaluation, which gives its memory back when it goes.
#[derive(Debug)]
pub(in crate::filter) struct Kept<'m, T> {
    value: T,
    bytes: usize,
    meter: &'m Meter,
}

impl Meter {
    /// Counts steps.
    pub(in crate::filter) fn step(&self, steps: usize) -> Result<(), Exceeded> {
        self.steps.set(self.steps.get().saturating_add(steps));
        if self.steps.get() > MOST_STEPS { Err(Exceeded("takes more than 1,000,000 steps")) } else { Ok(()) }
    }

    /// Counts the steps of reading so many bytes.
    pub(in crate::filter) fn read(&self, bytes: usize) -> Result<(), Exceeded> {
        self.step(bytes / BYTES_A_STEP)
    }

    /// Whether so many bytes more may be held; asked before they are made.
    pub(in crate::filter) fn has_room(&self, bytes: usize) -> Result<(), Exceeded> {
        let held = self.bytes.get().saturating_add(bytes);
        if held > MOST_BYTES { Err(Exceeded("holds more than 8 MiB at once")) } else { Ok(()) }
    }

    /// Keeps a value that holds so many bytes.
    pub(in crate::filter) fn keep<T>(&self, value: T, bytes: usize) -> Result<Kept<'_, T>, Exceeded> {
        self.has_room(bytes)?;
        self.read(bytes)?;
        self.bytes.set(self.bytes.get() + bytes);
        Ok(Kept { value, bytes, meter: self })
    }

    /// Counts bytes that are held to the end.
    pub(in crate::filter) fn hold(&self, bytes: usize) -> Result<(), Exceeded> {
        self.has_room(bytes)?;
        self.read(bytes)?;
        self.bytes.set(self.bytes.get() + bytes);
        Ok(())
    }

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

impl<T> Kept<'_, Vec<T>> {
    /// Puts one more entry at the end.
    pub(in crate::filter) fn push(&mut self, entry: T) -> Result<(), Exceeded> {
        // A list that grows holds up to twice of what it needs.
        let bytes = 2 * size_of::<T>();
        self.meter.has_room(bytes)?;
        self.meter.step(1)?;
        self.meter.bytes.set(self.meter.bytes.get() + bytes);
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
        self.meter.bytes.set(self.meter.bytes.get() - self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_and_steps_are_not() {
        let meter = Meter::default();
        for _ in 0..3 {
            let kept = meter.keep([0; 4], MOST_BYTES / 2 + 1).unwrap();
            assert_eq!(kept.len(), 4);
            assert!(meter.keep((), MOST_BYTES / 2).is_err(), "two halves and a byte are too much");
        }
        assert_eq!(meter.bytes.get(), 0);
        assert!(meter.step(MOST_STEPS - meter.steps.get()).is_ok());
        assert_eq!(meter.step(1), Err(Exceeded("takes more than 1,000,000 steps")));
        assert!(Meter::default().step(usize::MAX).is_err() && Meter::default().has_room(usize::MAX).is_err());
    }

    #[test]
    fn the_words_say_the_bounds() {
        assert_eq!((MOST_STEPS, MOST_BYTES), (1_000_000, 8_388_608));
    }
}
