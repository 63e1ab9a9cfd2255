//! What was written a moment ago and is about to be read, kept at hand: the tables say what there is, and hold all of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bellhop_core::work::Work;

/// How many bytes of inbox messages are kept.
const MOST_MESSAGE_BYTES: usize = 8 * 1024 * 1024;

/// How many bytes of work are kept.
const MOST_WORK_BYTES: usize = 4 * 1024 * 1024;

/// The newest inbox messages, none left out between the first and the last.
#[derive(Default)]
pub(crate) struct FreshMessages {
    messages: VecDeque<(i64, Vec<u8>)>,
    bytes: usize,
    /// All messages of the table from this place on are here.
    from: i64,
}

impl FreshMessages {
    /// Keeps a message that has just been written, behind all others; the oldest make room for it.
    pub(crate) fn push(&mut self, place: i64, message: Vec<u8>) {
        if self.messages.is_empty() {
            self.from = place;
        }
        self.bytes += message.len();
        self.messages.push_back((place, message));
        while self.bytes > MOST_MESSAGE_BYTES {
            self.pop();
        }
    }

    /// Takes the messages behind a place out, as far as so many may be read at once; `None` where the table has to be asked.
    pub(crate) fn after(&mut self, place: i64, most: usize, mut bytes: usize) -> Option<Vec<(i64, Vec<u8>)>> {
        while self.messages.front().is_some_and(|(first, _)| *first <= place) {
            self.pop();
        }
        if self.messages.is_empty() || place.saturating_add(1) < self.from {
            return None;
        }
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some((_, message)) = self.messages.front()
            && (taken.is_empty() || message.len() <= bytes)
        {
            bytes = bytes.saturating_sub(message.len());
            taken.extend(self.pop());
        }
        Some(taken)
    }

    /// Gives the oldest message away.
    fn pop(&mut self) -> Option<(i64, Vec<u8>)> {
        let (place, message) = self.messages.pop_front()?;
        self.bytes -= message.len();
        self.from = place.saturating_add(1);
        Some((place, message))
    }
}

/// Work that was queued a moment ago, by its place.
#[derive(Default)]
pub(crate) struct FreshWork(Mutex<(HashMap<i64, Work>, usize)>);

impl FreshWork {
    /// Keeps work, which takes so many bytes when it is written; if there is no more room, all that nobody came for goes.
    pub(crate) fn keep(&self, place: i64, work: Work, bytes: usize) {
        let mut kept = self.kept();
        if kept.1 + bytes > MOST_WORK_BYTES {
            *kept = Default::default();
        }
        kept.1 += bytes;
        kept.0.insert(place, work);
    }

    /// Takes the work at a place, if it is here.
    pub(crate) fn take(&self, place: i64) -> Option<Work> {
        let mut kept = self.kept();
        let work = kept.0.remove(&place);
        if kept.0.is_empty() {
            kept.1 = 0;
        }
        work
    }

    /// What is kept; nothing panics while it is held.
    fn kept(&self) -> MutexGuard<'_, (HashMap<i64, Work>, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places that are taken behind one.
    fn taken(fresh: &mut FreshMessages, place: i64, most: usize, bytes: usize) -> Option<Vec<i64>> {
        fresh.after(place, most, bytes).map(|messages| messages.into_iter().map(|(place, _)| place).collect())
    }

    #[test]
    fn messages_come_in_order_and_none_is_passed_over() {
        let mut fresh = FreshMessages::default();
        assert_eq!(taken(&mut fresh, i64::MIN, 9, 99), None, "the table has those of a former process");
        (5..=9).for_each(|place| fresh.push(place, vec![0; 10]));
        assert_eq!(taken(&mut fresh, i64::MIN, 9, 99), None, "there may be others before");
        assert_eq!(taken(&mut fresh, 3, 9, 99), None, "the fourth is not here");
        assert_eq!(taken(&mut fresh, 4, 2, 99), Some(vec![5, 6]));
        assert_eq!(taken(&mut fresh, 4, 2, 99), None, "they were taken out");
        assert_eq!(taken(&mut fresh, 6, 9, 5), Some(vec![7]), "one comes whatever its size");
        assert_eq!(taken(&mut fresh, 8, 9, 99), Some(vec![9]), "the table was asked for the eighth");
        assert_eq!(taken(&mut fresh, 9, 9, 99), None);
        fresh.push(12, vec![0; 10]);
        assert_eq!(taken(&mut fresh, 9, 9, 99), None, "what came between is only in the table");
        assert_eq!(taken(&mut fresh, 11, 9, 99), Some(vec![12]));
    }

    #[test]
    fn what_nobody_takes_makes_room() {
        let mut fresh = FreshMessages::default();
        (1..=9).for_each(|place| fresh.push(place, vec![0; MOST_MESSAGE_BYTES / 4]));
        assert!(fresh.bytes <= MOST_MESSAGE_BYTES);
        assert_eq!(taken(&mut fresh, 4, 9, MOST_MESSAGE_BYTES), None);
        assert_eq!(taken(&mut fresh, 5, 9, MOST_MESSAGE_BYTES), Some(vec![6, 7, 8, 9]));
        fresh.push(10, vec![0; MOST_MESSAGE_BYTES + 1]);
        assert_eq!(taken(&mut fresh, 9, 9, MOST_MESSAGE_BYTES), None, "it is larger than the room");
        fresh.push(11, vec![0; 1]);
        assert_eq!(taken(&mut fresh, 9, 9, MOST_MESSAGE_BYTES), None, "the tenth is only in the table");
        assert_eq!(taken(&mut fresh, 10, 9, MOST_MESSAGE_BYTES), Some(vec![11]));
    }
}
