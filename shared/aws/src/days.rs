//! Which shards of which days have rows of a kind, so that a list asks for no others.
//!
//! A process marks the first few shards that it writes to in a day, and then all of them at once: a quiet day is read as
//! cheaply as if it had no shards, and a busy one costs no process more than a few marks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bellhop_app::ports::PortResult;
use bellhop_core::id::EventId;
use bellhop_core::time::{DAY_MS, Timestamp};

use crate::Table;
use crate::key::{Key, SHARDS, day, shard};
use crate::table::{read_text, seconds};

/// How many shards of a day a process marks one by one.
const MOST_SINGLE: usize = 4;

/// How many days a process remembers to have marked.
const MOST_KNOWN: usize = 64;

/// How much longer than the row for which it was made a mark lives: later rows of the day may live longer.
const LONGER_MS: u64 = 30 * DAY_MS;

/// What stands in place of a shard where all are meant.
const ALL: &str = "all";

/// What a process has marked: shards, by kind and day.
#[derive(Debug, Default)]
pub(crate) struct Days(Mutex<BTreeMap<(&'static str, String), BTreeSet<u8>>>);

impl Days {
    /// The marks; nothing panics while they are held.
    fn marks(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), BTreeSet<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shards that are to be marked for an event, as one mark; none where it is marked already.
    fn missing(&self, kind: &'static str, day: &str, shard: u8) -> BTreeSet<u8> {
        match self.marks().get(&(kind, day.to_owned())) {
            Some(marked) if marked.contains(&shard) => BTreeSet::new(),
            Some(marked) if marked.len() >= MOST_SINGLE => (0..SHARDS).collect(),
            _ => BTreeSet::from([shard]),
        }
    }

    /// Remembers that these are marked.
    fn remember(&self, kind: &'static str, day: String, shards: BTreeSet<u8>) {
        let mut marks = self.marks();
        if marks.len() >= MOST_KNOWN {
            marks.clear();
        }
        marks.entry((kind, day)).or_default().extend(shards);
    }
}

impl Table {
    /// Marks the day and shard of an event as one that has rows of a kind.
    pub(crate) async fn mark_day(&self, kind: &'static str, id: EventId, expires: Timestamp) -> PortResult<()> {
        let day = day(id.accepted_at());
        let shards = self.days.missing(kind, &day, shard(id));
        let which = match (shards.len(), shards.first()) {
            (_, None) => return Ok(()),
            (1, Some(shard)) => format!("{shard:02}"),
            _ => ALL.to_owned(),
        };
        let mut row = Key::day_of(kind, &day, &which).row();
        row.insert("expires_at".to_owned(), seconds(expires.plus_ms(LONGER_MS)));
        self.put(row).await?;
        self.days.remember(kind, day, shards);
        Ok(())
    }

    /// The shards that have rows of a kind, by day, from one moment's day to another's.
    pub(crate) async fn marked_days(
        &self,
        kind: &str,
        oldest: Timestamp,
        newest: Timestamp,
    ) -> PortResult<BTreeMap<String, BTreeSet<u8>>> {
        // Nothing that follows a day comes after a tilde.
        let between = (day(oldest), format!("{}~", day(newest)));
        let rows = self.rows(&Key::days(kind), Some((&between.0, &between.1))).await?;
        let mut marked: BTreeMap<String, BTreeSet<u8>> = BTreeMap::new();
        for row in &rows {
            let Some((day, which)) = read_text(row, "sk")?.split_once('#') else { continue };
            let shards = marked.entry(day.to_owned()).or_default();
            match which.parse::<u8>() {
                Ok(shard) => shards.extend([shard]),
                Err(_) => shards.extend(0..SHARDS),
            }
        }
        Ok(marked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_marks_a_few_shards_and_then_all_at_once() {
        let days = Days::default();
        let mut marks = 0;
        for shard in (0..SHARDS).chain(0..SHARDS) {
            let missing = days.missing("EVENT", "2026-11-30", shard);
            marks += usize::from(!missing.is_empty());
            days.remember("EVENT", "2026-11-30".to_owned(), missing);
            assert!(days.missing("EVENT", "2026-11-30", shard).is_empty());
        }
        assert_eq!(marks, MOST_SINGLE + 1);
        assert!(!days.missing("REFUSED", "2026-11-30", 0).is_empty());
        assert!(!days.missing("EVENT", "2026-12-01", 0).is_empty());
    }
}
