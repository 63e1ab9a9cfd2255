//! Lists over partitions by day, newest first.

use bellhop_app::ports::{PortError, PortResult};
use bellhop_core::id::EventId;
use bellhop_core::time::{DAY_MS, Timestamp};
use futures_util::future::try_join_all;

use crate::Table;
use crate::error::failed;
use crate::table::{DELETED, Row, day, read_text};

/// How many days are looked at together once the first of them was not enough, and how many in one call.
const DAYS_AT_ONCE: u64 = 8;
const MOST_DAYS: u64 = 100;

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
        let (mut day, mut at_once, mut looked) = (newest.as_ms() / DAY_MS, 1, 0);
        let mut found = Vec::new();
        while day >= last {
            let end = day.saturating_sub(at_once - 1).max(last);
            let left = list.most.max(1) - found.len();
            let days = (end..=day).map(|day| self.of_day(list, Timestamp::from_ms(day * DAY_MS), left, &read));
            found.extend(try_join_all(days).await?.into_iter().rev().flatten());
            if found.len() >= list.most.max(1) {
                found.truncate(list.most.max(1));
                let next = found.last().map(|(id, _)| *id);
                return Ok((found, next));
            }
            looked += day - end + 1;
            let Some(before) = end.checked_sub(1) else { break };
            if looked >= MOST_DAYS && before >= last {
                return Ok((found, Some(EventId::new(Timestamp::from_ms(end * DAY_MS), &[0; 10]))));
            }
            (day, at_once) = (before, DAYS_AT_ONCE);
        }
        Ok((found, None))
    }

    /// Lists at most `most` of one day.
    async fn of_day<T>(
        &self,
        list: Newest,
        moment: Timestamp,
        most: usize,
        read: &impl Fn(&Row) -> PortResult<T>,
    ) -> PortResult<Vec<(EventId, T)>> {
        let from = EventId::new(list.oldest, &[0; 10]).to_string();
        let to = list.older_than.map_or_else(|| "g".to_owned(), |id| id.to_string());
        // The row of `older_than` itself may be among them.
        let limit = i32::try_from(most).unwrap_or(i32::MAX).saturating_add(1);
        let request = self.query(&format!("{}#{}", list.kind, day(moment)), Some((&from, &to)));
        let request = request.scan_index_forward(false).limit(limit);
        let (mut found, mut next) = (Vec::new(), None);
        while found.len() < most {
            let page = request.clone().set_exclusive_start_key(next);
            let page = page.send().await.map_err(failed("rows could not be listed"))?;
            for row in page.items().iter().filter(|row| self.is_there(row) && !row.contains_key(DELETED)) {
                let id = read_text(row, "sk")?;
                let parsed = id.parse().map_err(|e| PortError::new("a stored id is unreadable", e));
                match parsed.and_then(|id| Ok((id, read(row)?))) {
                    Ok((id, _)) if Some(id) == list.older_than => {}
                    Ok(one) => found.push(one),
                    Err(error) => log::error!(id, error:%; "left out of a list"),
                }
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        Ok(found)
    }
}
