//! The record of events, in the table; bodies too large for a row are in the bucket already.
//!
//! An event and its tasks are one row, written at once: half an event is never seen, and a small one costs one write.

use async_trait::async_trait;
use bellhop_app::ports::{Bodies as _, Claim, EventLog, PortError, PortResult};
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::Task;
use bellhop_core::time::{DAY_MS, Timestamp};
use futures_util::future::join;

use crate::record::{pack_event, unpack_record};
use crate::refusal::failed;
use crate::request::{ALL_OLD, Names, PUT, Request, values};
use crate::table::{DELETED, Key, Row, count, document, packed, read_packed, read_text, seconds, text};
use crate::{Bucket, Table};

/// The kinds of rows that are listed by day.
pub(crate) const EVENT: &str = "EVENT";
pub(crate) const REFUSED: &str = "REFUSED";

/// The record of events.
#[derive(Clone)]
pub struct Events {
    pub(crate) table: Table,
    pub(crate) bodies: Bucket,
}

impl Events {
    /// A record on these two.
    pub(crate) const fn new(table: Table, bodies: Bucket) -> Self {
        Self { table, bodies }
    }

    /// An event's row and where it is, unless it was deleted or has expired.
    pub(crate) async fn row(&self, id: EventId) -> PortResult<Option<(Key, Row)>> {
        let key = Key::event(id);
        let found = match self.table.row(&key).await? {
            Some(row) => Some((key, row)),
            None => {
                let key = key.former();
                self.table.row(&key).await?.map(|row| (key, row))
            }
        };
        Ok(found.filter(|(_, row)| !row.contains_key(DELETED)))
    }
}

#[async_trait]
impl EventLog for Events {
    async fn claim_delivery(
        &self,
        owner: &Owner,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        let mut row = Key::claim(owner, delivery).row();
        let mine = text(&event.to_string());
        row.insert("event".to_owned(), mine.clone());
        // Whole seconds are too coarse to say whether another came within a window.
        row.insert("until".to_owned(), count(expires.as_ms()));
        row.insert("expires_at".to_owned(), seconds(expires.plus_ms(DAY_MS)));
        let request = Request {
            item: row,
            // A claim without `until` is of a former version.
            condition: Some(
                "attribute_not_exists(pk) OR event = :mine OR #until <= :ms \
                 OR (attribute_not_exists(#until) AND expires_at <= :now)"
                    .into(),
            ),
            names: Some(Names { until: "until" }),
            values: values([
                (":mine", mine),
                (":ms", count(event.accepted_at().as_ms())),
                (":now", seconds(event.accepted_at())),
            ]),
            // Who was first comes back with the refusal, without another read.
            return_values_on_condition_check_failure: ALL_OLD,
            ..self.table.request()
        };
        let Err(refusal) = self.table.ask(PUT, &request).await else { return Ok(Claim::Ours) };
        if !refusal.is_of_condition() {
            return Err(failed("a delivery could not be claimed")(refusal));
        }
        let row = refusal.row.ok_or_else(|| PortError::new("a claim was refused", "without saying for whom"))?;
        let first = read_text(&row, "event")?.parse().map_err(|e| PortError::new("a claim is unreadable", e))?;
        Ok(Claim::Duplicate(first))
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        let (id, key) = (event.head.id, Key::event(event.head.id));
        // What comes late may have been recorded, or deleted, by a version before shards.
        if self.table.is_late(id) && self.table.row(&key.former()).await?.is_some() {
            return Ok(false);
        }
        self.table.list_trouble(tasks).await?;
        let row = event_row(&key, pack_event(event, tasks)?, expires);
        let (marked, new) =
            join(self.table.mark_day(EVENT, id, expires), self.table.put_if(row, "attribute_not_exists(pk)")).await;
        marked.and(new)
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        let Some((_, row)) = self.row(id).await? else { return Ok(None) };
        let record = unpack_record(read_packed(&row, "record")?, id)?;
        let body = match record.body {
            Some(body) => body,
            None => self.bodies.get(id).await?,
        };
        Ok(Some(Event { head: record.head, body }))
    }

    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()> {
        let mut row = Key::refused(refused.id).row();
        row.insert("doc".to_owned(), document(refused)?);
        row.insert("expires_at".to_owned(), seconds(expires));
        let (marked, put) = join(self.table.mark_day(REFUSED, refused.id, expires), self.table.put(row)).await;
        marked.and(put)
    }
}

/// An event's row.
pub(crate) fn event_row(key: &Key, record: Vec<u8>, expires: Timestamp) -> Row {
    let mut row = key.row();
    row.insert("record".to_owned(), packed(record));
    row.insert("expires_at".to_owned(), seconds(expires));
    row
}
