//! The record of events, in the table; bodies too large for a row are in the bucket already.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use bellhop_app::ports::{Bodies as _, Claim, EventLog, PortError, PortResult};
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, HookId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use futures_util::future::try_join_all;

use crate::error::failed;
use crate::inbox::MOST_CARRIED_BYTES;
use crate::pack::{pack, unpack};
use crate::table::{Key, Row, document, read_document, read_text, seconds, text};
use crate::{Bucket, Table};

/// The record of events.
#[derive(Clone)]
pub struct Events {
    table: Table,
    bodies: Bucket,
}

impl Events {
    /// A record on these two.
    pub(crate) const fn new(table: Table, bodies: Bucket) -> Self {
        Self { table, bodies }
    }
}

#[async_trait]
impl EventLog for Events {
    async fn claim_delivery(
        &self,
        hook: &HookId,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        let mut row = Key::claim(hook, delivery).row();
        let mine = text(&event.to_string());
        row.insert("event".to_owned(), mine.clone());
        row.insert("expires_at".to_owned(), seconds(expires));
        let request = self
            .table
            .client
            .put_item()
            .table_name(&self.table.name)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(pk) OR event = :mine OR expires_at <= :now")
            .expression_attribute_values(":mine", mine)
            .expression_attribute_values(":now", seconds(event.accepted_at()))
            // Who was first comes back with the refusal, without another read.
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else { return Ok(Claim::Ours) };
        if let Some(PutItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error() {
            let row = refusal.item().ok_or_else(|| PortError::new("a claim was refused", "without saying for whom"))?;
            let first = read_text(row, "event")?.parse().map_err(|e| PortError::new("a claim is unreadable", e))?;
            return Ok(Claim::Duplicate(first));
        }
        Err(failed("a delivery could not be claimed")(error))
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<()> {
        let mut rows = vec![event_row(event, expires)?];
        for task in tasks {
            rows.push(crate::tasks::task_row(task, expires)?);
        }
        // At the same time: nothing reads a task before its work is queued.
        try_join_all(rows.into_iter().map(|row| self.table.put_new(row))).await.map(|_| ())
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        let Some(row) = self.table.row(&Key::event(id)).await? else { return Ok(None) };
        let body = match row.get("body").and_then(|body| body.as_b().ok()) {
            Some(stored) => unpack(stored.as_ref())?,
            None => self.bodies.get(id).await?,
        };
        Ok(Some(Event { head: read_document(&row, "head")?, body }))
    }
}

/// An event's row, without a body where that is larger than what any message carries: then ingress has put it into the
/// bucket.
fn event_row(event: &Event, expires: Timestamp) -> PortResult<Row> {
    let mut row = Key::event(event.head.id).row();
    row.insert("head".to_owned(), document(&event.head)?);
    row.insert("expires_at".to_owned(), seconds(expires));
    let stored = pack(&event.body);
    if stored.len() <= MOST_CARRIED_BYTES {
        row.insert("body".to_owned(), AttributeValue::B(Blob::new(stored)));
    }
    Ok(row)
}
