//! Lists over partitions by day, newest first, each day merged from its shards.

use bellhop_app::ports::PortResult;
use bellhop_core::id::EventId;
use bellhop_core::time::{DAY_MS, Timestamp};
use futures_util::future::try_join_all;

use crate::Table;
use crate::key::day;
use crate::merge::{Merge, Range};
use crate::table::Row;

/// How many days are looked at together once the first of them was not enough, and how many in one call.
const DAYS_AT_ONCE: u64 = 8;
const MOST_DAYS: u64 = 100;

/// How many partitions are asked at once, unless one day alone has more.
const MOST_QUERIES: usize = 32;

/// What to list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Newest {
    /// What the partitions' names begin with.
    pub(crate) kind: &'static str,
    /// Only what is older than this.
    pub(crate) older_than: Option<EventId>,
    /// Only what is not older than this.
    pub(crate) oldest: Timestamp,
    /// At most so many.
    pub(crate) most: usize,
}

/// What was found, newest first, and where the list goes on, if it does: older than this.
pub(crate) type Found<T> = (Vec<(EventId, T)>, Option<EventId>);

impl Table {
    /// Lists what rows hold; one that cannot be read is left out, so that it does not hide all the others.
    pub(crate) async fn newest<T>(&self, list: Newest, read: impl Fn(&Row) -> PortResult<T>) -> PortResult<Found<T>> {
        let newest = list.older_than.map_or_else(|| self.clock.now(), EventId::accepted_at);
        let last = list.oldest.as_ms() / DAY_MS;
        let (mut day_number, mut at_once, mut looked) = (newest.as_ms() / DAY_MS, 1, 0);
        let first_of_call = last.max(day_number.saturating_sub(MOST_DAYS + DAYS_AT_ONCE));
        let marked = self.marked_days(list.kind, Timestamp::from_ms(first_of_call * DAY_MS), newest).await?;
        let mut found = Vec::new();
        let partitions = |number: u64| -> Vec<String> {
            let day = day(Timestamp::from_ms(number * DAY_MS));
            let shards = marked.get(&day).into_iter().flatten();
            let sharded = shards.map(|shard| format!("{}#{day}#{shard:02}", list.kind));
            // Versions before shards had one partition.
            sharded.chain([format!("{}#{day}", list.kind)]).collect()
        };
        while day_number >= last {
            let mut days = vec![partitions(day_number)];
            let mut end = day_number;
            while end > last && day_number - end + 1 < at_once {
                let before = partitions(end - 1);
                if days.iter().chain([&before]).map(Vec::len).sum::<usize>() > MOST_QUERIES {
                    break;
                }
                days.push(before);
                end -= 1;
            }
            let left = list.most.max(1) - found.len();
            let days = days.into_iter().map(|partitions| self.of_day(list, partitions, left, &read));
            found.extend(try_join_all(days).await?.into_iter().flatten());
            if found.len() >= list.most.max(1) {
                found.truncate(list.most.max(1));
                let next = found.last().map(|(id, _)| *id);
                return Ok((found, next));
            }
            looked += day_number - end + 1;
            let Some(before) = end.checked_sub(1) else { break };
            if looked >= MOST_DAYS && before >= last {
                return Ok((found, Some(EventId::new(Timestamp::from_ms(end * DAY_MS), &[0; 10]))));
            }
            (day_number, at_once) = (before, DAYS_AT_ONCE);
        }
        Ok((found, None))
    }

    /// Lists at most `most` of one day's partitions.
    async fn of_day<T>(
        &self,
        list: Newest,
        partitions: Vec<String>,
        most: usize,
        read: &impl Fn(&Row) -> PortResult<T>,
    ) -> PortResult<Vec<(EventId, T)>> {
        let range = Range::new(list.oldest, list.older_than);
        let mut merge = Merge::new(self, partitions, &range, most);
        let mut found: Vec<(EventId, T)> = Vec::new();
        while found.len() < most {
            let Some((id, row)) = merge.next().await? else { break };
            if Some(id) == list.older_than || found.last().is_some_and(|(last, _)| *last == id) {
                continue;
            }
            match read(&row) {
                Ok(one) => found.push((id, one)),
                Err(error) => log::error!(id:%, error:%; "left out of a list"),
            }
        }
        Ok(found)
    }
}
