//! The index of due times, in the table: spread by their jobs over a few partitions, each in the order of time.

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;
use bellhop_app::ports::{DueTime, DueTimes, PortError, PortResult};
use bellhop_core::id::Owner;
use bellhop_core::time::Timestamp;
use futures_util::future::try_join_all;

use crate::Table;
use crate::batch::RowWrite;
use crate::key::{DUE_SHARDS, Key};
use crate::refusal::failed;
use crate::request::{QUERY, Request};
use crate::table::{Row, count, number, read_text, text};

/// How many more rows than its share are read of a partition at a time: few shares are so uneven that it is asked again.
const SPARE_ROWS: usize = 10;

#[async_trait]
impl DueTimes for Table {
    async fn due(&self, until: Timestamp, most: usize) -> PortResult<Vec<DueTime>> {
        let (until, share) = (Key::due_until(until), most.div_ceil(usize::from(DUE_SHARDS)) + SPARE_ROWS);
        let (mut parts, mut due) = (self.due_parts(&until, share), Vec::new());
        while due.len() < most {
            // Whether a part has the earliest is known only once the next of each is.
            while parts.iter().any(Part::is_open) {
                try_join_all(parts.iter_mut().filter(|part| part.is_open()).map(|part| part.read(self))).await?;
            }
            let with_times = parts.iter_mut().filter(|part| !part.times.is_empty());
            let Some(part) = with_times.min_by(|one, other| one.times.front().cmp(&other.times.front())) else { break };
            due.extend(part.times.pop_front());
        }
        Ok(due)
    }

    async fn earliest(&self) -> PortResult<Option<Timestamp>> {
        let mut parts = self.due_parts(Key::LAST_DUE, 1);
        try_join_all(parts.iter_mut().map(|part| part.read(self))).await?;
        Ok(parts.iter().filter_map(|part| part.times.front()).map(|time| time.at).min())
    }

    async fn step(&self, add: &[DueTime], remove: &[DueTime]) -> PortResult<()> {
        // By its key, each is there once, as the service wants it.
        let keyed = |write: fn(&DueTime) -> RowWrite, times: &[DueTime]| -> Vec<_> {
            let writes = times.iter().map(|time| (Key::due(time).sk, write(time)));
            writes.collect::<BTreeMap<_, _>>().into_values().collect()
        };
        self.write_all(&keyed(|time| RowWrite::Put { item: due_row(time) }, add)).await?;
        self.write_all(&keyed(|time| RowWrite::Delete { key: Key::due(time).row() }, remove)).await
    }
}

/// One partition: how it is read on, unless it is at its end, and what has been read of it.
struct Part<'t> {
    request: Option<Request<'t>>,
    times: VecDeque<DueTime>,
}

impl Table {
    /// The partitions, as far as to a sort key, to be read so many rows at a time.
    fn due_parts(&self, until: &str, at_a_time: usize) -> Vec<Part<'_>> {
        let part = |shard| {
            // Each sort key begins with a digit.
            let query = self.query(&Key::due_partition(shard), Some(("0", until)));
            Part { request: Some(Request { limit: Some(at_a_time), ..query }), times: VecDeque::new() }
        };
        (0..DUE_SHARDS).map(part).collect()
    }
}

impl Part<'_> {
    /// Whether its next due time is not known.
    fn is_open(&self) -> bool {
        self.times.is_empty() && self.request.is_some()
    }

    /// Reads some more.
    async fn read(&mut self, table: &Table) -> PortResult<()> {
        let Some(mut request) = self.request.take() else { return Ok(()) };
        let page = table.ask(QUERY, &request).await.map_err(failed("due times could not be read"))?;
        self.times.extend(page.items.iter().map(read_due).collect::<PortResult<Vec<_>>>()?);
        request.exclusive_start_key = page.last_evaluated_key;
        self.request = request.exclusive_start_key.is_some().then_some(request);
        Ok(())
    }
}

/// A due time's row. It has no end: what is due waits until somebody acts on it.
pub(crate) fn due_row(time: &DueTime) -> Row {
    let mut row = Key::due(time).row();
    row.insert("at".to_owned(), count(time.at.as_ms()));
    row.insert("job".to_owned(), text(time.job.as_str()));
    row.insert("version".to_owned(), count(time.version));
    row.insert("due".to_owned(), count(time.due.as_ms()));
    row.insert("count".to_owned(), count(time.count));
    row.extend(time.local.iter().map(|local| ("local".to_owned(), text(local))));
    row
}

/// The due time in a row.
fn read_due(row: &Row) -> PortResult<DueTime> {
    let whole = |name: &str| number(row, name).ok_or_else(|| PortError::new("a stored due time is incomplete", name));
    let Owner::Job(job) = Owner::from_text(read_text(row, "job")?) else {
        return Err(PortError::new("a stored due time is unreadable", "its job is none"));
    };
    let local = row.contains_key("local").then(|| read_text(row, "local").map(str::to_owned)).transpose()?;
    let (at, due) = (Timestamp::from_ms(whole("at")?), Timestamp::from_ms(whole("due")?));
    Ok(DueTime { at, job, version: whole("version")?, due, local, count: whole("count")? })
}
