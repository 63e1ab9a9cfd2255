//! Partitions that are each in order, read as one: newest first, a few rows of each at a time.

use std::collections::VecDeque;

use bellhop_app::ports::PortResult;
use bellhop_core::id::EventId;
use bellhop_core::time::Timestamp;
use futures_util::future::try_join_all;

use crate::Table;
use crate::refusal::failed;
use crate::request::{QUERY, Request};
use crate::table::{DELETED, Row, read_text};

/// How many more rows than its share are read of a partition at a time: few shares are so uneven that it is asked again.
const SPARE_ROWS: usize = 5;

/// Which sort keys are wanted.
pub(crate) struct Range {
    from: String,
    to: String,
}

impl Range {
    /// Those of events accepted at `oldest` or later and before `older_than`, whose own rows may be among them.
    pub(crate) fn new(oldest: Timestamp, older_than: Option<EventId>) -> Self {
        let from = EventId::new(oldest, &[0; 10]).to_string();
        // No id has a digit after `f`.
        Self { from, to: older_than.map_or_else(|| "g".to_owned(), |id| id.to_string()) }
    }
}

/// The rows of several partitions whose sort keys begin with event ids, newest first.
pub(crate) struct Merge<'t> {
    table: &'t Table,
    parts: Vec<Part<'t>>,
}

/// One partition: how it is read on, unless it is at its end, and what has been read of it.
struct Part<'t> {
    request: Option<Request<'t>>,
    rows: VecDeque<(EventId, Row)>,
}

impl<'t> Merge<'t> {
    /// Of these partitions; about so many rows are wanted in all. Of rows of one event the first partition's comes first.
    pub(crate) fn new(table: &'t Table, partitions: Vec<String>, range: &Range, most: usize) -> Self {
        let share = most.div_ceil(partitions.len().max(1)) + SPARE_ROWS;
        let part = |pk: String| {
            let query = table.query(&pk, Some((&range.from, &range.to)));
            let request = Request { scan_index_forward: Some(false), limit: Some(share), ..query };
            Part { request: Some(request), rows: VecDeque::new() }
        };
        Self { table, parts: partitions.into_iter().map(part).collect() }
    }

    /// The newest row that was not given yet.
    pub(crate) async fn next(&mut self) -> PortResult<Option<(EventId, Row)>> {
        // Whether a part has the newest is known only once the next row of each is.
        while self.parts.iter().any(Part::is_open) {
            let table = self.table;
            try_join_all(self.parts.iter_mut().filter(|part| part.is_open()).map(|part| part.read(table))).await?;
        }
        // Of equals the last is taken, which is the first of those turned round.
        let newest = self.parts.iter_mut().rev().max_by_key(|part| part.rows.front().map(|(id, _)| *id));
        Ok(newest.and_then(|part| part.rows.pop_front()))
    }
}

impl Part<'_> {
    /// Whether its next row is not known.
    fn is_open(&self) -> bool {
        self.rows.is_empty() && self.request.is_some()
    }

    /// Reads some rows more, without those that expired or were deleted.
    async fn read(&mut self, table: &Table) -> PortResult<()> {
        let Some(mut request) = self.request.take() else { return Ok(()) };
        let page = table.ask(QUERY, &request).await.map_err(failed("rows could not be listed"))?;
        for row in page.items {
            if !table.is_there(&row) || row.contains_key(DELETED) {
                continue;
            }
            let sk = read_text(&row, "sk")?;
            // A task's id begins with its event's.
            match sk.split('.').next().unwrap_or_default().parse() {
                Ok(id) => self.rows.push_back((id, row)),
                Err(error) => log::error!(id = sk, error:%; "left out of a list"),
            }
        }
        request.exclusive_start_key = page.last_evaluated_key;
        self.request = request.exclusive_start_key.is_some().then_some(request);
        Ok(())
    }
}
